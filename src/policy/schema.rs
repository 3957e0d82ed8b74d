//! The JSON Schema of policy files, from the types that read them.

use serde_json::Value;

use super::Wire;

/// The schema that `policies/policy.schema.json` publishes.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Wire);
    schema.insert("title".to_owned(), "weighbridge policy".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::super::{BUILT_IN, wire};
    use super::schema;

    #[test]
    fn the_published_schema_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/policy.schema.json");
        let now = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), now, "run the tests with UPDATE=1");
    }

    #[test]
    fn the_built_in_policies_fit_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for (name, text) in BUILT_IN {
            let value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
            let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
            assert_eq!(wire::parse(text).unwrap().name.as_deref(), Some(name));
        }
    }
}
