//! SPDX 3.0.1, JSON-LD.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use serde_json::{Map, Value, json};

use crate::model::{Algorithm, ArtifactPath, Digest, Purl};

use super::super::bill::{self, Affected, Bill, Flaw, assurances};
use super::super::identity::content_purl;
use super::super::percent;
use super::{Options, Spec, expression, hashes};

/// Characters that an address keeps as they are.
const ADDRESS: &str = ":/?#[]@!$&'()*+,;=%";

/// The document.
pub(super) fn document(bill: &Bill<'_>, options: &Options, namespace: &str) -> Value {
    let mut graph = Graph { namespace, elements: Vec::new(), relations: 0 };
    let author = author(&mut graph, bill, options);
    let tool =
        graph.add("Tool", "tool", &[("name", format!("{} {}", bill.report.tool.name, bill.report.tool.version))]);
    let root = root(&mut graph, bill, options);
    let files = files(&mut graph, bill, &root);
    upstream(&mut graph, bill, &root);
    let packages = packages(&mut graph, bill, &root);
    flaws(&mut graph, bill, &root, &files, &packages);
    notes(&mut graph, bill, options, &root);
    let described: Vec<String> = graph.ids();
    let sbom = graph.id("sbom");
    graph.elements.push(json!({
        "type": "software_Sbom",
        "spdxId": sbom,
        "creationInfo": CREATION,
        "software_sbomType": ["analyzed"],
        "rootElement": [root],
        "element": described,
    }));
    let mut profiles = vec!["core", "software", "simpleLicensing", "security"];
    if !bill.card.datasets.is_empty() {
        profiles.push("dataset");
    }
    let all = graph.ids();
    let document = graph.id("document");
    graph.elements.push(json!({
        "type": "SpdxDocument",
        "spdxId": document,
        "creationInfo": CREATION,
        "name": bill.report.subject,
        "profileConformance": profiles,
        "rootElement": [sbom],
        "element": all,
    }));
    graph.elements.insert(
        0,
        json!({
            "type": "CreationInfo",
            "@id": CREATION,
            "specVersion": "3.0.1",
            "created": options.timestamp,
            "createdBy": [author],
            "createdUsing": [tool],
        }),
    );
    json!({ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph.elements })
}

const CREATION: &str = "_:creation";

struct Graph<'n> {
    namespace: &'n str,
    elements: Vec<Value>,
    relations: usize,
}

impl Graph<'_> {
    fn id(&self, name: &str) -> String {
        format!("{}#{name}", self.namespace)
    }

    fn ids(&self) -> Vec<String> {
        self.elements.iter().filter_map(|element| element["spdxId"].as_str()).map(str::to_owned).collect()
    }

    /// Adds an element with texts as fields and gives back its address.
    fn add(&mut self, kind: &str, name: &str, fields: &[(&str, String)]) -> String {
        let id = self.id(name);
        let mut element = Map::new();
        element.insert("type".to_owned(), kind.into());
        element.insert("spdxId".to_owned(), id.as_str().into());
        element.insert("creationInfo".to_owned(), CREATION.into());
        for (key, value) in fields {
            element.insert((*key).to_owned(), value.as_str().into());
        }
        self.elements.push(element.into());
        id
    }

    /// Sets a field of the element that was added last.
    fn set(&mut self, key: &str, value: Value) {
        let empty = value.as_array().is_some_and(Vec::is_empty) || value.is_null();
        if let (false, Some(element)) = (empty, self.elements.last_mut()) {
            element[key] = value;
        }
    }

    fn relate(&mut self, from: &str, how: &str, to: &[String], completeness: &str) {
        if to.is_empty() {
            return;
        }
        self.relations += 1;
        let name = format!("relation-{}", self.relations);
        let fields = [("from", from), ("relationshipType", how), ("completeness", completeness)];
        self.add("Relationship", &name, &fields.map(|(key, value)| (key, value.to_owned())));
        self.set("to", json!(to));
    }
}

fn author(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options) -> String {
    match &options.author {
        Some(author) => graph.add("Organization", "author", &[("name", author.clone())]),
        None => graph.add("SoftwareAgent", "author", &[("name", bill.report.tool.name.clone())]),
    }
}

fn root(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options) -> String {
    let supplier =
        options.supplier.as_ref().map(|name| graph.add("Organization", "supplier", &[("name", name.clone())]));
    let card = &bill.card;
    let kind = if bill.is_model { "ai_AIPackage" } else { "software_Package" };
    let purpose = if bill.is_model { "model" } else { "source" };
    let root = graph.add(
        kind,
        "root",
        &[
            ("name", bill.report.subject.clone()),
            ("software_primaryPurpose", purpose.to_owned()),
            ("software_packageUrl", content_purl(&bill.report.subject, None, bill.root())),
        ],
    );
    graph.set("verifiedUsing", verified(bill.root()));
    graph.set("suppliedBy", json!(supplier));
    graph.set("software_packageVersion", json!(bill.version().map(|version| version.value)));
    graph.set("description", json!(card.description.as_ref().map(|text| &text.value)));
    if bill.is_model {
        let types: Vec<&String> = card.architecture.iter().chain(&card.family).map(|stated| &stated.value).collect();
        graph.set("ai_typeOfModel", json!(types));
        graph.set("ai_domain", card.task.iter().map(|task| task.value.as_str()).collect());
        let entry = |key: &str, value: &str| json!({ "type": "DictionaryEntry", "key": key, "value": value });
        graph.set("ai_hyperparameter", card.settings.iter().map(|(key, one)| entry(key, &one.value)).collect());
        let metrics = card.metrics.iter().map(|metric| entry(&metric.value.kind, &metric.value.value));
        graph.set("ai_metric", metrics.collect());
        graph.set("ai_limitation", json!(card.limitations.first().map(|text| &text.value)));
        graph.set("ai_informationAboutApplication", json!(card.uses.first().map(|text| &text.value)));
    }
    if let Some((text, _)) = expression(bill) {
        let fields = [("simplelicensing_licenseExpression", text)];
        let license = graph.add("simplelicensing_LicenseExpression", "license", &fields);
        graph.relate(&root, "hasDeclaredLicense", &[license], "complete");
    }
    root
}

fn files<'b>(graph: &mut Graph<'_>, bill: &Bill<'b>, root: &str) -> BTreeMap<&'b ArtifactPath, String> {
    let mut files = BTreeMap::new();
    for (index, artifact) in bill.files().into_iter().enumerate() {
        let name = if artifact.path.as_str() == "." { &bill.report.subject } else { artifact.path.as_str() };
        let id = graph.add(
            "software_File",
            &format!("file-{index}"),
            &[
                ("name", name.to_owned()),
                ("comment", format!("{} bytes", artifact.size)),
                ("software_fileKind", "file".to_owned()),
            ],
        );
        graph.set("verifiedUsing", verified(artifact.digests.iter()));
        if let Some(blob) = artifact.digests.get(Algorithm::GitBlob) {
            let swhid = json!([{
                "type": "software_ContentIdentifier",
                "software_contentIdentifierType": "swhid",
                "software_contentIdentifierValue": format!("swh:1:cnt:{}", blob.hex()),
            }]);
            graph.set("software_contentIdentifier", swhid);
        }
        files.insert(&artifact.path, id);
    }
    let all: Vec<String> = files.values().cloned().collect();
    graph.relate(root, "contains", &all, if bill.gaps.is_empty() { "complete" } else { "incomplete" });
    files
}

fn upstream(graph: &mut Graph<'_>, bill: &Bill<'_>, root: &str) {
    let mut bases = Vec::new();
    for (index, base) in bill.card.bases.iter().enumerate() {
        bases.push(graph.add(
            "ai_AIPackage",
            &format!("base-{index}"),
            &[
                ("name", base.value.clone()),
                ("software_packageUrl", format!("pkg:huggingface/{}", percent::encode(&base.value, "/"))),
                ("software_primaryPurpose", "model".to_owned()),
            ],
        ));
    }
    graph.relate(root, "descendantOf", &bases, "noAssertion");
    let mut datasets = Vec::new();
    for (index, dataset) in bill.card.datasets.iter().enumerate() {
        datasets.push(graph.add(
            "dataset_DatasetPackage",
            &format!("dataset-{index}"),
            &[
                ("name", dataset.value.clone()),
                ("software_packageUrl", format!("pkg:huggingface/datasets/{}", percent::encode(&dataset.value, "/"))),
                ("software_primaryPurpose", "data".to_owned()),
            ],
        ));
        graph.set("dataset_datasetType", json!(["noAssertion"]));
    }
    graph.relate(root, "trainedOn", &datasets, "noAssertion");
}

fn packages<'b>(graph: &mut Graph<'_>, bill: &'b Bill<'_>, root: &str) -> BTreeMap<&'b Purl, String> {
    let mut ids = BTreeMap::new();
    let mut roots = Vec::new();
    for (index, locked) in bill.packages.iter().enumerate() {
        let id = graph.add(
            "software_Package",
            &format!("package-{index}"),
            &[
                ("name", locked.package.name.clone()),
                ("software_packageVersion", locked.package.version.clone()),
                ("software_packageUrl", locked.package.purl.to_string()),
                ("software_primaryPurpose", "library".to_owned()),
            ],
        );
        graph.set("verifiedUsing", verified(locked.checksums.iter().copied()));
        if locked.is_root {
            roots.push(id.clone());
        }
        ids.insert(&locked.package.purl, id);
    }
    graph.relate(root, "dependsOn", &roots, "noAssertion");
    for locked in &bill.packages {
        let on: Vec<String> = locked.dependencies.iter().filter_map(|purl| ids.get(purl).cloned()).collect();
        if let Some(id) = ids.get(&locked.package.purl) {
            graph.relate(id, "dependsOn", &on, "noAssertion");
        }
    }
    ids
}

fn flaws(
    graph: &mut Graph<'_>,
    bill: &Bill<'_>,
    root: &str,
    files: &BTreeMap<&ArtifactPath, String>,
    packages: &BTreeMap<&Purl, String>,
) {
    for (index, flaw) in bill.flaws.iter().enumerate() {
        let summary = flaw.findings.first().map_or("", |finding| finding.evidence.rule.summary);
        let vulnerability = graph.add(
            "security_Vulnerability",
            &format!("flaw-{index}"),
            &[
                ("name", flaw.id.to_owned()),
                ("summary", flaw.advisory.map_or(summary, |advisory| &advisory.title).to_owned()),
                ("description", bill::sightings(flaw, 20)),
                ("comment", bill::ruling(flaw, bill.report)),
            ],
        );
        graph.set("externalIdentifier", identifiers(flaw));
        let affected = flaw.affects().into_iter().map(|affected| match affected {
            Affected::Whole => root.to_owned(),
            Affected::File(path) => files.get(path).cloned().unwrap_or_else(|| root.to_owned()),
            Affected::Package(purl) => packages.get(purl).cloned().unwrap_or_else(|| root.to_owned()),
        });
        let mut affected: Vec<String> = affected.collect();
        affected.dedup();
        for one in &affected {
            graph.relate(one, "hasAssociatedVulnerability", std::slice::from_ref(&vulnerability), "noAssertion");
        }
        rate(graph, flaw, &vulnerability, &affected);
    }
}

fn identifiers(flaw: &Flaw<'_>) -> Value {
    let Some(advisory) = flaw.advisory else { return Value::Null };
    let kind = |id: &str| if id.starts_with("CVE-") { "cve" } else { "securityOther" };
    let one =
        |id: &String| json!({ "type": "ExternalIdentifier", "externalIdentifierType": kind(id), "identifier": id });
    let mut all: Vec<Value> = std::iter::once(&advisory.id).chain(&advisory.aliases).map(one).collect();
    if let (Some(first), Some(url)) = (all.first_mut(), &advisory.url) {
        first["identifierLocator"] = json!([percent::encode(url, ADDRESS)]);
    }
    all.into()
}

/// The score of version 3 of CVSS, when the advisory has one.
fn rate(graph: &mut Graph<'_>, flaw: &Flaw<'_>, vulnerability: &str, affected: &[String]) {
    let vector = flaw.advisory.and_then(|advisory| advisory.cvss.as_deref()).filter(|v| v.starts_with("CVSS:3"));
    let Some((vector, cvss)) = vector.and_then(|vector| Some((vector, cvss::Cvss::from_str(vector).ok()?))) else {
        return;
    };
    graph.relations += 1;
    let name = format!("relation-{}", graph.relations);
    graph.add(
        "security_CvssV3VulnAssessmentRelationship",
        &name,
        &[
            ("from", vulnerability.to_owned()),
            ("relationshipType", "hasAssessmentFor".to_owned()),
            ("security_vectorString", vector.to_owned()),
            ("security_severity", cvss.severity().to_string().to_lowercase()),
        ],
    );
    graph.set("to", json!(affected));
    // A decimal, which JSON-LD makes of text alone: a number would be a double.
    graph.set("security_score", format!("{:.1}", cvss.score()).into());
}

/// How each field of the model is known, and the verdict.
fn notes(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options, root: &str) {
    let report = bill.report;
    let mut said = vec![format!("verdict {} under policy {}", report.verdict, report.policy.name)];
    if bill.is_model {
        let known = assurances(bill, options.supplier.is_some());
        said.extend(known.into_iter().map(|(field, known)| format!("assurance of {field}: {known}")));
    }
    if let Some(sum) = &bill.tensors {
        said.push(format!("{} tensors, {} parameters", sum.count, sum.parameters));
    }
    for (index, statement) in said.into_iter().enumerate() {
        graph.add(
            "Annotation",
            &format!("note-{index}"),
            &[("annotationType", "other".to_owned()), ("subject", root.to_owned()), ("statement", statement)],
        );
    }
}

fn verified<'d>(digests: impl IntoIterator<Item = &'d Digest>) -> Value {
    let one = |(algorithm, value)| json!({ "type": "Hash", "algorithm": algorithm, "hashValue": value });
    hashes(digests, Spec::V3_0_1).into_iter().map(one).collect()
}
