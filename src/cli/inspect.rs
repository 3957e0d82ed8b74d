//! `weighbridge inspect FILE`: what is inside, as a person reads it.

use std::process::ExitCode;

use super::args::Inspect;
use super::exit::{self, Mistake};
use super::progress::Bar;
use super::{assess, output};
use crate::emit::describe;
use crate::inspect::{self, Tracing};
use crate::model::{Class, Verdict};
use crate::weigh::weigh;

/// Describes one file. The exit code says whether all of it could be looked at.
pub fn run(args: &Inspect, quiet: bool) -> Result<ExitCode, Mistake> {
    if args.path.is_dir() {
        return Err(Mistake::new(format!("{} is a folder", output::shown(&args.path)))
            .help("`inspect` describes one file; use `weighbridge scan` for a folder"));
    }
    let plan = assess::plan(&args.path, &args.reading, crate::model::Limits::default()).0;
    let mut weighing = weigh(&args.path, &plan, &Tracing, &Bar::new(quiet))?;
    // What is only meant for a comparison with other files is for nobody to read.
    inspect::take_back(&weighing.artifacts, &mut weighing.evidence);
    let options =
        describe::Options { width: output::width(), color: true, rows: if args.verbose { usize::MAX } else { 40 } };
    for artifact in &weighing.artifacts {
        output::document(&describe::render(artifact, &weighing.evidence, &options), None)?;
    }
    let gap = weighing.artifacts.is_empty() || weighing.evidence.iter().any(|seen| seen.rule.class == Class::Gap);
    Ok(exit::code(if gap { Verdict::Unknown } else { Verdict::Pass }))
}
