//! What installed Python packages bundle, by the bills that they bring (PEP 770).
//!
//! A wheel may carry libraries of other worlds: shared objects of a distribution, parts of a C program without any
//! package URL. The audit lists what it can audit; the rest of those bills is kept here, so that it is not lost.
//! Nothing of it is checked.

use std::collections::{BTreeMap, BTreeSet};

use packageurl::PackageUrl;
use serde_json::{Map, Value};

use crate::model::{Algorithm, Artifact, ArtifactPath, Digest, Ecosystem, Purl, Report};

use super::bill::Locked;
use super::foreign::{self, convert};
use super::identity;

/// Components of one bill that are kept.
const COMPONENTS: usize = 10_000;
/// Types of package URLs whose packages the audit lists.
const LISTED: [&str; 7] = ["cargo", "composer", "gem", "golang", "maven", "npm", "pypi"];
/// Fields of a component that are taken over.
const FIELDS: [&str; 9] = ["type", "name", "group", "version", "description", "purl", "cpe", "hashes", "licenses"];
/// Types of components, of which a bill may have invented another.
const TYPES: [&str; 7] = ["application", "container", "device", "firmware", "framework", "library", "operating-system"];

/// One component that somebody else's bill lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundled<'r> {
    /// What it is referred to by.
    pub reference: String,
    /// The component in the shape of CycloneDX.
    pub value: Value,
    /// The bills that list it.
    pub bills: BTreeSet<&'r ArtifactPath>,
}

impl Bundled<'_> {
    /// A text of the component.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value[key].as_str()
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("type").filter(|kind| TYPES.contains(kind)).unwrap_or("library")
    }

    /// How its bill's words are known.
    #[must_use]
    pub fn known(&self) -> String {
        self.bills.first().map_or_else(|| "unknown".to_owned(), |path| format!("declared ({path})"))
    }

    /// Its licence as one expression or name.
    #[must_use]
    pub fn license(&self) -> Option<&str> {
        let first = self.value["licenses"].get(0)?;
        let said = first["expression"].as_str().or(first["license"]["id"].as_str());
        said.or(first["license"]["name"].as_str()).filter(|said| *said != "NOASSERTION")
    }

    /// Its digests, those of functions that are known here.
    #[must_use]
    pub fn hashes(&self) -> Vec<Digest> {
        let list = self.value["hashes"].as_array().into_iter().flatten();
        let one =
            |hash: &Value| Digest::from_hex(Algorithm::parse(hash["alg"].as_str()?)?, hash["content"].as_str()?).ok();
        list.filter_map(one).collect()
    }
}

/// Everything that the bills list beyond the packages, and what depends on what by reference. What nothing leads to is
/// a dependency of the package that brings the bill; without such a package of `None`, the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle<'r> {
    /// Components by reference.
    pub components: BTreeMap<String, Bundled<'r>>,
    /// From, to.
    pub edges: BTreeSet<(Option<String>, String)>,
}

/// Reads the bills of a report.
pub(super) fn of<'r>(report: &'r Report, packages: &[Locked<'r>]) -> Bundle<'r> {
    let mut bundle = Bundle::default();
    let mut files: Vec<&Artifact> = report.artifacts.iter().filter(|artifact| is_brought(&artifact.path)).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    // Qualifiers of a bill's own are not those of the audit.
    let purls: BTreeMap<&str, &Purl> =
        packages.iter().map(|locked| (plain(locked.package.purl.as_str()), &locked.package.purl)).collect();
    for artifact in files {
        let Some(bill) = artifact.kept.as_deref().and_then(|bytes| foreign::read(bytes).ok()) else { continue };
        let bringer = bringer(&artifact.path, packages).map(ToString::to_string);
        bundle.take(&convert::sheet(&bill), &artifact.path, bringer.as_ref(), &purls);
    }
    bundle
}

fn plain(purl: &str) -> &str {
    purl.split('?').next().unwrap_or(purl)
}

fn is_brought(path: &ArtifactPath) -> bool {
    path.name().ends_with(".json") && path.parent().ends_with(".dist-info/sboms")
}

/// The package that a bill came with, by the name of its folder.
fn bringer<'r>(path: &ArtifactPath, packages: &[Locked<'r>]) -> Option<&'r Purl> {
    let folder = path.parent().strip_suffix("/sboms")?.strip_suffix(".dist-info")?;
    let (name, version) = folder.rsplit('/').next()?.split_once('-')?;
    let key = Ecosystem::PyPI.key(name);
    let same = |locked: &&Locked<'_>| {
        let package = locked.package;
        package.ecosystem == Ecosystem::PyPI && package.version == version && Ecosystem::PyPI.key(&package.name) == key
    };
    packages.iter().find(same).map(|locked| &locked.package.purl)
}

impl<'r> Bundle<'r> {
    fn take(
        &mut self,
        sheet: &convert::Sheet,
        path: &'r ArtifactPath,
        bringer: Option<&String>,
        packages: &BTreeMap<&str, &Purl>,
    ) {
        // What the bill calls a component, and what it is called here; `None` is the package that brings it.
        let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
        names.extend(sheet.root.iter().map(|root| (root.clone(), bringer.cloned())));
        let mut new: BTreeSet<String> = BTreeSet::new();
        for component in flat(&sheet.components).into_iter().take(COMPONENTS) {
            let own = component["bom-ref"].as_str().map(str::to_owned);
            if own.is_some() && own == sheet.root {
                continue;
            }
            let purl = component["purl"].as_str().and_then(|text| text.parse::<PackageUrl<'_>>().ok());
            // A part of a package has its package URL with a path behind it.
            let listed = purl.as_ref().is_some_and(|purl| LISTED.contains(&purl.ty()) && purl.subpath().is_none());
            let reference = match &purl {
                Some(purl) if listed => packages.get(plain(&purl.to_string())).map(ToString::to_string),
                _ => self.keep(component, purl.is_some(), path),
            };
            if let Some(reference) = reference {
                new.extend((!listed).then(|| reference.clone()));
                names.extend(own.map(|own| (own, Some(reference))));
            }
        }
        for (from, to) in &sheet.edges {
            let Some(from) = names.get(from) else { continue };
            for to in to.iter().filter_map(|to| names.get(to)?.clone()) {
                new.remove(&to);
                if from.as_ref() != Some(&to) {
                    self.edges.insert((from.clone(), to));
                }
            }
        }
        self.edges.extend(new.into_iter().map(|reference| (bringer.cloned(), reference)));
    }

    /// Keeps a component, once for all bills that say the same of it; gives back its reference.
    fn keep(&mut self, component: &Value, has_purl: bool, path: &'r ArtifactPath) -> Option<String> {
        let mut value = Map::new();
        for key in FIELDS {
            let said =
                component.get(key).filter(|said| !said.is_null() && said.as_array().is_none_or(|all| !all.is_empty()));
            value.extend(said.map(|said| (key.to_owned(), said.clone())));
        }
        if !has_purl {
            value.remove("purl");
        }
        let name = value.get("name")?.as_str()?.to_owned();
        let purl = value.get("purl").and_then(Value::as_str).map(str::to_owned);
        let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
        let mut reference = purl.unwrap_or_else(|| format!("bundled:{name}@{version}"));
        let value = Value::Object(value);
        if self.components.get(&reference).is_some_and(|known| known.value != value) {
            let told = identity::sha256(value.to_string().as_bytes());
            reference = format!("{reference}#{}", told.get(..16).unwrap_or_default());
        }
        let fresh = || Bundled { reference: reference.clone(), value, bills: BTreeSet::new() };
        self.components.entry(reference.clone()).or_insert_with(fresh).bills.insert(path);
        Some(reference)
    }
}

/// Components with those inside of them.
fn flat(components: &[Value]) -> Vec<&Value> {
    let mut all = Vec::new();
    let mut open: Vec<&Value> = components.iter().rev().collect();
    while let Some(component) = open.pop() {
        all.push(component);
        open.extend(component["components"].as_array().into_iter().flatten().rev());
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bill::Bill;
    use super::super::sample;
    use super::*;
    use crate::model::{Contents, Digests};

    #[test]
    fn what_no_ecosystem_lists_is_kept() {
        let bill = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1,
            "metadata": {"component": {"type": "library", "bom-ref": "w", "name": "celery", "purl": "pkg:pypi/celery@5.2.1"}},
            "components": [
                {"type": "library", "bom-ref": "r", "name": "openssl-libs", "version": "1.1.1k",
                 "purl": "pkg:rpm/almalinux/openssl-libs@1.1.1k?arch=x86_64", "hashes": [{"alg": "SHA-256", "content": "ab"}]},
                {"type": "library", "bom-ref": "g", "name": "zlib", "version": "1.3", "purl": "pkg:generic/zlib@1.3"},
                {"type": "library", "bom-ref": "n", "name": "libfoo", "components": [{"type": "library", "name": "bar"}]},
                {"type": "library", "bom-ref": "c", "name": "celery._c", "purl": "pkg:pypi/celery@5.2.1#c-ext/celery._c"},
                {"type": "library", "bom-ref": "k", "name": "kombu", "version": "5.2.4", "purl": "pkg:pypi/kombu@5.2.4"},
            ],
            "dependencies": [{"ref": "w", "dependsOn": ["r", "k"]}, {"ref": "r", "dependsOn": ["g"]}],
        });
        let mut report = sample::report();
        report.artifacts = ["a/celery-5.2.1.dist-info/sboms/x.cdx.json", "b/other-1.dist-info/sboms/x.cdx.json"]
            .map(|path| Artifact {
                path: ArtifactPath::new(path),
                size: 1,
                digests: Digests::default(),
                shards: Vec::new(),
                formats: Vec::new(),
                contents: Contents::default(),
                kept: Some(bill.to_string().into_bytes()),
            })
            .to_vec();
        let bundle = Bill::of(&report).bundle;
        let references: Vec<&str> = bundle.components.keys().map(String::as_str).collect();
        let rpm = "pkg:rpm/almalinux/openssl-libs@1.1.1k?arch=x86_64";
        let part = "pkg:pypi/celery@5.2.1#c-ext/celery._c";
        assert_eq!(references, ["bundled:bar@", "bundled:libfoo@", "pkg:generic/zlib@1.3", part, rpm]);
        assert!(bundle.components.values().all(|one| one.bills.len() == 2));
        let edge = |from: &str, to: &str| bundle.edges.contains(&(Some(from.to_owned()), to.to_owned()));
        assert!(edge("pkg:pypi/celery@5.2.1", rpm) && edge(rpm, "pkg:generic/zlib@1.3"));
        assert!(edge("pkg:pypi/celery@5.2.1", "bundled:libfoo@"));
        assert!(bundle.edges.contains(&(None, rpm.to_owned())));
    }
}
