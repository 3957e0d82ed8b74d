//! `policy diff`: what another policy decides otherwise, and what that does to reports.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::super::args::{PolicyDiff, Shape};
use super::super::exit::Mistake;
use super::super::judging::{self, Loaded, Moment};
use super::super::{output, stored};
use crate::emit::{encode, sanitize};
use crate::model::Verdict;
use crate::policy::{self, Change, Setting};

/// Everything that differs.
#[derive(Serialize)]
struct Difference {
    settings: Vec<Setting>,
    reports: Vec<Judged>,
}

/// One report under both policies.
#[derive(Serialize)]
struct Judged {
    report: String,
    subject: String,
    before: Verdict,
    after: Verdict,
    changes: Vec<Change>,
}

/// Compares two policies. Ends with 1 if a report comes out otherwise or, without reports, if a value differs.
pub fn run(args: &PolicyDiff) -> Result<ExitCode, Mistake> {
    let now = judging::moment(args.now.as_deref())?;
    let (before, after) = (judging::load(&args.before)?, judging::load(&args.after)?);
    let reports =
        args.reports.iter().map(|file| judged(file, &before, &after, now)).collect::<Result<Vec<_>, Mistake>>()?;
    let difference = Difference { settings: policy::settings(&before.policy, &after.policy), reports };
    let changes = match args.reports.is_empty() {
        true => !difference.settings.is_empty(),
        false => difference.reports.iter().any(|report| report.before != report.after || !report.changes.is_empty()),
    };
    let text = match args.format {
        Shape::Json => encode::pretty(&difference),
        Shape::Terminal => page(&difference),
    };
    output::document(&text, None)?;
    Ok(if changes { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn judged(file: &Path, before: &Loaded, after: &Loaded, now: Moment) -> Result<Judged, Mistake> {
    let report = stored::read(file)?;
    let (before, after) = (stored::under(&report, before, now)?, stored::under(&report, after, now)?);
    Ok(Judged {
        report: file.display().to_string(),
        subject: report.subject.clone(),
        before: before.verdict,
        after: after.verdict,
        changes: policy::changes(&before.findings, &after.findings),
    })
}

fn page(difference: &Difference) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(&sanitize::line(text));
        out.push('\n');
    };
    for Setting { key, before, after } in &difference.settings {
        let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        line(&format!("{key}: {} -> {}", say(before), say(after)));
    }
    for report in &difference.reports {
        let word = if report.before == report.after { "stays" } else { "becomes" };
        line("");
        line(&format!("{} ({}): {} {word} {}", report.subject, report.report, report.before, report.after));
        for Change { rule, artifact, message, before, after } in &report.changes {
            let (before, after) = (before.unwrap_or("-"), after.unwrap_or("-"));
            let place = artifact.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
            line(&format!("  {before} -> {after}  {rule}{place}: {message}"));
        }
    }
    if out.trim().is_empty() {
        out = "the two policies decide alike\n".to_owned();
    }
    out
}
