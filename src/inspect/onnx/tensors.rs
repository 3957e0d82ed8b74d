//! Tensors of a model, dense and sparse: what they say of their data, here or in another file.

use super::inference::{UNKNOWN, Value};
use super::reading::{Open, Reading};
use super::schema::{Kind, element};
use super::tensor::whole;
use super::{EXTERNAL_PATH, MALFORMED, sparse};
use crate::inspect::archive::escapes;
use crate::model::Tensor;

impl Reading<'_, '_, '_, '_> {
    pub(super) fn external(&mut self, message: Open, end: u64) {
        let Some((_, tensor)) = self.open.last_mut() else { return };
        match message.name.as_str() {
            "location" => {
                let location = message.domain;
                tensor.external = true;
                tensor.outside.location.clone_from(&location);
                // The runtime's own mark for what is in memory already, which a file must not use.
                let what = if location.starts_with("*/_ORT_MEM_ADDR_/") {
                    Some("stands for an address in the memory of the runtime")
                } else if location.contains("://") || location.starts_with("file:") {
                    Some("is an address, not a file beside the model")
                } else if location.starts_with('~') {
                    Some("begins in somebody's home")
                } else {
                    escapes(&location)
                };
                if let Some(what) = what {
                    let message_text = format!("the data of a tensor lies at {location:?}, which {what}");
                    self.raise(&EXTERNAL_PATH, message.at, end, message_text);
                }
            }
            "offset" | "length" => match whole(&message.domain) {
                Ok(number) if message.name == "offset" => tensor.outside.offset = Some(number),
                Ok(number) => tensor.outside.length = Some(number),
                Err(what) => {
                    let what = format!("the {} of data in another file is {what}", message.name);
                    self.raise(&MALFORMED, message.at, end, what);
                }
            },
            _ => {}
        }
    }

    pub(super) fn tensor(&mut self, part: Kind, message: Open, end: u64) {
        let Open { at, name, dims, kind, data, external, outside, indices, skipped, raw, .. } = message;
        let shape: Vec<i64> = dims.iter().map(|dimension| dimension.cast_signed()).collect();
        let elements = dims.iter().try_fold(1u64, |product, dimension| {
            i64::try_from(*dimension).ok()?;
            product.checked_mul(*dimension).filter(|product| i64::try_from(*product).is_ok())
        });
        let known = element(kind);
        let needed = elements.zip(known).and_then(|(elements, (_, bits))| elements.checked_mul(bits));
        let bytes = needed.filter(|_| known.is_some_and(|(_, bits)| bits > 0)).map(|bits| bits.div_ceil(8));
        if external {
            self.model.take_outside(&outside.location, outside.offset, outside.length.or(bytes));
        }
        let wrong = match (known, elements, needed) {
            (None, ..) if kind == 0 && dims.is_empty() => None,
            (None, ..) => Some(format!("has the element type {}, which is unknown", kind.cast_signed())),
            (_, None, _) | (_, _, None) => Some(format!("has the impossible shape {shape:?}")),
            _ if external && outside.location.is_empty() => {
                Some("has data in another file and does not say where".to_owned())
            }
            _ if bytes.zip(outside.length).is_some_and(|(bytes, length)| bytes != length) => Some(format!(
                "takes {} bytes of another file, but its shape {shape:?} needs {}",
                outside.length.unwrap_or(0),
                bytes.unwrap_or(0)
            )),
            (_, Some(elements), _) => data.fault(kind, elements, external),
        };
        if let Some(what) = wrong {
            let shown = if shape.is_empty() { String::new() } else { format!(" of shape {shape:?}") };
            self.raise(&MALFORMED, at, end, format!("the tensor {name:?}{shown} {what}"));
        }
        // A length of zero tells nothing of what else is there.
        let lengths = dims.iter().map(|length| if *length == 0 { UNKNOWN } else { *length }).collect();
        let value = Value { kind: if known.is_some() { kind } else { 0 }, shape: Some(lengths) };
        match self.open.last_mut() {
            Some((Kind::Attribute, attribute)) => attribute.value = Some(value),
            Some((Kind::Sparse, sparse)) => {
                if part == Kind::Tensor {
                    sparse.name.clone_from(&name);
                } else {
                    sparse.indices = indices.or_else(|| sparse::numbers(&raw?, kind)).filter(|_| !skipped);
                }
                sparse.parts.push((part, dims.clone(), kind));
            }
            Some((Kind::Graph, _)) => {
                if name.is_empty() {
                    self.raise(&MALFORMED, at, end, "an initializer has no name".to_owned());
                }
                if let Some(names) = self.names.last_mut() {
                    names.initializers.push((at, name.clone()));
                    names.initial.push(value);
                }
            }
            _ => {}
        }
        if (self.scope.contents().tensors.len() as u64) < self.scope.limits.tensors && !name.is_empty() {
            let dtype = known.map_or_else(|| "?".to_owned(), |(name, _)| name.to_owned());
            self.scope.contents().tensors.push(Tensor { name, dtype, shape: dims, bytes: None });
        }
    }
}
