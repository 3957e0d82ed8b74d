//! A stored report, read back to be judged again.

use serde_json::Value;

use crate::model::{
    Algorithm, Artifact, Contents, Digest, Evidence, Excerpt, Fact, Finding, Package, PackageSource, Report, Rule,
    Ruling,
};

use super::wire::{ArtifactV1, ExcerptV1, FindingV1, PackageV1, ReportV1, RulingV1, SourceV1};

/// Why a text is not a report that this build can judge.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// Not JSON, or a field is missing or of the wrong type.
    #[error("not a weighbridge report: {0}")]
    Shape(String),
    /// Another contract.
    #[error("the report follows {0:?}, and this build reads \"weighbridge/report/v1\"")]
    Schema(String),
    /// Something is there that v1 does not have, so part of the meaning would be lost.
    #[error("{0} is not as weighbridge/report/v1 writes it")]
    Foreign(String),
    /// A rule of another build.
    #[error("this build has no rule {0:?}")]
    UnknownRule(String),
    /// A value that cannot be.
    #[error("{0}: {1}")]
    Value(String, String),
}

/// Reads what [`render`](super::render) wrote; `lookup` finds a rule by its id.
///
/// Strict: what would not be written back the same way is refused, so nothing that a policy might judge is dropped
/// in silence. That includes a rule whose class is another one in this build.
///
/// # Errors
/// [`StoredError`] with the JSON pointer or the rule at fault.
pub fn from_json(text: &str, lookup: &dyn Fn(&str) -> Option<&'static Rule>) -> Result<Report, StoredError> {
    let shape = |error: serde_json::Error| StoredError::Shape(error.to_string());
    let mut given: Value = serde_json::from_str(text).map_err(shape)?;
    match given.get("schema").and_then(Value::as_str) {
        Some("weighbridge/report/v1") => {}
        Some(other) => return Err(StoredError::Schema(other.chars().take(80).collect())),
        None => return Err(StoredError::Shape("it has no \"schema\"".to_owned())),
    }
    // From the text, not from the value: a field given twice is refused here.
    let wire: ReportV1 = serde_json::from_str(text).map_err(shape)?;
    let report = Report {
        subject: wire.subject,
        root: wire.root.as_deref().map(|text| digest("/root", text)).transpose()?,
        checks: wire.checks,
        artifacts: wire.artifacts.into_iter().map(artifact).collect(),
        packages: wire.packages.into_iter().enumerate().map(|(n, p)| package(n, p)).collect::<Result<_, _>>()?,
        findings: wire
            .findings
            .into_iter()
            .enumerate()
            .map(|(n, f)| finding(n, f, lookup))
            .collect::<Result<_, _>>()?,
        verdict: wire.verdict,
        policy: wire.policy,
        not_required: wire.not_required,
        not_assessed: wire.not_assessed,
        inputs: wire.inputs,
        tool: wire.tool,
    };
    let mut written = serde_json::to_value(ReportV1::of(&report)).map_err(shape)?;
    // Follows from the findings, by a table that grows with each build: it is never read, only written.
    for document in [&mut given, &mut written] {
        document.as_object_mut().map(|document| document.remove("risks"));
    }
    difference(&given, &written, &mut String::new()).map_or(Ok(report), |pointer| Err(StoredError::Foreign(pointer)))
}

fn artifact(wire: ArtifactV1) -> Artifact {
    Artifact {
        path: wire.path,
        size: wire.size,
        digests: wire.digests,
        shards: Vec::new(),
        formats: wire.formats,
        contents: Contents { summary: wire.tensors, members: wire.members, ..Contents::default() },
        kept: None,
    }
}

fn package(index: usize, wire: PackageV1) -> Result<Package, StoredError> {
    let place = format!("/packages/{index}/checksums");
    Ok(Package {
        name: wire.name,
        version: wire.version,
        ecosystem: wire.ecosystem,
        purl: wire.purl,
        source: match wire.source {
            SourceV1::PublicRegistry => PackageSource::PublicRegistry,
            SourceV1::Registry { address } => PackageSource::Registry(address),
            SourceV1::Git { address } => PackageSource::Git(address),
            SourceV1::Local => PackageSource::Local,
            SourceV1::Archive { address } => PackageSource::Archive(address),
        },
        checksums: wire.checksums.iter().map(|text| digest(&place, text)).collect::<Result<_, _>>()?,
        lockfile: wire.lockfile,
        line: wire.line,
        dependencies: wire.dependencies,
    })
}

fn finding(
    index: usize,
    wire: FindingV1,
    lookup: &dyn Fn(&str) -> Option<&'static Rule>,
) -> Result<Finding, StoredError> {
    let place = format!("/findings/{index}");
    let ruling = match (wire.ruling, wire.exception) {
        (RulingV1::Ok, None) => Ruling::Ok,
        (RulingV1::Warn, None) => Ruling::Warn,
        (RulingV1::Unknown, None) => Ruling::Unknown,
        (RulingV1::Fail, None) => Ruling::Fail,
        (RulingV1::Excused, Some(exception)) => Ruling::Excused(exception),
        (RulingV1::Excused, None) => return Err(StoredError::Value(place, "excused without an exception".to_owned())),
        (_, Some(_)) => return Err(StoredError::Value(place, "an exception, but not excused".to_owned())),
    };
    let evidence = Evidence {
        rule: lookup(&wire.rule).ok_or_else(|| StoredError::UnknownRule(wire.rule.chars().take(80).collect()))?,
        artifact: wire.artifact,
        place: wire.place,
        fact: Fact { message: wire.message, details: wire.facts },
        assurance: wire.assurance,
        rated: wire.rated,
        advisory: wire.advisory.map(Box::new),
        excerpt: wire.excerpt.map(|excerpt| bytes(&place, &excerpt)).transpose()?,
    };
    Ok(Finding { evidence, severity: wire.severity, ruling })
}

fn bytes(place: &str, wire: &ExcerptV1) -> Result<Excerpt, StoredError> {
    let bytes = hex::decode(&wire.hex)
        .map_err(|error| StoredError::Value(format!("{place}/excerpt/hex"), error.to_string()))?;
    Ok(Excerpt { start: wire.start, bytes, marked: wire.marked_start..wire.marked_end })
}

fn digest(place: &str, text: &str) -> Result<Digest, StoredError> {
    let wrong = |why: String| StoredError::Value(place.to_owned(), why);
    let (name, hex) = text.split_once(':').ok_or_else(|| wrong("not algorithm:hexadecimal".to_owned()))?;
    let algorithm = Algorithm::parse(name).ok_or_else(|| wrong("an unknown hash function".to_owned()))?;
    Digest::from_hex(algorithm, hex).map_err(|error| wrong(error.to_string()))
}

/// JSON pointer of the first place where the two differ. Both have passed a parser that bounds their depth.
fn difference(given: &Value, written: &Value, at: &mut String) -> Option<String> {
    let depth = at.len();
    let mut descend = |key: &str, a: &Value, b: &Value| {
        at.push('/');
        at.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let found = difference(a, b, at);
        at.truncate(depth);
        found
    };
    match (given, written) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                // `{"root": null}` says no more than `{}`.
                descend(key, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| descend(&index.to_string(), a, b))
        }
        (a, b) => (a != b).then(|| if at.is_empty() { "the document".to_owned() } else { at.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::render;
    use super::*;

    #[test]
    fn a_report_survives_its_json() {
        let text = render(&sample::report());
        let stored = from_json(&text, &sample::rule).unwrap();
        assert_eq!(render(&stored), text);
        assert_eq!(stored.verdict, sample::report().verdict);
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        let text = render(&sample::report());
        let with = |pointer: &str, key: &str, value: Value| {
            let mut document: Value = serde_json::from_str(&text).unwrap();
            document.pointer_mut(pointer).unwrap()[key] = value;
            from_json(&document.to_string(), &sample::rule).unwrap_err()
        };
        assert_eq!(with("", "weight", 1.into()), StoredError::Foreign("/weight".to_owned()));
        assert_eq!(with("/findings/0", "x/y", 1.into()), StoredError::Foreign("/findings/0/x~1y".to_owned()));
        assert_eq!(with("/findings/0", "rule", "no-such".into()), StoredError::UnknownRule("no-such".to_owned()));
        assert_eq!(with("", "schema", "weighbridge/report/v9".into()), {
            StoredError::Schema("weighbridge/report/v9".to_owned())
        });
        assert!(matches!(with("", "root", "sha256:00".into()), StoredError::Value(place, _) if place == "/root"));
        assert!(matches!(with("", "verdict", "fine".into()), StoredError::Shape(_)));
        let twice = text.replacen("\"verdict\": \"fail\"", "\"verdict\": \"fail\", \"verdict\": \"pass\"", 1);
        assert!(matches!(from_json(&twice, &sample::rule), Err(StoredError::Shape(_))));
    }
}
