//! Who signed an envelope or a file, and is that somebody the caller trusts?

use std::collections::BTreeSet;

use super::bundle::{Bundle, Content, Material};
use super::certificate::{CERTIFICATE_EXPIRED, CERTIFICATE_UNTRUSTED, Certificate, verify_chain};
use super::dsse::{Envelope, pae};
use super::entry;
use super::key::PublicKey;
use super::published;
use super::scene::{SIGNATURE_MALFORMED, SIGNATURE_OTHER_SUBJECT, SIGNATURE_UNCHECKED, Scene, Signed};
use super::sigstore::{self, Broken, LOG_PROOF_INVALID, TIMESTAMP_INVALID, Target};
use crate::model::{Assurance, Class, Digest, Evidence, Rule, Severity};

/// Made by a trusted key over something else, or damaged.
pub static SIGNATURE_INVALID: Rule = Rule {
    id: "signature-invalid",
    summary: "a signature does not verify with the key it is said to be made with",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-invalid.md"),
    frameworks: &["CWE-347"],
};

/// Somebody else signed.
pub static SIGNATURE_UNTRUSTED_KEY: Rule = Rule {
    id: "signature-untrusted-key",
    summary: "a signature was not made by any of the trusted keys",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-untrusted-key.md"),
    frameworks: &["CWE-345"],
};

/// Somebody else signed, and the log says who.
pub static SIGNATURE_UNTRUSTED_IDENTITY: Rule = Rule {
    id: "signature-untrusted-identity",
    summary: "a signature was made by somebody other than the trusted identities",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-untrusted-identity.md"),
    frameworks: &["CWE-345"],
};

/// Nobody is trusted, so nothing was decided.
pub static SIGNATURE_UNASSESSED: Rule = Rule {
    id: "signature-unassessed",
    summary: "a signature was found, and no key, certificate or identity was given to check it with",
    severity: Severity::Low,
    class: Class::Inventory,
    page: include_str!("../rules/signature-unassessed.md"),
    frameworks: &[],
};

/// An encoding that only early releases wrote.
pub static SIGNATURE_LEGACY_ENCODING: Rule = Rule {
    id: "signature-legacy-encoding",
    summary: "a signature uses an encoding of an early release of model signing",
    severity: Severity::Low,
    class: Class::Inventory,
    page: include_str!("../rules/signature-legacy-encoding.md"),
    frameworks: &[],
};

/// How a signature was answered.
pub type Answer = Result<Signed, Vec<Evidence>>;

impl Scene<'_> {
    /// No signer is trusted at all.
    pub fn unassessed(&self, who: &str) -> Evidence {
        let message =
            format!("{} is signed {who}; no key, certificate or identity was given to check it with", self.name());
        self.raise(&SIGNATURE_UNASSESSED, message).known_by(Assurance::Declared)
    }

    fn untrusted(&self, who: &str) -> Evidence {
        let message = format!("{} is signed {who}, which is not trusted here ({})", self.name(), self.trusted());
        self.raise(&SIGNATURE_UNTRUSTED_KEY, message)
    }

    /// What is trusted, for messages.
    fn trusted(&self) -> String {
        let keys = self.settings.keys.iter().map(|key| format!("key {}", &key.id().as_str()[..16]));
        let identities = self.settings.identities.iter().map(ToString::to_string);
        let certificates =
            self.settings.certificates.iter().map(|certificate| format!("root {}", certificate.subject()));
        let all: Vec<String> = keys.chain(certificates).chain(identities).take(8).collect();
        if all.is_empty() { "nobody is".to_owned() } else { format!("trusted: {}", all.join(", ")) }
    }

    /// Who signed the envelope of a bundle? `text` is the bundle as it stood in the file, `subject` the digest of any
    /// one subject of the statement, `legacy` the bytes that early releases signed in place of the envelope's.
    pub fn authenticate(&self, bundle: &Bundle, text: &str, subject: &Digest, legacy: Option<&[u8]>) -> Answer {
        let Content::Envelope(envelope) = &bundle.content else {
            return Err(vec![self.raise(&SIGNATURE_MALFORMED, format!("{} carries no envelope", self.name()))]);
        };
        match (&bundle.material, bundle.logged) {
            (_, true) => self.logged(bundle, text, Target::Digest(subject)),
            (Material::PublicKey { hint, inline }, false) => self.by_key(envelope, hint, *inline, legacy),
            (Material::Certificates(chain), false) => self.by_certificate(envelope, chain, legacy),
        }
    }

    /// A key signed, no log knows of it. The hint of a model signature is the key's identifier; one that names another
    /// key is refused as the reference does.
    fn by_key(&self, envelope: &Envelope, hint: &str, inline: bool, legacy: Option<&[u8]>) -> Answer {
        let who = if hint.is_empty() {
            "with a key that it does not name".to_owned()
        } else {
            format!("with the key {hint:?}")
        };
        if self.settings.trusts_nobody() {
            return Err(vec![self.unassessed(&who)]);
        }
        let keys: Vec<PublicKey> =
            self.settings.keys.iter().filter(|key| hint.is_empty() || key.id().as_str() == hint).cloned().collect();
        if keys.is_empty() {
            return Err(vec![self.untrusted(&who)]);
        }
        let mut notes = Vec::new();
        let payload = match envelope.verify(&keys, 1) {
            Ok(payload) => payload,
            Err(refusal) => {
                let Some(Ok(payload)) = legacy.map(|message| envelope.verify_over(message, &keys, 1)) else {
                    let rule = if hint.is_empty() { &SIGNATURE_UNTRUSTED_KEY } else { &SIGNATURE_INVALID };
                    return Err(vec![self.raise(rule, format!("{}: {refusal}", self.name()))]);
                };
                notes.push(self.legacy("the payload is encoded as release 0.2 did"));
                payload
            }
        };
        if inline || hint.is_empty() {
            notes.push(self.legacy("the signature does not name its key by hash, as releases before 1.0.1"));
        }
        let signers: BTreeSet<String> = payload.signers().iter().map(ToString::to_string).collect();
        let by = format!("key {}", signers.iter().next().map(String::as_str).unwrap_or_default());
        Ok(Signed { signers, by, time: None, notes })
    }

    fn legacy(&self, what: &str) -> Evidence {
        self.raise(&SIGNATURE_LEGACY_ENCODING, format!("{}: {what}", self.name()))
    }

    /// A certificate of the caller's own authority signed. The signature's time is unknown, so the chain must hold at
    /// the moment the certificate became valid; that it no longer does is said beside.
    fn by_certificate(&self, envelope: &Envelope, chain: &[Vec<u8>], legacy: Option<&[u8]>) -> Answer {
        let chain = chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
        let chain =
            chain.map_err(|clause| vec![self.raise(&SIGNATURE_MALFORMED, format!("{}: {clause}", self.name()))])?;
        let Some(leaf) = chain.first() else {
            return Err(vec![self.raise(&SIGNATURE_MALFORMED, format!("{} carries no certificate", self.name()))]);
        };
        let who = format!("with the certificate of {:?}", leaf.subject());
        if self.settings.trusts_nobody() {
            return Err(vec![self.unassessed(&who)]);
        }
        if self.settings.certificates.is_empty() {
            let rule = if self.settings.identities.is_empty() { &SIGNATURE_UNTRUSTED_KEY } else { &LOG_PROOF_INVALID };
            let message =
                format!("{} is signed {who} without a log entry, and no certificate authority is trusted", self.name());
            return Err(vec![self.raise(rule, message)]);
        }
        let late = verify_chain(&chain, &self.settings.certificates, self.now)
            .map_err(|clause| vec![self.raise(&CERTIFICATE_UNTRUSTED, format!("{}: {clause}", self.name()))])?;
        let key = leaf
            .public_key()
            .map_err(|error| vec![self.raise(&CERTIFICATE_UNTRUSTED, format!("{}: {error}", self.name()))])?;
        let mut notes: Vec<Evidence> = late
            .map(|clause| self.raise(&CERTIFICATE_EXPIRED, format!("{}: {clause}", self.name())))
            .into_iter()
            .collect();
        let signature = envelope.signatures().first().map(|signature| signature.bytes.as_slice()).unwrap_or_default();
        if !key.verify(&pae(envelope.payload_type(), envelope.unverified_payload()), signature) {
            use sha2::Digest as _;
            // Release 0.2 hashed with SHA-256 whatever the curve.
            let old = legacy.is_some_and(|message| key.verify_digest(&sha2::Sha256::digest(message), signature));
            if !old {
                let message =
                    format!("{} does not verify with the key in the certificate of {:?}", self.name(), leaf.subject());
                return Err(vec![self.raise(&SIGNATURE_INVALID, message)]);
            }
            notes.push(self.legacy("the payload is encoded and hashed as release 0.2 did"));
        }
        let signers = BTreeSet::from([key.id().to_string()]);
        Ok(Signed { signers, by: format!("certificate {:?}", leaf.subject()), time: None, notes })
    }

    /// One entry at most, and one that says one thing.
    fn entry(&self, bundle: &Bundle) -> Result<(), Vec<Evidence>> {
        let refuse = |clause: &str| vec![self.raise(&LOG_PROOF_INVALID, format!("{}: {clause}", self.name()))];
        if bundle.entries.len() > 1 {
            return Err(refuse(&format!("it carries {} log entries; the reference reads one", bundle.entries.len())));
        }
        for entry in &bundle.entries {
            entry::check(entry).map_err(|clause| refuse(&clause))?;
            let proven = entry.get("inclusionProof").is_some_and(|proof| !proof.is_null());
            if !proven && !of_npm(bundle) {
                return Err(refuse("its log entry has no inclusion proof"));
            }
        }
        Ok(())
    }

    /// A log entry or a timestamp stands beside the signature: Sigstore's rules decide.
    pub fn logged(&self, bundle: &Bundle, text: &str, target: Target<'_>) -> Answer {
        let root = self.settings.trusted_root.as_ref();
        self.entry(bundle)?;
        let refuse = |refused: sigstore::Refused| {
            vec![self.raise(rule(refused.broken), format!("{}: {}", self.name(), refused.clause))]
        };
        if let Material::PublicKey { hint, .. } = &bundle.material {
            let who = format!("with the key {hint:?}");
            if self.settings.trusts_nobody() {
                return Err(vec![self.unassessed(&who)]);
            }
            let mut first = None;
            for key in &self.settings.keys {
                match sigstore::verify(text, target, Some(key), root) {
                    Ok(vouched) => {
                        let id = key.id().to_string();
                        let by = format!("key {id}");
                        return Ok(Signed { signers: BTreeSet::from([id]), by, time: vouched.time, notes: Vec::new() });
                    }
                    Err(refused) => {
                        first.get_or_insert(refused);
                    }
                }
            }
            return Err(first.map_or_else(|| vec![self.untrusted(&who)], refuse));
        }
        let vouched = sigstore::verify(text, target, None, root).map_err(|refused| {
            let foreign = matches!(refused.broken, Broken::Certificate | Broken::Log | Broken::Timestamp);
            if foreign && root.is_none() && self.settings.trusts_nobody() {
                let who = format!("by somebody whom the public Sigstore does not vouch for ({})", refused.clause);
                return vec![self.unassessed(&who)];
            }
            refuse(refused)
        })?;
        let by = format!("{} (vouched for by {})", vouched.name, vouched.issuer);
        if self.settings.trusts_nobody() {
            return Err(vec![self.unassessed(&format!("by {by} according to Sigstore"))]);
        }
        if !self.settings.identities.iter().any(|identity| identity.is(&vouched.name, &vouched.issuer)) {
            let message = format!("{} is signed by {by}, who is not trusted here ({})", self.name(), self.trusted());
            return Err(vec![
                self.raise(&SIGNATURE_UNTRUSTED_IDENTITY, message)
                    .with("identity", vouched.name)
                    .with("issuer", vouched.issuer),
            ]);
        }
        let signers = BTreeSet::from([format!("{} {}", vouched.issuer, vouched.name)]);
        Ok(Signed { signers, by, time: vouched.time, notes: Vec::new() })
    }
}

/// Early attestations of npm have the log's promise alone, which version 0.1 of bundles allows. The reference reads
/// none of them, npm itself does.
fn of_npm(bundle: &Bundle) -> bool {
    let Content::Envelope(envelope) = &bundle.content else { return false };
    published::statement(envelope.unverified_payload())
        .is_ok_and(|statement| statement.subjects.iter().all(|subject| subject.name.starts_with("pkg:npm/")))
}

const fn rule(broken: Broken) -> &'static Rule {
    match broken {
        Broken::Signature => &SIGNATURE_INVALID,
        Broken::Subject => &SIGNATURE_OTHER_SUBJECT,
        Broken::Certificate => &CERTIFICATE_UNTRUSTED,
        Broken::Log => &LOG_PROOF_INVALID,
        Broken::Timestamp => &TIMESTAMP_INVALID,
        Broken::Form => &SIGNATURE_MALFORMED,
        Broken::Unsupported => &SIGNATURE_UNCHECKED,
    }
}
