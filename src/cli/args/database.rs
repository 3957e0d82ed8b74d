//! Flags of `db`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Make and look at advisory databases.
#[derive(Clone, Debug, Args)]
pub struct Db {
    /// What to do with the database.
    #[command(subcommand)]
    pub verb: DbVerb,
}

/// What can be done with an advisory database.
#[derive(Clone, Debug, Subcommand)]
pub enum DbVerb {
    /// Compile folders, archives and files of advisories into a database, beside what is in it
    Import(DbImport),
    /// Say what a database holds, how old it is and whether it is whole
    Status(DbStatus),
    /// Fetch what is new over HTTPS and compile it into a database
    Update(DbUpdate),
}

/// Compile advisories into a database.
#[derive(Clone, Debug, Args)]
pub struct DbImport {
    /// Folders, zip, tar or tar.gz archives, single files: RustSec, PyPA, OSV, GitHub's advisories, the malicious
    /// packages of the OpenSSF, EPSS tables, CISA's list of exploited flaws
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The database [default: weighbridge/advisories.db in XDG_DATA_HOME]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Forget what the database held before
    #[arg(long)]
    pub replace: bool,
    /// The day on which these were the newest there are, as 2026-11-23; that of the newest advisory by default
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<jiff::civil::Date>,
}

/// Say what a database holds.
#[derive(Clone, Debug, Args)]
pub struct DbStatus {
    /// The database [default: weighbridge/advisories.db in XDG_DATA_HOME]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Format
    #[arg(long, value_enum, default_value_t = StatusFormat::Terminal)]
    pub format: StatusFormat,
    /// End with exit code 3 when it is older, such as 72h or 30d
    #[arg(long, value_name = "AGE")]
    pub max_age: Option<String>,
    /// The moment its age is counted to, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

/// Formats of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people.
    Terminal,
    /// `weighbridge/db-status/v1`.
    Json,
}

/// Fetch what is new.
#[derive(Clone, Debug, Args)]
pub struct DbUpdate {
    /// What to fetch: rustsec, pypa, ghsa, malicious, osv:ECOSYSTEM, osv, epss, kev, or NAME=URL for a mirror
    /// (repeatable) [default: what was fetched before; else rustsec, osv:PyPI, osv:npm]
    #[arg(long, value_name = "NAME[=URL]")]
    pub source: Vec<String>,
    /// The database [default: weighbridge/advisories.db in XDG_DATA_HOME]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
}
