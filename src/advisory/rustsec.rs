//! The RustSec advisory database: one Markdown file with TOML front matter for each advisory.
//!
//! Read one by one with the crate `rustsec`, so that a single broken file is one broken file; the crate's own
//! `Database::open` refuses all of them. Which versions an advisory affects is that crate's answer too, taken as OSV
//! ranges, so that pre-releases are judged as `cargo audit` judges them.

use rustsec::advisory::{Advisory as Source, Category, Informational};

use crate::model::Ecosystem;

use super::record::{Advisory, Event, Kind};

/// Reads one file of the folder `crates/`; `None` for an advisory that was withdrawn.
///
/// # Errors
/// Says in one line why it is not an advisory.
pub fn read(text: &str) -> Result<Option<Advisory>, String> {
    // The crate cuts the text at byte 20 for its message when this is missing, inside a character perhaps.
    if !text.starts_with("```toml") {
        return Err("no TOML front matter".to_owned());
    }
    let source: Source = text.parse().map_err(|error: rustsec::Error| error.to_string())?;
    if source.withdrawn() {
        return Ok(None);
    }
    let ranges = rustsec::osv::ranges_for_advisory(&source.versions);
    let ranges = ranges.into_iter().map(|range| {
        let from = Event::Introduced(range.introduced.map_or_else(|| "0".to_owned(), |version| version.to_string()));
        std::iter::once(from).chain(range.fixed.map(|version| Event::Fixed(version.to_string()))).collect()
    });
    let ranges = ranges.collect();
    let fixed = source.versions.patched().iter().map(ToString::to_string).collect();
    let data = source.metadata;
    let kind = match data.informational {
        Some(Informational::Unmaintained) => Kind::Unmaintained,
        Some(Informational::Unsound) => Kind::Unsound,
        Some(_) => Kind::Notice,
        None if data.categories.contains(&Category::Malicious) => Kind::Malicious,
        None => Kind::Vulnerability,
    };
    Ok(Some(Advisory {
        url: Some(format!("https://rustsec.org/advisories/{}", data.id)),
        id: data.id.to_string(),
        aliases: data.aliases.iter().map(ToString::to_string).collect(),
        title: data.title,
        cvss: data.cvss.iter().map(ToString::to_string).collect(),
        word: None,
        published: Some(data.date.to_string()),
        modified: None,
        epss: None,
        exploited: None,
        kind,
        ecosystem: Ecosystem::CratesIo,
        package: data.package.to_string(),
        ranges,
        versions: Vec::new(),
        commits_only: false,
        fixed,
    }))
}
