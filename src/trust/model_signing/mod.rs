//! OpenSSF Model Signing, releases 0.2 to 1.1: <https://github.com/ossf/model-signing-spec> and the Python tool
//! `model_signing`, the reference.
//!
//! A signature is a Sigstore bundle around an in-toto statement that lists every file, or every shard of every file,
//! with its digest; the digest over all these digests is the statement's subject.
//!
//! Where the reference is lax and we refuse: an empty list, `..` and unnormalised names, a name listed twice, digests
//! that are not lower-case hexadecimal, ambiguous JSON, the encoding of release 0.2 around a later statement, files
//! that are both listed and ignored, and empty files that nobody signed in a signature by shards. Files under ignored
//! paths are named in the evidence.

mod compare;
mod legacy;
mod manifest;
mod paths;
mod sign;

pub use compare::{DIGEST_MISMATCH, EXCLUDED_FILE, IGNORED_FILE, MISSING_FILE, ROOT_DIGEST_MISMATCH, UNSIGNED_FILE};
pub use paths::Ignored;
pub use sign::{SignError, SignOptions, root_digest, sign, statement};

use super::bundle::{Bundle, Content};
use super::dsse::IN_TOTO;
use super::rollback;
use super::scene::{Requirements, SIGNATURE_MALFORMED, Scene, Verified};
use super::statement::Statement;
use crate::model::Evidence;
use manifest::{Manifest, PREDICATE, PREDICATE_V0_2, Trouble};

/// True if a statement is about a model in one of the two forms.
#[must_use]
pub fn is(statement: &Statement) -> bool {
    [PREDICATE, PREDICATE_V0_2].contains(&statement.predicate_type.as_str())
}

/// What must be computed before the signature can be compared. Read from bytes that nobody has vouched for.
pub(super) fn requirements(statement: &Statement) -> Requirements {
    let Ok(manifest) = Manifest::of(statement) else { return Requirements::default() };
    let mut requirements = Requirements::default();
    match manifest.shard_size {
        None => {
            requirements.algorithms.insert(manifest.algorithm);
        }
        Some(size) => requirements.shards = Some((size, manifest.algorithm)),
    }
    requirements
}

/// Checks the signature of a bundle around a model statement, then every file against it.
pub(super) fn check(scene: &Scene<'_>, bundle: &Bundle, text: &str, statement: &Statement) -> Verified {
    let malformed = |clause: &str| {
        let message = format!("{}: {clause}", scene.name());
        Verified::refused(vec![scene.raise(&SIGNATURE_MALFORMED, message)])
    };
    let Content::Envelope(envelope) = &bundle.content else { return malformed("it carries no envelope") };
    if envelope.payload_type() != IN_TOTO {
        return malformed("its payload is not said to be an in-toto statement");
    }
    if !bundle.logged && bundle.media_type != super::bundle::BUNDLE_V0_3 {
        return malformed(&format!("its media type is {:?}", bundle.media_type));
    }
    let manifest = match Manifest::of(statement) {
        Ok(manifest) => manifest,
        Err(Trouble::Malformed(clause)) => return malformed(&clause),
        Err(Trouble::Root { expected, found }) => {
            let message = format!(
                "{} says that the digest over its list is {expected}, but the list gives {found}",
                scene.name()
            );
            let evidence = scene.raise(&ROOT_DIGEST_MISMATCH, message).with("expected", expected).with("found", found);
            return Verified::refused(vec![evidence]);
        }
    };
    let legacy = manifest.release_0_2.then(|| legacy::encode(envelope.unverified_payload()));
    // The statement was read from this very envelope, so what is vouched for below is what was read above.
    match scene.authenticate(bundle, text, &manifest.subject_digest, legacy.as_deref()) {
        Ok(signed) => {
            let mut evidence = manifest.compare(scene);
            evidence.extend(rollback::check(scene, &manifest.name, manifest.root(), signed.time));
            Verified::of(scene, signed, evidence, manifest.describe())
        }
        Err(mut refusals) => {
            // Nobody vouches for the list, but a folder that does not match the list it carries is damaged all the same.
            if scene.settings.trusts_nobody() {
                refusals.extend(manifest.compare(scene).into_iter().map(declared));
            }
            Verified::refused(refusals)
        }
    }
}

fn declared(evidence: Evidence) -> Evidence {
    evidence.known_by(crate::model::Assurance::Declared)
}
