//! The command line as clap reads it. One struct a verb; what several verbs share stands once.

mod bills;
mod database;
mod examples;
mod groups;
#[cfg(feature = "keyless")]
mod keyless;
mod policy;
mod signing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::Check;

pub use bills::{BillFormat, CheckFormat, Sbom, SbomCheck, SbomMerge, SbomVerb};
#[cfg(feature = "online")]
pub use database::DbUpdate;
pub use database::{Db, DbImport, DbStatus, DbVerb, StatusFormat};
pub use groups::{Advising, Judging, Naming, Reading, ReportFormat, Trusting, Writing};
#[cfg(feature = "keyless")]
pub use keyless::Keyless;
pub use policy::{PolicyArgs, PolicyCheck, PolicyDiff, PolicyTest, PolicyVerb, Shape};
pub use signing::{
    Attest, AttestVerb, AttestVerify, Key, KeyFormat, KeyKind, KeyVerb, Predicate, Relocking, Sign, SignedKind,
    Unlocking,
};

/// May this model be used? Weighs models and the software around them, and answers with evidence.
#[derive(Debug, Parser)]
#[command(
    name = "weighbridge",
    version,
    about,
    after_help = "Exit codes: 0 pass, 1 fail, 2 mistake in the call, 3 unknown (something could not be looked at)."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Show no progress and no warnings, only the result
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// Never touch the network; only `db update` and keyless signing would
    #[arg(long, global = true, help_heading = "Everywhere", env = "WEIGHBRIDGE_OFFLINE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,
    /// When to colour
    #[arg(long, global = true, help_heading = "Everywhere", value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check everything the policy asks for and give one verdict
    Verify(Box<Verify>),
    /// Print or check digests in the format of sha256sum
    Hash(Hash),
    /// Show what is inside a file
    Inspect(Inspect),
    /// Inspect files for what runs code, hides or is malformed
    Scan(Scan),
    /// Check dependencies against an advisory database
    Audit(Audit),
    /// Make and look at advisory databases
    Db(Db),
    /// Write a bill of materials; check or merge bills of anybody
    Sbom(Sbom),
    /// Sign a model (OpenSSF Model Signing)
    Sign(Sign),
    /// Verify, then sign the result; or check such a statement
    Attest(Box<Attest>),
    /// Make and look at keys
    Key(Key),
    /// Show, check, test and compare policies
    Policy(PolicyArgs),
    /// Explain a rule
    Explain(Explain),
    /// Evaluate Rego for another process of this program
    #[cfg(feature = "rego")]
    #[command(hide = true)]
    RegoEvaluate,
}

/// Check everything the policy asks for and give one verdict.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::VERIFY)]
pub struct Verify {
    /// Model folders or files
    #[arg(required_unless_present = "report", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Judge this JSON report again, without reading a byte of the files
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "signature", "attestation", "db", "vex", "index", "trusted_tree"])]
    pub report: Option<PathBuf>,
    /// Only these checks
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = check)]
    pub checks: Vec<Check>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judging: Judging,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub trusting: Trusting,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub advising: Advising,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: Writing,
}

/// Inspect files for what runs code, hides or is malformed.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::SCAN)]
pub struct Scan {
    /// Model folders or files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read structure alone: no digests, no checksums of members, no look at the numbers
    #[arg(long)]
    pub structure_only: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judging: Judging,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: Writing,
}

/// Check dependencies against an advisory database.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::AUDIT)]
pub struct Audit {
    /// A lockfile, or a folder with lockfiles
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Print the commands that would clear what has a fix; nothing is run
    #[arg(long)]
    pub fix: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judging: Judging,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub advising: Advising,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: Writing,
}

/// Print or check digests in the format of sha256sum.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::HASH)]
pub struct Hash {
    /// Files, folders, or with --check lists of digests (`-` for standard input)
    #[arg(required_unless_present = "files_from", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check the files that these lists name, relative to the current folder
    #[arg(long, short)]
    pub check: bool,
    /// Hash functions; more than one are computed in one pass and printed in the format of BSD
    #[arg(long, short, default_value = "sha256", value_name = "LIST", value_delimiter = ',', value_parser = algorithm)]
    pub algorithm: Vec<crate::model::Algorithm>,
    /// Digest ranges of so many bytes instead of whole files, named FILE:START:END as model signatures name them
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "check")]
    pub shard_size: Option<u64>,
    /// Hash what this file lists as well, a path each line or ended by NUL; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub files_from: Option<PathBuf>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = HashFormat::Sums)]
    pub format: HashFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Formats of digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HashFormat {
    /// Lines as `sha256sum` prints them.
    Sums,
    /// `weighbridge/hash/v1`.
    Json,
}

/// Show what is inside a file.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::INSPECT)]
pub struct Inspect {
    /// A file
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// List every tensor and call, not only the first ones
    #[arg(long, short)]
    pub verbose: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Explain a rule.
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The rule's id; all rules are listed without one
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
}

fn check(name: &str) -> Result<Check, String> {
    let names = Check::ALL.map(Check::name);
    Check::ALL
        .into_iter()
        .find(|check| check.name() == name)
        .ok_or_else(|| format!("not a check; choose among {}", names.join(", ")))
}

fn algorithm(name: &str) -> Result<crate::model::Algorithm, String> {
    crate::model::Algorithm::parse(name).ok_or_else(|| {
        let names = crate::model::Algorithm::ALL.map(crate::model::Algorithm::name);
        format!("not a hash function; choose among {}", names.join(", "))
    })
}
