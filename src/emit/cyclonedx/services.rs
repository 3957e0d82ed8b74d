//! Hosted services. Whether they ask who calls is not known from files, so `authenticated` is left open; that data
//! crosses a boundary is known, and of which kind it is, is not.

use serde_json::{Value, json};

use super::super::hosted::Service;
use super::UNKNOWN;

/// The reference of a service.
pub(super) fn reference(service: &Service<'_>) -> String {
    format!("service:{}", service.id)
}

pub(super) fn one(service: &Service<'_>) -> Value {
    let mut provider = json!({ "name": service.operator.unwrap_or(UNKNOWN) });
    if let Some(seat) = service.seat {
        provider["address"] = json!({ "country": seat });
    }
    let property = |name: &str, text: &str| super::property(&format!("weighbridge:service:{name}"), text);
    let mut properties = vec![property("kind", "hosted AI service")];
    properties.extend(service.regions.iter().map(|region| property("region", region)));
    properties
        .extend(service.encrypted.map(|encrypted| property("encrypted", if encrypted { "true" } else { "false" })));
    properties.extend(service.seen.iter().map(|seen| property("seen", seen)));
    let mut value = json!({
        "bom-ref": reference(service),
        "provider": provider,
        "name": service.name(),
        "version": UNKNOWN,
        "x-trust-boundary": true,
        // What is asked goes there and the answer comes back.
        "data": [{ "flow": "bi-directional", "classification": UNKNOWN }],
        "properties": properties,
    });
    if !service.endpoints.is_empty() {
        value["endpoints"] = json!(service.endpoints);
    }
    value
}
