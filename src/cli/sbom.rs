//! `weighbridge sbom`: every file with its hash, every package with its purl.

use std::process::ExitCode;

use super::args::{Sbom, SbomFormat, Trusting};
use super::exit::{self, Mistake};
use super::{assess, judging, output};
use crate::emit::{cyclonedx, spdx};
use crate::model::{Check, Class, Report, Verdict};

/// Weighs a tree and writes its bill of materials. What could not be read is said on standard error, and by the exit
/// code 3: a bill that misses a file is not complete.
pub fn run(args: &Sbom, quiet: bool) -> Result<ExitCode, Mistake> {
    let request = assess::Request {
        path: &args.path,
        checks: &[Check::Scan, Check::Audit],
        loaded: &judging::load("development")?,
        now: judging::now(args.now.as_deref())?,
        trusting: &Trusting::default(),
        advising: &args.advising,
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
    let cyclone = |spec, timestamp| {
        let options = cyclonedx::Options { spec, timestamp, author: author.clone(), supplier: supplier.clone() };
        cyclonedx::render(report, &options)
    };
    let system = |spec, timestamp| {
        let options = spdx::Options { spec, timestamp, author: author.clone(), supplier: supplier.clone() };
        spdx::render(report, &options)
    };
    let moment = judging::reproducible(args.now.as_deref())?.map(|moment| moment.to_string());
    let whole = || -> Result<String, Mistake> {
        let now = judging::now(args.now.as_deref())?;
        Ok(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    Ok(match args.format {
        SbomFormat::CycloneDx16 => cyclone(cyclonedx::Spec::V1_6, moment),
        SbomFormat::CycloneDx17 => cyclone(cyclonedx::Spec::V1_7, moment),
        SbomFormat::Spdx23 => system(spdx::Spec::V2_3, whole()?),
        SbomFormat::Spdx301 => system(spdx::Spec::V3_0_1, whole()?),
    })
}
