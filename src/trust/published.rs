//! What package registries ask of a statement beyond a good signature.
//!
//! PyPI (<https://peps.python.org/pep-0740/>): one subject, named like the distribution, with its SHA-256, and one of
//! the predicates that PyPI knows. npm still signs statements of version 0.1, and names packages by purl.

use crate::model::Ecosystem;
use std::collections::BTreeSet;

use super::bundle::Bundle;
use super::rollback::SUBJECT_NAME_MISMATCH;
use super::scene::{SIGNATURE_MALFORMED, SIGNATURE_OTHER_SUBJECT, Scene, Verified};
use super::statement::Statement;
use super::{detached, model_signing};

/// Predicates of attestations on PyPI.
const PYPI: [&str; 2] = ["https://docs.pypi.org/attestations/publish/v1", "https://slsa.dev/provenance/v1"];

/// Reads a statement: version 1, or 0.1 where every subject is a package of npm.
///
/// # Errors
/// A clause that says what is ambiguous, missing or malformed.
pub fn statement(payload: &[u8]) -> Result<Statement, String> {
    Statement::parse(payload).or_else(|clause| {
        let old = Statement::parse_any(payload).map_err(|_| clause.clone())?;
        let packages = old.subjects.iter().all(|subject| subject.name.starts_with("pkg:npm/"));
        let of_npm = packages && !model_signing::is(&old);
        if of_npm { Ok(old) } else { Err(clause) }
    })
}

/// An attestation that PyPI published, checked as PyPI's own tool does.
pub fn on_pypi(scene: &Scene<'_>, bundle: &Bundle, text: &str, statement: &Statement) -> Verified {
    let [subject] = statement.subjects.as_slice() else {
        let clause = format!("it names {} subjects; on PyPI it names one", statement.subjects.len());
        return scene.refuse(&SIGNATURE_MALFORMED, clause);
    };
    if !PYPI.contains(&statement.predicate_type.as_str()) {
        return scene.refuse(&SIGNATURE_MALFORMED, format!("PyPI knows no predicate {:?}", statement.predicate_type));
    }
    let Some(distribution) = Distribution::of(&subject.name) else {
        return scene.refuse(&SIGNATURE_MALFORMED, format!("{:?} is no name of a distribution", subject.name));
    };
    let covered = match detached::covered(scene, statement) {
        Ok((covered, _)) => covered,
        Err(refused) => return refused,
    };
    let sha256 = subject.digests.get("sha256");
    for file in covered {
        if !file.digests.iter().any(|digest| Some(&digest.hex()) == sha256) {
            return scene.refuse(&SIGNATURE_OTHER_SUBJECT, "it does not name the SHA-256 of the file");
        }
        let name = if file.path.as_str() == "." { scene.subject.name } else { file.path.name() };
        if Distribution::of(name).as_ref() != Some(&distribution) {
            let clause = format!("it is for {:?}, but the file is called {name:?}", subject.name);
            return scene.refuse(&SUBJECT_NAME_MISMATCH, clause);
        }
    }
    detached::attested(scene, bundle, text, statement)
}

/// A distribution's file name, in a form that two spellings of one name share.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Distribution {
    ending: &'static str,
    name: String,
    version: pep440_rs::Version,
    build: String,
    tags: Vec<BTreeSet<String>>,
}

impl Distribution {
    /// A wheel (binary distribution format) or a source distribution (PEP 625).
    fn of(file: &str) -> Option<Self> {
        let ending = [".whl", ".tar.gz", ".zip"].into_iter().find(|ending| file.ends_with(ending))?;
        let stem = file.strip_suffix(ending)?;
        let set = |tag: &&str| tag.split('.').map(str::to_ascii_lowercase).collect::<BTreeSet<_>>();
        let (name, version, build, tags) = if ending == ".whl" {
            let parts: Vec<&str> = stem.split('-').collect();
            match parts.as_slice() {
                [name, version, tags @ ..] if tags.len() == 3 => (*name, *version, "", tags.to_vec()),
                [name, version, build, tags @ ..] if tags.len() == 3 => (*name, *version, *build, tags.to_vec()),
                _ => return None,
            }
        } else {
            let (name, version) = stem.rsplit_once('-')?;
            (name, version, "", Vec::new())
        };
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if name.is_empty() || !plain || (!build.is_empty() && !build.starts_with(|first: char| first.is_ascii_digit()))
        {
            return None;
        }
        Some(Self {
            ending,
            name: Ecosystem::PyPI.key(name),
            version: version.parse().ok()?,
            build: build.to_owned(),
            tags: tags.iter().map(set).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_distribution_are_one() {
        let same =
            |one: &str, other: &str| Distribution::of(one).is_some_and(|one| Some(one) == Distribution::of(other));
        assert!(same("Foo_Bar-1.0-py3-none-any.whl", "foo_bar-1.0.0-py3-none-any.whl"));
        assert!(same("foo-1-py2.py3-none-any.whl", "foo-1-py3.py2-none-any.whl"));
        assert!(same("foo.bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"));
        for (one, other) in [
            ("foo-1.0.tar.gz", "foo-1.0.zip"),
            ("foo-1.0.tar.gz", "foo-1.1.tar.gz"),
            ("foo-1.0.tar.gz", "fooo-1.0.tar.gz"),
            ("foo-1.0-py3-none-any.whl", "foo-1.0-1-py3-none-any.whl"),
            ("foo-1.0-py3-none-any.whl", "foo-1.0-py3-none-linux_x86_64.whl"),
            ("foo.txt", "foo.txt"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
