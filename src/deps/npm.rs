//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Format: npm documentation, "package-lock.json". What is not checked: that the lockfile belongs to the
//! `package.json` beside it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::model::{Class, Ecosystem, PackageSource, Rule, Severity};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};
use super::folders::Folders;
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
    let drafts = if file.contains_key("packages") {
        by_place(sheet, file, &keys)
    } else if file.contains_key("dependencies") {
        by_name(sheet, file, &keys)
    } else {
        if !file.get("lockfileVersion").is_some_and(Value::is_number) {
            sheet.note(&LOCKFILE_MALFORMED, None, "neither packages nor dependencies");
        }
        Vec::new()
    };
    link(sheet, Ecosystem::Npm, drafts);
}

/// Versions 2 and 3: entries by the folder that they are installed in.
fn by_place(sheet: &mut Sheet<'_>, file: &Map<String, Value>, keys: &Keys<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut scripts = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut links: Vec<(&str, &str)> = Vec::new();
    let mut entries: Vec<(&str, &Map<String, Value>)> = Vec::new();
    for (place, value) in members(sheet, file, "packages") {
        let Some(entry) = entry(sheet, place, value) else { continue };
        if entry.get("hasInstallScript") == Some(&Value::Bool(true)) {
            scripts.push(name_at(place, entry));
        }
        if entry.get("link") == Some(&Value::Bool(true)) {
            links.push((place, text_of(entry, "resolved")));
            continue;
        }
        places.insert(place, drafts.len());
        drafts.push(installed(place, entry, keys));
        entries.push((place, entry));
    }
    if !scripts.is_empty() {
        let message = format!("{} packages run a script when installed: {}", scripts.len(), scripts.join(", "));
        sheet.note(&INSTALL_SCRIPT, None, message);
    }
    let mut folders = Folders::default();
    for (place, index) in &places {
        put(&mut folders, place, *index);
    }
    let mut spaces = Vec::new();
    for (place, target) in links {
        let Some(index) = places.get(target) else { continue };
        // Folders of a workspace are linked where the root finds them.
        spaces.extend(parent_of_package(place).is_empty().then_some(*index));
        put(&mut folders, place, *index);
        // A folder of the tree is called what it is linked as, unless it has a name of its own.
        if let Some(draft) = drafts.get_mut(*index).filter(|draft| draft.name == target) {
            place.rsplit("node_modules/").next().unwrap_or(place).clone_into(&mut draft.name);
        }
    }
    for ((place, entry), draft) in entries.iter().zip(&mut drafts) {
        let seen = folders.seen_from(place, parent);
        let groups = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"];
        // What an installed package was made with is not installed with it.
        let groups = groups.iter().take(if is_local(place) { 4 } else { 3 });
        let names = groups.flat_map(|group| entry.get(*group).and_then(Value::as_object).into_iter().flatten());
        draft.on = names.filter_map(|(name, _)| seen.find(name)).collect();
        if place.is_empty() && entry.contains_key("workspaces") {
            draft.on.append(&mut spaces);
        }
    }
    drafts
}

/// An entry whose packages are to be read, what is seen around it, and its own place.
type Level<'v> = (&'v Map<String, Value>, Vec<Rc<HashMap<&'v str, usize>>>, Option<usize>);

/// Version 1: entries by name, with those that stand in their own folder inside of them.
fn by_name(sheet: &mut Sheet<'_>, file: &Map<String, Value>, keys: &Keys<'_>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    // What each level sees: the packages of its own folder and those of every folder around it.
    let mut open: Vec<Level<'_>> = vec![(file, Vec::new(), None)];
    while let Some((level, mut seen, own)) = open.pop() {
        if seen.len() > DEPTH {
            sheet.note(&LOCKFILE_MALFORMED, None, format!("packages inside packages more than {DEPTH} deep"));
            break;
        }
        let mut inside = HashMap::new();
        let mut next = Vec::new();
        for (name, value) in members(sheet, level, "dependencies") {
            let Some(entry) = entry(sheet, name, value) else { continue };
            inside.insert(name.as_str(), drafts.len());
            next.push((entry, drafts.len()));
            drafts.push(nested(name, entry, keys));
        }
        if !inside.is_empty() {
            seen.push(Rc::new(inside));
        }
        // The root says in `package.json` alone what it needs.
        let needs = own.and_then(|_| level.get("requires")?.as_object()).into_iter().flatten();
        let on = needs.filter_map(|(name, _)| seen.iter().rev().find_map(|folder| folder.get(name.as_str()).copied()));
        let on: Vec<usize> = on.collect();
        if let Some(draft) = own.and_then(|own| drafts.get_mut(own)) {
            draft.on = on;
        }
        open.extend(next.into_iter().map(|(entry, index)| (entry, seen.clone(), Some(index))));
    }
    drafts
}

/// Notes an entry under the folder whose `node_modules` it lies in.
fn put<'a>(folders: &mut Folders<'a>, place: &'a str, index: usize) {
    if let Some((_, name)) = place.rsplit_once("node_modules/") {
        folders.put(parent_of_package(place), name, index);
    }
}

fn parent_of_package(place: &str) -> &str {
    place.rsplit_once("node_modules/").map_or("", |(folder, _)| folder.trim_end_matches('/'))
}

/// The folder around another; what lies outside of the tree is not in it.
fn parent(folder: &str) -> Option<&str> {
    let outside = folder == ".." || folder.ends_with("/..");
    (!folder.is_empty() && !outside).then(|| folder.rsplit_once('/').map_or("", |(parent, _)| parent))
}

fn is_local(place: &str) -> bool {
    !place.contains("node_modules/")
}

fn name_at(place: &str, entry: &Map<String, Value>) -> String {
    // An alias is installed under another name than its own.
    let own = text_of(entry, "name");
    if own.is_empty() { place.rsplit("node_modules/").next().unwrap_or(place).to_owned() } else { own.to_owned() }
}

/// One entry of versions 2 and 3.
fn installed(place: &str, entry: &Map<String, Value>, keys: &Keys<'_>) -> Draft {
    let name = name_at(place, entry);
    let name = if name.is_empty() { "." } else { &name };
    let mut draft = Draft::new(name, text_of(entry, "version"), keys.line(place));
    draft.source = if is_local(place) { PackageSource::Local } else { source(text_of(entry, "resolved")) };
    draft.checksums = integrity(text_of(entry, "integrity"));
    draft
}

/// One entry of version 1.
fn nested(name: &str, entry: &Map<String, Value>, keys: &Keys<'_>) -> Draft {
    let line = keys.line(name);
    let version = text_of(entry, "version");
    let (name, version, source) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
        Some((name, version)) => (name, version, source(text_of(entry, "resolved"))),
        None if version.contains(':') || version.contains('/') => (name, "", by_address(version)),
        None => (name, version, source(text_of(entry, "resolved"))),
    };
    let mut draft = Draft::new(name, version, line);
    draft.source = source;
    draft.checksums = integrity(text_of(entry, "integrity"));
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
