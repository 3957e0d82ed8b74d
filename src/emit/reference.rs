//! The in-toto reference v0.1: documents about the files that are not part of the statement, by digest.
//!
//! A bill of materials soon outgrows what registries and logs accept as an attestation; a reference to it does not.
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/reference.md>

use serde_json::{Value, json};

use crate::model::Report;

use super::statement::{self, NoSubject};

/// The predicate's type.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/reference/v0.1";

/// A document that is referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its media type.
    pub media_type: String,
    /// URI from which it is fetched.
    pub location: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
}

/// The statement, ready to be signed. `attester` is the URI of who answers for the documents.
///
/// # Errors
/// [`NoSubject`] if nothing was hashed.
pub fn statement(report: &Report, attester: &str, documents: &[Document]) -> Result<Value, NoSubject> {
    let references: Vec<Value> = documents
        .iter()
        .map(|document| {
            let (algorithm, hex) = document.digest.split_once(':').unwrap_or_default();
            json!({
                "downloadLocation": document.location,
                "digest": { algorithm: hex },
                "mediaType": document.media_type,
            })
        })
        .collect();
    let predicate = json!({ "attester": { "id": attester }, "references": references });
    statement::annotated(report, PREDICATE_TYPE, predicate)
}

#[cfg(test)]
mod tests {
    use super::super::{encode, sample, summary};
    use super::*;

    #[test]
    fn published_samples_are_current() {
        let document = Document {
            media_type: "application/vnd.cyclonedx+json".to_owned(),
            location: "https://models.acme.example/demo.cdx.json".to_owned(),
            digest: sample::report().root.unwrap().to_string(),
        };
        let statement = statement(&sample::clean(), &summary::default_verifier(), &[document]).unwrap();
        sample::published("demo.reference.json", &encode::pretty(&statement));
    }
}
