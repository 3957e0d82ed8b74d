//! Hosted services. Neither version has a class for them: they stand as packages that are no library and have no bytes
//! here, supplied by the operator, on which the tree depends when it runs.

use serde_json::{Value, json};

use super::super::bill::Bill;
use super::super::hosted::Service;
use super::graph::Graph;

/// What a reader must know of such a package.
pub(super) fn comment(service: &Service<'_>) -> String {
    let seat = service.seat.map(|seat| format!("; seat of the operator: {seat}")).unwrap_or_default();
    let regions: Vec<&str> = service.regions.iter().copied().collect();
    let regions = if regions.is_empty() { String::new() } else { format!("; regions named: {}", regions.join(", ")) };
    let clear = if service.encrypted == Some(false) { "; addressed without encryption" } else { "" };
    let seen: Vec<&str> = service.seen.iter().map(String::as_str).collect();
    format!("A hosted AI service, no software that is here{seat}{regions}{clear}. Seen: {}", seen.join("; "))
}

/// The services of SPDX 3, and whatever speaks to them.
pub(super) fn all(graph: &mut Graph<'_>, bill: &Bill<'_>, root: &str, unknown: (&str, &str), packages: &Packages<'_>) {
    let (unknown_agent, unknown_license) = unknown;
    for (index, service) in bill.services.iter().enumerate() {
        let operator = match service.operator {
            Some(name) => graph.add("Organization", &format!("operator-{index}"), &[("name", name.to_owned())]),
            None => unknown_agent.to_owned(),
        };
        let id = graph.add(
            "software_Package",
            &format!("service-{index}"),
            &[
                ("name", service.name().to_owned()),
                ("comment", comment(service)),
                ("software_packageVersion", "UNKNOWN".to_owned()),
                ("software_primaryPurpose", "other".to_owned()),
                ("suppliedBy", operator),
            ],
        );
        let address = |at: &String| json!({ "type": "ExternalRef", "externalRefType": "other", "locator": [at] });
        graph.set("externalRef", service.endpoints.iter().map(address).collect());
        let direct = service.direct.then(|| root.to_owned());
        let clients = service.clients.iter().filter_map(|purl| packages.get(*purl).cloned());
        for from in direct.into_iter().chain(clients) {
            needed_at_run_time(graph, &from, &id);
        }
        graph.relate(&id, "hasDeclaredLicense", &[unknown_license.to_owned()], "noAssertion");
    }
}

/// Addresses of packages.
type Packages<'b> = std::collections::BTreeMap<&'b crate::model::Purl, String>;

fn needed_at_run_time(graph: &mut Graph<'_>, from: &str, to: &str) {
    graph.relations += 1;
    let name = format!("relation-{}", graph.relations);
    let fields =
        [("from", from), ("relationshipType", "dependsOn"), ("completeness", "noAssertion"), ("scope", "runtime")];
    graph.add("LifecycleScopedRelationship", &name, &fields.map(|(key, value)| (key, value.to_owned())));
    graph.set("to", json!([to]));
}

/// Addresses of a service as SPDX 2.3 refers to what is elsewhere.
pub(super) fn references(service: &Service<'_>) -> Value {
    let one = |at: &String| json!({ "referenceCategory": "OTHER", "referenceType": "url", "referenceLocator": at });
    service.endpoints.iter().map(one).collect()
}
