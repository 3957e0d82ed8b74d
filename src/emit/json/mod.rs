//! `weighbridge/report/v1`: the report as JSON that others script against.
//!
//! The structs of [`wire`] are the contract, apart from the model so that the model may move. Within `v1` fields are
//! added, never taken away or given another meaning; readers ignore what they do not know. The published schema,
//! `report-v1.schema.json`, is generated from them.
//!
//! A report read back ([`from_json`]) can be judged again under another policy without a byte of the files. What it
//! does not carry: the list of tensors (figures only), metadata, calls, kept bytes and shards.

mod stored;
pub mod wire;

pub use stored::{StoredError, from_json};

use crate::model::Report;

use super::encode;

/// The published schema, as it lies in the repository.
pub const SCHEMA: &str = include_str!("../report-v1.schema.json");

/// The report as one indented JSON object and a line break. Files, packages and findings are put in order, so equal
/// reports give equal bytes.
#[must_use]
pub fn render(report: &Report) -> String {
    encode::pretty(&wire::ReportV1::of(report))
}

/// The JSON Schema (2020-12) of what [`render`] writes, generated from the types.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(wire::ReportV1);
    schema.insert("title".to_owned(), "weighbridge/report/v1".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let current = encode::pretty(&schema());
        if std::env::var_os("UPDATE").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emit/report-v1.schema.json");
            std::fs::write(file, &current).unwrap();
        } else {
            assert!(current == SCHEMA, "run this test with UPDATE=1 to publish the schema anew");
        }
    }

    #[test]
    fn what_is_written_follows_the_schema() {
        let document: serde_json::Value = serde_json::from_str(&render(&sample::report())).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }

    #[test]
    fn order_of_the_parts_does_not_matter() {
        let report = sample::report();
        let mut shuffled = report.clone();
        shuffled.artifacts.reverse();
        shuffled.packages.reverse();
        shuffled.findings.reverse();
        assert_eq!(render(&report), render(&shuffled));
    }
}
