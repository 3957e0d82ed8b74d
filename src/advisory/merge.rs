//! One flaw, several databases: advisories about one package that name each other become one finding.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Severity;

use super::record::{Advisory, Kind};

/// Advisories that speak of the same flaw.
#[derive(Debug)]
pub struct Flaw {
    /// The advisory that speaks for all: of the database closest to the ecosystem, with its own fixed versions.
    pub advisory: Advisory,
    /// Every other identifier, sorted.
    pub aliases: Vec<String>,
    /// The worst severity of all.
    pub severity: Option<Severity>,
    /// Databases that know of it.
    pub sources: BTreeSet<String>,
}

/// Databases by how close they are to the packages: their identifier is the one people look for.
fn rank(advisory: &Advisory) -> usize {
    const CLOSEST: [&str; 6] = ["MAL", "RUSTSEC", "PYSEC", "GO", "GHSA", "OSV"];
    CLOSEST.iter().position(|prefix| *prefix == advisory.prefix()).unwrap_or(CLOSEST.len())
}

/// Joins advisories of one package and one kind that share an identifier. Two entries of the same database are two
/// flaws even so: databases give one identifier to one flaw, and share a CVE among several now and then.
pub fn merge(mut advisories: Vec<Advisory>) -> Vec<Flaw> {
    advisories.sort_by(|one, two| (rank(one), &one.id).cmp(&(rank(two), &two.id)));
    advisories.dedup_by(|two, one| one.id == two.id && one.ranges == two.ranges && one.versions == two.versions);
    let mut group: Vec<usize> = (0..advisories.len()).collect();
    let mut holder: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    let mut prefixes: Vec<BTreeSet<&str>> = advisories.iter().map(|one| BTreeSet::from([one.prefix()])).collect();
    for (index, advisory) in advisories.iter().enumerate() {
        for name in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            let Some(other) = holder.get(&(family(advisory.kind), name.as_str())).copied() else {
                holder.insert((family(advisory.kind), name), index);
                continue;
            };
            join(
                &mut group,
                &mut prefixes,
                other,
                index,
                advisories.get(other).is_some_and(|one| one.id == advisory.id),
            );
        }
    }
    let roots: Vec<usize> = (0..advisories.len()).map(|index| root(&group, index)).collect();
    drop((holder, prefixes));
    let mut members: BTreeMap<usize, Vec<Advisory>> = BTreeMap::new();
    for (root, advisory) in roots.into_iter().zip(advisories) {
        members.entry(root).or_default().push(advisory);
    }
    members.into_values().filter_map(flaw).collect()
}

/// Malice and flaws are told by the same identifiers, notices by others.
const fn family(kind: Kind) -> Kind {
    match kind {
        Kind::Malicious => Kind::Vulnerability,
        kind => kind,
    }
}

fn root(group: &[usize], mut index: usize) -> usize {
    while let Some(parent) = group.get(index).copied().filter(|parent| *parent != index) {
        index = parent;
    }
    index
}

fn join(group: &mut [usize], prefixes: &mut [BTreeSet<&str>], one: usize, two: usize, same: bool) {
    let (one, two) = (root(group, one), root(group, two));
    let (first, second) = (one.min(two), one.max(two));
    let (Some(kept), Some(other)) = (prefixes.get(first).cloned(), prefixes.get(second).cloned()) else { return };
    if first == second || (!same && !kept.is_disjoint(&other)) {
        return;
    }
    if let Some(parent) = group.get_mut(second) {
        *parent = first;
    }
    if let Some(all) = prefixes.get_mut(first) {
        all.extend(other);
    }
}

fn flaw(members: Vec<Advisory>) -> Option<Flaw> {
    let severity = members.iter().filter_map(Advisory::severity).max();
    let sources = members.iter().map(|one| one.prefix().to_owned()).collect();
    let names = members.iter().flat_map(|one| std::iter::once(&one.id).chain(&one.aliases));
    let mut aliases: BTreeSet<String> = names.cloned().collect();
    let mut rest = members.into_iter();
    let mut advisory = rest.next()?;
    for other in rest {
        if other.kind == Kind::Malicious {
            advisory.kind = Kind::Malicious;
        }
        if advisory.title.is_empty() {
            advisory.title = other.title;
        }
        if advisory.fixed.is_empty() {
            advisory.fixed = other.fixed;
        }
        if advisory.cvss.is_empty() {
            advisory.cvss = other.cvss;
        }
        advisory.published = [advisory.published, other.published].into_iter().flatten().min();
        advisory.modified = advisory.modified.max(other.modified);
        advisory.exploited = [advisory.exploited, other.exploited].into_iter().flatten().min();
        advisory.epss = match (advisory.epss, other.epss) {
            (Some(one), Some(two)) if one.score >= two.score => Some(one),
            (one, two) => two.or(one),
        };
    }
    aliases.remove(&advisory.id);
    Some(Flaw { advisory, aliases: aliases.into_iter().collect(), severity, sources })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;

    fn advisory(id: &str, aliases: &[&str], word: Severity) -> Advisory {
        Advisory {
            id: id.into(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            title: String::new(),
            cvss: vec![],
            word: Some(word),
            url: None,
            published: None,
            modified: None,
            epss: None,
            exploited: None,
            kind: Kind::Vulnerability,
            ecosystem: Ecosystem::PyPI,
            package: "p".into(),
            ranges: vec![],
            versions: vec![],
            commits_only: false,
            fixed: vec![],
        }
    }

    #[test]
    fn one_flaw_in_three_databases_is_one_finding_with_the_worst_severity() {
        let flaws = merge(vec![
            advisory("GHSA-b", &["CVE-1"], Severity::Critical),
            advisory("PYSEC-1", &["CVE-1"], Severity::Low),
            advisory("OSV-9", &["GHSA-b"], Severity::Medium),
            advisory("PYSEC-2", &["CVE-2"], Severity::Low),
        ]);
        let ids: Vec<&str> = flaws.iter().map(|flaw| flaw.advisory.id.as_str()).collect();
        assert_eq!(ids, ["PYSEC-1", "PYSEC-2"]);
        assert_eq!(flaws[0].severity, Some(Severity::Critical));
        assert_eq!(flaws[0].aliases, ["CVE-1", "GHSA-b", "OSV-9"]);
    }

    #[test]
    fn entries_of_one_database_stay_apart() {
        let both =
            vec![advisory("RUSTSEC-1", &["CVE-1"], Severity::Low), advisory("RUSTSEC-2", &["CVE-1"], Severity::Low)];
        assert_eq!(merge(both).len(), 2);
    }
}
