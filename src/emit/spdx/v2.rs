//! SPDX 2.3. Files are packages of purpose FILE: the format's own file entries demand a SHA-1.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::address::without_credentials;
use crate::model::{AdvisoryMatch, Algorithm, Artifact, Digest, Purl, percent};

use super::super::assurances;
use super::super::bill::{Bill, Locked};
use super::super::identity::{content_purl, hub_purl};
use super::super::license;
use super::{Options, Spec, expression, hashes, services};

const NO_ASSERTION: &str = "NOASSERTION";
const ROOT: &str = "SPDXRef-root";
/// Characters that an address keeps as they are.
const ADDRESS: &str = ":/?#[]@!$&'()*+,;=%";

/// The document.
pub(super) fn document(bill: &Bill<'_>, options: &Options, namespace: &str) -> Value {
    let tool = &bill.report.tool;
    let mut creators = vec![format!("Tool: {}-{}", tool.name, tool.version)];
    creators.extend(options.author.iter().map(|author| format!("Organization: {author}")));
    let context = match bill.is_model {
        true => "Generation context: after the build, by analysis of the files (analyzed).",
        false => "Generation context: before the build, from the sources (source).",
    };
    let mut packages = vec![root(bill, options)];
    let mut relations = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", ROOT)];
    for (index, artifact) in bill.files().into_iter().enumerate() {
        let id = format!("SPDXRef-file-{index}");
        relations.push(relation(ROOT, "CONTAINS", &id));
        packages.push(file(&id, artifact, &bill.report.subject));
    }
    let models = bill.card.bases.iter().map(|base| {
        let revision = base.value.revision.as_deref();
        let version = revision.or(base.value.version.as_deref());
        (base.value.name.as_str(), "base", "DESCENDANT_OF", hub_purl("", &base.value.name, revision), version)
    });
    let data = bill
        .card
        .datasets
        .iter()
        .map(|data| (data.value.as_str(), "dataset", "OTHER", hub_purl("datasets/", &data.value, None), None));
    for (index, (name, kind, how, locator, revision)) in models.chain(data).enumerate() {
        let id = format!("SPDXRef-{kind}-{index}");
        let mut related = relation(ROOT, how, &id);
        if how == "OTHER" {
            related["comment"] = "trained on, as the model card says".into();
        }
        relations.push(related);
        packages.push(upstream(&id, name, &locator, revision));
    }
    libraries(bill, &mut packages, &mut relations);
    bundled(bill, &mut packages, &mut relations);
    hosted(bill, &mut packages, &mut relations);
    let named = named_licenses(bill);
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bill.report.subject,
        "documentNamespace": namespace,
        "creationInfo": { "created": options.timestamp, "creators": creators, "comment": context },
        "packages": packages,
        "relationships": relations,
    });
    if !named.is_empty() {
        document["hasExtractedLicensingInfos"] = named.into();
    }
    document
}

/// Licences that are on no list, with what they are called and where the card says that they can be read.
fn named_licenses(bill: &Bill<'_>) -> Vec<Value> {
    let own = expression(bill).into_iter().flat_map(|(_, named)| named);
    let theirs = bill.packages.iter().filter_map(|locked| license::expression([locked.license()?.value.as_str()]));
    let brought = bill.bundle.components.values().filter_map(|one| license::expression([one.license()?]));
    let theirs = theirs.chain(brought).flat_map(|(_, named)| named);
    let link = bill.card.license_link.as_ref().filter(|link| link.value.starts_with("https://"));
    let link = link.map(|link| without_credentials(&link.value));
    let one = |id: &String, name: &String, link: Option<&String>| {
        let text = format!("It is named {name:?}.");
        let mut info = json!({ "licenseId": id, "name": name, "extractedText": text });
        if let Some(link) = link {
            info["seeAlsos"] = json!([percent::encode(link, ADDRESS)]);
        }
        info
    };
    let mut named: BTreeMap<String, Value> = theirs.map(|(id, name)| (id.clone(), one(&id, &name, None))).collect();
    named.extend(own.map(|(id, name)| (id.clone(), one(&id, &name, link.as_ref()))));
    named.into_values().collect()
}

fn root(bill: &Bill<'_>, options: &Options) -> Value {
    let producer = bill.card.producer.as_ref().map(|producer| producer.value.as_str());
    let supplier = options.supplier.as_deref().or(producer);
    let mut package = package(ROOT, bill.name(), bill.version().as_ref().map(|version| version.value.as_str()));
    package["supplier"] = supplier.map_or(NO_ASSERTION.to_owned(), |name| format!("Organization: {name}")).into();
    package["primaryPackagePurpose"] = if bill.is_model { "OTHER" } else { "SOURCE" }.into();
    package["licenseDeclared"] = expression(bill).map_or(NO_ASSERTION.to_owned(), |(text, _)| text).into();
    package["checksums"] = checksums(bill.root());
    package["externalRefs"] = json!([purl(&content_purl(bill.name(), None, bill.root()))]);
    if let Some(description) = bill.description() {
        package["description"] = description.value.as_str().into();
    }
    let tool = &bill.report.tool;
    let annotation = |text: String| {
        json!({
            "annotationType": "OTHER",
            "annotator": format!("Tool: {}-{}", tool.name, tool.version),
            "annotationDate": options.timestamp,
            "comment": text,
        })
    };
    let mut said =
        vec![annotation(format!("verdict {} under policy {}", bill.report.verdict, bill.report.policy.name))];
    if bill.is_model {
        let known = assurances::of(bill, options.supplier.is_some());
        said.extend(known.into_iter().map(|(field, known)| annotation(format!("assurance of {field}: {known}"))));
    }
    said.extend(super::tensors(bill).map(&annotation));
    for other in &bill.card.other_licenses {
        said.push(annotation(format!("another licence is stated: {} ({})", other.value, other.source)));
    }
    package["annotations"] = said.into();
    package
}

/// The fields that every package has.
fn package(id: &str, name: &str, version: Option<&str>) -> Value {
    let mut package = json!({
        "SPDXID": id,
        "name": name,
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": false,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION,
        "supplier": NO_ASSERTION,
    });
    if let Some(version) = version {
        package["versionInfo"] = version.into();
    }
    package
}

fn file(id: &str, artifact: &Artifact, subject: &str) -> Value {
    let name = if artifact.path.as_str() == "." { subject } else { artifact.path.as_str() };
    let sha256 = artifact.digests.get(Algorithm::Sha256);
    let mut package = package(id, name, sha256.map(ToString::to_string).as_deref());
    package["packageFileName"] = name.into();
    package["primaryPackagePurpose"] = "FILE".into();
    package["checksums"] = checksums(artifact.digests.iter());
    package["comment"] = format!("{} bytes", artifact.size).into();
    package["externalRefs"] = json!([purl(&content_purl(name, None, sha256))]);
    package
}

fn upstream(id: &str, name: &str, locator: &str, revision: Option<&str>) -> Value {
    let mut package = package(id, name, Some(revision.unwrap_or("UNKNOWN")));
    package["primaryPackagePurpose"] = "OTHER".into();
    if let Some((owner, _)) = name.split_once('/').filter(|_| !name.contains("://")) {
        package["supplier"] = format!("Organization: {owner}").into();
    }
    package["externalRefs"] = json!([purl(locator)]);
    package
}

fn libraries(bill: &Bill<'_>, packages: &mut Vec<Value>, relations: &mut Vec<Value>) {
    let id = |index: usize| format!("SPDXRef-package-{index}");
    let ids: BTreeMap<&Purl, String> =
        bill.packages.iter().enumerate().map(|(index, locked)| (&locked.package.purl, id(index))).collect();
    let mut advisories: BTreeMap<&Purl, Vec<&AdvisoryMatch>> = BTreeMap::new();
    for advisory in bill.report.findings.iter().filter_map(|finding| finding.evidence.advisory.as_deref()) {
        advisories.entry(&advisory.purl).or_default().push(advisory);
    }
    for (index, locked) in bill.packages.iter().enumerate() {
        let id = id(index);
        if locked.is_root {
            relations.push(relation(ROOT, "DEPENDS_ON", &id));
        }
        let on = locked.dependencies.iter().filter_map(|purl| ids.get(purl));
        relations.extend(on.map(|on| relation(&id, "DEPENDS_ON", on)));
        let against = advisories.get(&locked.package.purl).map(Vec::as_slice).unwrap_or_default();
        packages.push(library(&id, locked, against));
    }
}

/// What the bills of installed packages list.
fn bundled(bill: &Bill<'_>, packages: &mut Vec<Value>, relations: &mut Vec<Value>) {
    let named = bill.packages.iter().enumerate();
    let mut ids: BTreeMap<&str, String> =
        named.map(|(index, locked)| (locked.package.purl.as_str(), format!("SPDXRef-package-{index}"))).collect();
    for (index, (reference, of)) in bill.bundle.components.iter().enumerate() {
        let id = format!("SPDXRef-bundled-{index}");
        let name = of.text("name").unwrap_or("UNKNOWN");
        let mut package = package(&id, name, Some(of.text("version").unwrap_or("UNKNOWN")));
        package["comment"] = of.known().into();
        package["primaryPackagePurpose"] = of.kind().to_uppercase().into();
        if let Some((text, _)) = of.license().and_then(|said| license::expression([said])) {
            package["licenseDeclared"] = text.into();
        }
        let digests = of.hashes();
        if !digests.is_empty() {
            package["checksums"] = checksums(&digests);
        }
        if let Some(text) = of.text("purl") {
            package["externalRefs"] = json!([purl(text)]);
        }
        packages.push(package);
        ids.insert(reference, id);
    }
    for (from, to) in &bill.bundle.edges {
        let from = from.as_ref().map_or(Some(ROOT), |from| ids.get(from.as_str()).map(String::as_str));
        if let (Some(from), Some(to)) = (from, ids.get(to.as_str())) {
            relations.push(relation(from, "DEPENDS_ON", to));
        }
    }
}

fn hosted(bill: &Bill<'_>, packages: &mut Vec<Value>, relations: &mut Vec<Value>) {
    for (index, service) in bill.services.iter().enumerate() {
        let id = format!("SPDXRef-service-{index}");
        let mut package = package(&id, service.name(), Some("UNKNOWN"));
        package["primaryPackagePurpose"] = "OTHER".into();
        package["comment"] = services::comment(service).into();
        if let Some(operator) = service.operator {
            package["supplier"] = format!("Organization: {operator}").into();
        }
        if !service.endpoints.is_empty() {
            package["externalRefs"] = services::references(service);
        }
        packages.push(package);
        let clients = bill.packages.iter().enumerate().filter(|(_, one)| service.clients.contains(&one.package.purl));
        let clients = clients.map(|(index, _)| format!("SPDXRef-package-{index}"));
        for from in clients.chain(service.direct.then(|| ROOT.to_owned())) {
            // Something that is needed to run it, which is not delivered with it.
            relations.push(relation(&from, "DEPENDS_ON", &id));
        }
    }
}

fn library(id: &str, locked: &Locked<'_>, advisories: &[&AdvisoryMatch]) -> Value {
    let of = locked.package;
    let mut package = package(id, &of.name, Some(locked.version().unwrap_or("UNKNOWN")));
    let license = locked.license().and_then(|said| license::expression([said.value.as_str()]));
    if let (Some((text, _)), Some(said)) = (license, locked.license()) {
        package["licenseDeclared"] = text.into();
        package["licenseComments"] = super::super::bill::known(said).into();
    }
    package["primaryPackagePurpose"] = "LIBRARY".into();
    let sums = checksums(locked.checksums.iter().copied());
    if sums.as_array().is_some_and(|sums| !sums.is_empty()) {
        package["checksums"] = sums;
    }
    let mut references = vec![purl(of.purl.as_str())];
    for advisory in advisories {
        if let Some(url) = &advisory.url {
            references.push(json!({
                "referenceCategory": "SECURITY",
                "referenceType": "advisory",
                "referenceLocator": percent::encode(url, ADDRESS),
                "comment": advisory.id,
            }));
        }
    }
    package["externalRefs"] = references.into();
    if let Some(need) = locked.need.name() {
        package["comment"] = format!("needed for: {need}").into();
    }
    if let Some(from) = super::source(&of.source) {
        package["sourceInfo"] = from.into();
    }
    package
}

fn checksums<'d>(digests: impl IntoIterator<Item = &'d Digest>) -> Value {
    let one = |(algorithm, value)| json!({ "algorithm": algorithm, "checksumValue": value });
    hashes(digests, Spec::V2_3).into_iter().map(one).collect()
}

fn purl(purl: &str) -> Value {
    json!({ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl })
}

fn relation(from: &str, how: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": how, "relatedSpdxElement": to })
}
