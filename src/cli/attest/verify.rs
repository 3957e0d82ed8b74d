//! Is a signed verification summary true of these bytes, and enough for whoever asks?

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use jiff::SignedDuration;

use super::super::args::AttestVerify;
use super::super::exit::{self, Mistake};
use super::super::progress::Bar;
use super::super::{assess, judging, key, output, signers, terms, trusting, verify};
use crate::model::{Algorithm, Artifact, ArtifactPath, Check, Digest, Report, Tool};
use crate::policy;
use crate::trust::inputs::{self, RequiredInput};
use crate::trust::summary::{Expectation, verify as check};
use crate::weigh::{Nothing, read_small, weigh};

/// Kinds of attestations that a summary can be asked to rest on.
const KINDS: [&str; 7] = ["sbom", "audit", "summary", "test-result", "svr", "vulnerabilities", "openvex"];

/// Hashes the subject and holds the statement against it.
pub fn run(args: &AttestVerify, quiet: bool) -> Result<ExitCode, Mistake> {
    let now = judging::moment(args.now.as_deref())?;
    let envelope = read_small(&args.file, super::ATTESTATION_BYTES)?;
    let expected = expectation(args)?;
    let loaded = judging::load("development")?;
    let (mut plan, left_out) = assess::plan(&args.subject, &args.reading, loaded.policy.limits.clone());
    plan.keep = Box::new(|_| false);
    let mut weighing = weigh(&args.subject, &plan, &Nothing, &Bar::new(quiet))?;
    // A statement cannot speak of itself, should it lie among the files.
    let own = assess::below(&args.subject, &args.file);
    weighing.artifacts.retain(|artifact| Some(&artifact.path) != own.as_ref());
    let held = |artifacts: &[Artifact]| {
        let root = trusting::root(&args.subject, artifacts);
        (check(&envelope, artifacts, root.as_ref(), &expected, now.at), root)
    };
    let (mut seen, mut root) = held(&weighing.artifacts);
    if seen.iter().any(|seen| seen.rule.id == "attestation-subject-mismatch") {
        // What it rests on may have been laid beside the files only after it was made.
        let beside = beside(args, &envelope, &weighing.artifacts);
        if !beside.is_empty() {
            weighing.artifacts.retain(|artifact| !beside.contains(&artifact.path));
            (seen, root) = held(&weighing.artifacts);
        }
    }
    let mut evidence = weighing.evidence;
    evidence.extend(seen);
    let subject = assess::subject(&args.subject);
    let weighed = policy::Weighed { subject: &subject, root: root.as_ref(), artifacts: &weighing.artifacts };
    let judged = policy::judge(&loaded.policy, &weighed, evidence, now.at);
    let mut inputs = terms::of_trust(&expected.trust);
    inputs.extend(terms::of_reading(&args.reading));
    inputs.extend(now.input());
    let report = Report {
        subject,
        root,
        checks: vec![Check::Signature],
        artifacts: weighing.artifacts,
        packages: Vec::new(),
        findings: judged.findings,
        verdict: judged.verdict,
        policy: loaded.policy.id(),
        not_required: Vec::new(),
        not_assessed: not_assessed(&left_out),
        inputs,
        tool: Tool::this(),
    };
    output::document(&verify::render(&report, &args.writing, now.at), args.writing.output.as_deref())?;
    Ok(exit::code(report.verdict))
}

/// Files among the weighed ones that `--input` names and that the statement itself says it rests on, by digest.
fn beside(args: &AttestVerify, envelope: &[u8], artifacts: &[Artifact]) -> BTreeSet<ArtifactPath> {
    let named = inputs::named(envelope);
    let paths: Vec<_> = args.input.iter().filter_map(|file| assess::below(&args.subject, file)).collect();
    let is_named = |file: &&Artifact| {
        let digest = file.digests.get(Algorithm::Sha256).map(Digest::hex);
        paths.contains(&file.path) && digest.is_some_and(|hex| named.contains(&hex))
    };
    artifacts.iter().filter(is_named).map(|file| file.path.clone()).collect()
}

/// A statement is checked, nothing else is looked at again.
fn not_assessed(left_out: &assess::LeftOut) -> Vec<String> {
    let again = "what is inside the files: the statement is taken at its word, as its signers are trusted".to_owned();
    std::iter::once(again).chain(left_out.clauses()).collect()
}

fn expectation(args: &AttestVerify) -> Result<Expectation, Mistake> {
    let policy = args.policy.as_deref().map(judging::load).transpose()?;
    let policy_sha256 = policy.map(|loaded| loaded.policy.id().digest.trim_start_matches("sha256:").to_owned());
    let max_age = args.max_age.as_deref().map(policy::seconds).transpose();
    Ok(Expectation {
        trust: signers::by_flags(&args.key, &args.naming, args.threshold)?,
        resource_uri: args.resource_uri.clone(),
        verifier: args.verifier_id.clone(),
        levels: args.level.iter().cloned().collect(),
        policy_uri: args.policy_uri.clone(),
        policy_sha256,
        max_age: max_age.map_err(Mistake::new)?.map(SignedDuration::from_secs),
        inputs: args.require_input.iter().map(|text| required(text)).collect::<Result<Vec<_>, _>>()?,
        input_files: super::files(&args.input)?,
    })
}

/// `sbom`, or `audit=auditor.pub` for one that this key must have signed.
fn required(text: &str) -> Result<RequiredInput, Mistake> {
    let (kind, key) = match text.split_once('=') {
        Some((kind, file)) => (kind, Some(key::public(Path::new(file))?)),
        None => (text, None),
    };
    if !KINDS.contains(&kind) {
        return Err(Mistake::new(format!("--require-input {kind:?} is no kind of attestation"))
            .help(format!("choose among {}; a key may follow: audit=PEM", KINDS.join(", "))));
    }
    Ok(RequiredInput { kind: kind.to_owned(), key })
}
