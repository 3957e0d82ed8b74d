//! Versions and their order, by ecosystem.

mod maven;
mod segments;

use std::cmp::Ordering;

use crate::model::Ecosystem;

/// A version that can be put in order with another of its ecosystem.
#[derive(Clone, Debug)]
pub enum Version {
    /// Semantic Versioning 2.0.0: crates.io, npm and Go.
    Semver(semver::Version),
    /// PEP 440.
    Pep440(pep440_rs::Version),
    /// Maven.
    Maven(maven::Version),
    /// RubyGems and Composer.
    Segments(segments::Version),
}

impl Version {
    /// Reads a version; `None` when the ecosystem's rules give it no place in the order.
    #[must_use]
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = text.trim();
        match ecosystem {
            Ecosystem::CratesIo | Ecosystem::Npm | Ecosystem::Go => lenient(text).map(Self::Semver),
            Ecosystem::PyPI => text.parse().ok().map(Self::Pep440),
            Ecosystem::Maven => (!text.is_empty()).then(|| Self::Maven(maven::Version::parse(text))),
            Ecosystem::RubyGems => segments::Version::gem(text).map(Self::Segments),
            Ecosystem::Packagist => segments::Version::composer(text).map(Self::Segments),
        }
    }

    /// The order of two versions; build metadata plays no part in it.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Semver(one), Self::Semver(two)) => Some(one.cmp_precedence(two)),
            (Self::Pep440(one), Self::Pep440(two)) => Some(one.cmp(two)),
            (Self::Maven(one), Self::Maven(two)) => Some(one.order(two)),
            (Self::Segments(one), Self::Segments(two)) => Some(one.order(two)),
            _ => None,
        }
    }

    /// True for a pre-release, where the ecosystem knows them.
    #[must_use]
    pub fn is_early(&self) -> bool {
        match self {
            Self::Semver(version) => !version.pre.is_empty(),
            Self::Pep440(version) => version.any_prerelease(),
            Self::Maven(_) | Self::Segments(_) => false,
        }
    }

    /// The place of this version beside a boundary.
    ///
    /// A local version of Python (`2.1.0+cu118`) is a build of the public one and shares its flaws: it is compared
    /// without the local part unless the boundary has one too. PEP 440 orders it after the public version, which would
    /// put it past `last_affected`.
    #[must_use]
    pub fn against(&self, bound: &Self) -> Option<Ordering> {
        match (self, bound) {
            (Self::Pep440(version), Self::Pep440(bound)) if version.is_local() && !bound.is_local() => {
                Some(version.clone().without_local().cmp(bound))
            }
            _ => self.order(bound),
        }
    }
}

/// Semantic versions as databases and lockfiles write them: a leading `v` or `=`, and missing parts.
fn lenient(text: &str) -> Option<semver::Version> {
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let text = text.trim_start_matches(['v', 'V', '=', ' ']);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let padded = match core.split('.').count() {
        1 => format!("{core}.0.0{rest}"),
        2 => format!("{core}.0{rest}"),
        _ => format!("{core}{rest}"),
    };
    semver::Version::parse(&padded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ecosystem: Ecosystem, one: &str, two: &str) -> Ordering {
        let parse = |text| Version::parse(ecosystem, text).unwrap();
        parse(one).order(&parse(two)).unwrap()
    }

    #[test]
    fn semantic_versions() {
        let ascending =
            ["0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "v1"];
        for pair in ascending.windows(2) {
            assert_eq!(order(Ecosystem::Npm, pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(order(Ecosystem::Go, "v2.0.0+incompatible", "2.0.0"), Ordering::Equal);
        assert!(Version::parse(Ecosystem::Npm, "latest").is_none());
    }

    #[test]
    fn python_versions() {
        let ascending = ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"];
        for pair in ascending.windows(2) {
            assert_eq!(order(Ecosystem::PyPI, pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(order(Ecosystem::PyPI, "1.0", "1.0.0"), Ordering::Equal);
        let parse = |text| Version::parse(Ecosystem::PyPI, text).unwrap();
        assert_eq!(parse("2.1.0+cu118").against(&parse("2.1.0")), Some(Ordering::Equal));
        assert_eq!(parse("2.1.0").against(&parse("2.1.0+cu118")), Some(Ordering::Less));
    }
}
