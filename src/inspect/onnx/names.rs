//! Names of values in a graph or function: where each comes from.
//!
//! Source: `checker.cc` of ONNX. Nodes stand in the order in which they can be computed, each name is given once, and
//! what a graph in an attribute does not give itself comes from the graphs around it. Whether types and shapes fit is for
//! [`super::inference`].

use std::collections::HashSet;

use super::inference::Value;
use super::operators::Given;

/// Faults of one graph that are told.
const TOLD: usize = 40;

/// Inputs and outputs of a node.
#[derive(Default)]
pub struct Links {
    /// Where it stands.
    pub at: u64,
    /// Its operator, and the domain of that.
    pub operator: String,
    pub domain: String,
    /// Attributes.
    pub attributes: Vec<Given>,
    /// A tensor that the attribute `value` holds: its type and shape.
    pub constant: Option<Value>,
    /// Names that it takes; an empty one stands for an input that is left out.
    pub inputs: Vec<String>,
    /// Names that graphs in its attributes take from around them.
    pub inner: Vec<String>,
    /// Names that it gives.
    pub outputs: Vec<String>,
}

/// A graph or a function.
#[derive(Default)]
pub struct Names {
    /// Inputs.
    pub inputs: Vec<(u64, String)>,
    /// Types of inputs that have one, by their names.
    pub typed_inputs: Vec<(String, Value)>,
    /// Initializers, sparse ones too.
    pub initializers: Vec<(u64, String)>,
    /// Their types and shapes, in the same order.
    pub initial: Vec<Value>,
    /// Nodes in file order.
    pub nodes: Vec<Links>,
    /// What it gives.
    pub outputs: Vec<(u64, String)>,
    /// Types that these are said to have, in the same order.
    pub declared: Vec<Value>,
}

impl Links {
    /// The value of an attribute that is a whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.attributes.iter().find(|own| own.name == name).and_then(|own| own.number)
    }
}

/// What follows from the names.
#[derive(Default)]
pub struct Outcome {
    /// What is wrong, and where.
    pub faults: Vec<(u64, String)>,
    /// Names that must come from around it.
    pub free: Vec<String>,
}

impl Names {
    /// Follows all names. `inner` says that there is a graph around this one.
    pub fn follow(&self, inner: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let mut known: HashSet<&str> = HashSet::new();
        for (list, what) in [(&self.inputs, "inputs"), (&self.initializers, "initializers")] {
            let mut own: HashSet<&str> = HashSet::new();
            for (at, name) in list.iter().filter(|(_, name)| !name.is_empty()) {
                if !own.insert(name) {
                    outcome.tell(*at, || format!("two {what} have the name {name:?}"));
                }
            }
            known.extend(own);
        }
        let later: HashSet<&str> = self.nodes.iter().flat_map(|node| &node.outputs).map(String::as_str).collect();
        for node in &self.nodes {
            for input in node.inputs.iter().chain(&node.inner).filter(|input| !input.is_empty()) {
                if known.contains(input.as_str()) {
                    continue;
                }
                let operator = &node.operator;
                if later.contains(input.as_str()) {
                    let what = "which is given only after it";
                    outcome.tell(node.at, || format!("a node of the operator {operator:?} takes {input:?}, {what}"));
                } else if inner {
                    outcome.free.push(input.clone());
                } else {
                    let what = "which nothing gives";
                    outcome.tell(node.at, || format!("a node of the operator {operator:?} takes {input:?}, {what}"));
                }
            }
            for output in node.outputs.iter().filter(|output| !output.is_empty()) {
                if !known.insert(output) {
                    outcome.tell(node.at, || format!("the name {output:?} is given a second time"));
                }
            }
        }
        for (at, output) in self.outputs.iter().filter(|(_, output)| !known.contains(output.as_str())) {
            if inner {
                outcome.free.push(output.clone());
            } else {
                outcome.tell(*at, || format!("nothing gives the output {output:?}"));
            }
        }
        outcome
    }
}

impl Outcome {
    fn tell(&mut self, at: u64, message: impl FnOnce() -> String) {
        if self.faults.len() < TOLD {
            self.faults.push((at, message()));
        }
    }
}
