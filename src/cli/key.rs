//! `weighbridge key`, and reading keys for the verbs that need them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{KeyFormat, KeyKind, KeyVerb, Relocking, Unlocking};
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
        KeyVerb::Inspect { key, format, unlocking } => inspect(key, *format, unlocking)?,
        KeyVerb::ReEncrypt { key, output, in_place: _, unlocking, relocking } => {
            re_encrypt(key, output.as_deref(), unlocking, relocking, quiet)?;
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

/// Says what a key file is. The passphrase of an encrypted one is only used when it is given, never asked for: most of
/// what is to say stands outside of the encryption.
fn inspect(path: &Path, format: KeyFormat, unlocking: &Unlocking) -> Result<(), Mistake> {
    let text = zeroize::Zeroizing::new(read_small(path, KEY_BYTES)?);
    let name = output::shown(path);
    let wrong = |error: KeyError| Mistake::new(format!("{name} is not a key that is known here: {error}"));
    let passphrase = passphrase::given(unlocking)?;
    let described = trust::describe_key(&text, passphrase.as_ref().map(|text| text.as_bytes())).map_err(wrong)?;
    let mode = std::fs::metadata(path).map(|found| found.permissions().mode() & 0o777).unwrap_or_default();
    let mut lines = vec![
        ("file", described.form.to_owned()),
        ("half", if described.private { "private" } else { "public" }.to_owned()),
    ];
    if described.private {
        lines.push(("encryption", described.encryption.clone().unwrap_or_else(|| "none".to_owned())));
        lines.push(("mode", format!("{mode:04o}")));
    }
    if let Some(public) = &described.public {
        lines.push(("kind", public.kind().to_string()));
        lines.push(("key-id", public.id().to_string()));
        lines.push(("spki-sha256", public.der_id().to_string()));
        lines.push(("ssh", public.ssh_fingerprint()));
    }
    let text = match format {
        KeyFormat::Json => {
            let object: serde_json::Map<String, serde_json::Value> =
                lines.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            format!("{}\n", serde_json::Value::Object(object))
        }
        KeyFormat::Terminal => lines.iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect(),
    };
    output::document(&text, None)?;
    if described.public.is_none() {
        output::remark("its kind and identifiers are encrypted; give the passphrase to see them");
    }
    if described.private && mode & 0o077 != 0 {
        output::remark(&format!("others can read {name} (mode {mode:04o}); `chmod 600` takes that away"));
    }
    Ok(())
}

/// Reads a key and writes it under a new passphrase, into a new file or over itself.
fn re_encrypt(
    path: &Path,
    output: Option<&Path>,
    unlocking: &Unlocking,
    relocking: &Relocking,
    quiet: bool,
) -> Result<(), Mistake> {
    let target = output.unwrap_or(path);
    if output.is_some() && target.symlink_metadata().is_ok() {
        return Err(Mistake::new(format!("{} exists already; a key is never overwritten", output::shown(target)))
            .help("choose another name, or use --in-place to replace the key itself"));
    }
    if output.is_none() && !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return Err(Mistake::new(format!("{} is not a plain file", output::shown(path)))
            .help("--in-place replaces plain files only; name what a link points to, or use --output"));
    }
    let private = private(path, unlocking)?;
    let new =
        Unlocking { passphrase_env: relocking.new_passphrase_env.clone(), passphrase_fd: relocking.new_passphrase_fd };
    let passphrase = passphrase::new(&new)?;
    let pem = private.to_pem(Some(passphrase.as_bytes())).map_err(Mistake::new)?;
    match output {
        Some(new) => output::new_file(new, pem.as_bytes(), 0o600)?,
        None => output::replace_file(path, pem.as_bytes(), 0o600)?,
    }
    if !quiet {
        output::remark(&format!("{} (mode 0600, encrypted)", output::shown(target)));
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
