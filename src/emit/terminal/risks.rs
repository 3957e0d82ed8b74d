//! The risks that a buyer asks about, in a line or two each.

use super::super::ink::paint;
use super::super::layout;
use super::super::risks;
use super::Page;

/// The table, with an empty line after it; nothing if it was not asked for.
pub(super) fn table(page: &Page<'_>) -> String {
    if !page.risks {
        return String::new();
    }
    let all = risks::assess(page.report);
    let widest = all.iter().map(|known| layout::columns(&known.dimension.title)).max().unwrap_or(0);
    let mut out = format!("{}\n", paint(page.ink.strong, "risks: assessed with this evidence, or not assessed"));
    for known in &all {
        let evidence = known.evidence.iter().map(|weight| match weight.count {
            1 => format!("{} ({})", weight.rule, weight.ruling),
            count => format!("{} ×{count} ({})", weight.rule, weight.ruling),
        });
        let parts: Vec<String> = known.looked.iter().cloned().chain(evidence).collect();
        let text = match (known.assessed, parts.is_empty()) {
            (true, _) => format!("assessed: {}", parts.join(", ")),
            (false, true) => "not assessed".to_owned(),
            (false, false) => format!("not assessed: {}", parts.join(", ")),
        };
        let title = &known.dimension.title;
        let text = layout::wrap(&text, widest + 4, widest + 4, page.width);
        out.push_str(&format!("  {title:widest$}  {text}\n"));
    }
    out.push('\n');
    out
}
