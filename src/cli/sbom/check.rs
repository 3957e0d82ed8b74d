//! `weighbridge sbom check FILE`: is anybody's bill sound, and what does it lack?

use std::process::ExitCode;

use super::super::args::{CheckFormat, SbomCheck};
use super::super::exit::{self, Mistake};
use super::super::{assess, output};
use crate::emit::foreign::{self, Foreign, Trouble};
use crate::emit::{completeness, encode, sanitize};
use crate::model::Verdict;
use crate::weigh::read_small;

/// Reads a bill and says what it lacks.
pub fn run(args: &SbomCheck) -> Result<ExitCode, Mistake> {
    let catalogue = completeness::catalogue();
    let known: Vec<&str> = catalogue.standard.iter().map(|standard| standard.id.as_str()).collect();
    let required: Vec<String> = args.require.iter().filter(|id| *id != "none").cloned().collect();
    if let Some(wrong) = required.iter().find(|id| !known.contains(&id.as_str())) {
        let mistake = Mistake::new(format!("{wrong:?} is no standard that is known here"));
        return Err(mistake.help(format!("choose among {}, or none", known.join(", "))));
    }
    let name = assess::subject(&args.file);
    let bytes = read_small(&args.file, super::BILL_BYTES)?;
    let bill = match foreign::read(&bytes) {
        Ok(bill) => bill,
        Err(trouble) => return unreadable(args, &name, &trouble),
    };
    let outcomes = completeness::check(&bill, &catalogue);
    let text = match args.format {
        CheckFormat::Json => encode::pretty(&completeness::json(&name, &bill, &outcomes, &required)),
        CheckFormat::Terminal => {
            let color = args.output.is_none();
            completeness::terminal(&name, &bill, &outcomes, &required, output::width(), color)
        }
    };
    output::document(&text, args.output.as_deref())?;
    Ok(exit::code(verdict(&bill, &outcomes, &required)))
}

fn verdict(bill: &Foreign, outcomes: &[completeness::Outcome<'_>], required: &[String]) -> Verdict {
    let met = outcomes.iter().filter(|one| required.contains(&one.standard.id)).all(completeness::Outcome::is_met);
    if met && bill.unsound.is_empty() { Verdict::Pass } else { Verdict::Fail }
}

/// A file that is no bill: nothing can be said of what it lacks.
fn unreadable(args: &SbomCheck, name: &str, trouble: &Trouble) -> Result<ExitCode, Mistake> {
    let text = match args.format {
        CheckFormat::Json => encode::pretty(&serde_json::json!({
            "schema": "weighbridge/sbom-check/v1",
            "file": name,
            "unreadable": trouble.to_string(),
        })),
        CheckFormat::Terminal => {
            format!("{}\n  not assessed: {}\n", sanitize::short(name, 200), sanitize::line(&trouble.to_string()))
        }
    };
    output::document(&text, args.output.as_deref())?;
    Ok(exit::code(Verdict::Unknown))
}
