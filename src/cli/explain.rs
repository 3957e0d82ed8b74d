//! `weighbridge explain [RULE]`.

use std::process::ExitCode;

use super::exit::Mistake;
use super::output;
use crate::catalog;

/// Prints the page of a rule, or a line for every rule.
pub fn run(id: Option<&str>) -> Result<ExitCode, Mistake> {
    let rules = catalog::rules();
    let Some(id) = id else {
        let widest = rules.keys().map(|id| id.len()).max().unwrap_or_default();
        let lines = rules
            .values()
            .map(|rule| format!("{:widest$}  {:8}  {}\n", rule.id, rule.severity, rule.summary))
            .collect::<String>();
        output::document(&lines, None)?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(rule) = rules.get(id) else {
        let near = rules.keys().min_by_key(|known| strsim::damerau_levenshtein(known, id));
        let mistake = Mistake::new(format!("there is no rule {id:?}"));
        return Err(match near {
            Some(near) => mistake.help(format!("did you mean `{near}`? `weighbridge explain` lists all rules")),
            None => mistake,
        });
    };
    output::document(rule.page, None)?;
    Ok(ExitCode::SUCCESS)
}
