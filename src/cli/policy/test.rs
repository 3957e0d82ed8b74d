//! `policy test`: cases from files, each judged under its policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::args::PolicyTest;
use super::super::exit::Mistake;
use super::super::judging::{self, Loaded, Moment};
use super::super::{output, rego, stored};
use crate::catalog;
use crate::emit::sanitize;
use crate::model::{Finding, Report, Tool, Verdict};
use crate::policy::{self, Case, Cases, RuleBook};
use crate::weigh::read_small;

/// No file of cases that a person wrote is longer.
const CASES_BYTES: u64 = 64 << 20;

/// Policies and reports, each read once.
struct Bench {
    rules: RuleBook,
    policies: BTreeMap<String, Loaded>,
    reports: BTreeMap<PathBuf, Report>,
}

/// Runs all cases. Ends with 1 if one does not come out as expected.
pub fn run(args: &PolicyTest) -> Result<ExitCode, Mistake> {
    let mut bench = Bench { rules: catalog::rules(), policies: BTreeMap::new(), reports: BTreeMap::new() };
    let mut failed = 0u64;
    for file in &args.files {
        let name = output::shown(file);
        let text = String::from_utf8(read_small(file, CASES_BYTES)?)
            .map_err(|_| Mistake::new(format!("{name} is not UTF-8")))?;
        let cases = policy::parse_cases(&text).map_err(|why| Mistake::new(format!("cannot use {name}\n{why}")))?;
        let (mut out, mut wrong) = (String::new(), 0u64);
        for case in &cases.cases {
            let differences = bench.run(case, &cases, file, args)?;
            if !differences.is_empty() {
                wrong = wrong.saturating_add(1);
                let why = sanitize::line(&differences.join("; ")).into_owned();
                out.push_str(&format!("FAILED {}: {why}\n", sanitize::line(&case.name)));
            }
        }
        let right = (cases.cases.len() as u64).saturating_sub(wrong);
        out.push_str(&format!("{name}: {right} of {} cases as expected\n", cases.cases.len()));
        output::document(&out, None)?;
        failed = failed.saturating_add(wrong);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

impl Bench {
    fn run(&mut self, case: &Case, cases: &Cases, file: &Path, args: &PolicyTest) -> Result<Vec<String>, Mistake> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let named = case.policy.as_ref().or(cases.policy.as_ref());
        let policy = match named {
            Some(name) if policy::built_in(name).is_none() => folder.join(name).to_string_lossy().into_owned(),
            Some(name) => name.clone(),
            None => args.policy.clone().ok_or_else(|| {
                Mistake::new(format!("the case {:?} names no policy", case.name)).help("set `policy`, or give --policy")
            })?,
        };
        let now = judging::moment(case.now.as_deref().or(cases.now.as_deref()).or(args.now.as_deref()))?;
        if !self.policies.contains_key(&policy) {
            self.policies.insert(policy.clone(), judging::load(&policy)?);
        }
        if let Some(report) = case.report.as_ref().map(|report| folder.join(report))
            && !self.reports.contains_key(&report)
        {
            let read = stored::read(&report)?;
            self.reports.insert(report, read);
        }
        let Some(loaded) = self.policies.get(&policy) else { return Ok(Vec::new()) };
        let report = case.report.as_ref().and_then(|report| self.reports.get(&folder.join(report)));
        let (findings, verdict) = judged(case, report, loaded, now, &self.rules)?;
        Ok(case.expect.differences(&findings, verdict))
    }
}

fn judged(
    case: &Case,
    report: Option<&Report>,
    loaded: &Loaded,
    now: Moment,
    rules: &RuleBook,
) -> Result<(Vec<Finding>, Verdict), Mistake> {
    if let Some(report) = report {
        let report = stored::under(report, loaded, now)?;
        return Ok((report.findings, report.verdict));
    }
    let wrong = |why: String| Mistake::new(format!("the case {:?}: {why}", case.name));
    let (artifacts, root) = (case.artifacts().map_err(wrong)?, case.root().map_err(wrong)?);
    let report = Report {
        subject: case.model.clone().unwrap_or_else(|| "model".to_owned()),
        root,
        checks: loaded.policy.checks.clone(),
        artifacts,
        packages: Vec::new(),
        findings: Vec::new(),
        verdict: Verdict::Pass,
        policy: loaded.policy.id(),
        not_required: Vec::new(),
        not_assessed: Vec::new(),
        inputs: Vec::new(),
        tool: Tool::this(),
    };
    let judged = rego::conclude(&loaded.policy, &loaded.rego, report, case.evidence(rules).map_err(wrong)?, now.at);
    Ok((judged.findings, judged.verdict))
}
