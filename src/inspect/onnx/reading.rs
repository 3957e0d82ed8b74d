//! What is collected of a model while its messages are walked.

use super::model::Model;
use std::collections::BTreeMap;

use super::inference::{self, Value};
use super::names::{Links, Names};
use super::schema::{Kind, element};
use super::tensor::Data;
use super::{FUNCTION_SHADOWS, MALFORMED, operators};
use crate::inspect::Scope;
use crate::inspect::protobuf::{Event, packed};
use crate::model::Rule;
use crate::weigh::View;

/// A message that is being read. Which fields mean what depends on its kind.
#[derive(Default)]
pub(super) struct Open {
    pub(super) at: u64,
    /// Name of a tensor, type of an operator, name of a function, or key of an entry.
    pub(super) name: String,
    /// Domain of an operator or function, or value of an entry.
    pub(super) domain: String,
    /// Overload of a function.
    pub(super) overload: String,
    pub(super) dims: Vec<u64>,
    pub(super) kind: u64,
    pub(super) data: Data,
    pub(super) external: bool,
    pub(super) outside: Outside,
    pub(super) links: Links,
    /// Fields of an attribute, a bit each.
    pub(super) fields: u32,
    /// An attribute that stands for one of the function it is in.
    pub(super) refers: bool,
    /// The context of a compiled part: its file or the code itself.
    pub(super) context: Option<String>,
    /// A number that an attribute holds; of a node, whether the context is in the model.
    pub(super) number: Option<u64>,
    /// Of a sparse tensor: what was read of its values and its indices.
    pub(super) parts: Vec<(Kind, Vec<u64>, u64)>,
    /// Of the indices of a sparse tensor: their bytes, or the numbers they are. Of the sparse tensor: the numbers.
    pub(super) indices: Option<Vec<i64>>,
    /// Some of them were not read.
    pub(super) skipped: bool,
    pub(super) raw: Option<Vec<u8>>,
    /// Type and shape of an input, of an output, or of the tensor that an attribute holds.
    pub(super) value: Option<Value>,
    /// Lengths of a shape, [`super::inference::UNKNOWN`] where they are left open.
    pub(super) lengths: Option<Vec<u64>>,
}

/// Where the data of a tensor lie, if in another file.
#[derive(Default)]
pub(super) struct Outside {
    pub(super) location: String,
    pub(super) offset: Option<u64>,
    pub(super) length: Option<u64>,
}

/// Indices of a sparse tensor that are kept.
const INDICES: usize = 64 << 10;

/// Bytes of a text that is shown.
const SHOWN: usize = 512;

/// Walks a model.
pub struct Reading<'a, 'v, 's, 'l> {
    pub(super) view: &'a View<'v>,
    pub(super) scope: &'s mut Scope<'l>,
    pub(super) open: Vec<(Kind, Open)>,
    pub(super) names: Vec<Names>,
    pub(super) model: Model,
    /// Operator sets of the model by domain.
    pub sets: BTreeMap<String, i64>,
}

impl<'a, 'v, 's, 'l> Reading<'a, 'v, 's, 'l> {
    /// At the beginning.
    pub fn new(view: &'a View<'v>, scope: &'s mut Scope<'l>) -> Self {
        Self { view, scope, open: Vec::new(), names: Vec::new(), model: Model::default(), sets: BTreeMap::new() }
    }

    /// For a message that is no model but a tensor.
    pub fn of_tensor(view: &'a View<'v>, scope: &'s mut Scope<'l>) -> Self {
        let mut reading = Self::new(view, scope);
        reading.open.push((Kind::Tensor, Open::default()));
        reading
    }

    /// What is known of the model as a whole.
    pub fn into_model(self) -> Model {
        self.model
    }

    /// Takes what the walk meets.
    pub fn meet(&mut self, kind: Kind, event: &Event<'_>, at: u64) {
        match event {
            Event::Enter => {
                self.open.push((kind, Open { at, ..Open::default() }));
                self.model.in_function += u32::from(kind == Kind::Function);
                if matches!(kind, Kind::Graph | Kind::Function) {
                    self.names.push(Names::default());
                }
            }
            Event::Leave => {
                if let Some((_, message)) = self.open.pop() {
                    self.leave(kind, message, at);
                }
            }
            Event::Number(field, number) => self.number(kind, *field, *number),
            Event::Bytes(field, bytes) => self.bytes(kind, *field, bytes, at),
            Event::Length(field, range) => {
                let Some((_, open)) = self.open.last_mut() else { return };
                open.fields |= 1u32.checked_shl(*field).unwrap_or(0);
                match kind {
                    Kind::Tensor | Kind::Indices => {
                        open.skipped |= matches!(kind, Kind::Indices) && matches!(*field, 7 | 9);
                        open.data.measure(*field, range.end.saturating_sub(range.start));
                    }
                    Kind::Attribute if *field == 4 => open.context = Some("…".to_owned()),
                    _ => {}
                }
            }
        }
    }

    fn number(&mut self, kind: Kind, field: u32, number: u64) {
        let Some((_, open)) = self.open.last_mut() else {
            if kind == Kind::Model && field == 1 {
                self.model.version = Some(number);
                let shown = number.cast_signed().to_string();
                self.scope.contents().metadata.insert("ir_version".to_owned(), shown);
            }
            return;
        };
        open.fields |= 1u32.checked_shl(field).unwrap_or(0);
        match (kind, field) {
            (Kind::Tensor | Kind::Indices, 1) | (Kind::Sparse, 3) => open.dims.push(number),
            (Kind::Tensor | Kind::Indices, 2) | (Kind::Attribute, 20) | (Kind::Opset, 2) => open.kind = number,
            (Kind::Tensor | Kind::Indices, 4 | 5 | 7 | 10 | 11) => open.data.add(field, 1, 1),
            (Kind::Attribute, 3) => open.number = Some(number),
            (Kind::Dimension, 1) if number.cast_signed() < -1 => {
                let (at, number) = (open.at, number.cast_signed());
                self.raise(&MALFORMED, at, at, format!("a value has the dimension {number}"));
            }
            (Kind::Tensor, 14) if number > 1 => {
                let at = open.at;
                self.raise(
                    &MALFORMED,
                    at,
                    at,
                    format!("the data of a tensor lies in the place {number}, which is unknown"),
                );
            }
            (Kind::Tensor, 14) => open.external |= number == 1,
            (Kind::Dimension, 1) => {
                // Some write 0 or -1 for what is left open.
                open.lengths = (number.cast_signed() > 0).then(|| vec![number]);
            }
            (Kind::TensorType | Kind::SparseType, 1) => {
                open.kind = number;
                let at = open.at;
                let input = matches!(self.open.as_slice(), [(Kind::Graph, _), (Kind::Input, _), ..]);
                if element(number).is_none() && (number != 0 || input) {
                    let message = format!("a value has the element type {}, which is unknown", number.cast_signed());
                    self.raise(&MALFORMED, at, at, message);
                }
            }
            _ => {}
        }
    }

    fn bytes(&mut self, kind: Kind, field: u32, bytes: &[u8], at: u64) {
        let text = || String::from_utf8_lossy(bytes).into_owned();
        if std::str::from_utf8(bytes).is_err()
            && matches!((kind, field), (Kind::Node, _) | (Kind::Graph | Kind::Input, _))
        {
            self.raise(
                &MALFORMED,
                at,
                at.saturating_add(1),
                format!("at byte {at}: the name {:?} is no UTF-8", text()),
            );
        }
        let Some((_, open)) = self.open.last_mut() else {
            let name = match field {
                2 => "producer_name",
                3 => "producer_version",
                6 => "doc_string",
                _ => "domain",
            };
            self.scope.contents().metadata.insert(name.to_owned(), text());
            return;
        };
        open.fields |= 1u32.checked_shl(field).unwrap_or(0);
        match (kind, field) {
            (Kind::Tensor | Kind::Indices, 1) | (Kind::Sparse, 3) => open.dims.extend(packed(bytes)),
            (Kind::Tensor | Kind::Indices, 5 | 7 | 11) => {
                let count = bytes.iter().filter(|byte| **byte < 0x80).count() as u64;
                open.data.add(field, count, count);
                if kind == Kind::Indices && field == 7 {
                    // Of longer lists the order is not looked at, and not that of a part of them.
                    let indices = open.indices.get_or_insert_default();
                    open.skipped |= indices.len().saturating_add(bytes.len()) > INDICES;
                    if !open.skipped {
                        indices.extend(packed(bytes).into_iter().map(u64::cast_signed));
                    }
                }
            }
            (Kind::Indices, 9) => {
                open.data.measure(9, bytes.len() as u64);
                open.raw = Some(bytes.to_vec());
            }
            (Kind::Tensor, 8) | (Kind::Node, 4) | (Kind::Graph, 2) | (Kind::Attribute, 1) => open.name = text(),
            (Kind::Function | Kind::External | Kind::Property | Kind::Input | Kind::Output, 1) => open.name = text(),
            (Kind::Node, 7) | (Kind::Function, 10) | (Kind::Opset, 1) | (Kind::External | Kind::Property, 2) => {
                open.domain = text();
            }
            (Kind::Function, 13) => open.overload = text(),
            (Kind::Node, 1) => open.links.inputs.push(text()),
            (Kind::Node, 2) => open.links.outputs.push(text()),
            (Kind::Attribute, 4) => {
                open.context = Some(String::from_utf8_lossy(bytes.get(..SHOWN).unwrap_or(bytes)).into_owned());
            }
            (Kind::Attribute, 21) => open.refers = !bytes.is_empty(),
            (Kind::Function, 4 | 5) => {
                let Some(names) = self.names.last_mut() else { return };
                let list = if field == 4 { &mut names.inputs } else { &mut names.outputs };
                list.push((at, text()));
            }
            _ => {}
        }
    }

    fn leave(&mut self, kind: Kind, message: Open, end: u64) {
        if let Some((_, outer)) = self.open.last_mut() {
            // A message is a value of the attribute it stands in.
            outer.fields |= match kind {
                Kind::Tensor => 1 << 5,
                Kind::Graph => 1 << 6,
                Kind::Sparse => 1 << 22,
                Kind::Type => 1 << 2,
                Kind::Opset => 1 << 9,
                _ => 0,
            };
        }
        match kind {
            Kind::Node => self.node(message),
            Kind::Function => self.function(message, end),
            Kind::Graph => self.graph(&message),
            Kind::Dimension | Kind::ShapeType | Kind::TensorType => self.typed(kind, &message),
            Kind::Attribute => self.attribute(message),
            Kind::Tensor | Kind::Indices => self.tensor(kind, message, end),
            Kind::Sparse => self.sparse(&message, end),
            Kind::Input | Kind::Output => {
                if kind == Kind::Input && message.fields & 1 << 2 == 0 && self.open.len() == 1 {
                    let what = format!("the input {:?} has no type", message.name);
                    self.raise(&MALFORMED, message.at, end, what);
                }
                self.value(kind, message);
            }
            Kind::External => self.external(message, end),
            Kind::Property => {
                self.scope.contents().metadata.insert(message.name, message.domain);
            }
            Kind::Opset if self.open.is_empty() => {
                let version = message.kind.cast_signed();
                let domain = plain(message.domain);
                let name = format!("opset {domain}").trim_end().to_owned();
                self.scope.contents().metadata.insert(name, version.to_string());
                let other = self.model.opsets.insert(domain, (message.at, version));
                if other.is_some_and(|(_, other)| other != version) {
                    let what = "the model is for two versions of one operator set".to_owned();
                    self.raise(&MALFORMED, message.at, end, what);
                }
            }
            _ => {}
        }
    }

    fn node(&mut self, mut message: Open) {
        let at = message.at;
        if message.name.is_empty() {
            self.raise(&MALFORMED, at, at, "a node has no operator".to_owned());
        } else if message.links.inputs.is_empty() && message.links.outputs.is_empty() {
            let what = format!("a node of the operator {:?} has neither inputs nor outputs", message.name);
            self.raise(&MALFORMED, at, at, what);
        }
        let domain = plain(std::mem::take(&mut message.domain));
        let links = &message.links;
        let (inputs, outputs) = (links.inputs.len(), links.outputs.len());
        // Functions have operator sets of their own, which stand behind their nodes.
        let set = self.sets.get(&domain).copied().filter(|_| self.model.in_function == 0);
        if let Some(what) = operators::fault((&domain, &message.name), set, inputs, outputs, &links.attributes) {
            self.raise(&MALFORMED, at, at, format!("a node of the operator {:?} {what}", message.name));
        }
        if message.name == "EPContext" {
            self.compiled(&message);
        }
        message.links.operator.clone_from(&message.name);
        message.links.domain.clone_from(&domain);
        message.links.at = at;
        if let Some(names) = self.names.last_mut() {
            names.nodes.push(message.links);
        }
        let operator = (domain, message.name);
        if self.model.in_function > 0 {
            self.model.pending.insert(operator.clone());
        } else {
            self.model.domains.entry(operator.0.clone()).or_insert(at);
        }
        self.model.operators.entry(operator).or_insert(at);
    }

    fn graph(&mut self, message: &Open) {
        let Some(names) = self.names.pop() else { return };
        let around = self.open.iter().rposition(|(kind, _)| matches!(kind, Kind::Node));
        // What trains a model names what is in the model.
        let training = self.open.iter().any(|(kind, _)| *kind == Kind::Training);
        let outcome = names.follow(around.is_some() || training);
        let mut faults = outcome.faults;
        if !training && self.model.in_function == 0 {
            let sets = |domain: &str| self.sets.get(domain).copied();
            faults.extend(inference::contradictions(&names, &sets, around.is_some()));
        }
        for (at, what) in faults {
            self.raise(&MALFORMED, at, at, what);
        }
        if let Some((_, node)) = around.and_then(|around| self.open.get_mut(around)) {
            node.links.inner.extend(outcome.free);
        }
        if self.open.is_empty() {
            self.model.graphs = self.model.graphs.saturating_add(1);
            if message.name.is_empty() {
                self.raise(&MALFORMED, message.at, message.at, "the graph has no name".to_owned());
            }
        }
    }

    fn function(&mut self, message: Open, end: u64) {
        self.model.in_function = self.model.in_function.saturating_sub(1);
        if let Some(names) = self.names.pop() {
            for (at, what) in names.follow(false).faults {
                self.raise(&MALFORMED, at, at, format!("in the function {:?}, {what}", message.name));
            }
        }
        if message.fields & 1 << 9 == 0 {
            let what = format!("the function {:?} does not say which operator sets it is for", message.name);
            self.raise(&MALFORMED, message.at, end, what);
        }
        let function = (plain(message.domain), message.name);
        if function.1.is_empty() {
            self.raise(&MALFORMED, message.at, end, "a function has no name".to_owned());
        }
        if matches!(function.0.as_str(), "" | "ai.onnx.ml") {
            let what = format!("the function {:?} takes the place of an operator of the standard", function.1);
            self.raise(&FUNCTION_SHADOWS, message.at, end, what);
        }
        let calls = std::mem::take(&mut self.model.pending);
        self.model.calls.entry(function.clone()).or_default().extend(calls);
        if !self.model.overloads.insert((function.clone(), message.overload)) {
            let what = format!("two functions have the name {:?}", function.1);
            self.raise(&MALFORMED, message.at, end, what);
        }
        self.model.functions.insert(function);
    }

    pub(super) fn raise(&mut self, rule: &'static Rule, start: u64, end: u64, message: String) {
        self.scope.raise(rule, self.view, start..end.max(start).min(self.view.len()), message);
    }
}

/// The standard domain has two names.
pub(super) fn plain(domain: String) -> String {
    if domain == "ai.onnx" { String::new() } else { domain }
}
