//! Signature files that are not JSON: minisign, OpenSSH, and cosign's bare base64. OpenPGP is recognised and left.

use std::collections::BTreeSet;

use super::authenticate::{SIGNATURE_INVALID, SIGNATURE_UNTRUSTED_KEY};
use super::detached::{by_key, finish, target, target_path};
use super::key::PublicKey;
use super::minisign::{self, Minisignature, Needs};
use super::scene::{
    Requirements, SIGNATURE_MALFORMED, SIGNATURE_OTHER_SUBJECT, SIGNATURE_UNCHECKED, Scene, Signed, Verified,
};
use super::settings::SignatureFile;
use super::ssh::{self, SshSignature};
use super::strict;
use crate::model::{Algorithm, Artifact, Evidence};

enum Form {
    Minisign,
    Ssh,
    Pgp,
    Bare(Vec<u8>),
}

fn form(bytes: &[u8]) -> Option<Form> {
    let text = bytes.trim_ascii();
    if text.starts_with(minisign::BEGIN) {
        return Some(Form::Minisign);
    }
    if text.starts_with(ssh::BEGIN) {
        return Some(Form::Ssh);
    }
    // Binary signatures begin with a packet of type 2 (RFC 9580 4.2).
    let packet = bytes.first().is_some_and(|byte| [0x88, 0x89, 0xc2].contains(byte));
    if text.starts_with(b"-----BEGIN PGP") || packet {
        return Some(Form::Pgp);
    }
    let bare = std::str::from_utf8(text).ok().filter(|text| text.len() <= 1024)?;
    strict::base64(bare).ok().filter(|bytes| (40..=160).contains(&bytes.len())).map(Form::Bare)
}

/// What the pass must compute or keep.
pub fn requirements(file: &SignatureFile<'_>) -> Requirements {
    let mut requirements = Requirements::default();
    match form(file.bytes) {
        Some(Form::Minisign) => match Minisignature::parse(file.bytes).map(|signature| signature.needs()) {
            Ok(Needs::Blake2b) => drop(requirements.algorithms.insert(Algorithm::Blake2b512)),
            Ok(Needs::Bytes) => requirements.keep = target_path(file),
            Err(_) => {}
        },
        Some(Form::Ssh) => {
            if let Ok(signature) = SshSignature::parse(file.bytes) {
                requirements.algorithms.insert(signature.hash);
            }
        }
        Some(Form::Bare(_)) => requirements.keep = target_path(file),
        Some(Form::Pgp) | None => {}
    }
    requirements
}

/// Checks it, whichever it is.
pub fn check(scene: &Scene<'_>) -> Verified {
    let Some(form) = form(scene.file.bytes) else {
        return scene.refuse(&SIGNATURE_MALFORMED, "it is not a signature of a known kind");
    };
    if matches!(form, Form::Pgp) {
        return scene.refuse(&SIGNATURE_UNCHECKED, "it is an OpenPGP signature, which is not verified here");
    }
    let Some(artifact) = target(scene) else {
        return scene.refuse(&SIGNATURE_UNCHECKED, "it is over one file, and its name does not say which");
    };
    let answer = match form {
        Form::Minisign => minisign(scene, artifact),
        Form::Ssh => ssh(scene, artifact),
        Form::Bare(signature) => by_key(scene, artifact, artifact.digests.get(Algorithm::Sha256), &signature),
        Form::Pgp => Err(Vec::new()),
    };
    finish(scene, answer, &[artifact], artifact.path.name())
}

fn minisign(scene: &Scene<'_>, artifact: &Artifact) -> Result<Signed, Vec<Evidence>> {
    let signature = Minisignature::parse(scene.file.bytes)
        .map_err(|clause| vec![scene.raise(&SIGNATURE_MALFORMED, format!("{}: {clause}", scene.name()))])?;
    if scene.settings.trusts_nobody() {
        return Err(vec![scene.unassessed("with a minisign key")]);
    }
    let mut made = Vec::new();
    for key in &scene.settings.keys {
        match signature.verify(key, artifact) {
            Some(true) => made.push(key),
            Some(false) => {}
            None => {
                let message = format!("{}: the digest or the bytes that it is over are not at hand", scene.name());
                return Err(vec![scene.raise(&SIGNATURE_UNCHECKED, message)]);
            }
        }
    }
    signed(scene, &made)
}

fn ssh(scene: &Scene<'_>, artifact: &Artifact) -> Result<Signed, Vec<Evidence>> {
    let refuse = |rule, clause: String| vec![scene.raise(rule, format!("{}: {clause}", scene.name()))];
    let signature = SshSignature::parse(scene.file.bytes).map_err(|clause| refuse(&SIGNATURE_MALFORMED, clause))?;
    if signature.namespace != "file" {
        let clause = format!("it was made for {:?}, not for a file", signature.namespace);
        return Err(refuse(&SIGNATURE_OTHER_SUBJECT, clause));
    }
    if scene.settings.trusts_nobody() {
        return Err(vec![scene.unassessed(&format!("with the key {}", signature.key.id()))]);
    }
    match signature.verify(artifact) {
        None => Err(refuse(&SIGNATURE_UNCHECKED, format!("the {} digest was not computed", signature.hash))),
        Some(false) => Err(refuse(&SIGNATURE_INVALID, "it is not over this file".to_owned())),
        Some(true) => {
            let made: Vec<&PublicKey> = scene.settings.keys.iter().filter(|key| **key == signature.key).collect();
            signed(scene, &made)
        }
    }
}

fn signed(scene: &Scene<'_>, made: &[&PublicKey]) -> Result<Signed, Vec<Evidence>> {
    let signers: BTreeSet<String> = made.iter().map(|key| key.id().to_string()).collect();
    let Some(first) = signers.first().cloned() else {
        let message = format!("{}: none of the {} trusted key(s) made it", scene.name(), scene.settings.keys.len());
        return Err(vec![scene.raise(&SIGNATURE_UNTRUSTED_KEY, message)]);
    };
    Ok(Signed { signers, by: format!("key {first}"), time: None, notes: Vec::new() })
}
