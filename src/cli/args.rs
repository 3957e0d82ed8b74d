//! The command line as clap reads it. One struct a verb; what several verbs share stands once.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::Check;

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
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
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
    Verify(Verify),
    /// Print or check digests in the format of sha256sum
    Hash(Hash),
    /// Show what is inside a file
    Inspect(Inspect),
    /// Inspect files for what runs code, hides or is malformed
    Scan(Scan),
    /// Check dependencies against an advisory database
    Audit(Audit),
    /// Write a bill of materials
    Sbom(Sbom),
    /// Sign a model (OpenSSF Model Signing)
    Sign(Sign),
    /// Verify, then sign the result; or check such a statement
    Attest(Attest),
    /// Make and look at keys
    Key(Key),
    /// Show and check policies
    Policy(PolicyArgs),
    /// Explain a rule
    Explain(Explain),
}

/// How bytes are read.
#[derive(Clone, Debug, Default, Args)]
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
    /// Read files instead of mapping them into memory
    #[arg(long)]
    pub no_mmap: bool,
}

/// How reports are written.
#[derive(Clone, Debug, Default, Args)]
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
}

/// Under which policy, and at which moment.
#[derive(Clone, Debug, Args)]
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

/// Which signatures to check and whom to trust.
#[derive(Clone, Debug, Default, Args)]
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
    /// A Sigstore trusted_root.json; by default the public-good instance
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Accept files that a signature does not cover
    #[arg(long)]
    pub ignore_unsigned: bool,
}

/// Which advisories.
#[derive(Clone, Debug, Default, Args)]
pub struct Advising {
    /// Advisory database: a folder in RustSec's layout
    #[arg(long, alias = "advisory-db", value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Never touch the network (no verb but `db update` does anyway)
    #[arg(long)]
    pub offline: bool,
}

/// Check everything the policy asks for and give one verdict.
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// Model folders or files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
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
pub struct Scan {
    /// Model folders or files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
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
pub struct Audit {
    /// A lockfile, or a folder with lockfiles
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
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
pub struct Hash {
    /// Files, folders, or with --check lists of digests
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check the files that these lists name, relative to the current folder
    #[arg(long, short)]
    pub check: bool,
    /// Hash function
    #[arg(long, short, default_value = "sha256", value_name = "ALG", value_parser = algorithm)]
    pub algorithm: crate::model::Algorithm,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Show what is inside a file.
#[derive(Clone, Debug, Args)]
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

/// Write a bill of materials.
#[derive(Clone, Debug, Args)]
pub struct Sbom {
    /// A model folder or file
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Kind of document
    #[arg(long, value_enum, default_value_t = SbomFormat::CycloneDx16)]
    pub format: SbomFormat,
    /// Write to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The moment to write into the document, RFC 3339; SOURCE_DATE_EPOCH or none by default
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Who answers for the document: a person or an organisation
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Who supplies the model
    #[arg(long, value_name = "NAME")]
    pub supplier: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub advising: Advising,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Kinds of bills of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SbomFormat {
    /// CycloneDX 1.6 JSON.
    #[value(name = "cyclonedx-1.6")]
    CycloneDx16,
    /// CycloneDX 1.7 JSON.
    #[value(name = "cyclonedx-1.7")]
    CycloneDx17,
}

/// How to unlock a private key.
#[derive(Clone, Debug, Default, Args)]
pub struct Unlocking {
    /// Read the passphrase from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "passphrase_fd")]
    pub passphrase_env: Option<String>,
    /// Read the passphrase from this open file descriptor, up to the first line end
    #[arg(long, value_name = "FD")]
    pub passphrase_fd: Option<i32>,
}

/// Sign a model.
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// A model folder or file
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The private key, PEM
    #[arg(long, value_name = "PEM")]
    pub key: PathBuf,
    /// Where to write the signature; by default model.sig in the folder, or FILE.sig beside a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub unlocking: Unlocking,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Verify, then sign the result; or check such a statement.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Attest {
    /// Check a statement instead of making one
    #[command(subcommand)]
    pub verify: Option<AttestVerb>,
    /// A model folder or file
    #[arg(required = true, value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The private key that signs the summary, PEM (repeatable)
    #[arg(long, required = true, value_name = "PEM")]
    pub key: Vec<PathBuf>,
    /// A trusted public key for the model's own signature, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub trusted_key: Vec<PathBuf>,
    /// Where to write the envelope; standard output by default
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What the model is called where it is fetched from; by default its name
    #[arg(long, value_name = "URI")]
    pub resource_uri: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub unlocking: Unlocking,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judging: Judging,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub advising: Advising,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// What can be done with a statement.
#[derive(Clone, Debug, Subcommand)]
pub enum AttestVerb {
    /// Check a signed verification summary against the bytes it speaks of
    Verify(AttestVerify),
}

/// Check a signed verification summary.
#[derive(Clone, Debug, Args)]
pub struct AttestVerify {
    /// The envelope
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The model folder or file it must speak of
    #[arg(long, value_name = "PATH")]
    pub subject: PathBuf,
    /// A trusted public key, PEM (repeatable)
    #[arg(long, required = true, value_name = "PEM")]
    pub key: Vec<PathBuf>,
    /// How many distinct trusted keys must have signed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threshold: u32,
    /// Oldest acceptable summary, such as 24h or 30d
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// A level that the summary must state (repeatable)
    #[arg(long, value_name = "LEVEL")]
    pub level: Vec<String>,
    /// The policy that must have judged: a built-in name or a policy file
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// The moment to judge at, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: Writing,
}

/// Make and look at keys.
#[derive(Clone, Debug, Args)]
pub struct Key {
    /// What to do with keys.
    #[command(subcommand)]
    pub verb: KeyVerb,
}

/// What can be done with keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyVerb {
    /// Make a private key, encrypted unless asked otherwise, and its public key beside it
    Generate {
        /// Where to write the private key; the public one gets the same name with .pub
        #[arg(value_name = "FILE")]
        output: PathBuf,
        /// Kind of key
        #[arg(long, value_enum, default_value_t = KeyKind::P256)]
        kind: KeyKind,
        /// Write the private key without a passphrase
        #[arg(long, conflicts_with_all = ["passphrase_env", "passphrase_fd"])]
        unencrypted: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        unlocking: Unlocking,
    },
    /// Print the public key of a private key
    Public {
        /// The private key, PEM
        #[arg(value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        #[allow(missing_docs)]
        unlocking: Unlocking,
    },
}

/// Kinds of keys that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// ECDSA on P-256: what model signing tools read.
    #[value(name = "p256")]
    P256,
    /// ECDSA on P-384.
    #[value(name = "p384")]
    P384,
    /// ECDSA on P-521.
    #[value(name = "p521")]
    P521,
    /// Ed25519: for attestations.
    #[value(name = "ed25519")]
    Ed25519,
}

/// Show and check policies.
#[derive(Clone, Debug, Args)]
pub struct PolicyArgs {
    /// What to do with policies.
    #[command(subcommand)]
    pub verb: PolicyVerb,
}

/// What can be done with policies.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyVerb {
    /// Print a policy as it holds, every value decided
    Show {
        /// A built-in policy or a policy file
        #[arg(value_name = "NAME|FILE", default_value = "development")]
        policy: String,
        /// Print the text as written instead, with its comments
        #[arg(long)]
        source: bool,
    },
    /// Check policy files for mistakes
    Check {
        /// Policy files
        #[arg(required = true, value_name = "FILE")]
        policies: Vec<String>,
    },
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
