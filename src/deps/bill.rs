//! Bills of material that somebody else wrote: CycloneDX and SPDX in JSON.
//!
//! Formats: CycloneDX 1.2 to 1.7 (`components`, nested too), SPDX 2.2 and 2.3 (`packages`), SPDX 3.0 (`@graph`).
//! Components are told by their package URL; what has none, or one of an ecosystem that is not audited here, is
//! counted. What is not checked: whether the bill is true.

use std::collections::{BTreeMap, BTreeSet};

use packageurl::PackageUrl;
use serde_json::Value;

use crate::model::{Algorithm, Class, Digest, Ecosystem, PackageSource, Rule, Severity};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, link};
use super::json::{entry, items, parse};

/// Packages of an ecosystem that is not audited.
pub static PACKAGE_UNSUPPORTED: Rule = Rule {
    id: "package-unsupported",
    summary: "packages belong to an ecosystem that is not audited here",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/package-unsupported.md"),
    frameworks: &["CWE-1059", "OWASP-LLM03"],
};

/// What a bill that is written here says of a folder of the tree.
const LOCAL: &str = "local";

/// Components inside components that are entered.
const DEPTH: usize = 32;

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let Some(file) = parse(sheet, text) else { return };
    let mut found: Vec<(Ecosystem, Draft)> = Vec::new();
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut names: BTreeMap<String, (String, String)> = BTreeMap::new();
    let components = if file.get("bomFormat").is_some() {
        edges = cyclonedx_edges(&file);
        components(sheet, &file)
    } else if let Some(file) = file.as_object()
        && let Some(key) = ["packages", "@graph"].into_iter().find(|key| file.contains_key(*key))
    {
        items(sheet, file, key).filter(|one| entry(sheet, "an entry of the bill", one).is_some()).collect()
    } else {
        sheet.note(&LOCKFILE_MALFORMED, None, "neither CycloneDX nor SPDX");
        return;
    };
    for component in components {
        let Some(purl) = purl_of(component) else {
            if is_package(component) {
                let count = others.entry("a kind that no package URL tells".to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            continue;
        };
        match identify(purl) {
            Ok((ecosystem, mut draft)) => {
                draft.checksums = checksums(component);
                let reference = component.get("bom-ref").and_then(Value::as_str).unwrap_or(purl).to_owned();
                names.insert(reference.clone(), (draft.name.clone(), draft.version.clone()));
                draft.needs = vec![(reference, None)];
                found.push((ecosystem, draft));
            }
            // These name files, models and data, or a folder of somebody's tree, unless the bill calls it a library.
            Err(kind) if is_of_no_registry(&kind) && !is_library(component) => {}
            Err(kind) => {
                let count = others.entry(kind).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    for (kind, count) in others {
        sheet.note(&PACKAGE_UNSUPPORTED, None, format!("{count} packages of {kind}, which is not audited here"));
    }
    let ecosystems: BTreeSet<Ecosystem> = found.iter().map(|(ecosystem, _)| *ecosystem).collect();
    for ecosystem in ecosystems {
        let own = found.iter().filter(|(of, _)| *of == ecosystem).map(|(_, draft)| {
            let mut draft = draft.clone();
            let reference = draft.needs.pop().map(|(reference, _)| reference).unwrap_or_default();
            let targets = edges.get(&reference).into_iter().flatten().filter_map(|target| names.get(target));
            draft.needs = targets.map(|(name, version)| (name.clone(), Some(version.clone()))).collect();
            draft
        });
        link(sheet, ecosystem, own.collect());
    }
}

fn components<'a>(sheet: &mut Sheet<'_>, file: &'a Value) -> Vec<&'a Value> {
    let mut all = Vec::new();
    let mut open: Vec<(&Value, usize)> =
        [Some(file), file.pointer("/metadata/component")].into_iter().flatten().map(|one| (one, 0)).collect();
    while let Some((parent, depth)) = open.pop() {
        if depth > DEPTH {
            sheet.note(&LOCKFILE_MALFORMED, None, format!("components inside components more than {DEPTH} deep"));
            continue;
        }
        let Some(parent) = parent.as_object() else { continue };
        for component in items(sheet, parent, "components") {
            if entry(sheet, "a component", component).is_some() {
                all.push(component);
                open.push((component, depth.saturating_add(1)));
            }
        }
    }
    all
}

fn cyclonedx_edges(file: &Value) -> BTreeMap<String, Vec<String>> {
    let list = file.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    list.filter_map(|edge| {
        let targets = edge.get("dependsOn").and_then(Value::as_array).into_iter().flatten();
        Some((text(edge.get("ref")?)?, targets.filter_map(text).collect()))
    })
    .collect()
}

/// True for what is installed as a package: a library or framework of CycloneDX. Files, models and data are not; what
/// SPDX lists without a package URL is not told apart, and its own entries rarely are packages of a registry.
fn is_package(component: &Value) -> bool {
    matches!(component.get("type").and_then(Value::as_str), Some("library" | "framework"))
}

/// Types of package URLs that belong to no registry with advisories.
fn is_of_no_registry(kind: &str) -> bool {
    ["generic", "huggingface", "mlflow"].contains(&kind)
}

/// True for a library that is not a folder of the tree that the bill is of, in any of the formats.
fn is_library(component: &Value) -> bool {
    let text = |key: &str| component.get(key).and_then(Value::as_str);
    let properties = component.get("properties").and_then(Value::as_array).into_iter().flatten();
    let mut local = properties.filter(|one| one.get("name").and_then(Value::as_str) == Some("weighbridge:source"));
    if local.any(|one| one.get("value").and_then(Value::as_str) == Some(LOCAL)) {
        return false;
    }
    if [text("sourceInfo"), text("software_sourceInfo")].contains(&Some(LOCAL)) {
        return false;
    }
    match text("primaryPackagePurpose").or(text("software_primaryPurpose")) {
        Some(purpose) => ["library", "framework"].contains(&purpose.to_lowercase().as_str()),
        None => text("type") == Some("software_Package") || text("SPDXID").is_some() || is_package(component),
    }
}

/// The package URL in the place where each format keeps it.
fn purl_of(component: &Value) -> Option<&str> {
    let direct = ["purl", "software_packageUrl", "packageUrl"].iter().find_map(|key| component.get(*key)?.as_str());
    let by_kind = |list: &'static str, kind: &'static str, locator: &'static str| {
        let references = component.get(list).and_then(Value::as_array).into_iter().flatten();
        let mut purls = references.filter(move |one| {
            let kind = one.get(kind).and_then(Value::as_str);
            matches!(kind, Some("purl" | "packageUrl" | "packageURL"))
        });
        purls.find_map(|one| one.get(locator)?.as_str())
    };
    direct
        .or_else(|| by_kind("externalRefs", "referenceType", "referenceLocator"))
        .or_else(|| by_kind("externalIdentifier", "externalIdentifierType", "identifier"))
}

/// Ecosystem and entry of a package URL; its type when that is not audited here.
fn identify(purl: &str) -> Result<(Ecosystem, Draft), String> {
    let url: PackageUrl<'_> = purl.parse().map_err(|_| format!("the package URL {purl}"))?;
    let join = |separator: &str| match url.namespace() {
        Some(namespace) => format!("{namespace}{separator}{}", url.name()),
        None => url.name().to_owned(),
    };
    let (ecosystem, name) = match url.ty() {
        "cargo" => (Ecosystem::CratesIo, url.name().to_owned()),
        "pypi" => (Ecosystem::PyPI, url.name().to_owned()),
        "npm" => (Ecosystem::Npm, join("/")),
        "golang" => (Ecosystem::Go, join("/")),
        "maven" => (Ecosystem::Maven, join(":")),
        "gem" => (Ecosystem::RubyGems, url.name().to_owned()),
        "composer" => (Ecosystem::Packagist, join("/")),
        other => return Err(other.to_owned()),
    };
    let mut draft = Draft::new(name, url.version().unwrap_or_default(), None);
    let qualifier = |key: &str| url.qualifiers().get(key).map(ToString::to_string);
    if let Some(address) = qualifier("vcs_url") {
        draft.source = PackageSource::Git(address);
    } else if let Some(address) = qualifier("download_url") {
        draft.source = by_address(&address);
    } else if let Some(address) = qualifier("repository_url") {
        draft.source = PackageSource::Registry(address);
    }
    Ok((ecosystem, draft))
}

fn checksums(component: &Value) -> Vec<Digest> {
    let lists = [
        ("hashes", "alg", "content"),
        ("checksums", "algorithm", "checksumValue"),
        ("verifiedUsing", "algorithm", "hashValue"),
    ];
    let found = lists.iter().flat_map(|(list, name, value)| {
        let hashes = component.get(*list).and_then(Value::as_array).into_iter().flatten();
        hashes.filter_map(|hash| {
            let algorithm = Algorithm::parse(hash.get(*name)?.as_str()?)?;
            Digest::from_hex(algorithm, hash.get(*value)?.as_str()?).ok()
        })
    });
    found.collect()
}
