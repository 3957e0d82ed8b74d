//! Operators of the standard in each of their versions: how many inputs and outputs they have, which attributes, and of
//! which element types.
//!
//! Source: the schemas of ONNX 1.23. Models for a newer operator set than it knows are not held against them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The newest operator sets that the table knows: of the domain without a name, and of `ai.onnx.ml`.
const KNOWN: i64 = 28;
const KNOWN_ML: i64 = 5;

/// An attribute that a node has.
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its type (`AttributeProto.AttributeType`).
    pub kind: u64,
    /// Its value, if it is a whole number that the node itself gives.
    pub number: Option<i64>,
}

/// One version of an operator.
pub struct Version {
    /// The operator set it comes with.
    since: i64,
    /// From this set on there is no such operator.
    ended: bool,
    inputs: (usize, usize),
    outputs: (usize, usize),
    /// Attributes: name, letters of the types they may have, and whether they are needed.
    attributes: Vec<(&'static str, &'static str, bool)>,
    takes: Vec<&'static str>,
    gives: Vec<&'static str>,
    /// Variables of types, and the element types they may be, a bit each.
    variables: Vec<(&'static str, u32)>,
}

/// What is said of the element type of an input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// It is always this one.
    Fixed(u64),
    /// One of these, a bit each; the same wherever the name stands.
    Variable(&'static str, u32),
    /// Any of these, whatever others of the name are.
    Each(u32),
}

/// All versions of an operator, the oldest first.
pub struct Operator(Vec<Version>);

/// By domain and name, joined by a colon unless the domain is the one without a name.
static OPERATORS: LazyLock<HashMap<&'static str, Operator>> = LazyLock::new(|| {
    let mut operators: HashMap<&'static str, Operator> = HashMap::new();
    for (name, version) in include_str!("operators.txt").lines().filter_map(line) {
        operators.entry(name).or_insert_with(|| Operator(Vec::new())).0.push(version);
    }
    operators
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

/// Operators of which ONNX Runtime had versions before the standard did, or has them still.
static EARLIER: &[&str] = &["LayerNormalization", "MeanVarianceNormalization", "ThresholdedRelu", "Upsample"];

fn line(line: &'static str) -> Option<(&'static str, Version)> {
    let mut words = line.split(' ');
    let name = words.next().filter(|name| !name.starts_with('#'))?;
    let since = words.next()?;
    let mut number = || match words.next()? {
        "*" => Some(usize::MAX),
        number => number.parse().ok(),
    };
    let (inputs, outputs) = ((number()?, number()?), (number()?, number()?));
    let mut list = || words.next().map(|list| list.split(',').filter(|entry| *entry != "-"));
    let attributes = list()?.filter_map(|word| {
        let (name, types) = word.split_once(':')?;
        Some((name, types.trim_end_matches('!'), types.ends_with('!')))
    });
    let (attributes, takes, gives) = (attributes.collect(), list()?.collect(), list()?.collect());
    let variables = words.filter_map(|word| {
        let (name, mask) = word.split_once('=')?;
        Some((name, u32::from_str_radix(mask, 16).ok()?))
    });
    let variables = variables.collect();
    let (ended, since) = (since.ends_with('x'), since.trim_end_matches('x').parse().ok()?);
    Some((name, Version { since, ended, inputs, outputs, attributes, takes, gives, variables }))
}

/// The operator of that name. `None` where the domain is not of the standard, or has no such operator.
pub fn of(domain: &str, name: &str) -> Option<&'static Operator> {
    if domain.is_empty() { OPERATORS.get(name) } else { OPERATORS.get(format!("{domain}:{name}").as_str()) }
}

/// True for an operator that stands in a domain of the standard and is none.
pub fn is_missing(domain: &str, name: &str) -> bool {
    matches!(domain, "" | "ai.onnx.ml") && !name.is_empty() && of(domain, name).is_none() && !BESIDE.contains(&name)
}

/// The version of an operator that a model for that operator set means; `None` where that cannot be told.
pub fn version(domain: &str, name: &str, set: i64) -> Option<&'static Version> {
    let known = if domain.is_empty() { KNOWN } else { KNOWN_ML };
    let versions = &of(domain, name)?.0;
    versions.iter().rfind(|version| version.since <= set && !version.ended && set <= known)
}

/// What is wrong with a node of the standard, for a model of that operator set; without one it must fit any version.
pub fn fault(
    (domain, name): (&str, &str),
    set: Option<i64>,
    inputs: usize,
    outputs: usize,
    attributes: &[Given],
) -> Option<String> {
    let operator = of(domain, name)?;
    let known = if domain.is_empty() { KNOWN } else { KNOWN_ML };
    let Some(set) = set.filter(|set| (1..=known).contains(set)) else {
        let newer = set.is_some_and(|set| set > known);
        let mut faults = operator.0.iter().rev().map(|version| version.fault(inputs, outputs, attributes));
        let newest = faults.next().flatten();
        return newest.filter(|_| !newer && faults.all(|fault| fault.is_some()));
    };
    let earlier = EARLIER.contains(&name);
    match operator.0.iter().rfind(|version| version.since <= set) {
        None if earlier => None,
        None => {
            let first = operator.0.first().map_or(0, |version| version.since);
            Some(format!("is of an operator that comes with set {first}, the model is for set {set}"))
        }
        Some(version) if version.ended => {
            let ended = format!("is of an operator that there is no more from set {} on", version.since);
            (!earlier).then_some(ended)
        }
        Some(version) => {
            let fault = version.fault(inputs, outputs, attributes).filter(|_| !earlier);
            fault.map(|what| format!("{what} in the operator set {set}"))
        }
    }
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

impl Version {
    /// What is wrong with a node of it, which has so many inputs and outputs and these attributes.
    fn fault(&self, inputs: usize, outputs: usize, attributes: &[Given]) -> Option<String> {
        let outside = |n: usize, (least, most): (usize, usize)| n < least || n > most;
        if outside(inputs, self.inputs) {
            return Some(format!("has {inputs} inputs, which it never has"));
        }
        if outside(outputs, self.outputs) {
            return Some(format!("has {outputs} outputs, which it never has"));
        }
        if self.attributes.iter().any(|(name, ..)| *name == "value_floats") && attributes.is_empty() {
            return Some("has no value".to_owned());
        }
        let named = |name: &str| attributes.iter().find(|own| own.name == name);
        for (name, types, needed) in &self.attributes {
            match named(name) {
                None if *needed => return Some(format!("has no attribute {name:?}, which it needs")),
                Some(own) if letter(own.kind).is_some_and(|letter| !types.contains(letter)) => {
                    return Some(format!("has the attribute {name:?} of a type that it never has"));
                }
                _ => {}
            }
        }
        // ONNX and ONNX Runtime refuse what an operator does not know, but for names that they keep for themselves.
        let known = |name: &str| name.starts_with("__") || self.attributes.iter().any(|(known, ..)| *known == name);
        let unknown = attributes.iter().find(|own| !known(&own.name));
        unknown.map(|own| format!("has the attribute {:?}, which it does not have", own.name))
    }

    /// What is said of the type of an input, by its place.
    pub fn input(&self, place: usize) -> Option<ElementType> {
        self.element_type(&self.takes, place)
    }

    /// What is said of the type of an output, by its place.
    pub fn output(&self, place: usize) -> Option<ElementType> {
        self.element_type(&self.gives, place)
    }

    fn element_type(&self, list: &[&'static str], place: usize) -> Option<ElementType> {
        // Only the last can stand for several.
        let word = list.get(place).or_else(|| list.last().filter(|last| last.ends_with(['*', '+'])))?;
        let name = word.trim_end_matches(['*', '+']);
        if let Ok(number) = name.parse() {
            return Some(ElementType::Fixed(number));
        }
        let (name, mask) = self.variables.iter().find(|(own, _)| *own == name)?;
        Some(if word.ends_with('+') { ElementType::Each(*mask) } else { ElementType::Variable(name, *mask) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, kind: u64) -> Given {
        Given { name: name.to_owned(), kind, number: None }
    }

    #[test]
    fn every_line_is_a_version() {
        let lines = include_str!("operators.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(OPERATORS.values().map(|operator| operator.0.len()).sum::<usize>(), lines);
        let wrong = |name, set, inputs, attributes: &[Given]| fault(("", name), set, inputs, 1, attributes).is_some();
        assert!(!wrong("LeakyRelu", Some(16), 1, &[given("alpha", 1)]));
        assert!(wrong("LeakyRelu", None, 2, &[]) && wrong("LeakyRelu", None, 1, &[given("alpha", 3)]));
        assert!(!wrong("Concat", Some(13), 40, &[given("axis", 2)]) && wrong("Concat", Some(13), 2, &[]));
        assert!(!wrong("Squeeze", Some(13), 2, &[]) && wrong("Squeeze", Some(11), 2, &[]));
        assert!(!wrong("Squeeze", None, 2, &[]) && !wrong("Squeeze", Some(99), 3, &[]));
        assert!(wrong("Gelu", Some(13), 1, &[]) && !wrong("Gelu", Some(20), 1, &[]));
        assert!(!wrong("LayerNormalization", Some(11), 3, &[]));
        assert!(is_missing("", "Addx") && !is_missing("", "Scale") && !is_missing("com.microsoft", "Gelu"));
    }

    #[test]
    fn element_types_are_those_of_the_version() {
        let concat = version("", "Concat", 13).unwrap();
        assert_eq!(concat.input(7), concat.output(0));
        assert!(matches!(version("", "And", 13).unwrap().input(1), Some(ElementType::Variable("T", 0x200))));
        assert_eq!(version("", "Squeeze", 13).unwrap().input(1), Some(ElementType::Fixed(7)));
        assert!(version("", "Squeeze", 99).is_none());
    }
}
