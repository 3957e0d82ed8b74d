//! Boundaries of ranges, one by one.

use super::super::record::Kind;
use super::*;
use crate::model::Ecosystem;

fn advisory(ecosystem: Ecosystem, ranges: &[&str], versions: &[&str]) -> Advisory {
    let event = |text: &str| {
        let (kind, version) = text.split_once(':').unwrap();
        let version = version.to_owned();
        match kind {
            "i" => Event::Introduced(version),
            "f" => Event::Fixed(version),
            "l" => Event::LastAffected(version),
            _ => Event::Limit(version),
        }
    };
    Advisory {
        id: "X-1".into(),
        aliases: vec![],
        title: String::new(),
        cvss: vec![],
        word: None,
        url: None,
        published: None,
        modified: None,
        epss: None,
        exploited: None,
        kind: Kind::Vulnerability,
        ecosystem,
        package: "p".into(),
        ranges: ranges.iter().map(|range| range.split_whitespace().map(event).collect()).collect(),
        versions: versions.iter().map(|version| (*version).to_owned()).collect(),
        commits_only: false,
        fixed: vec![],
    }
}

#[test]
fn edges_of_ranges() {
    use Affects::{No, Unclear, Yes};
    type Case<'a> = (Ecosystem, &'a [&'a str], &'a [&'a str], &'a str, Affects);
    let cases: &[Case<'_>] = &[
        (Ecosystem::Npm, &["i:0 f:1.2.3"], &[], "1.2.3", No),
        (Ecosystem::Npm, &["i:0 f:1.2.3"], &[], "1.2.3-rc.1", Yes),
        (Ecosystem::Npm, &["i:0 f:1.2.3"], &[], "0.0.0-0", Yes),
        (Ecosystem::Npm, &["i:1.0.0 l:1.2.3"], &[], "1.2.3", Yes),
        (Ecosystem::Npm, &["i:1.0.0 l:1.2.3"], &[], "1.2.4-0", No),
        (Ecosystem::Npm, &["i:1.0.0 l:1.2.3"], &[], "1.0.0-rc.1", No),
        (Ecosystem::Npm, &["f:2.0.0 i:1.0.0"], &[], "1.5.0", Yes),
        (Ecosystem::Npm, &["i:0 f:1.0.0 i:2.0.0 f:2.1.0"], &[], "1.5.0", No),
        (Ecosystem::Npm, &["i:0 f:1.0.0 i:2.0.0 f:2.1.0"], &[], "2.0.9", Yes),
        (Ecosystem::Npm, &["i:0 f:1.0.0 i:1.0.0 f:2.0.0"], &[], "1.0.0", Yes),
        (Ecosystem::Npm, &["i:0 f:0"], &[], "1.0.0", No),
        (Ecosystem::Npm, &["i:0 m:2.0.0"], &[], "1.0.0", Yes),
        (Ecosystem::Npm, &["i:0 m:2.0.0"], &[], "2.0.0", No),
        (Ecosystem::Npm, &["i:0 m:*"], &[], "9.0.0", Yes),
        (Ecosystem::Npm, &["i:0"], &[], "not a version", Yes),
        (Ecosystem::Npm, &["i:0 f:1.0.0"], &[], "not a version", Unclear),
        (Ecosystem::Npm, &["i:0 f:odd"], &[], "1.0.0", Unclear),
        (Ecosystem::Npm, &["i:0 f:odd", "i:0 f:2.0.0"], &[], "1.0.0", Yes),
        (Ecosystem::Npm, &[], &["1.0.0"], "1.0.0", Yes),
        (Ecosystem::Npm, &[], &["1.0.0"], "1.0.1", No),
        (Ecosystem::Npm, &["f:1.0.0"], &[], "0.5.0", No),
        (Ecosystem::PyPI, &["i:0 f:1.0"], &[], "1.0.dev1", Yes),
        (Ecosystem::PyPI, &["i:0 f:1.0"], &[], "1.0.post1", No),
        (Ecosystem::PyPI, &["i:0 l:2.1.0"], &[], "2.1.0+cu118", Yes),
        (Ecosystem::PyPI, &["i:0 f:2.1.0"], &[], "2.1.0+cu118", No),
        (Ecosystem::PyPI, &[], &["1.0"], "1.0.0", Yes),
        (Ecosystem::PyPI, &[], &["1.0rc1"], "1.0.0c1", Yes),
        (Ecosystem::PyPI, &[], &["2004d"], "2004d", Yes),
        (Ecosystem::Go, &["i:0 f:0.7.0"], &[], "v0.6.9", Yes),
        (Ecosystem::Go, &["i:0 f:0.0.0-20220314234659-1baeb1ce4c0b"], &[], "v0.0.0-20210921155107-089bfa567519", Yes),
        (Ecosystem::CratesIo, &["i:1.0.0 f:1.0.5"], &[], "1.0.4+build", Yes),
        (Ecosystem::CratesIo, &["i:1.0.0-0 f:1.0.5"], &[], "1.0.0-alpha", Yes),
    ];
    for (ecosystem, ranges, versions, version, expected) in cases {
        let advisory = advisory(*ecosystem, ranges, versions);
        assert_eq!(affects(&advisory, version), *expected, "{ecosystem} {ranges:?} {versions:?} {version}");
    }
}
