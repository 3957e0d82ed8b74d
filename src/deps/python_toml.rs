//! Python's lockfiles in TOML: `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml` (PEP 751).
//!
//! One list of packages each, under slightly different names. What is not checked: markers (every entry is listed,
//! whatever platform it is for) and that the lockfile belongs to the `pyproject.toml` beside it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Table, Value};

use crate::model::{Digest, Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, checksum, link};
use super::lines::Lines;
use super::parts;

#[derive(Default, Deserialize)]
struct File {
    /// `packages` in PEP 751.
    #[serde(default, alias = "packages")]
    package: Vec<Spanned<Table>>,
    #[serde(default)]
    metadata: Table,
}

/// What a part of the file says.
#[derive(Default)]
struct Part {
    drafts: Vec<Draft>,
    /// Lines of entries that have no name.
    nameless: Vec<u64>,
    metadata: Table,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let lines = Lines::of(text);
    let heads = |rest: &str| rest.starts_with("[[package]]\n") || rest.starts_with("[[packages]]\n");
    let part = |start: usize, part: &str| toml::from_str(part).map(|file| Part::of(file, start, &lines));
    let mut torn = false;
    let parts = parts::read(text, heads, part).unwrap_or_else(|error| {
        let (line, offset) = error.span().map_or((1, 0), |span| (lines.line(span.start), span.start));
        sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("not TOML: {}", error.message()));
        torn = true;
        vec![Part::of(before(text, offset), 0, &lines)]
    });
    // Poetry writes this table last.
    let metadata: Vec<&Table> = parts.iter().map(|part| &part.metadata).filter(|table| !table.is_empty()).collect();
    if metadata.is_empty() && !torn && sheet.path().name() == "poetry.lock" {
        sheet.note(
            &LOCKFILE_MALFORMED,
            None,
            "no [metadata], which Poetry writes last: the end of the file is missing",
        );
    }
    // Poetry before 1.5 kept checksums there, by name.
    let mut files: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
    for table in metadata.iter().filter_map(|table| table.get("files")?.as_table()) {
        files.extend(table.iter().map(|(name, list)| (name.clone(), hashes(list))));
    }
    let mut drafts = Vec::with_capacity(parts.iter().map(|part| part.drafts.len()).sum());
    for part in parts {
        for line in part.nameless {
            sheet.note(&LOCKFILE_MALFORMED, Some(line), "an entry without a name");
        }
        for mut draft in part.drafts {
            if matches!(&draft.source, PackageSource::Git(address) if address.starts_with("git+@")) {
                let message = format!("{} comes from a git repository that is not named", draft.name);
                sheet.note(&LOCKFILE_MALFORMED, draft.line, message);
            }
            draft.checksums.extend(files.get(&draft.name).into_iter().flatten().cloned());
            drafts.push(draft);
        }
    }
    link(sheet, Ecosystem::PyPI, drafts);
}

impl Part {
    fn of(file: File, start: usize, lines: &Lines) -> Self {
        let mut part = Self { metadata: file.metadata, ..Self::default() };
        for entry in file.package {
            let line = lines.line(start.saturating_add(entry.span().start));
            let table = entry.into_inner();
            let Some(name) = table.get("name").and_then(Value::as_str) else {
                part.nameless.push(line);
                continue;
            };
            let mut draft = Draft::new(name, text_of(&table, "version"), Some(line));
            draft.source = source(&table);
            let lists = ["files", "sdist", "wheels", "archive"];
            draft.checksums = lists.iter().filter_map(|key| table.get(*key)).flat_map(hashes).collect();
            draft.needs = needs(&table);
            part.drafts.push(draft);
        }
        part
    }
}

/// The whole entries before the place where the file stops being TOML.
fn before(text: &str, offset: usize) -> File {
    let upto = text.get(..offset).unwrap_or_default();
    let heads = ["\n[[package]]", "\n[[packages]]"];
    let end = heads.iter().filter_map(|head| upto.rfind(head)).max().unwrap_or(0);
    toml::from_str(upto.get(..end).unwrap_or_default()).unwrap_or_default()
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
