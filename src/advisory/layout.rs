//! What one file of an advisory database is, by its place in the layout and its content.

use std::collections::BTreeSet;

use super::osv;
use super::record::Advisory;
use super::rustsec;
use super::scores::{self, Scores};

/// What one file of a database is.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// Nothing of a database.
    Nothing,
    /// One record.
    Advisories {
        /// Its identifier.
        id: String,
        /// Its advisories, one for each package; none when it was withdrawn.
        advisories: Vec<Advisory>,
        /// Day of the last change, if it says so.
        modified: Option<String>,
        /// What is odd about the file although it can be read.
        odd: Option<String>,
        /// Ecosystems it speaks of that are not audited here.
        foreign: BTreeSet<String>,
    },
    /// Forecasts or a list of exploited flaws.
    Scores(Box<Scores>),
    /// It lies where advisories lie and is none.
    Malformed(String),
}

/// Tells what a file is. `name` is its path in the folder or archive.
///
/// RustSec: `crates/PACKAGE/ID.md`, or a file of that name alone. PyPA: `vulns/PACKAGE/ID.yaml`, likewise. OSV, GitHub and the malicious packages of the
/// OpenSSF: `ID.json`, wherever it lies. EPSS: a table in CSV that says so in its first line. KEV: a JSON document with
/// a `catalogVersion`.
#[must_use]
pub fn read(name: &str, bytes: &[u8]) -> Found {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [.., "crates", folder, file] if file.ends_with(".md") => rust(Some(folder), file, bytes),
        // Flaws of the toolchain, some of which have the name of a crate that is not meant.
        [.., "rust", _, file] if file.ends_with(".md") => Found::Nothing,
        // A part of a checkout, or one record alone.
        [.., file] if file.ends_with(".md") && file.starts_with("RUSTSEC-") => rust(None, file, bytes),
        [.., file] if file.ends_with(".yaml") && (identifier(file) || parts.contains(&"vulns")) => {
            record(file, std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned()).and_then(osv::yaml))
        }
        [.., file] if file.ends_with(".json") && identifier(file) => record(file, osv::json(bytes)),
        [.., file] if file.ends_with(".csv") && scores::is_epss(bytes) => scored(scores::epss(bytes)),
        [.., file] if file.ends_with(".json") && scores::is_kev(bytes) => scored(scores::kev(bytes)),
        _ => Found::Nothing,
    }
}

fn scored(read: Result<Scores, String>) -> Found {
    read.map_or_else(Found::Malformed, |scores| Found::Scores(Box::new(scores)))
}

/// `GHSA-…`, `CVE-…`, `MAL-…`: letters before the first hyphen, all large.
fn identifier(file: &str) -> bool {
    let prefix = file.split_once('-').map_or("", |(prefix, _)| prefix);
    prefix.len() > 1 && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn record(file: &str, read: Result<osv::Read, String>) -> Found {
    match read {
        Err(why) => Found::Malformed(why.lines().next().unwrap_or_default().to_owned()),
        Ok(osv::Read { id, advisories, modified, foreign }) => {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            let odd = (id != stem && !advisories.is_empty()).then(|| format!("it is {id} by its text"));
            Found::Advisories { id, advisories, modified, odd, foreign }
        }
    }
}

fn rust(folder: Option<&str>, file: &str, bytes: &[u8]) -> Found {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return Found::Malformed("not UTF-8".to_owned()),
    };
    let advisory = match rustsec::read(text) {
        Err(why) => return Found::Malformed(why.lines().next().unwrap_or_default().to_owned()),
        Ok(None) => {
            let id = file.trim_end_matches(".md").to_owned();
            let foreign = BTreeSet::new();
            return Found::Advisories { id, advisories: Vec::new(), modified: None, odd: None, foreign };
        }
        Ok(Some(advisory)) => advisory,
    };
    let odd = if let Some(folder) = folder.filter(|folder| advisory.package != **folder) {
        Some(format!("it is about {} and lies in the folder of {folder}", advisory.package))
    } else {
        (file != format!("{}.md", advisory.id)).then(|| format!("it is {} by its text", advisory.id))
    };
    let foreign = BTreeSet::new();
    Found::Advisories { id: advisory.id.clone(), advisories: vec![advisory], modified: None, odd, foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystems_that_are_passed_over_are_named() {
        let text = br#"{"id": "HSEC-2099-1", "affected": [{"package": {"ecosystem": "Hackage", "name": "a"}},
            {"package": {"ecosystem": "Debian:12", "name": "b"}}, {"package": {"ecosystem": "PyPI", "name": "c"}}]}"#;
        let Found::Advisories { advisories, foreign, .. } = read("HSEC-2099-1.json", text) else { panic!() };
        assert_eq!(advisories.len(), 1);
        assert_eq!(foreign.into_iter().collect::<Vec<_>>(), ["Debian", "Hackage"]);
    }

    #[test]
    fn flaws_of_the_toolchain_are_not_those_of_crates() {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"cargo\"\ndate = \"2099-01-02\"\n[versions]\npatched = []\n```\n\n# A title\n\nText.\n";
        let is = |name: &str| matches!(read(name, text.as_bytes()), Found::Advisories { .. });
        for name in
            ["crates/cargo/RUSTSEC-2099-0001.md", "db/crates/cargo/RUSTSEC-2099-0001.md", "RUSTSEC-2099-0001.md"]
        {
            assert!(is(name), "{name}");
        }
        for name in ["rust/cargo/RUSTSEC-2099-0001.md", "db/rust/std/CVE-2099-1.md", "CVE-2099-1.md", "README.md"] {
            assert!(!is(name), "{name}");
        }
    }
}
