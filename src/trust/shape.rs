//! Which fields a bundle may have, at every level. The reference refuses others, and so must a verifier that promises to
//! accept nothing that the reference refuses: a field that only one reader knows is how two readers see two documents.
//! <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto> and the files it imports.

use serde_json::Value;

enum Shape {
    /// A string: bytes are base64, numbers of 64 bits are digits, as Protocol Buffers write them.
    Plain,
    /// Any number of these.
    List(&'static Shape),
    /// These fields and no others.
    Fields(&'static [(&'static str, Shape)]),
}

use Shape::{Fields, List, Plain};

const BYTES: Shape = Fields(&[("rawBytes", Plain)]);
const ENTRY: Shape = Fields(&[
    ("logIndex", Plain),
    ("logId", Fields(&[("keyId", Plain)])),
    ("kindVersion", Fields(&[("kind", Plain), ("version", Plain)])),
    ("integratedTime", Plain),
    ("inclusionPromise", Fields(&[("signedEntryTimestamp", Plain)])),
    (
        "inclusionProof",
        Fields(&[
            ("logIndex", Plain),
            ("rootHash", Plain),
            ("treeSize", Plain),
            ("hashes", List(&Plain)),
            ("checkpoint", Fields(&[("envelope", Plain)])),
        ]),
    ),
    ("canonicalizedBody", Plain),
]);
const MATERIAL: Shape = Fields(&[
    // The key itself stood here in early releases of model signing.
    ("publicKey", Fields(&[("hint", Plain), ("rawBytes", Plain), ("keyDetails", Plain)])),
    ("x509CertificateChain", Fields(&[("certificates", List(&BYTES))])),
    ("certificate", BYTES),
    ("tlogEntries", List(&ENTRY)),
    ("timestampVerificationData", Fields(&[("rfc3161Timestamps", List(&Fields(&[("signedTimestamp", Plain)])))])),
]);
const BUNDLE: Shape = Fields(&[
    ("mediaType", Plain),
    ("verificationMaterial", MATERIAL),
    (
        "messageSignature",
        Fields(&[("messageDigest", Fields(&[("algorithm", Plain), ("digest", Plain)])), ("signature", Plain)]),
    ),
    (
        "dsseEnvelope",
        Fields(&[
            ("payload", Plain),
            ("payloadType", Plain),
            ("signatures", List(&Fields(&[("sig", Plain), ("keyid", Plain)]))),
        ]),
    ),
]);

/// True of a bundle that has only fields that bundles have, each of its kind.
///
/// # Errors
/// A clause that names the field.
pub fn check(bundle: &Value) -> Result<(), String> {
    fits(bundle, &BUNDLE, "the bundle")
}

fn fits(value: &Value, shape: &Shape, name: &str) -> Result<(), String> {
    match (shape, value) {
        // A field of its own that is null is one that is missing; a list that is null is neither.
        (Fields(_) | Plain, Value::Null) => Ok(()),
        (Plain, Value::String(_)) => Ok(()),
        (Plain, _) => Err(format!("{name:?} is not a string")),
        (List(of), Value::Array(items)) => items.iter().try_for_each(|item| fits(item, of, name)),
        (List(_), _) => Err(format!("{name:?} is not an array")),
        (Fields(known), Value::Object(fields)) => fields.iter().try_for_each(|(field, value)| {
            let shown: String = field.chars().take(80).collect();
            let shape = known.iter().find(|(name, _)| name == field);
            fits(
                value,
                &shape.ok_or_else(|| format!("{name:?} has a field {shown:?}, which bundles do not have"))?.1,
                &shown,
            )
        }),
        (Fields(_), _) => Err(format!("{name:?} is not an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_that_bundles_do_not_have_are_refused() {
        let good = json!({ "mediaType": "x", "verificationMaterial": { "tlogEntries": [{ "logIndex": "1" }], "certificate": null } });
        assert!(check(&good).is_ok());
        for (at, bad) in [
            ("/mediaType", json!({})),
            ("/verificationMaterial/tlogEntries/0/logIndex", json!(1)),
            ("/verificationMaterial", json!({ "other": 1 })),
            ("/verificationMaterial", json!([])),
            ("/verificationMaterial/tlogEntries", json!({})),
            ("/verificationMaterial/tlogEntries/0", json!({ "log_index": 1 })),
        ] {
            let mut value = good.clone();
            *value.pointer_mut(at).unwrap() = bad;
            assert!(check(&value).is_err(), "{at}");
        }
    }
}
