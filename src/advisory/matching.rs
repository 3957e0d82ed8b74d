//! Is this version affected?
//!
//! Source: the OSV schema, section "Evaluation". A version is affected if it is listed, or lies in one of the ranges.

use std::cmp::Ordering;

use super::record::{Advisory, Event};
use super::version::Version;

/// The answer for one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affects {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// A boundary, or the version itself, has no place in the order of versions.
    Unclear,
    /// The advisory gives git commits alone.
    CommitsOnly,
}

/// Holds `version` against one advisory about its package.
#[must_use]
pub fn affects(advisory: &Advisory, version: &str) -> Affects {
    let parsed = Version::parse(advisory.ecosystem, version);
    if advisory.versions.iter().any(|listed| same(advisory, listed, version, parsed.as_ref())) {
        return Affects::Yes;
    }
    let mut answer = if advisory.commits_only { Affects::CommitsOnly } else { Affects::No };
    for range in &advisory.ranges {
        match in_range(advisory, range, parsed.as_ref()) {
            Some(true) => return Affects::Yes,
            Some(false) => {}
            None => answer = Affects::Unclear,
        }
    }
    answer
}

fn same(advisory: &Advisory, listed: &str, version: &str, parsed: Option<&Version>) -> bool {
    if listed == version {
        return true;
    }
    // Comparing the first digits saves reading hundreds of listed versions that cannot be equal.
    if digits(listed) != digits(version) {
        return false;
    }
    let order = parsed.and_then(|parsed| parsed.against(&Version::parse(advisory.ecosystem, listed)?));
    order == Some(Ordering::Equal)
}

/// The first number of a version.
fn digits(text: &str) -> Option<&str> {
    text.trim_start_matches(['v', '=']).split(|c: char| !c.is_ascii_digit()).next()
}

/// `None` when the order cannot be told.
fn in_range(advisory: &Advisory, events: &[Event], version: Option<&Version>) -> Option<bool> {
    if let [Event::Introduced(first)] = events
        && first == "0"
    {
        // Every version there is, whatever it looks like.
        return Some(true);
    }
    let version = version?;
    let mut steps = Vec::with_capacity(events.len());
    let mut limits = Vec::new();
    for event in events {
        let (Event::Introduced(text) | Event::Fixed(text) | Event::LastAffected(text) | Event::Limit(text)) = event;
        let bound = match text.as_str() {
            "0" if matches!(event, Event::Introduced(_)) => None,
            "*" if matches!(event, Event::Limit(_)) => continue,
            text => Some(Version::parse(advisory.ecosystem, text)?),
        };
        match event {
            Event::Limit(_) => limits.extend(bound),
            event => steps.push((bound, event)),
        }
    }
    let before = |limit: &Version| version.against(limit) == Some(Ordering::Less);
    if !limits.is_empty() && !limits.iter().any(before) {
        return Some(false);
    }
    // Stable: boundaries at the same version keep the order of the advisory.
    steps.sort_by(|(one, _), (two, _)| match (one, two) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(one), Some(two)) => one.order(two).unwrap_or(Ordering::Equal),
    });
    let mut inside = false;
    for (bound, event) in &steps {
        let order = bound.as_ref().map_or(Some(Ordering::Greater), |bound| version.against(bound))?;
        match event {
            Event::Introduced(_) if order != Ordering::Less => inside = true,
            Event::Fixed(_) if order != Ordering::Less => inside = false,
            Event::LastAffected(_) if order == Ordering::Greater => inside = false,
            _ => {}
        }
    }
    Some(inside)
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
