//! The layers of an OpenVINO model and the edges between them: numbers that are there once, ports that exist, an edge for
//! each input, no circle.
//!
//! Source: the reader of OpenVINO (`xml_deserialize_util.cpp`). Bodies of loops and branches are graphs of their own. Not
//! looked at: whether the shapes of two ports are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Element;
use super::lengths::Lengths;

/// Something wrong, and where.
pub type Fault = (u64, String);

/// What is wrong with one graph that is still said; the rest is more of the same.
const MOST: usize = 20;

#[derive(Default)]
struct Layer {
    at: u64,
    inputs: BTreeSet<u64>,
    outputs: BTreeSet<u64>,
    lengths: Lengths,
}

struct Edge {
    at: u64,
    from: (u64, u64),
    to: (u64, u64),
}

/// One graph.
#[derive(Default)]
pub struct Graph {
    layers: BTreeMap<u64, Layer>,
    edges: Vec<Edge>,
    /// The layer that is open.
    current: Option<u64>,
    /// True inside of the outputs of a layer.
    output: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl Graph {
    fn wrong(&mut self, at: u64, what: String) {
        if self.faults.len() < MOST {
            self.faults.push((at, what));
        }
    }

    /// One element of the graph.
    pub fn element(&mut self, element: &Element<'_>) {
        match element.name {
            "layer" => self.layer(element),
            "input" => self.output = false,
            "output" => self.output = true,
            "port" => self.port(element),
            "edge" => self.edge(element),
            "data" => {
                if let Some(layer) = self.current.and_then(|id| self.layers.get_mut(&id)) {
                    layer.lengths.data(element);
                }
            }
            _ => {}
        }
    }

    fn layer(&mut self, element: &Element<'_>) {
        self.current = None;
        if let Some(missing) = ["id", "name", "type"].into_iter().find(|name| element.get(name).is_none()) {
            return self.wrong(element.at, format!("a layer has no {missing:?}"));
        }
        let text = element.get("id").unwrap_or_default();
        let Ok(id) = text.parse::<u64>() else {
            return self.wrong(element.at, format!("the number of a layer is {text:?}"));
        };
        let lengths = Lengths::of(element.get("type").unwrap_or_default());
        if self.layers.insert(id, Layer { at: element.at, lengths, ..Layer::default() }).is_some() {
            self.wrong(element.at, format!("two layers have the number {id}"));
        }
        self.current = Some(id);
    }

    fn port(&mut self, element: &Element<'_>) {
        let Some(layer) = self.current.and_then(|id| self.layers.get_mut(&id)) else { return };
        let ports = if self.output { &mut layer.outputs } else { &mut layer.inputs };
        let id = element.get("id").and_then(|id| id.parse().ok());
        let new = id.map(|id| ports.insert(id));
        layer.lengths.port(self.output);
        match new {
            Some(true) => {}
            Some(false) => self.wrong(element.at, format!("two ports of a layer have the number {}", id.unwrap_or(0))),
            None => self.wrong(element.at, "a port has no number".to_owned()),
        }
        if let Some(odd) = element.get("precision").filter(|precision| !is_precision(precision)) {
            self.wrong(element.at, format!("a port is of the type {odd:?}, which does not exist"));
        }
    }

    fn edge(&mut self, element: &Element<'_>) {
        let number = |name: &str| element.get(name).and_then(|text| text.parse::<u64>().ok());
        let ends = [number("from-layer"), number("from-port"), number("to-layer"), number("to-port")];
        let [Some(from), Some(from_port), Some(to), Some(to_port)] = ends else {
            return self.wrong(element.at, "an edge does not say from which port of which layer to which".to_owned());
        };
        self.edges.push(Edge { at: element.at, from: (from, from_port), to: (to, to_port) });
    }

    /// A length of a port.
    pub fn dimension(&mut self, text: &str, at: u64) {
        let text = text.trim();
        if let Some(layer) = self.current.and_then(|id| self.layers.get_mut(&id)).filter(|_| !text.is_empty()) {
            layer.lengths.length(text.parse().ok());
        }
        // -1 is a length that is known later only.
        if !text.is_empty() && !text.parse::<i64>().is_ok_and(|length| length >= -1) {
            let shown: String = text.chars().take(40).collect();
            self.wrong(at, format!("a length of a port is {shown:?}"));
        }
    }

    /// The end of the graph: what its parts say of each other. `connected` says that every input needs an edge, as from
    /// version 10 of the format on.
    pub fn close(mut self, connected: bool) -> Vec<Fault> {
        let mut fed = BTreeSet::new();
        let mut faults = Vec::new();
        for Edge { at, from, to } in &self.edges {
            let source = self.layers.get(&from.0).is_some_and(|layer| layer.outputs.contains(&from.1));
            let target = self.layers.get(&to.0).is_some_and(|layer| layer.inputs.contains(&to.1));
            for (there, what, (layer, port)) in [(source, "from the output", from), (target, "to the input", to)] {
                if !there {
                    faults
                        .push((*at, format!("an edge leads {what} {port} of the layer {layer}, which does not exist")));
                }
            }
            if !fed.insert(*to) {
                faults.push((*at, format!("two edges lead to the input {} of the layer {}", to.1, to.0)));
            }
        }
        let inputs =
            self.layers.iter().flat_map(|(id, layer)| layer.inputs.iter().map(move |port| (*id, *port, layer.at)));
        let open = inputs.filter(|(id, port, _)| connected && !fed.contains(&(*id, *port)));
        faults.extend(
            open.map(|(id, port, at)| (at, format!("no edge leads to the input {port} of the layer {id}"))).take(MOST),
        );
        let odd = self.layers.values().filter_map(|layer| Some((layer.at, layer.lengths.fault()?)));
        faults.extend(odd.take(MOST));
        if let Some(layer) = self.circle() {
            let at = self.layers.get(&layer).map_or(0, |layer| layer.at);
            faults.push((at, format!("the layer {layer} is in a circle of edges, or behind one")));
        }
        faults.truncate(MOST);
        self.faults.append(&mut faults);
        self.faults
    }

    /// A layer that never has all of its inputs.
    fn circle(&self) -> Option<u64> {
        let mut waiting: BTreeMap<u64, usize> = self.layers.keys().map(|id| (*id, 0)).collect();
        let mut after: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for edge in &self.edges {
            let Some(count) = waiting.get_mut(&edge.to.0) else { continue };
            if self.layers.contains_key(&edge.from.0) {
                *count += 1;
                after.entry(edge.from.0).or_default().push(edge.to.0);
            }
        }
        let mut ready: Vec<u64> = waiting.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        while let Some(id) = ready.pop() {
            waiting.remove(&id);
            for next in after.remove(&id).unwrap_or_default() {
                if let Some(count) = waiting.get_mut(&next) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        ready.push(next);
                    }
                }
            }
        }
        waiting.into_keys().next()
    }
}

fn is_precision(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "FP32",
        "FP16",
        "BF16",
        "FP64",
        "I64",
        "I32",
        "I16",
        "I8",
        "I4",
        "U64",
        "U32",
        "U16",
        "U8",
        "U6",
        "U4",
        "U3",
        "U2",
        "U1",
        "BOOL",
        "BIN",
        "NF4",
        "F4E2M1",
        "F8E4M3",
        "F8E5M2",
        "F8E8M0",
        "STRING",
        "UNSPECIFIED",
        "DYNAMIC",
        "UNDEFINED",
        "MIXED",
        "CUSTOM",
        "Q78",
        "BOOLEAN",
        "F32",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
