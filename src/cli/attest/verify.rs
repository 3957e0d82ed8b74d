//! Is a signed verification summary true of these bytes, and enough for whoever asks?

use std::path::Path;
use std::process::ExitCode;

use jiff::SignedDuration;

use super::super::args::AttestVerify;
use super::super::exit::{self, Mistake};
use super::super::progress::Bar;
use super::super::{assess, judging, key, output, trusting, verify};
use crate::model::{Check, Input, Report, Tool};
use crate::policy;
use crate::trust::inputs::RequiredInput;
use crate::trust::key::PublicKey;
use crate::trust::summary::{Expectation, verify as check};
use crate::weigh::{Nothing, read_small, weigh};

/// Kinds of attestations that a summary can be asked to rest on.
const KINDS: [&str; 7] = ["sbom", "audit", "summary", "test-result", "svr", "vulnerabilities", "openvex"];

/// Hashes the subject and holds the statement against it.
pub fn run(args: &AttestVerify, quiet: bool) -> Result<ExitCode, Mistake> {
    let now = judging::now(args.now.as_deref())?;
    let envelope = read_small(&args.file, super::ATTESTATION_BYTES)?;
    let expected = expectation(args)?;
    let loaded = judging::load("development")?;
    let (mut plan, left_out) = assess::plan(&args.subject, &args.reading, loaded.policy.limits.clone());
    plan.keep = Box::new(|_| false);
    let mut weighing = weigh(&args.subject, &plan, &Nothing, &Bar::new(quiet))?;
    // A statement cannot speak of itself, should it lie among the files.
    for own in args.input.iter().chain([&args.file]).filter_map(|file| assess::below(&args.subject, file)) {
        weighing.artifacts.retain(|artifact| artifact.path != own);
    }
    let root = trusting::root(&args.subject, &weighing.artifacts);
    let mut evidence = weighing.evidence;
    evidence.extend(check(&envelope, &weighing.artifacts, root.as_ref(), &expected, now));
    let subject = assess::subject(&args.subject);
    let weighed = policy::Weighed { subject: &subject, root: root.as_ref(), artifacts: &weighing.artifacts };
    let judged = policy::judge(&loaded.policy, &weighed, evidence, now);
    let key = |key: &PublicKey| Input { role: "trusted-key".to_owned(), name: key.id().to_string(), digest: None };
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
        inputs: expected.keys.iter().map(key).collect(),
        tool: Tool::this(),
    };
    output::document(&verify::render(&report, &args.writing, now), args.writing.output.as_deref())?;
    Ok(exit::code(report.verdict))
}

/// A statement is checked, nothing else is looked at again.
fn not_assessed(left_out: &assess::LeftOut) -> Vec<String> {
    let again = "what is inside the files: the statement is taken at its word, as its signers are trusted".to_owned();
    std::iter::once(again).chain(left_out.clauses()).collect()
}

fn expectation(args: &AttestVerify) -> Result<Expectation, Mistake> {
    let keys = args.key.iter().map(|file| key::public(file)).collect::<Result<Vec<_>, _>>()?;
    let policy = args.policy.as_deref().map(judging::load).transpose()?;
    let policy_sha256 = policy.map(|loaded| loaded.policy.id().digest.trim_start_matches("sha256:").to_owned());
    let max_age = args.max_age.as_deref().map(policy::seconds).transpose();
    Ok(Expectation {
        keys,
        threshold: args.threshold as usize,
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
