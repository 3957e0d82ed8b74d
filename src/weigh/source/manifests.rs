//! Manifests of model stores: OCI image layouts (image specification 1.1: layout, index, manifest, descriptor), which
//! ModelPack and KitOps use, and Ollama's `manifests/HOST/NAMESPACE/NAME/TAG`, which are Docker's version 2.
//!
//! Each descriptor's blob must be there, have the size it says, and be what its media type says. That a blob has the
//! digest it is named by is checked where names are. Not checked: blobs that no manifest lists, and what is fetched by
//! URL (`urls` of a descriptor).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::model::{Artifact, ArtifactPath, Class, Evidence, Place, Rule, Severity};

use super::super::view::Unreadable;
use super::super::walk::Found;
use super::is_hex;

/// A store is not whole.
pub static BLOB_MISSING: Rule = Rule {
    id: "blob-missing",
    summary: "a manifest of a model store lists a blob that is not there",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/blob-missing.md"),
    frameworks: &["CWE-353"],
};

/// A blob is not what was said of it.
pub static MANIFEST_MISMATCH: Rule = Rule {
    id: "manifest-mismatch",
    summary: "a manifest of a model store says another size or type than its blob has",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/manifest-mismatch.md"),
    frameworks: &["CWE-345", "CWE-436"],
};

/// Not followed, for it cannot be read.
pub static MANIFEST_MALFORMED: Rule = Rule {
    id: "manifest-malformed",
    summary: "a manifest of a model store cannot be read",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../../rules/manifest-malformed.md"),
    frameworks: &["CWE-20"],
};

/// A manifest has at most this many bytes; a list of a thousand files fits.
const LONGEST: u64 = 1 << 20;
/// Bytes of all blobs of a store that are kept because they may be manifests.
const KEPT: u64 = 32 << 20;

/// Folders of stores, `/` at the end of each that is not the root.
#[derive(Default)]
struct Stores {
    layouts: BTreeSet<String>,
    ollama: BTreeSet<String>,
}

impl Stores {
    fn of(files: &[Found]) -> Self {
        let mut stores = Self::default();
        for path in files.iter().map(|file| &file.path) {
            if path.name() == "oci-layout" {
                stores.layouts.insert(path.as_str().trim_end_matches("oci-layout").to_owned());
            } else if let Some(hex) = path.name().strip_prefix("sha256-")
                && is_hex(hex, 64)
                && let Some(above) = path.parent().strip_suffix("blobs")
                && (above.is_empty() || above.ends_with('/'))
            {
                stores.ollama.insert(above.to_owned());
            }
        }
        stores
    }

    /// True for a file that may be a manifest of one of them.
    fn holds(&self, path: &str) -> bool {
        let below =
            |root: &String, what: &str| path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with(what));
        self.layouts.iter().any(|root| below(root, "blobs/") || path.strip_prefix(root.as_str()) == Some("index.json"))
            || self.ollama.iter().any(|root| below(root, "manifests/"))
    }
}

/// Marks what may be a manifest, so that its bytes are kept.
pub fn prepare(files: &mut [Found]) {
    let stores = Stores::of(files);
    if stores.layouts.is_empty() && stores.ollama.is_empty() {
        return;
    }
    let mut left = KEPT;
    for file in files.iter_mut().filter(|file| file.len <= LONGEST && stores.holds(file.path.as_str())) {
        if let Some(rest) = left.checked_sub(file.len) {
            left = rest;
            file.testifies = true;
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u64,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
    subject: Option<Descriptor>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    artifact_type: Option<String>,
}

impl Descriptor {
    fn lists_others(&self) -> bool {
        const LISTS: [&str; 4] = [
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v2+json",
        ];
        LISTS.contains(&self.media_type.as_str())
    }

    /// Formats of which its blob must have one, where the media type says so.
    fn formats(&self) -> &'static [&'static str] {
        let media = self.media_type.split(';').next().unwrap_or_default();
        match media {
            "application/vnd.ollama.image.model" | "application/vnd.ollama.image.projector" => &["gguf"],
            _ if media.ends_with("+json") => &["json"],
            _ if media.ends_with("+gzip") || media.ends_with(".gzip") => &["gzip"],
            _ if media.ends_with("+zstd") => &["zstd"],
            _ if media.ends_with(".tar") || media.ends_with("+tar") => &["tar"],
            _ => &[],
        }
    }
}

/// Follows each store from its index to its last blob.
pub fn judge(files: &[Found], artifacts: &[Artifact]) -> Vec<Evidence> {
    let stores = Stores::of(files);
    let known: BTreeMap<&str, &Artifact> =
        artifacts.iter().map(|artifact| (artifact.path.as_str(), artifact)).collect();
    let mut evidence = Vec::new();
    for root in &stores.layouts {
        let mut store = Store { root, between: '/', known: &known, seen: BTreeSet::new(), evidence: Vec::new() };
        match known.get(format!("{root}index.json").as_str()) {
            Some(index) => store.follow(index, None),
            None => store.evidence.push(
                Evidence::new(&MANIFEST_MALFORMED, "the image layout has no index.json")
                    .of(&ArtifactPath::new(format!("{root}oci-layout"))),
            ),
        }
        evidence.append(&mut store.evidence);
    }
    for root in &stores.ollama {
        let mut store = Store { root, between: '-', known: &known, seen: BTreeSet::new(), evidence: Vec::new() };
        let manifests = format!("{root}manifests/");
        let hidden = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        for artifact in artifacts.iter().filter(|artifact| artifact.path.as_str().starts_with(&manifests)) {
            if !hidden(artifact.path.as_str()) {
                store.follow(artifact, None);
            }
        }
        evidence.append(&mut store.evidence);
    }
    evidence
}

struct Store<'a> {
    root: &'a str,
    /// Between algorithm and digest in the name of a blob.
    between: char,
    known: &'a BTreeMap<&'a str, &'a Artifact>,
    seen: BTreeSet<&'a str>,
    evidence: Vec<Evidence>,
}

impl<'a> Store<'a> {
    /// Checks all that a manifest lists, and what that lists, each file once.
    fn follow(&mut self, first: &'a Artifact, by: Option<Descriptor>) {
        let mut waiting = vec![(first, by)];
        while let Some((artifact, by)) = waiting.pop() {
            if !self.seen.insert(artifact.path.as_str()) {
                continue;
            }
            let Some(document) = self.document(artifact) else { continue };
            if let Some(by) = by {
                self.compare_types(artifact, &document, &by);
            }
            let Document { config, layers, manifests, subject, .. } = document;
            for descriptor in config.into_iter().chain(layers).chain(manifests).chain(subject) {
                if let Some(blob) = self.blob(artifact, &descriptor)
                    && descriptor.lists_others()
                {
                    waiting.push((blob, Some(descriptor)));
                }
            }
        }
    }

    fn document(&mut self, artifact: &Artifact) -> Option<Document> {
        let Some(kept) = &artifact.kept else {
            let evidence = Unreadable::limit_evidence("manifest-bytes", LONGEST, Place::Whole);
            self.evidence.push(evidence.of(&artifact.path));
            return None;
        };
        let read = serde_json::from_slice::<Document>(kept).map_err(|error| error.to_string());
        let why = match read {
            Ok(document) if document.schema_version == 2 => return Some(document),
            Ok(document) => format!("its schemaVersion is {}, not 2", document.schema_version),
            Err(error) => error,
        };
        let message = format!("it cannot be read as a manifest: {why}");
        self.evidence.push(Evidence::new(&MANIFEST_MALFORMED, message).of(&artifact.path));
        None
    }

    /// What a manifest says of itself and what is said of it must be one.
    fn compare_types(&mut self, artifact: &Artifact, document: &Document, by: &Descriptor) {
        let config = document.config.as_ref().map(|config| &config.media_type);
        let own = document.artifact_type.as_ref().or(config);
        let pairs = [
            ("mediaType", Some(&by.media_type), document.media_type.as_ref()),
            ("artifactType", by.artifact_type.as_ref(), own),
        ];
        for (field, said, found) in pairs {
            if let (Some(said), Some(found)) = (said, found)
                && said != found
            {
                self.mismatch(&artifact.path, field, said, found, &artifact.path);
            }
        }
    }

    /// The blob of a descriptor, compared with it.
    fn blob(&mut self, by: &Artifact, descriptor: &Descriptor) -> Option<&'a Artifact> {
        let named = descriptor.digest.split_once(':').filter(|(algorithm, hex)| match *algorithm {
            "sha256" => is_hex(hex, 64),
            "sha512" => is_hex(hex, 128),
            _ => false,
        });
        let Some((algorithm, hex)) = named else {
            let message = format!("{:?} is not a digest of sha256 or sha512", descriptor.digest);
            self.evidence.push(Evidence::new(&MANIFEST_MALFORMED, message).of(&by.path));
            return None;
        };
        let path = format!("{}blobs/{algorithm}{}{hex}", self.root, self.between);
        let Some(blob) = self.known.get(path.as_str()).copied() else {
            let message = format!("it lists {}, which is not in the store", descriptor.digest);
            let evidence = Evidence::new(&BLOB_MISSING, message).of(&by.path);
            self.evidence
                .push(evidence.with("digest", &*descriptor.digest).with("media_type", &*descriptor.media_type));
            return None;
        };
        if blob.size != descriptor.size {
            self.mismatch(&by.path, "size", &descriptor.size.to_string(), &blob.size.to_string(), &blob.path);
        }
        let formats = descriptor.formats();
        if !formats.is_empty() && !blob.formats.is_empty() && !blob.formats.iter().any(|f| formats.contains(&f.name()))
        {
            let found: Vec<_> = blob.formats.iter().map(crate::model::Format::name).collect();
            self.mismatch(&by.path, "mediaType", &descriptor.media_type, &found.join(", "), &blob.path);
        }
        Some(blob)
    }

    fn mismatch(&mut self, by: &ArtifactPath, field: &str, said: &str, found: &str, blob: &ArtifactPath) {
        let message = format!("the {field} of {} is said to be {said}, it is {found}", blob.name());
        let evidence = Evidence::new(&MANIFEST_MISMATCH, message).of(by).with("field", field);
        self.evidence.push(evidence.with("blob", blob.as_str()).with("expected", said).with("found", found));
    }
}
