//! PyTorch archives: what the pickle says of its storages, held against the members, and what TorchScript code calls.
//!
//! `torch.load` makes a storage of as many elements as the pickle says over the bytes of the member, whether it has as
//! many or not. Sources: `torch/serialization.py`, `torch/csrc/jit/serialization/python_print.cpp`. Not looked at:
//! strides and offsets of tensors, and what TorchScript computes.

pub mod distributed;
pub mod export;
pub mod records;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use super::scope::Storage;
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// Two stories of one storage.
pub static PYTORCH_STORAGE_MISMATCH: Rule = Rule {
    id: "pytorch-storage-mismatch",
    summary: "storages in the PyTorch archive are missing, of other sizes than the pickle says, or asked for by nobody",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/pytorch-storage-mismatch.md"),
    frameworks: &["CWE-125", "CWE-130", "AML.T0076"],
};

/// A script that reaches out.
pub static TORCHSCRIPT_OPERATOR: Rule = Rule {
    id: "torchscript-operator",
    summary: "the TorchScript code calls an operator that reads or writes files, or that comes from elsewhere",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/torchscript-operator.md"),
    frameworks: &["CWE-73", "CWE-829", "AML.T0011.000"],
};

/// Names of operators that PyTorch and the libraries of its makers register.
static FAMILIES: &[&str] = &[
    "aten",
    "prim",
    "quantized",
    "torchvision",
    "torchaudio",
    "torchtext",
    "sparse",
    "mkldnn",
    "mkldnn_prepacked",
    "prepacked",
    "xnnpack",
    "metal",
    "metal_prepacked",
    "vulkan",
    "vulkan_prepack",
    "cuda",
    "cudnn",
    "inductor",
    "fb",
    "fbgemm",
    "internal",
    "onednn",
    "profiler",
    "rpc",
    "tensorexpr",
    "torch_ipex",
    "ipex_prepack",
    "tensorrt",
    "neuron",
    "_quantized",
    "static_runtime",
    "symm_mem",
    "c10d",
    "c10d_functional",
    "_c10d_functional",
];

/// Operators of PyTorch's own that read and write files.
static REACHING: &[(&str, &str)] = &[
    ("from_file", "maps a file of the loading machine into a tensor, and creates it when asked to"),
    ("save", "writes a file on the loading machine"),
];

/// Holds the storages that one pickle asks for against the members of its folder. `sizes` are the lengths of all of them
/// by name, without the folder; `whole` says that the pickle was read to its end.
pub fn compare(
    folder: &str,
    asked: &BTreeSet<Storage>,
    (sizes, whole): (&BTreeMap<String, u64>, bool),
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    let mut named = BTreeSet::new();
    for storage in asked {
        named.insert(storage.key.as_str());
        let Some(size) = sizes.get(&storage.key) else {
            let message = format!("the pickle asks for the storage {folder}/{}, which is not there", storage.key);
            scope.raise(&PYTORCH_STORAGE_MISMATCH, view, 0..0, message);
            continue;
        };
        let bytes = width(&storage.class)
            .and_then(|width| u64::try_from(storage.elements).ok().map(|elements| elements.saturating_mul(width)));
        let negative = storage.elements < 0;
        if negative || bytes.is_some_and(|bytes| bytes != *size) {
            let message = format!(
                "the pickle asks for {} elements of {} from {folder}/{}, which has {size} bytes",
                storage.elements, storage.class, storage.key
            );
            // Elements that are not there are read from whatever lies behind.
            let beyond = negative || bytes.is_some_and(|bytes| bytes > *size);
            let evidence = Evidence::new(&PYTORCH_STORAGE_MISMATCH, message).at(view.place(0..0));
            scope.add(if beyond { evidence.rated(Severity::High) } else { evidence });
        }
    }
    let unnamed: Vec<_> = sizes.keys().filter(|key| !named.contains(key.as_str())).collect();
    if let Some(first) = unnamed.first().filter(|_| whole) {
        let message = format!("{} storages are asked for by nobody, the first is {folder}/{first}", unnamed.len());
        scope.raise(&PYTORCH_STORAGE_MISMATCH, view, 0..0, message);
    }
}

/// Bytes of one element, by the class of the storage; `None` for classes that are not known.
pub fn width(class: &str) -> Option<u64> {
    Some(match class {
        "UntypedStorage" | "ByteStorage" | "CharStorage" | "BoolStorage" | "QInt8Storage" | "QUInt8Storage"
        | "QUInt4x2Storage" | "QUInt2x4Storage" => 1,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "FloatStorage" | "IntStorage" | "QInt32Storage" => 4,
        "DoubleStorage" | "LongStorage" | "ComplexFloatStorage" => 8,
        "ComplexDoubleStorage" => 16,
        _ => return None,
    })
}

/// Looks at one file of TorchScript code.
pub fn script(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut said = BTreeSet::new();
    for (found, name) in calls(text) {
        let (family, operator) = match name.split_once('.') {
            Some((family, operator)) => (family, operator),
            None => ("aten", name.as_str()),
        };
        let reaches = REACHING.iter().find(|(known, _)| family == "aten" && operator == *known);
        let foreign = !FAMILIES.contains(&family);
        if !(reaches.is_some() || foreign) || !said.insert((family.to_owned(), operator.to_owned())) {
            continue;
        }
        let (message, severity) = match reaches {
            Some((_, what)) => (format!("the operator {family}::{operator} {what}"), Severity::High),
            None => (format!("the operator {family}::{operator} is not one of PyTorch's own"), Severity::Medium),
        };
        let range = found as u64..(found + name.len()) as u64;
        let evidence = Evidence::new(&TORCHSCRIPT_OPERATOR, message).rated(severity);
        scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
    }
}

/// The calls of operators, and where they stand: `torch.NAME(` is one of `aten`, `ops.FAMILY.NAME(` names its family.
fn calls(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut marks: Vec<(usize, &str)> = text.match_indices("torch.").chain(text.match_indices("ops.")).collect();
    marks.sort_unstable();
    marks.into_iter().filter_map(|(start, mark)| {
        let word = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '.';
        // `__torch__.…` are classes of the archive itself.
        if text[..start].ends_with(word) {
            return None;
        }
        let name: String = text[start + mark.len()..].chars().take_while(|character| word(*character)).collect();
        let end = start + mark.len() + name.len();
        let dots = name.matches('.').count();
        let plausible = (mark == "torch." && dots == 0) || (mark == "ops." && dots == 1);
        (plausible && text[end..].starts_with('(')).then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_operators_are_found_and_classes_are_not() {
        let text = "__torch__.torch.save(x)\n  y = torch.add(a, ops.my_ops.evil(b))\n  ops.prim.data(z)";
        let calls: Vec<String> = calls(text).map(|(_, name)| name).collect();
        assert_eq!(calls, ["add", "my_ops.evil", "prim.data"]);
    }
}
