//! The verbs that make and use keys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;
use super::{Advising, Judging, Naming, Reading, Writing};

/// How to unlock a private key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How the key is unlocked")]
pub struct Unlocking {
    /// Read the passphrase from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "passphrase_fd")]
    pub passphrase_env: Option<String>,
    /// Read the passphrase from this open file descriptor, up to the first line end
    #[arg(long, value_name = "FD")]
    pub passphrase_fd: Option<i32>,
}

/// How to unlock the key as it shall be written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How the new key is locked")]
pub struct Relocking {
    /// Read the new passphrase from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "new_passphrase_fd")]
    pub new_passphrase_env: Option<String>,
    /// Read the new passphrase from this open file descriptor, up to the first line end
    #[arg(long, value_name = "FD")]
    pub new_passphrase_fd: Option<i32>,
}

/// Sign a model.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::SIGN)]
pub struct Sign {
    /// A model folder or file
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The private key, PEM
    #[cfg_attr(feature = "keyless", arg(long, value_name = "PEM", required_unless_present = "keyless"))]
    #[cfg_attr(not(feature = "keyless"), arg(long, value_name = "PEM", required = true))]
    pub key: Option<PathBuf>,
    /// The certificate of the key, PEM, and those that lead to its root, in order (repeatable)
    #[arg(long, value_name = "PEM")]
    pub certificate: Vec<PathBuf>,
    /// What PATH is
    #[arg(long, value_enum, default_value_t = SignedKind::Model)]
    pub content: SignedKind,
    #[cfg(feature = "keyless")]
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keyless: super::Keyless,
    /// Sign ranges of this many bytes in place of whole files
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shard_size: Option<u64>,
    /// Hash function: sha256, blake2b or blake3
    #[arg(long, value_name = "ALG", default_value = "sha256", value_parser = super::algorithm)]
    pub hash: crate::model::Algorithm,
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
#[command(after_help = examples::ATTEST)]
pub struct Attest {
    /// Check a statement instead of making one
    #[command(subcommand)]
    pub verify: Option<AttestVerb>,
    /// A model folder or file
    #[arg(required = true, value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Kind of statement
    #[arg(long, value_enum, default_value_t = Predicate::Summary, value_name = "KIND")]
    pub predicate: Predicate,
    /// The private key that signs the statement, PEM (repeatable)
    #[cfg_attr(feature = "keyless", arg(long, value_name = "PEM", required_unless_present = "keyless"))]
    #[cfg_attr(not(feature = "keyless"), arg(long, value_name = "PEM", required = true))]
    pub key: Vec<PathBuf>,
    #[cfg(feature = "keyless")]
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keyless: super::Keyless,
    /// A trusted public key for the model's own signature, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub trusted_key: Vec<PathBuf>,
    /// Where to write the envelope; standard output by default
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a Sigstore bundle (one key) instead of a DSSE envelope
    #[arg(long)]
    pub bundle: bool,
    /// The certificate chain of the key, leaf first, PEM; implies --bundle
    #[arg(long, value_name = "PEM")]
    pub certificate: Option<PathBuf>,
    /// What the model is called where it is fetched from; by default its name
    #[arg(long, value_name = "URI")]
    pub resource_uri: Option<String>,
    /// Who verifies, as a URI that consumers pair with the key
    #[arg(long, value_name = "URI")]
    pub verifier_id: Option<String>,
    /// Where the policy is published; by default its name
    #[arg(long, value_name = "URI")]
    pub policy_uri: Option<String>,
    /// A signed statement about the same files, for policies that require one; named as an input (repeatable)
    #[arg(long, value_name = "FILE")]
    pub attestation: Vec<PathBuf>,
    /// A public key whose statements are named in the report, besides those of the policy, PEM (repeatable)
    #[arg(long, value_name = "PEM")]
    pub attestation_key: Vec<PathBuf>,
    /// A document that was among the evidence, such as a bill of materials; named as an input (repeatable)
    #[arg(long, value_name = "FILE")]
    pub input: Vec<PathBuf>,
    /// The bill of materials that --predicate sbom refers to
    #[arg(long, value_name = "FILE")]
    pub sbom: Option<PathBuf>,
    /// Where that bill is fetched from; by default a URI of its digest
    #[arg(long, value_name = "URI", requires = "sbom")]
    pub sbom_uri: Option<String>,
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

/// Kinds of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Predicate {
    /// SLSA verification summary: the verdict.
    Summary,
    /// in-toto test result: the outcome of each rule.
    TestResult,
    /// in-toto simple verification result: what passed.
    Svr,
    /// in-toto vulnerabilities: the advisories that match.
    Vulnerabilities,
    /// OpenVEX: the same, with what is answered for.
    Openvex,
    /// in-toto reference to a bill of materials by its digest.
    Sbom,
}

/// What can be done with a statement.
#[derive(Clone, Debug, Subcommand)]
pub enum AttestVerb {
    /// Check a signed verification summary against the bytes it speaks of
    Verify(AttestVerify),
}

/// Check a signed verification summary.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::ATTEST_VERIFY)]
pub struct AttestVerify {
    /// The envelope
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The model folder or file it must speak of
    #[arg(long, value_name = "PATH")]
    pub subject: PathBuf,
    /// A trusted public key, PEM (repeatable)
    #[arg(long, required_unless_present_any = ["certificate_chain", "identity", "identity_regexp"], value_name = "PEM")]
    pub key: Vec<PathBuf>,
    /// Whom certificates may name.
    #[command(flatten)]
    pub naming: Naming,
    /// How many distinct trusted signers must have signed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub threshold: u32,
    /// Oldest acceptable summary, such as 90s, 24h, 1h30m or 30d
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// A level that the summary must reach, or the name of a tier (repeatable)
    #[arg(long, value_name = "LEVEL")]
    pub level: Vec<String>,
    /// The policy that must have judged: a built-in name or a policy file
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// The URI that the summary must give for that policy
    #[arg(long, value_name = "URI")]
    pub policy_uri: Option<String>,
    /// What the summary must say it is for
    #[arg(long, value_name = "URI")]
    pub resource_uri: Option<String>,
    /// Who must have verified
    #[arg(long, value_name = "URI")]
    pub verifier_id: Option<String>,
    /// An attestation that the summary must rest on: a kind (sbom, audit, …), or KIND=PEM for one by that key (repeatable)
    #[arg(long, value_name = "KIND[=PEM]")]
    pub require_input: Vec<String>,
    /// An attestation or document among the summary's inputs (repeatable)
    #[arg(long, value_name = "FILE")]
    pub input: Vec<PathBuf>,
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
    /// Say what a key file is: kind, identifiers, encryption; never a secret
    Inspect {
        /// A private or public key
        #[arg(value_name = "FILE")]
        key: PathBuf,
        /// How to say it
        #[arg(long, value_enum, default_value_t = KeyFormat::Terminal)]
        format: KeyFormat,
        #[command(flatten)]
        #[allow(missing_docs)]
        unlocking: Unlocking,
    },
    /// Write a private key again under a new passphrase, as PKCS#8
    ReEncrypt {
        /// The private key, PEM
        #[arg(value_name = "FILE")]
        key: PathBuf,
        /// Where to write it; a new file
        #[arg(long, short, value_name = "FILE", required_unless_present = "in_place", conflicts_with = "in_place")]
        output: Option<PathBuf>,
        /// Replace the file itself, in one step
        #[arg(long)]
        in_place: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        unlocking: Unlocking,
        #[command(flatten)]
        #[allow(missing_docs)]
        relocking: Relocking,
    },
}

/// What is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SignedKind {
    /// A model, by a manifest of its files: OpenSSF Model Signing.
    #[default]
    Model,
    /// One file: a Sigstore bundle over its digest.
    File,
    /// An in-toto statement: a Sigstore bundle around it.
    Statement,
}

/// How `key inspect` speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyFormat {
    /// For people.
    #[default]
    Terminal,
    /// One JSON object.
    Json,
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
