//! Signatures, keys and manifests: bytes in, evidence out.
//!
//! ```text
//! check ─▶ bundle · envelope · statement ─▶ authenticate ─▶ key | certificate | sigstore   who signed?
//!    └──▶ model_signing · detached ─▶ compare                                            is it these files?
//! ```
//!
//! Nothing here opens a file or reads the clock: the pass computes digests beforehand ([`requirements`] says which),
//! and the time of the check is handed in.

pub mod attested;
mod authenticate;
mod bundle;
mod certificate;
mod check;
pub mod checksums;
mod cosign;
mod detached;
pub mod dsse;
mod entry;
mod foreign;
pub mod inputs;
pub mod key;
mod key_file;
#[cfg(feature = "keyless")]
pub mod keyless;
mod minisign;
pub mod model_signing;
mod published;
mod rollback;
mod scene;
mod sealed;
mod settings;
mod shape;
pub mod signing;
mod sigstore;
mod ssh;
mod statement;
mod strict;
pub mod summary;
mod wrapped;

use crate::model::Rule;

pub use certificate::Certificate;
pub use check::{check, requirements, too_few};
pub use key_file::{KeyDescription, describe_key, private_key, public_key};
pub use scene::Requirements;
pub use settings::{Identity, SignatureFile, Subject, TrustSettings};
pub use sigstore::TrustedRoot;
pub use statement::{Statement, StatementSubject};

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &attested::STATEMENT_SIGNED,
    &authenticate::SIGNATURE_INVALID,
    &authenticate::SIGNATURE_LEGACY_ENCODING,
    &authenticate::SIGNATURE_UNASSESSED,
    &authenticate::SIGNATURE_UNTRUSTED_IDENTITY,
    &authenticate::SIGNATURE_UNTRUSTED_KEY,
    &scene::SIGNATURE_VALID,
    &certificate::CERTIFICATE_EXPIRED,
    &certificate::CERTIFICATE_UNTRUSTED,
    &scene::SIGNATURE_MALFORMED,
    &check::SIGNATURE_THRESHOLD_UNMET,
    &checksums::CHECKSUMS_MALFORMED,
    &checksums::CHECKSUMS_MATCH,
    &checksums::CHECKSUMS_MISMATCH,
    &checksums::CHECKSUMS_MISSING_FILE,
    &checksums::CHECKSUMS_UNCHECKED,
    &checksums::CHECKSUMS_WEAK,
    &scene::SIGNATURE_UNCHECKED,
    &scene::SIGNATURE_OTHER_SUBJECT,
    &inputs::ATTESTATION_INPUT_MISSING,
    &model_signing::DIGEST_MISMATCH,
    &model_signing::EXCLUDED_FILE,
    &model_signing::IGNORED_FILE,
    &model_signing::MISSING_FILE,
    &model_signing::ROOT_DIGEST_MISMATCH,
    &model_signing::UNSIGNED_FILE,
    &rollback::DIGEST_REVOKED,
    &rollback::SIGNATURE_TOO_OLD,
    &rollback::SUBJECT_NAME_MISMATCH,
    &sigstore::LOG_PROOF_INVALID,
    &sigstore::TIMESTAMP_INVALID,
    &summary::ATTESTATION_FAILED,
    &summary::ATTESTATION_LEVEL_MISSING,
    &summary::ATTESTATION_MALFORMED,
    &summary::ATTESTATION_POLICY_MISMATCH,
    &summary::ATTESTATION_RESOURCE_MISMATCH,
    &summary::ATTESTATION_SIGNATURE_INVALID,
    &summary::ATTESTATION_STALE,
    &summary::ATTESTATION_SUBJECT_MISMATCH,
    &summary::ATTESTATION_THRESHOLD_UNMET,
    &summary::ATTESTATION_VALID,
    &summary::ATTESTATION_VERIFIER_MISMATCH,
];
