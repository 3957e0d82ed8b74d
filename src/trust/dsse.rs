//! DSSE v1 envelopes: <https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::key::{KeyId, PrivateKey, PublicKey};
use super::strict;

/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// True for the payload type of a statement: the one for all of them, or that of one predicate,
/// `application/vnd.in-toto.vsa+json`
/// (<https://github.com/in-toto/attestation/blob/v1.1.2/spec/v1/envelope.md#file-naming-convention>).
#[must_use]
pub fn is_statement(payload_type: &str) -> bool {
    let named = payload_type.strip_prefix("application/vnd.in-toto.").and_then(|rest| rest.strip_suffix("+json"));
    payload_type == IN_TOTO || named.is_some_and(|predicate| !predicate.is_empty())
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// A hint, not signed: no decision rests on it.
    pub key_hint: String,
    /// The signature's bytes.
    pub bytes: Vec<u8>,
}

/// A payload that nobody has vouched for yet. Only [`Envelope::verify`] yields it as [`Payload`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    unverified: Vec<u8>,
    signatures: Vec<Signature>,
}

/// A payload whose signatures were checked. It cannot be made in any other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    payload_type: String,
    bytes: Vec<u8>,
    signers: BTreeSet<KeyId>,
}

impl Payload {
    /// What it says it is; signed too.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The very bytes that were signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The distinct keys that signed it.
    #[must_use]
    pub const fn signers(&self) -> &BTreeSet<KeyId> {
        &self.signers
    }
}

/// Why an envelope was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No signature verifies with any of the keys.
    #[error("none of its {signatures} signature(s) was made by one of the {keys} trusted key(s)")]
    NoTrustedSignature {
        /// Signatures in the envelope.
        signatures: usize,
        /// Keys that were tried.
        keys: usize,
    },
    /// Fewer distinct keys signed than are needed.
    #[error("{found} of the trusted keys signed it; {needed} are needed")]
    Threshold {
        /// Distinct keys with a valid signature.
        found: usize,
        /// Distinct keys asked for.
        needed: usize,
    },
}

/// The bytes that are signed: `DSSEv1 LEN(type) type LEN(body) body`.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Signs a payload with each of the keys.
    #[must_use]
    pub fn sign(payload_type: &str, payload: &[u8], keys: &[&PrivateKey]) -> Self {
        let message = pae(payload_type, payload);
        let signatures = keys
            .iter()
            .map(|key| Signature { key_hint: key.public().id().to_string(), bytes: key.sign(&message) })
            .collect();
        Self { payload_type: payload_type.to_owned(), unverified: payload.to_vec(), signatures }
    }

    /// The same envelope with empty hints, as bundles want it.
    #[must_use]
    pub fn without_hints(mut self) -> Self {
        self.signatures.iter_mut().for_each(|signature| signature.key_hint.clear());
        self
    }

    /// Reads an envelope that was parsed strictly.
    ///
    /// # Errors
    /// A clause that says which part is missing or malformed.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let payload_type = strict::text(value, "payloadType")?.to_owned();
        let unverified =
            strict::base64(strict::text(value, "payload")?).map_err(|clause| format!("the payload: {clause}"))?;
        let list = strict::list(value, "signatures")?;
        if list.is_empty() || list.len() > 256 {
            return Err(format!("it carries {} signatures", list.len()));
        }
        let signatures = list
            .iter()
            .map(|entry| {
                let bytes =
                    strict::base64(strict::text(entry, "sig")?).map_err(|clause| format!("a signature: {clause}"))?;
                let key_hint = entry.get("keyid").and_then(Value::as_str).unwrap_or_default().to_owned();
                Ok(Signature { key_hint, bytes })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { payload_type, unverified, signatures })
    }

    /// The envelope as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let signatures: Vec<Value> = self
            .signatures
            .iter()
            .map(|signature| json!({ "keyid": signature.key_hint, "sig": strict::to_base64(&signature.bytes) }))
            .collect();
        json!({
            "payloadType": self.payload_type,
            "payload": strict::to_base64(&self.unverified),
            "signatures": signatures,
        })
    }

    /// The payload before anything was checked: to learn what to compute, never to believe.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.unverified
    }

    /// The payload type, unchecked.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// Its signatures.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Accepts the payload if at least `threshold` distinct keys signed it. The same key counts once, however often
    /// it is listed or signed; a threshold of 0 is taken as 1.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, keys: &[PublicKey], threshold: usize) -> Result<Payload, Refusal> {
        self.verify_over(&pae(&self.payload_type, &self.unverified), keys, threshold)
    }

    /// The same over other signed bytes than [`pae`]: early releases of model signing signed another encoding.
    pub(super) fn verify_over(&self, message: &[u8], keys: &[PublicKey], threshold: usize) -> Result<Payload, Refusal> {
        let made_by = |key: &&PublicKey| self.signatures.iter().any(|signature| key.verify(message, &signature.bytes));
        let signers: BTreeSet<KeyId> = keys.iter().filter(made_by).map(PublicKey::id).collect();
        match signers.len() {
            0 => Err(Refusal::NoTrustedSignature { signatures: self.signatures.len(), keys: keys.len() }),
            found if found < threshold => Err(Refusal::Threshold { found, needed: threshold }),
            _ => Ok(Payload { payload_type: self.payload_type.clone(), bytes: self.unverified.clone(), signers }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyKind;
    use super::*;

    #[test]
    fn the_same_key_counts_once_and_hints_mean_nothing() {
        let keys: Vec<PrivateKey> = KeyKind::ALL.iter().map(|kind| PrivateKey::generate(*kind).unwrap()).collect();
        let public: Vec<PublicKey> = keys.iter().map(|key| key.public().clone()).collect();
        let mut envelope = Envelope::sign(IN_TOTO, b"{}", &[&keys[0], &keys[0], &keys[1]]);
        envelope.signatures[0].key_hint = public[3].id().to_string();
        envelope.signatures[1].key_hint.clear();
        assert_eq!(envelope.verify(&public, 2).unwrap().signers().len(), 2);
        assert_eq!(envelope.verify(&public, 3), Err(Refusal::Threshold { found: 2, needed: 3 }));
        let twice = [public[0].clone(), public[0].clone()];
        assert_eq!(envelope.verify(&twice, 2), Err(Refusal::Threshold { found: 1, needed: 2 }));
        assert!(matches!(envelope.verify(&public[2..], 1), Err(Refusal::NoTrustedSignature { .. })));
    }

    #[test]
    fn type_and_payload_are_both_signed() {
        let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
        let trusted = [key.public().clone()];
        let envelope = Envelope::sign("a", b"b", &[&key]);
        let again = Envelope::from_json(&envelope.to_json()).unwrap();
        assert_eq!(again.verify(&trusted, 1).unwrap().bytes(), b"b");
        for (name, value) in [("payloadType", json!("aa")), ("payload", json!("Yw=="))] {
            let mut changed = envelope.to_json();
            changed[name] = value;
            assert!(Envelope::from_json(&changed).unwrap().verify(&trusted, 1).is_err());
        }
    }
}
