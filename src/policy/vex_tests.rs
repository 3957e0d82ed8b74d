use super::*;
use crate::model::{AdvisoryMatch, Class, Ecosystem, Purl, Rule, Severity};

static VULNERABLE: Rule = Rule {
    id: "vulnerable-package",
    summary: "",
    severity: Severity::High,
    class: Class::Defect,
    page: "",
    frameworks: &[],
};

const WHY: &str = r#", "justification": "vulnerable_code_not_present""#;

fn seen(purl: &str) -> Vec<Evidence> {
    let mut seen = Evidence::new(&VULNERABLE, "seen");
    seen.advisory = Some(Box::new(AdvisoryMatch {
        id: "GHSA-1".into(),
        aliases: vec!["CVE-1".into()],
        title: String::new(),
        cvss: None,
        url: None,
        published: None,
        modified: None,
        epss: None,
        exploited: None,
        fixed: vec![],
        name: "a".into(),
        version: "1.0.0".into(),
        upgrade: None,
        direct: None,
        ecosystem: Ecosystem::Npm,
        purl: Purl::new(purl),
        paths: vec![],
    }));
    vec![seen]
}

fn document(name: &str, status: &str, more: &str, time: &str, purl: &str) -> String {
    format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "doc-7", "author": "A", "timestamp": "{time}",
            "statements": [{{"vulnerability": {{"name": "{name}"}}, "status": "{status}"{more},
            "products": [{{"@id": "pkg:oci/app", "subcomponents": [{{"@id": "{purl}"}}]}}]}}]}}"#
    )
}

fn said(name: &str, status: &str, more: &str, time: &str, purl: &str) -> Vec<Statement> {
    read(&document(name, status, more, time, purl)).unwrap()
}

/// Reasons of the leave, and what is said of idle statements.
fn left(statements: &[Vec<Statement>]) -> (Vec<String>, Vec<String>) {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let (leave, idle) = leave(&statements.concat(), &seen("pkg:npm/a@1.0.0"), now);
    (
        leave.into_iter().map(|entry| entry.reason).collect(),
        idle.into_iter().map(|evidence| evidence.fact.message).collect(),
    )
}

#[test]
fn only_reasons_give_leave_and_the_last_word_holds_under_any_name() {
    let early = || said("CVE-1", "not_affected", WHY, "2025-01-01T23:00:00-05:00", "pkg:npm/a@1.0.0");
    let (reasons, idle) = left(&[early()]);
    assert_eq!(
        reasons,
        ["not affected: vulnerable_code_not_present (statement 1 of doc-7, on pkg:npm/a@1.0.0 in pkg:oci/app)"]
    );
    assert!(idle.is_empty());
    for (status, more) in [("not_affected", ""), ("affected", WHY), ("under_investigation", WHY), ("fixed", WHY)] {
        // As text this one is the earlier of the two; and it goes by another name, for every version.
        for (name, purl) in [("CVE-1", "pkg:npm/a@1.0.0"), ("ghsa-1", "pkg:npm/a@1.0.0"), ("GHSA-1", "pkg:npm/a")] {
            let later = said(name, status, more, "2025-01-02T04:30:00Z", purl);
            assert_eq!(left(&[early(), later.clone()]), (vec![], vec![]), "{status} {name} {purl}");
            assert_eq!(left(&[later, early()]), (vec![], vec![]), "{status} {name} {purl}");
        }
    }
    let same_moment = said("CVE-1", "affected", "", "2025-01-02T04:00:00Z", "pkg:npm/a@1.0.0");
    assert_eq!(left(&[same_moment, early()]).0.len(), 0);
    let before = said("CVE-1", "affected", "", "2025-01-02T03:59:00Z", "pkg:npm/a@1.0.0");
    assert_eq!(left(&[early(), before]).0.len(), 1);
}

#[test]
fn what_is_vague_or_yet_to_come_gives_no_leave() {
    let (reasons, idle) = left(&[said("CVE-1", "not_affected", WHY, "2026-01-02T00:00:00Z", "pkg:npm/a@1.0.0")]);
    assert!(reasons.is_empty() && idle[0].contains("yet to come"), "{idle:?}");
    for wide in ["pkg:npm/a", "pkg:npm/a@", "pkg:npm/a@1.0.0?repository_url=example.org", "pkg:npm/a@1.0.0?arch=x"] {
        let (reasons, idle) = left(&[said("CVE-1", "not_affected", WHY, "2025-01-01T00:00:00Z", wide)]);
        assert!(reasons.is_empty() && idle[0].contains("does not name the version"), "{wide} {idle:?}");
    }
    let (reasons, idle) = left(&[said("CVE-2", "not_affected", WHY, "2025-01-01T00:00:00Z", "pkg:npm/a@1.0.0")]);
    assert!(reasons.is_empty() && idle[0].contains("nothing was seen"), "{idle:?}");
}

#[test]
fn what_openvex_does_not_know_is_refused() {
    let good = document("CVE-1", "not_affected", WHY, "2025-01-01T00:00:00Z", "pkg:npm/a@1.0.0");
    assert!(read(&good).is_ok() && read("{}").is_err());
    for (from, to, why) in [
        ("openvex.dev", "example.org", "context"),
        ("not_affected", "not-affected", "status"),
        ("vulnerable_code_not_present", "trust_me", "justification"),
        ("2025-01-01T00:00:00Z", "soon", "no time"),
        ("\"timestamp\"", "\"stamp\"", "does not say when"),
    ] {
        let said = read(&good.replace(from, to)).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn packages_are_the_same_however_they_are_written() {
    assert_eq!(fit("pkg:NPM/%40s/a@1", "pkg:npm/@s/a@1"), Fit::Exact);
    assert_eq!(fit("pkg:npm/@s/a", "pkg:npm/%40s/a@1"), Fit::Wide);
    assert_eq!(fit("pkg:pypi/torch@2.0%2Bcpu", "pkg:pypi/torch@2.0+cpu"), Fit::Exact);
    assert_eq!(fit("pkg:npm/a@1", "pkg:npm/a@1?vcs_url=git"), Fit::Wide);
    assert_eq!(fit("pkg:pypi/Typing_Extensions@4.0", "pkg:pypi/typing-extensions@4.0"), Fit::Exact);
    assert_eq!(fit("pkg:composer/Monolog/Monolog@1", "pkg:composer/monolog/monolog@1"), Fit::Exact);
    assert_eq!(fit("pkg:npm/a@2", "pkg:npm/a@1"), Fit::Other);
    assert_eq!(fit("pkg:npm/a", "pkg:npm/ab@1"), Fit::Other);
    assert_eq!(fit("pkg:npm/%zz%4@1", "pkg:npm/%zz%4@1"), Fit::Exact);
}
