//! The shapes of `weighbridge/report/v1`, field by field.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::model::{
    AdvisoryMatch, Artifact, ArtifactPath, Assurance, Check, Class, Digests, Ecosystem, Exception, Excerpt, Finding,
    Format, Input, Package, PackageSource, Place, PolicyId, Purl, Report, Ruling, Severity, TensorSummary, Tool,
    Verdict,
};

use super::super::risks::{self, Assessment};

/// The name and version of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SchemaV1 {
    /// The first one.
    #[serde(rename = "weighbridge/report/v1")]
    V1,
}

/// Everything that was seen in one model or tree, judged under one policy.
// The long lists are generic: a report that is written puts each of their items into shape when its turn comes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReportV1")]
pub struct ReportV1<A = Vec<ArtifactV1>, P = Vec<PackageV1>, F = Vec<FindingV1>> {
    /// Which contract this document follows.
    pub schema: SchemaV1,
    /// Who wrote it.
    pub tool: Tool,
    /// The one word: `pass`, `unknown` (something could not be looked at) or `fail`.
    pub verdict: Verdict,
    /// Who judged.
    pub policy: PolicyId,
    /// Name of what was weighed: the last component of its path.
    pub subject: String,
    /// `sha256:…` over all files in the order and form of OpenSSF model signing; absent when not all were hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What was asked for.
    pub checks: Vec<Check>,
    /// Files, by path.
    pub artifacts: A,
    /// Packages that lockfiles pin, by lockfile and purl.
    pub packages: P,
    /// What was seen and what the policy thinks of it, by file and place.
    pub findings: F,
    /// What the policy did not require, one clause each.
    pub not_required: Vec<String>,
    /// What was not assessed at all, one clause each.
    pub not_assessed: Vec<String>,
    /// What else the result rests on: advisory databases, trusted keys.
    pub inputs: Vec<Input>,
    /// The risks that a buyer asks about, each assessed with evidence of this report, or not assessed.
    #[serde(default)]
    pub risks: Vec<RiskV1>,
}

/// One risk that a buyer asks about.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RiskV1 {
    /// Kebab-case name of the dimension.
    pub dimension: String,
    /// True if this report answers it. What only could not be looked at answers nothing.
    pub assessed: bool,
    /// What was looked at, where silence is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<String>,
    /// The evidence, by rule.
    pub evidence: Vec<RiskEvidenceV1>,
    /// What no static check can answer.
    pub cannot: String,
}

/// Evidence of one rule, in sum.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RiskEvidenceV1 {
    /// The rule.
    pub rule: String,
    /// How often it spoke.
    pub count: u64,
    /// The worst that the policy made of it.
    pub ruling: String,
}

/// One file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactV1 {
    /// POSIX path relative to the root; `.` when the root is one file. Bytes that are no UTF-8 are written `\xNN`,
    /// and then backslashes are doubled.
    pub path: ArtifactPath,
    /// Length in bytes.
    pub size: u64,
    /// Digests of the whole file by algorithm, lower-case hexadecimal.
    pub digests: Digests,
    /// What it is by content. More than one: a polyglot or a format inside another; none: not recognised.
    pub formats: Vec<Format>,
    /// Formats of members of a container, each with the first member that is of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
    /// Its tensors in three figures, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensors: Option<TensorSummary>,
}

/// One entry of a lockfile.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct PackageV1 {
    /// Name as the lockfile spells it.
    pub name: String,
    /// Version as the lockfile spells it.
    pub version: String,
    /// Its ecosystem, as OSV spells it.
    pub ecosystem: Ecosystem,
    /// Its package URL.
    pub purl: Purl,
    /// Where it comes from.
    pub source: SourceV1,
    /// Checksums the lockfile pins it with, as `algorithm:hexadecimal`.
    pub checksums: Vec<String>,
    /// The lockfile that lists it.
    pub lockfile: ArtifactPath,
    /// Line where its entry begins, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Direct dependencies, by package URL.
    pub dependencies: Vec<Purl>,
}

/// Where a package comes from.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceV1 {
    /// The ecosystem's public registry.
    PublicRegistry,
    /// Another registry.
    Registry {
        /// Its address.
        address: String,
    },
    /// A git repository.
    Git {
        /// Its address with revision.
        address: String,
    },
    /// A local path.
    Local,
    /// A file.
    Archive {
        /// Its address.
        address: String,
    },
}

/// What the policy makes of one thing that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RulingV1 {
    /// Nothing to object.
    Ok,
    /// Said, and no more.
    Warn,
    /// Would warn or fail; somebody answers for it until a day.
    Excused,
    /// Could not be looked at: the verdict is at least unknown.
    Unknown,
    /// Forbidden: the verdict is fail.
    Fail,
}

/// One thing that was seen, and what the policy thinks of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindingV1 {
    /// Id of the rule; `weighbridge explain` shows its page.
    pub rule: String,
    /// Good news, inventory, a defect, or a gap in what could be looked at.
    pub class: Class,
    /// How bad the policy holds it to be.
    pub severity: Severity,
    /// The file, absent for what concerns the whole tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactPath>,
    /// Where in it.
    pub place: Place,
    /// One sentence. For people: its words may change between versions.
    pub message: String,
    /// The same as values, by name, for machines.
    pub facts: BTreeMap<String, Value>,
    /// How it is known.
    pub assurance: Assurance,
    /// What follows.
    pub ruling: RulingV1,
    /// Who answers for it, when excused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
    /// Severity that the source of the fact gives (an advisory's score), whatever the policy makes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated: Option<Severity>,
    /// The advisory, when a package is affected by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisory: Option<AdvisoryMatch>,
    /// The package it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageRefV1>,
    /// Bytes around it, for people to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<ExcerptV1>,
}

/// A package that a finding is about.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct PackageRefV1 {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its ecosystem, as OSV spells it.
    pub ecosystem: Ecosystem,
    /// Its package URL.
    pub purl: Purl,
}

/// A few bytes of a file or member.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExcerptV1 {
    /// Offset of the first byte in the file or member.
    pub start: u64,
    /// The bytes, hexadecimal.
    pub hex: String,
    /// Offset of the first byte that matters.
    pub marked_start: u64,
    /// One past the last byte that matters.
    pub marked_end: u64,
}

/// A list that is written item by item.
struct Each<'r, T, S>(Vec<&'r T>, S);

impl<T, W: Serialize, S: Fn(&T) -> W> Serialize for Each<'_, T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.0.iter().map(|item| self.1(item)))
    }
}

impl ReportV1 {
    /// The report in this contract's words and order, to be written.
    #[must_use]
    pub fn of(report: &Report) -> ReportV1<impl Serialize, impl Serialize, impl Serialize> {
        let mut artifacts: Vec<&Artifact> = report.artifacts.iter().collect();
        artifacts.sort_by(|a, b| a.path.cmp(&b.path));
        let mut packages: Vec<&Package> = report.packages.iter().collect();
        packages.sort_by(|a, b| (&a.lockfile, &a.purl, a.line).cmp(&(&b.lockfile, &b.purl, b.line)));
        let mut findings: Vec<&Finding> = report.findings.iter().collect();
        findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
        let named: BTreeSet<&Purl> = findings.iter().filter_map(|finding| named(finding)).collect();
        let by_purl: BTreeMap<&Purl, &Package> =
            packages.iter().filter(|one| named.contains(&one.purl)).map(|package| (&package.purl, *package)).collect();
        ReportV1 {
            schema: SchemaV1::V1,
            tool: report.tool.clone(),
            verdict: report.verdict,
            policy: report.policy.clone(),
            subject: report.subject.clone(),
            root: report.root.as_ref().map(ToString::to_string),
            checks: report.checks.clone(),
            findings: Each(findings, move |finding: &Finding| FindingV1::of(finding, &by_purl)),
            artifacts: Each(artifacts, ArtifactV1::of),
            packages: Each(packages, PackageV1::of),
            not_required: report.not_required.clone(),
            not_assessed: report.not_assessed.clone(),
            inputs: report.inputs.clone(),
            risks: risks::assess(report).iter().map(RiskV1::of).collect(),
        }
    }
}

impl RiskV1 {
    fn of(known: &Assessment) -> Self {
        let evidence = known.evidence.iter().map(|weight| RiskEvidenceV1 {
            rule: weight.rule.to_owned(),
            count: weight.count,
            ruling: weight.ruling.to_owned(),
        });
        Self {
            dimension: known.dimension.id.clone(),
            assessed: known.assessed,
            looked: known.looked.clone(),
            evidence: evidence.collect(),
            cannot: known.dimension.cannot.clone(),
        }
    }
}

impl ArtifactV1 {
    fn of(artifact: &Artifact) -> Self {
        Self {
            path: artifact.path.clone(),
            size: artifact.size,
            digests: artifact.digests.clone(),
            formats: artifact.formats.clone(),
            members: artifact.contents.members.clone(),
            tensors: artifact.tensor_summary(),
        }
    }
}

impl PackageV1 {
    fn of(package: &Package) -> Self {
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            ecosystem: package.ecosystem,
            purl: package.purl.clone(),
            source: match &package.source {
                PackageSource::PublicRegistry => SourceV1::PublicRegistry,
                PackageSource::Registry(address) => SourceV1::Registry { address: address.clone() },
                PackageSource::Git(address) => SourceV1::Git { address: address.clone() },
                PackageSource::Local => SourceV1::Local,
                PackageSource::Archive(address) => SourceV1::Archive { address: address.clone() },
            },
            checksums: package.checksums.iter().map(ToString::to_string).collect(),
            lockfile: package.lockfile.clone(),
            line: package.line,
            dependencies: package.dependencies.clone(),
        }
    }
}

impl FindingV1 {
    fn of(finding: &Finding, packages: &BTreeMap<&Purl, &Package>) -> Self {
        let evidence = &finding.evidence;
        let (ruling, exception) = match &finding.ruling {
            Ruling::Ok => (RulingV1::Ok, None),
            Ruling::Warn => (RulingV1::Warn, None),
            Ruling::Excused(exception) => (RulingV1::Excused, Some(exception.clone())),
            Ruling::Unknown => (RulingV1::Unknown, None),
            Ruling::Fail => (RulingV1::Fail, None),
        };
        Self {
            rule: evidence.rule.id.to_owned(),
            class: evidence.rule.class,
            severity: finding.severity,
            artifact: evidence.artifact.clone(),
            place: evidence.place.clone(),
            message: evidence.fact.message.clone(),
            facts: evidence.fact.details.clone(),
            assurance: evidence.assurance,
            ruling,
            exception,
            rated: evidence.rated,
            advisory: evidence.advisory.as_deref().cloned(),
            package: PackageRefV1::of(finding, packages),
            excerpt: evidence.excerpt.as_ref().map(ExcerptV1::of),
        }
    }
}

/// The package that a finding is about.
const fn named(finding: &Finding) -> Option<&Purl> {
    match &finding.evidence.place {
        Place::Package { purl, .. } => Some(purl),
        _ => None,
    }
}

impl PackageRefV1 {
    fn of(finding: &Finding, packages: &BTreeMap<&Purl, &Package>) -> Option<Self> {
        if let Some(advisory) = &finding.evidence.advisory {
            return Some(Self {
                name: advisory.name.clone(),
                version: advisory.version.clone(),
                ecosystem: advisory.ecosystem,
                purl: advisory.purl.clone(),
            });
        }
        packages.get(named(finding)?).map(|package| Self {
            name: package.name.clone(),
            version: package.version.clone(),
            ecosystem: package.ecosystem,
            purl: package.purl.clone(),
        })
    }
}

impl ExcerptV1 {
    fn of(excerpt: &Excerpt) -> Self {
        Self {
            start: excerpt.start,
            hex: hex::encode(&excerpt.bytes),
            marked_start: excerpt.marked.start,
            marked_end: excerpt.marked.end,
        }
    }
}
