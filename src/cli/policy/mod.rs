//! `weighbridge policy show|check|test|diff`.

mod check;
mod diff;
mod test;

use std::process::ExitCode;

use super::args::PolicyVerb;
use super::exit::Mistake;
use super::{judging, output};

/// Prints a policy, looks for mistakes in policy files, runs cases, or compares two.
pub fn run(verb: &PolicyVerb) -> Result<ExitCode, Mistake> {
    match verb {
        PolicyVerb::Show { policy, source } => show(policy, *source),
        PolicyVerb::Check(args) => check::run(args),
        PolicyVerb::Test(args) => test::run(args),
        PolicyVerb::Diff(args) => diff::run(args),
    }
}

fn show(name: &str, source: bool) -> Result<ExitCode, Mistake> {
    let loaded = judging::load(name)?;
    if source {
        output::document(&loaded.text, None)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = toml::to_string_pretty(&loaded.policy.resolved)
        .map_err(|error| Mistake::new(format!("cannot write the policy as TOML: {error}")))?;
    output::document(&format!("# digest: {}\n{text}", loaded.policy.id().digest), None)?;
    Ok(ExitCode::SUCCESS)
}
