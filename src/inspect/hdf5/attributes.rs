//! Attributes: texts where Keras keeps what a model is, and pickles, which PyTables loads.

use std::collections::BTreeMap;

use super::SEARCHED;
use super::dataset::rows;
use super::datatype::Class;
use super::fields::Held;
use super::file::File;
use super::messages::Attribute;
use crate::inspect::json::{self, Tree};
use crate::inspect::keras::{self, KERAS_MALFORMED};
use crate::inspect::{Scope, pickle};
use crate::weigh::View;

/// Longest text that is read.
const LONGEST: u64 = 16 << 20;
/// Bytes of names and texts that are kept.
const KEPT: usize = 64 << 20;
/// Texts of one attribute that are read.
const TEXTS: usize = 65_536;

/// Texts of one attribute.
struct Texts {
    /// `None` if the attribute holds something else.
    values: Option<Vec<String>>,
    at: u64,
}

/// What attributes and links say of a model of Keras.
#[derive(Default)]
pub struct Attributes {
    /// Links of groups: where they lead, if that is known.
    groups: BTreeMap<u64, BTreeMap<String, Option<u64>>>,
    /// Shapes of datasets.
    datasets: BTreeMap<u64, Vec<u64>>,
    texts: BTreeMap<(u64, String), Texts>,
    kept: usize,
}

impl Attributes {
    /// A link of a group.
    pub fn link(&mut self, group: u64, name: String, object: Option<u64>) {
        self.kept = self.kept.saturating_add(name.len() + 64);
        if self.kept < KEPT {
            self.groups.entry(group).or_default().insert(name, object);
        }
    }

    /// An object is a dataset.
    pub fn dataset(&mut self, at: u64, shape: &[u64]) {
        self.kept = self.kept.saturating_add(shape.len() * 8);
        self.datasets.insert(at, if self.kept < KEPT { shape.to_vec() } else { Vec::new() });
    }

    /// An attribute of an object.
    pub fn add(&mut self, object: u64, found: Attribute, file: &File<'_, '_>, scope: &mut Scope<'_>) -> Held<()> {
        rows(&found.kind, &found.value, found.at, file)?;
        if matches!(found.kind.class, Class::Text | Class::Opaque) {
            let step = usize::try_from(found.kind.size).unwrap_or(usize::MAX).max(1);
            for value in found.value.chunks(step).take(1024) {
                unpickled(&found.name, value, file.view, scope);
            }
        }
        let name = found.name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let listed = matches!(name, "layer_names" | "weight_names" | "keras_version" | "backend");
        let configured = matches!(name, "model_config" | "training_config");
        if !listed && !configured && file.view.len() <= SEARCHED {
            return Ok(());
        }
        let values = texts(&found, file)?;
        for text in values.iter().flatten().filter(|text| text.starts_with('{') && file.view.len() > SEARCHED) {
            // Small files are searched as a whole, so that what is found here would be said twice.
            if let Some(tree) = Tree::read(text.as_bytes(), 512) {
                keras::inspect(&tree, file.view, scope);
            }
        }
        self.kept = self.kept.saturating_add(values.iter().flatten().map(|text| text.len() + 64).sum());
        if (listed || configured) && self.kept < KEPT {
            self.texts.insert((object, found.name), Texts { values, at: found.at });
        }
        Ok(())
    }

    /// Holds the attributes of Keras against each other and against the groups that they name.
    /// Source: keras/src/legacy/saving/legacy_h5_format.py.
    pub fn judge(&self, root: u64, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut wrong = Vec::new();
        // Attributes of these names mean nothing in files of others.
        let keras = |(_, name): &(u64, String)| matches!(name.as_str(), "keras_version" | "model_config");
        if !self.texts.keys().any(keras) {
            return;
        }
        if self.kept >= KEPT {
            return scope.limit("hdf5-attributes", KEPT as u64, view);
        }
        for ((object, name), texts) in &self.texts {
            let what = match name.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
                "layer_names" => self.names(*object, texts, true),
                "weight_names" => self.names(*object, texts, false),
                "keras_version" | "backend" => match &texts.values {
                    Some(values) if values.iter().all(|value| !value.is_empty()) => None,
                    _ => Some("is no text".to_owned()),
                },
                _ if *object == root => configuration(name, texts),
                _ => None,
            };
            wrong.extend(what.map(|what| (texts.at, format!("the attribute {name:?} {what}"))));
        }
        let weights = self.groups.get(&root).is_some_and(|links| links.contains_key("model_weights"));
        if weights && !self.texts.contains_key(&(root, "model_config".to_owned())) {
            let at = self.texts.values().next().map_or(0, |texts| texts.at);
            wrong.push((at, "the file has a group \"model_weights\", as models have, and no model".to_owned()));
        }
        if let Some(model) = self.texts.get(&(root, "model_config".to_owned())).filter(|_| !weights) {
            wrong.push((model.at, "the file has a model and no group \"model_weights\"".to_owned()));
        }
        let odd = self.model(root).and_then(|model| self.units(root, &model));
        wrong.extend(odd.map(|what| (0, what)));
        for (at, what) in wrong {
            scope.raise(&KERAS_MALFORMED, view, at..at, what);
        }
    }

    /// The configuration of the model that the file holds, if it has one.
    pub fn model(&self, root: u64) -> Option<Tree> {
        let texts = self.texts.get(&(root, "model_config".to_owned()))?;
        let [text] = texts.values.as_deref()? else { return None };
        json::whole(text.as_bytes())
    }

    /// A dense layer whose arrays are for another number of units than the model says, if there is one.
    fn units(&self, root: u64, model: &Tree) -> Option<String> {
        keras::dense_units(model).into_iter().find_map(|(layer, units)| {
            let weights = self.find(root, "model_weights").ok()??;
            let group = self.find(weights, &layer).ok()??;
            let texts = self.texts.get(&(group, "weight_names".to_owned()))?;
            texts.values.iter().flatten().find_map(|name| {
                let last = name.rsplit('/').next().unwrap_or(name).trim_end_matches(":0");
                let shape = self.datasets.get(&self.find(group, name).ok()??)?;
                let width = shape.last().filter(|width| **width != units && matches!(last, "kernel" | "bias"))?;
                Some(format!("the {last} of the layer {layer:?} is for {width} units, the layer has {units}"))
            })
        })
    }

    /// True if the group of a layer says which weights it has. Long lists are cut into several attributes.
    fn lists_weights(&self, layer: u64) -> bool {
        ["weight_names", "weight_names0"].iter().any(|name| self.texts.contains_key(&(layer, (*name).to_owned())))
    }

    fn names(&self, group: u64, texts: &Texts, layers: bool) -> Option<String> {
        let Some(names) = &texts.values else { return Some("is no list of texts".to_owned()) };
        names.iter().find_map(|name| match self.find(group, name) {
            Err(()) => Some(format!("names {name:?}, which is not there")),
            Ok(Some(found)) if self.datasets.contains_key(&found) == layers => {
                Some(format!("names {name:?}, which is no {}", if layers { "group" } else { "dataset" }))
            }
            Ok(Some(found)) if layers && self.kept < KEPT && !self.lists_weights(found) => {
                Some(format!("names {name:?}, a group that does not list its weights"))
            }
            Ok(_) => None,
        })
    }

    /// Where a path leads; `None` if that is not known.
    fn find(&self, group: u64, path: &str) -> Result<Option<u64>, ()> {
        if self.kept >= KEPT {
            return Ok(None);
        }
        let mut at = group;
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            match self.groups.get(&at).and_then(|links| links.get(part)) {
                Some(Some(next)) => at = *next,
                Some(None) => return Ok(None),
                None => return Err(()),
            }
        }
        if path.is_empty() { Err(()) } else { Ok(Some(at)) }
    }
}

/// What is wrong with an attribute that is read as JSON, if anything.
fn configuration(name: &str, texts: &Texts) -> Option<String> {
    let Some([text]) = texts.values.as_deref() else { return Some("is no text".to_owned()) };
    let tree = json::whole(text.as_bytes());
    let what = match (name, &tree) {
        (_, None) => Some("is not JSON"),
        (_, Some(tree)) if !matches!(tree, Tree::Object(_)) => Some("is not an object of JSON"),
        ("model_config", Some(tree)) => keras::model(tree),
        _ => None,
    };
    what.map(str::to_owned)
}

/// The texts of an attribute; `None` if it holds something else.
fn texts(found: &Attribute, file: &File<'_, '_>) -> Held<Option<Vec<String>>> {
    let step = usize::try_from(found.kind.size).unwrap_or(usize::MAX).max(1);
    let values = found.value.chunks_exact(step).take(TEXTS);
    let read = |bytes: &[u8]| {
        let end = bytes.iter().rposition(|byte| !matches!(byte, 0)).map_or(0, |last| last + 1);
        String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
    };
    match found.kind.class {
        Class::Text => Ok(Some(values.map(read).collect())),
        Class::Row { text: true, .. } => {
            let (mut texts, mut read_so_far) = (Vec::new(), 0);
            for reference in values {
                if read_so_far > KEPT {
                    break;
                }
                let mut fields = file.fields(reference, found.at, "a reference to a text");
                let length = fields.number(4)?;
                let heap = fields.address()?;
                let index = fields.number(4)?;
                let text = match heap.filter(|_| length > 0) {
                    Some(heap) => file.global(heap, index, length.min(LONGEST))?,
                    None => Some(Vec::new()),
                };
                read_so_far += text.as_ref().map_or(0, Vec::len);
                texts.extend(text.map(|text| read(&text)));
            }
            Ok(Some(texts))
        }
        // Nothing is a list of no texts, whatever its type.
        _ if found.value.is_empty() && !found.space.none => Ok(Some(Vec::new())),
        _ => Ok(None),
    }
}

/// Looks at bytes that PyTables unpickles: a text that ends in a full stop (`tables/attributeset.py`), a row of a
/// dataset of objects, or what begins as a pickle does.
pub fn unpickled(name: &str, bytes: &[u8], view: &View<'_>, scope: &mut Scope<'_>) {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = bytes.get(..end).unwrap_or_default();
    let member = view.decompressed(name, bytes);
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let marked = matches!(bytes, [0x80, 2..=5, _, ..]);
    if marked && pickle::looks_like_pickle(head, &member) {
        pickle::inspect_pickle(&member, scope);
    } else if marked || (bytes.len() > 2 && bytes.ends_with(b".") && names_something(bytes)) {
        pickle::suspect(&member, scope);
    }
}

/// True if there may be an opcode that imports: its names end in line feeds, or it takes them from the stack.
fn names_something(bytes: &[u8]) -> bool {
    bytes.contains(&b'\n') && bytes.iter().any(|byte| matches!(byte, b'c' | b'i')) || bytes.contains(&0x93)
}
