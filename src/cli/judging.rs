//! The policy and the moment to judge at.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::Judging;
use super::exit::Mistake;
use super::key;
use super::signers::{self, Named};
use crate::catalog;
use crate::model::{Input, tier};
use crate::policy::{self, Policy};
use crate::trust::key::PublicKey;
use crate::weigh::read_small;

/// No policy that a person wrote is longer.
const POLICY_BYTES: u64 = 1 << 20;

/// A policy, and the folder that its paths are relative to.
pub struct Loaded {
    /// The policy as it holds.
    pub policy: Policy,
    /// Its text as written.
    pub text: String,
    /// The folder of the policy file; empty for a built-in one.
    pub folder: PathBuf,
    /// Signers that the policy names.
    pub signers: Named,
    /// Keys whose statements the policy requires.
    pub attestation_keys: Vec<PublicKey>,
    /// Its Rego files, by name.
    pub rego: Vec<(String, String)>,
}

/// Finds a policy by built-in name or as a file.
pub fn load(name: &str) -> Result<Loaded, Mistake> {
    let (text, folder) = match policy::built_in(name) {
        Some(text) => (text.to_owned(), PathBuf::new()),
        None => {
            let path = Path::new(name);
            let bytes = read_small(path, POLICY_BYTES).map_err(|error| {
                let names: Vec<_> = policy::BUILT_IN.iter().map(|(name, _)| *name).collect();
                let help = format!("built-in policies are {}; anything else is a file", names.join(", "));
                Mistake::new(format!("cannot read policy {name:?}: {error}")).help(help)
            })?;
            let text = String::from_utf8(bytes).map_err(|_| Mistake::new(format!("policy {name:?} is not UTF-8")))?;
            (text, path.parent().map(Path::to_owned).unwrap_or_default())
        }
    };
    let mut policy = policy::resolve(&text, &catalog::rules()).map_err(|error| {
        Mistake::new(format!("policy {name:?} cannot be used\n{error}"))
            .help("`weighbridge policy show development --source` prints one to begin with; policies/policy.schema.json lists every key")
    })?;
    super::known::check(&policy)?;
    let signers = signers::of_policy(&mut policy, &folder)?;
    let mut attestation_keys = Vec::new();
    policy.name_keys(|file| -> Result<String, Mistake> {
        let key = key::public(&folder.join(file))?;
        let id = key.id().to_string();
        attestation_keys.push(key);
        Ok(id)
    })?;
    let mut rego = Vec::new();
    for file in policy.rego.clone() {
        let bytes = read_small(&folder.join(&file), POLICY_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| Mistake::new(format!("{file:?} is not UTF-8")))?;
        policy.bind(&file, text.as_bytes());
        rego.push((file, text));
    }
    if policy::built_in(name).is_none() {
        its_own_name(name, &policy)?;
    }
    Ok(Loaded { policy, text, folder, signers, attestation_keys, rego })
}

/// A summary says no more of a policy than its name: none may take the level of a built-in one that it is not.
fn its_own_name(file: &str, policy: &Policy) -> Result<(), Mistake> {
    let level = tier::level(&policy.name);
    let Some((taken, _)) = policy::BUILT_IN.iter().find(|(name, _)| tier::level(name) == level) else { return Ok(()) };
    if load(taken)?.policy.id().digest == policy.id().digest {
        return Ok(());
    }
    let what = format!("policy {file:?} is called {:?} like the built-in policy, but decides otherwise", policy.name);
    Err(Mistake::new(format!("{what}; a summary under it would claim the level {level}"))
        .help("give it a name of its own, such as `name = \"acme-production\"`"))
}

/// The moment to judge at, and what said so.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The flag or variable that gave it; `None` for the clock.
    by: Option<&'static str>,
}

impl Moment {
    /// ` (SOURCE_DATE_EPOCH)` for a moment that somebody gave; nothing for the clock's.
    pub fn by_whom(&self) -> String {
        self.by.map_or_else(String::new, |by| format!(" ({by})"))
    }

    /// A moment that somebody gave, as an input of a report: whoever reads it shall not take it for the clock's.
    pub fn input(&self) -> Option<Input> {
        self.by?;
        let name = format!("{}{}", self.at, self.by_whom());
        Some(Input { role: MOMENT.to_owned(), name, digest: None })
    }
}

/// Role of a given moment among the inputs of a report.
pub const MOMENT: &str = "moment";

/// The policy that flags ask for.
pub fn of(args: &Judging) -> Result<(Loaded, Moment), Mistake> {
    Ok((load(&args.policy)?, moment(args.now.as_deref())?))
}

/// The moment: as given, else SOURCE_DATE_EPOCH, else the clock.
pub fn moment(given: Option<&str>) -> Result<Moment, Mistake> {
    let by = if given.is_some() { "--now" } else { "SOURCE_DATE_EPOCH" };
    Ok(match reproducible(given)? {
        Some(at) => Moment { at, by: Some(by) },
        None => Moment { at: Timestamp::now(), by: None },
    })
}

/// The same, for those who write no report.
pub fn now(given: Option<&str>) -> Result<Timestamp, Mistake> {
    moment(given).map(|moment| moment.at)
}

/// The moment as given, else SOURCE_DATE_EPOCH, and no clock.
pub fn reproducible(given: Option<&str>) -> Result<Option<Timestamp>, Mistake> {
    if let Some(text) = given {
        return text.parse().map(Some).map_err(|error| {
            Mistake::new(format!("--now {text:?} is not a time: {error}")).help("write it as 2026-11-23T12:00:00Z")
        });
    }
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.to_str().and_then(|text| text.parse().ok()).and_then(|text| Timestamp::from_second(text).ok());
    match seconds {
        Some(moment) => Ok(Some(moment)),
        None => Err(Mistake::new(format!("SOURCE_DATE_EPOCH is {text:?}, not a number of seconds"))),
    }
}
