//! The answer for people.

use super::super::foreign::{Foreign, Kind};
use super::super::ink::{Ink, paint};
use super::super::{layout, sanitize};
use super::{Answer, Need, Outcome, owasp};

/// Names of one element that are shown.
const NAMES: usize = 3;

/// The answer as text. Every string of the bill is sanitised.
#[must_use]
pub fn terminal(
    name: &str,
    bill: &Foreign,
    outcomes: &[Outcome<'_>],
    required: &[String],
    width: usize,
    color: bool,
) -> String {
    let ink = Ink::new(color);
    let mut out = format!("{}\n", paint(ink.strong, sanitize::short(name, 200)));
    let kind = |kind: Kind, one: &str, many: &str| {
        let count = bill.parts.iter().filter(|part| part.kind == kind).count();
        (count > 0).then(|| layout::counted(count as u64, one, many))
    };
    let kinds = [
        kind(Kind::Model, "model", "models"),
        kind(Kind::Dataset, "dataset", "datasets"),
        kind(Kind::Package, "package", "packages"),
        kind(Kind::File, "file", "files"),
    ];
    let kinds: Vec<String> = kinds.into_iter().flatten().collect();
    let kinds = if kinds.is_empty() { "nothing listed".to_owned() } else { kinds.join(", ") };
    out.push_str(&format!("  {} {} {}: {kinds}\n\n", bill.format, bill.version, bill.syntax));
    if bill.unsound.is_empty() {
        out.push_str(&format!("  {}  every reference leads somewhere, once\n", paint(ink.good, "sound")));
    } else {
        let count = layout::counted(bill.unsound.len() as u64, "thing does", "things do");
        out.push_str(&format!("  {}  {count} not hold\n", paint(ink.fail, "unsound")));
        for one in &bill.unsound {
            let line = format!("{} {}", sanitize::short(&one.place, 100), sanitize::short(&one.what, 200));
            out.push_str(&format!("    {}\n", layout::wrap(line.trim(), 4, 6, width)));
        }
    }
    for outcome in outcomes {
        out.push_str(&standard(outcome, required, &ink, width));
    }
    if let Some(score) = owasp::score(&bill.value) {
        let text = format!(
            "\n  OWASP AIBOM score {:.1} of 100 ({}), for comparison: it counts which fields are there, whatever they \
             say\n",
            score.points, score.edition
        );
        out.push_str(&layout::wrap(&text, 2, 4, width));
    }
    if !bill.assurances.is_empty() {
        let known: Vec<String> = bill.assurances.iter().map(|(class, count)| format!("{count} {class}")).collect();
        out.push_str(&format!("  fields of the model by how they are known: {}\n", known.join(", ")));
    }
    out
}

fn standard(outcome: &Outcome<'_>, required: &[String], ink: &Ink, width: usize) -> String {
    let standard = outcome.standard;
    let title = format!("{} ({}, {})", standard.id, standard.publisher, standard.edition);
    if !outcome.applies {
        return format!("\n  {}  {title}: no model is listed\n", paint(ink.faint, "not asked"));
    }
    let word = match (outcome.is_met(), required.contains(&standard.id)) {
        (true, _) => paint(ink.good, "met"),
        (false, true) => paint(ink.fail, "not met"),
        (false, false) => paint(ink.warn, "not met"),
    };
    let (must, all) = outcome.count(Need::Must);
    let (should, asked) = outcome.count(Need::Should);
    let mut counts = format!("{must} of {all} demanded");
    if asked > 0 {
        counts.push_str(&format!(", {should} of {asked} asked for"));
    }
    let mut out = format!("\n  {word}  {title}: {counts}\n");
    let missing = |answer: &&Answer<'_>| !answer.met;
    for answer in outcome.answers.iter().filter(missing) {
        let need = if answer.element.need == Need::Must { "missing" } else { "absent " };
        let line = format!("{need}  {}{}", answer.element.title, who(answer));
        out.push_str(&format!("    {}\n", layout::wrap(&line, 4, 13, width)));
        if let Some(from) = answer.from {
            let from = layout::wrap(&format!("from {from}"), 13, 13, width);
            out.push_str(&format!("             {}\n", paint(ink.faint, from)));
        }
    }
    let unknown: Vec<&str> = outcome
        .answers
        .iter()
        .filter(|answer| answer.met && !answer.unknown.is_empty())
        .map(|answer| answer.element.title.as_str())
        .collect();
    if !unknown.is_empty() {
        let line = format!("unknown  said to be so, which is enough: {}", unknown.join(", "));
        out.push_str(&format!("    {}\n", layout::wrap(&line, 4, 13, width)));
    }
    out
}

/// Of how many components it is missing, and of which.
fn who(answer: &Answer<'_>) -> String {
    let lacking: Vec<&String> = answer.absent.iter().chain(answer.unknown.iter().filter(|_| !answer.met)).collect();
    if answer.asked < 2 || lacking.is_empty() {
        return String::new();
    }
    let names: Vec<String> = lacking.iter().take(NAMES).map(|name| sanitize::short(name, 40).into_owned()).collect();
    let more = lacking.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(": {} of {} ({}{more})", lacking.len(), answer.asked, names.join(", "))
}
