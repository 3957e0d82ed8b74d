//! CycloneDX 1.6 and 1.7 as JSON or XML: the model first, then every file, dataset and package, with what is wrong with them.
//!
//! Byte-for-byte reproducible: the serial number is made from the document itself (a UUID of version 8, RFC 9562),
//! and the time is a parameter. What is not known is written as unknown. How each statement about the model is known
//! stands in properties `weighbridge:assurance:<field>`, and from 1.7 on also in `citations`, when a time is given
//! (a citation must have one).

mod components;
mod flaws;
mod model_card;
mod services;
mod xml;

use serde_json::{Map, Value, json};

use crate::model::{ArtifactPath, Report};

use super::bill::Bill;
use super::{encode, identity};

/// Versions of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spec {
    /// 1.6.
    #[default]
    V1_6,
    /// 1.7, with citations.
    V1_7,
}

impl Spec {
    /// As the documents write it.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// How the document is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

/// What a bill says beyond the report.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Version of the format.
    pub spec: Spec,
    /// JSON or XML.
    pub syntax: Syntax,
    /// When, as RFC 3339; left out when nothing is given.
    pub timestamp: Option<String>,
    /// Who answers for the document: a person or an organisation, not a tool.
    pub author: Option<String>,
    /// Who supplies the model.
    pub supplier: Option<String>,
}

/// What is written where nothing is known and the format asks for a value.
pub(super) const UNKNOWN: &str = "UNKNOWN";
/// The same for licences, as SPDX spells it.
const NO_ASSERTION: &str = "NOASSERTION";

/// Reference of the weighed tree.
const SUBJECT: &str = "subject";
/// Reference of the model in it.
const MODEL: &str = "model";
/// Reference of the program.
const TOOL: &str = "tool";

/// The bill as indented JSON or XML with a line break at the end.
#[must_use]
pub fn render(report: &Report, options: &Options) -> String {
    let document = document(report, options);
    match options.syntax {
        Syntax::Json => encode::pretty(&document),
        Syntax::Xml => xml::render(&document, options.spec.number()),
    }
}

/// The bill as a value, for statements that carry it.
#[must_use]
pub fn document(report: &Report, options: &Options) -> Value {
    let bill = Bill::of(report);
    let version = options.spec.number();
    let components = components::all(&bill, options);
    let mut document = json!({
        "$schema": format!("http://cyclonedx.org/schema/bom-{version}.schema.json"),
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "version": 1,
        "metadata": metadata(&bill, options),
        "dependencies": components::dependencies(&bill),
        "compositions": compositions(&bill),
    });
    let flaws = flaws::all(&bill);
    if !flaws.is_empty() {
        document["vulnerabilities"] = flaws.into();
    }
    if !bill.services.is_empty() {
        document["services"] = bill.services.iter().map(services::one).collect();
    }
    if let (Spec::V1_7, Some(timestamp)) = (options.spec, &options.timestamp) {
        document["citations"] = model_card::citations(&components, timestamp).into();
    }
    document["components"] = components.into();
    let serial = identity::uuid(document.to_string().as_bytes());
    document["serialNumber"] = format!("urn:uuid:{serial}").into();
    document
}

fn metadata(bill: &Bill<'_>, options: &Options) -> Value {
    let report = bill.report;
    let mut metadata = json!({
        "lifecycles": [{ "phase": if bill.is_model { "post-build" } else { "pre-build" } }],
        "tools": { "components": [{
            "type": "application",
            "bom-ref": TOOL,
            "name": report.tool.name,
            "version": report.tool.version,
        }]},
        "component": components::subject(bill, options),
        "properties": properties(bill),
    });
    if let Some(timestamp) = &options.timestamp {
        metadata["timestamp"] = timestamp.as_str().into();
    }
    metadata["authors"] = json!([{ "name": options.author.as_deref().unwrap_or(UNKNOWN) }]);
    metadata["supplier"] = json!({ "name": options.supplier.as_deref().unwrap_or(UNKNOWN) });
    metadata
}

fn properties(bill: &Bill<'_>) -> Vec<Value> {
    let report = bill.report;
    let mut all = vec![
        property("weighbridge:policy:name", &report.policy.name),
        property("weighbridge:policy:digest", &report.policy.digest),
        property("weighbridge:verdict", report.verdict.name()),
    ];
    all.extend(report.checks.iter().map(|check| property("weighbridge:check", check.name())));
    for input in &report.inputs {
        let digest = input.digest.as_deref().unwrap_or("");
        all.push(property("weighbridge:input", format!("{} {} {digest}", input.role, input.name).trim_end()));
    }
    all.extend(report.not_assessed.iter().map(|clause| property("weighbridge:not-assessed", clause)));
    all.extend(report.not_required.iter().map(|clause| property("weighbridge:not-required", clause)));
    all
}

/// How complete each part is: files are listed completely unless one could not be looked at.
fn compositions(bill: &Bill<'_>) -> Vec<Value> {
    let whole = bill.gaps.is_empty() && bill.report.root.is_some();
    let mut all = vec![json!({
        "aggregate": if whole { "complete" } else { "incomplete" },
        "assemblies": [if bill.is_model { MODEL } else { SUBJECT }],
    })];
    for (aggregate, closed) in [("complete", true), ("incomplete", false)] {
        let of =
            bill.packages.iter().filter(|locked| locked.lockfiles.iter().all(|(path, _)| is_closed(path)) == closed);
        let packages: Vec<&str> = of.map(|locked| locked.package.purl.as_str()).collect();
        if !packages.is_empty() {
            all.push(json!({ "aggregate": aggregate, "dependencies": packages }));
        }
    }
    if bill.is_model {
        all.push(json!({ "aggregate": "unknown", "dependencies": [MODEL] }));
    }
    all
}

/// True for the lockfiles that list every package that any of theirs needs; a list of requirements need not.
fn is_closed(lockfile: &ArtifactPath) -> bool {
    let names = [
        "Cargo.lock",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "pylock.toml",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "Gemfile.lock",
        "composer.lock",
    ];
    names.contains(&lockfile.name())
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// Puts a list under a key, unless it is empty.
fn put(object: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(key.to_owned(), values.into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::sample;
    use super::*;

    fn options(spec: Spec) -> Options {
        Options {
            spec,
            syntax: Syntax::Json,
            timestamp: Some("2026-11-23T00:00:00Z".to_owned()),
            author: Some("Acme ML platform".to_owned()),
            supplier: Some("Acme".to_owned()),
        }
    }

    #[test]
    fn published_samples_are_current() {
        sample::published("demo-1.6.cdx.json", &render(&sample::report(), &options(Spec::V1_6)));
        sample::published("demo-1.7.cdx.json", &render(&sample::report(), &options(Spec::V1_7)));
        sample::published("bare-1.6.cdx.json", &render(&sample::bare(), &Options::default()));
    }

    #[test]
    fn the_order_of_a_report_does_not_matter() {
        let mut shuffled = sample::report();
        shuffled.artifacts.reverse();
        shuffled.packages.reverse();
        shuffled.findings.reverse();
        let options = options(Spec::V1_7);
        assert_eq!(render(&sample::report(), &options), render(&shuffled, &options));
    }

    #[test]
    fn references_are_unique_and_lead_somewhere() {
        let document = document(&sample::report(), &options(Spec::V1_6));
        let mut references = BTreeSet::from([SUBJECT]);
        for key in ["components", "services"] {
            for one in document[key].as_array().unwrap() {
                assert!(references.insert(one["bom-ref"].as_str().unwrap()), "{one}");
            }
        }
        for dependency in document["dependencies"].as_array().unwrap() {
            let on = dependency["dependsOn"].as_array().cloned().unwrap_or_default();
            for reference in on.iter().chain([&dependency["ref"]]) {
                assert!(references.contains(reference.as_str().unwrap()), "{reference}");
            }
        }
        for flaw in document["vulnerabilities"].as_array().unwrap() {
            for affected in flaw["affects"].as_array().unwrap() {
                assert!(references.contains(affected["ref"].as_str().unwrap()), "{affected}");
            }
        }
    }

    #[test]
    fn every_file_and_package_is_listed_with_digest_or_purl() {
        let report = sample::report();
        let document = document(&report, &Options::default());
        let components = document["components"].as_array().unwrap();
        assert_eq!(components[0]["type"], "machine-learning-model");
        let files: Vec<&Value> = components.iter().filter(|one| one["type"] == "file").collect();
        assert_eq!(files.len(), report.artifacts.len());
        assert!(files.iter().all(|file| file["hashes"][0]["alg"] == "SHA-256"));
        let libraries: Vec<&Value> = components.iter().filter(|one| one["type"] == "library").collect();
        assert_eq!(libraries.len(), report.packages.len());
        assert!(libraries.iter().all(|library| library["purl"].as_str().unwrap().starts_with("pkg:")));
    }

    #[test]
    fn the_serial_number_is_of_the_content() {
        let serial = |report: &Report| document(report, &Options::default())["serialNumber"].clone();
        let mut other = sample::report();
        other.artifacts[0].size += 1;
        assert_ne!(serial(&sample::report()), serial(&other));
        let uuid = identity::uuid(b"");
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "8"));
    }
}
