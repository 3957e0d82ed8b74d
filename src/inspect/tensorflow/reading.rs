//! What is collected of a graph while its messages are walked, and what follows from it.

use std::collections::{BTreeMap, HashSet};

use super::graph::{Fault, Graph, Node, producer};
use super::operators::reaches_out;
use super::schema::{Kind, element, step};
use super::tensor::Tensor;
use super::{TENSORFLOW_MALFORMED, TENSORFLOW_OPERATOR, objects, schemas};
use crate::inspect::Scope;
use crate::inspect::archive::escapes;
use crate::inspect::protobuf::{Event, Stop, Walk};
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// What says in the metadata of a model that its variables lie beside it.
pub const VARIABLES: &str = "variables";
/// How what says so of an asset begins, before its number.
pub const ASSET: &str = "asset ";
/// Assets that are followed.
const ASSETS: usize = 1000;
/// Attributes of a node that are kept, and operators of other libraries that are.
const ATTRIBUTES: usize = 256;
const UNKNOWN: usize = 256;
/// Above all versions of graphs that there will be for a while; they were some 2,000 after ten years.
const NEWEST: i64 = 1_000_000;

/// An attribute that is being read.
#[derive(Default)]
struct Attribute {
    name: String,
    /// Fields of its value, a bit each.
    fields: u32,
    /// The type it gives.
    kind: u64,
}

/// Everything that is open.
pub struct Reading<'a, 'v, 's, 'l> {
    view: &'a View<'v>,
    scope: &'s mut Scope<'l>,
    /// The graph, and the function of its library that is being read.
    graphs: Vec<Graph>,
    /// Functions of the library, by name.
    functions: HashSet<String>,
    /// What functions call, until all are known: where, what says so, and the function.
    calls: Vec<(u64, String, String)>,
    /// Names in the graph that was read last.
    names: HashSet<String>,
    /// Tensors that signatures and savers name: where, and the name.
    named: Vec<(u64, String)>,
    node: Node,
    attribute: Attribute,
    tensor: Option<Tensor>,
    /// Types of a constant: of its attribute, and of its value.
    constant: (Option<u64>, Option<u64>),
    /// Operators that TensorFlow does not have, and where they are first used.
    unknown: BTreeMap<String, u64>,
    /// How many more of them are compared with those of TensorFlow, over all graphs of the file.
    compared: usize,
    /// There are more.
    uncompared: bool,
    /// `PrintV2` writes to a file when its stream says so.
    stream: bool,
    dimension: u64,
    outward: BTreeMap<String, (u64, String, &'static str)>,
    version: Option<u64>,
    /// Graphs of a SavedModel.
    metas: u64,
    /// Assets that are followed.
    assets: usize,
    objects: objects::Objects,
}

/// Walks a message of that kind and writes down what is wrong with it.
pub fn walk(view: &View<'_>, kind: Kind, scope: &mut Scope<'_>) {
    let mut reading = Reading {
        view,
        scope,
        graphs: Vec::new(),
        functions: HashSet::new(),
        calls: Vec::new(),
        names: HashSet::new(),
        named: Vec::new(),
        node: Node::default(),
        attribute: Attribute::default(),
        tensor: None,
        constant: (None, None),
        unknown: BTreeMap::new(),
        compared: UNKNOWN,
        uncompared: false,
        stream: false,
        dimension: 0,
        outward: BTreeMap::new(),
        version: None,
        metas: 0,
        assets: 0,
        objects: objects::Objects::default(),
    };
    if kind == Kind::Graph {
        reading.graphs.push(Graph::default());
    }
    let outcome = Walk::new(view, kind).run(step, |kind, event, at| reading.meet(kind, event, at));
    reading.close(kind, outcome.is_ok());
    ended(outcome, view, scope);
}

/// Says how the reading of a message ended, if not at its end.
pub fn ended(outcome: Result<(), Stop>, view: &View<'_>, scope: &mut Scope<'_>) {
    match outcome {
        Ok(()) => {}
        Err(Stop::Malformed(at, what)) => {
            let at = at.min(view.len());
            scope.raise(&TENSORFLOW_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
        }
        Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
    }
}

impl Reading<'_, '_, '_, '_> {
    fn meet(&mut self, kind: Kind, event: &Event<'_>, at: u64) {
        match (kind, event) {
            (_, Event::Enter) => self.enter(kind, at),
            (_, Event::Leave) => self.leave(kind, at),
            (Kind::Node | Kind::Attribute | Kind::Value | Kind::Called | Kind::Tensor, _) => {
                self.value(kind, event, at)
            }
            (Kind::Dimension, Event::Number(1, size)) => self.dimension = *size,
            (Kind::Versions, Event::Number(1 | 2, version)) if !(0..=NEWEST).contains(&version.cast_signed()) => {
                let version = version.cast_signed();
                self.fault((at, format!("the graph is of or for version {version}, which there is not")), at);
            }
            (Kind::Objects | Kind::Object | Kind::Child | Kind::User | Kind::Concrete, _) => {
                self.objects.meet(kind, event, at, self.view);
            }
            (Kind::Saved, Event::Number(1, version)) => self.version = Some(*version),
            (Kind::Saved, Event::Length(field, range)) => {
                let bytes = range.end.saturating_sub(range.start);
                self.fault(
                    (at, format!("{bytes} bytes are in the field {field}, which a SavedModel has not")),
                    range.end,
                );
            }
            (_, Event::Bytes(field, bytes)) => {
                let text = String::from_utf8_lossy(bytes);
                // All of these are `string` of proto3, which parsers refuse when it is no UTF-8.
                if std::str::from_utf8(bytes).is_err() {
                    self.fault((at, format!("at byte {at}: the name {text:?} is no UTF-8")), at);
                }
                self.text(kind, *field, text.into_owned(), at);
            }
            _ => {}
        }
    }

    fn enter(&mut self, kind: Kind, at: u64) {
        match kind {
            Kind::Meta => self.metas = self.metas.saturating_add(1),
            Kind::Graph | Kind::Function => self.graphs.push(Graph::default()),
            Kind::Node => {
                self.node = Node { at, ..Node::default() };
                (self.constant, self.stream) = ((None, None), false);
            }
            Kind::Attribute => self.attribute = Attribute::default(),
            Kind::Tensor => self.tensor = Some(Tensor::default()),
            Kind::Dimension => self.dimension = 0,
            Kind::Object => self.objects.enter(),
            _ => {}
        }
    }

    /// Texts of messages that stand alone.
    fn text(&mut self, kind: Kind, field: u32, text: String, at: u64) {
        match kind {
            Kind::Info => {
                self.scope.contents().metadata.insert("tensorflow_version".to_owned(), text);
            }
            Kind::Saver | Kind::TensorInfo if !text.is_empty() => self.named.push((at, text)),
            Kind::Asset => {
                let what = escapes(&text);
                if what.is_none() && self.view.depth() == 0 && self.assets < ASSETS {
                    self.assets += 1;
                    let name = format!("{ASSET}{:05}", self.assets);
                    self.scope.contents().metadata.insert(name, format!("assets/{text}"));
                }
                if let Some(what) = what {
                    let evidence = Evidence::new(&TENSORFLOW_MALFORMED, format!("the asset {text:?} {what}"));
                    let at = at.min(self.view.len());
                    self.scope.add(evidence.rated(Severity::High).at(self.view.place(at..self.view.len())));
                }
            }
            Kind::Definition | Kind::Argument | Kind::Return => {
                let Some(graph) = self.graphs.last_mut() else { return };
                match (kind, field) {
                    (Kind::Definition, 1) => graph.name = text,
                    (Kind::Argument, 1) => graph.arguments.push(text),
                    (Kind::Return, 2) => graph.returns.push((at, text)),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// What stands in nodes and their attributes.
    fn value(&mut self, kind: Kind, event: &Event<'_>, at: u64) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let (Kind::Node | Kind::Called, Event::Bytes(_, bytes)) | (Kind::Attribute, Event::Bytes(1, bytes)) =
            (kind, event)
            && std::str::from_utf8(bytes).is_err()
        {
            self.fault((at, format!("at byte {at}: the name {:?} is no UTF-8", text(bytes))), at);
        }
        match (kind, event) {
            (Kind::Node, Event::Bytes(1, bytes)) => self.node.name = text(bytes),
            (Kind::Node, Event::Bytes(2, bytes)) => self.node.operator = text(bytes),
            (Kind::Node, Event::Bytes(3, bytes)) => self.node.inputs.push(text(bytes)),
            (Kind::Attribute, Event::Bytes(1, bytes)) => self.attribute.name = text(bytes),
            (Kind::Called, Event::Bytes(1, bytes)) if !self.attribute.name.starts_with('_') => {
                let (node, function) = (self.node.name.clone(), text(bytes));
                if let Some(graph) = self.graphs.last_mut().filter(|_| !function.is_empty()) {
                    graph.calls.push((at, node, function));
                }
            }
            (Kind::Tensor, _) => {
                if let Some(tensor) = &mut self.tensor {
                    tensor.meet(event);
                }
            }
            (Kind::Value, Event::Number(field, _) | Event::Bytes(field, _) | Event::Length(field, _)) => {
                self.attribute.fields |= 1u32.checked_shl(*field).unwrap_or(1);
                match event {
                    Event::Number(6, kind) => self.attribute.kind = *kind,
                    Event::Bytes(2, bytes) => self.stream |= bytes.starts_with(b"file:"),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, kind: Kind, end: u64) {
        match kind {
            Kind::Dimension => match &mut self.tensor {
                Some(tensor) => tensor.shape.push(self.dimension),
                // An unknown dimension is -1.
                None if self.dimension.cast_signed() < -1 => {
                    let message =
                        format!("the node {:?} has a dimension {}", self.node.name, self.dimension.cast_signed());
                    self.fault((self.node.at, message), end);
                }
                None => {}
            },
            Kind::Shape if self.tensor.is_none() => self.attribute.fields |= 1 << 7,
            Kind::Tensor => self.leave_tensor(end),
            Kind::List => self.attribute.fields |= 1 << 1,
            Kind::Called => self.attribute.fields |= 1 << 10,
            Kind::Attribute => self.leave_attribute(end),
            Kind::Node => self.leave_node(),
            Kind::Function => {
                let Some(function) = self.graphs.pop() else { return };
                self.judge(&function);
                if self.functions.contains(&function.name) {
                    self.fault((end, format!("two functions have the name {:?}", function.name)), end);
                }
                self.functions.insert(function.name);
            }
            Kind::Graph => {
                let Some(graph) = self.graphs.pop() else { return };
                self.judge(&graph);
                self.names = graph.names().into_iter().map(str::to_owned).collect();
                let calls = std::mem::take(&mut self.calls);
                self.missing(calls, "is called by");
                self.misspelt();
            }
            Kind::Meta => self.leave_meta(),
            Kind::Object => self.objects.leave(self.view, self.scope),
            _ => {}
        }
    }

    fn leave_tensor(&mut self, end: u64) {
        self.attribute.fields |= 1 << 8;
        let Some(tensor) = self.tensor.take() else { return };
        if let Some(what) = tensor.fault() {
            self.fault((self.node.at, format!("a tensor of the node {:?} {what}", self.node.name)), end);
        }
        if self.attribute.name == "value" {
            self.constant.1 = Some(tensor.kind);
            self.node.text = tensor.text;
        }
    }

    fn leave_attribute(&mut self, end: u64) {
        let Attribute { name, fields, kind } = std::mem::take(&mut self.attribute);
        let what = match name.as_str() {
            "" => Some("an attribute has no name".to_owned()),
            _ if fields == 0 && !name.starts_with('_') => Some(format!("the attribute {name:?} has no value")),
            // A placeholder stands for what the caller of a function gives.
            "dtype" if fields & (1 << 6 | 1 << 9) == 0 => Some("the attribute \"dtype\" is no type".to_owned()),
            "value" if self.node.operator == "Const" && fields & (1 << 8 | 1 << 9) == 0 => {
                Some("the attribute \"value\" of a constant is no tensor".to_owned())
            }
            _ if fields & (1 << 6) != 0 && kind != 0 && element(kind).is_none() => {
                Some(format!("the attribute {name:?} is the type {kind}, which is unknown"))
            }
            _ => None,
        };
        if let Some(what) = what {
            self.fault((self.node.at, format!("the node {:?}: {what}", self.node.name)), end);
        }
        if name == "dtype" {
            self.constant.0 = Some(kind).filter(|_| fields & (1 << 6) != 0);
        }
        if self.node.attributes.len() < ATTRIBUTES {
            self.node.attributes.push(name);
        }
    }

    fn leave_node(&mut self) {
        let node = std::mem::take(&mut self.node);
        let file = (node.operator == "PrintV2" && self.stream).then_some("writes files");
        if let Some(what) = reaches_out(&node.operator).or(file) {
            self.outward.entry(node.operator.clone()).or_insert_with(|| (node.at, node.name.clone(), what));
        }
        if let ("Const", (Some(said), Some(is))) = (node.operator.as_str(), self.constant)
            && said != is
        {
            let name = |kind: u64| element(kind).map_or_else(|| kind.to_string(), |(name, _)| name.to_owned());
            let (said, is) = (name(said), name(is));
            let message = format!("the constant {:?} is said to be of {said}, its value is of {is}", node.name);
            self.fault((node.at, message), node.at);
        }
        let needed = schemas::needed(&node.operator);
        if needed.is_none() && !node.operator.is_empty() && !self.unknown.contains_key(&node.operator) {
            match self.compared.checked_sub(1) {
                Some(left) => {
                    self.compared = left;
                    self.unknown.insert(node.operator.clone(), node.at);
                }
                None => self.uncompared = true,
            }
        }
        let given = |name: &&&str| node.attributes.iter().any(|own| own == **name);
        let missing = needed.and_then(|needed| needed.iter().find(|name| !given(name)));
        if let Some(missing) = missing.filter(|_| node.attributes.len() < ATTRIBUTES) {
            self.fault((node.at, format!("the node {:?} has no attribute {missing:?}", node.name)), node.at);
        }
        if matches!(node.operator.as_str(), "VarHandleOp" | "VariableV2" | "Variable") {
            self.scope.contents().metadata.insert(VARIABLES.to_owned(), "variables/variables.index".to_owned());
        }
        if let Some(graph) = self.graphs.last_mut() {
            graph.nodes.push(node);
        }
    }

    /// What can be said of a graph once all of it is known.
    fn judge(&mut self, graph: &Graph) {
        for fault in graph.faults() {
            self.fault(fault, 0);
        }
        for (at, operator, node, target) in graph.fixed_targets() {
            let message = format!("the operator {operator:?} writes files to {target:?}: node {node:?}");
            let at = at.min(self.view.len());
            let evidence = Evidence::new(&TENSORFLOW_OPERATOR, message).with("operator", operator);
            self.scope.add(evidence.at(self.view.place(at..at)));
        }
        self.calls.extend(graph.calls.iter().map(|(at, node, called)| {
            let by = if graph.name.is_empty() { format!("the node {node:?}") } else { format!("{:?}", graph.name) };
            (*at, by, called.clone())
        }));
    }

    /// Functions that are called and are not in the library.
    fn missing(&mut self, calls: Vec<(u64, String, String)>, how: &str) {
        let mut told = HashSet::new();
        for (at, by, function) in calls {
            if !self.functions.contains(&function) && told.len() < 40 && told.insert(function.clone()) {
                self.fault((at, format!("the function {function:?} {how} {by} and is not in the library")), at);
            }
        }
    }

    /// Operators that neither TensorFlow nor the library has, and that are nearly those of TensorFlow. Others may come from
    /// a library of operators.
    fn misspelt(&mut self) {
        for (operator, at) in std::mem::take(&mut self.unknown) {
            if let Some(known) = schemas::intended(&operator).filter(|_| !self.functions.contains(&operator)) {
                let message = format!("the operator {operator:?} is none of TensorFlow, which has {known:?}");
                self.fault((at, message), at);
            }
        }
    }

    fn leave_meta(&mut self) {
        for (at, name) in std::mem::take(&mut self.named) {
            if !self.names.contains(producer(&name)) {
                self.fault((at, format!("a signature, an asset or the saver names {name:?}, which no node gives")), at);
            }
        }
        let objects = std::mem::take(&mut self.objects);
        for fault in objects.faults(&self.functions) {
            self.fault(fault, 0);
        }
        self.functions.clear();
        self.names.clear();
    }

    fn fault(&mut self, (at, message): Fault, end: u64) {
        let at = at.min(self.view.len());
        self.scope.raise(&TENSORFLOW_MALFORMED, self.view, at..end.clamp(at, self.view.len()), message);
    }

    /// The end. What follows from something being missing is only said of what was read to its end.
    fn close(&mut self, kind: Kind, whole: bool) {
        if self.uncompared {
            self.scope.limit("operators-of-others", UNKNOWN as u64, self.view);
        }
        if kind == Kind::Saved && whole {
            match self.version {
                Some(1) => {}
                None => self.fault((0, "the SavedModel has no version".to_owned()), 1),
                Some(version) => {
                    let version = version.cast_signed();
                    self.fault((0, format!("the SavedModel is of version {version}, and there is only 1")), 1);
                }
            }
            if self.metas == 0 {
                self.fault((0, "the SavedModel holds no graph".to_owned()), 1);
            }
        }
        for (operator, (at, name, what)) in std::mem::take(&mut self.outward) {
            let message = format!("the operator {operator:?} {what}: node {name:?}");
            let at = at.min(self.view.len());
            let evidence = Evidence::new(&TENSORFLOW_OPERATOR, message).with("operator", operator);
            self.scope.add(evidence.at(self.view.place(at..at)));
        }
    }
}
