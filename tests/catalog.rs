//! Rules, pages and fixtures stand together: forgetting one fails here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

mod recipe;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use recipe::Recipe;
use weighbridge::catalog;
use weighbridge::model::Class;

const HEADINGS: [&str; 5] =
    ["## What was seen", "## Why it matters", "## What to do", "## When it is fine", "## References"];

#[test]
fn ids_are_unique_kebab_case_nouns() {
    let rooms = [
        weighbridge::weigh::RULES,
        weighbridge::inspect::RULES,
        weighbridge::trust::RULES,
        weighbridge::deps::RULES,
        weighbridge::advisory::RULES,
        weighbridge::service::RULES,
        weighbridge::policy::RULES,
    ];
    let mut seen = BTreeSet::new();
    for rule in rooms.into_iter().flatten() {
        assert!(seen.insert(rule.id), "{} is listed twice", rule.id);
        assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", rule.id);
        assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}: {:?}", rule.id, rule.summary);
    }
    assert_eq!(seen.len(), catalog::rules().len());
}

#[test]
fn every_static_rule_is_listed_in_its_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rules = catalog::rules();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let pages = text.split("rules/").skip(1).filter_map(|rest| rest.split_once(".md\")").map(|s| s.0));
                for page in pages.filter(|page| !page.contains('$')) {
                    assert!(rules.contains_key(page), "{}: rule {page} is not in its room's RULES", path.display());
                }
            }
        }
    }
}

#[test]
fn every_rule_has_a_page_of_the_right_form() {
    let rules = catalog::rules();
    for (id, rule) in &rules {
        let mut lines = rule.page.lines();
        assert_eq!(lines.next(), Some(format!("# {id}").as_str()), "{id}: first line of its page");
        assert_eq!(lines.next(), Some(rule.summary), "{id}: second line of its page");
        let at: Vec<_> = HEADINGS.iter().map(|heading| rule.page.find(&format!("\n{heading}\n"))).collect();
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{id}: headings {HEADINGS:?}, found at {at:?}");
        let table = rule.page.lines().find(|line| line.starts_with("| ") && !line.starts_with("| formats"));
        let cells: Vec<_> = table.unwrap_or_default().split('|').map(str::trim).collect();
        assert_eq!(cells.get(2), Some(&rule.severity.name()), "{id}: severity in the table of its page");
        for framework in rule.frameworks {
            assert!(cells.get(4).is_some_and(|cell| cell.contains(framework)), "{id}: {framework} in the table");
        }
        for section in rule.page.split("\n## ").skip(1) {
            let words = section.split_once('\n').map_or("", |(_, rest)| rest).split_whitespace().count();
            assert!(words > 0, "{id}: an empty section {:?}", section.lines().next());
        }
    }
    let pages = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")).unwrap();
    for page in pages.map(|entry| entry.unwrap().path()) {
        let id = page.file_stem().unwrap().to_str().unwrap();
        assert!(rules.contains_key(id), "{id}.md belongs to no rule");
    }
}

#[test]
fn every_rule_has_its_place_among_the_risks_a_buyer_asks_about() {
    let placed = |id: &str| weighbridge::emit::risks::of_rule(id).is_some();
    let missing: Vec<&str> = catalog::rules().into_keys().filter(|id| !placed(id)).collect();
    assert!(missing.is_empty(), "say in src/emit/risks.toml what these are evidence for: {missing:?}");
}

#[test]
fn every_rule_has_a_case_that_fires_it_and_one_that_does_not() {
    let mut cases: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for (id, path) in recipe::all() {
        let fires = Recipe::read(&path).fires.contains(&id);
        let entry = cases.entry(id).or_default();
        entry.0 |= fires;
        entry.1 |= !fires;
    }
    let mut missing = Vec::new();
    for rule in catalog::rules().values().filter(|rule| rule.class != Class::Inventory) {
        let (fires, spares) = cases.get(rule.id).copied().unwrap_or_default();
        if !fires {
            missing.push(format!("{}: no recipe fires it", rule.id));
        }
        if !spares && matches!(rule.class, Class::Defect | Class::Gap) {
            missing.push(format!("{}: no recipe spares it", rule.id));
        }
    }
    let by_other_tests: BTreeSet<&str> = CHECKED_ELSEWHERE.iter().map(|(id, _)| *id).collect();
    missing.retain(|line| !by_other_tests.contains(line.split(':').next().unwrap_or_default()));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    for id in cases.keys() {
        assert!(catalog::rule(id).is_some(), "testdata/{id} belongs to no rule");
    }
}

/// Rules that no still picture can fire, and the test that does.
const CHECKED_ELSEWHERE: [(&str, &str); 6] = [
    ("changed-underfoot", "a file must change while it is read: weigh's unit tests"),
    ("checksums-unchecked", "the command line asks for every digest: tests/trust/checksums.rs"),
    ("inspector-failed", "no bytes are known that do it: weigh's unit tests"),
    ("policy-denied", "only a build with Rego can: tests/rego.rs"),
    ("undecodable-name", "recipes are UTF-8: tests/cli/names.rs"),
    ("unreadable-file", "root reads everything: weigh's unit tests"),
];

#[test]
fn every_recipe_says_what_weighbridge_says() {
    let mut wrong = Vec::new();
    for (id, path) in recipe::all() {
        let recipe = Recipe::read(&path);
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("model");
        fs::create_dir(&folder).unwrap();
        let case = path.parent().unwrap();
        recipe.build(&folder, case);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let said = match recipe.verify(&folder, case) {
            Ok((report, code)) => recipe.compare(&report, code),
            Err(error) => vec![error],
        };
        wrong.extend(said.into_iter().map(|line| format!("{id}/{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
