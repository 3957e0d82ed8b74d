//! The pipeline behind `verify`, `scan`, `audit`, `sbom` and `attest`: bytes to evidence to a judged report.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::args::{Advising, Reading, Trusting};
use super::exit::Mistake;
use super::judging::{Loaded, Moment};
use super::progress::Bar;
use super::{advising, attesting, known, licensing, rego, trusting, vexing};
use crate::inspect::{self, Inspectors, Inventory};
use crate::model::{Artifact, ArtifactPath, Check, Contents, Digest, Evidence, Limits, Report, Tool, Verdict};
use crate::policy::Policy;
use crate::weigh::{Inspect, Mapping, Nothing, Plan, Weighing, weigh};
use crate::{deps, emit, service};

/// One question about one tree.
pub struct Request<'a> {
    /// A folder or a file.
    pub path: &'a Path,
    /// What to look at.
    pub checks: &'a [Check],
    /// The policy that judges.
    pub loaded: &'a Loaded,
    /// The moment to judge at.
    pub now: Moment,
    /// Signatures and keys.
    pub trusting: &'a Trusting,
    /// The advisory database.
    pub advising: &'a Advising,
    /// How bytes are read.
    pub reading: &'a Reading,
    /// No progress.
    pub quiet: bool,
}

impl Request<'_> {
    fn asks(&self, check: Check) -> bool {
        self.checks.contains(&check)
    }
}

/// Weighs a tree once and judges everything that was asked for.
pub fn assess(request: &Request<'_>) -> Result<Report, Mistake> {
    let policy = &request.loaded.policy;
    let (mut plan, left_out) = plan(request.path, request.reading, policy.limits.clone());
    let signatures = trusting::prepare(request, &mut plan)?;
    // An audit wants to know formats, and whom programs speak to.
    let looks = [Check::Scan, Check::Integrity, Check::Audit].into_iter().any(|check| request.asks(check));
    let informed = known::inspectors(policy)?;
    let inspectors: &dyn Inspect = match &informed {
        _ if !looks => &Nothing,
        _ if !request.asks(Check::Scan) => &Inventory,
        Some(informed) => informed,
        None => &Inspectors,
    };
    let Weighing { artifacts, mut evidence } = match by_digest(request)? {
        Some(artifact) => Weighing { artifacts: vec![artifact], evidence: Vec::new() },
        None => weigh(request.path, &plan, inspectors, &Bar::new(request.quiet))?,
    };
    if looks {
        evidence.extend(inspect::inspect_repository(&artifacts));
        inspect::take_back(&artifacts, &mut evidence);
    }
    if !request.asks(Check::Scan) {
        let whole = |seen: &Evidence| request.asks(Check::Integrity) && inspect::INTEGRITY.contains(&seen.rule);
        evidence.retain(|seen| !inspect::RULES.contains(&seen.rule) || whole(seen));
    }
    let mut inputs = super::terms::of_policy(policy, request.checks);
    inputs.extend(super::terms::of_look(request.reading, request.trusting, request.checks));
    trusting::check(request, &signatures, &artifacts, &mut evidence, &mut inputs);
    let root = trusting::root(request.path, &artifacts);
    evidence.extend(attesting::check(request, &artifacts, root.as_ref())?);
    inputs.extend(attesting::inputs(request.loaded, request.trusting)?);
    let audited =
        if request.asks(Check::Audit) { advising::audit(request, &artifacts)? } else { advising::Audited::default() };
    evidence.extend(audited.evidence);
    inputs.extend(audited.inputs);
    if request.asks(Check::Audit) || request.asks(Check::Scan) {
        evidence.extend(service::services(&artifacts, &audited.packages));
    }
    let leave = vexing::leave(request, &mut evidence, &mut inputs)?;
    inputs.extend(request.now.input());
    let mut allowing = Cow::Borrowed(policy);
    if !leave.is_empty() {
        allowing.to_mut().exceptions.extend(leave);
    }
    let report = Report {
        subject: subject(request.path),
        root,
        checks: request.checks.to_vec(),
        not_required: not_required(policy),
        not_assessed: not_assessed(request, audited.lockfiles, &left_out),
        artifacts,
        packages: audited.packages,
        findings: Vec::new(),
        verdict: Verdict::Pass,
        policy: policy.id(),
        inputs,
        tool: Tool::this(),
    };
    if request.asks(Check::Audit) && policy.licences.restricts() {
        evidence.extend(licensing::listed(&report));
    }
    Ok(rego::conclude(&allowing, &request.loaded.rego, report, evidence, request.now.at))
}

/// A file that is not at hand and known by its digest, such as `sha256:…`. Only signatures can be checked of it, and
/// only ones that are given.
fn by_digest(request: &Request<'_>) -> Result<Option<Artifact>, Mistake> {
    let digest = request.path.to_str().and_then(|path| path.parse::<Digest>().ok());
    let Some(digest) = digest.filter(|_| request.path.symlink_metadata().is_err()) else { return Ok(None) };
    if digest.algorithm().is_broken() {
        return Err(Mistake::new(format!("{} digests do not tell one file from another", digest.algorithm())));
    }
    if request.checks != [Check::Signature] || request.trusting.signature.is_empty() {
        return Err(Mistake::new("of a digest alone only signatures can be checked")
            .help("use --checks signature and --signature FILE, or give the file itself"));
    }
    Ok(Some(Artifact {
        path: ArtifactPath::new(trusting::SINGLE),
        size: 0,
        digests: [digest].into_iter().collect(),
        shards: Vec::new(),
        formats: Vec::new(),
        contents: Contents::default(),
        kept: None,
    }))
}

/// What was left out of the pass, filled while the tree is walked.
#[derive(Clone, Default)]
pub struct LeftOut(Arc<Mutex<BTreeSet<String>>>);

impl LeftOut {
    /// One clause for each path.
    pub fn clauses(&self) -> Vec<String> {
        let clause = |path: &String| format!("{path} and what lies below it: left out");
        self.0.lock().map(|paths| paths.iter().map(clause).collect()).unwrap_or_default()
    }
}

/// The path of a file below the root, if it lies there.
pub fn below(root: &Path, file: &Path) -> Option<ArtifactPath> {
    let below =
        file.canonicalize().ok()?.strip_prefix(root.canonicalize().ok()?).ok()?.as_os_str().as_encoded_bytes().to_vec();
    (!below.is_empty()).then(|| ArtifactPath::from_bytes(&below))
}

/// The plan that the reading flags ask for. Version control data is left out, and said.
pub fn plan(root: &Path, reading: &Reading, limits: Limits) -> (Plan, LeftOut) {
    let left_out = LeftOut::default();
    let asked: Vec<String> = reading.left_out().map(str::to_owned).collect();
    let noted = left_out.clone();
    let repository = root.join(".git/HEAD").is_file();
    let ignore = move |path: &ArtifactPath| {
        let wanted = asked.iter().any(|asked| asked == path.as_str());
        let leave = wanted || (repository && path.as_str() == ".git");
        if leave && let Ok(mut noted) = noted.0.lock() {
            noted.insert(path.to_string());
        }
        leave
    };
    let plan = Plan {
        threads: reading.threads.map(usize::from),
        mapping: if reading.mmap { Mapping::Always } else { Mapping::Never },
        kernel: reading.kernel,
        structure_only: reading.structure_only,
        follow_links: reading.allow_symlinks,
        ignore: Box::new(ignore),
        keep: Box::new(|path| deps::recognise(path).is_some() || emit::reads(path)),
        limits,
        ..Plan::default()
    };
    (plan, left_out)
}

/// The last component of the path, also of `.`.
pub fn subject(path: &Path) -> String {
    let full = path.canonicalize();
    let name = full.as_deref().unwrap_or(path).file_name();
    name.map_or_else(|| "/".to_owned(), |name| ArtifactPath::from_bytes(name.as_encoded_bytes()).to_string())
}

/// What a stricter policy would have asked for, one clause each.
pub fn not_required(policy: &Policy) -> Vec<String> {
    let requires = |id: &str| policy.require.contains(id);
    let clauses = [
        (!requires("signature-valid"), "a signature by a trusted key"),
        (!requires("checksums-match") && !requires("signature-valid"), "digests for every file"),
        (policy.formats_allow.is_none(), "a list of allowed formats"),
        (policy.database_max_age.is_none(), "a recent advisory database"),
    ];
    clauses.into_iter().filter(|(missing, _)| *missing).map(|(_, clause)| clause.to_owned()).collect()
}

/// The checks that were not asked for, one clause each.
pub fn unasked(checks: &[Check]) -> Vec<String> {
    let clause = |check: Check| match check {
        Check::Integrity => "whether files match the digests the folder carries (--checks integrity)",
        Check::Signature => "signatures (--checks signature)",
        Check::Scan => "what is inside the files (--checks scan)",
        Check::Audit => "dependencies (--checks audit)",
    };
    Check::ALL.into_iter().filter(|check| !checks.contains(check)).map(|check| clause(check).to_owned()).collect()
}

/// No lockfile was there to audit.
pub const NO_LOCKFILE: &str = "dependencies: no lockfile was found";
/// What no look at files tells.
pub const UNTELLABLE: &str = "whether the weights were trained to misbehave: no static check can tell";

/// What nobody looked at, one clause each.
fn not_assessed(request: &Request<'_>, lockfiles: usize, left_out: &LeftOut) -> Vec<String> {
    let mut clauses = unasked(request.checks);
    if request.asks(Check::Audit) && lockfiles == 0 {
        clauses.push(NO_LOCKFILE.to_owned());
    }
    if request.trusting.ignore_unsigned {
        clauses.push("files that a signature does not cover (--ignore-unsigned)".to_owned());
    }
    if request.reading.structure_only {
        clauses.push("digests, checksums of stored members, and the numbers (--structure-only)".to_owned());
    }
    clauses.extend(left_out.clauses());
    if request.asks(Check::Scan) {
        clauses.push(UNTELLABLE.to_owned());
    }
    clauses
}
