//! One finding as a card: what, where, the bytes, and what to do.

use crate::model::{AdvisoryMatch, Assurance, Finding, Place, Ruling};

use super::super::excerpt;
use super::super::frameworks;
use super::super::ink::paint;
use super::super::layout;
use super::super::sanitize;
use super::Page;

/// Characters of one string of a file that a card shows.
const TEXT: usize = 600;

/// What, where, and which version would be better: two or three lines.
pub(super) fn brief(page: &Page<'_>, finding: &Finding) -> String {
    let mut card = heading(page, finding);
    if let Some(advisory) = &finding.evidence.advisory {
        card.push_str(&note(page, 2, "fix", &remedy(advisory)));
    }
    card
}

/// The card with everything: place, bytes, and notes.
pub(super) fn full(page: &Page<'_>, finding: &Finding) -> String {
    let mut card = heading(page, finding);
    let mut gutter = 2;
    let bar = paint(page.ink.frame, "|");
    if let Some(shown) = &finding.evidence.excerpt {
        let style = page.ink.of_ruling(&finding.ruling);
        let (width, lines) = excerpt::lines(shown, &finding.evidence.place, &page.ink, style, page.width);
        gutter = width;
        if !lines.is_empty() {
            card.push_str(&format!("{:gutter$} {bar}\n", ""));
        }
        for line in lines {
            card.push_str(&line);
            card.push('\n');
        }
    }
    for (label, text) in notes(page, finding) {
        card.push_str(&note(page, gutter, label, &text));
    }
    card
}

fn note(page: &Page<'_>, gutter: usize, label: &str, text: &str) -> String {
    let used = gutter + 5 + label.len();
    let text = layout::wrap(&sanitize::short(text, TEXT), used, gutter + 5, page.width);
    format!("{:gutter$} {} {}: {text}\n", "", paint(page.ink.frame, "="), paint(page.ink.strong, label))
}

fn heading(page: &Page<'_>, finding: &Finding) -> String {
    let style = page.ink.of_ruling(&finding.ruling);
    let title = format!("{}[{}]", finding.ruling.name(), finding.evidence.rule.id);
    let grade = finding.severity.name();
    let used = title.len() + grade.len() + 3;
    let message = sanitize::short(&finding.evidence.fact.message, TEXT);
    let mut card = format!(
        "{} {}: {}\n",
        paint(style, title),
        paint(style, grade),
        paint(page.ink.strong, layout::wrap(&message, used, 4, page.width))
    );
    if let Some(place) = place(page, finding) {
        card.push_str(&format!("  {} {place}\n", paint(page.ink.frame, "-->")));
    }
    card
}

/// Where it was seen, sanitised: `model.pt!archive/data.pkl @ 0x02`.
pub(super) fn place(page: &Page<'_>, finding: &Finding) -> Option<String> {
    let evidence = &finding.evidence;
    let path = evidence.artifact.as_ref().map(|path| match path.as_str() {
        "." => sanitize::short(&page.report.subject, TEXT),
        path => sanitize::short(path, TEXT),
    });
    let Some(path) = path else {
        return (evidence.place != Place::Whole)
            .then(|| sanitize::short(&evidence.place.to_string(), TEXT).into_owned());
    };
    Some(match &evidence.place {
        Place::Whole => path.into_owned(),
        Place::Bytes { start, .. } => format!("{path} @ 0x{start:02x}"),
        Place::Entry { name, start, .. } => format!("{path}!{} @ 0x{start:02x}", sanitize::short(name, TEXT)),
        Place::Tensor { name } => format!("{path} tensor {}", sanitize::short(name, TEXT)),
        Place::Package { purl, line: Some(line) } => {
            format!("{path}:{line} {}", sanitize::short(purl.as_str(), TEXT))
        }
        Place::Package { purl, line: None } => format!("{path} {}", sanitize::short(purl.as_str(), TEXT)),
        Place::Line { line, column } => format!("{path}:{line}:{column}"),
    })
}

fn notes(page: &Page<'_>, finding: &Finding) -> Vec<(&'static str, String)> {
    let evidence = &finding.evidence;
    let mut notes = Vec::new();
    if let Some(advisory) = &evidence.advisory {
        notes.extend(advisory_notes(advisory));
    }
    if let Ruling::Excused(exception) = &finding.ruling {
        notes.push(("excused", format!("{}: {}", exception.leave(), exception.reason)));
    }
    if evidence.assurance != Assurance::Verified {
        notes.push(("known", format!("{} ({})", meaning(evidence.assurance), evidence.assurance.name())));
    }
    if page.verbose {
        for (name, value) in &evidence.fact.details {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            notes.push(("fact", format!("{name} = {value}")));
        }
        let named: Vec<String> =
            evidence.rule.frameworks.iter().filter_map(|id| frameworks::place(id)).map(|(_, entry)| entry).collect();
        if !named.is_empty() {
            notes.push(("see", named.join(", ")));
        }
    }
    notes.push(("help", format!("weighbridge explain {}", evidence.rule.id)));
    notes
}

fn advisory_notes(advisory: &AdvisoryMatch) -> Vec<(&'static str, String)> {
    let mut notes = vec![("advisory", format!("{}: {}", advisory.id, advisory.title))];
    if !advisory.aliases.is_empty() {
        notes.push(("also", advisory.aliases.join(", ")));
    }
    notes.push(("fix", remedy(advisory)));
    notes.extend(advisory.paths.first().map(|path| ("path", path.join(" > "))));
    notes.extend(advisory.url.iter().map(|url| ("url", url.clone())));
    notes
}

fn remedy(advisory: &AdvisoryMatch) -> String {
    match advisory.fixed.as_slice() {
        [] => "none is known".to_owned(),
        fixed => format!("{} {}", advisory.name, fixed.join(" or ")),
    }
}

const fn meaning(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Verified => "computed from the bytes",
        Assurance::Derived => "read from the file's own header",
        Assurance::Attested => "said by a signed statement",
        Assurance::Declared => "said by a model card or a name",
        Assurance::Unknown => "how is not known",
    }
}
