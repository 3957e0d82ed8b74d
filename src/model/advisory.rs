//! A package affected by a published advisory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ecosystem, Purl};

/// The forecast of FIRST's Exploit Prediction Scoring System.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Epss {
    /// Probability of exploitation in the next 30 days, 0 to 1.
    pub score: f64,
    /// Share of all flaws with the same or a lower score, 0 to 1.
    pub percentile: f64,
}

/// One advisory that matches one package of a lockfile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdvisoryMatch {
    /// Identifier in the database it came from, such as `RUSTSEC-2021-0073`.
    pub id: String,
    /// The same flaw elsewhere: CVE, GHSA, …
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// CVSS vector, when the advisory has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<String>,
    /// Where to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Day of publication, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Day of its last change, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// How likely exploitation is, when the database has forecasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// Day on which CISA listed it as exploited, `YYYY-MM-DD`, when it did and the database has that list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<String>,
    /// Versions or ranges that are not affected, in the ecosystem's own words; empty when there is no fix.
    pub fixed: Vec<String>,
    /// Name of the affected package.
    pub name: String,
    /// Its version in the lockfile.
    pub version: String,
    /// The lowest later version that is free of every flaw of this package that has a fix, and of all others that are
    /// known; absent when this one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<String>,
    /// Whether the tree itself asks for it; absent when the lockfile does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its package URL.
    pub purl: Purl,
    /// Dependency paths from a root to the package, each from root to package as `name version`; at most a few.
    pub paths: Vec<Vec<String>>,
}
