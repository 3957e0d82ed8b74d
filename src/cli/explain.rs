//! `weighbridge explain [RULE]`.

use std::process::ExitCode;

use super::exit::Mistake;
use super::output;
use crate::catalog;
use crate::emit::frameworks;

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
    let mut page = rule.page.trim_end().to_owned();
    let catalogues = frameworks::lines(rule);
    if !catalogues.is_empty() {
        page.push_str("\n\n## Catalogues\n");
        page.push_str(&catalogues.iter().map(|line| format!("- {line}\n")).collect::<String>());
    }
    output::document(&format!("{}\n", page.trim_end()), None)?;
    Ok(ExitCode::SUCCESS)
}
