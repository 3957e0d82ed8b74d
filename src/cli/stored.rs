//! Stored reports, judged again: `verify --report`, `policy diff`, `policy check --report`, `policy test`.
//!
//! A report holds all evidence, so a policy can judge it without a byte of the files. What a policy would have looked
//! at otherwise (a check that was not asked for, other keys, other limits) is a gap, never a pass.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use super::args::{Advising, Reading, Trusting, Verify};
use super::exit::{self, Mistake};
use super::judging::{Loaded, MOMENT, Moment};
use super::{advising, assess, attesting, judging, output, rego, signers, terms, verify};
use crate::catalog;
use crate::emit::json;
use crate::model::{Check, Evidence, Report};
use crate::policy;
use crate::trust;
use crate::trust::model_signing::{Ignored, root_digest};
use crate::weigh::read_small;

/// No report that is judged again is longer.
const REPORT_BYTES: u64 = 1 << 30;

/// Inputs of the look before that play no part in the next: when it was, and what excused something then.
const LEFT: [&str; 2] = [MOMENT, "vex"];

/// Judges the report under the policy that flags ask for.
pub fn verify(args: &Verify, file: &Path) -> Result<ExitCode, Mistake> {
    let (loaded, now) = judging::of(&args.judging)?;
    let stored = read(file)?;
    let checks = if args.checks.is_empty() { loaded.policy.checks.as_slice() } else { &args.checks };
    let report =
        again(&stored, &Again { loaded: &loaded, now, checks, trusting: &args.trusting, reading: &args.reading })?;
    output::document(&verify::render(&report, &args.writing, now.at), args.writing.output.as_deref())?;
    Ok(exit::code(report.verdict))
}

/// What is said wherever a stored report is judged: nobody signed it, and what was taken out of it is not missed.
const STORED: &str = "the files themselves: a stored report is taken at its word";

/// How to judge a report again.
struct Again<'a> {
    /// The policy.
    loaded: &'a Loaded,
    /// The moment.
    now: Moment,
    /// What the policy asks for.
    checks: &'a [Check],
    /// Keys that flags name.
    trusting: &'a Trusting,
    /// What flags knowingly leave out.
    reading: &'a Reading,
}

/// The report under that policy, when no flag says otherwise.
pub fn under(stored: &Report, loaded: &Loaded, now: Moment) -> Result<Report, Mistake> {
    let (trusting, reading) = (Trusting::default(), Reading::default());
    again(stored, &Again { loaded, now, checks: &loaded.policy.checks, trusting: &trusting, reading: &reading })
}

/// The report as a fresh look under that policy would have written it, as far as the stored one knows.
fn again(stored: &Report, again: &Again<'_>) -> Result<Report, Mistake> {
    let policy = &again.loaded.policy;
    let request = assess::Request {
        path: Path::new(""),
        checks: again.checks,
        loaded: again.loaded,
        now: again.now,
        trusting: again.trusting,
        advising: &Advising::default(),
        inventory: false,
        reading: again.reading,
        quiet: true,
    };
    let mut wanted = terms::of_policy(policy, again.checks);
    wanted.extend(terms::of_look(again.reading, again.trusting, &stored.checks));
    wanted.extend(attesting::inputs(again.loaded, again.trusting)?);
    wanted.extend(advising::wanted(&request, stored)?);
    let mut evidence: Vec<Evidence> = stored.findings.iter().map(|finding| finding.evidence.clone()).collect();
    if again.checks.contains(&Check::Signature) {
        let settings = signers::settings(&request)?;
        wanted.extend(terms::of_trust(&settings));
        if settings.trusts_nobody() {
            // Then the threshold alone decides, and no signature has to be looked at again.
            evidence.retain(|seen| seen.rule.id != "signature-threshold-unmet");
            evidence.extend(trust::too_few(&BTreeSet::new(), settings.threshold));
        }
    } else {
        wanted.extend(stored.inputs.iter().filter(|input| terms::is_of_signatures(input)).cloned());
    }
    evidence.retain(|seen| asked(seen, again.checks));
    evidence.extend(policy::gaps(stored, again.checks, &wanted));
    if again.checks.contains(&Check::Audit) {
        evidence.extend(advising::stale_again(policy, stored, again.now.at));
    }
    let report = Report {
        checks: again.checks.to_vec(),
        policy: policy.id(),
        not_required: assess::not_required(policy),
        not_assessed: not_assessed(stored, again.checks),
        inputs: stored
            .inputs
            .iter()
            .filter(|input| !LEFT.contains(&input.role.as_str()))
            .cloned()
            .chain(again.now.input())
            .collect(),
        ..stored.clone()
    };
    Ok(rego::conclude(&again.loaded.policy, &again.loaded.rego, report, evidence, again.now.at))
}

/// What these checks leave out, and what the stored look left out whatever it asked for.
fn not_assessed(stored: &Report, checks: &[Check]) -> Vec<String> {
    let mut clauses = assess::unasked(checks);
    let by_checks = assess::unasked(&[]);
    let of_scan = |clause: &str| clause == assess::UNTELLABLE;
    let of_audit = |clause: &str| clause == assess::NO_LOCKFILE;
    let others = stored.not_assessed.iter().filter(|clause| !by_checks.contains(clause) && !of_scan(clause));
    clauses.extend(others.filter(|clause| !of_audit(clause) || checks.contains(&Check::Audit)).cloned());
    if checks.contains(&Check::Scan) {
        clauses.push(assess::UNTELLABLE.to_owned());
    }
    if !clauses.iter().any(|clause| clause == STORED) {
        clauses.push(STORED.to_owned());
    }
    clauses
}

/// True for what a look with these checks would have seen: not what the last policy thought of it, nor how old it
/// found the database.
fn asked(seen: &Evidence, checks: &[Check]) -> bool {
    let raised_by = catalog::checks(seen.rule);
    !policy::RULES.contains(&seen.rule)
        && seen.rule.id != "advisory-database-stale"
        && (raised_by.is_empty() || raised_by.iter().any(|check| checks.contains(check)))
}

/// Reads a stored report, and refuses one that contradicts itself.
pub fn read(file: &Path) -> Result<Report, Mistake> {
    let wrong = |why: String| Mistake::new(format!("cannot judge {}: {why}", output::shown(file)));
    let text = String::from_utf8(read_small(file, REPORT_BYTES)?).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let rules = catalog::rules();
    let report = json::from_json(&text, &|id| rules.get(id).copied()).map_err(|error| {
        wrong(error.to_string()).help("give what `weighbridge verify PATH --format json --output FILE` wrote")
    })?;
    match contradiction(&report) {
        None => Ok(report),
        Some(why) => Err(wrong(format!("{why}; it was changed after it was written"))),
    }
}

/// What no look can have written.
fn contradiction(report: &Report) -> Option<String> {
    let made = policy::joined(&report.findings);
    if made != report.verdict {
        return Some(format!("its verdict is {}, but its findings make {made}", report.verdict));
    }
    if report.artifacts.windows(2).any(|pair| pair[0].path == pair[1].path) {
        return Some("it lists a file twice".to_owned());
    }
    if let Some(odd) = report.findings.iter().find(|finding| finding.severity != finding.evidence.severity()) {
        return Some(format!("the severity of a finding of {} is not its own", odd.evidence.rule.id));
    }
    // A name that is no UTF-8 is stored escaped, and may then sort elsewhere.
    let plain = report.artifacts.iter().all(|artifact| !artifact.path.as_str().contains('\\'));
    let root = root_digest(&report.artifacts, &Ignored::default());
    (plain && report.root.is_some() && report.root != root)
        .then(|| "its digest of all files is not that of the files it lists".to_owned())
}
