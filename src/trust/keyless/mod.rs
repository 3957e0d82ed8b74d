//! Keyless signing: a certificate for minutes, for a name that an identity provider vouches for, and an entry in a
//! public log that says when.
//!
//! ```text
//! IdentityToken ─▶ fulcio: request ─ answer ─▶ certificate of a fresh key
//! Signable ─ sign ─▶ timestamp: request ─ answer      (needed with Rekor 2, which vouches for no time)
//!                 └▶ rekor: request ─ answer ─▶ bundle ─▶ confirm, by the verifier of this room
//! ```
//!
//! Nothing here touches the network: requests are made and answers are read; who sends them is the caller's matter.
//! What is not checked here: the identity token's signature (the certificate authority does) and certificates of the
//! services' TLS.

mod asn1;
pub mod fulcio;
pub mod rekor;
mod services;
pub mod timestamp;
mod token;

use serde_json::{Value, json};

use super::bundle;
use super::certificate::Certificate;
use super::signing::{Signable, SignedContent};
use super::sigstore::{self, Target, TrustedRoot};
use super::strict;

pub use super::sigstore::Vouched;
pub use services::{LogVersion, Services};
pub use token::IdentityToken;

/// Puts the parts together. Returns the bundle as JSON.
#[must_use]
pub fn bundle(certificate: &Certificate, content: &SignedContent, entry: &Value, timestamps: &[Vec<u8>]) -> String {
    let mut material = json!({
        "certificate": { "rawBytes": strict::to_base64(certificate.der()) },
        "tlogEntries": [entry],
    });
    if !timestamps.is_empty() {
        let signed = |der: &Vec<u8>| json!({ "signedTimestamp": strict::to_base64(der) });
        let list: Vec<Value> = timestamps.iter().map(signed).collect();
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": list });
    }
    bundle::of_content(material, content).to_string()
}

/// Verifies a bundle that was just made, as any verifier will: certificate, promise of the certificate log, log entry,
/// signature.
///
/// # Errors
/// A clause that says what does not hold.
pub fn confirm(bundle: &str, signable: &Signable, root: Option<&TrustedRoot>) -> Result<Vouched, String> {
    let subject = signable.subject()?;
    sigstore::verify(bundle, Target::Digest(&subject), None, root).map_err(|refused| refused.clause)
}
