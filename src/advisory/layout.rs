//! What one file of an advisory database is, by its place in the layout and its content.

use super::osv;
use super::record::Advisory;
use super::rustsec;

/// What one file of a database is.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// Nothing of a database.
    Nothing,
    /// Advisories, one for each package; none when it was withdrawn.
    Advisories {
        /// Them.
        advisories: Vec<Advisory>,
        /// Day of the last change, if it says so.
        modified: Option<String>,
        /// What is odd about the file although it can be read.
        odd: Option<String>,
    },
    /// It lies where advisories lie and is none.
    Malformed(String),
}

/// Tells what a file is. `name` is its path in the folder or archive.
///
/// RustSec: `crates/PACKAGE/ID.md`. PyPA: `vulns/PACKAGE/ID.yaml`. OSV, GitHub and the malicious packages of the
/// OpenSSF: `ID.json`, wherever it lies.
#[must_use]
pub fn read(name: &str, bytes: &[u8]) -> Found {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [.., "crates", folder, file] if file.ends_with(".md") => rust(folder, file, bytes),
        [.., "vulns", _, file] if file.ends_with(".yaml") => {
            record(file, std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned()).and_then(osv::yaml))
        }
        [.., file] if file.ends_with(".json") && identifier(file) => record(file, osv::json(bytes)),
        _ => Found::Nothing,
    }
}

/// `GHSA-…`, `CVE-…`, `MAL-…`: letters before the first hyphen, all large.
fn identifier(file: &str) -> bool {
    let prefix = file.split_once('-').map_or("", |(prefix, _)| prefix);
    prefix.len() > 1 && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn record(file: &str, read: Result<osv::Read, String>) -> Found {
    match read {
        Err(why) => Found::Malformed(why.lines().next().unwrap_or_default().to_owned()),
        Ok((advisories, modified)) => {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            let other = advisories.first().filter(|advisory| advisory.id != stem);
            let odd = other.map(|advisory| format!("it is {} by its text", advisory.id));
            Found::Advisories { advisories, modified, odd }
        }
    }
}

fn rust(folder: &str, file: &str, bytes: &[u8]) -> Found {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return Found::Malformed("not UTF-8".to_owned()),
    };
    let advisory = match rustsec::read(text) {
        Err(why) => return Found::Malformed(why.lines().next().unwrap_or_default().to_owned()),
        Ok(None) => return Found::Advisories { advisories: Vec::new(), modified: None, odd: None },
        Ok(Some(advisory)) => advisory,
    };
    let odd = if advisory.package != folder {
        Some(format!("it is about {} and lies in the folder of {folder}", advisory.package))
    } else {
        (file != format!("{}.md", advisory.id)).then(|| format!("it is {} by its text", advisory.id))
    };
    Found::Advisories { advisories: vec![advisory], modified: None, odd }
}
