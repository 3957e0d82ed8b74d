//! Files, packages and datasets as components, and what depends on what.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::model::address::without_credentials;
use crate::model::{Algorithm, Artifact, ArtifactPath, Digest, Ecosystem, PackageSource, Purl};

use super::super::bill::{self, Bill, Locked};
use super::super::bundled::Bundled;
use super::super::card::Stated;
use super::super::identity::{content_purl, hub_purl};
use super::super::license::{self, License};
use super::super::manifests::Need;
use super::{MODEL, NO_ASSERTION, Options, SUBJECT, UNKNOWN, model_card, property, put, services};
use crate::model::percent;

/// Identifiers of the SPDX list that are newer than the list in the schemas of 1.6 and 1.7, or no licences at all.
const NOT_IN_SCHEMA: [&str; 22] = [
    "BSD-2-Clause-pos-unchanged",
    "BSD-3-Clause-OpenWebUI",
    "BSD-Source-alt-GPL",
    "BSD-Source-Code-no-disclaimer",
    "BSD-ask-to-endorse",
    "Brian-Gladman-3-Clause-no-conversion",
    "Bugroff",
    "CC-BY-NC-3.0-IGO",
    "FDK-MPEG-H",
    "GFDL-1.1-invariants",
    "GFDL-1.1-no-invariants",
    "GFDL-1.2-invariants",
    "GFDL-1.2-no-invariants",
    "GFDL-1.3-invariants",
    "GFDL-1.3-no-invariants",
    "Google-Patent-WebM",
    "Hippocratic-3.0-core",
    "Informatica",
    "MVT-1.1",
    "NOASSERTION",
    "Spelling-Provider-LGPL-exception",
    "atc-game",
];

/// Characters of one header value that a property carries; a longer one is left to the file itself.
const METADATA: usize = 256;

/// All components: the model, files by path, datasets by name, packages by purl.
pub(super) fn all(bill: &Bill<'_>, options: &Options) -> Vec<Value> {
    let mut all = Vec::new();
    if bill.is_model {
        all.push(model_card::model(bill, options));
    }
    all.extend(bill.files().into_iter().map(file));
    let mut named = BTreeSet::new();
    all.extend(bill.card.datasets.iter().filter(|stated| named.insert(&stated.value)).map(dataset));
    all.extend(bill.packages.iter().map(library));
    all.extend(bill.bundle.components.values().map(bundled));
    all
}

/// A component that the bill of an installed package lists: what it says, in words that the format has.
fn bundled(of: &Bundled<'_>) -> Value {
    let mut component = Map::new();
    component.insert("type".to_owned(), of.kind().into());
    component.insert("bom-ref".to_owned(), of.reference.as_str().into());
    for key in ["name", "group", "description", "purl"] {
        component.extend(of.text(key).map(|text| (key.to_owned(), text.into())));
    }
    component.insert("version".to_owned(), of.text("version").unwrap_or(UNKNOWN).into());
    component.insert("supplier".to_owned(), json!({ "name": UNKNOWN }));
    component.insert("licenses".to_owned(), licenses(of.license()).into());
    let digests = of.hashes();
    put(&mut component, "hashes", hashes(&digests));
    let mut properties: Vec<Value> =
        of.bills.iter().map(|path| property("weighbridge:listed-in", path.as_str())).collect();
    properties.extend(of.text("cpe").map(|cpe| property("weighbridge:cpe", cpe)));
    properties.push(property("weighbridge:assurance:name", &of.known()));
    let known = if digests.is_empty() { "unknown".to_owned() } else { of.known() };
    properties.push(property("weighbridge:assurance:hashes", &known));
    component.insert("properties".to_owned(), properties.into());
    component.into()
}

/// The weighed tree itself.
pub(super) fn subject(bill: &Bill<'_>, options: &Options) -> Value {
    let mut subject = json!({
        "type": "application",
        "bom-ref": SUBJECT,
        "name": bill.name(),
        "version": bill.version().map_or_else(|| UNKNOWN.to_owned(), |version| version.value),
        "supplier": { "name": options.supplier.as_deref().unwrap_or(UNKNOWN) },
        "hashes": hashes(bill.root()),
        "purl": content_purl(bill.name(), None, bill.root()),
        "licenses": licenses(bill.licenses().iter().map(|license| license.value.as_str())),
    });
    if let Some(description) = bill.own.as_ref().and_then(|own| own.description.as_ref()) {
        subject["description"] = description.value.as_str().into();
    }
    subject
}

/// The graph: the tree on the model and the roots of its packages, the model on its files and datasets.
pub(super) fn dependencies(bill: &Bill<'_>) -> Vec<Value> {
    let files: Vec<String> = bill.files().iter().map(|artifact| file_reference(&artifact.path)).collect();
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reference in &files {
        of.entry(reference.clone()).or_default();
    }
    let roots = bill.packages.iter().filter(|locked| locked.is_root);
    let subject = of.entry(SUBJECT.to_owned()).or_default();
    subject.extend(roots.map(|locked| locked.package.purl.to_string()));
    if bill.is_model {
        subject.insert(MODEL.to_owned());
        let datasets: Vec<String> = datasets(bill).into_iter().map(dataset_reference).collect();
        of.entry(MODEL.to_owned()).or_default().extend(files.into_iter().chain(datasets.iter().cloned()));
        for reference in datasets {
            of.entry(reference).or_default();
        }
    } else {
        subject.extend(files);
    }
    for locked in &bill.packages {
        let on = of.entry(locked.package.purl.to_string()).or_default();
        on.extend(locked.dependencies.iter().map(ToString::to_string));
    }
    for reference in bill.bundle.components.keys() {
        of.entry(reference.clone()).or_default();
    }
    for (from, to) in &bill.bundle.edges {
        of.entry(from.clone().unwrap_or_else(|| SUBJECT.to_owned())).or_default().insert(to.clone());
    }
    for service in &bill.services {
        let reference = services::reference(service);
        of.entry(reference.clone()).or_default();
        let listed = |purl: &&&Purl| bill.packages.iter().any(|locked| locked.package.purl == ***purl);
        let clients = service.clients.iter().filter(listed).map(ToString::to_string);
        for from in clients.chain(service.direct.then(|| SUBJECT.to_owned())) {
            of.entry(from).or_default().insert(reference.clone());
        }
    }
    let one = |(reference, on): (String, BTreeSet<String>)| match on.is_empty() {
        true => json!({ "ref": reference }),
        false => json!({ "ref": reference, "dependsOn": on }),
    };
    of.into_iter().map(one).collect()
}

/// The reference of a file.
pub(super) fn file_reference(path: &ArtifactPath) -> String {
    format!("file:{path}")
}

/// The reference of a dataset.
pub(super) fn dataset_reference(name: &str) -> String {
    format!("dataset:{name}")
}

/// Names of the datasets, without repeats.
pub(super) fn datasets<'b>(bill: &'b Bill<'_>) -> BTreeSet<&'b str> {
    bill.card.datasets.iter().map(|dataset| dataset.value.as_str()).collect()
}

fn file(artifact: &Artifact) -> Value {
    let mut component = Map::new();
    component.insert("type".to_owned(), "file".into());
    component.insert("bom-ref".to_owned(), file_reference(&artifact.path).into());
    component.insert("name".to_owned(), artifact.path.as_str().into());
    put(&mut component, "hashes", hashes(artifact.digests.iter()));
    if let Some(blob) = artifact.digests.get(Algorithm::GitBlob) {
        component.insert("swhid".to_owned(), json!([format!("swh:1:cnt:{}", blob.hex())]));
    }
    let mut properties = vec![property("weighbridge:size", &artifact.size.to_string())];
    properties.extend(artifact.formats.iter().map(|format| property("weighbridge:format", format.name())));
    if let Some(sum) = artifact.tensor_summary() {
        properties.extend(model_card::tensors(&sum));
    }
    for (key, value) in &artifact.contents.metadata {
        if value.len() <= METADATA {
            properties.push(property(&format!("weighbridge:metadata:{key}"), &without_credentials(value)));
        }
    }
    component.insert("properties".to_owned(), properties.into());
    component.into()
}

fn dataset(stated: &Stated<String>) -> Value {
    let name = stated.value.as_str();
    let owner = name.split_once('/').filter(|_| !name.contains("://")).map_or(UNKNOWN, |(owner, _)| owner);
    json!({
        "type": "data",
        "bom-ref": dataset_reference(name),
        "name": name,
        "version": UNKNOWN,
        "supplier": { "name": owner },
        "purl": hub_purl("datasets/", name, None),
        "licenses": licenses([]),
        "data": [{
            "type": "dataset",
            "name": name,
            "classification": "unknown",
            "sensitiveData": ["unknown"],
            "governance": { "owners": [{ "organization": { "name": owner } }] },
        }],
        "properties": [
            property("weighbridge:assurance:name", &bill::known(stated)),
            property("weighbridge:assurance:hashes", "unknown"),
        ],
    })
}

fn library(locked: &Locked<'_>) -> Value {
    let package = locked.package;
    let mut component = Map::new();
    component.insert("type".to_owned(), "library".into());
    component.insert("bom-ref".to_owned(), package.purl.as_str().into());
    // What only developers need is not reached when the whole runs.
    let scope = match locked.need {
        Need::Run => None,
        Need::Option => Some("optional"),
        Need::Development => Some("excluded"),
    };
    component.extend(scope.map(|scope| ("scope".to_owned(), scope.into())));
    component.insert("name".to_owned(), package.name.as_str().into());
    component.insert("version".to_owned(), locked.version().unwrap_or(UNKNOWN).into());
    component.insert("purl".to_owned(), package.purl.as_str().into());
    component.insert("supplier".to_owned(), json!({ "name": UNKNOWN }));
    let license = locked.license().into_iter().map(|license| license.value.as_str());
    component.insert("licenses".to_owned(), licenses(license).into());
    put(&mut component, "hashes", hashes(locked.checksums.iter().copied()));
    let mut references = Vec::new();
    match &package.source {
        PackageSource::Git(address) => references.push(json!({ "type": "vcs", "url": shown(address) })),
        PackageSource::Archive(address) | PackageSource::Registry(address) => {
            references.push(json!({ "type": "distribution", "url": shown(address) }));
        }
        PackageSource::PublicRegistry | PackageSource::Local => {}
    }
    put(&mut component, "externalReferences", references);
    let mut properties = vec![property("weighbridge:ecosystem", package.ecosystem.name())];
    if package.source == PackageSource::Local {
        properties.push(property("weighbridge:source", LOCAL));
    }
    properties.extend(locked.need.name().map(|need| property("weighbridge:needed-for", need)));
    if locked.need == Need::Development && package.ecosystem == Ecosystem::Npm {
        properties.push(property("cdx:npm:package:development", "true"));
    }
    for (path, line) in &locked.lockfiles {
        let place = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
        properties.push(property("weighbridge:lockfile", &place));
    }
    let algorithms: BTreeSet<Algorithm> = locked.checksums.iter().map(|digest| digest.algorithm()).collect();
    properties.push(match locked.checksums.len() {
        0 => property("weighbridge:assurance:hashes", "unknown"),
        one if one == algorithms.len() => property("weighbridge:assurance:hashes", "declared (lockfile)"),
        // A release of several files, one of which is installed.
        many => property("weighbridge:assurance:hashes", &format!("declared (lockfile; any one of {many})")),
    });
    let license = locked.license().map_or_else(|| "unknown".to_owned(), bill::known);
    properties.push(property("weighbridge:assurance:licenses", &license));
    component.insert("properties".to_owned(), properties.into());
    component.into()
}

/// An address without what proves who asks.
fn shown(address: &str) -> String {
    percent::encode(&without_credentials(address), ADDRESS)
}

/// What is said of the source of a package that is a folder of the tree.
const LOCAL: &str = "local";

/// Characters that an address keeps as they are.
pub(super) const ADDRESS: &str = ":/?#[]@!$&'()*+,;=%";

/// Digests in the format's spelling; a git blob is no hash of the file alone.
pub(super) fn hashes<'d>(digests: impl IntoIterator<Item = &'d Digest>) -> Vec<Value> {
    let name = |digest: &Digest| match digest.algorithm() {
        Algorithm::Sha256 => Some("SHA-256"),
        Algorithm::Sha384 => Some("SHA-384"),
        Algorithm::Sha512 => Some("SHA-512"),
        Algorithm::Blake2b512 => Some("BLAKE2b-512"),
        Algorithm::Blake3 => Some("BLAKE3"),
        Algorithm::Sha1 => Some("SHA-1"),
        Algorithm::Md5 => Some("MD5"),
        Algorithm::GitBlob => None,
    };
    let one = |digest: &Digest| name(digest).map(|alg| json!({ "alg": alg, "content": digest.hex() }));
    digests.into_iter().filter_map(one).collect()
}

/// Licences, said by whoever made the package; none is written as `NOASSERTION`.
pub(super) fn licenses<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Value> {
    let mut read: Vec<License> = texts.into_iter().map(license::read).collect();
    if let [License::Expression(expression)] = read.as_slice() {
        return vec![json!({ "expression": expression, "acknowledgement": "declared" })];
    }
    read.dedup();
    let one = |license: &License| match license {
        License::Id(id) if !NOT_IN_SCHEMA.contains(id) => {
            json!({ "license": { "id": id, "acknowledgement": "declared" } })
        }
        License::Id(name) => json!({ "license": { "name": name, "acknowledgement": "declared" } }),
        License::Expression(name) | License::Named(name) => {
            json!({ "license": { "name": name, "acknowledgement": "declared" } })
        }
    };
    if read.is_empty() { vec![json!({ "license": { "name": NO_ASSERTION } })] } else { read.iter().map(one).collect() }
}
