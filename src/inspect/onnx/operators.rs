//! Operators of the standard: how many inputs and outputs they have, and their attributes.
//!
//! Source: the schemas of ONNX 1.23, all versions of an operator together, so that nothing is refused that some version
//! allows.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of one operator.
pub struct Operator {
    inputs: (usize, usize),
    outputs: (usize, usize),
    /// Attributes: name, letters of the types it may have, and whether every version needs it.
    attributes: Vec<(&'static str, &'static str, bool)>,
}

/// By domain and name, joined by a colon unless the domain is the one without a name.
static OPERATORS: LazyLock<HashMap<&'static str, Operator>> = LazyLock::new(|| {
    let lines = include_str!("operators.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(line).collect()
});

/// Those that runtimes know in the domain of the standard although it never had them, or has them no more.
static BESIDE: &[&str] = &[
    "ATen",
    "Affine",
    "ConstantFill",
    "Crop",
    "DynamicSlice",
    "GRUUnit",
    "GivenTensorFill",
    "ImageScaler",
    "MemcpyFromHost",
    "MemcpyToHost",
    "ParametricSoftplus",
    "Scale",
    "ScaledTanh",
    "SimplifiedLayerNormalization",
];

fn line(line: &'static str) -> Option<(&'static str, Operator)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let mut number = || match words.next()? {
        "*" => Some(usize::MAX),
        number => number.parse().ok(),
    };
    let (inputs, outputs) = ((number()?, number()?), (number()?, number()?));
    let attributes = words.filter_map(|word| {
        let (name, types) = word.split_once(':')?;
        Some((name, types.trim_end_matches('!'), types.ends_with('!')))
    });
    Some((name, Operator { inputs, outputs, attributes: attributes.collect() }))
}

/// The operator of that name. `None` where the domain is not of the standard, or has no such operator.
pub fn of(domain: &str, name: &str) -> Option<&'static Operator> {
    if domain.is_empty() { OPERATORS.get(name) } else { OPERATORS.get(format!("{domain}:{name}").as_str()) }
}

/// True for an operator that stands in a domain of the standard and is none.
pub fn is_missing(domain: &str, name: &str) -> bool {
    matches!(domain, "" | "ai.onnx.ml") && !name.is_empty() && of(domain, name).is_none() && !BESIDE.contains(&name)
}

/// The letter of a type (`AttributeProto.AttributeType`).
const fn letter(kind: u64) -> Option<char> {
    Some(match kind {
        1 => 'f',
        2 => 'i',
        3 => 's',
        4 => 't',
        5 => 'g',
        6 => 'F',
        7 => 'I',
        8 => 'S',
        9 => 'T',
        10 => 'G',
        11 => 'p',
        12 => 'P',
        13 => 'y',
        14 => 'Y',
        _ => return None,
    })
}

impl Operator {
    /// What is wrong with a node of it, which has so many inputs and outputs and these attributes, each with its type.
    pub fn fault(&self, inputs: usize, outputs: usize, attributes: &[(String, u64)]) -> Option<String> {
        let outside = |n: usize, (least, most): (usize, usize)| n < least || n > most;
        if outside(inputs, self.inputs) {
            return Some(format!("has {inputs} inputs, which no version of it has"));
        }
        if outside(outputs, self.outputs) {
            return Some(format!("has {outputs} outputs, which no version of it has"));
        }
        if self.attributes.iter().any(|(name, ..)| *name == "value_floats") && attributes.is_empty() {
            return Some("has no value".to_owned());
        }
        let named = |name: &str| attributes.iter().find(|(own, _)| own == name);
        for (name, types, needed) in &self.attributes {
            match named(name) {
                None if *needed => return Some(format!("has no attribute {name:?}")),
                Some((_, kind)) if letter(*kind).is_some_and(|letter| !types.contains(letter)) => {
                    return Some(format!("has the attribute {name:?} of a type that it never has"));
                }
                _ => {}
            }
        }
        // ONNX and ONNX Runtime refuse what no version knows, but for names that they keep for themselves.
        let known = |name: &str| name.starts_with("__") || self.attributes.iter().any(|(known, ..)| *known == name);
        let unknown = attributes.iter().find(|(name, _)| !known(name));
        unknown.map(|(name, _)| format!("has the attribute {name:?}, which no version of it has"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_operator() {
        let lines = include_str!("operators.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(OPERATORS.len(), lines);
        let relu = of("", "LeakyRelu").unwrap();
        assert_eq!(relu.fault(1, 1, &[("alpha".to_owned(), 1)]), None);
        assert!(relu.fault(2, 1, &[]).is_some() && relu.fault(1, 1, &[("alpha".to_owned(), 3)]).is_some());
        assert!(of("", "Concat").is_some_and(|concat| concat.fault(40, 1, &[("axis".to_owned(), 2)]).is_none()));
        assert!(is_missing("", "Addx") && !is_missing("", "Scale") && !is_missing("com.microsoft", "Gelu"));
    }
}
