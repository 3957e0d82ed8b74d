//! What packages say of themselves, in the manifests and lockfiles of the tree: their licences.
//!
//! A lockfile names packages and seldom their licences; a vendored tree, an installed environment or the lockfiles of
//! npm and Composer have them. Read are `Cargo.toml` (as `cargo vendor` keeps them), `package.json` (as `node_modules`
//! does), `METADATA` and `PKG-INFO` of Python's installed packages (PEP 639 and before), `pyproject.toml`,
//! `package-lock.json`, `composer.lock`, and bills of material in JSON. Not read: the text of a LICENSE file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Artifact, ArtifactPath, Assurance, Ecosystem, Package, Report};

use super::card::Stated;

mod cargo;
mod locks;
mod python;

/// True for files whose bytes say something here.
pub(super) fn reads(path: &ArtifactPath) -> bool {
    match path.name() {
        "Cargo.toml" | "package.json" => true,
        "METADATA" | "PKG-INFO" => path.parent().ends_with(".dist-info") || path.parent().ends_with(".egg-info"),
        name => name == "pyproject.toml" && path.parent().is_empty(),
    }
}

/// Licences by package.
#[derive(Debug, Default)]
pub struct Manifests {
    named: BTreeMap<(Ecosystem, String, String), Statements>,
    by_purl: BTreeMap<String, Statements>,
    needs: BTreeMap<(Ecosystem, String, String), Need>,
    /// What the manifest at the root says of the tree itself.
    pub own: Option<Own>,
}

/// What a package is needed for; the first word that any lockfile has for it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// To run, or nothing says otherwise.
    #[default]
    Run,
    /// To do more, where it can be had.
    Option,
    /// To develop and test.
    Development,
}

impl Need {
    /// The word for properties; none for what is needed to run.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Run => None,
            Self::Option => Some("optional"),
            Self::Development => Some("development"),
        }
    }
}

/// What is said of one licence, by what is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements(BTreeMap<String, Stated<String>>);

impl Statements {
    /// A package's own word stands before a lockfile's.
    fn keep(&mut self, license: Stated<String>) {
        let rank = |one: &Stated<String>| (one.assurance, one.source.clone());
        if self.0.get(&license.value).is_none_or(|same| rank(&license) < rank(same)) {
            self.0.insert(license.value.clone(), license);
        }
    }

    /// Best known first, then by where it stands.
    pub fn in_order(&self) -> impl Iterator<Item = &Stated<String>> {
        let mut all: Vec<_> = self.0.values().collect();
        all.sort_by(|one, two| (one.assurance, &one.source).cmp(&(two.assurance, &two.source)));
        all.into_iter()
    }
}

/// What the tree's own manifest says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<Stated<String>>,
    /// Its licence, in each manifest that states another.
    pub licenses: Statements,
    /// What it is for.
    pub description: Option<Stated<String>>,
}

/// One package as a manifest describes it.
#[derive(Debug, Default)]
struct Entry {
    ecosystem: Option<Ecosystem>,
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
}

impl Manifests {
    /// Reads every manifest whose bytes were kept. What cannot be read says nothing; the lockfile names the package
    /// all the same.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut all = Self::default();
        let mut files: Vec<(&Artifact, &[u8])> =
            report.artifacts.iter().filter_map(|artifact| Some((artifact, artifact.kept.as_deref()?))).collect();
        files.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let cargo = cargo::Workspace::of(&files);
        for (artifact, bytes) in files {
            let path = &artifact.path;
            match path.name() {
                "Cargo.toml" => all.own_words(path, cargo.entry(path)),
                "package.json" => all.own_words(path, package_json(bytes)),
                "METADATA" | "PKG-INFO" if reads(path) => all.own_words(path, python::metadata(bytes)),
                "pyproject.toml" => all.own_words(path, python::project(bytes)),
                "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => all.npm(path, bytes),
                "composer.lock" => all.composer(path, bytes),
                "Pipfile.lock" => all.pipfile(bytes),
                _ if is_bill(path) => all.bill(path, bytes),
                _ => {}
            }
        }
        all
    }

    /// What is said of the licence of a package, each statement once: first what it says itself, then lockfiles and
    /// bills.
    #[must_use]
    pub fn licenses(&self, package: &Package) -> Vec<Stated<String>> {
        let key = (package.ecosystem, package.ecosystem.key(&package.name), package.version.clone());
        let mut all = self.named.get(&key).cloned().unwrap_or_default();
        let others = self.by_purl.get(package.purl.as_str()).into_iter().flat_map(|others| others.0.values());
        others.for_each(|license| all.keep(license.clone()));
        all.in_order().cloned().collect()
    }

    /// What a package is needed for.
    #[must_use]
    pub fn need(&self, package: &Package) -> Need {
        let key = (package.ecosystem, package.ecosystem.key(&package.name), package.version.clone());
        self.needs.get(&key).copied().unwrap_or_default()
    }

    fn needed(&mut self, ecosystem: Ecosystem, name: &str, version: &str, need: Need) {
        let known = self.needs.entry((ecosystem, ecosystem.key(name), version.to_owned())).or_insert(need);
        *known = need.min(*known);
    }

    fn own_words(&mut self, path: &ArtifactPath, entry: Option<Entry>) {
        let Some(entry) = entry else { return };
        let stated = |value: Option<String>, key: &str| {
            value.filter(|value| !value.trim().is_empty()).map(|value| Stated {
                value,
                assurance: Assurance::Derived,
                source: format!("{path} {key}"),
            })
        };
        let license = stated(entry.license, "license");
        if path.parent().is_empty() {
            let own = self.own.get_or_insert_default();
            own.name = own.name.take().or_else(|| Some(entry.name.clone()).filter(|name| !name.trim().is_empty()));
            own.version = own.version.take().or_else(|| stated(Some(entry.version.clone()), "version"));
            own.description = own.description.take().or_else(|| stated(entry.description, "description"));
            license.iter().for_each(|license| own.licenses.keep(license.clone()));
        }
        if let (Some(license), Some(ecosystem)) = (license, entry.ecosystem) {
            self.take(ecosystem, &entry.name, entry.version, license);
        }
    }

    fn take(&mut self, ecosystem: Ecosystem, name: &str, version: String, license: Stated<String>) {
        self.named.entry((ecosystem, ecosystem.key(name), version)).or_default().keep(license);
    }

    /// Licences of CycloneDX and SPDX components that have a package URL.
    fn bill(&mut self, path: &ArtifactPath, bytes: &[u8]) {
        let Ok(file) = serde_json::from_slice::<Value>(bytes) else { return };
        for component in file["components"].as_array().into_iter().flatten() {
            let Some(purl) = component["purl"].as_str() else { continue };
            let licenses = component["licenses"].as_array().into_iter().flatten();
            let one = |license: &Value| {
                let said = license["expression"].as_str().or(license["license"]["id"].as_str());
                said.or(license["license"]["name"].as_str()).map(str::to_owned)
            };
            let licenses: Vec<String> = licenses.filter_map(one).collect();
            self.by_bill(purl, licenses.join(" AND "), path);
        }
        for package in file["packages"].as_array().into_iter().flatten() {
            let references = package["externalRefs"].as_array().into_iter().flatten();
            let purl = references
                .filter(|one| one["referenceType"] == "purl")
                .find_map(|one| one["referenceLocator"].as_str());
            if let (Some(purl), Some(license)) = (purl, package["licenseDeclared"].as_str()) {
                self.by_bill(purl, license.to_owned(), path);
            }
        }
    }

    fn by_bill(&mut self, purl: &str, license: String, path: &ArtifactPath) {
        if !["", "NOASSERTION", "NONE"].contains(&license.as_str()) {
            self.by_purl.entry(purl.to_owned()).or_default().keep(declared(license, path));
        }
    }
}

/// By the usual names, or where PEP 770 has a package bring its bills.
fn is_bill(path: &ArtifactPath) -> bool {
    let name = path.name();
    let usual =
        ["bom.json", "sbom.json"].contains(&name) || name.ends_with(".cdx.json") || name.ends_with(".spdx.json");
    usual || (name.ends_with(".json") && path.parent().ends_with(".dist-info/sboms"))
}

fn declared(license: String, path: &ArtifactPath) -> Stated<String> {
    Stated { value: license, assurance: Assurance::Declared, source: path.to_string() }
}

fn package_json(bytes: &[u8]) -> Option<Entry> {
    let file: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
    Some(Entry {
        ecosystem: Some(Ecosystem::Npm),
        name: text("name"),
        version: text("version"),
        license: npm_license(&file),
        description: file["description"].as_str().map(str::to_owned),
    })
}

/// `license` as text or, in old packages, as an object or a list of objects.
fn npm_license(package: &Value) -> Option<String> {
    let one = |value: &Value| value.as_str().or(value["type"].as_str()).map(str::to_owned);
    if let Some(license) = package.get("license").and_then(one) {
        return (!license.starts_with("SEE LICENSE IN")).then_some(license);
    }
    let all: Vec<String> = package.get("licenses")?.as_array()?.iter().filter_map(one).collect();
    (!all.is_empty()).then(|| all.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::{Contents, Digests, PackageSource, Purl};

    fn report(files: &[(&str, &str)]) -> Report {
        let mut report = sample::bare();
        let file = |(path, text): &(&str, &str)| Artifact {
            path: ArtifactPath::new(*path),
            size: text.len() as u64,
            digests: Digests::default(),
            shards: Vec::new(),
            formats: Vec::new(),
            contents: Contents::default(),
            kept: Some(text.as_bytes().to_vec()),
        };
        report.artifacts = files.iter().map(file).collect();
        report
    }

    fn license(files: &[(&str, &str)], ecosystem: Ecosystem, name: &str, version: &str) -> Option<String> {
        let package = Package {
            name: name.to_owned(),
            version: version.to_owned(),
            ecosystem,
            purl: Purl::new("pkg:x/y"),
            source: PackageSource::PublicRegistry,
            checksums: Vec::new(),
            lockfile: ArtifactPath::new("lock"),
            line: None,
            dependencies: Vec::new(),
        };
        Manifests::of(&report(files)).licenses(&package).into_iter().next().map(|stated| stated.value)
    }

    #[test]
    fn vendored_crates_and_workspaces_say_their_licence() {
        let files = [
            ("Cargo.toml", "[workspace.package]\nlicense = \"MIT\"\nversion = \"2.0.0\"\n"),
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\nversion.workspace = true\nlicense.workspace = true\n"),
            ("vendor/b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"1.0.0\"\nlicense = \"MIT/Apache-2.0\"\n"),
            ("vendor/c/Cargo.toml", "not toml ["),
        ];
        assert_eq!(license(&files, Ecosystem::CratesIo, "a", "2.0.0").unwrap(), "MIT");
        assert_eq!(license(&files, Ecosystem::CratesIo, "b", "1.0.0").unwrap(), "MIT OR Apache-2.0");
        assert_eq!(license(&files, Ecosystem::CratesIo, "b", "1.0.1"), None);
    }

    #[test]
    fn installed_python_packages_say_their_licence() {
        let files = [
            (
                "s/Foo_Bar-1.0.dist-info/METADATA",
                "Name: Foo.Bar\nVersion: 1.0\nLicense-Expression: MIT\n\nLicense: x\n",
            ),
            (
                "s/old-2.dist-info/METADATA",
                "Name: old\nVersion: 2\nClassifier: License :: OSI Approved :: Apache Software License\n",
            ),
        ];
        assert_eq!(license(&files, Ecosystem::PyPI, "foo-bar", "1.0").unwrap(), "MIT");
        assert_eq!(license(&files, Ecosystem::PyPI, "old", "2").unwrap(), "Apache-2.0");
    }

    #[test]
    fn a_packages_own_word_stands_before_the_lockfile() {
        let lock = "{\"packages\": {\"\": {}, \"node_modules/@a/b\": {\"version\": \"1\", \"license\": \"ISC\"}}}";
        let own = "{\"name\": \"@a/b\", \"version\": \"1\", \"license\": {\"type\": \"MIT\"}}";
        let files = [("package-lock.json", lock), ("node_modules/@a/b/package.json", own)];
        assert_eq!(license(&files[..1], Ecosystem::Npm, "@a/b", "1").unwrap(), "ISC");
        assert_eq!(license(&files, Ecosystem::Npm, "@a/b", "1").unwrap(), "MIT");
        let composer =
            "{\"packages\": [{\"name\": \"a/b\", \"version\": \"v1\", \"license\": [\"MIT\", \"GPL-2.0\"]}]}";
        let files = [("composer.lock", composer)];
        assert_eq!(license(&files, Ecosystem::Packagist, "a/b", "v1").unwrap(), "MIT OR GPL-2.0");
    }

    #[test]
    fn the_tree_says_its_own() {
        let project = "[project]\nname = \"x\"\nversion = \"3\"\nlicense = { text = \"BSD-3-Clause\" }\n";
        let own = Manifests::of(&report(&[("pyproject.toml", project)])).own.unwrap();
        assert_eq!(
            (own.version.unwrap().value.as_str(), own.licenses.in_order().next().unwrap().value.as_str()),
            ("3", "BSD-3-Clause")
        );
    }
    #[test]
    fn classifiers_say_what_a_licence_in_a_file_does_not() {
        let project = "[project]\nname = \"x\"\nlicense = { file = \"LICENSE\" }\n\
                       classifiers = [\"Programming Language :: Python\", \"License :: OSI Approved :: MIT License\"]\n";
        let own = Manifests::of(&report(&[("pyproject.toml", project)])).own.unwrap();
        assert_eq!(own.licenses.in_order().next().unwrap().value, "MIT");
        assert_eq!(own.name.as_deref(), Some("x"));
        let expression =
            project.replace("license = { file = \"LICENSE\" }", "license = \"ISC\"\nlicense-files = [\"L*\"]");
        let own = Manifests::of(&report(&[("pyproject.toml", &expression)])).own.unwrap();
        assert_eq!(own.licenses.in_order().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["ISC"]);
    }
}
