//! What a bill of materials says, before any format: the model, its files, packages, and known flaws.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AdvisoryMatch, Algorithm, Artifact, ArtifactPath, Assurance, Class, Digest, Finding, NotAffected, Package, Place,
    Purl, Report, Ruling, Severity, TensorSummary,
};

use super::bundled::{self, Bundle};
use super::card::{Card, Stated};
use super::hosted::{self, Service};
use super::manifests::{Manifests, Need, Own};
use super::weights::{self, Weights};

/// Everything a bill lists, in order.
pub struct Bill<'r> {
    /// Where it all comes from.
    pub report: &'r Report,
    /// What the model says about itself.
    pub card: Card,
    /// True when there are weights or a model's configuration; else it is a source tree.
    pub is_model: bool,
    /// What the tree's own manifest says of it.
    pub own: Option<Own>,
    /// Packages, one for each package URL.
    pub packages: Vec<Locked<'r>>,
    /// What is wrong with files and packages.
    pub flaws: Vec<Flaw<'r>>,
    /// Hosted services that it speaks to.
    pub services: Vec<Service<'r>>,
    /// Weights of one model among all files.
    pub weights: Option<Weights<'r>>,
    /// What Python packages bundle, by their own bills.
    pub bundle: Bundle<'r>,
    /// Where the files lie.
    pub paths: BTreeSet<&'r ArtifactPath>,
    /// Files of which a part could not be looked at.
    pub gaps: BTreeSet<&'r ArtifactPath>,
}

/// A package and every lockfile that lists it.
pub struct Locked<'r> {
    /// The first entry.
    pub package: &'r Package,
    /// Lockfiles and lines.
    pub lockfiles: Vec<(&'r ArtifactPath, Option<u64>)>,
    /// Checksums of all entries.
    pub checksums: BTreeSet<&'r Digest>,
    /// Dependencies of all entries that are listed themselves.
    pub dependencies: BTreeSet<&'r Purl>,
    /// True when no listed package depends on it.
    pub is_root: bool,
    /// What the tree says of its licence; bills show the first.
    pub licenses: Vec<Stated<String>>,
    /// What it is needed for, where a lockfile says so.
    pub need: Need,
}

impl Locked<'_> {
    /// Its licence, where the tree says it.
    #[must_use]
    pub fn license(&self) -> Option<&Stated<String>> {
        self.licenses.first()
    }

    /// Its version; `None` for a requirement that leaves it open.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        Some(self.package.version.as_str()).filter(|version| !version.is_empty())
    }
}

/// One flaw and everything it affects.
pub struct Flaw<'r> {
    /// Advisory or rule id.
    pub id: &'r str,
    /// The advisory; without one it is what this tool saw in a file.
    pub advisory: Option<&'r AdvisoryMatch>,
    /// The findings, worst first.
    pub findings: Vec<&'r Finding>,
}

/// What a flaw is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Affected<'r> {
    /// The tree as a whole.
    Whole,
    /// A file.
    File(&'r ArtifactPath),
    /// A package.
    Package(&'r Purl),
}

impl<'r> Flaw<'r> {
    /// The worst severity.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }

    /// What it is in, without repeats.
    #[must_use]
    pub fn affects(&self) -> BTreeSet<Affected<'r>> {
        self.findings.iter().copied().map(place).collect()
    }

    /// True where somebody says of a package or file that it is of no effect there, and nobody finds otherwise.
    #[must_use]
    pub fn spares(&self, affected: Affected<'_>) -> bool {
        let told = self.findings.iter().filter(|finding| !is_deadline(finding));
        let mut here = told.filter(|finding| place(finding) == affected).peekable();
        here.peek().is_some() && here.all(|finding| not_affected(finding).is_some())
    }

    /// Why it does not affect anything here, if somebody says so of all that it is in.
    #[must_use]
    pub fn not_affected(&self) -> Option<&'r NotAffected> {
        let mut told =
            self.findings.iter().filter(|finding| !is_deadline(finding)).map(|finding| not_affected(finding));
        let first = told.next()??;
        told.all(|one| one.is_some()).then_some(first)
    }

    /// CWE numbers of its rule.
    #[must_use]
    pub fn cwes(&self) -> Vec<u32> {
        let rule = self.findings.first().map(|finding| finding.evidence.rule);
        let ids = rule.into_iter().flat_map(|rule| rule.frameworks);
        ids.filter_map(|id| id.strip_prefix("CWE-")?.parse().ok()).collect()
    }
}

/// Formats that hold weights, a graph to run, or the list of both, by the names inspectors give them.
const WEIGHTS: [&str; 8] = ["gguf", "hdf5", "keras", "numpy", "onnx", "pickle", "safetensors", "weight-index"];

/// True for a file that holds weights.
#[must_use]
pub fn holds_weights(artifact: &Artifact) -> bool {
    artifact.tensor_summary().is_some()
        || artifact.formats.iter().any(|format| WEIGHTS.contains(&format.name()))
        || !artifact.contents.calls.is_empty()
}

impl<'r> Bill<'r> {
    /// Sorts out a report.
    #[must_use]
    pub fn of(report: &'r Report) -> Self {
        let card = Card::of(report);
        let manifests = Manifests::of(report);
        let is_model = report.artifacts.iter().any(holds_weights) || card.architecture.is_some() || card.task.is_some();
        let gaps = report
            .findings
            .iter()
            .filter(|finding| finding.evidence.rule.class == Class::Gap)
            .filter_map(|finding| finding.evidence.artifact.as_ref());
        let packages = packages(report, &manifests);
        Self {
            report,
            is_model,
            card,
            bundle: bundled::of(report, &packages),
            packages,
            own: manifests.own.filter(|_| !is_model),
            flaws: flaws(report),
            services: hosted::services(report),
            weights: weights::of(report),
            paths: report.artifacts.iter().map(|artifact| &artifact.path).collect(),
            gaps: gaps.collect(),
        }
    }

    /// What the whole is called: a source tree by the name in its manifest, else by its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        let own = self.own.as_ref().and_then(|own| own.name.as_deref());
        own.unwrap_or(&self.report.subject)
    }

    /// Tensors of the weights in three figures.
    #[must_use]
    pub fn tensors(&self) -> Option<&TensorSummary> {
        self.weights.as_ref().map(|weights| &weights.sum)
    }

    /// Files by path.
    #[must_use]
    pub fn files(&self) -> Vec<&'r Artifact> {
        let mut files: Vec<&Artifact> = self.report.artifacts.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Licences that the whole is under, as it says itself.
    #[must_use]
    pub fn licenses(&self) -> Vec<&Stated<String>> {
        if self.card.licenses.is_empty() {
            self.own_licenses().take(1).collect()
        } else {
            self.card.licenses.iter().collect()
        }
    }

    /// Everything that is said of the licence of the whole, by the model card and by manifests.
    #[must_use]
    pub fn stated_licenses(&self) -> Vec<&Stated<String>> {
        self.card.licenses.iter().chain(&self.card.other_licenses).chain(self.own_licenses()).collect()
    }

    fn own_licenses(&self) -> impl Iterator<Item = &Stated<String>> {
        self.own.iter().flat_map(|own| own.licenses.in_order())
    }

    /// What the whole is for, as it says itself.
    #[must_use]
    pub fn description(&self) -> Option<&Stated<String>> {
        let own = self.own.as_ref().and_then(|own| own.description.as_ref());
        own.or(self.card.description.as_ref())
    }

    /// The version the model gives itself; without one, the digest of all files, which changes with every change.
    #[must_use]
    pub fn version(&self) -> Option<Stated<String>> {
        let own = self.own.as_ref().and_then(|own| own.version.clone());
        self.card.version.clone().or(own).or_else(|| {
            self.root().map(|root| Stated {
                value: root.to_string(),
                assurance: Assurance::Verified,
                source: "digest of all files".to_owned(),
            })
        })
    }

    /// The digest that names the whole: that of all files, or of the only one.
    #[must_use]
    pub fn root(&self) -> Option<&'r Digest> {
        match self.report.artifacts.as_slice() {
            [only] => only.digests.get(Algorithm::Sha256).or(self.report.root.as_ref()),
            _ => self.report.root.as_ref(),
        }
    }
}

fn packages<'r>(report: &'r Report, manifests: &Manifests) -> Vec<Locked<'r>> {
    let mut all: BTreeMap<&Purl, Locked<'_>> = BTreeMap::new();
    for package in &report.packages {
        let locked = all.entry(&package.purl).or_insert_with(|| Locked {
            package,
            lockfiles: Vec::new(),
            checksums: BTreeSet::new(),
            dependencies: BTreeSet::new(),
            is_root: true,
            licenses: manifests.licenses(package),
            need: manifests.need(package),
        });
        locked.lockfiles.push((&package.lockfile, package.line));
        locked.checksums.extend(&package.checksums);
        locked.dependencies.extend(package.dependencies.iter().filter(|purl| **purl != package.purl));
    }
    let known: BTreeSet<&Purl> = all.keys().copied().collect();
    let mut needed: BTreeSet<&Purl> = BTreeSet::new();
    for locked in all.values_mut() {
        locked.dependencies.retain(|purl| known.contains(*purl));
        locked.lockfiles.sort();
        needed.extend(&locked.dependencies);
    }
    for (purl, locked) in &mut all {
        locked.is_root = !needed.contains(*purl);
    }
    all.into_values().collect()
}

fn flaws(report: &Report) -> Vec<Flaw<'_>> {
    let mut all: BTreeMap<(bool, &str), Flaw<'_>> = BTreeMap::new();
    for finding in &report.findings {
        let advisory = finding.evidence.advisory.as_deref();
        if finding.evidence.rule.class != Class::Defect {
            continue;
        }
        let id = advisory.map_or(finding.evidence.rule.id, |advisory| advisory.id.as_str());
        let flaw = all.entry((advisory.is_none(), id)).or_insert(Flaw { id, advisory, findings: Vec::new() });
        flaw.findings.push(finding);
    }
    for flaw in all.values_mut() {
        flaw.findings.sort_by(|a, b| {
            b.severity.cmp(&a.severity).then_with(|| a.evidence.sort_key().cmp(&b.evidence.sort_key()))
        });
    }
    all.into_values().collect()
}

fn place(finding: &Finding) -> Affected<'_> {
    match (&finding.evidence.advisory, &finding.evidence.artifact) {
        (Some(advisory), _) => Affected::Package(&advisory.purl),
        (None, Some(path)) => Affected::File(path),
        (None, None) => Affected::Whole,
    }
}

/// Why a finding is of no effect here, if somebody says so.
#[must_use]
pub fn not_affected(finding: &Finding) -> Option<&NotAffected> {
    match &finding.ruling {
        Ruling::Excused(exception) => exception.not_affected.as_ref(),
        _ => None,
    }
}

/// True for what a policy says of a patch: it is about the time, not about the flaw.
#[must_use]
pub fn is_deadline(finding: &Finding) -> bool {
    finding.evidence.rule.id == "patch-overdue"
}

/// How the policy ruled on a flaw, in one sentence.
#[must_use]
pub fn ruling(flaw: &Flaw<'_>, report: &Report) -> String {
    let policy = &report.policy.name;
    let rank = |finding: &&&Finding| match finding.ruling {
        Ruling::Ok => 0,
        Ruling::Excused(_) => 1,
        Ruling::Warn => 2,
        Ruling::Unknown => 3,
        Ruling::Fail => 4,
    };
    match flaw.findings.iter().max_by_key(rank).map(|finding| &finding.ruling) {
        Some(Ruling::Excused(exception)) => {
            format!("policy {policy}: excused {}: {}", exception.leave(), exception.reason)
        }
        Some(ruling) => format!("policy {policy}: {}", ruling.name()),
        None => format!("policy {policy}"),
    }
}

/// What was seen and where, a line each; at most so many.
#[must_use]
pub fn sightings(flaw: &Flaw<'_>, limit: usize) -> String {
    let mut lines: Vec<String> = flaw
        .findings
        .iter()
        .take(limit)
        .map(|finding| {
            let evidence = &finding.evidence;
            let path = evidence.artifact.as_ref().map_or("", ArtifactPath::as_str);
            match &evidence.place {
                Place::Whole if path.is_empty() => evidence.fact.message.clone(),
                Place::Whole => format!("{path}: {}", evidence.fact.message),
                place => format!("{path} {place}: {}", evidence.fact.message),
            }
        })
        .collect();
    if flaw.findings.len() > limit {
        lines.push(format!("and {} more", flaw.findings.len() - limit));
    }
    lines.join("\n")
}

/// How a statement is known and where it stands: `declared (README.md license)`.
pub fn known<T>(stated: &Stated<T>) -> String {
    format!("{} ({})", stated.assurance.name(), stated.source)
}
