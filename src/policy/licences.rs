//! Which licences packages and the model may be under.
//!
//! What is stated is read as an SPDX licence expression (SPDX specification 2.3, annex D): either side of `OR` is
//! enough, both sides of `AND` are needed, and `WITH` an exception is another licence than the one without. Whether a
//! statement is true, or fits the text of a LICENSE file, is not checked here.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

use crate::model::{Class, Evidence, Place, Purl, Rule, Severity};

/// A licence that the policy does not let in.
pub static LICENCE_NOT_ALLOWED: Rule = Rule {
    id: "licence-not-allowed",
    summary: "a package or the model is under a licence that the policy does not allow",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/licence-not-allowed.md"),
    frameworks: &["CWE-1357", "LLM03:2025"],
};

/// Nobody says under which licence.
pub static LICENCE_UNKNOWN: Rule = Rule {
    id: "licence-unknown",
    summary: "the policy restricts licences, and nothing says under which one a package or the model is",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/licence-unknown.md"),
    frameworks: &["CWE-1059", "LLM03:2025"],
};

/// The evidence that lists licences.
const LISTED: &str = "licence-listed";
/// Packages that a message names; the details name all.
const NAMED: usize = 10;
/// Bytes of the longest expression that is read as one.
const LONGEST: usize = 4096;
/// Words that stand where a licence is not said.
const UNSAID: [&str; 5] = ["noassertion", "none", "other", "unknown", "see license in license"];

/// How names in the wild are read: old identifiers and crates.io's slash, but no guesses at what a name means.
const WILD: ParseMode = ParseMode {
    allow_slash_as_or_operator: true,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

/// What becomes of packages whose licence nothing states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unstated {
    /// They are listed (`licence-listed`), and that is all.
    List,
    /// The verdict is at least unknown.
    Unknown,
    /// The verdict is fail.
    Fail,
}

/// Which licences the packages of an audit and the model may be under: SPDX identifiers, also `WITH` an exception, or
/// names that are none, as a model card spells them (`llama3.1`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Licences {
    /// Only these. Left out: all that are not denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<BTreeSet<String>>,
    /// Never these, whether with `-only`, `-or-later` or an exception that `allow` does not name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<BTreeSet<String>>,
    /// What becomes of packages whose licence nothing states; left out: `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unstated>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Allowed,
    Refused,
    Unclear,
}

impl Licences {
    /// These where they speak, `base` where they are silent.
    pub(super) fn over(self, base: Self) -> Self {
        Self { allow: self.allow.or(base.allow), deny: self.deny.or(base.deny), unknown: self.unknown.or(base.unknown) }
    }

    /// True if nothing is said.
    pub(super) fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// True if some licences are let in or kept out, so that they have to be known.
    #[must_use]
    pub const fn restricts(&self) -> bool {
        self.allow.is_some() || self.deny.is_some()
    }

    /// True if a package without a licence fails.
    pub(super) fn fails_unstated(&self) -> bool {
        self.unknown == Some(Unstated::Fail)
    }

    /// An entry of several licences, if there is one: each is to be named by itself.
    pub(super) fn joined(&self) -> Option<&str> {
        let several = |entry: &&String| read(entry).is_some_and(|read| read.requirements().count() != 1);
        self.entries().find(several).map(String::as_str)
    }

    /// Entries that are no SPDX licence, and so are compared letter by letter.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries().filter(|entry| read(entry).is_none()).map(String::as_str)
    }

    fn entries(&self) -> impl Iterator<Item = &String> {
        self.allow.iter().chain(&self.deny).flatten()
    }

    /// What is said about everything whose licence is listed, and may not be what it is or is not known.
    pub(super) fn judge(&self, evidence: &[Evidence]) -> Vec<Evidence> {
        if !self.restricts() {
            return Vec::new();
        }
        let rules = Terms::of(self);
        let listed = evidence.iter().filter(|evidence| evidence.rule.id == LISTED);
        listed.flat_map(|listed| self.about(&rules, listed)).collect()
    }

    fn about(&self, terms: &Terms<'_>, listed: &Evidence) -> Vec<Evidence> {
        let licence = listed.fact.details.get("licence").and_then(Value::as_str);
        match licence.map_or(Standing::Unclear, |licence| terms.standing(licence)) {
            Standing::Allowed => Vec::new(),
            Standing::Refused => refused(listed, licence.unwrap_or_default()),
            Standing::Unclear if self.unknown == Some(Unstated::List) && licence.is_none_or(is_unsaid) => Vec::new(),
            Standing::Unclear => vec![unknown(listed, licence)],
        }
    }
}

/// The packages that one piece of evidence lists; none where it is about the whole.
fn packages(listed: &Evidence) -> &[Value] {
    listed.fact.details.get("packages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn called(package: &Value) -> String {
    let part = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", part("name"), part("version")).trim_end().to_owned()
}

fn refused(listed: &Evidence, licence: &str) -> Vec<Evidence> {
    let no_id = if read(licence).is_none() { " (no SPDX expression)" } else { "" };
    let of = |who: &str| {
        let message = format!("{who} is under {licence:?}{no_id}, which this policy does not allow");
        let mut evidence = Evidence::new(&LICENCE_NOT_ALLOWED, message).known_by(listed.assurance);
        evidence.artifact.clone_from(&listed.artifact);
        evidence.with("licence", licence)
    };
    let packages = packages(listed);
    if packages.is_empty() {
        return vec![of("the whole")];
    }
    let each = packages.iter().map(|package| {
        let evidence = of(&called(package)).with("package", package.clone());
        let purl = package.get("purl").and_then(Value::as_str).map(Purl::new);
        let line = package.get("line").and_then(Value::as_u64);
        match purl {
            Some(purl) => evidence.at(Place::Package { purl, line }),
            None => evidence,
        }
    });
    each.collect()
}

fn unknown(listed: &Evidence, licence: Option<&str>) -> Evidence {
    let packages = packages(listed);
    let mut names: Vec<String> = packages.iter().take(NAMED).map(called).collect();
    if let Some(more) = packages.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let who = match packages.len() {
        0 => "the whole".to_owned(),
        1 => names.join(", "),
        count => format!("{count} packages ({})", names.join(", ")),
    };
    let message = match licence {
        Some(licence) => format!("{who}: {licence:?} does not say which licence it is"),
        None => format!("{who}: nothing here says under which licence"),
    };
    let mut evidence = Evidence::new(&LICENCE_UNKNOWN, message);
    evidence.artifact.clone_from(&listed.artifact);
    evidence.with("count", packages.len()).with("packages", packages.to_vec())
}

/// True for a word that stands where no licence is said.
fn is_unsaid(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || UNSAID.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// An expression as it is written in the wild, with identifiers in any case; `None` for what is none.
fn read(text: &str) -> Option<Expression> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if text.len() > LONGEST {
        return None;
    }
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let word = is_word(first);
        let end = rest.find(|c| is_word(c) != word).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        spelled.push_str(if word { identifier(part) } else { part });
        rest = after;
    }
    Expression::parse_mode(&spelled, WILD).ok()
}

/// Deprecated identifiers with an exception in them, as SPDX has them written since version 2.0.
const WITH: [(&str, &str); 9] = [
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0"),
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only WITH Bison-exception-2.2"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"),
    ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"),
    ("wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
];

/// The identifier that is meant by a word, in the case that SPDX writes it.
fn identifier(word: &str) -> &str {
    if let Some((_, written)) = WITH.iter().find(|(old, _)| old.eq_ignore_ascii_case(word)) {
        return written;
    }
    let licences = spdx::identifiers::LICENSES.iter().map(|licence| licence.name);
    let exceptions = spdx::identifiers::EXCEPTIONS.iter().map(|exception| exception.name);
    licences.chain(exceptions).find(|name| name.eq_ignore_ascii_case(word)).unwrap_or(word)
}

/// One licence of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leaf {
    /// `GPL`; all of the name where it has no version.
    family: String,
    /// `2.0`.
    version: Vec<u32>,
    /// Any later version as well.
    later: bool,
    /// What follows `WITH`.
    exception: Option<String>,
    /// It stands in the SPDX list; else it means whatever the document says.
    known: bool,
}

impl Leaf {
    fn of(requirement: &LicenseReq) -> Self {
        let exception = requirement.addition.as_ref().map(ToString::to_string);
        let LicenseItem::Spdx { id, or_later } = &requirement.license else {
            let family = requirement.license.to_string();
            return Self { family, version: Vec::new(), later: false, exception, known: false };
        };
        let bare = id.name.trim_end_matches('+');
        let stem = bare.strip_suffix("-or-later").or_else(|| bare.strip_suffix("-only")).unwrap_or(bare);
        let later = *or_later || id.name.ends_with("-or-later") || id.name.ends_with('+');
        let numbers = |text: &str| text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>();
        let split = stem.rsplit_once('-').and_then(|(family, version)| Some((family.to_owned(), numbers(version)?)));
        let (family, version) = split.unwrap_or_else(|| (stem.to_owned(), Vec::new()));
        Self { family, version, later, exception, known: true }
    }

    fn same_text(&self, other: &Self) -> bool {
        self.known == other.known && self.family == other.family && self.version == other.version
    }

    /// True if somebody to whom `self` is allowed may take `offered`: it is the same, or lets one choose it.
    fn takes(&self, offered: &Self) -> bool {
        if self.exception != offered.exception {
            return false;
        }
        if self.same_text(offered) {
            return offered.later || !self.later;
        }
        let chosen = self.known && offered.known && self.family == offered.family;
        chosen && offered.later && self.version > offered.version
    }

    /// True if `self` keeps `offered` out.
    fn bars(&self, offered: &Self) -> bool {
        self.same_text(offered) && (self.exception.is_none() || self.exception == offered.exception)
    }
}

/// A policy's lists, read.
struct Terms<'l> {
    licences: &'l Licences,
    allow: Vec<Leaf>,
    deny: Vec<Leaf>,
}

impl<'l> Terms<'l> {
    fn of(licences: &'l Licences) -> Self {
        let leaves = |entries: &Option<BTreeSet<String>>| {
            let read = entries.iter().flatten().filter_map(|entry| read(entry));
            read.flat_map(|read| read.requirements().map(|one| Leaf::of(&one.req)).collect::<Vec<_>>()).collect()
        };
        Self { licences, allow: leaves(&licences.allow), deny: leaves(&licences.deny) }
    }

    fn standing(&self, text: &str) -> Standing {
        let text = text.trim();
        let named = |list: &Option<BTreeSet<String>>| {
            list.iter().flatten().any(|entry| entry.trim().eq_ignore_ascii_case(text))
        };
        if named(&self.licences.deny) {
            return Standing::Refused;
        }
        if named(&self.licences.allow) {
            return Standing::Allowed;
        }
        if is_unsaid(text) {
            return Standing::Unclear;
        }
        let Some(expression) = read(text) else {
            // A name that is on no list: an allow list leaves it out, and a deny list may mean it under another name.
            return if self.licences.allow.is_some() { Standing::Refused } else { Standing::Unclear };
        };
        if expression.evaluate(|one| self.leaf(&Leaf::of(one)) == Standing::Allowed) {
            Standing::Allowed
        } else if expression.evaluate(|one| self.leaf(&Leaf::of(one)) != Standing::Refused) {
            Standing::Unclear
        } else {
            Standing::Refused
        }
    }

    fn leaf(&self, leaf: &Leaf) -> Standing {
        if is_unsaid(&leaf.family) {
            return Standing::Unclear;
        }
        let excepted = leaf.exception.is_some() && self.allow.contains(leaf);
        let barred = |denied: &Leaf| denied.bars(leaf) && !(excepted && denied.exception.is_none());
        if self.deny.iter().any(barred) {
            return Standing::Refused;
        }
        match &self.licences.allow {
            Some(_) if self.allow.iter().any(|allowed| allowed.takes(leaf)) => Standing::Allowed,
            Some(_) => Standing::Refused,
            None if leaf.known => Standing::Allowed,
            None => Standing::Unclear,
        }
    }
}

#[cfg(test)]
#[path = "licences_tests.rs"]
mod tests;
