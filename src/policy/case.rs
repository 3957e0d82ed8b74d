//! Cases that a policy is tested with: evidence written down by hand or a stored report, and what must come of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    AdvisoryMatch, Algorithm, Artifact, ArtifactPath, Contents, Digest, Ecosystem, Evidence, Finding, Format, Place,
    Purl, Ruling, Severity, Verdict,
};

use super::resolve::RuleBook;
use super::sound::known;
use super::wire::written;

/// A file of cases.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cases {
    /// The policy of cases that name none: a built-in name, or a file relative to this one.
    #[serde(default)]
    pub policy: Option<String>,
    /// The moment of cases that name none, RFC 3339.
    #[serde(default)]
    pub now: Option<String>,
    /// The cases.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// One case: what was seen, and what must come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// One sentence: what it shows.
    pub name: String,
    /// The policy, in place of the file's.
    #[serde(default)]
    pub policy: Option<String>,
    /// The moment, in place of the file's.
    #[serde(default)]
    pub now: Option<String>,
    /// A stored report, relative to this file. The case then has no evidence of its own.
    #[serde(default)]
    pub report: Option<String>,
    /// The model's name.
    #[serde(default)]
    pub model: Option<String>,
    /// SHA-256 over all its files.
    #[serde(default)]
    pub root: Option<String>,
    /// Its files.
    #[serde(default)]
    pub files: Vec<SeenFile>,
    /// What was seen.
    #[serde(default)]
    pub evidence: Vec<Seen>,
    /// What must come of it.
    pub expect: Expected,
}

/// What must come of a case. At least one of the two.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expected {
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The worst ruling on evidence of each of these rules; `none` if there must be no such evidence.
    pub rulings: BTreeMap<String, ExpectedRuling>,
}

/// What must become of evidence of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedRuling {
    /// There is none.
    None,
    /// Nothing to object.
    Ok,
    /// Somebody answers for it.
    Excused,
    /// Said.
    Warn,
    /// Could not be looked at.
    Unknown,
    /// Forbidden.
    Fail,
}

impl ExpectedRuling {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ok => "ok",
            Self::Excused => "excused",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// A file of the model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeenFile {
    /// Where.
    pub path: String,
    /// What it is by content.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Its SHA-256.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A piece of evidence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Seen {
    /// What kind of thing.
    pub rule: String,
    /// In which file.
    #[serde(default)]
    pub artifact: Option<String>,
    /// A severity of its own.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// What exactly.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// The advisory that it is about.
    #[serde(default)]
    pub advisory: Option<SeenAdvisory>,
}

/// An advisory that matches a package.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeenAdvisory {
    /// Its identifier.
    pub id: String,
    /// Its other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Day of publication, `YYYY-MM-DD`.
    #[serde(default)]
    pub published: Option<String>,
    /// Versions that are not affected.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// The affected package, by package URL.
    pub purl: String,
}

/// Reads a file of cases.
///
/// # Errors
/// A sentence that says where and what.
pub fn parse(text: &str) -> Result<Cases, String> {
    let cases: Cases = written(text)?;
    if cases.cases.is_empty() {
        return Err("it holds no [[case]]: nothing would be tested".to_owned());
    }
    for case in &cases.cases {
        let own = !case.evidence.is_empty() || !case.files.is_empty() || case.root.is_some() || case.model.is_some();
        if case.report.is_some() && own {
            return Err(format!("the case {:?} has both a report and evidence of its own", case.name));
        }
        if case.expect.verdict.is_none() && case.expect.rulings.is_empty() {
            return Err(format!("the case {:?} expects nothing", case.name));
        }
    }
    Ok(cases)
}

impl Case {
    /// The files it speaks of, by path, with those that only evidence names.
    ///
    /// # Errors
    /// A sentence about a digest that is none.
    pub fn artifacts(&self) -> Result<Vec<Artifact>, String> {
        let mut artifacts: BTreeMap<&str, Artifact> = BTreeMap::new();
        let bare = |path: &str| Artifact {
            path: ArtifactPath::new(path),
            size: 0,
            digests: crate::model::Digests::default(),
            shards: Vec::new(),
            formats: Vec::new(),
            contents: Contents::default(),
            kept: None,
        };
        for path in self.evidence.iter().filter_map(|seen| seen.artifact.as_deref()) {
            artifacts.entry(path).or_insert_with(|| bare(path));
        }
        for file in &self.files {
            let artifact = artifacts.entry(&file.path).or_insert_with(|| bare(&file.path));
            artifact.formats = file.formats.iter().map(|name| Format::from(name.clone())).collect();
            if let Some(sha256) = &file.sha256 {
                artifact.digests = [digest(sha256)?].into_iter().collect();
            }
        }
        Ok(artifacts.into_values().collect())
    }

    /// The digest over all its files.
    ///
    /// # Errors
    /// A sentence about a digest that is none.
    pub fn root(&self) -> Result<Option<Digest>, String> {
        self.root.as_deref().map(digest).transpose()
    }

    /// What was seen.
    ///
    /// # Errors
    /// A sentence about a rule that does not exist.
    pub fn evidence(&self, rules: &RuleBook) -> Result<Vec<Evidence>, String> {
        self.evidence.iter().map(|seen| seen.evidence(rules)).collect()
    }
}

impl Seen {
    fn evidence(&self, rules: &RuleBook) -> Result<Evidence, String> {
        let rule = known(rules, &self.rule, "evidence.rule").map_err(|error| error.0)?;
        let mut evidence = Evidence::new(rule, rule.summary);
        evidence.artifact = self.artifact.as_deref().map(ArtifactPath::new);
        evidence.rated = self.severity;
        evidence.fact.details.clone_from(&self.facts);
        if let Some(advisory) = &self.advisory {
            let matched = advisory.matched()?;
            evidence.place = Place::Package { purl: matched.purl.clone(), line: None };
            evidence.advisory = Some(Box::new(matched));
        }
        Ok(evidence)
    }
}

impl SeenAdvisory {
    fn matched(&self) -> Result<AdvisoryMatch, String> {
        let wrong = || format!("{:?} is not a package URL with a version, such as `pkg:pypi/celery@5.2.1`", self.purl);
        let (kind, rest) = self.purl.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let (name, version) = rest.split_once('@').ok_or_else(wrong)?;
        let ecosystem = match kind {
            "cargo" => Ecosystem::CratesIo,
            "pypi" => Ecosystem::PyPI,
            "npm" => Ecosystem::Npm,
            "golang" => Ecosystem::Go,
            "maven" => Ecosystem::Maven,
            "gem" => Ecosystem::RubyGems,
            "composer" => Ecosystem::Packagist,
            _ => return Err(wrong()),
        };
        Ok(AdvisoryMatch {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            title: self.id.clone(),
            cvss: None,
            url: None,
            published: self.published.clone(),
            modified: None,
            epss: None,
            exploited: None,
            fixed: self.fixed.clone(),
            name: name.to_owned(),
            version: version.to_owned(),
            upgrade: None,
            direct: None,
            ecosystem,
            purl: Purl::new(self.purl.as_str()),
            paths: Vec::new(),
        })
    }
}

fn digest(sha256: &str) -> Result<Digest, String> {
    Digest::from_hex(Algorithm::Sha256, sha256).map_err(|error| format!("{sha256:?}: {error}"))
}

impl Expected {
    /// How what came of a case differs from what was expected, a sentence each.
    #[must_use]
    pub fn differences(&self, findings: &[Finding], verdict: Verdict) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(wanted) = self.verdict.filter(|wanted| *wanted != verdict) {
            wrong.push(format!("the verdict is {verdict}, not {wanted}"));
        }
        for (rule, wanted) in &self.rulings {
            let of_rule = findings.iter().filter(|finding| finding.evidence.rule.id == rule);
            let worst = of_rule.map(|finding| &finding.ruling).max_by_key(|ruling| rank(ruling));
            let found = worst.map_or("none", Ruling::name);
            if found != wanted.name() {
                wrong.push(format!("the ruling on {rule} is {found}, not {}", wanted.name()));
            }
        }
        wrong
    }
}

const fn rank(ruling: &Ruling) -> u8 {
    match ruling {
        Ruling::Ok => 0,
        Ruling::Excused(_) => 1,
        Ruling::Warn => 2,
        Ruling::Unknown => 3,
        Ruling::Fail => 4,
    }
}
