//! A tensor in a graph: whether its bytes are as many as its shape needs.
//!
//! Source: `tensor.proto` and `Tensor::FromProto`, which lets the values be fewer than the elements (the last one is
//! repeated), never more, and wants raw content to fit exactly. Not looked at: the values.

use super::schema::{element, elements, signed};
use crate::inspect::protobuf::Event;

/// What was read of one.
#[derive(Default)]
pub struct Tensor {
    /// `DataType`.
    pub kind: u64,
    /// Dimensions.
    pub shape: Vec<u64>,
    /// Bytes of `tensor_content`.
    content: u64,
    /// At least so many values stand in the typed fields.
    values: u64,
    /// The first text.
    pub text: Option<String>,
}

impl Tensor {
    /// Takes a field.
    pub fn meet(&mut self, event: &Event<'_>) {
        match event {
            Event::Number(1, kind) => self.kind = *kind,
            Event::Number(5..=7 | 10 | 11 | 13 | 16 | 17, _) => self.values = self.values.saturating_add(1),
            Event::Bytes(8, bytes) => {
                self.values = self.values.saturating_add(1);
                self.text.get_or_insert_with(|| String::from_utf8_lossy(bytes).into_owned());
            }
            Event::Length(field, range) => {
                let length = range.end.saturating_sub(range.start);
                match field {
                    4 => self.content = length,
                    5 => self.values = self.values.saturating_add(length / 4),
                    6 => self.values = self.values.saturating_add(length / 8),
                    8 => self.values = self.values.saturating_add(1),
                    // Numbers of up to ten bytes each.
                    7 | 10 | 11 | 13 | 16 | 17 => self.values = self.values.saturating_add(length.div_ceil(10)),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// What is wrong with it.
    pub fn fault(&self) -> Option<String> {
        let shape = signed(&self.shape);
        let Some(elements) = elements(&self.shape) else { return Some(format!("has the impossible shape {shape:?}")) };
        let Some((name, bytes)) = element(self.kind) else {
            return Some(format!("has the element type {}, which is unknown", self.kind));
        };
        if self.values > elements.max(1) {
            return Some(format!("gives {} values or more for the {elements} of its shape {shape:?}", self.values));
        }
        let needed = elements.checked_mul(bytes).filter(|_| bytes > 0)?;
        (self.content > 0 && self.content != needed)
            .then(|| format!("takes {} bytes, but shape {shape:?} of {name} needs {needed}", self.content))
    }
}
