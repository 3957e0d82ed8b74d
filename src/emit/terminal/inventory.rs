//! What there is: files by format, packages by lockfile.

use std::collections::BTreeMap;

use crate::model::{ArtifactPath, Ecosystem, TensorSummary};

use super::super::ink::paint;
use super::super::layout::{self, Side};
use super::super::sanitize;
use super::Page;

#[derive(Default)]
struct Row {
    files: u64,
    bytes: u64,
    tensors: Option<TensorSummary>,
}

impl Row {
    fn add(&mut self, bytes: u64, tensors: Option<&TensorSummary>) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(more) = tensors {
            let sum = self.tensors.get_or_insert_default();
            sum.count = sum.count.saturating_add(more.count);
            sum.parameters = sum.parameters.saturating_add(more.parameters);
            for (dtype, count) in &more.dtypes {
                let of_type = sum.dtypes.entry(dtype.clone()).or_default();
                *of_type = of_type.saturating_add(*count);
            }
        }
    }

    fn cells(&self, name: &str) -> Vec<String> {
        let tensors = self.tensors.as_ref();
        vec![
            layout::grouped(self.files),
            name.to_owned(),
            layout::bytes(self.bytes),
            tensors.map_or_else(String::new, |sum| layout::grouped(sum.count)),
            tensors.map_or_else(String::new, |sum| layout::parameters(sum.parameters)),
            tensors.map_or_else(String::new, dtypes),
        ]
    }
}

/// Element types, the commonest first.
pub(super) fn dtypes(sum: &TensorSummary) -> String {
    let mut dtypes: Vec<(&String, &u64)> = sum.dtypes.iter().collect();
    dtypes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let more = if dtypes.len() > 4 { ", …" } else { "" };
    let names: Vec<_> = dtypes.iter().take(4).map(|(name, _)| sanitize::short(name, 24)).collect();
    format!("{}{more}", names.join(", "))
}

/// The table of files and the line of packages.
pub(super) fn tables(page: &Page<'_>) -> String {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut total = Row::default();
    for artifact in &page.report.artifacts {
        let names: Vec<_> = artifact.formats.iter().map(|format| sanitize::short(format.name(), 40)).collect();
        let name = if names.is_empty() { "other".to_owned() } else { names.join(" + ") };
        let tensors = artifact.tensor_summary();
        rows.entry(name).or_default().add(artifact.size, tensors.as_ref());
        total.add(artifact.size, tensors.as_ref());
    }
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str(&files(page, rows, &total));
    }
    if !page.report.packages.is_empty() {
        out.push_str(&page.labelled("packages:", &packages(page)));
    }
    out
}

fn files(page: &Page<'_>, rows: BTreeMap<String, Row>, total: &Row) -> String {
    let mut sorted: Vec<(String, Row)> = rows.into_iter().collect();
    sorted.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then_with(|| a.0.cmp(&b.0)));
    let mut cells = vec![["files", "format", "size", "tensors", "parameters", "types"].map(str::to_owned).to_vec()];
    cells.extend(sorted.iter().map(|(name, row)| row.cells(name)));
    if sorted.len() > 1 {
        cells.push(total.cells("in all"));
    }
    if total.tensors.is_none() {
        cells.iter_mut().for_each(|row| row.truncate(3));
    }
    let sides = [Side::Right, Side::Left, Side::Right, Side::Right, Side::Right, Side::Left];
    let mut out = String::new();
    let lines = layout::table(&sides[..cells[0].len()], &cells);
    let last = lines.len() - 1;
    for (index, line) in lines.into_iter().enumerate() {
        let style = match index {
            0 => page.ink.faint,
            index if index == last && sorted.len() > 1 => page.ink.strong,
            _ => anstyle::Style::new(),
        };
        out.push_str(&paint(style, line));
        out.push('\n');
    }
    out.push('\n');
    out
}

fn packages(page: &Page<'_>) -> String {
    let mut lockfiles: BTreeMap<(&ArtifactPath, Ecosystem), u64> = BTreeMap::new();
    for package in &page.report.packages {
        let count = lockfiles.entry((&package.lockfile, package.ecosystem)).or_default();
        *count = count.saturating_add(1);
    }
    let shown: Vec<String> = lockfiles
        .iter()
        .take(8)
        .map(|((path, ecosystem), count)| {
            format!("{} {ecosystem} ({})", layout::grouped(*count), sanitize::short(path.as_str(), 120))
        })
        .collect();
    let rest = lockfiles.len().saturating_sub(8);
    let more = if rest > 0 { format!(", … and {rest} more lockfiles") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
