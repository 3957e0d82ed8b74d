//! SPDX 2.3 and 3.0.1 as JSON: the same bill in the other vocabulary.
//!
//! Reproducible: the namespace holds a UUID made from report and options, and the time, which both versions require,
//! is a parameter. What is not known is `NOASSERTION` in 2.3 and left out or `noAssertion` in 3.0.1; how each
//! statement about the model is known stands in annotations.

mod flaws;
mod graph;
mod services;
mod v2;
mod v3;

use serde_json::Value;

use crate::model::address::without_credentials;
use crate::model::{Algorithm, ArtifactPath, Digest, PackageSource, Report, percent};

use super::bill::Bill;
use super::license;
use super::{encode, identity, json};

/// Versions of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spec {
    /// 2.3, ISO/IEC 5962's successor in wide use.
    V2_3,
    /// 3.0.1 with the profiles core, software, simpleLicensing and security; the classes of the AI and dataset
    /// profiles are used, but conformance to them is not claimed: they demand release times and download locations.
    #[default]
    V3_0_1,
}

/// What a bill says beyond the report.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Version of the format.
    pub spec: Spec,
    /// When, as RFC 3339 in UTC without fractions, such as `2026-11-23T00:00:00Z`.
    pub timestamp: String,
    /// Who answers for the document: an organisation.
    pub author: Option<String>,
    /// Who supplies the model: an organisation.
    pub supplier: Option<String>,
}

/// The bill as indented JSON with a line break at the end.
#[must_use]
pub fn render(report: &Report, options: &Options) -> String {
    encode::pretty(&document(report, options))
}

/// The bill as a value, for statements that carry it.
#[must_use]
pub fn document(report: &Report, options: &Options) -> Value {
    let bill = Bill::of(report);
    let namespace = namespace(report, options);
    match options.spec {
        Spec::V2_3 => v2::document(&bill, options, &namespace),
        Spec::V3_0_1 => v3::document(&bill, options, &namespace),
    }
}

/// An address that no other document has. Under spdx.org/spdxdocs, which the specification gives (2.3, 6.5) to whoever
/// has no address of their own; nothing need be there.
fn namespace(report: &Report, options: &Options) -> String {
    let said = format!("{options:?}{}", json::render(report));
    format!("https://spdx.org/spdxdocs/{}-{}", percent::encode(&report.subject, ""), identity::uuid(said.as_bytes()))
}

/// Digests in a version's spelling; a git blob is no hash of the file alone.
fn hashes<'d>(digests: impl IntoIterator<Item = &'d Digest>, spec: Spec) -> Vec<(&'static str, String)> {
    let name = |algorithm: Algorithm| match (algorithm, spec) {
        (Algorithm::Sha256, Spec::V2_3) => Some("SHA256"),
        (Algorithm::Sha384, Spec::V2_3) => Some("SHA384"),
        (Algorithm::Sha512, Spec::V2_3) => Some("SHA512"),
        (Algorithm::Blake2b512, Spec::V2_3) => Some("BLAKE2b-512"),
        (Algorithm::Blake3, Spec::V2_3) => Some("BLAKE3"),
        (Algorithm::Sha1, Spec::V2_3) => Some("SHA1"),
        (Algorithm::Md5, Spec::V2_3) => Some("MD5"),
        (Algorithm::Sha256, Spec::V3_0_1) => Some("sha256"),
        (Algorithm::Sha384, Spec::V3_0_1) => Some("sha384"),
        (Algorithm::Sha512, Spec::V3_0_1) => Some("sha512"),
        (Algorithm::Blake2b512, Spec::V3_0_1) => Some("blake2b512"),
        (Algorithm::Blake3, Spec::V3_0_1) => Some("blake3"),
        (Algorithm::Sha1, Spec::V3_0_1) => Some("sha1"),
        (Algorithm::Md5, Spec::V3_0_1) => Some("md5"),
        (Algorithm::GitBlob, _) => None,
    };
    let one = |digest: &Digest| name(digest.algorithm()).map(|name| (name, digest.hex()));
    digests.into_iter().filter_map(one).collect()
}

/// Where a package comes from, unless that is the public registry; `local` for a folder of the tree.
fn source(source: &PackageSource) -> Option<String> {
    match source {
        PackageSource::PublicRegistry => None,
        PackageSource::Local => Some("local".to_owned()),
        PackageSource::Git(address) | PackageSource::Registry(address) | PackageSource::Archive(address) => {
            Some(without_credentials(address))
        }
    }
}

/// The figures of the weights as sentences, and which files they are of where there are others.
fn tensors(bill: &Bill<'_>) -> impl Iterator<Item = String> {
    let weights = bill.weights.iter();
    weights.flat_map(|weights| {
        let listed = |paths: &[&ArtifactPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let sum = format!("{} tensors, {} parameters", weights.sum.count, weights.sum.parameters);
        let chosen = (!weights.others.is_empty()).then(|| {
            format!("parameters are of {}; not counted: {}", listed(&weights.counted), listed(&weights.others))
        });
        std::iter::once(sum).chain(chosen)
    })
}

/// Declared licences as one expression, with the names that no identifier stands for.
fn expression(bill: &Bill<'_>) -> Option<(String, Vec<(String, String)>)> {
    license::expression(bill.licenses().iter().map(|stated| stated.value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn options(spec: Spec) -> Options {
        Options {
            spec,
            timestamp: "2026-11-23T00:00:00Z".to_owned(),
            author: Some("Acme ML platform".to_owned()),
            supplier: Some("Acme".to_owned()),
        }
    }

    #[test]
    fn published_samples_are_current() {
        sample::published("demo-2.3.spdx.json", &render(&sample::report(), &options(Spec::V2_3)));
        sample::published("demo-3.0.1.spdx3.json", &render(&sample::report(), &options(Spec::V3_0_1)));
        let bare = Options { author: None, supplier: None, ..options(Spec::V2_3) };
        sample::published("bare-2.3.spdx.json", &render(&sample::bare(), &bare));
        let bare = Options { spec: Spec::V3_0_1, ..bare };
        sample::published("bare-3.0.1.spdx3.json", &render(&sample::bare(), &bare));
    }

    #[test]
    fn licences_that_are_not_on_the_list_get_a_name() {
        let mut report = sample::report();
        report.artifacts[0].kept = Some(b"---\nlicense: [mit, llama 3]\n---\n".to_vec());
        let (expression, named) = expression(&Bill::of(&report)).unwrap();
        assert_eq!(expression, "MIT AND LicenseRef-llama-3");
        assert_eq!(named, [("LicenseRef-llama-3".to_owned(), "llama 3".to_owned())]);
    }
}
