//! Leave that somebody gave for a finding.

use jiff::civil::Date;

use crate::model::{Artifact, Class, Digest, Evidence, Exception, Place, Rule, Severity};

use super::resolve::glob;
use super::wire::ExceptionEntry;

/// An exception whose last day has passed.
pub static EXCEPTION_EXPIRED: Rule = Rule {
    id: "exception-expired",
    summary: "an exception in the policy has expired, so its finding is back",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/exception-expired.md"),
    frameworks: &[],
};

/// An exception that excused nothing.
pub static EXCEPTION_UNUSED: Rule = Rule {
    id: "exception-unused",
    summary: "an exception in the policy matches nothing that was seen",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/exception-unused.md"),
    frameworks: &[],
};

/// The exceptions of a policy on one day, and whether each was of use.
pub struct Exceptions<'p> {
    entries: Vec<(&'p ExceptionEntry, Option<globset::GlobMatcher>, Use)>,
    root: Option<String>,
    today: Date,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    None,
    Excused,
    Expired,
}

impl<'p> Exceptions<'p> {
    /// All of them; their globs were checked when the policy was read. `root` is the digest over all files.
    pub fn new(entries: &'p [ExceptionEntry], root: Option<&Digest>, today: Date) -> Self {
        let compiled = |entry: &ExceptionEntry| entry.artifact.as_deref().and_then(|pattern| glob(pattern).ok());
        let entries = entries.iter().map(|entry| (entry, compiled(entry), Use::None)).collect();
        Self { entries, root: root.map(Digest::hex), today }
    }

    /// The first that covers this evidence and still holds. One that covers it but has expired is remembered. What
    /// nobody objects to needs no leave; that it is not affected is a fact worth keeping all the same.
    pub fn excuse(&mut self, evidence: &Evidence, artifact: Option<&Artifact>, objected: bool) -> Option<Exception> {
        for (entry, pattern, usage) in &mut self.entries {
            let of_use = objected || entry.not_affected.is_some();
            if !of_use || !covers(entry, pattern.as_ref(), evidence, artifact, self.root.as_deref()) {
                continue;
            }
            if entry.until < self.today {
                *usage = Use::Expired;
                continue;
            }
            *usage = Use::Excused;
            return Some(Exception {
                reason: entry.reason.clone(),
                owner: entry.owner.clone(),
                until: entry.not_affected.is_none().then(|| entry.until.to_string()),
                not_affected: entry.not_affected.clone(),
            });
        }
        None
    }

    /// Evidence about exceptions that expired or were of no use.
    pub fn close(self) -> Vec<Evidence> {
        self.entries
            .into_iter()
            .filter_map(|(entry, _, usage)| match usage {
                Use::Excused => None,
                Use::Expired => Some(
                    Evidence::new(
                        &EXCEPTION_EXPIRED,
                        format!("the exception for {} by {} ended on {}", entry.rule, entry.owner, entry.until),
                    )
                    .with("rule", entry.rule.as_str())
                    .with("owner", entry.owner.as_str())
                    .with("until", entry.until.to_string()),
                ),
                Use::None => Some(
                    Evidence::new(
                        &EXCEPTION_UNUSED,
                        format!("the exception for {} by {} matches nothing", entry.rule, entry.owner),
                    )
                    .with("rule", entry.rule.as_str())
                    .with("owner", entry.owner.as_str()),
                ),
            })
            .collect()
    }
}

fn covers(
    entry: &ExceptionEntry,
    pattern: Option<&globset::GlobMatcher>,
    evidence: &Evidence,
    artifact: Option<&Artifact>,
    root: Option<&str>,
) -> bool {
    let path = evidence.artifact.as_ref().map(crate::model::ArtifactPath::as_str);
    let pinned = |wanted: &String| {
        let digest = artifact.and_then(|artifact| artifact.digests.get(crate::model::Algorithm::Sha256));
        let is = |found: &str| found.eq_ignore_ascii_case(wanted);
        digest.is_some_and(|digest| is(&digest.hex())) || root.is_some_and(is)
    };
    entry.rule == evidence.rule.id
        && pattern.is_none_or(|pattern| path.is_some_and(|path| pattern.is_match(path)))
        && entry.sha256.as_ref().is_none_or(pinned)
        && entry.package.as_ref().is_none_or(|wanted| package_is(evidence, wanted))
        && entry.advisory.as_ref().is_none_or(|wanted| {
            evidence.advisory.as_ref().is_some_and(|found| found.id == *wanted || found.aliases.contains(wanted))
        })
}

fn package_is(evidence: &Evidence, wanted: &str) -> bool {
    let by_place = matches!(&evidence.place, Place::Package { purl, .. } if purl.as_str() == wanted);
    let named = evidence.fact.details.get("package").and_then(|package| package.get("name")?.as_str());
    by_place || named == Some(wanted) || evidence.advisory.as_ref().is_some_and(|found| found.name == wanted)
}
