//! The nodes of one graph or function, and what they say of each other.
//!
//! TensorFlow refuses a graph in which a name occurs twice, or in which a node takes its input from one that is not
//! there (`graph_constructor.cc`, `function.cc`). Not looked at: whether types and numbers of inputs fit the operator.

use std::collections::{HashMap, HashSet};

use super::operators;

/// Faults of one graph that are told.
const TOLD: usize = 40;
/// Nodes between an operator that writes and the constant that says where to.
const STEPS: usize = 16;

/// One node.
#[derive(Default)]
pub struct Node {
    /// Where it stands.
    pub at: u64,
    /// Its name.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// Where its inputs come from: `NODE`, `NODE:1`, `NODE:output:0`, or `^NODE` for order alone.
    pub inputs: Vec<String>,
    /// Names of its attributes.
    pub attributes: Vec<String>,
    /// For a constant of one text, that text.
    pub text: Option<String>,
}

/// A graph, or a function of its library.
#[derive(Default)]
pub struct Graph {
    /// Of a function: its name.
    pub name: String,
    /// Of a function: the names of its arguments.
    pub arguments: Vec<String>,
    /// Of a function: where what it returns comes from.
    pub returns: Vec<(u64, String)>,
    /// In file order.
    pub nodes: Vec<Node>,
    /// Functions that are called by name: where, the node that does, and the function.
    pub calls: Vec<(u64, String, String)>,
}

/// Something that is wrong, and where.
pub type Fault = (u64, String);

/// The node that an input comes from.
pub fn producer(input: &str) -> &str {
    let input = input.strip_prefix('^').unwrap_or(input);
    input.split(':').next().unwrap_or(input)
}

impl Graph {
    /// What the messages of this graph begin with.
    fn place(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("in the function {:?}, ", self.name) }
    }

    /// Names of what has outputs.
    pub fn names(&self) -> HashSet<&str> {
        self.nodes.iter().map(|node| node.name.as_str()).chain(self.arguments.iter().map(String::as_str)).collect()
    }

    /// Names that occur twice or are missing, and inputs that come from nowhere.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let place = self.place();
        let mut names = HashSet::new();
        for node in &self.nodes {
            if node.name.is_empty() {
                faults.push((node.at, format!("{place}a node of the operator {:?} has no name", node.operator)));
            } else if node.operator.is_empty() {
                faults.push((node.at, format!("{place}the node {:?} has no operator", node.name)));
            }
            if !names.insert(node.name.as_str()) && !node.name.is_empty() {
                faults.push((node.at, format!("{place}two nodes have the name {:?}", node.name)));
            }
        }
        names.extend(self.arguments.iter().map(String::as_str));
        for node in &self.nodes {
            if let Some(what) = node.odd(self.name.is_empty()) {
                faults.push((node.at, format!("{place}the node {:?} {what}", node.name)));
            }
            let missing = node.inputs.iter().find(|input| !names.contains(producer(input)));
            if let Some(input) = missing {
                let message = format!("{place}the node {:?} takes {input:?}, which no node gives", node.name);
                faults.push((node.at, message));
            }
            if faults.len() >= TOLD {
                return faults;
            }
        }
        let missing = self.returns.iter().filter(|(_, from)| !names.contains(producer(from)));
        faults.extend(missing.map(|(at, from)| (*at, format!("{place}{from:?} is returned, which no node gives"))));
        if let Some(node) = self.circle() {
            faults.push((node.at, format!("{place}the node {:?} needs its own output", node.name)));
        }
        faults.truncate(TOLD);
        faults
    }

    /// A node on a way that leads back to it other than over `NextIteration`, or behind such a way: what is left when
    /// those that need nothing that is left are taken away again and again.
    fn circle(&self) -> Option<&Node> {
        let numbers: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(n, node)| (node.name.as_str(), n)).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut needs = vec![0usize; self.nodes.len()];
        for (n, node) in self.nodes.iter().enumerate() {
            let givers = node.inputs.iter().filter_map(|input| numbers.get(producer(input)).copied());
            for giver in givers {
                let back = self.nodes.get(giver).is_none_or(|giver| giver.operator.ends_with("NextIteration"));
                if let (false, Some(list), Some(count)) = (back, needed_by.get_mut(giver), needs.get_mut(n)) {
                    list.push(n);
                    *count += 1;
                }
            }
        }
        let mut done: Vec<usize> = needs.iter().enumerate().filter(|(_, count)| **count == 0).map(|(n, _)| n).collect();
        while let Some(n) = done.pop() {
            for user in needed_by.get_mut(n).map(std::mem::take).unwrap_or_default() {
                if let Some(count) = needs.get_mut(user) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        done.push(user);
                    }
                }
            }
        }
        needs.iter().position(|count| *count > 0).and_then(|n| self.nodes.get(n))
    }

    /// Operators that write a checkpoint to a place that the graph itself names, outside of where the model is run:
    /// where, the operator, the node, and that place.
    pub fn fixed_targets(&self) -> Vec<(u64, &str, &str, &str)> {
        if !self.nodes.iter().any(|node| operators::target_of(&node.operator).is_some()) {
            return Vec::new();
        }
        let by_name: HashMap<&str, &Node> = self.nodes.iter().map(|node| (node.name.as_str(), node)).collect();
        let mut found = Vec::new();
        for node in &self.nodes {
            let Some(input) = operators::target_of(&node.operator).and_then(|input| node.inputs.get(input)) else {
                continue;
            };
            if let Some(text) = constant(input, &by_name).filter(|text| operators::is_elsewhere(text)) {
                found.push((node.at, node.operator.as_str(), node.name.as_str(), text));
            }
        }
        found
    }
}

impl Node {
    /// What is wrong with the node alone. `top` says that it is of no function.
    fn odd(&self, top: bool) -> Option<&'static str> {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '>' | '.' | '/' | '\\' | '-');
        if top && !self.name.chars().all(letter) {
            return Some("has a name with letters that no name has");
        }
        let order = self.inputs.iter().skip_while(|input| !input.starts_with('^'));
        if order.into_iter().any(|input| !input.starts_with('^')) {
            return Some("takes a tensor behind what it only waits for");
        }
        let number = |input: &String| input.rsplit_once(':').is_none_or(|(_, n)| n.parse::<u32>().is_ok());
        (!self.inputs.iter().all(number)).then_some("takes an output that has no number")
    }
}

/// The text that an input begins with, if a constant says it: followed through what joins, chooses and hands on.
fn constant<'g>(input: &str, by_name: &HashMap<&str, &'g Node>) -> Option<&'g str> {
    let mut queue = vec![producer(input).to_owned()];
    for _ in 0..STEPS {
        let name = queue.pop()?;
        let Some(node) = by_name.get(name.as_str()) else { continue };
        match node.operator.as_str() {
            "Const" => {
                if let Some(text) = node.text.as_deref().filter(|text| operators::is_elsewhere(text)) {
                    return Some(text);
                }
            }
            // What begins the joined text is its first piece.
            "StringJoin"
            | "ShardedFilename"
            | "Identity"
            | "PlaceholderWithDefault"
            | "Fill"
            | "ExpandDims"
            | "Reshape"
            | "AsString" => queue.extend(node.inputs.first().map(|input| producer(input).to_owned())),
            "Pack" | "ConcatV2" | "MergeV2Checkpoints" => {
                queue.extend(node.inputs.iter().take(STEPS).map(|input| producer(input).to_owned()));
            }
            "Select" | "SelectV2" => {
                queue.extend(node.inputs.iter().skip(1).take(2).map(|input| producer(input).to_owned()));
            }
            _ => {}
        }
    }
    None
}
