//! `weighbridge sbom merge FILE…`: several bills as one.

use std::process::ExitCode;

use super::super::args::{BillFormat, SbomMerge};
use super::super::exit::Mistake;
use super::super::{assess, judging, output};
use crate::emit::cyclonedx::Spec;
use crate::emit::foreign::{self, Unsound};
use crate::emit::merge::{self, Input, Options};
use crate::emit::{encode, sanitize};
use crate::weigh::read_small;

/// Reads the bills and writes the whole. What they disagree on, and what is left out, is said on standard error.
pub fn run(args: &SbomMerge, quiet: bool) -> Result<ExitCode, Mistake> {
    if args.output.as_ref().and_then(|path| path.extension()).is_some_and(|extension| extension == "xml") {
        return Err(Mistake::new("a merged bill is written as JSON, and the name of the output ends in .xml")
            .help("--output merged.cdx.json"));
    }
    let spec = match args.format {
        BillFormat::CycloneDx16 => Spec::V1_6,
        BillFormat::CycloneDx17 => Spec::V1_7,
        _ => return Err(Mistake::new("bills are merged as CycloneDX in JSON").help("--format cyclonedx-1.7")),
    };
    let mut inputs = Vec::new();
    for file in &args.files {
        let bytes = read_small(file, super::BILL_BYTES)?;
        let bill = foreign::read(&bytes)
            .map_err(|trouble| Mistake::new(format!("{} cannot be merged: {trouble}", output::shown(file))))?;
        if spec == Spec::V1_6 && bill.version == "1.7" {
            let mistake = Mistake::new(format!("{} is CycloneDX 1.7, which 1.6 cannot hold", output::shown(file)));
            return Err(mistake.help("--format cyclonedx-1.7"));
        }
        inputs.push(Input { name: assess::subject(file), bill });
    }
    let options = Options {
        spec,
        name: args.name.clone(),
        version: args.version.clone(),
        timestamp: judging::reproducible(args.now.as_deref())?.map(|moment| moment.to_string()),
        author: args.author.clone(),
    };
    let merged = merge::merge(&inputs, &options);
    output::document(&encode::pretty(&merged.document), args.output.as_deref())?;
    if !quiet {
        for (file, input) in args.files.iter().zip(&inputs) {
            for Unsound { place, what } in &input.bill.unsound {
                let remark = format!("{}: {place}: {what}, which may be missing in the whole", output::shown(file));
                output::remark(&sanitize::line(&remark));
            }
        }
        for conflict in &merged.conflicts {
            output::remark(&sanitize::line(&format!("conflict: {conflict}")));
        }
        for left in &merged.left_out {
            output::remark(&sanitize::line(&format!("left out: {left}")));
        }
    }
    Ok(ExitCode::SUCCESS)
}
