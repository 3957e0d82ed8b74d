//! `weighbridge policy show|check`.

use std::process::ExitCode;

use super::args::PolicyVerb;
use super::exit::Mistake;
use super::{judging, output};

/// Prints a policy, or looks for mistakes in policy files.
pub fn run(verb: &PolicyVerb) -> Result<ExitCode, Mistake> {
    match verb {
        PolicyVerb::Show { policy, source } => {
            let loaded = judging::load(policy)?;
            if *source {
                output::document(&loaded.text, None)?;
                return Ok(ExitCode::SUCCESS);
            }
            let text = toml::to_string_pretty(&loaded.policy.resolved)
                .map_err(|error| Mistake::new(format!("cannot write the policy as TOML: {error}")))?;
            output::document(&format!("# digest: {}\n{text}", loaded.policy.id().digest), None)?;
            Ok(ExitCode::SUCCESS)
        }
        PolicyVerb::Check { policies } => {
            let mut wrong = None;
            for name in policies {
                match judging::load(name) {
                    Ok(loaded) => {
                        let id = loaded.policy.id();
                        output::document(&format!("{name}: ok, {} {}\n", id.name, id.digest), None)?;
                    }
                    Err(mistake) => {
                        output::mistake(&mistake);
                        wrong = Some(Mistake::new("at least one policy cannot be used"));
                    }
                }
            }
            wrong.map_or(Ok(ExitCode::SUCCESS), Err)
        }
    }
}
