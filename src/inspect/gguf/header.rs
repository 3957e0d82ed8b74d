//! Keys with their values, then the list of tensors.
//!
//! Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::collections::BTreeSet;

use super::keys::{Keys, LIST, TEXT, TRUTH};
use super::source::{Source, Stop};
use super::types::{is_removed, numbered};
use super::{DUPLICATE, MALFORMED, UNKNOWN_TYPE};
use crate::inspect::safetensors::{TENSOR_NAME_UNSAFE, odd_name};
use crate::inspect::{Scope, chat_template};
use crate::weigh::View;

/// Dimensions that ggml has.
const DIMENSIONS: u32 = 4;
/// Arrays in arrays that are followed; loaders follow none.
const NESTED: u32 = 1;
/// Longest value that is listed as metadata, in bytes.
const LISTED: usize = 4096;
/// Keys whose lists of texts are listed, a line each.
const LISTS: [&str; 3] = ["general.datasets", "general.languages", "general.tags"];
/// Longest chat template that is listed: a bill of materials names it by digest.
const TEMPLATE: usize = 1 << 20;
/// Longest key, in bytes, of the specification.
const KEY: usize = 65_535;
/// Bytes of a tensor's name with the zero behind it, in ggml (`GGML_MAX_NAME`).
const NAME: usize = 64;
/// The same in programs for picture models, which are built with a longer one.
const PICTURE_NAME: usize = 128;

/// A tensor as the list describes it.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Where its entry stands in the file.
    pub at: std::ops::Range<u64>,
    /// Dimensions as stored, innermost first.
    pub shape: Vec<u64>,
    /// Number of its type.
    pub kind: u32,
    /// Offset in the data.
    pub offset: u64,
}

/// Reads keys and values; what is wrong is raised.
pub fn keys(source: &mut Source<'_>, count: u64, view: &View<'_>, scope: &mut Scope<'_>) -> Result<Keys, Stop> {
    let mut seen = BTreeSet::new();
    let mut keys = Keys::default();
    for _ in 0..count {
        let start = source.position();
        let key = source.text()?;
        let kind = source.u32()?;
        let mut value = Value::default();
        source.invalid = false;
        read(source, kind, 0, &mut value)?;
        let range = start..source.position();
        if source.invalid && kind == TEXT {
            scope.raise(&MALFORMED, view, range.clone(), format!("the value of {key:?} is not UTF-8"));
        }
        keys.meet(&key, kind, &value, &range, view, scope);
        let template = key == "tokenizer.chat_template" || key.starts_with("tokenizer.chat_template.");
        if template {
            for template in &value.texts {
                chat_template::of_weights(template, view, scope);
            }
        }
        if key.is_empty() || key.len() > KEY || key.contains(|c: char| c.is_control() || c == '\u{fffd}') {
            let shown: String = key.chars().take(64).collect();
            scope.raise(&MALFORMED, view, range.clone(), format!("the key {shown:?} is no name"));
        }
        let list = LISTS.contains(&key.as_str()) && value.texts.len() > 1;
        let listed =
            if list { Some(value.texts.join("\n")) } else { value.listed(if template { TEMPLATE } else { LISTED }) };
        if let Some(text) = listed.filter(|text| template || text.len() <= LISTED) {
            scope.contents().metadata.insert(key.clone(), text);
        }
        if !seen.insert(key.clone()) {
            scope.raise(&DUPLICATE, view, range, format!("the key {key:?} occurs twice"));
        }
    }
    keys.close(view, scope);
    Ok(keys)
}

/// What is kept of a value.
#[derive(Default)]
pub struct Value {
    pub number: Option<u64>,
    shown: Option<String>,
    pub texts: Vec<String>,
    /// Elements, if it is an array.
    pub length: Option<u64>,
}

impl Value {
    fn listed(mut self, limit: usize) -> Option<String> {
        let text = if self.texts.len() == 1 { self.texts.pop() } else { self.shown };
        text.filter(|text| text.len() <= limit)
    }
}

fn read(source: &mut Source<'_>, kind: u32, depth: u32, value: &mut Value) -> Result<(), Stop> {
    let shown = match kind {
        0 => integer(value, source.u8()?.into()),
        1 => i8::from_le_bytes([source.u8()?]).to_string(),
        2 => integer(value, source.u16()?.into()),
        3 => source.u16()?.cast_signed().to_string(),
        4 => integer(value, source.u32()?.into()),
        5 => source.u32()?.cast_signed().to_string(),
        6 => f32::from_bits(source.u32()?).to_string(),
        7 => match source.u8()? {
            0 => "false".to_owned(),
            1 => "true".to_owned(),
            other => return Err(Stop::Malformed(format!("a truth value is {other}"))),
        },
        TEXT => {
            let text = source.text()?;
            // Lists of tokens are long; what can be a template is among the first.
            if value.texts.len() < 64 {
                value.texts.push(text);
            }
            return Ok(());
        }
        LIST => return array(source, depth, value),
        10 => integer(value, source.u64()?),
        11 => source.u64()?.cast_signed().to_string(),
        12 => f64::from_bits(source.u64()?).to_string(),
        other => return Err(Stop::Malformed(format!("a value has the type {other}, which does not exist"))),
    };
    value.shown = Some(shown);
    Ok(())
}

fn integer(value: &mut Value, number: u64) -> String {
    value.number = Some(number);
    number.to_string()
}

fn array(source: &mut Source<'_>, depth: u32, value: &mut Value) -> Result<(), Stop> {
    let kind = source.u32()?;
    let length = source.count()?;
    let width = match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        8 => 4,
        9 if depth < NESTED => 8,
        9 => return Err(Stop::Malformed(format!("arrays are nested more than {NESTED} deep"))),
        other => return Err(Stop::Malformed(format!("an array holds the type {other}, which does not exist"))),
    };
    if length.checked_mul(width).is_none_or(|bytes| bytes > source.left()) {
        return Err(Stop::Malformed(format!("an array has {length} elements, {} bytes are left", source.left())));
    }
    if depth == 0 {
        value.length = Some(length);
    }
    if !matches!(kind, TRUTH | TEXT | LIST) {
        return source.skip(length * width);
    }
    for _ in 0..length {
        read(source, kind, depth + 1, value)?;
    }
    value.shown = None;
    Ok(())
}

/// Reads the list of tensors; what is wrong with single entries is raised. `picture` says that the model is one of those
/// whose programs allow longer names.
pub fn tensors(
    source: &mut Source<'_>,
    count: u64,
    picture: bool,
    view: &View<'_>,
    scope: &mut Scope<'_>,
) -> Result<Vec<Entry>, (Stop, Vec<Entry>)> {
    let mut entries = Vec::new();
    let mut names = BTreeSet::new();
    for _ in 0..count {
        let start = source.position();
        let entry = match entry(source) {
            Ok(entry) => entry,
            Err(stop) => return Err((stop, entries)),
        };
        if !names.insert(entry.name.clone()) {
            let message = format!("two tensors are called {:?}", entry.name);
            scope.raise(&DUPLICATE, view, start..source.position(), message);
        }
        judge(&entry, picture, view, scope);
        if entries.len() as u64 >= scope.limits.tensors {
            scope.limit("tensors", scope.limits.tensors, view);
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// What is wrong with one entry by itself.
fn judge(entry: &Entry, picture: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let (name, range) = (&entry.name, entry.at.clone());
    if name.is_empty() || name.contains('\u{fffd}') {
        scope.raise(&MALFORMED, view, range.clone(), format!("the tensor name {name:?} is empty or not UTF-8"));
    }
    let most = if picture || is_of_picture(name) { PICTURE_NAME } else { NAME };
    if name.len() >= most {
        let shown: String = name.chars().take(80).collect();
        let message = format!("the tensor name {shown:?} has {} bytes, loaders take {}", name.len(), most - 1);
        scope.raise(&MALFORMED, view, range.clone(), message);
    }
    if let Some(what) = odd_name(name) {
        scope.raise(&TENSOR_NAME_UNSAFE, view, range.clone(), format!("the tensor name {name:?} {what}"));
    }
    match numbered(entry.kind) {
        None => {
            let message = format!("{name:?} has the element type {}, which is unknown", entry.kind);
            scope.raise(&UNKNOWN_TYPE, view, range, message);
        }
        Some(kind) if is_removed(entry.kind) => {
            let message = format!("{name:?} has the element type {} ({}), which ggml removed", entry.kind, kind.name);
            scope.raise(&UNKNOWN_TYPE, view, range, message);
        }
        Some(_) => {}
    }
}

/// True for the tensor names of Stable Diffusion, whose programs write no architecture and take longer names.
pub fn is_of_picture(name: &str) -> bool {
    let begins = ["model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "conditioner.", "vae.", "unet."];
    begins.iter().any(|begin| name.starts_with(begin))
}

fn entry(source: &mut Source<'_>) -> Result<Entry, Stop> {
    let start = source.position();
    let name = source.text()?;
    let dimensions = source.u32()?;
    if dimensions > DIMENSIONS {
        return Err(Stop::Malformed(format!("{name:?} has {dimensions} dimensions, {DIMENSIONS} are possible")));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        shape.push(source.count()?);
    }
    let (kind, offset) = (source.u32()?, source.u64()?);
    Ok(Entry { name, at: start..source.position(), shape, kind, offset })
}
