//! in-toto Statement v1: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>.

use std::collections::BTreeMap;

use serde_json::Value;

use super::strict;

/// The `_type` of what is written here, and of everything but old attestations of packages.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// Its predecessor, with the same fields. npm's registry still signs it.
const STATEMENT_V0_1: &str = "https://in-toto.io/Statement/v0.1";

/// What a statement is about: matched by digest alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSubject {
    /// Informative.
    pub name: String,
    /// Lower-case hexadecimal by in-toto's algorithm names.
    pub digests: BTreeMap<String, String>,
}

/// A statement, read strictly; unknown fields are passed over as the specification asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// At least one.
    pub subjects: Vec<StatementSubject>,
    /// What the predicate means.
    pub predicate_type: String,
    /// `null` when absent.
    pub predicate: Value,
}

impl Statement {
    /// Reads the payload of an envelope: version 1 alone.
    ///
    /// # Errors
    /// A clause that says what is ambiguous, missing or malformed.
    pub fn parse(payload: &[u8]) -> Result<Self, String> {
        Self::of(payload, &[STATEMENT_V1])
    }

    /// Reads the payload of an envelope around a statement about packages: version 1 or 0.1.
    ///
    /// # Errors
    /// A clause that says what is ambiguous, missing or malformed.
    pub fn parse_any(payload: &[u8]) -> Result<Self, String> {
        Self::of(payload, &[STATEMENT_V1, STATEMENT_V0_1])
    }

    fn of(payload: &[u8], kinds: &[&str]) -> Result<Self, String> {
        let value = strict::parse(payload)?;
        let kind = strict::text(&value, "_type")?;
        if !kinds.contains(&kind) {
            return Err(format!("its type is {kind:?}, not {STATEMENT_V1:?}"));
        }
        let subjects = strict::list(&value, "subject")?.iter().map(subject).collect::<Result<Vec<_>, _>>()?;
        if subjects.is_empty() {
            return Err("it names no subject".to_owned());
        }
        if !matches!(value.get("predicate"), None | Some(Value::Null | Value::Object(_))) {
            return Err("its predicate is not an object".to_owned());
        }
        Ok(Self {
            subjects,
            predicate_type: strict::text(&value, "predicateType")?.to_owned(),
            predicate: value.get("predicate").cloned().unwrap_or(Value::Null),
        })
    }
}

fn subject(value: &Value) -> Result<StatementSubject, String> {
    let name = match value.get("name") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(name)) => name.clone(),
        Some(_) => return Err("a subject's name is not a string".to_owned()),
    };
    let Some(Value::Object(entries)) = value.get("digest") else {
        return Err(format!("the subject {name:?} has no digest"));
    };
    let digests = entries
        .iter()
        .map(|(algorithm, digest)| {
            let digest =
                digest.as_str().ok_or_else(|| format!("the {algorithm} digest of {name:?} is not a string"))?;
            strict::hex(digest)?;
            Ok((algorithm.clone(), digest.to_owned()))
        })
        .collect::<Result<BTreeMap<_, _>, String>>()?;
    if digests.is_empty() {
        return Err(format!("the subject {name:?} has no digest"));
    }
    Ok(StatementSubject { name, digests })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_without_a_digest_is_refused() {
        let good =
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"p"}"#;
        assert_eq!(Statement::parse(good.as_bytes()).unwrap().subjects[0].digests["sha256"], "00");
        for (from, to) in [
            ("/v1", "/v0.1"),
            (r#"{"sha256":"00"}"#, "{}"),
            (r#""00""#, r#""0G""#),
            (r#""00""#, r#""AA""#),
            (r#"[{"digest":{"sha256":"00"}}]"#, "[]"),
            (r#""predicateType":"p""#, r#""predicateType":"p","predicateType":"q""#),
        ] {
            assert!(Statement::parse(good.replace(from, to).as_bytes()).is_err(), "{from} {to}");
        }
    }
}
