//! `weighbridge db update`: the sources over HTTPS, compiled into one file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::super::args::DbUpdate;
use super::super::exit::{self, Mistake};
use super::super::network::{Client, Fetched, Validators};
use super::super::{judging, output};
use crate::advisory::{self, Database, Intake, Origin};
use crate::emit::sanitize;
use crate::model::Verdict;

/// Bytes of one archive.
const LARGEST: u64 = 4 << 30;

/// Sources by name. The archives of GitHub are those of the repositories' main branches.
const SOURCES: [(&str, &str); 13] = [
    ("rustsec", "https://codeload.github.com/rustsec/advisory-db/tar.gz/refs/heads/main"),
    ("pypa", "https://codeload.github.com/pypa/advisory-database/tar.gz/refs/heads/main"),
    ("ghsa", "https://codeload.github.com/github/advisory-database/tar.gz/refs/heads/main"),
    ("malicious", "https://codeload.github.com/ossf/malicious-packages/tar.gz/refs/heads/main"),
    ("osv:PyPI", "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"),
    ("osv:npm", "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip"),
    ("osv:crates.io", "https://osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip"),
    ("osv:Go", "https://osv-vulnerabilities.storage.googleapis.com/Go/all.zip"),
    ("osv:Maven", "https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip"),
    ("osv:RubyGems", "https://osv-vulnerabilities.storage.googleapis.com/RubyGems/all.zip"),
    ("osv:Packagist", "https://osv-vulnerabilities.storage.googleapis.com/Packagist/all.zip"),
    ("epss", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
    ("kev", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"),
];

/// What is fetched when nobody said what, and nothing was fetched before.
const USUAL: [&str; 3] = ["rustsec", "osv:PyPI", "osv:npm"];

/// Fetches what has changed and replaces the database as a whole. A source that cannot be fetched leaves what was known
/// of it, is said, and makes the result unknown.
pub fn run(args: &DbUpdate, quiet: bool) -> Result<ExitCode, Mistake> {
    let client = Client::new(quiet).map_err(|error| Mistake::new(error).help("`db import` needs no network"))?;
    let target = super::target(args.db.as_deref())?;
    let exists = target.symlink_metadata().is_ok();
    let known = if exists { Database::open(&target)?.about().origins.clone() } else { Vec::new() };
    let wanted = wanted(&args.source, &known)?;
    let today = judging::now(None)?.to_zoned(TimeZone::UTC).date().to_string();
    let (mut unchanged, mut fresh, mut failed) = (Vec::new(), Vec::new(), false);
    for (name, url) in wanted {
        let before = known.iter().find(|origin| origin.name == name && origin.url.as_deref() == Some(&url));
        match fetch(&client, &target, &name, &url, before) {
            Ok(Some(intake)) => fresh.push(intake),
            Ok(None) => unchanged.push(name),
            Err(mistake) => {
                output::mistake(&mistake);
                failed = true;
            }
        }
    }
    if fresh.is_empty() && unchanged.is_empty() {
        return Err(Mistake::new("nothing could be fetched; the database is what it was"));
    }
    for origin in fresh.iter_mut().map(|intake: &mut Intake| &mut intake.origin) {
        origin.fetched = Some(today.clone());
    }
    let asked = |origins: &mut Vec<Origin>| {
        let same = origins.iter_mut().filter(|origin| unchanged.contains(&origin.name));
        same.for_each(|origin| origin.fetched = Some(today.clone()));
    };
    if fresh.is_empty() {
        let mut origins = known;
        asked(&mut origins);
        advisory::restate(&target, &origins)?;
    } else {
        let mut database = super::so_far(&target)?;
        asked(database.origins());
        fresh.into_iter().for_each(|intake| database.absorb(intake));
        database.settle();
        database.compile(&target)?;
    }
    if !quiet {
        let database = Database::open(&target)?;
        super::told(&database, &database.about().digest, &target);
    }
    Ok(exit::code(if failed { Verdict::Unknown } else { Verdict::Pass }))
}

/// Names and addresses: those asked for, else those of last time, else the usual ones.
fn wanted(asked: &[String], known: &[Origin]) -> Result<Vec<(String, String)>, Mistake> {
    let before: Vec<_> = known.iter().filter_map(|one| Some((one.name.clone(), one.url.clone()?))).collect();
    if asked.is_empty() && !before.is_empty() {
        return Ok(before);
    }
    let usual: Vec<String> = USUAL.map(str::to_owned).into();
    let mut wanted = Vec::new();
    for name in if asked.is_empty() { &usual } else { asked } {
        if let Some((name, url)) = name.split_once('=') {
            wanted.push((name.to_owned(), url.to_owned()));
            continue;
        }
        let found = SOURCES.iter().filter(|(known, _)| known == name || (name == "osv" && known.starts_with("osv:")));
        let found: Vec<_> = found.map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect();
        if found.is_empty() {
            let names = SOURCES.map(|(name, _)| name).join(", ");
            return Err(
                Mistake::new(format!("{name:?} is no source")).help(format!("choose among {names}, or write NAME=URL"))
            );
        }
        wanted.extend(found);
    }
    Ok(wanted)
}

/// One source; `None` when the server says that it is what it was.
fn fetch(
    client: &Client,
    target: &Path,
    name: &str,
    url: &str,
    before: Option<&Origin>,
) -> Result<Option<Intake>, Mistake> {
    let known = before.map_or_else(Validators::default, |origin| Validators {
        etag: origin.etag.clone(),
        modified: origin.last_modified.clone(),
    });
    let file = beside(target, name, url);
    let folder = file.parent().unwrap_or(target).to_owned();
    std::fs::create_dir_all(&folder)
        .map_err(|error| Mistake::new(format!("cannot make {}: {error}", output::shown(&folder))))?;
    let failed = |error: &dyn std::fmt::Display| {
        Mistake::new(format!("{}: {}", sanitize::line(name), sanitize::line(&error.to_string())))
    };
    let validators = match client.download(url, &file, &known, LARGEST).map_err(|error| failed(&error))? {
        Fetched::Unchanged => {
            let _ = std::fs::remove_dir(&folder);
            return Ok(None);
        }
        Fetched::Whole(validators) => validators,
    };
    let intake = Intake::of(&file);
    // The bytes are in memory, or were no database; either way the file is of no more use.
    let _ = std::fs::remove_file(&file).and_then(|()| std::fs::remove_dir(&folder));
    let mut intake = intake.map_err(|error| failed(&error))?;
    intake.origin.name = name.to_owned();
    intake.origin.url = Some(url.to_owned());
    intake.origin.etag = validators.etag;
    intake.origin.last_modified = validators.modified;
    Ok(Some(intake))
}

/// The download lies beside the database, so that it is on the same disk and found again after an interruption. The last
/// part of the address stays: a single record, or a table in CSV, is told by it.
fn beside(target: &Path, name: &str, url: &str) -> PathBuf {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).take(100).collect()
    };
    let last = url.split(['?', '#']).next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let own = target.file_name().unwrap_or_default().to_string_lossy();
    folder.join(format!(".{own}.{}", plain(name))).join(plain(last))
}
