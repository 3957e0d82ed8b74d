//! Core metadata of Python packages (PEP 566, 639) and `pyproject.toml` (PEP 621, 639).

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::model::{Ecosystem, core_metadata};

use super::Entry;

/// Longest text under `License:` that is a name and not the licence's text.
const NAME: usize = 80;

/// Trove classifiers that say exactly one licence. Those that leave the version open (`GPL`, `BSD`) say none.
const CLASSIFIERS: [(&str, &str); 15] = [
    ("Apache Software License", "Apache-2.0"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("ISC License (ISCL)", "ISC"),
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("zlib/libpng License", "Zlib"),
];

/// `METADATA` of an installed package: headers up to the first empty line.
pub(super) fn metadata(bytes: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(bytes).ok()?;
    let headers = core_metadata::fields(text);
    let field = |name: &str| {
        let found = core_metadata::first(&headers, name).filter(|value| !value.is_empty() && *value != "UNKNOWN");
        found.map(str::to_owned)
    };
    let classifiers = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("Classifier"));
    let classified = classified(classifiers.map(|(_, value)| value.as_ref()));
    let named = field("License").filter(|license| license.len() <= NAME);
    Some(Entry {
        ecosystem: Some(Ecosystem::PyPI),
        name: field("Name")?,
        version: field("Version")?,
        license: field("License-Expression").or(classified).or(named),
        description: field("Summary"),
    })
}

/// The licence that classifiers state. Several may mean that all hold or that one may be chosen; then they say nothing.
fn classified<'t>(classifiers: impl Iterator<Item = &'t str>) -> Option<String> {
    let licences: BTreeSet<&str> = classifiers
        .filter_map(|value| value.strip_prefix("License :: "))
        .filter(|name| *name != "OSI Approved")
        .collect();
    let [only] = licences.iter().copied().collect::<Vec<_>>()[..] else { return None };
    let name = only.strip_prefix("OSI Approved :: ")?;
    CLASSIFIERS.iter().find(|(known, _)| *known == name).map(|(_, id)| (*id).to_owned())
}

/// `[project]`, or Poetry's table before it read that. Of a licence in a file the file's name says nothing.
pub(super) fn project(bytes: &[u8]) -> Option<Entry> {
    let file = toml::from_str::<Table>(std::str::from_utf8(bytes).ok()?).ok()?;
    let project = file.get("project").or_else(|| file.get("tool")?.get("poetry"))?;
    let text = |key: &str| project.get(key).and_then(Value::as_str).map(str::to_owned);
    let license = text("license").or_else(|| project.get("license")?.get("text")?.as_str().map(str::to_owned));
    let classifiers = project.get("classifiers").and_then(Value::as_array).into_iter().flatten();
    let classified = classified(classifiers.filter_map(Value::as_str));
    Some(Entry {
        ecosystem: Some(Ecosystem::PyPI),
        name: text("name")?,
        version: text("version").unwrap_or_default(),
        license: license.filter(|license| license.len() <= NAME).or(classified),
        description: text("description"),
    })
}
