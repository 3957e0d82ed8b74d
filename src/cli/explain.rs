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
        return Err(Mistake::new(format!("there is no rule {id:?}")).help(suggestion(rules.keys().copied(), id)));
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

/// Rules that may be meant: those that hold the word, else the nearest one if it is near.
fn suggestion<'r>(rules: impl Iterator<Item = &'r str> + Clone, id: &str) -> String {
    let all = "`weighbridge explain` lists all rules";
    let holding: Vec<String> =
        rules.clone().filter(|rule| id.len() > 2 && rule.contains(id)).map(|rule| format!("`{rule}`")).collect();
    if !holding.is_empty() {
        return format!("rules with that in their name: {}; {all}", holding.join(", "));
    }
    let near = rules.map(|rule| (strsim::damerau_levenshtein(rule, id), rule)).min();
    match near.filter(|(distance, rule)| distance * 3 <= rule.len()) {
        Some((_, rule)) => format!("did you mean `{rule}`? {all}"),
        None => all.to_owned(),
    }
}
