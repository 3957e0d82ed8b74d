//! ONNX: which files a model reads, which operators it asks for, and what its tensors claim.
//!
//! Every graph is walked, those in attributes and functions too. Not looked at: types of inputs and outputs, and what
//! the graph computes.

mod rules;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use super::archive::escapes;
use super::protobuf::{self, Event, Stop, Walk};
use super::{Inspector, Scope};
use crate::model::{Format, Rule, Tensor};
use crate::weigh::View;
use schema::{Kind, element, is_known, step};

pub use rules::*;

/// The format.
pub struct Onnx;

impl Inspector for Onnx {
    fn format(&self) -> Format {
        Format::named("onnx")
    }

    /// No magic number: a message whose fields have the numbers and forms of `ModelProto`, a version and a graph
    /// among them. Fields may come in any order, and readers pass over those that they do not know; then the graph
    /// itself must look like one.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if !matches!(head.first(), Some(0x08 | 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72)) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, 100_000) else { return false };
        let fields: Vec<_> = spans.iter().map(|span| (span.field, span.long)).collect();
        let known = |(field, long): &(u32, bool)| match field {
            1 | 5 => !long,
            2 | 3 | 4 | 6 | 7 | 8 | 14 | 20 | 25 | 26 => *long,
            _ => false,
        };
        if !fields.contains(&(1, false)) || !fields.contains(&(7, true)) {
            return false;
        }
        let graph = |span: &protobuf::Span| {
            let fields = span.message(view).and_then(|graph| protobuf::fields(&graph, 1000)).unwrap_or_default();
            !fields.is_empty() && fields.iter().all(|(field, long)| *long && matches!(field, 1 | 2 | 5 | 10..=16))
        };
        fields.iter().all(known)
            || (fields.contains(&(8, true)) && spans.iter().any(|span| span.field == 7 && graph(span)))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut reading = Reading { view, scope, open: Vec::new(), model: Model::default() };
        let outcome = Walk::new(view, Kind::Model).run(step, |kind, event, at| reading.meet(kind, event, at));
        let Reading { model, scope, .. } = reading;
        match outcome {
            Ok(()) => {}
            Err(Stop::Malformed(at, what)) => {
                let at = at.min(view.len());
                scope.raise(
                    &MALFORMED,
                    view,
                    at..at.saturating_add(1).min(view.len()),
                    format!("at byte {at}: {what}"),
                );
            }
            Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
        }
        model.close(view, scope);
    }
}

/// A message that is being read. Which fields mean what depends on its kind.
#[derive(Default)]
struct Open {
    at: u64,
    /// Name of a tensor, type of an operator, name of a function, or key of an entry.
    name: String,
    /// Domain of an operator or function, or value of an entry.
    domain: String,
    dims: Vec<u64>,
    kind: u64,
    raw: Option<u64>,
    external: bool,
    /// File, offset and length of the data of a tensor that lie elsewhere.
    outside: (String, Option<u64>, Option<u64>),
}

/// How a name in the metadata of a model begins, before the file that data of its tensors lie in. The value is where the
/// last of them ends, or `?`.
pub const EXTERNAL_DATA: &str = "external-data ";

/// Files of one model that are followed.
const FILES: usize = 10_000;

#[derive(Default)]
struct Model {
    functions: BTreeSet<(String, String)>,
    /// Operators by domain and type, and where each is first used.
    operators: BTreeMap<(String, String), u64>,
    /// For each function, what it calls.
    calls: BTreeMap<(String, String), BTreeSet<(String, String)>>,
    pending: BTreeSet<(String, String)>,
    in_function: u32,
    /// Files with data of tensors, and where the last of these ends; `None` if one takes all the rest.
    outside: BTreeMap<String, Option<u64>>,
}

struct Reading<'a, 'v, 's, 'l> {
    view: &'a View<'v>,
    scope: &'s mut Scope<'l>,
    open: Vec<Open>,
    model: Model,
}

impl Reading<'_, '_, '_, '_> {
    fn meet(&mut self, kind: Kind, event: &Event<'_>, at: u64) {
        match event {
            Event::Enter => {
                self.open.push(Open { at, ..Open::default() });
                self.model.in_function += u32::from(kind == Kind::Function);
            }
            Event::Leave => {
                if let Some(message) = self.open.pop() {
                    self.leave(kind, message, at);
                }
            }
            Event::Number(field, number) => self.number(kind, *field, *number),
            Event::Bytes(field, bytes) => self.bytes(kind, *field, bytes),
            Event::Length(field, length) => {
                if let (Kind::Tensor, 9, Some(open)) = (kind, *field, self.open.last_mut()) {
                    open.raw = Some(*length);
                }
            }
        }
    }

    fn number(&mut self, kind: Kind, field: u32, number: u64) {
        let Some(open) = self.open.last_mut() else {
            if field == 1 {
                self.scope.contents().metadata.insert("ir_version".to_owned(), number.to_string());
            }
            return;
        };
        match (kind, field) {
            (Kind::Tensor, 1) => open.dims.push(number),
            (Kind::Tensor, 2) => open.kind = number,
            (Kind::Tensor, 14) => open.external |= number == 1,
            (Kind::Opset, 2) => open.kind = number,
            _ => {}
        }
    }

    fn bytes(&mut self, kind: Kind, field: u32, bytes: &[u8]) {
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let Some(open) = self.open.last_mut() else {
            let name = match field {
                2 => "producer_name",
                3 => "producer_version",
                _ => "domain",
            };
            self.scope.contents().metadata.insert(name.to_owned(), text());
            return;
        };
        match (kind, field) {
            (Kind::Tensor, 1) => open.dims.extend(packed(bytes)),
            (Kind::Tensor, 8) | (Kind::Node, 4) | (Kind::Function | Kind::External | Kind::Property, 1) => {
                open.name = text()
            }
            (Kind::Node, 7) | (Kind::Function, 10) | (Kind::Opset, 1) | (Kind::External | Kind::Property, 2) => {
                open.domain = text();
            }
            _ => {}
        }
    }

    fn leave(&mut self, kind: Kind, message: Open, end: u64) {
        match kind {
            Kind::Node => {
                let operator = (plain(message.domain), message.name);
                if self.model.in_function > 0 {
                    self.model.pending.insert(operator.clone());
                }
                self.model.operators.entry(operator).or_insert(message.at);
            }
            Kind::Function => self.function(message, end),
            Kind::Tensor => self.tensor(message, end),
            Kind::External if message.name == "location" => {
                let location = message.domain;
                if let Some(tensor) = self.open.last_mut() {
                    tensor.external = true;
                    tensor.outside.0.clone_from(&location);
                }
                if let Some(what) = escapes(&location) {
                    self.raise(
                        &EXTERNAL_PATH,
                        message.at,
                        end,
                        format!("the data of a tensor lies at {location:?}, which {what}"),
                    );
                }
            }
            Kind::External => {
                let Some(tensor) = self.open.last_mut() else { return };
                let number = message.domain.trim().parse().ok();
                match message.name.as_str() {
                    "offset" => tensor.outside.1 = number,
                    "length" => tensor.outside.2 = number,
                    _ => {}
                }
            }
            Kind::Property => {
                self.scope.contents().metadata.insert(message.name, message.domain);
            }
            Kind::Opset if !message.domain.is_empty() || message.kind > 0 => {
                let name = format!("opset {}", plain(message.domain)).trim_end().to_owned();
                self.scope.contents().metadata.insert(name, message.kind.to_string());
            }
            _ => {}
        }
    }

    fn function(&mut self, message: Open, end: u64) {
        self.model.in_function = self.model.in_function.saturating_sub(1);
        let function = (plain(message.domain), message.name);
        if matches!(function.0.as_str(), "" | "ai.onnx.ml") {
            let what = format!("the function {:?} takes the place of an operator of the standard", function.1);
            self.raise(&FUNCTION_SHADOWS, message.at, end, what);
        }
        let calls = std::mem::take(&mut self.model.pending);
        self.model.calls.entry(function.clone()).or_default().extend(calls);
        self.model.functions.insert(function);
    }

    fn tensor(&mut self, message: Open, end: u64) {
        let elements = message.dims.iter().try_fold(1u64, |product, dimension| {
            product.checked_mul(*dimension).filter(|product| i64::try_from(*product).is_ok())
        });
        let kind = element(message.kind);
        let needed = elements.zip(kind).and_then(|(elements, (_, bits))| elements.checked_mul(bits));
        let (location, offset, length) = &message.outside;
        if !location.is_empty() && (self.model.outside.len() < FILES || self.model.outside.contains_key(location)) {
            let length =
                length.or(needed.filter(|_| kind.is_some_and(|(_, bits)| bits > 0)).map(|bits| bits.div_ceil(8)));
            let end = length.map(|length| offset.unwrap_or(0).saturating_add(length));
            let last = self.model.outside.entry(location.clone()).or_insert(Some(0));
            *last = last.zip(end).map(|(one, other)| one.max(other));
        }
        let what = match (message.raw, kind, needed) {
            (_, None, _) if message.kind != 0 => {
                Some(format!("has the element type {}, which is unknown", message.kind))
            }
            (_, _, None) if message.kind != 0 => Some(format!("has the impossible shape {:?}", message.dims)),
            (Some(raw), Some((name, bits)), Some(needed))
                if bits > 0 && raw != needed.div_ceil(8) && !message.external =>
            {
                Some(format!("takes {raw} bytes, but shape {:?} of {name} needs {}", message.dims, needed.div_ceil(8)))
            }
            _ => None,
        };
        if let Some(what) = what {
            self.raise(&MALFORMED, message.at, end, format!("the tensor {:?} {what}", message.name));
        }
        if (self.scope.contents().tensors.len() as u64) < self.scope.limits.tensors && !message.name.is_empty() {
            self.scope.contents().tensors.push(Tensor {
                name: message.name,
                dtype: kind.map_or_else(|| "?".to_owned(), |(name, _)| name.to_owned()),
                shape: message.dims,
                bytes: None,
            });
        }
    }

    fn raise(&mut self, rule: &'static Rule, start: u64, end: u64, message: String) {
        self.scope.raise(rule, self.view, start..end.max(start).min(self.view.len()), message);
    }
}

/// The standard domain has two names.
fn plain(domain: String) -> String {
    if domain == "ai.onnx" { String::new() } else { domain }
}

fn packed(bytes: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0u64, 0u32);
    for byte in bytes {
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift = shift.saturating_add(7);
        if *byte < 0x80 {
            numbers.push(value);
            (value, shift) = (0, 0);
        }
    }
    numbers
}

impl Model {
    fn close(self, view: &View<'_>, scope: &mut Scope<'_>) {
        for ((domain, name), at) in &self.operators {
            let own = self.functions.contains(&(domain.clone(), name.clone()));
            let python = domain == "ai.onnx.contrib" && name.starts_with("Py") || name == "PyOp" || name == "PythonOp";
            let at = *at..at.saturating_add(1).min(view.len());
            if python {
                scope.raise(&CUSTOM_OPERATOR, view, at, format!("the operator {name:?} runs Python code"));
            } else if !own && !is_known(domain) {
                let message =
                    format!("the operator {name:?} is of the domain {domain:?}, which no runtime brings itself");
                scope.raise(&CUSTOM_OPERATOR, view, at, message);
            }
        }
        if self.outside.len() >= FILES {
            scope.limit("external-data-files", FILES as u64, view);
        }
        // What lies in an archive has its data there, too.
        for (location, end) in self.outside.iter().filter(|_| view.depth() == 0) {
            let end = end.map_or_else(|| "?".to_owned(), |end| end.to_string());
            scope.contents().metadata.insert(format!("{EXTERNAL_DATA}{location}"), end);
        }
        if let Some(function) = self.circle() {
            let message = format!("the function {:?} calls itself, perhaps through others", function.1);
            scope.raise(&MALFORMED, view, 0..0, message);
        }
    }

    /// A function that is part of a circle of calls, or leads into one: what is left when those that call nothing that
    /// is left are taken away again and again.
    fn circle(&self) -> Option<&(String, String)> {
        let mut callers: BTreeMap<&(String, String), Vec<&(String, String)>> = BTreeMap::new();
        let mut left: BTreeMap<&(String, String), usize> = BTreeMap::new();
        for (function, calls) in &self.calls {
            let inner: Vec<_> = calls.iter().filter(|call| self.calls.contains_key(*call)).collect();
            left.insert(function, inner.len());
            for call in inner {
                callers.entry(call).or_default().push(function);
            }
        }
        let mut done: Vec<_> = left.iter().filter(|(_, calls)| **calls == 0).map(|(function, _)| *function).collect();
        while let Some(function) = done.pop() {
            left.remove(function);
            for caller in callers.get(function).into_iter().flatten() {
                if let Some(calls) = left.get_mut(caller) {
                    *calls = calls.saturating_sub(1);
                    if *calls == 0 {
                        done.push(caller);
                    }
                }
            }
        }
        left.into_keys().next()
    }
}

#[cfg(test)]
mod tests;
