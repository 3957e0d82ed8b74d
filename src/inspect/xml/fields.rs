//! The fields of a PMML document, and the words and numbers that its attributes must be.
//!
//! Source: the schema of PMML 4.4. Not looked at: the order of elements, and what is left out of a model.

use std::collections::{BTreeMap, BTreeSet};

use super::Element;

/// Something wrong, and where.
pub type Fault = (u64, String);

/// What was met.
#[derive(Default)]
pub struct Fields {
    /// Names of fields, wherever they are declared.
    declared: BTreeSet<String>,
    /// Names of fields in the dictionary.
    dictionary: BTreeSet<String>,
    /// How many there are by the dictionary itself, and where it says so.
    count: Option<(u64, String)>,
    /// Fields that are used, and where first.
    used: BTreeMap<String, u64>,
    /// Numbers of the nodes of the tree that is open.
    nodes: BTreeSet<String>,
    seen: BTreeSet<&'static str>,
    found: Vec<Fault>,
}

/// Attributes that are words of a list: element, attribute, the words.
const WORDS: [(&str, &str, &[&str]); 5] = [
    ("DataField", "optype", &["categorical", "ordinal", "continuous"]),
    (
        "DataField",
        "dataType",
        &[
            "string",
            "integer",
            "float",
            "double",
            "boolean",
            "date",
            "time",
            "dateTime",
            "timeSeconds",
            "dateDaysSince[0]",
            "dateDaysSince[1960]",
            "dateDaysSince[1970]",
            "dateDaysSince[1980]",
            "dateTimeSecondsSince[0]",
            "dateTimeSecondsSince[1960]",
            "dateTimeSecondsSince[1970]",
            "dateTimeSecondsSince[1980]",
        ],
    ),
    (
        "MiningField",
        "usageType",
        &["active", "predicted", "target", "supplementary", "group", "order", "frequencyWeight", "analysisWeight"],
    ),
    (
        "SimplePredicate",
        "operator",
        &["equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual", "isMissing", "isNotMissing"],
    ),
    (
        "*Model",
        "functionName",
        &["classification", "regression", "clustering", "associationRules", "sequences", "timeSeries", "mixed"],
    ),
];

/// Attributes that are numbers.
const NUMBERS: [(&str, &str); 4] = [
    ("RegressionTable", "intercept"),
    ("NumericPredictor", "coefficient"),
    ("CategoricalPredictor", "coefficient"),
    ("Con", "weight"),
];

/// Attributes that name a field.
const USES: [(&str, &str); 6] = [
    ("MiningField", "name"),
    ("NumericPredictor", "name"),
    ("CategoricalPredictor", "name"),
    ("SimplePredicate", "field"),
    ("SimpleSetPredicate", "field"),
    ("FieldRef", "field"),
];

/// Models whose names do not end in `Model`.
const OTHERS: [&str; 2] = ["NeuralNetwork", "Scorecard"];

fn is_model(name: &str) -> bool {
    name.ends_with("Model") || OTHERS.contains(&name)
}

impl Fields {
    fn wrong(&mut self, at: u64, what: String) {
        if self.found.len() < 20 {
            self.found.push((at, what));
        }
    }

    /// One element.
    pub fn element(&mut self, element: &Element<'_>) {
        let (name, at) = (element.name, element.at);
        match name {
            "PMML" => self.root(element),
            "DataDictionary" => {
                self.seen.insert("DataDictionary");
                self.count = element.get("numberOfFields").map(|count| (at, count.to_owned()));
            }
            "Header" => {
                self.seen.insert("Header");
            }
            "MiningSchema" => {
                self.seen.insert("MiningSchema");
            }
            "TreeModel" => self.nodes.clear(),
            "Node" => {
                if let Some(id) = element.get("id").filter(|id| !self.nodes.insert((*id).to_owned())) {
                    self.wrong(at, format!("two nodes of a tree have the number {id:?}"));
                }
            }
            "SimplePredicate" => {
                let missing = element.get("operator").is_some_and(|operator| operator.ends_with("Missing"));
                if element.get("value").is_none() && !missing {
                    self.wrong(at, "a predicate has no value to compare with".to_owned());
                }
            }
            _ => {}
        }
        if is_model(name) {
            self.seen.insert("model");
            if element.get("functionName").is_none() {
                self.wrong(at, format!("{name} does not say what it is for"));
            }
        }
        self.names(element);
        self.values(element);
    }

    fn root(&mut self, element: &Element<'_>) {
        let version = element.get("version").unwrap_or("missing");
        let mut parts = version.split('.');
        let known = parts.next().is_some_and(|major| matches!(major, "1" | "2" | "3" | "4"))
            && parts.next().is_some_and(|minor| minor.len() == 1)
            && parts.all(|part| part.parse::<u8>().is_ok());
        if !known {
            self.wrong(element.at, format!("the version of PMML is {version:?}"));
        }
        if let Some(odd) = element.get("xmlns").filter(|space| !space.starts_with("http://www.dmg.org/")) {
            self.wrong(element.at, format!("the namespace is {odd:?}, which is not that of PMML"));
        }
    }

    fn names(&mut self, element: &Element<'_>) {
        let own = element.get("name");
        match element.name {
            "DataField" => match own {
                Some(name) if !self.dictionary.insert(name.to_owned()) => {
                    self.wrong(element.at, format!("two fields of the dictionary are called {name:?}"));
                }
                Some(name) => {
                    self.declared.insert(name.to_owned());
                }
                None => self.wrong(element.at, "a field of the dictionary has no name".to_owned()),
            },
            "DerivedField" | "OutputField" | "ParameterField" | "DefineFunction" | "ResultField" => {
                self.declared.extend(own.map(str::to_owned));
            }
            _ => {}
        }
        for (_, attribute) in USES.iter().filter(|(name, _)| *name == element.name) {
            if let Some(field) = element.get(attribute) {
                self.used.entry(field.to_owned()).or_insert(element.at);
            }
        }
    }

    fn values(&mut self, element: &Element<'_>) {
        for (name, attribute, words) in WORDS {
            let is = if name == "*Model" { is_model(element.name) } else { name == element.name };
            if let Some(odd) = element.get(attribute).filter(|value| is && !words.contains(value)) {
                self.wrong(element.at, format!("{attribute:?} of {} is {odd:?}", element.name));
            }
        }
        for (_, attribute) in NUMBERS.iter().filter(|(name, _)| *name == element.name) {
            if let Some(odd) = element.get(attribute).filter(|value| value.trim().parse::<f64>().is_err()) {
                self.wrong(element.at, format!("{attribute:?} of {} is {odd:?}, no number", element.name));
            }
        }
    }

    /// The end: what is wrong.
    pub fn close(mut self) -> Vec<Fault> {
        for part in ["Header", "DataDictionary", "model"].into_iter().filter(|part| !self.seen.contains(part)) {
            self.found.push((0, format!("the document has no {part}")));
        }
        if self.seen.contains("model") && !self.seen.contains("MiningSchema") {
            self.found.push((0, "no model says which fields it takes".to_owned()));
        }
        if let Some((at, count)) = self.count.take().filter(|(_, count)| count.parse() != Ok(self.dictionary.len())) {
            let message = format!("the dictionary says that it has {count} fields, and has {}", self.dictionary.len());
            self.found.push((at, message));
        }
        if let Some((field, at)) = self.used.iter().find(|(field, _)| !self.declared.contains(*field)) {
            self.found.push((*at, format!("the field {field:?} is used and not declared")));
        }
        self.found
    }
}
