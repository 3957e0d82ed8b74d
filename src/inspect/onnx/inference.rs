//! Types and shapes of values, as far as a graph fixes them: those of initializers, of its inputs, and what nodes make of
//! them.
//!
//! A node that takes types or shapes which its operator refuses can never be run; ONNX and ONNX Runtime refuse the model.
//! Source: the schemas of ONNX, and its inference of shapes. Not looked at: what a graph in an attribute takes from around
//! it, functions, sequences and maps, and shapes behind operators that are not among those in [`super::shapes`].

use std::collections::HashMap;

use super::names::{Links, Names};
use super::operators::{self, ElementType, Version};
use super::schema::element;
use super::shapes;

/// Faults of one graph that are told.
const TOLD: usize = 20;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Its element type, 0 if it is not known or the value is no tensor.
    pub kind: u64,
    /// Its shape, if its rank is known; lengths that are not are [`UNKNOWN`].
    pub shape: Option<Vec<u64>>,
}

/// A length that is not known.
pub const UNKNOWN: u64 = u64::MAX;

/// What contradicts itself in a graph, and where. `sets` are the operator sets of the model; `inner` says that the graph
/// stands in an attribute, where shapes of inputs may differ from one run to the next.
pub fn contradictions(names: &Names, sets: &dyn Fn(&str) -> Option<i64>, inner: bool) -> Vec<(u64, String)> {
    let mut faults = Vec::new();
    let mut values: HashMap<&str, Value> = HashMap::new();
    for (name, value) in &names.typed_inputs {
        let shape = value.shape.clone().filter(|_| !inner);
        values.insert(name, Value { kind: value.kind, shape });
    }
    for ((at, name), value) in names.initializers.iter().zip(&names.initial) {
        let declared = values.get(name.as_str()).map_or(0, |value| value.kind);
        if declared != 0 && value.kind != 0 && declared != value.kind {
            let (declared, own) = (called(declared), called(value.kind));
            faults.push((*at, format!("the input {name:?} is of {declared}, its initializer of {own}")));
        }
        values.insert(name, value.clone());
    }
    for node in &names.nodes {
        if faults.len() >= TOLD {
            return faults;
        }
        let version = sets(&node.domain).and_then(|set| operators::version(&node.domain, &node.operator, set));
        let Some(version) = version else { continue };
        let inputs: Vec<Option<&Value>> = node.inputs.iter().map(|name| values.get(name.as_str())).collect();
        let mut results = Vec::new();
        match types(node, version, &inputs) {
            Ok(kinds) => results.extend(kinds.into_iter().map(|kind| Value { kind, shape: None })),
            Err(what) => faults.push((node.at, format!("a node of the operator {:?} {what}", node.operator))),
        }
        let set = sets(&node.domain).filter(|_| node.domain.is_empty());
        match set.map_or(Ok(None), |set| shapes::first(node, set, &inputs)) {
            Ok(shape) => {
                if let Some(first) = results.first_mut() {
                    first.shape = shape;
                }
            }
            Err(what) => faults.push((node.at, format!("a node of the operator {:?} {what}", node.operator))),
        }
        for (name, value) in node.outputs.iter().zip(results).filter(|(name, _)| !name.is_empty()) {
            values.insert(name, value);
        }
    }
    for ((at, name), declared) in names.outputs.iter().zip(&names.declared) {
        let own = values.get(name.as_str()).map_or(0, |value| value.kind);
        if own != 0 && declared.kind != 0 && own != declared.kind {
            let (declared, own) = (called(declared.kind), called(own));
            faults.push((*at, format!("the output {name:?} is said to be of {declared}, it is of {own}")));
        }
    }
    faults
}

fn called(kind: u64) -> &'static str {
    element(kind).map_or("?", |(name, _)| name)
}

/// Element types of the outputs, 0 where they are not known.
fn types(node: &Links, version: &Version, inputs: &[Option<&Value>]) -> Result<Vec<u64>, String> {
    let mut bound: Vec<(&str, u64)> = Vec::new();
    for (place, value) in inputs.iter().enumerate() {
        let (Some(kind), Some(wanted)) = (value.map(|value| value.kind), version.input(place)) else { continue };
        let Some((name, _)) = element(kind) else { continue };
        let among = |mask: u32| u32::try_from(kind).is_ok_and(|kind| mask.checked_shr(kind).unwrap_or(0) & 1 != 0);
        let fits = match wanted {
            ElementType::Fixed(fixed) => fixed == kind,
            ElementType::Variable(_, mask) | ElementType::Each(mask) => among(mask),
        };
        if !fits {
            return Err(format!("takes {name} as input {place}, which its version does not"));
        }
        if let ElementType::Variable(variable, _) = wanted {
            match bound.iter().find(|(own, _)| *own == variable) {
                Some((_, other)) if *other != kind => {
                    return Err(format!("takes {} and {name}, where all inputs are of one type", called(*other)));
                }
                Some(_) => {}
                None => bound.push((variable, kind)),
            }
        }
    }
    let given = |place: usize| match version.output(place) {
        Some(ElementType::Fixed(kind)) => kind,
        Some(ElementType::Variable(variable, _)) => {
            bound.iter().find(|(own, _)| *own == variable).map_or(0, |(_, kind)| *kind)
        }
        _ => 0,
    };
    let mut kinds: Vec<u64> = (0..node.outputs.len()).map(given).collect();
    if let (Some(kind), Some(first)) = (made(node), kinds.first_mut()) {
        *first = kind;
    }
    Ok(kinds)
}

/// The type that an attribute gives to the output.
fn made(node: &Links) -> Option<u64> {
    match node.operator.as_str() {
        "Cast" => node.number("to").and_then(|kind| u64::try_from(kind).ok()).filter(|kind| element(*kind).is_some()),
        "Constant" | "ConstantOfShape" => node.constant.as_ref().map(|value| value.kind),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::onnx::operators::Given;

    fn value(kind: u64, shape: &[u64]) -> Value {
        Value { kind, shape: Some(shape.to_vec()) }
    }

    fn fault(operator: &str, values: &[Value], attributes: &[(&str, i64)], output: u64) -> Option<String> {
        let attributes =
            attributes.iter().map(|(name, number)| Given { name: (*name).to_owned(), kind: 2, number: Some(*number) });
        let named = |n: usize| format!("x{n}");
        let node = Links {
            operator: operator.to_owned(),
            inputs: (0..values.len()).map(named).collect(),
            outputs: vec!["y".to_owned()],
            attributes: attributes.collect(),
            ..Links::default()
        };
        let names = Names {
            typed_inputs: values.iter().enumerate().map(|(n, value)| (named(n), value.clone())).collect(),
            nodes: vec![node],
            outputs: vec![(0, "y".to_owned())],
            declared: vec![Value { kind: output, shape: None }],
            ..Names::default()
        };
        contradictions(&names, &|domain| domain.is_empty().then_some(13), false).pop().map(|(_, what)| what)
    }

    #[test]
    fn types_and_shapes_must_fit() {
        let float = |shape: &[u64]| value(1, shape);
        assert_eq!(fault("MatMul", &[float(&[1, 4]), float(&[4, 2])], &[], 1), None);
        assert!(fault("MatMul", &[float(&[1, 4]), float(&[5, 2])], &[], 1).is_some());
        assert_eq!(fault("MatMul", &[float(&[1, UNKNOWN]), float(&[5, 2])], &[], 1), None);
        assert_eq!(fault("Gemm", &[float(&[4, 1]), float(&[2, 4])], &[("transA", 1), ("transB", 1)], 1), None);
        assert!(fault("Gemm", &[float(&[1, 4]), float(&[5, 2])], &[], 1).is_some());
        assert!(fault("Conv", &[float(&[1, 3]), float(&[8, 3, 3, 3])], &[], 1).is_some());
        assert_eq!(fault("Conv", &[float(&[1, 3, 9, 9]), float(&[8, 3, 3, 3])], &[], 1), None);
        assert_eq!(fault("Conv", &[float(&[1, 8, 9, 9]), float(&[8, 1, 3, 3])], &[("group", 8)], 1), None);
        assert!(fault("Softmax", &[float(&[1, 3])], &[("axis", 9)], 1).is_some());
        assert_eq!(fault("Softmax", &[float(&[1, 3])], &[("axis", -2)], 1), None);
        assert_eq!(fault("Add", &[float(&[1, 3]), float(&[2, 1])], &[], 1), None);
        assert!(fault("Add", &[float(&[1, 3]), float(&[2])], &[], 1).is_some());
        assert!(fault("And", &[float(&[1]), float(&[1])], &[], 9).is_some());
        assert!(fault("Add", &[float(&[1]), value(7, &[1])], &[], 1).is_some());
        assert!(fault("Relu", &[float(&[1])], &[], 7).is_some());
        assert_eq!(fault("Cast", &[float(&[1])], &[("to", 7)], 7), None);
        assert_eq!(fault("Concat", &[float(&[1, 2]), float(&[1, 3])], &[("axis", 1)], 1), None);
        assert!(fault("Concat", &[float(&[1, 2]), float(&[2, 3])], &[("axis", 1)], 1).is_some());
    }
}
