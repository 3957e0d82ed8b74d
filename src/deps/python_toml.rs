//! Python's lockfiles in TOML: `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml` (PEP 751).
//!
//! One list of packages each, under slightly different names. What is not checked: markers (every entry is listed,
//! whatever platform it is for) and that the lockfile belongs to the `pyproject.toml` beside it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Table, Value};

use crate::model::{Digest, Ecosystem, PackageSource};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, checksum, link};
use super::lines::Lines;

#[derive(Default, Deserialize)]
struct File {
    /// `packages` in PEP 751.
    #[serde(default, alias = "packages")]
    package: Vec<Spanned<Table>>,
    #[serde(default)]
    metadata: Table,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let lines = Lines::of(text);
    let (file, torn) = match toml::from_str::<File>(text) {
        Ok(file) => (file, 0),
        Err(error) => {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("not TOML: {}", error.message()));
            before(text, error.span().map_or(0, |span| span.start))
        }
    };
    if file.package.is_empty() && torn == 0 && file.metadata.is_empty() && text.trim().is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "the file has no content");
    }
    // Poetry before 1.5 kept checksums here, by name.
    let files = file.metadata.get("files").and_then(Value::as_table).cloned().unwrap_or_default();
    let files: BTreeMap<String, Vec<Digest>> = files.iter().map(|(name, list)| (name.clone(), hashes(list))).collect();
    let mut drafts = Vec::with_capacity(file.package.len());
    for entry in file.package {
        let line = lines.line(entry.span().start);
        let table = entry.into_inner();
        let Some(name) = table.get("name").and_then(Value::as_str) else {
            sheet.note(&LOCKFILE_MALFORMED, Some(line), "an entry without a name");
            continue;
        };
        let mut draft = Draft::new(name, text_of(&table, "version"), Some(line));
        draft.source = source(&table);
        draft.checksums =
            ["files", "sdist", "wheels", "archive"].iter().filter_map(|key| table.get(*key)).flat_map(hashes).collect();
        draft.checksums.extend(files.get(name).into_iter().flatten().cloned());
        draft.needs = needs(&table);
        drafts.push(draft);
    }
    link(sheet, Ecosystem::PyPI, drafts);
}

/// The whole entries before the place where the file stops being TOML.
fn before(text: &str, offset: usize) -> (File, usize) {
    let upto = text.get(..offset).unwrap_or_default();
    let heads = ["\n[[package]]", "\n[[packages]]"];
    let end = heads.iter().filter_map(|head| upto.rfind(head)).max().unwrap_or(0);
    (toml::from_str(upto.get(..end).unwrap_or_default()).unwrap_or_default(), 1)
}

fn text_of<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Checksums of one file or a list of them: `hash = "sha256:…"`, or `hashes = { sha256 = "…" }`.
fn hashes(value: &Value) -> Vec<Digest> {
    match value {
        Value::Array(list) => list.iter().flat_map(hashes).collect(),
        Value::Table(file) => {
            let one = file.get("hash").and_then(Value::as_str).and_then(checksum);
            let named = file.get("hashes").and_then(Value::as_table).into_iter().flatten();
            let named = named.filter_map(|(name, digits)| checksum(&format!("{name}:{}", digits.as_str()?)));
            one.into_iter().chain(named).collect()
        }
        _ => Vec::new(),
    }
}

fn source(entry: &Table) -> PackageSource {
    let pinned = |url: &str, commit: &str| PackageSource::Git(format!("git+{url}@{commit}"));
    if let Some(vcs) = entry.get("vcs").and_then(Value::as_table) {
        return pinned(text_of(vcs, "url"), text_of(vcs, "commit-id"));
    }
    // pdm and PEP 751 put these beside the name, the others under `source`.
    let nested = entry.get("source").and_then(Value::as_table);
    let of = nested.unwrap_or(entry);
    let first = |keys: &[&'static str]| keys.iter().copied().find(|key| of.get(*key).is_some());
    if let Some(kind) = of.get("type").and_then(Value::as_str) {
        let url = text_of(of, "url");
        return match kind {
            "git" => pinned(url, text_of(of, "resolved_reference")),
            "directory" | "file" => PackageSource::Local,
            "url" => PackageSource::Archive(url.to_owned()),
            _ => registry(url),
        };
    }
    match first(&["git", "registry", "index", "url", "path", "editable", "virtual", "directory", "archive"]) {
        Some("git") if nested.is_none() => pinned(text_of(of, "git"), text_of(of, "revision")),
        Some("git") => PackageSource::Git(format!("git+{}", text_of(of, "git"))),
        Some(key @ ("registry" | "index")) => registry(text_of(of, key)),
        Some("url") => by_address(text_of(of, "url")),
        Some("archive") => {
            let archive = of.get("archive").and_then(Value::as_table);
            archive.map_or(PackageSource::Local, |table| by_address(text_of(table, "url")))
        }
        Some(_) => PackageSource::Local,
        None => PackageSource::PublicRegistry,
    }
}

/// PyPI by its address, or another index.
pub fn registry(url: &str) -> PackageSource {
    let bare = url.trim_end_matches('/');
    match bare.strip_prefix("https://").unwrap_or(bare) {
        "" | "pypi.org/simple" | "pypi.org" | "pypi.python.org/simple" | "files.pythonhosted.org" => {
            PackageSource::PublicRegistry
        }
        _ => PackageSource::Registry(url.to_owned()),
    }
}

/// Names an entry depends on: keys of a table (Poetry), tables with a name (uv, PEP 751), or requirements (pdm).
fn needs(entry: &Table) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut lists: Vec<&Value> = entry.get("dependencies").into_iter().collect();
    for group in ["optional-dependencies", "dev-dependencies"] {
        lists.extend(entry.get(group).and_then(Value::as_table).into_iter().flat_map(|table| table.values()));
    }
    for list in lists {
        match list {
            Value::Table(table) => found.extend(table.keys().map(|name| (name.clone(), None))),
            Value::Array(items) => found.extend(items.iter().filter_map(|item| match item {
                Value::Table(table) => {
                    let version = table.get("version").and_then(Value::as_str).map(str::to_owned);
                    Some((text_of(table, "name").to_owned(), version))
                }
                Value::String(requirement) => {
                    let end = requirement.find(|c: char| !c.is_alphanumeric() && !"-_.".contains(c));
                    Some((requirement.get(..end.unwrap_or(requirement.len()))?.to_owned(), None))
                }
                _ => None,
            })),
            _ => {}
        }
    }
    found
}
