//! The end of the page: what was left unsaid, and the verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{Finding, Ruling, Severity, Verdict};

use super::super::ink::paint;
use super::super::layout;
use super::super::sanitize;
use super::Page;

/// Stands for a space at which no line may break, so that a command can be copied.
const TOGETHER: char = '\u{a0}';

/// What the policy did not require and what was not assessed.
pub(super) fn unsaid(page: &Page<'_>) -> String {
    let clauses = |all: &[String]| {
        all.iter().map(|clause| sanitize::short(clause, 300).into_owned()).collect::<Vec<_>>().join("; ")
    };
    let mut out = String::new();
    if !page.report.not_required.is_empty() {
        out.push_str(&page.labelled("not required by this policy:", &clauses(&page.report.not_required)));
    }
    if !page.report.not_assessed.is_empty() {
        out.push_str(&page.labelled("not assessed:", &clauses(&page.report.not_assessed)));
    }
    if !page.report.inputs.is_empty() {
        let inputs: Vec<String> =
            page.report.inputs.iter().map(|input| format!("{} {}", input.role, input.name)).collect();
        out.push_str(&page.labelled("rests on:", &clauses(&inputs)));
    }
    if let Some(root) = &page.report.root {
        out.push_str(&page.labelled("digest of all files:", &root.to_string()));
    }
    out
}

/// The last two lines: what to do next, if anything; then the word and why, on one line whatever its length.
pub(super) fn verdict(page: &Page<'_>) -> String {
    let report = page.report;
    let word = match report.verdict {
        Verdict::Pass => "PASS",
        Verdict::Unknown => "UNKNOWN",
        Verdict::Fail => "FAIL",
    };
    let next = next(page).map_or_else(String::new, |next| page.labelled("next:", &next).replace(TOGETHER, " "));
    format!("{next}{}  {}\n", paint(page.ink.of_verdict(report.verdict), word), counts(page))
}

/// `2 forbidden (1 critical, 1 high), 1 could not be looked at, 3 warnings, 1 excused`.
fn counts(page: &Page<'_>) -> String {
    let of = |wanted: fn(&Ruling) -> bool| -> Vec<&Finding> {
        page.report.findings.iter().filter(|finding| wanted(&finding.ruling)).collect()
    };
    let mut parts = Vec::new();
    let failed = of(|ruling| matches!(ruling, Ruling::Fail));
    if !failed.is_empty() {
        let mut grades: BTreeMap<Reverse<Severity>, u64> = BTreeMap::new();
        for finding in &failed {
            *grades.entry(Reverse(finding.severity)).or_default() += 1;
        }
        let grades: Vec<String> = grades.iter().map(|(Reverse(grade), count)| format!("{count} {grade}")).collect();
        parts.push(format!("{} forbidden ({})", layout::grouped(failed.len() as u64), grades.join(", ")));
    }
    let gaps = of(|ruling| matches!(ruling, Ruling::Unknown)).len() as u64;
    if gaps > 0 {
        parts.push(format!("{} could not be looked at", layout::grouped(gaps)));
    }
    let warned = of(|ruling| matches!(ruling, Ruling::Warn)).len() as u64;
    if warned > 0 {
        parts.push(layout::counted(warned, "warning", "warnings"));
    }
    let excused = of(|ruling| matches!(ruling, Ruling::Excused(_))).len() as u64;
    if excused > 0 {
        parts.push(format!("{} excused", layout::grouped(excused)));
    }
    if parts.is_empty() {
        parts.push("nothing that this policy forbids was seen".to_owned());
    }
    parts.join(", ")
}

fn next(page: &Page<'_>) -> Option<String> {
    let worst = |wanted: fn(&Ruling) -> bool| {
        let findings = page.report.findings.iter().filter(|finding| wanted(&finding.ruling));
        findings.min_by_key(|finding| (Reverse(finding.severity), finding.evidence.sort_key()))
    };
    let (finding, why) = match page.report.verdict {
        Verdict::Pass => return None,
        Verdict::Unknown => (worst(|ruling| matches!(ruling, Ruling::Unknown)), "this is not a pass"),
        Verdict::Fail => (worst(|ruling| matches!(ruling, Ruling::Fail)), "do not load or ship this"),
    };
    Some(match finding {
        Some(finding) => format!("{why}; `weighbridge{TOGETHER}explain{TOGETHER}{}`", finding.evidence.rule.id),
        None => why.to_owned(),
    })
}
