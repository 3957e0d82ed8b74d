//! `weighbridge sbom`: every file with its hash, every package with its purl; and what to say of anybody's bill.

mod check;
mod merge;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{BillFormat, Sbom, SbomVerb, Trusting};
use super::exit::{self, Mistake};
use super::{assess, judging, output};
use crate::emit::cyclonedx::{self, Spec};
use crate::emit::spdx;
use crate::model::{Check, Class, Report, Verdict};

/// No bill that is read is longer.
const BILL_BYTES: u64 = 64 << 20;

/// Writes a bill, or works on bills that are there.
pub fn run(args: &Sbom, quiet: bool) -> Result<ExitCode, Mistake> {
    match (&args.verb, &args.path) {
        (Some(SbomVerb::Check(args)), _) => check::run(args),
        (Some(SbomVerb::Merge(args)), _) => merge::run(args, quiet),
        (None, Some(path)) => write(args, path, quiet),
        (None, None) => Err(Mistake::new("sbom needs a model or a source tree").help("weighbridge sbom PATH")),
    }
}

/// Weighs a tree and writes its bill of materials. What could not be read is said on standard error, and by the exit
/// code 3: a bill that misses a file is not complete.
fn write(args: &Sbom, path: &Path, quiet: bool) -> Result<ExitCode, Mistake> {
    let request = assess::Request {
        path,
        checks: &[Check::Scan, Check::Audit],
        loaded: &judging::load("development")?,
        now: judging::moment(args.now.as_deref())?,
        trusting: &Trusting::default(),
        advising: &args.advising,
        inventory: true,
        reading: &args.reading,
        quiet,
    };
    let report = assess::assess(&request)?;
    let bill = bill(args, &report)?;
    output::document(&bill, args.output.as_deref())?;
    let missing = report.findings.iter().map(|finding| &finding.evidence).filter(|seen| {
        // Without a database the packages are listed all the same; the bill then says nothing of advisories.
        seen.rule.class == Class::Gap && seen.rule.id != "advisory-database-missing"
    });
    let mut verdict = Verdict::Pass;
    for gap in missing {
        verdict = Verdict::Unknown;
        if !quiet {
            let path = gap.artifact.as_ref().map_or(".", |path| path.as_str());
            output::remark(&crate::emit::sanitize::line(&format!("{path}: {}", gap.fact.message)));
        }
    }
    Ok(exit::code(verdict))
}

/// The document in the format that was asked for. SPDX must say when it was made; CycloneDX need not.
fn bill(args: &Sbom, report: &Report) -> Result<String, Mistake> {
    let (author, supplier) = (args.author.clone(), args.supplier.clone());
    let moment = judging::reproducible(args.now.as_deref())?.map(|moment| moment.to_string());
    if let Some((spec, syntax)) = cyclone(args.format, args.output.as_ref()) {
        let options = cyclonedx::Options { spec, syntax, timestamp: moment, author, supplier };
        return Ok(cyclonedx::render(report, &options));
    }
    let now = judging::now(args.now.as_deref())?;
    let timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let spec = if args.format == BillFormat::Spdx23 { spdx::Spec::V2_3 } else { spdx::Spec::V3_0_1 };
    Ok(spdx::render(report, &spdx::Options { spec, timestamp, author, supplier }))
}

/// Version and syntax of a CycloneDX document; `None` for another format.
fn cyclone(format: BillFormat, output: Option<&PathBuf>) -> Option<(Spec, cyclonedx::Syntax)> {
    use cyclonedx::Syntax::{Json, Xml};
    let named = output.and_then(|path| path.extension()).is_some_and(|extension| extension == "xml");
    let syntax = if named { Xml } else { Json };
    match format {
        BillFormat::CycloneDx16 => Some((Spec::V1_6, syntax)),
        BillFormat::CycloneDx17 => Some((Spec::V1_7, syntax)),
        BillFormat::CycloneDx16Xml => Some((Spec::V1_6, Xml)),
        BillFormat::CycloneDx17Xml => Some((Spec::V1_7, Xml)),
        BillFormat::Spdx23 | BillFormat::Spdx301 => None,
    }
}
