//! `policy check`: can it be used, and does all of it do something?

use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::super::args::PolicyCheck;
use super::super::exit::Mistake;
use super::super::judging::{self, Loaded, Moment};
use super::super::{output, stored};
use crate::catalog;
use crate::emit::sanitize;
use crate::model::{Report, Rule};
use crate::policy;

/// Looks at each policy. Mistakes end with 2; remarks with 0, or with 1 if they were asked to count.
pub fn run(args: &PolicyCheck) -> Result<ExitCode, Mistake> {
    let now = judging::moment(args.now.as_deref())?;
    let reports = args.report.iter().map(|file| stored::read(file)).collect::<Result<Vec<_>, _>>()?;
    let (mut wrong, mut odd) = (false, false);
    for name in &args.policies {
        match judging::load(name) {
            Ok(loaded) => {
                let id = loaded.policy.id();
                output::document(&format!("{name}: ok, {} {}\n", id.name, id.digest), None)?;
                for remark in remarks(&loaded, &reports, now)? {
                    odd = true;
                    output::document(&format!("  note: {}\n", sanitize::line(&remark)), None)?;
                }
            }
            Err(mistake) => {
                output::mistake(&mistake);
                wrong = true;
            }
        }
    }
    if wrong {
        return Err(Mistake::new("at least one policy cannot be used"));
    }
    Ok(if odd && args.strict { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn remarks(loaded: &Loaded, reports: &[Report], now: Moment) -> Result<Vec<String>, Mistake> {
    let raised_by = |rule: &Rule| catalog::checks(rule).to_vec();
    let today = now.at.to_zoned(TimeZone::UTC).date();
    let lints = policy::lint(&loaded.policy, &catalog::rules(), &raised_by, today);
    let mut remarks: Vec<String> = lints.into_iter().map(|lint| lint.0).collect();
    // An exception is of no use when it is so in every report.
    let mut unused: Option<Vec<String>> = None;
    for report in reports {
        let judged = stored::under(report, loaded, now)?;
        let here = judged.findings.iter().filter(|finding| finding.evidence.rule.id == "exception-unused");
        let here: Vec<String> = here.map(|finding| finding.evidence.fact.message.clone()).collect();
        unused = Some(match unused {
            None => here,
            Some(before) => before.into_iter().filter(|message| here.contains(message)).collect(),
        });
    }
    remarks.extend(unused.unwrap_or_default());
    Ok(remarks)
}
