//! `weighbridge db import|status|update`.

mod status;
#[cfg(feature = "online")]
mod update;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::args::{DbImport, DbVerb};
use super::exit::Mistake;
use super::{judging, output};
use crate::advisory::{self, Database, Intake, Origin};
use crate::emit::sanitize;

/// Makes a database, or says what one holds.
pub fn run(verb: &DbVerb, quiet: bool) -> Result<ExitCode, Mistake> {
    match verb {
        DbVerb::Import(args) => import(args, quiet),
        DbVerb::Status(args) => status::run(args),
        #[cfg(feature = "online")]
        DbVerb::Update(args) => update::run(args, quiet),
        #[cfg(not(feature = "online"))]
        DbVerb::Update(_) => Err(Mistake::new("this build cannot reach the network")
            .help("fetch the archives elsewhere and give them to `weighbridge db import`")),
    }
}

impl From<advisory::Error> for Mistake {
    fn from(error: advisory::Error) -> Self {
        Self::new(error)
    }
}

/// Where a database lies when nobody says where: `weighbridge/advisories.db` in `XDG_DATA_HOME`, or else in
/// `~/.local/share`.
pub fn usual_place() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("weighbridge/advisories.db"))
}

/// The database that was named, or the usual one; its folder is made.
fn target(given: Option<&Path>) -> Result<PathBuf, Mistake> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let path = usual_place().ok_or_else(|| {
        Mistake::new("neither XDG_DATA_HOME nor HOME says where databases lie").help("name it by --db")
    })?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Mistake::new(format!("cannot make {}: {error}", output::shown(folder))))?;
    }
    Ok(path)
}

/// What is in a database so far; nothing when there is none.
fn so_far(path: &Path) -> Result<Database, Mistake> {
    if path.symlink_metadata().is_err() {
        return Ok(Database::default());
    }
    Database::load(path).map_err(|error| Mistake::new(error).help("remove it, or choose another name by --db"))
}

fn import(args: &DbImport, quiet: bool) -> Result<ExitCode, Mistake> {
    let target = target(args.db.as_deref())?;
    let now = judging::moment(None)?;
    let today = now.at.to_zoned(TimeZone::UTC).date();
    if let Some(day) = args.as_of.filter(|day| *day > today) {
        return Err(Mistake::new(format!("--as-of {day} is yet to come; today is {today}{}", now.by_whom()))
            .help("give the day on which these advisories were fetched"));
    }
    let mut database = if args.replace { Database::default() } else { so_far(&target)? };
    for path in &args.paths {
        let mut intake = Intake::of(path)?;
        intake.origin.fetched = args.as_of.map(|day| day.to_string());
        database.absorb(intake);
    }
    database.settle();
    let digest = database.compile(&target)?;
    if !quiet {
        told(&database, &digest, &target);
    }
    Ok(ExitCode::SUCCESS)
}

/// What a source says about ecosystems whose packages are not audited here; its other records were taken.
fn passed_over(origin: &Origin) -> Option<String> {
    let counts: Vec<String> = origin.unsupported.iter().map(|(name, count)| format!("{name} {count}")).collect();
    (!counts.is_empty()).then(|| format!("records about ecosystems that are not audited here: {}", counts.join(", ")))
}

/// What a database holds now, and what was wrong with its sources.
fn told(database: &Database, digest: &str, target: &Path) {
    for odd in database.evidence() {
        output::remark(&format!("warning: {}", sanitize::line(&odd.fact.message)));
    }
    for origin in &database.about().origins {
        if let Some(passed) = passed_over(origin) {
            output::remark(&sanitize::line(&format!("{}: {passed}", origin.name)));
        }
    }
    output::remark(&format!("{}\nsha256:{digest}\n{}", sanitize::line(&database.title()), output::shown(target)));
}
