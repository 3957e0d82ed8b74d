//! Findings in groups: worst first, and good news in a line each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Finding, Ruling, Severity};

use super::super::ink::paint;
use super::super::layout;
use super::super::sanitize;
use super::{Page, card};

/// Findings of one rule and ruling that get a full card.
const CARDS: usize = 3;
/// Findings of one rule and ruling that are listed at all.
const LISTED: usize = 12;

/// What is forbidden, could not be looked at, is excused, or is only said: in this order.
pub(super) fn bad_news(page: &Page<'_>) -> String {
    let mut groups: BTreeMap<(u8, Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in &page.report.findings {
        if let Some(rank) = rank(page, finding) {
            let rule = finding.evidence.rule.id;
            groups.entry((rank, Reverse(finding.severity), rule)).or_default().push(finding);
        }
    }
    let mut out = String::new();
    for ((_, _, rule), mut findings) in groups {
        findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
        out.push_str(&group(page, rule, &findings));
    }
    out
}

/// Place in the order of the page; `None` for what is not shown as a card.
fn rank(page: &Page<'_>, finding: &Finding) -> Option<u8> {
    match finding.ruling {
        Ruling::Fail => Some(0),
        Ruling::Unknown => Some(1),
        Ruling::Excused(_) => Some(2),
        Ruling::Warn => Some(3),
        Ruling::Ok => (page.verbose && finding.evidence.rule.class != Class::Assurance).then_some(4),
    }
}

fn group(page: &Page<'_>, rule: &str, findings: &[&Finding]) -> String {
    let mut out = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let short = matches!(finding.ruling, Ruling::Warn | Ruling::Ok);
        if page.verbose || (index < CARDS && !short) {
            out.push_str(&card::full(page, finding));
            out.push('\n');
        } else if index < LISTED {
            out.push_str(&card::brief(page, finding));
        }
    }
    if !page.verbose && findings.len() > LISTED {
        let more = layout::counted((findings.len() - LISTED) as u64, "finding", "findings");
        let text = format!("    … and {more} more of {rule}; --verbose lists them\n");
        out.push_str(&paint(page.ink.faint, text.trim_end_matches('\n')));
        out.push('\n');
    }
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
    out
}

/// One line for each rule that has good news, and a count of what the policy does not mind.
pub(super) fn good_news(page: &Page<'_>) -> String {
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    let mut silent = 0u64;
    for finding in page.report.findings.iter().filter(|finding| finding.ruling == Ruling::Ok) {
        if finding.evidence.rule.class == Class::Assurance {
            rules.entry(finding.evidence.rule.id).or_default().push(finding);
        } else {
            silent += 1;
        }
    }
    let widest = rules.keys().map(|rule| rule.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (rule, findings) in rules {
        let text = match findings.as_slice() {
            [finding] => match card::place(page, finding) {
                Some(place) => format!("{} ({place})", sanitize::short(&finding.evidence.fact.message, 300)),
                None => sanitize::short(&finding.evidence.fact.message, 300).into_owned(),
            },
            findings => format!("{}: {}", occasions(findings), findings[0].evidence.rule.summary),
        };
        let text = layout::wrap(&text, widest + 4, widest + 4, page.width);
        out.push_str(&format!("{} {rule:widest$}  {text}\n", paint(page.ink.good, "✔")));
    }
    if silent > 0 && !page.verbose {
        let what = layout::counted(silent, "observation", "observations");
        let text = format!("· {what} without objection; --verbose lists them");
        out.push_str(&paint(page.ink.faint, text));
        out.push('\n');
    }
    out
}

/// `3 files` when each finding is of a file of its own, else `3 times`.
fn occasions(findings: &[&Finding]) -> String {
    let files: BTreeSet<_> = findings.iter().filter_map(|finding| finding.evidence.artifact.as_ref()).collect();
    let noun = if files.len() == findings.len() { "files" } else { "times" };
    format!("{} {noun}", layout::grouped(findings.len() as u64))
}
