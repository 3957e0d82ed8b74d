//! A package affected by a published advisory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ecosystem, Purl};

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
    /// Versions or ranges that are not affected, in the ecosystem's own words; empty when there is no fix.
    pub fixed: Vec<String>,
    /// Name of the affected package.
    pub name: String,
    /// Its version in the lockfile.
    pub version: String,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its package URL.
    pub purl: Purl,
    /// Dependency paths from a root to the package, each from root to package as `name version`; at most a few.
    pub paths: Vec<Vec<String>>,
}
