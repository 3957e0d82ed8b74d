//! Hosted services that the tree speaks to, for bills: each once, with everything that was seen of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Evidence, Place, Purl, Report};

use crate::model::percent;

/// Id of the rule whose evidence is such a service.
const HOSTED: &str = "hosted-service";

/// One service.
#[derive(Debug, Default)]
pub struct Service<'r> {
    /// The operator's identifier; without a known operator the host.
    pub id: &'r str,
    /// Who runs it, if that is known.
    pub operator: Option<&'r str>,
    /// Country of the operator's seat, ISO 3166-1 alpha-2, if it is known.
    pub seat: Option<&'r str>,
    /// Where hosts say that they are.
    pub regions: BTreeSet<&'r str>,
    /// Addresses that were seen; none when packages or imports alone tell of it.
    pub endpoints: BTreeSet<String>,
    /// Whether every address is encrypted on the way; `None` without one.
    pub encrypted: Option<bool>,
    /// What was seen and where.
    pub seen: BTreeSet<String>,
    /// Packages that speak to it.
    pub clients: BTreeSet<&'r Purl>,
    /// True if a file of the tree speaks to it itself.
    pub direct: bool,
}

impl Service<'_> {
    /// What to call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.operator.unwrap_or(self.id)
    }
}

/// All services, by identifier.
#[must_use]
pub fn services(report: &Report) -> Vec<Service<'_>> {
    let mut all: BTreeMap<&str, Service<'_>> = BTreeMap::new();
    for evidence in report.findings.iter().map(|finding| &finding.evidence).filter(|seen| seen.rule.id == HOSTED) {
        let Some(id) = word(evidence, "operator").or_else(|| word(evidence, "host")) else { continue };
        let service = all.entry(id).or_insert_with(|| Service { id, ..Service::default() });
        service.operator = service.operator.or_else(|| word(evidence, "operator-name"));
        service.seat = service.seat.or_else(|| word(evidence, "jurisdiction"));
        service.regions.extend(word(evidence, "service-region"));
        if let Some(host) = word(evidence, "host") {
            let scheme = word(evidence, "transport").unwrap_or("https");
            service.endpoints.insert(address(scheme, host));
            let encrypted = evidence.fact.details.get("encrypted").and_then(Value::as_bool).unwrap_or(false);
            service.encrypted = Some(service.encrypted.unwrap_or(true) && encrypted);
        }
        let path = evidence.artifact.as_ref().map_or(".", |path| path.as_str());
        service.seen.insert(format!("{path} {}: {}", evidence.place, evidence.fact.message));
        match &evidence.place {
            Place::Package { purl, .. } => {
                service.clients.insert(purl);
            }
            _ => service.direct = true,
        }
    }
    all.into_values().collect()
}

/// The address as RFC 3986 writes it. Hosts are as code spells them, with holes that are filled when it runs: a hole in the
/// name is escaped; there is no way to write one in a port, so such a port is left out.
fn address(scheme: &str, host: &str) -> String {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let name = match literal.and_then(|name| name.parse::<std::net::Ipv6Addr>().ok()) {
        Some(literal) => format!("[{literal}]"),
        None => percent::encode(name, ""),
    };
    match port.filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(port) => format!("{scheme}://{name}:{port}"),
        None => format!("{scheme}://{name}"),
    }
}

fn word<'e>(evidence: &'e Evidence, name: &str) -> Option<&'e str> {
    evidence.fact.details.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{cyclonedx, foreign, sample, spdx};

    #[test]
    fn addresses_are_uris() {
        for (host, written) in [
            ("api.example.com:8443", "http://api.example.com:8443"),
            ("127.0.0.1:{server.port}", "http://127.0.0.1"),
            ("[::1]:80", "http://[::1]:80"),
            ("[::1]", "http://[::1]"),
            ("[oops:80", "http://%5Boops:80"),
            ("{zone}.example.com", "http://%7Bzone%7D.example.com"),
            ("%zz", "http://%25zz"),
        ] {
            assert_eq!(super::address("http", host), written);
        }
    }

    #[test]
    fn every_format_says_who_is_spoken_to() {
        let report = sample::report();
        let options = |syntax| cyclonedx::Options { syntax, ..cyclonedx::Options::default() };
        let json = cyclonedx::document(&report, &options(cyclonedx::Syntax::Json));
        let mistral = &json["services"][1];
        assert_eq!(mistral["provider"], json!({ "name": "Mistral AI", "address": { "country": "FR" } }));
        assert_eq!((&mistral["x-trust-boundary"], mistral.get("endpoints")), (&json!(true), None));
        assert_eq!(json["services"][0]["endpoints"], json!(["http://llm.%7Bzone%7D.somewhere.dev"]));
        let edge = |from: &str| {
            let edges = json["dependencies"].as_array().unwrap();
            edges.iter().find(|edge| edge["ref"] == from).unwrap()["dependsOn"].clone()
        };
        assert_eq!(edge("pkg:pypi/kombu@5.2.4"), json!(["service:mistral"]));
        assert!(edge("subject").as_array().unwrap().contains(&"service:llm.{zone}.somewhere.dev".into()));
        // The XML says the same, flows and truths included.
        let xml = cyclonedx::render(&report, &options(cyclonedx::Syntax::Xml));
        let read = foreign::read(xml.as_bytes()).unwrap();
        assert_eq!(read.value["services"], json["services"]);
        for (spec, needed) in [(spdx::Spec::V2_3, "DEPENDS_ON"), (spdx::Spec::V3_0_1, "LifecycleScopedRelationship")] {
            let timestamp = "2026-11-23T00:00:00Z".to_owned();
            let options = spdx::Options { spec, timestamp, author: None, supplier: None };
            let text = spdx::render(&report, &options);
            for word in [needed, "Mistral AI", "seat of the operator: FR", "http://llm.%7Bzone%7D.somewhere.dev"] {
                assert!(text.contains(word), "{word}");
            }
        }
    }
}
