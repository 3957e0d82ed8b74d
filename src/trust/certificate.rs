//! Certificate chains of signers with their own authority (RFC 5280), checked without a web client's rules: model
//! signing uses leaves that web verifiers refuse, such as ones marked as authorities.
//!
//! Not done: revocation, name constraints and policies. A certificate that carries name constraints, or another
//! critical extension that is not understood, is refused.

use der::{Decode, Encode};
use jiff::Timestamp;
use rustls_pki_types::SignatureVerificationAlgorithm;
use x509_cert::Certificate as X509;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};

use super::key::{KeyError, PublicKey};
use crate::model::{Class, Rule, Severity};

/// The chain is fine but for the time.
pub static CERTIFICATE_EXPIRED: Rule = Rule {
    id: "certificate-expired",
    summary: "a signing certificate is not valid at the time of this check",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/certificate-expired.md"),
    frameworks: &["CWE-298"],
};

/// No path to a trusted root.
pub static CERTIFICATE_UNTRUSTED: Rule = Rule {
    id: "certificate-untrusted",
    summary: "a signing certificate does not lead to a trusted root, or may not be used for signing",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/certificate-untrusted.md"),
    frameworks: &["CWE-295"],
};

/// Bytes of one certificate.
const LARGEST: usize = 64 << 10;
/// Certificates between leaf and root.
const DEPTH: usize = 8;
/// Signatures that are checked while looking for a path; each costs up to a millisecond.
const CHECKS: usize = 64;

const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const ANY_USAGE: &str = "2.5.29.37.0";
/// Extensions whose meaning is taken into account here, or that do not limit the use for signing.
const UNDERSTOOD: [&str; 7] =
    ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.35", "2.5.29.37"];
const NAME_CONSTRAINTS: &str = "2.5.29.30";

/// A certificate that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    parsed: X509,
}

/// Why a chain was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainRefusal {
    /// It leads nowhere that is trusted, or it may not sign.
    Untrusted(String),
    /// It is fine but for the time.
    Expired(String),
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// A clause.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        if der.len() > LARGEST {
            return Err(format!("a certificate has {} bytes, more than {LARGEST}", der.len()));
        }
        let parsed = X509::from_der(der).map_err(|error| format!("a certificate is malformed ({error})"))?;
        let tbs = parsed.tbs_certificate().to_der().map_err(|error| format!("a certificate is malformed ({error})"))?;
        // The signature is over these bytes as they stand in the file.
        if !der.windows(tbs.len()).any(|window| window == tbs) {
            return Err("a certificate is not in canonical form".to_owned());
        }
        Ok(Self { der: der.to_vec(), tbs, parsed })
    }

    /// Reads every certificate of a PEM text.
    ///
    /// # Errors
    /// [`KeyError`] says what the text is instead.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, KeyError> {
        let malformed = |error: der::Error| KeyError::Malformed(error.to_string());
        let text = std::str::from_utf8(text).map_err(|_| KeyError::NotPem)?;
        let Some(begin) = text.find("-----BEGIN ") else { return Err(KeyError::NotPem) };
        let mut found = Vec::new();
        for block in text[begin..].split("-----BEGIN ").skip(1) {
            let label = block.split("-----").next().unwrap_or_default();
            if label != "CERTIFICATE" {
                return Err(KeyError::Malformed(format!("a chain holds certificates, this text also {label:?}")));
            }
            let Some((body, _)) = block.split_once("-----END CERTIFICATE-----") else {
                return Err(KeyError::BrokenPem("the last line is missing".to_owned()));
            };
            let armoured = format!("-----BEGIN {}-----END CERTIFICATE-----\n", body.trim_start());
            let (_, der) =
                der::pem::decode_vec(armoured.as_bytes()).map_err(|error| KeyError::BrokenPem(error.to_string()))?;
            X509::from_der(&der).map_err(malformed)?;
            found.push(Self::from_der(&der).map_err(KeyError::Malformed)?);
        }
        Ok(found)
    }

    /// DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as text, such as `CN=intermediate-ca`.
    #[must_use]
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate().subject().to_string()
    }

    /// First second of its validity, as Unix time.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        seconds(self.parsed.tbs_certificate().validity().not_before)
    }

    /// Last second of its validity, as Unix time.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        seconds(self.parsed.tbs_certificate().validity().not_after)
    }

    /// The key it certifies.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for RSA and other kinds that this room does not verify.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        let der = self.parsed.tbs_certificate().subject_public_key_info().to_der();
        PublicKey::from_der(&der.map_err(|error| KeyError::Malformed(error.to_string()))?)
    }

    fn is_self_issued(&self) -> bool {
        self.parsed.tbs_certificate().subject() == self.parsed.tbs_certificate().issuer()
    }

    fn extension<'a, T: Decode<'a> + der::oid::AssociatedOid>(&'a self) -> Result<Option<T>, String> {
        self.parsed
            .tbs_certificate()
            .get_extension::<T>()
            .map(|found| found.map(|(_, value)| value))
            .map_err(|_| format!("an extension of {} is malformed", self.subject()))
    }

    fn valid_at(&self, time: i64) -> bool {
        self.not_before() <= time && time <= self.not_after()
    }

    /// Extensions that forbid the use at hand or that are not understood.
    fn check_extensions(&self) -> Result<(), String> {
        for extension in self.parsed.tbs_certificate().extensions().into_iter().flatten() {
            let id = extension.extn_id.to_string();
            if id == NAME_CONSTRAINTS || (extension.critical && !UNDERSTOOD.contains(&id.as_str())) {
                return Err(format!("{} carries the extension {id}, which is not evaluated here", self.subject()));
            }
        }
        Ok(())
    }

    /// May it issue certificates with `below` authorities between it and the leaf?
    fn may_issue(&self, below: usize) -> Result<(), String> {
        self.check_extensions()?;
        let constraints = self.extension::<BasicConstraints>()?;
        match constraints {
            Some(BasicConstraints { ca: true, path_len_constraint }) => {
                if path_len_constraint.is_some_and(|most| below > usize::from(most)) {
                    return Err(format!("{} allows fewer authorities below it", self.subject()));
                }
            }
            _ => return Err(format!("{} is no certificate authority", self.subject())),
        }
        if self.extension::<KeyUsage>()?.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(format!("{} may not sign certificates", self.subject()));
        }
        Ok(())
    }

    /// May its key sign models? By key usage `digitalSignature` or extended key usage `codeSigning`, as the reference
    /// asks; an extended key usage that names other purposes only forbids it.
    fn may_sign(&self) -> Result<(), String> {
        self.check_extensions()?;
        let purposes = self.extension::<ExtendedKeyUsage>()?;
        let for_code = purposes.as_ref().map(|purposes| {
            purposes.0.iter().any(|purpose| [CODE_SIGNING, ANY_USAGE].contains(&purpose.to_string().as_str()))
        });
        let digital = self.extension::<KeyUsage>()?.is_some_and(|usage| usage.digital_signature());
        match (digital, for_code) {
            (_, Some(false)) => Err(format!("the extended key usage of {} is not code signing", self.subject())),
            (true, _) | (_, Some(true)) => Ok(()),
            (false, None) => Err(format!("{} may not be used for signing", self.subject())),
        }
    }

    /// True if `self` was issued by `issuer`: names, key identifiers, signature.
    fn issued_by(&self, issuer: &Self) -> bool {
        if self.parsed.tbs_certificate().issuer() != issuer.parsed.tbs_certificate().subject() {
            return false;
        }
        let named = self.extension::<AuthorityKeyIdentifier>().ok().flatten().and_then(|id| id.key_identifier);
        let known = issuer.extension::<SubjectKeyIdentifier>().ok().flatten();
        if let (Some(named), Some(known)) = (named, known)
            && named.as_bytes() != known.0.as_bytes()
        {
            return false;
        }
        let Ok(algorithm) = self.parsed.signature_algorithm().to_der() else { return false };
        let key = issuer.parsed.tbs_certificate().subject_public_key_info();
        let Ok(kind) = key.algorithm.to_der() else { return false };
        let (Some(key), Some(signature)) = (key.subject_public_key.as_bytes(), self.parsed.signature().as_bytes())
        else {
            return false;
        };
        self.parsed.signature_algorithm() == self.parsed.tbs_certificate().signature()
            && webpki::ALL_VERIFICATION_ALGS
                .iter()
                .filter(|known| fits(**known, &algorithm, &kind))
                .any(|known| known.verify_signature(key, &self.tbs, signature).is_ok())
    }
}

/// webpki's identifiers are the content of the DER sequence.
fn fits(known: &dyn SignatureVerificationAlgorithm, algorithm: &[u8], key: &[u8]) -> bool {
    let content = |der: &[u8]| der.get(2..).map(<[u8]>::to_vec).unwrap_or_default();
    content(algorithm) == known.signature_alg_id().as_ref() && content(key) == known.public_key_alg_id().as_ref()
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// Checks a chain, leaf first, against the caller's certificates: first at the moment the leaf became valid, which is
/// all that the reference asks, then now. Returns the leaf's certificate, and a clause if it is fine but for the time.
///
/// # Errors
/// [`ChainRefusal::Untrusted`] if there is no path at all.
pub fn verify_chain(chain: &[Certificate], trusted: &[Certificate], now: Timestamp) -> Result<Option<String>, String> {
    let Some((leaf, rest)) = chain.split_first() else { return Err("there is no certificate".to_owned()) };
    leaf.may_sign()?;
    match path(leaf, rest, trusted, leaf.not_before()) {
        Err(ChainRefusal::Untrusted(clause) | ChainRefusal::Expired(clause)) => return Err(clause),
        Ok(()) => {}
    }
    match path(leaf, rest, trusted, now.as_second()) {
        Ok(()) => Ok(None),
        Err(ChainRefusal::Expired(clause)) => Ok(Some(clause)),
        Err(ChainRefusal::Untrusted(clause)) => Err(clause),
    }
}

fn path(leaf: &Certificate, rest: &[Certificate], trusted: &[Certificate], time: i64) -> Result<(), ChainRefusal> {
    let mut search = Search { rest, trusted, time, checks: CHECKS, late: None, clause: None };
    if search.reaches_root(leaf, &mut vec![leaf]) {
        return Ok(());
    }
    Err(match (search.late, search.clause) {
        (Some(late), _) => ChainRefusal::Expired(late),
        (None, Some(clause)) => ChainRefusal::Untrusted(clause),
        (None, None) => ChainRefusal::Untrusted(format!(
            "none of the trusted certificates is a root that leads to {}",
            leaf.subject()
        )),
    })
}

struct Search<'a> {
    rest: &'a [Certificate],
    trusted: &'a [Certificate],
    time: i64,
    checks: usize,
    /// A path that would do at another time.
    late: Option<String>,
    /// Why a candidate did not do.
    clause: Option<String>,
}

impl<'a> Search<'a> {
    /// Depth first, bounded by [`DEPTH`] and [`CHECKS`].
    fn reaches_root(&mut self, at: &'a Certificate, path: &mut Vec<&'a Certificate>) -> bool {
        let trusted = self.trusted;
        if trusted.iter().any(|root| root.is_self_issued() && root.der == at.der) {
            return self.in_time(path);
        }
        for issuer in trusted.iter().chain(self.rest) {
            if path.len() > DEPTH || path.contains(&issuer) || self.checks == 0 {
                continue;
            }
            self.checks -= 1;
            if !at.issued_by(issuer) {
                continue;
            }
            if let Err(clause) = issuer.may_issue(path.len() - 1) {
                self.clause = Some(clause);
                continue;
            }
            path.push(issuer);
            if self.reaches_root(issuer, path) {
                return true;
            }
            path.pop();
        }
        false
    }

    fn in_time(&mut self, path: &[&Certificate]) -> bool {
        let Some(late) = path.iter().find(|certificate| !certificate.valid_at(self.time)) else { return true };
        let shown = |seconds: i64| Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default();
        self.late = Some(format!(
            "{} is valid from {} to {}, not at {}",
            late.subject(),
            shown(late.not_before()),
            shown(late.not_after()),
            shown(self.time)
        ));
        false
    }
}
