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
