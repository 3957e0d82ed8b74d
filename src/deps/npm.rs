//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Format: npm documentation, "package-lock.json". What is not checked: that the lockfile belongs to the
//! `package.json` beside it.

use serde_json::{Map, Value};

use crate::model::{Class, Ecosystem, PackageSource, Rule, Severity};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};
use super::json::{Keys, entry, members, parse, text_of};

/// A package that runs a script when it is installed.
pub static INSTALL_SCRIPT: Rule = Rule {
    id: "install-script",
    summary: "packages run a script of their own when they are installed",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/install-script.md"),
    frameworks: &["CWE-829", "OWASP-LLM03"],
};

/// Folders in folders of version 1 that are entered.
const DEPTH: usize = 64;

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let Some(file) = parse(sheet, text) else { return };
    let Some(file) = file.as_object() else { return };
    let keys = Keys::of(text);
    let mut drafts = Vec::new();
    if file.contains_key("packages") {
        let mut scripts = Vec::new();
        for (place, value) in members(sheet, file, "packages") {
            let Some(entry) = entry(sheet, place, value) else { continue };
            if entry.get("hasInstallScript") == Some(&Value::Bool(true)) {
                scripts.push(name_at(place, entry));
            }
            drafts.extend(installed(place, entry, &keys));
        }
        if !scripts.is_empty() {
            let message = format!("{} packages run a script when installed: {}", scripts.len(), scripts.join(", "));
            sheet.note(&INSTALL_SCRIPT, None, message);
        }
    } else if file.contains_key("dependencies") {
        let mut open: Vec<(&Map<String, Value>, usize)> = vec![(file, 0)];
        while let Some((level, depth)) = open.pop() {
            if depth > DEPTH {
                sheet.note(&LOCKFILE_MALFORMED, None, format!("packages inside packages more than {DEPTH} deep"));
                break;
            }
            for (name, value) in members(sheet, level, "dependencies") {
                let Some(entry) = entry(sheet, name, value) else { continue };
                drafts.push(nested(name, entry, &keys));
                open.push((entry, depth.saturating_add(1)));
            }
        }
    } else if !file.get("lockfileVersion").is_some_and(Value::is_number) {
        sheet.note(&LOCKFILE_MALFORMED, None, "neither packages nor dependencies");
    }
    link(sheet, Ecosystem::Npm, drafts);
}

fn name_at(place: &str, entry: &Map<String, Value>) -> String {
    // An alias is installed under another name than its own.
    let own = text_of(entry, "name");
    if own.is_empty() { place.rsplit("node_modules/").next().unwrap_or(place).to_owned() } else { own.to_owned() }
}

/// One entry of versions 2 and 3: keyed by the place it is installed in.
fn installed(place: &str, entry: &Map<String, Value>, keys: &Keys<'_>) -> Option<Draft> {
    if entry.get("link") == Some(&Value::Bool(true)) {
        return None;
    }
    let local = !place.contains("node_modules/");
    let name = name_at(place, entry);
    let name = if name.is_empty() { "." } else { &name };
    let mut draft = Draft::new(name, text_of(entry, "version"), keys.line(place));
    draft.source = if local { PackageSource::Local } else { source(text_of(entry, "resolved")) };
    draft.checksums = integrity(text_of(entry, "integrity"));
    for group in ["dependencies", "optionalDependencies", "devDependencies", "peerDependencies"] {
        let names = entry.get(group).and_then(Value::as_object).into_iter().flatten();
        draft.needs.extend(names.map(|(name, range)| (name.clone(), range.as_str().map(str::to_owned))));
    }
    Some(draft)
}

/// One entry of version 1: keyed by name, packages it hides below it.
fn nested(name: &str, entry: &Map<String, Value>, keys: &Keys<'_>) -> Draft {
    let version = text_of(entry, "version");
    let (name, version, source) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
        Some((name, version)) => (name, version, source(text_of(entry, "resolved"))),
        None if version.contains(':') || version.contains('/') => (name, "", by_address(version)),
        None => (name, version, source(text_of(entry, "resolved"))),
    };
    let mut draft = Draft::new(name, version, keys.line(name));
    draft.source = source;
    draft.checksums = integrity(text_of(entry, "integrity"));
    let needs = entry.get("requires").and_then(Value::as_object).into_iter().flatten();
    draft.needs = needs.map(|(name, range)| (name.clone(), range.as_str().map(str::to_owned))).collect();
    draft
}

/// npm's registry, also by the names of its mirrors that serve the same packages; another registry; or a file.
pub fn source(resolved: &str) -> PackageSource {
    let Some(rest) = resolved.strip_prefix("https://").or_else(|| resolved.strip_prefix("http://")) else {
        return if resolved.is_empty() { PackageSource::PublicRegistry } else { by_address(resolved) };
    };
    let host = rest.split('/').next().unwrap_or_default();
    if matches!(host, "registry.npmjs.org" | "registry.yarnpkg.com" | "registry.npmmirror.com") {
        return PackageSource::PublicRegistry;
    }
    // Registries serve `/NAME/-/NAME-VERSION.tgz`; anything else is a file somewhere.
    match resolved.split_once("/-/").and_then(|(before, _)| before.rsplit_once('/')) {
        Some((registry, _)) => PackageSource::Registry(registry.to_owned()),
        None => by_address(resolved),
    }
}
