//! `weighbridge sbom`: every file with its hash, every package with its purl.

use std::process::ExitCode;

use super::args::{Sbom, SbomFormat, Trusting};
use super::exit::{self, Mistake};
use super::{assess, judging, output};
use crate::emit::cyclonedx::{self, Spec};
use crate::model::{Check, Class, Verdict};

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
    let spec = match args.format {
        SbomFormat::CycloneDx16 => Spec::V1_6,
        SbomFormat::CycloneDx17 => Spec::V1_7,
    };
    let timestamp = judging::reproducible(args.now.as_deref())?.map(|moment| moment.to_string());
    let bill = cyclonedx::render(
        &report,
        &cyclonedx::Options { spec, timestamp, author: args.author.clone(), supplier: args.supplier.clone() },
    );
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
