//! Where passphrases come from: a prompt on the terminal, an open file descriptor, an environment variable. Never the
//! command line, which every process of the machine can read.

use std::io::{IsTerminal, Read};

use zeroize::Zeroizing;

use super::args::Unlocking;
use super::exit::Mistake;

/// A passphrase, wiped when dropped.
pub type Passphrase = Zeroizing<String>;

/// A longer line is no passphrase.
const LONGEST: u64 = 4096;

/// The passphrase for a key that is there; `None` when nobody can be asked.
pub fn existing(from: &Unlocking, prompt: &str) -> Result<Option<Passphrase>, Mistake> {
    if let Some(given) = given(from)? {
        return Ok(Some(given));
    }
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    ask(prompt).map(Some)
}

/// The passphrase for a new key, asked for twice.
pub fn new(from: &Unlocking) -> Result<Passphrase, Mistake> {
    let chosen = match given(from)? {
        Some(given) => given,
        None if !std::io::stdin().is_terminal() => {
            return Err(Mistake::new("a new key needs a passphrase, and there is no terminal to ask on").help(
                "use --passphrase-env NAME or --passphrase-fd FD (--new-passphrase-… for re-encrypt), or --unencrypted",
            ));
        }
        None => {
            let chosen = ask("passphrase for the new key: ")?;
            if ask("the same again: ")? != chosen {
                return Err(Mistake::new("the two passphrases differ"));
            }
            chosen
        }
    };
    if chosen.is_empty() {
        return Err(Mistake::new("the passphrase is empty").help("use --unencrypted if the key shall have none"));
    }
    Ok(chosen)
}

/// The passphrase that the flags name, if they name one.
pub fn given(from: &Unlocking) -> Result<Option<Passphrase>, Mistake> {
    if let Some(name) = &from.passphrase_env {
        return match std::env::var(name) {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(_) => Err(Mistake::new(format!("the environment variable {name:?} is not set, or not UTF-8"))),
        };
    }
    let Some(descriptor) = from.passphrase_fd else { return Ok(None) };
    let failed = |error: std::io::Error| {
        Mistake::new(format!("cannot read a passphrase from file descriptor {descriptor}: {error}"))
            .help("open it in the shell, for instance: --passphrase-fd 3 3< FILE")
    };
    // /dev/fd opens what the descriptor stands for without taking the descriptor itself over.
    let file = std::fs::File::open(format!("/dev/fd/{descriptor}")).map_err(failed)?;
    let mut line = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut line).map_err(failed)?;
    Ok(Some(Zeroizing::new(line.split(['\n', '\r']).next().unwrap_or_default().to_owned())))
}

fn ask(prompt: &str) -> Result<Passphrase, Mistake> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Mistake::new(format!("cannot ask for a passphrase: {error}")))
}
