//! One advisory about one package, whatever database it came from.

use serde::{Deserialize, Serialize};

use crate::model::{Ecosystem, Epss, Severity};

/// What an advisory says a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// It has a flaw.
    Vulnerability,
    /// It was published to do harm.
    Malicious,
    /// Nobody looks after it.
    Unmaintained,
    /// Safe code can reach undefined behaviour through it.
    Unsound,
    /// Something users should know.
    Notice,
}

/// A boundary of a range, in the ecosystem's own version spelling (OSV schema, field `events`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Affected from here on; `0` is before every version.
    #[serde(rename = "i")]
    Introduced(String),
    /// Not affected from here on.
    #[serde(rename = "f")]
    Fixed(String),
    /// The last one that is affected.
    #[serde(rename = "l")]
    LastAffected(String),
    /// Nothing is known from here on.
    #[serde(rename = "m")]
    Limit(String),
}

/// One advisory, cut down to one of the packages it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Identifier in its own database.
    pub id: String,
    /// The same flaw elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// One line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// CVSS vectors, as published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvss: Vec<String>,
    /// Severity in a word, when the database gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<Severity>,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Day of publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Day of the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// How likely its flaw is to be exploited, when the database has forecasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// Day on which CISA listed its flaw as exploited, when the database has that list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<String>,
    /// What it says.
    pub kind: Kind,
    /// Ecosystem of the package.
    pub ecosystem: Ecosystem,
    /// Name of the package as `Ecosystem::key` spells it.
    pub package: String,
    /// Ranges of affected versions; one that holds the version is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Vec<Event>>,
    /// Versions named one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// True when the affected versions are given by git commits alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commits_only: bool,
    /// Versions that are not affected, in the words of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
}

impl Advisory {
    /// The database by the prefix of the identifier: `RUSTSEC`, `PYSEC`, `GHSA`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.id.split('-').next().unwrap_or_default()
    }

    /// The worst of its scores, then its word; `None` when it has neither.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        if self.kind == Kind::Malicious {
            return Some(Severity::Critical);
        }
        self.cvss.iter().filter_map(|vector| severity(vector)).max().or(self.word)
    }
}

/// The rating of a CVSS vector of version 2, 3.0, 3.1 or 4.0 by the specification's own table.
#[must_use]
pub fn severity(vector: &str) -> Option<Severity> {
    let score = vector.trim().parse::<cvss::Cvss>().ok()?.score();
    Some(match score {
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Info,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_cvss_is_scored() {
        for (vector, expected) in [
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(Severity::High)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Severity::Critical)),
            ("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", Some(Severity::High)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N", Some(Severity::Medium)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Some(Severity::Info)),
            ("high", None),
        ] {
            assert_eq!(severity(vector), expected, "{vector}");
        }
    }
}
