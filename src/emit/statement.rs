//! in-toto Statements v1: what is said about which bytes. The `trust` room signs them.
//!
//! Subjects are matched by digest alone. They are the whole model, by the root digest that its OpenSSF signature
//! would have as well, and every file; only collision-resistant digests are written.

use serde_json::{Map, Value, json};

use crate::model::{Algorithm, Digests, Input, PolicyId, Report};

/// What the project's own identifiers begin with.
pub const NAMESPACE: &str = "https://weighbridge.dev/ns/";

/// Nothing was hashed, so there is nothing that a statement could be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was hashed, so there is nothing that a statement could be about")]
pub struct NoSubject;

/// A statement with every subject of the report.
///
/// # Errors
/// [`NoSubject`] if the report holds no digest: a statement about nothing would be true of anything.
pub fn of(report: &Report, predicate_type: &str, predicate: Value) -> Result<Value, NoSubject> {
    Ok(json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects(report)?,
        "predicateType": predicate_type,
        "predicate": predicate,
    }))
}

/// A statement whose predicate has no place for what it rests on. What was given in place of what is usual (flags that
/// left something out, a moment that is not the clock's) stands in the annotations of the first subject instead.
///
/// # Errors
/// [`NoSubject`], as [`of`].
pub fn annotated(report: &Report, predicate_type: &str, predicate: Value) -> Result<Value, NoSubject> {
    let mut statement = of(report, predicate_type, predicate)?;
    for role in ["moment", "reading"] {
        let given = report.inputs.iter().filter(|input| input.role == role);
        let given: Vec<&str> = given.map(|input| input.name.as_str()).collect();
        if !given.is_empty() {
            statement["subject"][0]["annotations"][format!("weighbridge:{role}")] = json!(given);
        }
    }
    Ok(statement)
}

fn subjects(report: &Report) -> Result<Vec<Value>, NoSubject> {
    let mut subjects = Vec::new();
    if let Some(root) = &report.root {
        subjects.push(json!({ "name": report.subject, "digest": { root.algorithm().name(): root.hex() } }));
    }
    let mut files: Vec<_> = report.artifacts.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for artifact in files {
        let name = if artifact.path.as_str() == "." { &report.subject } else { artifact.path.as_str() };
        let digest = digest_set(&artifact.digests);
        if !digest.is_empty() {
            subjects.push(json!({ "name": name, "digest": digest }));
        }
    }
    if subjects.is_empty() { Err(NoSubject) } else { Ok(subjects) }
}

/// SHA-2 alone: a verifier may match any one of the digests, so none may be weak.
fn digest_set(digests: &Digests) -> Map<String, Value> {
    [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
        .into_iter()
        .filter_map(|algorithm| digests.get(algorithm))
        .map(|digest| (digest.algorithm().name().to_owned(), digest.hex().into()))
        .collect()
}

/// The policy as a resource: where it is, or by name, and the digest of its resolved text.
pub(super) fn policy(policy: &PolicyId, uri: Option<&str>) -> Value {
    let uri = uri.map_or_else(
        || format!("{NAMESPACE}policy/{}", crate::model::percent::encode(&policy.name, "")),
        str::to_owned,
    );
    described(&uri, None, Some(&policy.digest))
}

/// Something that the result rests on, as a resource.
pub(super) fn input(input: &Input) -> Value {
    let uri = format!("{NAMESPACE}input/{}", crate::model::percent::encode(&input.role, ""));
    described(&uri, Some(&input.name), input.digest.as_deref())
}

/// A ResourceDescriptor; `digest` is `algorithm:hexadecimal`.
pub(super) fn described(uri: &str, name: Option<&str>, digest: Option<&str>) -> Value {
    let mut resource = json!({ "uri": uri });
    if let Some(name) = name {
        resource["name"] = name.into();
    }
    if let Some((algorithm, hex)) = digest.and_then(|digest| digest.split_once(':')) {
        resource["digest"] = json!({ algorithm: hex });
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn subjects_are_the_whole_and_every_file() {
        let report = sample::report();
        let statement = of(&report, "x", json!({})).unwrap();
        let subjects = statement["subject"].as_array().unwrap();
        assert_eq!(subjects.len(), report.artifacts.len() + 1);
        assert_eq!(subjects[0]["digest"]["sha256"], report.root.unwrap().hex());
    }

    #[test]
    fn what_was_given_stands_beside_the_subject() {
        let mut report = sample::report();
        let plain = annotated(&report, "x", json!({})).unwrap();
        assert_eq!(plain["subject"][0].get("annotations"), None);
        for (role, name) in [("reading", "ignore a"), ("moment", "then (--now)"), ("reading", "allow-symlinks")] {
            report.inputs.push(Input { role: role.to_owned(), name: name.to_owned(), digest: None });
        }
        let statement = annotated(&report, "x", json!({})).unwrap();
        let said =
            json!({ "weighbridge:moment": ["then (--now)"], "weighbridge:reading": ["ignore a", "allow-symlinks"] });
        assert_eq!(statement["subject"][0]["annotations"], said);
    }

    #[test]
    fn weak_digests_are_no_subjects() {
        let mut report = sample::report();
        report.root = None;
        for artifact in &mut report.artifacts {
            let md5 = crate::model::Digest::new(Algorithm::Md5, &[0; 16]).unwrap();
            artifact.digests = [md5].into_iter().collect();
        }
        assert_eq!(of(&report, "x", json!({})), Err(NoSubject));
    }
}
