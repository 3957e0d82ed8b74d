//! SPDX 3.0.1, JSON-LD.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Algorithm, ArtifactPath, Digest, Purl};

use super::super::assurances;
use super::super::bill::Bill;
use super::super::card::Card;
use super::super::identity::{content_purl, hub_purl};
use super::super::license;
use super::flaws::flaws;
use super::graph::{CREATION, Graph};
use super::{Options, Spec, expression, hashes, services};

/// Characters that an address keeps as they are.
pub(super) const ADDRESS: &str = ":/?#[]@!$&'()*+,;=%";

/// The document.
pub(super) fn document(bill: &Bill<'_>, options: &Options, namespace: &str) -> Value {
    let mut graph = Graph { namespace, elements: Vec::new(), relations: 0 };
    let author = author(&mut graph, bill, options);
    let tool =
        graph.add("Tool", "tool", &[("name", format!("{} {}", bill.report.tool.name, bill.report.tool.version))]);
    let unknown = Unknown::of(&mut graph);
    let root = root(&mut graph, bill, options, &unknown);
    let files = files(&mut graph, bill, &root);
    upstream(&mut graph, bill, &root, &unknown);
    let packages = packages(&mut graph, bill, &root, &unknown);
    bundled(&mut graph, bill, &root, &unknown, &packages);
    services::all(&mut graph, bill, &root, (&unknown.agent, &unknown.license), &packages);
    flaws(&mut graph, bill, &root, &files, &packages);
    notes(&mut graph, bill, options, &root);
    let described: Vec<String> = graph.ids();
    let sbom = graph.id("sbom");
    graph.elements.push(json!({
        "type": "software_Sbom",
        "spdxId": sbom,
        "creationInfo": CREATION,
        "software_sbomType": [if bill.is_model { "analyzed" } else { "source" }],
        "rootElement": [root],
        "element": described,
    }));
    let all = graph.ids();
    let document = graph.id("document");
    graph.elements.push(json!({
        "type": "SpdxDocument",
        "spdxId": document,
        "creationInfo": CREATION,
        "name": bill.report.subject,
        "profileConformance": ["core", "software", "simpleLicensing", "security"],
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

/// What stands where nothing is known: silence could be taken for an answer.
struct Unknown {
    agent: String,
    license: String,
}

impl Unknown {
    fn of(graph: &mut Graph<'_>) -> Self {
        let agent =
            [("name", UNKNOWN.to_owned()), ("comment", "No organisation: who supplies it is not known.".to_owned())];
        let license = [
            ("simplelicensing_licenseExpression", "NOASSERTION".to_owned()),
            ("comment", "The licence is not known.".to_owned()),
        ];
        Self {
            agent: graph.add("Organization", "unknown-agent", &agent),
            license: graph.add("simplelicensing_LicenseExpression", "unknown-license", &license),
        }
    }
}

const UNKNOWN: &str = "UNKNOWN";

fn author(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options) -> String {
    match &options.author {
        Some(author) => graph.add("Organization", "author", &[("name", author.clone())]),
        None => graph.add("SoftwareAgent", "author", &[("name", bill.report.tool.name.clone())]),
    }
}

fn root(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options, unknown: &Unknown) -> String {
    let producer = bill.card.producer.as_ref().map(|producer| &producer.value);
    let supplier = options
        .supplier
        .as_ref()
        .or(producer)
        .map(|name| graph.add("Organization", "supplier", &[("name", name.clone())]));
    let card = &bill.card;
    let kind = if bill.is_model { "ai_AIPackage" } else { "software_Package" };
    let purpose = if bill.is_model { "model" } else { "source" };
    let root = graph.add(
        kind,
        "root",
        &[
            ("name", bill.name().to_owned()),
            ("software_primaryPurpose", purpose.to_owned()),
            ("software_packageUrl", content_purl(bill.name(), None, bill.root())),
        ],
    );
    graph.set("verifiedUsing", verified(bill.root()));
    graph.set("suppliedBy", supplier.unwrap_or_else(|| unknown.agent.clone()).into());
    graph.set("software_packageVersion", bill.version().map_or(UNKNOWN.to_owned(), |version| version.value).into());
    graph.set("description", json!(bill.description().map(|text| &text.value)));
    if bill.is_model {
        model(graph, card);
    }
    let license = match expression(bill) {
        Some((text, _)) => {
            graph.add("simplelicensing_LicenseExpression", "license", &[("simplelicensing_licenseExpression", text)])
        }
        None => unknown.license.clone(),
    };
    graph.relate(&root, "hasDeclaredLicense", &[license], "complete");
    root
}

/// What the AI profile has fields for; the rest of the card stands in annotations.
fn model(graph: &mut Graph<'_>, card: &Card) {
    let types: Vec<&String> = card.architecture.iter().chain(&card.family).map(|stated| &stated.value).collect();
    graph.set("ai_typeOfModel", json!(types));
    graph.set("ai_domain", card.task.iter().map(|task| task.value.as_str()).collect());
    let entry = |key: &str, value: &str| json!({ "type": "DictionaryEntry", "key": key, "value": value });
    let generation = card.generation.iter().map(|(key, one)| (format!("generation:{key}"), &one.value));
    let settings = card.settings.iter().map(|(key, one)| (key.clone(), &one.value)).chain(generation);
    graph.set("ai_hyperparameter", settings.map(|(key, one)| entry(&key, one)).collect());
    let metrics = card.metrics.iter().map(|metric| entry(&metric.value.kind, &metric.value.value));
    graph.set("ai_metric", metrics.collect());
    graph.set("ai_limitation", json!(card.limitations.first().map(|text| &text.value)));
    graph.set("ai_informationAboutApplication", json!(card.uses.first().map(|text| &text.value)));
    graph.set("ai_informationAboutTraining", json!(card.training.first().map(|text| &text.value)));
    graph.set("ai_useSensitivePersonalInformation", "noAssertion".into());
    let papers = card
        .papers
        .iter()
        .map(|paper| json!({ "type": "ExternalRef", "externalRefType": "documentation", "locator": [paper.value] }));
    graph.set("externalRef", papers.collect());
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

fn upstream(graph: &mut Graph<'_>, bill: &Bill<'_>, root: &str, unknown: &Unknown) {
    let owner =
        |graph: &mut Graph<'_>, name: &str, of: &str| match name.split_once('/').filter(|_| !name.contains("://")) {
            Some((owner, _)) => graph.add("Organization", &format!("owner-of-{of}"), &[("name", owner.to_owned())]),
            None => unknown.agent.clone(),
        };
    let mut bases = Vec::new();
    for (index, base) in bill.card.bases.iter().enumerate() {
        let (name, revision) = (&base.value.name, base.value.revision.as_deref());
        let version = revision.or(base.value.version.as_deref());
        let id = format!("base-{index}");
        let owner = owner(graph, name, &id);
        bases.push(graph.add(
            "ai_AIPackage",
            &id,
            &[
                ("name", name.clone()),
                ("comment", format!("named: {}; digest unknown", super::super::bill::known(base))),
                ("software_packageUrl", hub_purl("", name, revision)),
                ("software_packageVersion", version.unwrap_or(UNKNOWN).to_owned()),
                ("software_primaryPurpose", "model".to_owned()),
                ("suppliedBy", owner),
            ],
        ));
    }
    let mut datasets = Vec::new();
    for (index, dataset) in bill.card.datasets.iter().enumerate() {
        let id = format!("dataset-{index}");
        let owner = owner(graph, &dataset.value, &id);
        datasets.push(graph.add(
            "dataset_DatasetPackage",
            &id,
            &[
                ("name", dataset.value.clone()),
                ("comment", format!("named: {}; digest unknown", super::super::bill::known(dataset))),
                ("software_packageUrl", hub_purl("datasets/", &dataset.value, None)),
                ("software_packageVersion", UNKNOWN.to_owned()),
                ("software_primaryPurpose", "data".to_owned()),
                ("dataset_hasSensitivePersonalInformation", "noAssertion".to_owned()),
                ("suppliedBy", owner.clone()),
            ],
        ));
        graph.set("originatedBy", json!([owner]));
        graph.set("dataset_datasetType", json!(["noAssertion"]));
    }
    graph.relate(root, "descendantOf", &bases, "noAssertion");
    graph.relate(root, "trainedOn", &datasets, "noAssertion");
    for one in bases.iter().chain(&datasets) {
        graph.relate(one, "hasDeclaredLicense", std::slice::from_ref(&unknown.license), "noAssertion");
    }
}

fn packages<'b>(
    graph: &mut Graph<'_>,
    bill: &'b Bill<'_>,
    root: &str,
    unknown: &Unknown,
) -> BTreeMap<&'b Purl, String> {
    let mut ids = BTreeMap::new();
    let mut roots = Vec::new();
    let mut licenses: BTreeMap<String, String> = BTreeMap::new();
    for (index, locked) in bill.packages.iter().enumerate() {
        let id = graph.add(
            "software_Package",
            &format!("package-{index}"),
            &[
                ("name", locked.package.name.clone()),
                ("software_packageVersion", locked.version().unwrap_or(UNKNOWN).to_owned()),
                ("software_packageUrl", locked.package.purl.to_string()),
                ("software_primaryPurpose", "library".to_owned()),
                ("suppliedBy", unknown.agent.clone()),
            ],
        );
        graph.set("verifiedUsing", verified(locked.checksums.iter().copied()));
        graph.set("software_sourceInfo", json!(super::source(&locked.package.source)));
        graph.set("comment", json!(locked.need.name().map(|need| format!("needed for: {need}"))));
        let license = locked.license().map(|said| {
            let (text, _) = license::expression(std::iter::once(said.value.as_str())).unwrap_or_default();
            let name = format!("license-{}", licenses.len() + 1);
            licenses.entry(text.clone()).or_insert_with(|| {
                let fields = [("simplelicensing_licenseExpression", text)];
                graph.add("simplelicensing_LicenseExpression", &name, &fields)
            })
        });
        let license = license.map_or_else(|| unknown.license.clone(), |license| license.clone());
        graph.relate(&id, "hasDeclaredLicense", &[license], "complete");
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

/// What the bills of installed packages list.
fn bundled(graph: &mut Graph<'_>, bill: &Bill<'_>, root: &str, unknown: &Unknown, packages: &BTreeMap<&Purl, String>) {
    let mut ids: BTreeMap<&str, String> = packages.iter().map(|(purl, id)| (purl.as_str(), id.clone())).collect();
    for (index, (reference, of)) in bill.bundle.components.iter().enumerate() {
        let mut fields = vec![
            ("name", of.text("name").unwrap_or(UNKNOWN).to_owned()),
            ("comment", of.known()),
            ("software_packageVersion", of.text("version").unwrap_or(UNKNOWN).to_owned()),
            ("suppliedBy", unknown.agent.clone()),
        ];
        fields.extend(of.text("purl").map(|purl| ("software_packageUrl", purl.to_owned())));
        let id = graph.add("software_Package", &format!("bundled-{index}"), &fields);
        graph.set("verifiedUsing", verified(&of.hashes()));
        let license = of.license().and_then(|said| license::expression([said])).map(|(text, _)| {
            let fields = [("simplelicensing_licenseExpression", text)];
            graph.add("simplelicensing_LicenseExpression", &format!("bundled-license-{index}"), &fields)
        });
        graph.relate(&id, "hasDeclaredLicense", &[license.unwrap_or_else(|| unknown.license.clone())], "complete");
        ids.insert(reference, id);
    }
    for (from, to) in &bill.bundle.edges {
        let from = from.as_ref().map_or(Some(root), |from| ids.get(from.as_str()).map(String::as_str));
        if let (Some(from), Some(to)) = (from, ids.get(to.as_str())) {
            graph.relate(from, "dependsOn", std::slice::from_ref(to), "noAssertion");
        }
    }
}

/// How each field of the model is known, and the verdict.
fn notes(graph: &mut Graph<'_>, bill: &Bill<'_>, options: &Options, root: &str) {
    let report = bill.report;
    let mut said = vec![format!("verdict {} under policy {}", report.verdict, report.policy.name)];
    if bill.is_model {
        let known = assurances::of(bill, options.supplier.is_some());
        said.extend(known.into_iter().map(|(field, known)| format!("assurance of {field}: {known}")));
        let settings = assurances::of_settings(&bill.card);
        said.extend(settings.into_iter().map(|(field, known)| format!("assurance of {field}: {known}")));
    }
    said.extend(super::tensors(bill));
    let other = bill.card.other_licenses.iter();
    said.extend(other.map(|other| format!("another licence is stated: {} ({})", other.value, other.source)));
    let templates = bill.card.templates.iter().map(|stated| {
        format!("chat template {}: SHA-256 {} ({})", stated.value.name, stated.value.sha256, stated.source)
    });
    said.extend(templates);
    let single = [
        ("quantization", &bill.card.quantization),
        ("context length", &bill.card.context),
        ("tokenizer", &bill.card.tokenizer),
        ("library", &bill.card.library),
        ("CO2", &bill.card.emissions),
    ];
    let single = single.into_iter().filter_map(|(name, stated)| Some(format!("{name}: {}", stated.as_ref()?.value)));
    said.extend(single);
    said.extend(bill.card.languages.iter().map(|language| format!("language: {}", language.value)));
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
