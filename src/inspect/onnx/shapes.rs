//! Shapes that nodes take and give, for operators whose rule is simple.
//!
//! Source: the inference of shapes of ONNX (`defs/math/defs.cc`, `defs/nn/defs.cc`, `defs/tensor/defs.cc`). What is not
//! known is taken to fit.

use super::inference::{UNKNOWN, Value};
use super::names::Links;

/// Longest shape that is followed.
const RANK: usize = 64;

/// Operators whose first output has the shape of the first input.
const SAME: [&str; 41] = [
    "Abs",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Clip",
    "Cos",
    "DequantizeLinear",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "Identity",
    "InstanceNormalization",
    "IsNaN",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "Mish",
    "Neg",
    "Not",
    "QuantizeLinear",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Tanh",
];

/// The shape of the first output; `None` if it is not known, an error if no shapes of the inputs' ranks and lengths fit.
pub fn first(node: &Links, set: i64, inputs: &[Option<&Value>]) -> Result<Option<Vec<u64>>, String> {
    let shape = |place: usize| {
        let shape = inputs.get(place).copied().flatten().and_then(|value| value.shape.as_deref());
        shape.filter(|shape| shape.len() <= RANK)
    };
    axis(node, set, shape(0))?;
    let operator = node.operator.as_str();
    match operator {
        "Constant" => Ok(node.constant.as_ref().and_then(|value| value.shape.clone())),
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "And" | "Or" | "Xor" | "Equal" | "Less" | "Greater" | "LessOrEqual"
        | "GreaterOrEqual"
            if set >= 7 =>
        {
            let (Some(one), Some(other)) = (shape(0), shape(1)) else { return Ok(None) };
            broadcast(one, other).map(Some)
        }
        "MatMul" => {
            let (Some(one), Some(other)) = (shape(0), shape(1)) else { return Ok(None) };
            product(one, other)
        }
        "Gemm" if set >= 7 => gemm(node, shape(0), shape(1)),
        "Conv" => convolution(node, shape(0), shape(1)),
        "Flatten" => Ok(shape(0).and_then(|shape| flattened(shape, node.number("axis").unwrap_or(1)))),
        "Concat" => {
            let shapes: Vec<_> = (0..inputs.len()).map(shape).collect();
            joined(node, &shapes)
        }
        "Transpose" => Ok(shape(0).map(|shape| vec![UNKNOWN; shape.len()])),
        "GlobalAveragePool" | "GlobalMaxPool" => {
            let keep = |(place, length): (usize, &u64)| if place < 2 { *length } else { 1 };
            Ok(shape(0).map(|shape| shape.iter().enumerate().map(keep).collect()))
        }
        "MaxPool" | "AveragePool" => {
            let keep = |(place, length): (usize, &u64)| if place < 2 { *length } else { UNKNOWN };
            Ok(shape(0).map(|shape| shape.iter().enumerate().map(keep).collect()))
        }
        _ if SAME.contains(&operator) => Ok(shape(0).map(<[u64]>::to_vec)),
        _ => Ok(None),
    }
}

/// Both lengths are known, and not the same.
const fn differ(one: u64, other: u64) -> bool {
    one != other && one != UNKNOWN && other != UNKNOWN
}

fn shown(shape: &[u64]) -> String {
    let length = |length: &u64| if *length == UNKNOWN { "?".to_owned() } else { length.to_string() };
    format!("[{}]", shape.iter().map(length).collect::<Vec<_>>().join(", "))
}

/// An axis that the first input must have.
fn axis(node: &Links, set: i64, shape: Option<&[u64]>) -> Result<(), String> {
    let beyond = match node.operator.as_str() {
        "Softmax" | "LogSoftmax" | "Hardmax" => i64::from(set < 13),
        "Flatten" => 1,
        "Concat" | "Split" | "Gather" | "GatherElements" | "ScatterElements" | "ArgMax" | "ArgMin"
        | "LayerNormalization" => 0,
        _ => return Ok(()),
    };
    let (Some(axis), Some(shape)) = (node.number("axis"), shape) else { return Ok(()) };
    let rank = i64::try_from(shape.len()).unwrap_or(i64::MAX);
    if (-rank..rank.saturating_add(beyond)).contains(&axis) {
        return Ok(());
    }
    Err(format!("has the axis {axis}, its input has {rank} dimensions"))
}

/// One shape for both inputs: lengths from the last on are the same, or 1.
fn broadcast(one: &[u64], other: &[u64]) -> Result<Vec<u64>, String> {
    let rank = one.len().max(other.len());
    let from_last = |shape: &[u64], place: usize| {
        (place + shape.len()).checked_sub(rank).and_then(|place| shape.get(place)).copied().unwrap_or(1)
    };
    let mut shape = Vec::with_capacity(rank);
    for place in 0..rank {
        shape.push(match (from_last(one, place), from_last(other, place)) {
            (1, length) | (length, 1) => length,
            (UNKNOWN, length) | (length, UNKNOWN) => length,
            (length, same) if length == same => length,
            _ => return Err(format!("takes the shapes {} and {}, which do not fit", shown(one), shown(other))),
        });
    }
    Ok(shape)
}

/// A product of matrices, or of stacks of them.
fn product(one: &[u64], other: &[u64]) -> Result<Option<Vec<u64>>, String> {
    let inner = if other.len() < 2 { other.first() } else { other.get(other.len() - 2) };
    let (Some(width), Some(height)) = (one.last(), inner) else {
        return Err("takes a single number where it needs a matrix".to_owned());
    };
    if differ(*width, *height) {
        return Err(format!("takes the shapes {} and {}, which do not fit", shown(one), shown(other)));
    }
    let ([above @ .., rows, _], [.., _, columns]) = (one, other) else { return Ok(None) };
    // Stacks of both would be made the same.
    Ok((other.len() == 2).then(|| above.iter().chain([rows, columns]).copied().collect()))
}

fn gemm(node: &Links, one: Option<&[u64]>, other: Option<&[u64]>) -> Result<Option<Vec<u64>>, String> {
    let (Some(one), Some(other)) = (one, other) else { return Ok(None) };
    let ([rows, width], [height, columns]) = (one, other) else {
        return Err(format!("takes the shapes {} and {}, which are no two matrices", shown(one), shown(other)));
    };
    let turned = |name: &str| node.number(name).unwrap_or(0) != 0;
    let (rows, width) = if turned("transA") { (width, rows) } else { (rows, width) };
    let (height, columns) = if turned("transB") { (columns, height) } else { (height, columns) };
    if differ(*width, *height) {
        return Err(format!("takes the shapes {} and {}, which do not fit", shown(one), shown(other)));
    }
    Ok(Some(vec![*rows, *columns]))
}

fn convolution(node: &Links, input: Option<&[u64]>, kernel: Option<&[u64]>) -> Result<Option<Vec<u64>>, String> {
    let Some(input) = input else { return Ok(None) };
    let [batch, channels, _, ..] = input else {
        return Err(format!("takes the shape {}, which has no place to slide over", shown(input)));
    };
    let Some(kernel) = kernel else { return Ok(None) };
    let group = node.number("group").unwrap_or(1);
    let needed = |own: u64| u64::try_from(group).ok().and_then(|group| own.checked_mul(group));
    let ([outputs, own, ..], true) = (kernel, kernel.len() == input.len()) else {
        return Err(format!("takes the shape {}, its kernel has {}", shown(input), shown(kernel)));
    };
    if *own != UNKNOWN && *channels != UNKNOWN && needed(*own).is_some_and(|needed| needed != *channels) {
        return Err(format!("takes {channels} channels, its kernel is for {own} in each of {group} groups"));
    }
    Ok(Some([*batch, *outputs].into_iter().chain(input.iter().skip(2).map(|_| UNKNOWN)).collect()))
}

/// Two dimensions: what is in front of an axis, and what follows.
fn flattened(shape: &[u64], axis: i64) -> Option<Vec<u64>> {
    let rank = i64::try_from(shape.len()).ok()?;
    let place = usize::try_from(if axis < 0 { axis.checked_add(rank)? } else { axis }).ok()?;
    let (front, back) = shape.split_at_checked(place)?;
    let all = |part: &[u64]| {
        let known = part.iter().all(|length| *length != UNKNOWN);
        let product = part.iter().try_fold(1u64, |product, length| product.checked_mul(*length));
        product.filter(|_| known).unwrap_or(UNKNOWN)
    };
    Some(vec![all(front), all(back)])
}

/// Several inputs one behind the other along an axis.
fn joined(node: &Links, shapes: &[Option<&[u64]>]) -> Result<Option<Vec<u64>>, String> {
    let Some(axis) = node.number("axis") else { return Ok(None) };
    let Some(shape) = shapes.iter().flatten().next() else { return Ok(None) };
    let mut result = shape.to_vec();
    let rank = i64::try_from(shape.len()).unwrap_or(i64::MAX);
    let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
    for other in shapes.iter().flatten() {
        let same_rank = other.len() == shape.len();
        let place = |place: usize| i64::try_from(place) == Ok(axis);
        let odd = shape.iter().zip(*other).enumerate().any(|(at, (one, other))| !place(at) && differ(*one, *other));
        if !same_rank || odd {
            return Err(format!("takes the shapes {} and {}, which do not fit", shown(shape), shown(other)));
        }
        for (known, length) in result.iter_mut().zip(*other).filter(|(known, _)| **known == UNKNOWN) {
            *known = *length;
        }
    }
    let total = shapes.iter().try_fold(0u64, |sum, shape| {
        let length = usize::try_from(axis).ok().and_then(|axis| (*shape)?.get(axis)).copied()?;
        sum.checked_add(length).filter(|_| length != UNKNOWN)
    });
    if let Some(length) = usize::try_from(axis).ok().and_then(|axis| result.get_mut(axis)) {
        *length = total.unwrap_or(UNKNOWN);
    }
    Ok(Some(result))
}
