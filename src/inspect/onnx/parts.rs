//! Parts of nodes and graphs: attributes, compiled code, and the types of what goes in and out.

use super::inference::{UNKNOWN, Value};
use super::operators::Given;
use super::reading::{Open, Reading};
use super::schema::Kind;
use super::{CUSTOM_OPERATOR, EXTERNAL_PATH, MALFORMED, attribute};
use crate::inspect::archive::escapes;
use crate::model::{Evidence, Severity};

/// Attributes of a node whose names are compared.
const ATTRIBUTES: usize = 256;

impl Reading<'_, '_, '_, '_> {
    /// Hands lengths on to their shape, a shape to its type, and a type to what is of it.
    pub(super) fn typed(&mut self, kind: Kind, message: &Open) {
        match (kind, self.open.as_mut_slice()) {
            (Kind::Dimension, [.., (Kind::ShapeType, shape)]) => {
                let length = message.lengths.as_ref().and_then(|own| own.first()).copied().unwrap_or(UNKNOWN);
                shape.lengths.get_or_insert_default().push(length);
            }
            (Kind::ShapeType, [.., (_, tensor)]) => {
                tensor.lengths = Some(message.lengths.clone().unwrap_or_default());
            }
            (Kind::TensorType, [.., (Kind::Input | Kind::Output, value), (Kind::Type, _)]) => {
                value.value = Some(Value { kind: message.kind, shape: message.lengths.clone() });
            }
            _ => {}
        }
    }

    /// An input or output of a graph.
    pub(super) fn value(&mut self, kind: Kind, message: Open) {
        if kind == Kind::Input && message.name.is_empty() && self.open.len() == 1 {
            self.raise(&MALFORMED, message.at, message.at, "an input has no name".to_owned());
        }
        let Some(names) = self.names.last_mut() else { return };
        if kind == Kind::Input {
            names.typed_inputs.extend(message.value.map(|value| (message.name.clone(), value)));
            names.inputs.push((message.at, message.name));
        } else {
            names.declared.push(message.value.unwrap_or_default());
            names.outputs.push((message.at, message.name));
        }
    }

    /// A part of the graph that was compiled for a processor (`EPContext` of ONNX Runtime).
    pub(super) fn compiled(&mut self, message: &Open) {
        let Some(context) = &message.context else { return };
        let at = message.at.min(self.view.len());
        let evidence = if message.number == Some(0) {
            match escapes(context) {
                Some(what) => {
                    let message = format!("the compiled part of a graph lies at {context:?}, which {what}");
                    Evidence::new(&EXTERNAL_PATH, message)
                }
                None => {
                    let message =
                        format!("a part of the graph is compiled code in {context:?}, which is not looked into");
                    Evidence::new(&CUSTOM_OPERATOR, message).rated(Severity::Low)
                }
            }
        } else {
            let message = "a part of the graph is compiled code in the model, which is not looked into";
            Evidence::new(&CUSTOM_OPERATOR, message).rated(Severity::Low)
        };
        self.scope.add(evidence.at(self.view.place(at..at)));
    }

    pub(super) fn attribute(&mut self, message: Open) {
        if let Some(what) = attribute::fault(&message.name, message.kind, message.fields, message.refers) {
            self.raise(&MALFORMED, message.at, message.at, what);
        }
        let Some((Kind::Node, node)) = self.open.last_mut() else { return };
        match message.name.as_str() {
            "ep_cache_context" => node.context = message.context,
            "embed_mode" => node.number = message.number,
            "value" => node.links.constant = message.value,
            _ => {}
        }
        let attributes = &mut node.links.attributes;
        if attributes.iter().any(|own| own.name == message.name) {
            let what = format!("a node has the attribute {:?} twice", message.name);
            self.raise(&MALFORMED, message.at, message.at, what);
        } else if attributes.len() < ATTRIBUTES {
            // Zero need not be written.
            let number = message.number.unwrap_or(0).cast_signed();
            let number = (message.kind == 2 && !message.refers).then_some(number);
            attributes.push(Given { name: message.name, kind: message.kind, number });
        }
    }
}
