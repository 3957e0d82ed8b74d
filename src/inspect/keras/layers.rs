//! Layers of a model of Keras: whether their configurations are of the form that Keras takes, and whether the weights have
//! the arrays that dense layers need.
//!
//! Source: `keras/src/layers/core/dense.py`, `input_layer.py`, `saving/serialization_lib.py` and `saving_lib.py` of Keras 3.
//! Not looked at: arrays of other layers, of layers inside of layers, and which array belongs to which layer.

use std::collections::BTreeMap;

use super::KERAS_MALFORMED;
use crate::inspect::Scope;
use crate::inspect::json::Tree;
use crate::weigh::View;

/// What is wrong with a layer of a model, if anything.
pub fn fault(layer: &Tree) -> Option<&'static str> {
    let Some(class) = layer.get("class_name").and_then(Tree::text) else {
        return Some("has a layer that names no class");
    };
    match layer.get("config") {
        // Old versions wrote the list of layers itself.
        Some(Tree::Array(_)) if class == "Sequential" => None,
        None | Some(Tree::Object(_)) => layer.get("config").and_then(|config| values(class, config)),
        Some(_) => Some("has a layer whose \"config\" is no object"),
    }
}

fn values(class: &str, config: &Tree) -> Option<&'static str> {
    let counted = matches!(class, "Dense" | "LSTM" | "GRU" | "SimpleRNN");
    let positive = |units: &Tree| matches!(units, Tree::Number(number) if number.parse().is_ok_and(|n: f64| n >= 1.0));
    if counted && config.get("units").is_some_and(|units| !positive(units)) {
        return Some("has a layer whose number of units is no number above zero");
    }
    let odd = |length: &Tree| match length {
        Tree::String(_) | Tree::Bool(_) => true,
        Tree::Number(number) => number.starts_with('-'),
        _ => false,
    };
    let shape = |shape: &Tree| matches!(shape, Tree::String(_) | Tree::Bool(_) | Tree::Number(_));
    let shapes = ["batch_shape", "batch_input_shape"].into_iter().filter_map(|name| config.get(name));
    if shapes.into_iter().any(|value| shape(value) || value.values().iter().any(odd)) {
        return Some("has a layer whose shape is no list of lengths");
    }
    let dtype = config.get("dtype").and_then(Tree::text);
    dtype.is_some_and(is_no_type).then_some("has a layer of a type of numbers that there is not")
}

/// True for names like `float77`.
fn is_no_type(name: &str) -> bool {
    let letters = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let bits = &name[letters.len()..];
    let known = match letters {
        "float" => matches!(bits, "16" | "32" | "64" | ""),
        "bfloat" => bits == "16",
        "int" | "uint" => matches!(bits, "2" | "4" | "8" | "16" | "32" | "64" | ""),
        "complex" => matches!(bits, "64" | "128" | ""),
        _ => true,
    };
    !known
}

/// Shapes of the arrays that dense layers of a model have, each with what it is of. Only layers that were built have
/// any, and those that were quantized have others.
pub fn promises(model: &Tree) -> Vec<(Vec<u64>, String)> {
    let listed = matches!(model.get("class_name").and_then(Tree::text), Some("Sequential" | "Functional"));
    let layers = model.get("config").and_then(|config| config.get("layers")).filter(|_| listed);
    layers.map_or_else(Vec::new, |layers| layers.values().iter().filter_map(dense).flatten().collect())
}

/// Dense layers of a model, as HDF5 files have them: their names, and how many units they have. Old versions of Keras name
/// no module; a layer of a user would be of another class than this.
pub fn dense_units(model: &Tree) -> Vec<(String, u64)> {
    let config = model.get("config");
    let layers = config.and_then(|config| config.get("layers")).or(config).map_or(&[][..], Tree::values);
    let units = layers.iter().filter_map(|layer| {
        let own = matches!(layer.get("module").map(Tree::text), None | Some(Some("keras.layers")));
        let config =
            layer.get("config").filter(|_| own && layer.get("class_name").and_then(Tree::text) == Some("Dense"))?;
        let policy = config.get("dtype").and_then(|policy| policy.get("class_name")).and_then(Tree::text);
        let plain = !is_quantized(config) && policy.is_none_or(|class| class == "DTypePolicy");
        let name = config.get("name").and_then(Tree::text).filter(|_| plain)?;
        Some((name.to_owned(), config.get("units")?.number()?))
    });
    units.collect()
}

fn is_given(config: &Tree, name: &str) -> bool {
    config.get(name).is_some_and(|value| !matches!(value, Tree::Null))
}

/// True for a layer whose arrays are packed.
fn is_quantized(config: &Tree) -> bool {
    is_given(config, "quantization_config") || is_given(config, "quantization_mode")
}

fn dense(layer: &Tree) -> Option<Vec<(Vec<u64>, String)>> {
    let text = |tree: &Tree, name: &str| tree.get(name).and_then(Tree::text).map(str::to_owned);
    let own = text(layer, "module")? == "keras.layers" && text(layer, "class_name")? == "Dense";
    let config = layer.get("config").filter(|_| own)?;
    let plain = match config.get("dtype")? {
        Tree::String(name) => matches!(name.as_str(), "float32" | "float16" | "bfloat16" | "float64"),
        policy => text(policy, "class_name")? == "DTypePolicy",
    };
    if !plain || is_quantized(config) || is_given(config, "lora_rank") {
        return None;
    }
    let width = layer.get("build_config")?.get("input_shape")?.values().last()?.number()?;
    let units = config.get("units")?.number()?;
    let name = text(config, "name").unwrap_or_default();
    let mut shapes = vec![(vec![width, units], format!("the kernel of the layer {name:?}"))];
    if !matches!(config.get("use_bias"), Some(Tree::Bool(false))) {
        shapes.push((vec![units], format!("the bias of the layer {name:?}")));
    }
    Some(shapes)
}

/// Holds the arrays that the configuration promises against those that the weights have.
pub fn compare(view: &View<'_>, scope: &mut Scope<'_>) {
    let (promised, arrays) = (std::mem::take(&mut scope.promised), scope.arrays.take());
    let Some(arrays) = arrays else { return };
    let mut left: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
    for shape in arrays {
        *left.entry(shape).or_default() += 1;
    }
    for (shape, what) in promised {
        match left.get_mut(&shape).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => {
                let message = format!("the weights have no array of the shape {shape:?}, which {what} has");
                scope.raise(&KERAS_MALFORMED, view, 0..0, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_numbers() {
        for name in ["float32", "float8_e4m3fn", "mixed_float16", "bool", "string", "uint8", "int", "_infer"] {
            assert!(!is_no_type(name), "{name}");
        }
        assert!(is_no_type("float77") && is_no_type("int7") && is_no_type("bfloat32"));
    }
}
