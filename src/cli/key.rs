//! `weighbridge key`, and reading keys for the verbs that need them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{KeyKind, KeyVerb, Unlocking};
use super::exit::Mistake;
use super::{output, passphrase};
use crate::trust;
use crate::trust::key::{self, KeyError, PrivateKey, PublicKey};
use crate::weigh::read_small;

/// No key is longer.
const KEY_BYTES: u64 = 1 << 20;

/// Makes a key, or prints the public half of one.
pub fn run(verb: &KeyVerb, quiet: bool) -> Result<ExitCode, Mistake> {
    match verb {
        KeyVerb::Generate { output, kind, unencrypted, unlocking } => {
            generate(output, *kind, *unencrypted, unlocking, quiet)?;
        }
        KeyVerb::Public { key, unlocking } => {
            output::document(&private(key, unlocking)?.public().to_pem(), None)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn generate(path: &Path, kind: KeyKind, unencrypted: bool, unlocking: &Unlocking, quiet: bool) -> Result<(), Mistake> {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [path, &public] {
        if path.symlink_metadata().is_ok() {
            return Err(Mistake::new(format!("{} exists already; a key is never overwritten", output::shown(path)))
                .help("choose another name, or move the old key away"));
        }
    }
    let passphrase = if unencrypted { None } else { Some(passphrase::new(unlocking)?) };
    let kind = match kind {
        KeyKind::P256 => key::KeyKind::P256,
        KeyKind::P384 => key::KeyKind::P384,
        KeyKind::P521 => key::KeyKind::P521,
        KeyKind::Ed25519 => key::KeyKind::Ed25519,
    };
    let private = PrivateKey::generate(kind).map_err(Mistake::new)?;
    let pem = private.to_pem(passphrase.as_ref().map(|text| text.as_bytes())).map_err(Mistake::new)?;
    output::new_file(path, pem.as_bytes(), 0o600)?;
    output::new_file(&public, private.public().to_pem().as_bytes(), 0o644)?;
    if !quiet {
        output::remark(&format!(
            "{kind} key {}\nprivate key: {} (mode 0600{})\npublic key:  {}",
            private.public().id(),
            output::shown(path),
            if unencrypted { ", not encrypted" } else { ", encrypted" },
            output::shown(&public),
        ));
    }
    Ok(())
}

/// Reads a private key, asking for its passphrase when it is encrypted.
pub fn private(path: &Path, unlocking: &Unlocking) -> Result<PrivateKey, Mistake> {
    let text = zeroize::Zeroizing::new(read_small(path, KEY_BYTES)?);
    let name = output::shown(path);
    let wrong = |error: KeyError| {
        let mistake = Mistake::new(format!("cannot use {name} as a private key: {error}"));
        match error {
            KeyError::PassphraseMissing => {
                mistake.help("use --passphrase-env NAME or --passphrase-fd FD, or run it on a terminal to be asked")
            }
            _ => mistake,
        }
    };
    match trust::private_key(&text, None) {
        Err(KeyError::PassphraseMissing) => {
            let prompt = format!("passphrase of {name}: ");
            let Some(passphrase) = passphrase::existing(unlocking, &prompt)? else {
                return Err(wrong(KeyError::PassphraseMissing));
            };
            trust::private_key(&text, Some(passphrase.as_bytes())).map_err(wrong)
        }
        read => read.map_err(wrong),
    }
}

/// Reads a public key.
pub fn public(path: &Path) -> Result<PublicKey, Mistake> {
    let text = read_small(path, KEY_BYTES)?;
    trust::public_key(&text)
        .map_err(|error| Mistake::new(format!("cannot use {} as a public key: {error}", output::shown(path))))
}
