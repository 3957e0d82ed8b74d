//! Verify, then sign what came of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use sha2::{Digest as _, Sha256};

use super::super::args::{Attest, Predicate, Trusting};
use super::super::exit::{self, Mistake};
use super::super::{assess, judging, key, output};
use crate::emit::statement::NAMESPACE;
use crate::emit::summary::{self, InputAttestation, Options};
use crate::emit::{properties, reference, result, statement, vulnerabilities};
use crate::model::{Report, percent};
use crate::trust::Certificate;
use crate::trust::key::PrivateKey;
#[cfg(feature = "keyless")]
use crate::trust::signing::Signable;
use crate::trust::summary::{seal, seal_bundle};
use crate::weigh::read_small;

/// Verifies under the policy and signs what came of it, also when it is a failure.
pub fn run(args: &Attest, path: &Path, quiet: bool) -> Result<ExitCode, Mistake> {
    let keys = args.key.iter().map(|file| key::private(file, &args.unlocking)).collect::<Result<Vec<_>, _>>()?;
    let distinct: BTreeSet<_> = keys.iter().map(|key| key.public().id()).collect();
    if distinct.len() < keys.len() {
        return Err(Mistake::new("the same --key is given twice, and counts once").help("give each key once"));
    }
    let chain = chain(args, keys.len())?;
    let (loaded, now) = judging::of(&args.judging)?;
    let trusting = Trusting {
        key: args.trusted_key.clone(),
        attestation: args.attestation.clone(),
        attestation_key: args.attestation_key.clone(),
        ..Trusting::default()
    };
    let request = assess::Request {
        path,
        checks: &loaded.policy.checks,
        loaded: &loaded,
        now,
        trusting: &trusting,
        advising: &args.advising,
        inventory: false,
        reading: &args.reading,
        quiet,
    };
    let report = assess::assess(&request)?;
    let Some(statement) = statement(args, &report, &now.at.to_string())? else {
        output::remark(&format!("{}: nothing is written, {}", report.verdict, silence(args.predicate)));
        return Ok(exit::code(report.verdict));
    };
    let (sealed, who) = sealed(args, statement, &keys, &chain, quiet)?;
    output::document(&format!("{sealed}\n"), args.output.as_deref())?;
    if !quiet {
        output::remark(&format!("{}: signed by {who}", report.verdict));
    }
    Ok(exit::code(report.verdict))
}

/// The signed statement, and who signed it.
#[cfg_attr(not(feature = "keyless"), allow(unused_variables, reason = "only a service has something to say"))]
fn sealed(
    args: &Attest,
    statement: String,
    keys: &[PrivateKey],
    chain: &[Certificate],
    quiet: bool,
) -> Result<(String, String), Mistake> {
    #[cfg(feature = "keyless")]
    if args.keyless.keyless {
        let signable = Signable::Statement(statement.into_bytes());
        return super::super::keyless::sign(&signable, &args.keyless, quiet).map(|signed| (signed.bundle, signed.who));
    }
    let sealed = match (args.bundle || args.certificate.is_some(), keys) {
        (true, [key]) => seal_bundle(statement.as_bytes(), key, chain),
        (true, _) => Err("a Sigstore bundle bears one signature; give one --key".to_owned()),
        (false, keys) => seal(statement.as_bytes(), &keys.iter().collect::<Vec<&PrivateKey>>()),
    };
    Ok((sealed.map_err(Mistake::new)?, format!("{} key(s)", keys.len())))
}

/// The certificates of the key, leaf first.
fn chain(args: &Attest, keys: usize) -> Result<Vec<Certificate>, Mistake> {
    let Some(path) = &args.certificate else { return Ok(Vec::new()) };
    if keys != 1 {
        return Err(Mistake::new("a certificate belongs to one key").help("give one --key with --certificate"));
    }
    Certificate::from_pem(&read_small(path, super::ATTESTATION_BYTES)?)
        .map_err(|error| Mistake::new(format!("cannot use {} as a certificate chain: {error}", output::shown(path))))
}

/// The statement of the kind that was asked for; `None` where its format has no word for what came of it.
fn statement(args: &Attest, report: &Report, time: &str) -> Result<Option<String>, Mistake> {
    let nothing = |error| Mistake::new(format!("there is nothing to attest: {error}"));
    let verifier = args.verifier_id.clone().unwrap_or_else(summary::default_verifier);
    let policy = args.policy_uri.clone();
    let options = || -> Result<Options, Mistake> {
        Ok(Options {
            verifier: verifier.clone(),
            time: time.to_owned(),
            resource: args.resource_uri.clone().unwrap_or_else(|| resource(report)),
            policy: policy.clone(),
            inputs: inputs(args)?,
        })
    };
    let value = match args.predicate {
        Predicate::Summary => Some(summary::statement(report, &options()?).map_err(nothing)?),
        Predicate::TestResult => Some(result::statement(report, policy.as_deref()).map_err(nothing)?),
        Predicate::Svr => properties::statement(report, &options()?).map_err(nothing)?,
        Predicate::Vulnerabilities => {
            Some(vulnerabilities::statement(report, &scan(report, verifier, time)?).map_err(nothing)?)
        }
        Predicate::Openvex => match vulnerabilities::openvex(report, &verifier, time) {
            Some(document) => {
                Some(statement::annotated(report, "https://openvex.dev/ns/v0.2.0", document).map_err(nothing)?)
            }
            None => None,
        },
        Predicate::Sbom => {
            let (media_type, location, digest) = sbom(args)?;
            let document = reference::Document { media_type, location, digest };
            Some(reference::statement(report, &verifier, &[document]).map_err(nothing)?)
        }
    };
    Ok(value.map(|value| value.to_string()))
}

const fn silence(predicate: Predicate) -> &'static str {
    match predicate {
        Predicate::Openvex => "no advisory matches, and OpenVEX has no empty document",
        _ => "this kind of statement can only say what passed",
    }
}

/// What the scan of the dependencies rests on.
fn scan(report: &Report, scanner: String, time: &str) -> Result<vulnerabilities::Options, Mistake> {
    let of = |role: &str| report.inputs.iter().find(|input| input.role == role).map(|input| input.name.as_str());
    if of("advisory-database").is_none() {
        return Err(Mistake::new("no dependency was held against advisories")
            .help("give a database with --db, and a model or tree with a lockfile"));
    }
    // The database is at least as young as its newest advisory.
    let updated = of("newest-advisory").and_then(|day| day.get(..10)).unwrap_or("1970-01-01");
    Ok(vulnerabilities::Options {
        scanner,
        database: format!("{NAMESPACE}input/advisory-database"),
        updated: format!("{updated}T00:00:00Z"),
        started: time.to_owned(),
        finished: time.to_owned(),
    })
}

/// Media type, location and digest of the bill that is referred to.
fn sbom(args: &Attest) -> Result<(String, String, String), Mistake> {
    let Some(path) = &args.sbom else {
        return Err(
            Mistake::new("no bill of materials is given").help("write one with `weighbridge sbom`, then --sbom FILE")
        );
    };
    let bytes = read_small(path, super::ATTESTATION_BYTES)?;
    let document: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| Mistake::new(format!("{} is not JSON: {error}", output::shown(path))))?;
    let media = if document.get("bomFormat").is_some() {
        "application/vnd.cyclonedx+json"
    } else if document.get("spdxVersion").is_some() || document.get("@graph").is_some() {
        "application/spdx+json"
    } else {
        return Err(Mistake::new(format!("{} is neither CycloneDX nor SPDX", output::shown(path))));
    };
    let digest = Sha256::digest(&bytes);
    // RFC 6920: a URI that names the document by its digest, where nobody says from where it is fetched.
    let by_digest = || {
        let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, digest);
        format!("ni:///sha-256;{text}")
    };
    let location = args.sbom_uri.clone().unwrap_or_else(by_digest);
    Ok((media.to_owned(), location, format!("sha256:{}", hex::encode(digest))))
}

/// What was among the evidence: the attestations that the policy looked at, and documents that the caller names.
fn inputs(args: &Attest) -> Result<Vec<InputAttestation>, Mistake> {
    let mut files = super::files(&args.attestation)?;
    files.extend(super::files(&args.input)?);
    let one = |(name, bytes): (String, Vec<u8>)| InputAttestation {
        uri: percent::encode(&name, ""),
        digest: format!("sha256:{}", hex::encode(Sha256::digest(&bytes))),
    };
    Ok(files.into_iter().map(one).collect())
}

/// A name for the model where nobody says what it is fetched by: a generic purl with its root digest as version.
fn resource(report: &Report) -> String {
    let name = percent::encode(&report.subject, "");
    match &report.root {
        Some(root) => format!("pkg:generic/{name}@{}", root.hex()),
        None => format!("pkg:generic/{name}"),
    }
}
