//! Signatures over one file, or over a statement about files.

use std::collections::BTreeSet;

use super::authenticate::SIGNATURE_UNTRUSTED_KEY;
use super::bundle::{Bundle, Content, Material};
use super::dsse::{Envelope, IN_TOTO};
use super::rollback;
use super::scene::{
    Requirements, SIGNATURE_MALFORMED, SIGNATURE_OTHER_SUBJECT, SIGNATURE_UNCHECKED, Scene, Signed, Verified,
};
use super::settings::SignatureFile;
use super::sigstore::Target;
use super::statement::Statement;
use crate::model::{Algorithm, Artifact, ArtifactPath, Digest, Evidence};

/// Endings of files that sign the file of the same name without it.
const ENDINGS: [&str; 10] = [
    ".sigstore.json",
    ".sigstore",
    ".intoto.jsonl",
    ".bundle",
    ".minisig",
    ".publish.attestation",
    ".sshsig",
    ".sig",
    ".att",
    ".asc",
];

/// Digests that statements name, by in-toto's names.
const NAMED: [(&str, Algorithm); 3] =
    [("sha256", Algorithm::Sha256), ("sha384", Algorithm::Sha384), ("sha512", Algorithm::Sha512)];

/// The name of the file that a signature of this name belongs to.
fn stem(name: &str) -> Option<&str> {
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).filter(|stem| !stem.is_empty())
}

/// The path of the file that a detached signature is over, if its name says so.
pub fn target_path(file: &SignatureFile<'_>) -> Option<ArtifactPath> {
    match &file.path {
        Some(path) => stem(path.name()).map(|stem| path.sibling(stem)),
        None => stem(file.name.rsplit('/').next().unwrap_or(&file.name)).map(ArtifactPath::new),
    }
}

/// The file that a detached signature is over: the only one, or the one it is named after.
pub fn target<'a>(scene: &Scene<'a>) -> Option<&'a Artifact> {
    if let [artifact] = scene.subject.artifacts
        && artifact.path.as_str() == "."
    {
        return Some(artifact);
    }
    let path = target_path(scene.file)?;
    scene.subject.artifacts.iter().find(|artifact| artifact.path == path)
}

/// SHA-384 and SHA-512 subjects, as npm writes them.
pub fn requirements_of_statement(statement: &Statement) -> Requirements {
    let named = statement.subjects.iter().flat_map(|subject| subject.digests.keys());
    let algorithms = named
        .filter_map(|name| NAMED.iter().find(|(known, _)| known == name).map(|(_, algorithm)| *algorithm))
        .filter(|algorithm| *algorithm != Algorithm::Sha256)
        .collect();
    Requirements { algorithms, ..Requirements::default() }
}

/// The bundle's own digest, that of the key's curve, and the bytes for Ed25519.
pub fn requirements_of_message(file: &SignatureFile<'_>, digest: Option<&(String, Vec<u8>)>) -> Requirements {
    let algorithms = match digest.map(|(algorithm, _)| algorithm.as_str()) {
        Some("SHA2_384") => BTreeSet::from([Algorithm::Sha384]),
        Some("SHA2_512") => BTreeSet::from([Algorithm::Sha512]),
        _ => BTreeSet::new(),
    };
    Requirements { algorithms, keep: target_path(file), ..Requirements::default() }
}

/// A bundle over the bytes of one file.
pub fn message(scene: &Scene<'_>, bundle: &Bundle, text: &str) -> Verified {
    let Content::Message { digest, signature } = &bundle.content else {
        return scene.refuse(&SIGNATURE_MALFORMED, "it carries no signature");
    };
    let Some(artifact) = target(scene) else {
        return scene.refuse(&SIGNATURE_UNCHECKED, "it is over one file, and its name does not say which");
    };
    let algorithm = match digest.as_ref().map(|(algorithm, _)| algorithm.as_str()) {
        None | Some("SHA2_256") => Algorithm::Sha256,
        Some("SHA2_384") => Algorithm::Sha384,
        Some("SHA2_512") => Algorithm::Sha512,
        Some(other) => return scene.refuse(&SIGNATURE_UNCHECKED, format!("its digest is {other}")),
    };
    let Some(computed) = artifact.digests.get(algorithm) else {
        return scene.refuse(&SIGNATURE_UNCHECKED, format!("the {algorithm} digest of the file was not computed"));
    };
    if let Some((_, said)) = digest.as_ref().filter(|(_, said)| said != computed.bytes()) {
        let clause = format!(
            "it is over a file with the {algorithm} {}, but this one has {}",
            hex::encode(said),
            computed.hex()
        );
        return scene.refuse(&SIGNATURE_OTHER_SUBJECT, clause);
    }
    let answer = if bundle.logged {
        let target = artifact.kept.as_deref().map_or(Target::Digest(computed), Target::Bytes);
        scene.logged(bundle, text, target)
    } else if matches!(bundle.material, Material::Certificates(_)) {
        return scene
            .refuse(&SIGNATURE_UNCHECKED, "a certificate without a log entry or timestamp vouches for no file");
    } else {
        by_key(scene, artifact, Some(computed), signature)
    };
    finish(scene, answer, &[artifact], artifact.path.name())
}

/// A plain key over one file: ECDSA over the digest, Ed25519 over the bytes.
pub fn by_key(
    scene: &Scene<'_>,
    artifact: &Artifact,
    digest: Option<&Digest>,
    signature: &[u8],
) -> Result<Signed, Vec<Evidence>> {
    if scene.settings.trusts_nobody() {
        return Err(vec![scene.unassessed("with a key that it does not name")]);
    }
    let made = |key: &&super::key::PublicKey| {
        digest.is_some_and(|digest| key.verify_digest(digest.bytes(), signature))
            || artifact.kept.as_deref().is_some_and(|bytes| key.verify(bytes, signature))
    };
    let signers: BTreeSet<String> = scene.settings.keys.iter().filter(made).map(|key| key.id().to_string()).collect();
    let Some(first) = signers.first().cloned() else {
        let message = format!("{}: none of the {} trusted key(s) made it", scene.name(), scene.settings.keys.len());
        return Err(vec![scene.raise(&SIGNATURE_UNTRUSTED_KEY, message)]);
    };
    Ok(Signed { signers, by: format!("key {first}"), time: None, notes: Vec::new() })
}

/// Puts together what was found about one file or statement.
pub fn finish(scene: &Scene<'_>, answer: Result<Signed, Vec<Evidence>>, covered: &[&Artifact], name: &str) -> Verified {
    match answer {
        Err(refusals) => Verified::refused(refusals),
        Ok(signed) => {
            let compared = rollback::check(scene, name, None, signed.time);
            let files: Vec<String> = covered.iter().map(|artifact| artifact.path.to_string()).collect();
            Verified::of(scene, signed, compared, vec![("covers", files.into())])
        }
    }
}

/// A bundle around a statement about files.
pub fn attested(scene: &Scene<'_>, bundle: &Bundle, text: &str, statement: &Statement) -> Verified {
    let (covered, subject) = match covered(scene, statement) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let answer = scene.authenticate(bundle, text, &subject, None);
    let name = statement.subjects.first().map(|subject| subject.name.as_str()).unwrap_or_default();
    finish(scene, answer, &covered, name)
}

/// An envelope without a bundle, perhaps with several signatures.
pub fn envelope(scene: &Scene<'_>, envelope: &Envelope) -> Verified {
    if envelope.payload_type() != IN_TOTO {
        return scene.refuse(&SIGNATURE_UNCHECKED, format!("its payload is {:?}", envelope.payload_type()));
    }
    let statement = match Statement::parse(envelope.unverified_payload()) {
        Ok(statement) => statement,
        Err(clause) => return scene.refuse(&SIGNATURE_MALFORMED, clause),
    };
    if scene.settings.trusts_nobody() {
        return Verified::refused(vec![scene.unassessed("with keys that it only hints at")]);
    }
    let (covered, _) = match covered(scene, &statement) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    // The threshold is counted over all signature files together.
    let answer = match envelope.verify(&scene.settings.keys, 1) {
        Err(refusal) => Err(vec![scene.raise(&SIGNATURE_UNTRUSTED_KEY, format!("{}: {refusal}", scene.name()))]),
        Ok(payload) => {
            let signers: BTreeSet<String> = payload.signers().iter().map(ToString::to_string).collect();
            let by = format!("{} trusted key(s)", signers.len());
            Ok(Signed { signers, by, time: None, notes: Vec::new() })
        }
    };
    let name = statement.subjects.first().map(|subject| subject.name.as_str()).unwrap_or_default();
    finish(scene, answer, &covered, name)
}

/// The files whose digests the statement names, and one of these digests.
pub fn covered<'a>(scene: &Scene<'a>, statement: &Statement) -> Result<(Vec<&'a Artifact>, Digest), Verified> {
    let mut named: BTreeSet<Digest> = BTreeSet::new();
    for subject in &statement.subjects {
        for (algorithm, text) in &subject.digests {
            if let Some((_, algorithm)) = NAMED.iter().find(|(known, _)| known == algorithm) {
                let digest = Digest::from_hex(*algorithm, text);
                named.insert(digest.map_err(|error| scene.refuse(&SIGNATURE_MALFORMED, error))?);
            }
        }
    }
    let matching = |artifact: &Artifact| artifact.digests.iter().find(|digest| named.contains(digest)).cloned();
    let only = target(scene);
    let covered: Vec<&Artifact> = scene
        .subject
        .artifacts
        .iter()
        .filter(|artifact| only.is_none_or(|only| only.path == artifact.path) && matching(artifact).is_some())
        .collect();
    match covered.first().and_then(|artifact| matching(artifact)) {
        Some(digest) => Ok((covered, digest)),
        None => {
            let shown: Vec<String> = named.iter().take(3).map(ToString::to_string).collect();
            let clause = format!("it is about {} and no file here has such a digest", shown.join(", "));
            Err(scene.refuse(&SIGNATURE_OTHER_SUBJECT, clause))
        }
    }
}
