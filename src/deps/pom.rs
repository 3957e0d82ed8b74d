//! Maven's `pom.xml`: the dependencies and build plugins that it names itself.
//!
//! Format: the POM reference. Properties of the same file are put in, and versions taken from its own
//! `dependencyManagement` and `pluginManagement`, unless a profile says otherwise. What is not read: the parent, imported
//! bills of versions and what the
//! dependencies need themselves. Nothing in the file lists that, so it is always said.

use std::collections::BTreeMap;

use roxmltree::{Document, Node, ParsingOptions};

use crate::model::Ecosystem;

use super::collect::{LOCKFILE_MALFORMED, LOCKFILE_NOT_READ, Sheet};
use super::draft::{Draft, link};
use super::lines::Lines;

/// Elements of one file.
const NODES: u32 = 1_000_000;
/// Properties inside properties that are put in, and bytes of what comes out.
const ROUNDS: usize = 8;
const LONGEST: usize = 1024;
/// Elements around an entry that are looked at: its own, and those up to the list that manages it.
const MANAGED: usize = 6;
/// The group of a plugin that names none.
const PLUGINS: &str = "org.apache.maven.plugins";

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => {
            let line = u64::from(error.pos().row);
            return sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("not XML: {error}"));
        }
    };
    let root = document.root_element();
    if root.tag_name().name() != "project" {
        return sheet.note(&LOCKFILE_MALFORMED, Some(1), "the root element is no <project>");
    }
    let pom = Pom::of(root);
    let lines = Lines::of(text);
    let mut drafts = Vec::new();
    for node in root.descendants().filter(Node::is_element) {
        let group = match (node.tag_name().name(), node.parent_element().map(|parent| parent.tag_name().name())) {
            ("dependency", Some("dependencies")) => "",
            ("plugin", Some("plugins")) => PLUGINS,
            ("extension", Some("extensions")) => "",
            _ => continue,
        };
        if is_managed(node) {
            continue;
        }
        let line = lines.line(node.range().start);
        match pom.identity(node, group) {
            Some((name, version)) => drafts.push(Draft::new(name, version, Some(line))),
            None => sheet.note(&LOCKFILE_MALFORMED, Some(line), "an entry without groupId and artifactId"),
        }
    }
    let message = if child(root, "parent").is_some() {
        "a pom.xml names direct dependencies only, and this one has a parent: what those bring is listed nowhere here"
    } else {
        "a pom.xml names direct dependencies only: what those need is listed nowhere here"
    };
    sheet.note(&LOCKFILE_NOT_READ, None, message);
    link(sheet, Ecosystem::Maven, drafts);
}

fn child<'d>(node: Node<'d, 'd>, name: &str) -> Option<Node<'d, 'd>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The text of an element; a comment in the midst of it parts nothing.
fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name).map(whole).filter(|text| !text.is_empty())
}

fn whole(node: Node<'_, '_>) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    text.trim().to_owned()
}

/// True inside of a list that says versions and brings nothing; of plugins there, what they need is too.
fn is_managed(node: Node<'_, '_>) -> bool {
    node.ancestors()
        .take(MANAGED)
        .any(|node| matches!(node.tag_name().name(), "dependencyManagement" | "pluginManagement"))
}

/// True for an entry of a list of versions itself.
fn manages(node: Node<'_, '_>) -> bool {
    let list = node.parent_element().and_then(|list| list.parent_element()).map(|around| around.tag_name().name());
    matches!(
        (node.tag_name().name(), list),
        ("dependency", Some("dependencyManagement")) | ("plugin", Some("pluginManagement"))
    )
}

/// What the file says about all of its entries. What a profile says otherwise depends on who builds, so it pins nothing.
struct Pom {
    properties: BTreeMap<String, String>,
    /// Versions by `GROUP:ARTIFACT`.
    managed: BTreeMap<String, String>,
}

impl Pom {
    fn of(root: Node<'_, '_>) -> Self {
        let stated = |of: Node<'_, '_>| -> BTreeMap<String, String> {
            let list = child(of, "properties").into_iter().flat_map(|list| list.children()).filter(Node::is_element);
            list.map(|one| (one.tag_name().name().to_owned(), whole(one))).collect()
        };
        let mut properties = stated(root);
        for profile in child(root, "profiles").into_iter().flat_map(|profiles| profiles.children()) {
            for (name, value) in stated(profile) {
                if properties.get(&name).is_some_and(|own| *own != value) {
                    properties.remove(&name);
                }
            }
        }
        for key in ["groupId", "artifactId", "version"] {
            let inherited = child(root, "parent").and_then(|parent| text_of(parent, key));
            let own = text_of(root, key).or_else(|| inherited.clone().filter(|_| key != "artifactId"));
            properties.extend(own.map(|own| (format!("project.{key}"), own)));
            properties.extend(inherited.map(|inherited| (format!("project.parent.{key}"), inherited)));
        }
        let mut pom = Self { properties, managed: BTreeMap::new() };
        for node in root.descendants().filter(|node| manages(*node)) {
            let group = if node.tag_name().name() == "plugin" { PLUGINS } else { "" };
            let Some((name, version)) = pom.identity(node, group) else { continue };
            let known = pom.managed.entry(name).or_insert_with(|| version.clone());
            if *known != version {
                known.clear();
            }
        }
        pom
    }

    /// `GROUP:ARTIFACT` and the version, which is empty when the file pins none.
    fn identity(&self, node: Node<'_, '_>, group: &str) -> Option<(String, String)> {
        let group = text_of(node, "groupId").or_else(|| Some(group.to_owned()).filter(|group| !group.is_empty()))?;
        let name = format!("{}:{}", self.resolved(group), self.resolved(text_of(node, "artifactId")?));
        let stated = text_of(node, "version").map(|version| self.resolved(version));
        let version = stated.or_else(|| self.managed.get(&name).cloned()).unwrap_or_default();
        Some((name, pinned(&version).to_owned()))
    }

    /// A text with the properties of the file in place of `${NAME}`.
    fn resolved(&self, mut text: String) -> String {
        for _ in 0..ROUNDS {
            let Some((before, rest)) = text.split_once("${") else { break };
            let Some((name, after)) = rest.split_once('}') else { break };
            let name = name.strip_prefix("pom.").map_or_else(|| name.to_owned(), |name| format!("project.{name}"));
            let Some(value) = self.properties.get(&name).filter(|value| value.len() <= LONGEST) else { break };
            text = format!("{before}{value}{after}");
        }
        text
    }
}

/// The version, if it is one: `[1.0]` says exactly 1.0, other ranges and what stayed a property pin nothing.
fn pinned(version: &str) -> &str {
    let exact = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version);
    let open = exact.contains(['[', ']', '(', ')', ',', '$', '{']) || matches!(exact, "LATEST" | "RELEASE");
    if open { "" } else { exact.trim() }
}
