//! `weighbridge verify`, and `scan` and `audit`, which are parts of it.

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;

use super::args::{Advising, Audit, Judging, Reading, ReportFormat, Scan, Trusting, Verify, Writing};
use super::exit::{self, Mistake};
use super::{assess, fix, judging, output, stored};
use crate::emit::{encode, json, sarif, terminal, vulnerabilities};
use crate::model::{ArtifactPath, Check, Limits, Report, Verdict};
use crate::weigh::names;
use crate::{catalog, deps};

/// Everything the policy asks for.
pub fn verify(args: &Verify, quiet: bool) -> Result<ExitCode, Mistake> {
    if let Some(file) = &args.report {
        return stored::verify(args, file);
    }
    each(
        &args.paths,
        &args.checks,
        &args.judging,
        &args.trusting,
        &args.advising,
        &args.reading,
        &args.writing,
        quiet,
        &nothing,
    )
}

/// Inspection alone.
pub fn scan(args: &Scan, quiet: bool) -> Result<ExitCode, Mistake> {
    let (trusting, advising) = (Trusting::default(), Advising::default());
    let reading = Reading { structure_only: args.structure_only, ..args.reading.clone() };
    let (judging, writing) = (&args.judging, &args.writing);
    each(&args.paths, &[Check::Scan], judging, &trusting, &advising, &reading, writing, quiet, &nothing)
}

/// Dependencies alone. An audit that would look at nothing is a mistake in the call, not a pass.
pub fn audit(args: &Audit, quiet: bool) -> Result<ExitCode, Mistake> {
    let is_lockfile = |path: &ArtifactPath| deps::recognise(path).is_some();
    for path in &args.paths {
        let (plan, _) = assess::plan(path, &args.reading, Limits::default());
        let own = path.is_file() && is_lockfile(&ArtifactPath::new(assess::subject(path)));
        if path.exists() && !own && names(path, &plan, &is_lockfile).is_empty() {
            return Err(Mistake::new(format!("there is no lockfile at {}", output::shown(path)))
                .help("give a lockfile such as Cargo.lock, uv.lock or package-lock.json, or a folder that holds one"));
        }
    }
    if args.fix && args.writing.format != ReportFormat::Terminal {
        return Err(Mistake::new("--fix prints commands behind the report for people")
            .help("in JSON, `advisory.upgrade` of each finding is the version to move to"));
    }
    let trusting = Trusting::default();
    let (reading, writing) = (&args.reading, &args.writing);
    let after = |report: &Report| if args.fix { fix::commands(report) } else { String::new() };
    each(&args.paths, &[Check::Audit], &args.judging, &trusting, &args.advising, reading, writing, quiet, &after)
}

#[allow(clippy::too_many_arguments, reason = "the flag groups of a verb, each used once")]
fn each(
    paths: &[PathBuf],
    checks: &[Check],
    judging: &Judging,
    trusting: &Trusting,
    advising: &Advising,
    reading: &Reading,
    writing: &Writing,
    quiet: bool,
    after: &dyn Fn(&Report) -> String,
) -> Result<ExitCode, Mistake> {
    let (loaded, now) = judging::of(judging)?;
    let checks = if checks.is_empty() { loaded.policy.checks.as_slice() } else { checks };
    let mut verdict = Verdict::Pass;
    let mut text = String::new();
    if paths.len() > 1 && writing.format != ReportFormat::Terminal {
        return Err(Mistake::new("a report is one document about one path").help("call it once for each path"));
    }
    for path in paths {
        let request = assess::Request {
            path,
            checks,
            loaded: &loaded,
            now,
            trusting,
            advising,
            inventory: false,
            reading,
            quiet,
        };
        // The process is about to end: to take apart a report of thousands of files would be time for nothing.
        let report = ManuallyDrop::new(assess::assess(&request)?);
        verdict = verdict.join(report.verdict);
        let rendered = render(&report, writing, now.at);
        // The report of a tree with 100,000 packages has 60 MB: one copy of it is enough.
        text = if text.is_empty() { rendered } else { text + &rendered };
        text.push_str(&after(&report));
    }
    output::document(&text, writing.output.as_deref())?;
    Ok(exit::code(verdict))
}

/// A report in the format that was asked for.
pub fn render(report: &Report, writing: &Writing, now: Timestamp) -> String {
    match writing.format {
        ReportFormat::Terminal => {
            let options = terminal::Options {
                width: output::width(),
                verbose: writing.verbose,
                color: writing.output.is_none(),
                risks: writing.risks,
            };
            terminal::render(report, &options)
        }
        ReportFormat::Json => json::render(report),
        ReportFormat::Sarif => sarif::render(report, &catalog::rules().into_values().collect::<Vec<_>>()),
        ReportFormat::Openvex => {
            let author = writing.author.as_deref().unwrap_or("weighbridge");
            let moment = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            // The format has no way to say that there is nothing to say.
            vulnerabilities::openvex(report, author, &moment)
                .map_or_else(String::new, |document| encode::pretty(&document))
        }
    }
}

/// What most verbs say behind a report.
fn nothing(_: &Report) -> String {
    String::new()
}
