//! Flags that several verbs share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::weigh::Kernel;

/// How bytes are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How files are read")]
pub struct Reading {
    /// Leave out this path, relative to the root, and everything below it (repeatable)
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<String>,
    /// Follow symbolic links that stay inside the root
    #[arg(long)]
    pub allow_symlinks: bool,
    /// Worker threads; one per processor by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Map files into memory instead of reading them into private buffers
    #[arg(long)]
    pub mmap: bool,
    /// Read all files into private buffers, also those that `hash` would map
    #[arg(long, conflicts_with = "mmap")]
    pub no_mmap: bool,
    /// The SHA-256 kernel, for tests and measurements
    #[arg(long, value_name = "NAME", hide = true, value_parser = kernel)]
    pub kernel: Option<Kernel>,
    /// Set by `scan`, which has the flag.
    #[arg(skip)]
    pub structure_only: bool,
}

impl Reading {
    /// The paths of `--ignore` as reports write them.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.ignore.iter().map(|path| path.trim_end_matches('/').trim_start_matches("./"))
    }
}

/// How reports are written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How the report is written")]
pub struct Writing {
    /// Format of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Terminal)]
    pub format: ReportFormat,
    /// Write to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// List all evidence, inventory included
    #[arg(long, short)]
    pub verbose: bool,
    /// Who answers for an OpenVEX document; weighbridge itself by default
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Show for each risk that a buyer asks about whether this run assessed it, and with which evidence
    #[arg(long)]
    pub risks: bool,
}

/// Formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Terminal,
    /// `weighbridge/report/v1`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// OpenVEX 0.2.0: the advisories that match, and who answers for which.
    Openvex,
}

/// Under which policy, and at which moment.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "How it is judged")]
pub struct Judging {
    /// A built-in policy (development, production, regulated) or a policy file
    #[arg(long, value_name = "NAME|FILE", default_value = "development")]
    pub policy: String,
    /// The moment to judge at, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

impl Default for Judging {
    fn default() -> Self {
        Self { policy: "development".to_owned(), now: None }
    }
}

/// Which certificates are trusted, and for which names.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Whom certificates may name")]
pub struct Naming {
    /// Trusted root and intermediate certificates, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub certificate_chain: Vec<PathBuf>,
    /// The identity a Sigstore certificate must name
    #[arg(long, value_name = "ID", conflicts_with = "identity_regexp")]
    pub identity: Option<String>,
    /// An anchored regular expression that the identity must match
    #[arg(long, value_name = "RE")]
    pub identity_regexp: Option<String>,
    /// The issuer that vouched for the identity
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// A Sigstore trusted_root.json, or an instance: public-good (the default), staging, github
    #[arg(long, value_name = "FILE|NAME")]
    pub trusted_root: Option<PathBuf>,
}

/// Which signatures to check and whom to trust.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signatures and statements")]
pub struct Trusting {
    /// A signature file; by default those found in the folder (repeatable)
    #[arg(long, value_name = "FILE")]
    pub signature: Vec<PathBuf>,
    /// A trusted public key, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub key: Vec<PathBuf>,
    /// How many distinct trusted keys must have signed
    #[arg(long, value_name = "N")]
    pub threshold: Option<u32>,
    /// Whom certificates may name.
    #[command(flatten)]
    pub naming: Naming,
    /// Accept files that a signature does not cover
    #[arg(long)]
    pub ignore_unsigned: bool,
    /// A signed in-toto statement about the same files, for policies that require one, or a bill of materials that one
    /// refers to (repeatable)
    #[arg(long, value_name = "FILE")]
    pub attestation: Vec<PathBuf>,
    /// A public key whose statements are named in the report, besides those of the policy, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub attestation_key: Vec<PathBuf>,
}

/// Which advisories.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Advisories")]
pub struct Advising {
    /// Advisory database: a file made by `db import` or `db update`, or a folder or archive of RustSec, PyPA or OSV
    #[arg(long, alias = "advisory-db", value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// A copy of the index of crates.io, for versions that were yanked: a checkout, or the folder cargo keeps
    #[arg(long, value_name = "FOLDER")]
    pub index: Option<PathBuf>,
    /// The tree is ours: ask `cargo metadata`, which can run what the tree names, for features, targets and uses
    #[arg(long)]
    pub trusted_tree: bool,
    /// An OpenVEX document; what it says is not affected, and why, is excused in its author's name (repeatable)
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
}

fn kernel(name: &str) -> Result<Kernel, String> {
    let here = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    here().find(|kernel| kernel.name() == name).ok_or_else(|| {
        format!("not a kernel of this machine; it has {}", here().map(Kernel::name).collect::<Vec<_>>().join(", "))
    })
}
