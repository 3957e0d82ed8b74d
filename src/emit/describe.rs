//! One file for people: what `weighbridge inspect` shows.

use crate::model::{Artifact, Call, Evidence, Judgement, Place, Tensor};

use super::excerpt;
use super::ink::{Ink, paint};
use super::layout::{self, Side};
use super::sanitize;

/// How to show a file.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns of the terminal; less than 40 counts as 40.
    pub width: usize,
    /// With colours.
    pub color: bool,
    /// Rows of each list; the rest is counted.
    pub rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 100, color: false, rows: 40 }
    }
}

/// What the file is, what it lists, what loading it would call, and what was seen. Every string of the file is
/// sanitised.
#[must_use]
pub fn render(artifact: &Artifact, evidence: &[Evidence], options: &Options) -> String {
    let sheet = Sheet { ink: Ink::new(options.color), width: options.width.max(40), rows: options.rows.max(1) };
    let parts = [
        sheet.identity(artifact),
        sheet.metadata(artifact),
        sheet.tensors(&artifact.contents.tensors),
        sheet.weight_map(artifact),
        sheet.calls(&artifact.contents.calls),
        sheet.seen(evidence),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

struct Sheet {
    ink: Ink,
    width: usize,
    rows: usize,
}

impl Sheet {
    fn identity(&self, artifact: &Artifact) -> String {
        let formats: Vec<_> = artifact.formats.iter().map(|format| sanitize::short(format.name(), 40)).collect();
        let formats = if formats.is_empty() { "not recognised".to_owned() } else { formats.join(" + ") };
        let mut rows = vec![
            ("format", formats),
            ("size", format!("{} ({})", layout::bytes(artifact.size), layout::counted(artifact.size, "byte", "bytes"))),
        ];
        rows.extend(artifact.digests.iter().map(|digest| (digest.algorithm().name(), digest.hex())));
        if let Some(sum) = artifact.tensor_summary() {
            let dtypes: Vec<String> = sum
                .dtypes
                .iter()
                .map(|(name, count)| format!("{} {}", layout::parameters(*count), sanitize::short(name, 24)))
                .collect();
            let total = layout::parameters(sum.parameters);
            let tensors = layout::counted(sum.count, "tensor", "tensors");
            rows.push(("tensors", format!("{tensors}, {total} parameters ({})", dtypes.join(", "))));
        }
        let widest = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut out = format!("{}\n", paint(self.ink.strong, sanitize::short(artifact.path.as_str(), 400)));
        for (label, text) in rows {
            let text = layout::wrap(&text, widest + 4, widest + 4, self.width);
            out.push_str(&format!("  {}  {text}\n", paint(self.ink.faint, format!("{label:widest$}"))));
        }
        out
    }

    fn metadata(&self, artifact: &Artifact) -> String {
        let all = &artifact.contents.metadata;
        let rows = all
            .iter()
            .take(self.rows)
            .map(|(key, value)| vec![sanitize::short(key, 48).into_owned(), self.one_line(value)])
            .collect();
        self.list("metadata", &["key", "value"], &[Side::Left, Side::Left], rows, all.len())
    }

    fn tensors(&self, all: &[Tensor]) -> String {
        let rows = all
            .iter()
            .take(self.rows)
            .map(|tensor| {
                let shape: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
                vec![
                    sanitize::short(&tensor.name, self.width / 2).into_owned(),
                    sanitize::short(&tensor.dtype, 24).into_owned(),
                    if shape.is_empty() {
                        "scalar".to_owned()
                    } else {
                        sanitize::short(&shape.join("×"), 40).into_owned()
                    },
                    tensor
                        .bytes
                        .as_ref()
                        .map_or_else(String::new, |range| layout::bytes(range.end.saturating_sub(range.start))),
                    tensor.bytes.as_ref().map_or_else(String::new, |range| format!("0x{:x}", range.start)),
                ]
            })
            .collect();
        let sides = [Side::Left, Side::Left, Side::Right, Side::Right, Side::Right];
        self.list("tensors", &["name", "type", "shape", "size", "at"], &sides, rows, all.len())
    }

    fn weight_map(&self, artifact: &Artifact) -> String {
        let Some(map) = &artifact.contents.weight_map else { return String::new() };
        let rows = map
            .iter()
            .take(self.rows)
            .map(|(tensor, shard)| {
                vec![sanitize::short(tensor, self.width / 2).into_owned(), sanitize::short(shard, 60).into_owned()]
            })
            .collect();
        self.list("weights are said to lie in", &["tensor", "file"], &[Side::Left, Side::Left], rows, map.len())
    }

    /// The trace of a pickle, in order; each line coloured by how the callable stands with the lists.
    fn calls(&self, all: &[Call]) -> String {
        let rows: Vec<Vec<String>> = all
            .iter()
            .take(self.rows)
            .map(|call| {
                vec![
                    match call.judgement {
                        Judgement::Safe => "safe",
                        Judgement::Unknown => "unknown",
                        Judgement::Dangerous => "DANGEROUS",
                    }
                    .to_owned(),
                    place(&call.place),
                    match &call.arguments {
                        None => format!("import {}", sanitize::short(&call.callable, 120)),
                        Some(arguments) => {
                            format!("{}{}", sanitize::short(&call.callable, 120), called_with(arguments, self.width))
                        }
                    },
                ]
            })
            .collect();
        let styles: Vec<anstyle::Style> = all.iter().map(|call| self.ink.of_judgement(call.judgement)).collect();
        let sides = [Side::Left, Side::Right, Side::Left];
        self.styled("loading it would", &["", "at", "call"], &sides, rows, all.len(), &styles)
    }

    fn seen(&self, evidence: &[Evidence]) -> String {
        let mut sorted: Vec<&Evidence> = evidence.iter().collect();
        sorted.sort_by(|a, b| b.severity().cmp(&a.severity()).then_with(|| a.sort_key().cmp(&b.sort_key())));
        let mut out = String::new();
        for one in sorted.iter().take(self.rows) {
            let style = self.ink.of_severity(one.severity());
            let title = format!("{}[{}]", one.severity().name(), one.rule.id);
            let place = place(&one.place);
            let place = if place.is_empty() { place } else { format!(" ({place})") };
            let message = format!("{}{place}", sanitize::short(&one.fact.message, 600));
            let message = layout::wrap(&message, title.len() + 2, 4, self.width);
            out.push_str(&format!("{}: {message}\n", paint(style, title)));
            if let Some(shown) = &one.excerpt {
                for line in excerpt::lines(shown, &one.place, &self.ink, style, self.width).1 {
                    out.push_str(&line);
                    out.push('\n');
                }
            }
        }
        out + &self.rest(sorted.len())
    }

    fn list(&self, title: &str, head: &[&str], sides: &[Side], rows: Vec<Vec<String>>, all: usize) -> String {
        self.styled(title, head, sides, rows, all, &[])
    }

    fn styled(
        &self,
        title: &str,
        head: &[&str],
        sides: &[Side],
        rows: Vec<Vec<String>>,
        all: usize,
        styles: &[anstyle::Style],
    ) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let mut cells = vec![head.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
        cells.extend(rows);
        let mut out = format!("{}\n", paint(self.ink.strong, title));
        for (index, line) in layout::table(sides, &cells).into_iter().enumerate() {
            let style = match index.checked_sub(1) {
                None => self.ink.faint,
                Some(row) => styles.get(row).copied().unwrap_or_default(),
            };
            out.push_str(&format!("  {}\n", paint(style, line)));
        }
        out + &self.rest(all)
    }

    fn rest(&self, all: usize) -> String {
        match all.saturating_sub(self.rows) {
            0 => String::new(),
            more => format!("  {}\n", paint(self.ink.faint, format!("… and {} more", layout::grouped(more as u64)))),
        }
    }

    fn one_line(&self, text: &str) -> String {
        sanitize::short(text, self.width.saturating_sub(24).max(16)).into_owned()
    }
}

fn called_with(arguments: &str, width: usize) -> String {
    let arguments = sanitize::short(arguments, width.saturating_sub(30).max(16));
    if arguments.starts_with('(') { arguments.into_owned() } else { format!("({arguments})") }
}

fn place(place: &Place) -> String {
    match place {
        Place::Whole => String::new(),
        Place::Bytes { start, .. } => format!("0x{start:02x}"),
        Place::Entry { name, start, .. } => format!("{}@0x{start:02x}", sanitize::short(name, 60)),
        other => sanitize::short(&other.to_string(), 120).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_pickle_reads_like_this() {
        let report = sample::report();
        let evidence: Vec<Evidence> = report
            .findings
            .into_iter()
            .map(|finding| finding.evidence)
            .filter(|evidence| evidence.artifact.as_ref().is_some_and(|path| path.as_str() == "pytorch_model.bin"))
            .collect();
        insta::assert_snapshot!(render(&sample::pickle(), &evidence, &Options::default()));
    }

    #[test]
    fn tensors_read_like_this_and_long_lists_are_cut() {
        let report = sample::report();
        let weights = report.artifacts.iter().find(|artifact| !artifact.contents.tensors.is_empty()).unwrap();
        insta::assert_snapshot!(render(weights, &[], &Options { rows: 2, ..Options::default() }));
    }

    #[test]
    fn nothing_hidden_reaches_the_terminal() {
        for artifact in sample::report().artifacts {
            let shown = render(&artifact, &[], &Options::default());
            assert!(!shown.chars().any(|c| c != '\n' && sanitize::is_hidden(c)), "{shown:?}");
        }
    }
}
