//! The pipeline behind `verify`, `scan`, `audit`, `sbom` and `attest`: bytes to evidence to a judged report.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::args::{Advising, Reading, Trusting};
use super::exit::Mistake;
use super::judging::Loaded;
use super::progress::Bar;
use super::{advising, trusting};
use crate::deps;
use crate::inspect::{self, Inspectors};
use crate::model::{Artifact, ArtifactPath, Check, Evidence, Input, Limits, Report, Tool};
use crate::policy::{self, Policy};
use crate::trust::{self, checksums, model_signing};
use crate::weigh::{Inspect, Nothing, Plan, Weighing, weigh};

/// One question about one tree.
pub struct Request<'a> {
    /// A folder or a file.
    pub path: &'a Path,
    /// What to look at.
    pub checks: &'a [Check],
    /// The policy that judges.
    pub loaded: &'a Loaded,
    /// The moment to judge at.
    pub now: Timestamp,
    /// Signatures and keys.
    pub trusting: &'a Trusting,
    /// The advisory database.
    pub advising: &'a Advising,
    /// How bytes are read.
    pub reading: &'a Reading,
    /// No progress.
    pub quiet: bool,
}

impl Request<'_> {
    fn asks(&self, check: Check) -> bool {
        self.checks.contains(&check)
    }
}

/// What is left out before anything is weighed, filled while the tree is walked.
pub type LeftOut = Arc<Mutex<BTreeSet<String>>>;

/// Weighs a tree once and judges everything that was asked for.
pub fn assess(request: &Request<'_>) -> Result<Report, Mistake> {
    let policy = &request.loaded.policy;
    let (mut plan, left_out) = plan(request.reading, policy.limits.clone())?;
    let signatures = trusting::signatures(request, &mut plan)?;
    let inspectors: &dyn Inspect =
        if request.asks(Check::Scan) || request.asks(Check::Integrity) { &Inspectors } else { &Nothing };
    let Weighing { artifacts, mut evidence } = weigh(request.path, &plan, inspectors, &Bar::new(request.quiet))?;
    if inspects(request) {
        evidence.extend(inspect::inspect_repository(&artifacts));
    }
    if !request.asks(Check::Scan) {
        evidence.retain(|seen| !inspect::RULES.contains(&seen.rule) || inspect::INTEGRITY.contains(&seen.rule));
    }
    if request.asks(Check::Integrity) {
        evidence.extend(manifests(&artifacts));
    }
    let mut inputs = Vec::new();
    if request.asks(Check::Signature) {
        evidence.extend(trusting::check(&signatures, &artifacts, request)?);
        inputs.extend(signatures.inputs());
    }
    let mut packages = Vec::new();
    let mut lockfiles = 0;
    if request.asks(Check::Audit) {
        let audit = advising::audit(request, &artifacts)?;
        lockfiles = audit.lockfiles;
        packages = audit.packages;
        evidence.extend(audit.evidence);
        inputs.extend(audit.inputs);
    }
    let judged = policy::judge(policy, &artifacts, evidence, request.now);
    Ok(Report {
        subject: subject(request.path),
        root: model_signing::root_digest(&artifacts),
        checks: request.checks.to_vec(),
        not_required: not_required(policy, request),
        not_assessed: not_assessed(request, lockfiles, &left_out),
        artifacts,
        packages,
        findings: judged.findings,
        verdict: judged.verdict,
        policy: policy.id(),
        inputs,
        tool: Tool::this(),
    })
}
