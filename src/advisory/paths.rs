//! How a package came into the tree.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::model::{Package, PackageSource};

/// Paths that are listed for one package; there may be more than could ever be read.
const PATHS: usize = 3;
/// Packages on a listed path; longer ones are cut in the middle.
const STEPS: usize = 32;

/// The shortest ways through one lockfile, found once for all of its packages.
pub struct Paths<'a> {
    packages: Vec<&'a Package>,
    by_purl: HashMap<&'a str, usize>,
    dependents: BTreeMap<usize, Vec<usize>>,
    /// By package: the one before it on a shortest path from a root; roots name themselves.
    before: Vec<Option<usize>>,
}

impl<'a> Paths<'a> {
    /// Walks the packages of one lockfile from its roots: the local packages, or else those nothing depends on.
    pub fn of(packages: Vec<&'a Package>) -> Self {
        let by_purl: HashMap<&str, usize> =
            packages.iter().enumerate().map(|(index, package)| (package.purl.as_str(), index)).collect();
        let edges = |index: usize| {
            let package: Option<&&Package> = packages.get(index);
            package.into_iter().flat_map(|p| &p.dependencies).filter_map(|purl| by_purl.get(purl.as_str()).copied())
        };
        let mut dependents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..packages.len() {
            for target in edges(index).filter(|target| *target != index) {
                dependents.entry(target).or_default().push(index);
            }
        }
        let mut roots: Vec<usize> = (0..packages.len()).filter(|index| !dependents.contains_key(index)).collect();
        if roots.is_empty() {
            let local = packages.iter().enumerate().filter(|(_, package)| package.source == PackageSource::Local);
            roots.extend(local.map(|(index, _)| index));
        }
        let mut before = vec![None; packages.len()];
        let mut queue: VecDeque<usize> = VecDeque::new();
        for index in roots {
            before.get_mut(index).into_iter().for_each(|slot| *slot = Some(index));
            queue.push_back(index);
        }
        while let Some(index) = queue.pop_front() {
            for target in edges(index) {
                if let Some(slot @ None) = before.get_mut(target) {
                    *slot = Some(index);
                    queue.push_back(target);
                }
            }
        }
        Self { packages, by_purl, dependents, before }
    }

    /// A few paths from a root to the package, each through another direct dependent, shortest first.
    pub fn to(&self, package: &Package) -> Vec<Vec<String>> {
        let Some(index) = self.by_purl.get(package.purl.as_str()).copied() else { return Vec::new() };
        let mut paths: Vec<Vec<String>> = self
            .dependents
            .get(&index)
            .into_iter()
            .flatten()
            .take(PATHS.saturating_mul(8))
            .filter_map(|dependent| self.shortest(*dependent))
            .filter(|steps| !steps.contains(&index))
            .map(|mut steps| {
                steps.push(index);
                self.words(&steps)
            })
            .collect();
        paths.sort_by(|one, two| (one.len(), one).cmp(&(two.len(), two)));
        paths.truncate(PATHS);
        paths
    }

    /// Whether the tree itself asks for the package; `None` when the lockfile lists nothing of the tree.
    pub fn direct(&self, package: &Package) -> Option<bool> {
        let local = |index: &usize| self.packages.get(*index).is_some_and(|one| one.source == PackageSource::Local);
        self.packages
            .iter()
            .any(|one| one.source == PackageSource::Local && !one.dependencies.is_empty())
            .then_some(())?;
        let index = self.by_purl.get(package.purl.as_str())?;
        Some(self.dependents.get(index).into_iter().flatten().any(local))
    }

    fn shortest(&self, index: usize) -> Option<Vec<usize>> {
        let mut steps = vec![index];
        let mut at = index;
        loop {
            let previous = self.before.get(at).copied()??;
            if previous == at {
                steps.reverse();
                return Some(steps);
            }
            steps.push(previous);
            at = previous;
        }
    }

    fn words(&self, steps: &[usize]) -> Vec<String> {
        let word = |index: &usize| self.packages.get(*index).map(|p| format!("{} {}", p.name, p.version));
        if steps.len() <= STEPS {
            return steps.iter().filter_map(word).collect();
        }
        let half = STEPS / 2;
        let (head, tail) = (steps.iter().take(half), steps.iter().skip(steps.len().saturating_sub(half)));
        let gap = format!("… {} more …", steps.len().saturating_sub(half.saturating_mul(2)));
        head.filter_map(word).chain([gap]).chain(tail.filter_map(word)).collect()
    }
}
