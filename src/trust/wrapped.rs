//! Files of package registries that wrap bundles: PyPI's attestations (PEP 740), npm's provenance, and lists with one
//! bundle or envelope a line (`.intoto.jsonl`).

use serde_json::{Value, json};

use super::bundle::BUNDLE_V0_3;
use super::dsse::IN_TOTO;
use super::strict;

/// Bundles of one file. More are refused, not passed over.
const MOST: usize = 64;

/// What a file wraps, and whose registry wrote it so.
pub struct Wrapped {
    /// Bundles or envelopes.
    pub values: Vec<Value>,
    /// True for PyPI, which asks more of a statement than that it names a digest.
    pub pypi: bool,
}

/// The bundles or envelopes inside, if the value wraps some.
pub fn unwrap(value: &Value) -> Option<Result<Wrapped, String>> {
    let of_pypi = |values| Wrapped { values, pypi: true };
    if value.get("envelope").is_some() && value.get("verification_material").is_some() {
        return Some(pep_740(value).map(|bundle| of_pypi(vec![bundle])));
    }
    if let Some(Value::Array(publishers)) = value.get("attestation_bundles") {
        let lists = publishers.iter().map(|publisher| strict::list(publisher, "attestations"));
        let flat = lists.collect::<Result<Vec<_>, _>>().map(|lists| lists.concat());
        return Some(flat.and_then(|list| few(list.len(), || list.iter().map(pep_740).collect())).map(of_pypi));
    }
    if let Some(Value::Array(list)) = value.get("attestations") {
        let bundle = |entry: &Value| entry.get("bundle").cloned().ok_or_else(|| "\"bundle\" is missing".to_owned());
        let bundles = few(list.len(), || list.iter().map(bundle).collect());
        return Some(bundles.map(|values| Wrapped { values, pypi: false }));
    }
    None
}

/// One value a line; `None` if the text is not of that form.
pub fn lines(bytes: &[u8]) -> Option<Result<Vec<Value>, String>> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    if lines.len() < 2
        || !lines.iter().all(|line| line.trim_ascii().starts_with(b"{") && line.trim_ascii().ends_with(b"}"))
    {
        return None;
    }
    Some(few(lines.len(), || lines.iter().map(|line| strict::parse(line.trim_ascii())).collect()))
}

fn few(count: usize, list: impl FnOnce() -> Result<Vec<Value>, String>) -> Result<Vec<Value>, String> {
    if count == 0 || count > MOST { Err(format!("it wraps {count} attestations")) } else { list() }
}

fn pep_740(attestation: &Value) -> Result<Value, String> {
    if attestation.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("the attestation is not of version 1".to_owned());
    }
    let part = |name: &str| attestation.get(name).ok_or_else(|| format!("{name:?} is missing"));
    let (material, envelope) = (part("verification_material")?, part("envelope")?);
    Ok(json!({
        "mediaType": BUNDLE_V0_3,
        "verificationMaterial": {
            "certificate": { "rawBytes": strict::text(material, "certificate")? },
            "tlogEntries": strict::list(material, "transparency_entries")?,
        },
        "dsseEnvelope": {
            "payloadType": IN_TOTO,
            "payload": strict::text(envelope, "statement")?,
            "signatures": [{ "sig": strict::text(envelope, "signature")?, "keyid": "" }],
        },
    }))
}
