//! A model statement, read into the list that it signs.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::statement::{Statement, StatementSubject};
use super::super::strict;
use super::paths::{Ignored, refuse};
use crate::model::{Algorithm, Digest};

/// Predicate of releases 0.3 to 1.1.
pub const PREDICATE: &str = "https://model_signing/signature/v1.0";
/// Predicate of release 0.2.
pub const PREDICATE_V0_2: &str = "https://model_signing/Digests/v0.1";

/// Resources of one signature: far above any real model, far below what exhausts memory.
const RESOURCES: usize = 4_000_000;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Path of the file, `.` for a model that is one file.
    pub path: String,
    /// Bytes of it, for a shard.
    pub range: Option<(u64, u64)>,
    /// Its digest.
    pub digest: Digest,
}

/// What a statement says about a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the model, informative; empty in release 0.2.
    pub name: String,
    /// The subject's digest: the root, or in release 0.2 the first file's.
    pub subject_digest: Digest,
    /// Of every resource.
    pub algorithm: Algorithm,
    /// Bytes of a shard; `None` when files are hashed whole.
    pub shard_size: Option<u64>,
    /// Paths that the signer left out.
    pub ignored: Ignored,
    /// The list, in the order of the statement.
    pub resources: Vec<Resource>,
    /// True for release 0.2, where every file is a subject.
    pub release_0_2: bool,
    /// `path components`, `code points` or `other`.
    pub order: &'static str,
}

/// Why a statement is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A clause.
    Malformed(String),
    /// The digest over the list is not the subject's.
    Root {
        /// The subject's, hexadecimal.
        expected: String,
        /// What the list gives, hexadecimal.
        found: String,
    },
}

impl From<String> for Trouble {
    fn from(clause: String) -> Self {
        Self::Malformed(clause)
    }
}

impl Manifest {
    /// Reads the list of a statement and checks that it says one thing.
    pub fn of(statement: &Statement) -> Result<Self, Trouble> {
        let manifest = match statement.predicate_type.as_str() {
            PREDICATE => Self::current(statement)?,
            PREDICATE_V0_2 => Self::release_0_2(statement)?,
            other => return Err(format!("its predicate is {other:?}, not that of a model signature").into()),
        };
        manifest.check_names()?;
        Ok(manifest)
    }

    /// The digest over the list, when the statement has one.
    pub fn root(&self) -> Option<&Digest> {
        (!self.release_0_2).then_some(&self.subject_digest)
    }

    /// For the evidence.
    pub fn describe(&self) -> Vec<(&'static str, Value)> {
        let mut facts = vec![
            ("model", self.name.clone().into()),
            ("resources", self.resources.len().into()),
            ("hash", self.algorithm.name().into()),
            ("method", if self.shard_size.is_some() { "shards" } else { "files" }.into()),
            ("order", self.order.into()),
        ];
        if let Some(size) = self.shard_size {
            facts.push(("shard_size", size.into()));
        }
        if let Some(root) = self.root() {
            facts.push(("root_sha256", root.hex().into()));
        }
        facts
    }

    fn release_0_2(statement: &Statement) -> Result<Self, Trouble> {
        let resources = statement
            .subjects
            .iter()
            .map(|subject| Ok(Resource { path: subject.name.clone(), range: None, digest: sha256_of(subject)? }));
        let resources = resources.collect::<Result<Vec<_>, String>>()?;
        let Some(first) = resources.first() else { return Err("it lists no file".to_owned().into()) };
        Ok(Self {
            name: String::new(),
            subject_digest: first.digest.clone(),
            algorithm: Algorithm::Sha256,
            shard_size: None,
            ignored: Ignored::default(),
            order: order(&resources),
            resources,
            release_0_2: true,
        })
    }

    fn current(statement: &Statement) -> Result<Self, Trouble> {
        let [subject] = statement.subjects.as_slice() else {
            return Err(format!("it names {} subjects; a model signature names one", statement.subjects.len()).into());
        };
        let Some(serialization) = statement.predicate.get("serialization").filter(|value| value.is_object()) else {
            return Err("\"serialization\" is missing".to_owned().into());
        };
        let hash = strict::text(serialization, "hash_type")?;
        let algorithm = algorithm(hash).ok_or_else(|| format!("the hash {hash:?} is not known"))?;
        let shard_size = match strict::text(serialization, "method")? {
            "files" => None,
            "shards" => Some(shard_size(serialization)?),
            other => return Err(format!("the method {other:?} is not known").into()),
        };
        if subject.name.is_empty() {
            return Err("its subject has no name".to_owned().into());
        }
        if !matches!(serialization.get("allow_symlinks"), Some(Value::Bool(_))) {
            return Err("\"allow_symlinks\" is not true or false".to_owned().into());
        }
        let ignored = match serialization.get("ignore_paths") {
            None => Vec::new(),
            Some(_) => strict::list(serialization, "ignore_paths")?
                .iter()
                .map(|path| path.as_str().ok_or_else(|| "an ignored path is not a string".to_owned()))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let list = strict::list(&statement.predicate, "resources")?;
        if list.is_empty() || list.len() > RESOURCES {
            return Err(format!("it lists {} resources", list.len()).into());
        }
        let resources =
            list.iter().map(|entry| resource(entry, algorithm, shard_size)).collect::<Result<Vec<_>, _>>()?;
        let expected = sha256_of(subject)?;
        let mut hasher = Sha256::new();
        resources.iter().for_each(|resource| hasher.update(resource.digest.bytes()));
        let found = hex::encode(hasher.finalize());
        if expected.hex() != found {
            return Err(Trouble::Root { expected: expected.hex(), found });
        }
        Ok(Self {
            name: subject.name.clone(),
            subject_digest: expected,
            algorithm,
            shard_size,
            ignored: Ignored::of(ignored),
            order: order(&resources),
            resources,
            release_0_2: false,
        })
    }

    /// No name twice, none that climbs, none that is both listed and left out.
    fn check_names(&self) -> Result<(), Trouble> {
        let mut seen = BTreeSet::new();
        for resource in &self.resources {
            let path = &resource.path;
            if let Some(why) = refuse(path) {
                return Err(format!("the name {path:?} {why}").into());
            }
            if !seen.insert((path, resource.range)) {
                return Err(format!("the name {path:?} is listed twice").into());
            }
            if self.ignored.covers(path) {
                return Err(format!("{path:?} is listed and left out at once").into());
            }
        }
        if seen.len() > 1 && self.resources.iter().any(|resource| resource.path == "." && resource.range.is_none()) {
            return Err("the single file \".\" stands among others".to_owned().into());
        }
        Ok(())
    }
}

fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "sha256" => Some(Algorithm::Sha256),
        "blake2b" => Some(Algorithm::Blake2b512),
        "blake3" => Some(Algorithm::Blake3),
        _ => None,
    }
}

/// Written as an integer by the specification and as `64.0` by the Python tool's protobuf.
fn shard_size(serialization: &Value) -> Result<u64, String> {
    let Some(value) = serialization.get("shard_size") else { return Err("\"shard_size\" is missing".to_owned()) };
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        // Up to 2^53 every whole number is exact.
        (float.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&float)).then_some(float as u64)
    });
    whole.filter(|size| *size > 0).ok_or_else(|| format!("the shard size {value} is not a positive whole number"))
}

fn resource(entry: &Value, algorithm: Algorithm, shard_size: Option<u64>) -> Result<Resource, String> {
    let name = strict::text(entry, "name")?;
    let said = strict::text(entry, "algorithm")?;
    let base = match (said.split_once("-sharded-"), shard_size) {
        (None, _) => said,
        (Some((base, size)), Some(expected)) if size.parse() == Ok(expected) => base,
        _ => return Err(format!("{name:?} is said to be hashed by {said:?}, unlike the rest")),
    };
    if self::algorithm(base) != Some(algorithm) {
        return Err(format!("{name:?} is said to be hashed by {said:?}, unlike the rest"));
    }
    let digest = strict::hex(strict::text(entry, "digest")?)?;
    let digest = Digest::new(algorithm, &digest).map_err(|error| format!("{name:?}: {error}"))?;
    let Some(size) = shard_size else { return Ok(Resource { path: name.to_owned(), range: None, digest }) };
    // From the right: the file's own name may hold colons.
    let mut parts = name.rsplitn(3, ':');
    let (end, start, path) = (parts.next(), parts.next(), parts.next());
    let number = |text: Option<&str>| {
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        (text == "0" || !text.starts_with('0')).then(|| text.parse::<u64>().ok()).flatten()
    };
    let (Some(path), Some(start), Some(end)) = (path, number(start), number(end)) else {
        return Err(format!("{name:?} is not PATH:START:END"));
    };
    if start % size != 0 || end.checked_sub(start).is_none_or(|len| len > size || (len == 0 && start > 0)) {
        return Err(format!("{name:?} is not a shard of {size} bytes"));
    }
    Ok(Resource { path: path.to_owned(), range: Some((start, end)), digest })
}

fn sha256_of(subject: &StatementSubject) -> Result<Digest, String> {
    let text = subject.digests.get("sha256").ok_or_else(|| format!("the subject {:?} has no SHA-256", subject.name))?;
    Digest::from_hex(Algorithm::Sha256, text).map_err(|error| error.to_string())
}

fn order(resources: &[Resource]) -> &'static str {
    let sorted = |before: fn(&Resource, &Resource) -> bool| resources.windows(2).all(|two| before(&two[0], &two[1]));
    if sorted(|a, b| (a.path.split('/').collect::<Vec<_>>(), a.range) <= (b.path.split('/').collect(), b.range)) {
        "path components"
    } else if sorted(|a, b| (&a.path, a.range) <= (&b.path, b.range)) {
        "code points"
    } else {
        "other"
    }
}
