//! PMML: models as documents of the Data Mining Group.
//!
//! `Apply` calls functions: those of the standard, those that the document defines, and, in JPMML, any Java class by its
//! name. Source: PMML 4.4, *Functions*. Not looked at: whether the model is a sensible one.

use std::collections::{BTreeMap, BTreeSet};

use super::Element;
use super::fields::Fields;
use crate::inspect::Scope;
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// A function from elsewhere.
pub static PMML_FOREIGN_FUNCTION: Rule = Rule {
    id: "pmml-foreign-function",
    summary: "the PMML document calls a class by its name, or holds a script",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pmml-foreign-function.md"),
    frameworks: &["CWE-470", "CWE-94", "AML.T0011.000"],
};

/// Fields and words that do not fit.
pub static PMML_MALFORMED: Rule = Rule {
    id: "pmml-malformed",
    summary: "the PMML document lacks a part, or names fields, words or numbers that cannot be",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pmml-malformed.md"),
    frameworks: &["CWE-20", "CWE-1287"],
};

/// What was met.
#[derive(Default)]
pub struct Pmml {
    fields: Fields,
    defined: BTreeSet<String>,
    /// Functions that look like classes, and where they are first called.
    called: BTreeMap<String, u64>,
}

impl Pmml {
    /// One element.
    pub fn element(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        self.fields.element(element);
        let name = element.name.to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "javascript" | "groovy" | "rscript" | "python") {
            let message = format!("an element {:?} holds a script", element.name);
            raise(element.at, &message, Severity::High, view, scope);
        }
        match element.name {
            "DefineFunction" => self.defined.extend(element.get("name").map(str::to_owned)),
            "Apply" => {
                if let Some(function) = element.get("function").filter(|function| function.contains(['.', '/', '#'])) {
                    self.called.entry(function.to_owned()).or_insert(element.at);
                }
            }
            _ => {}
        }
    }

    /// The end: functions that were defined are the document's own.
    pub fn close(self, view: &View<'_>, scope: &mut Scope<'_>) {
        for (at, what) in self.fields.close() {
            let at = at.min(view.len());
            scope.raise(&PMML_MALFORMED, view, at..at, what);
        }
        for (function, at) in self.called.into_iter().filter(|(function, _)| !self.defined.contains(function)) {
            let running = ["java.lang.", "javax.script", "java.io.", "java.net.", "groovy", "sun."];
            let critical = running.iter().any(|begin| function.starts_with(begin));
            let message = format!("the function {function:?} is a class that the reader loads by its name");
            raise(at, &message, if critical { Severity::Critical } else { Severity::High }, view, scope);
        }
    }
}

fn raise(at: u64, message: &str, severity: Severity, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    let evidence = Evidence::new(&PMML_FOREIGN_FUNCTION, message).rated(severity).at(view.place(at..at));
    scope.add(evidence.showing(view.excerpt(at..at)));
}
