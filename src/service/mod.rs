//! Hosted AI services that a tree would send data to: who runs them, under whose law, and over what transport.
//!
//! Known by the packages it pins, the modules it imports and the addresses it names, held against `operators.toml`, a
//! list with an edition. It is inventory; a policy may allow or deny operators and regions. Not known from files: which
//! region an account is bound to, what the operator keeps, and addresses put together at run time.

mod operators;

use std::collections::BTreeMap;

use crate::model::{Artifact, ArtifactPath, Assurance, Class, Endpoint, Evidence, Package, Place, Rule, Severity};

use operators::{Match, OPERATORS};

/// A service that the tree speaks to.
pub static HOSTED_SERVICE: Rule = Rule {
    id: "hosted-service",
    summary: "the tree speaks to a hosted AI service",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/hosted-service.md"),
    frameworks: &["CWE-1357", "LLM02:2025", "AML.T0096"],
};

/// It does so in the clear.
pub static SERVICE_TRANSPORT_INSECURE: Rule = Rule {
    id: "service-transport-insecure",
    summary: "a model service elsewhere is addressed without transport encryption",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/service-transport-insecure.md"),
    frameworks: &["CWE-319", "LLM02:2025"],
};

/// The rules this room raises.
pub static RULES: &[&Rule] = &[&HOSTED_SERVICE, &SERVICE_TRANSPORT_INSECURE];

/// Edition of the list of operators.
#[must_use]
pub fn edition() -> &'static str {
    &OPERATORS.edition
}

/// What the packages and the texts of a tree reach out to, each service once for a file.
#[must_use]
pub fn services(artifacts: &[Artifact], packages: &[Package]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut told: BTreeMap<(&ArtifactPath, &str), ()> = BTreeMap::new();
    for package in packages {
        if let Some(known) = OPERATORS.by_package(package.ecosystem, &package.name)
            && told.insert((&package.lockfile, &known.operator.id), ()).is_none()
        {
            let message = format!("{} speaks to {}", package.name, known.words());
            let place = Place::Package { purl: package.purl.clone(), line: package.line };
            evidence.push(describe(message, &known).of(&package.lockfile).at(place).known_by(Assurance::Derived));
        }
    }
    for artifact in artifacts {
        let mut told: BTreeMap<String, ()> = BTreeMap::new();
        for endpoint in &artifact.contents.endpoints {
            evidence.extend(addressed(endpoint, &mut told).into_iter().map(|one| one.of(&artifact.path)));
        }
        for import in &artifact.contents.imports {
            if let Some(known) = OPERATORS.by_module(&import.module)
                && told.insert(known.operator.id.clone(), ()).is_none()
            {
                let message = format!("it imports {}, which speaks to {}", import.module, known.words());
                let place = Place::Line { line: import.line, column: 1 };
                evidence.push(describe(message, &known).of(&artifact.path).at(place));
            }
        }
    }
    evidence
}

/// What one address says: a known service, or one that is set as such, and whether it is reached in the clear.
fn addressed(endpoint: &Endpoint, told: &mut BTreeMap<String, ()>) -> Vec<Evidence> {
    let place = Place::Line { line: endpoint.line, column: 1 };
    let known = OPERATORS.by_host(&endpoint.host);
    if is_local(&endpoint.host) || (known.is_none() && !endpoint.set) {
        return Vec::new();
    }
    let mut evidence = Vec::new();
    let key = known.as_ref().map_or_else(|| endpoint.host.clone(), |known| known.operator.id.clone());
    if told.insert(key, ()).is_none() {
        let described = match &known {
            Some(known) => describe(format!("{} is the address of {}", endpoint.host, known.words()), known),
            None => {
                let message =
                    format!("{} is set as the address of a service; its operator is not known", endpoint.host);
                Evidence::new(&HOSTED_SERVICE, message).with("edition", edition())
            }
        };
        let secure = ["https", "wss", "grpcs"].contains(&endpoint.scheme.as_str());
        let described = described.with("host", endpoint.host.as_str()).with("transport", endpoint.scheme.as_str());
        evidence.push(described.with("encrypted", secure).at(place.clone()));
    }
    if ["http", "ws"].contains(&endpoint.scheme.as_str()) {
        let message = format!("{} is addressed over {}, in the clear", endpoint.host, endpoint.scheme);
        evidence
            .push(Evidence::new(&SERVICE_TRANSPORT_INSECURE, message).with("host", endpoint.host.as_str()).at(place));
    }
    evidence
}

fn describe(message: String, known: &Match<'_>) -> Evidence {
    let mut evidence = Evidence::new(&HOSTED_SERVICE, message)
        .with("operator", known.operator.id.as_str())
        .with("operator-name", known.operator.name.as_str())
        .with("edition", edition());
    if let Some(jurisdiction) = &known.operator.jurisdiction {
        evidence = evidence.with("jurisdiction", jurisdiction.as_str());
    }
    if let Some(region) = &known.region {
        evidence = evidence.with("service-region", region.as_str());
    }
    evidence
}

/// This machine, a private network, or a name that no public resolver answers. A name without a dot is a container's
/// or a neighbour's.
fn is_local(host: &str) -> bool {
    let name =
        [".local", ".localhost", ".internal", ".lan", ".home.arpa", ".svc", ".cluster.local", ".test", ".example"];
    let documentation = ["example.com", "example.org", "example.net"];
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return address.is_loopback()
            || address.is_private()
            || address.is_unspecified()
            || address.is_link_local()
            || is_shared(address);
    }
    if let Ok(address) = host.parse::<std::net::Ipv6Addr>() {
        return address.is_loopback() || address.is_unspecified() || address.is_unique_local();
    }
    !host.contains('.')
        || name.iter().any(|ending| host.ends_with(ending))
        || documentation.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")))
        || host.starts_with(['{', '$', '%']) && !host.trim_start_matches(|c| c != '.').contains('.')
}

/// Behind the address translation of a provider, or in an overlay network (RFC 6598, 100.64.0.0/10).
const fn is_shared(address: std::net::Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contents, Digests, Import};

    fn fired(endpoints: Vec<Endpoint>, imports: Vec<Import>) -> Vec<(&'static str, String)> {
        let contents = Contents { endpoints, imports, ..Contents::default() };
        let artifact = Artifact {
            path: ArtifactPath::new("app.py"),
            size: 1,
            digests: Digests::default(),
            shards: vec![],
            formats: vec![],
            contents,
            kept: None,
        };
        let word = |evidence: &Evidence, name: &str| -> String {
            evidence.fact.details.get(name).and_then(|value| value.as_str()).unwrap_or("-").to_owned()
        };
        let seen = services(&[artifact], &[]);
        seen.iter()
            .map(|one| (one.rule.id, format!("{} {}", word(one, "operator"), word(one, "service-region"))))
            .collect()
    }

    fn endpoint(scheme: &str, host: &str, set: bool) -> Endpoint {
        Endpoint { scheme: scheme.into(), host: host.into(), set, line: 3 }
    }

    #[test]
    fn services_are_told_by_address_and_by_import() {
        let plain = |operator: &str| ("hosted-service", format!("{operator} -"));
        assert_eq!(fired(vec![endpoint("https", "api.deepseek.com", true)], vec![]), [plain("deepseek")]);
        let import = Import { module: "google.genai".into(), line: 1 };
        assert_eq!(fired(vec![], vec![import]), [plain("google")]);
        let regional = endpoint("https", "bedrock-runtime.eu-central-1.amazonaws.com", false);
        assert_eq!(fired(vec![regional], vec![]), [("hosted-service", "amazon eu-central-1".to_owned())]);
        assert_eq!(fired(vec![endpoint("https", "llm.somewhere.dev", true)], vec![]), [plain("-")]);
        assert_eq!(fired(vec![endpoint("https", "docs.somewhere.dev", false)], vec![]), []);
    }

    #[test]
    fn what_stays_at_home_is_no_hosted_service() {
        for host in ["localhost", "127.0.0.1", "10.1.2.3", "::1", "vllm", "llm.internal", "api.example.com", "{host}"] {
            assert_eq!(fired(vec![endpoint("http", host, true)], vec![]), [], "{host}");
        }
        let open = fired(vec![endpoint("http", "api.openai.com", true)], vec![]);
        assert_eq!(
            open.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
            ["hosted-service", "service-transport-insecure"]
        );
    }
}
