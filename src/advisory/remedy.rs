//! The lowest later version that helps.

use std::cmp::Ordering;

use crate::model::Package;

use super::matching::{Affects, affects};
use super::record::{Advisory, Event, Kind};
use super::version::Version;

/// The version to move a package to, from everything that is known about the package.
///
/// Only versions that advisories name as fixed are considered: others may exist or not, and nothing here asks a
/// registry. Pre-releases are taken when there is nothing else. A flaw without a fix does not stand in the way of
/// fixing the others.
pub struct Remedy {
    version: Option<String>,
}

impl Remedy {
    /// Looks for it.
    pub fn of(package: &Package, advisories: &[Advisory]) -> Self {
        let flaws: Vec<&Advisory> = advisories.iter().filter(|one| harmful(one)).collect();
        let candidates = candidates(package, &flaws);
        let clear = |flaw: &Advisory, version: &str| affects(flaw, version) != Affects::Yes;
        // Flaws that no candidate is free of.
        let fixable: Vec<&Advisory> =
            flaws.iter().filter(|flaw| candidates.iter().any(|version| clear(flaw, version))).copied().collect();
        let version = candidates.into_iter().find(|version| fixable.iter().all(|flaw| clear(flaw, version)));
        Self { version }
    }

    /// The version, if it is free of this flaw.
    pub fn from(&self, flaw: &Advisory) -> Option<String> {
        self.version.clone().filter(|version| harmful(flaw) && affects(flaw, version) != Affects::Yes)
    }
}

/// Flaws and malice; an unmaintained package stays so in every version.
const fn harmful(advisory: &Advisory) -> bool {
    matches!(advisory.kind, Kind::Vulnerability | Kind::Malicious | Kind::Unsound)
}

/// Versions that advisories say are fixed, later than the package's own, lowest first and pre-releases last.
fn candidates(package: &Package, flaws: &[&Advisory]) -> Vec<String> {
    let Some(own) = Version::parse(package.ecosystem, &package.version) else { return Vec::new() };
    let fixed = flaws.iter().flat_map(|flaw| flaw.ranges.iter().flatten()).filter_map(|event| match event {
        Event::Fixed(version) => Some(version.as_str()),
        _ => None,
    });
    let later = fixed.filter_map(|text| {
        let version = Version::parse(package.ecosystem, text)?;
        (version.order(&own) == Some(Ordering::Greater)).then_some((version.is_early(), version, text))
    });
    let mut all: Vec<(bool, Version, &str)> = later.collect();
    all.sort_by(|one, two| one.0.cmp(&two.0).then(one.1.order(&two.1).unwrap_or(Ordering::Equal)));
    all.dedup_by(|later, first| later.2 == first.2);
    all.into_iter().map(|(_, _, text)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::osv;
    use crate::model::{ArtifactPath, Ecosystem, PackageSource, Purl};

    fn upgrade(version: &str, ranges: &[(&str, &str)]) -> Vec<Option<String>> {
        let package = Package {
            name: "p".into(),
            version: version.into(),
            ecosystem: Ecosystem::Npm,
            purl: Purl::new("pkg:npm/p"),
            source: PackageSource::PublicRegistry,
            checksums: vec![],
            lockfile: ArtifactPath::new("package-lock.json"),
            line: None,
            dependencies: vec![],
        };
        let one = |(number, (from, to)): (usize, &(&str, &str))| {
            let to = if to.is_empty() { String::new() } else { format!(r#", {{"fixed": "{to}"}}"#) };
            let text = format!(
                r#"{{"id": "GHSA-{number}", "affected": [{{"package": {{"ecosystem": "npm", "name": "p"}},
                    "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "{from}"}}{to}]}}]}}]}}"#
            );
            osv::json(text.as_bytes()).unwrap().advisories
        };
        let all: Vec<Advisory> = ranges.iter().enumerate().flat_map(one).collect();
        let remedy = Remedy::of(&package, &all);
        all.iter().map(|flaw| remedy.from(flaw)).collect()
    }

    #[test]
    fn one_version_clears_everything_that_can_be_cleared() {
        let some = |version: &str| Some(version.to_owned());
        assert_eq!(upgrade("1.0.0", &[("0", "1.1.0"), ("0", "1.4.0")]), [some("1.4.0"), some("1.4.0")]);
        // The first fix has a flaw of its own.
        assert_eq!(upgrade("1.0.0", &[("0", "1.1.0"), ("1.1.0", "1.2.0")])[0], some("1.2.0"));
        assert_eq!(upgrade("1.0.0", &[("0", "1.1.0"), ("0", "")]), [some("1.1.0"), None]);
        assert_eq!(upgrade("1.0.0", &[("0", "1.1.0-rc.1"), ("0", "1.2.0")])[0], some("1.2.0"));
        assert_eq!(upgrade("2.0.0", &[("0", "1.1.0")])[0], None);
    }
}
