//! `weighbridge attest`: verify, then sign the verdict; and `attest verify`: is such a statement true of these bytes?

use std::path::Path;
use std::process::ExitCode;

use jiff::SignedDuration;

use super::args::{Attest, AttestVerb, AttestVerify, Trusting};
use super::exit::{self, Mistake};
use super::progress::Bar;
use super::{assess, judging, key, output, trusting, verify};
use crate::emit::summary::{self, Options};
use crate::model::{Check, Input, Report, Tool};
use crate::policy;
use crate::trust::key::PublicKey;
use crate::trust::summary::{Expectation, seal, verify as check};
use crate::weigh::{Nothing, read_small, weigh};

/// No envelope of a summary is longer.
const ENVELOPE_BYTES: u64 = 64 << 20;

/// Makes a statement, or checks one.
pub fn run(args: &Attest, quiet: bool) -> Result<ExitCode, Mistake> {
    match (&args.verify, &args.path) {
        (Some(AttestVerb::Verify(args)), _) => verify_statement(args, quiet),
        (None, Some(path)) => attest(args, path, quiet),
        (None, None) => Err(Mistake::new("attest needs a model").help("weighbridge attest PATH --key PEM")),
    }
}

/// Verifies under the policy and signs what came of it, also when it is a failure.
fn attest(args: &Attest, path: &Path, quiet: bool) -> Result<ExitCode, Mistake> {
    let keys = args.key.iter().map(|file| key::private(file, &args.unlocking)).collect::<Result<Vec<_>, _>>()?;
    let (loaded, now) = judging::of(&args.judging)?;
    let trusting = Trusting { key: args.trusted_key.clone(), ..Trusting::default() };
    let request = assess::Request {
        path,
        checks: &loaded.policy.checks,
        loaded: &loaded,
        now,
        trusting: &trusting,
        advising: &args.advising,
        reading: &args.reading,
        quiet,
    };
    let report = assess::assess(&request)?;
    let options = Options {
        verifier: summary::default_verifier(),
        time: now.to_string(),
        resource: args.resource_uri.clone().unwrap_or_else(|| resource(&report)),
        policy: None,
        inputs: Vec::new(),
    };
    let statement = summary::statement(&report, &options)
        .map_err(|error| Mistake::new(format!("there is nothing to attest: {error}")))?;
    let keys: Vec<_> = keys.iter().collect();
    let envelope = seal(statement.to_string().as_bytes(), &keys).map_err(Mistake::new)?;
    output::document(&format!("{envelope}\n"), args.output.as_deref())?;
    if !quiet {
        output::remark(&format!("{}: signed by {} key(s)", report.verdict, keys.len()));
    }
    Ok(exit::code(report.verdict))
}

/// A name for the model where nobody says what it is fetched by: a generic purl with its root digest as version.
fn resource(report: &Report) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let name: String = report.subject.bytes().map(encode).collect();
    match &report.root {
        Some(root) => format!("pkg:generic/{name}@{}", root.hex()),
        None => format!("pkg:generic/{name}"),
    }
}

/// Hashes the subject and holds the statement against it.
fn verify_statement(args: &AttestVerify, quiet: bool) -> Result<ExitCode, Mistake> {
    let now = judging::now(args.now.as_deref())?;
    let envelope = read_small(&args.file, ENVELOPE_BYTES)?;
    let expected = expectation(args)?;
    let loaded = judging::load("development")?;
    let (mut plan, left_out) = assess::plan(&args.subject, &args.reading, loaded.policy.limits.clone());
    plan.keep = Box::new(|_| false);
    let mut weighing = weigh(&args.subject, &plan, &Nothing, &Bar::new(quiet))?;
    if let Some(own) = assess::below(&args.subject, &args.file) {
        weighing.artifacts.retain(|artifact| artifact.path != own);
    }
    let root = trusting::root(&args.subject, &weighing.artifacts);
    let mut evidence = weighing.evidence;
    evidence.extend(check(&envelope, &weighing.artifacts, root.as_ref(), &expected, now));
    let judged = policy::judge(&loaded.policy, &weighing.artifacts, evidence, now);
    let key = |key: &PublicKey| Input { role: "trusted-key".to_owned(), name: key.id().to_string(), digest: None };
    let report = Report {
        subject: assess::subject(&args.subject),
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
        levels: args.level.iter().cloned().collect(),
        policy_sha256,
        max_age: max_age.map_err(Mistake::new)?.map(SignedDuration::from_secs),
        ..Expectation::default()
    })
}
