//! OpenVINO's intermediate representation: layers in XML, numbers in a `.bin` beside it.
//!
//! Constants name their bytes by offset and size. Layers outside of the numbered sets of operations are those of an
//! extension, which is native code that is loaded. Source: the OpenVINO documentation on IR and operation sets. Not
//! looked at: whether edges and shapes fit together.

use std::collections::BTreeMap;

use super::Element;
use crate::inspect::Scope;
use crate::inspect::claim::SHARD_MISSING;
use crate::model::{Artifact, Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

/// Constants that cannot be.
pub static OPENVINO_MALFORMED: Rule = Rule {
    id: "openvino-malformed",
    summary: "constants of the OpenVINO model contradict their shapes, or are not what the weights hold",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/openvino-malformed.md"),
    frameworks: &["CWE-125", "CWE-190", "AML.T0076"],
};

/// Code from elsewhere.
pub static OPENVINO_CUSTOM_LAYER: Rule = Rule {
    id: "openvino-custom-layer",
    summary: "the OpenVINO model needs a layer of an extension, or names a library or file",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/openvino-custom-layer.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// Name in the metadata of a model: bytes of weights that its constants take.
const WEIGHTS: &str = "openvino-weights-bytes";

/// Bytes to which writers fill up the end of the weights.
const ALIGNED: u64 = 64;

/// What was met.
#[derive(Default)]
pub struct OpenVino {
    /// Name and type of the layer that is open.
    layer: String,
    /// Where the last constant ends.
    end: u64,
}

impl OpenVino {
    /// One element.
    pub fn element(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        match element.name {
            "layer" => self.layer(element, view, scope),
            // Before version 10 of the format, constants are parts of the layers that use them.
            "data" | "weights" | "biases" | "custom" => self.data(element, view, scope),
            _ => {}
        }
        for (name, value) in element.attributes {
            let lower = value.to_ascii_lowercase();
            let library = [".so", ".dll", ".dylib"].iter().any(|end| lower.ends_with(end));
            let reads = matches!(name.as_str(), "library" | "implementation" | "kernel" | "plugin" | "path" | "file");
            if library || (reads && (lower.starts_with(['/', '\\']) || lower.contains(".."))) {
                let message = format!("the attribute {name:?} of {:?} names {value:?}", element.name);
                raise(&OPENVINO_CUSTOM_LAYER, element.at, message, view, scope);
            }
        }
    }

    fn layer(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        let (name, kind) = (element.get("name").unwrap_or_default(), element.get("type").unwrap_or_default());
        self.layer = format!("{name:?} ({kind})");
        // Models of the first ten versions of the format say none.
        let Some(set) = element.get("version") else { return };
        let numbered =
            set.strip_prefix("opset").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if !numbered && !matches!(set, "experimental" | "util" | "ie_internal_opset" | "type_relaxed_opset") {
            let message = format!("the layer {} is of the set of operations {set:?}", self.layer);
            raise(&OPENVINO_CUSTOM_LAYER, element.at, message, view, scope);
        }
    }

    fn data(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        let (Some(offset), Some(size)) = (element.get("offset"), element.get("size")) else { return };
        let (Ok(offset), Ok(size)) = (offset.parse::<u64>(), size.parse::<u64>()) else {
            let message = format!("{} lies at {offset:?} and has {size:?} bytes, which are no numbers", self.layer);
            return raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
        };
        match offset.checked_add(size) {
            Some(end) => self.end = self.end.max(end),
            None => {
                let message = format!("{} ends past what 64 bits count", self.layer);
                raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
            }
        }
        let (Some(shape), Some(kind)) = (element.get("shape"), element.get("element_type")) else { return };
        let Some(bits) = bits(kind) else { return };
        let dimensions = shape.split(',').map(str::trim).filter(|text| !text.is_empty());
        let elements = dimensions
            .map(|text| text.parse::<u64>().ok())
            .try_fold(1u64, |product, dimension| product.checked_mul(dimension?));
        let asked = elements.and_then(|elements| elements.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        if asked != Some(size) {
            let message = format!("{} of type {kind} and shape {shape:?} is said to take {size} bytes", self.layer);
            raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
        }
    }

    /// The end: how long the weights must be is held against the file when the tree was seen.
    pub fn close(self, scope: &mut Scope<'_>) {
        scope.contents().metadata.insert(WEIGHTS.to_owned(), self.end.to_string());
    }
}

/// Bits of an element; `None` for types that are packed in some other way.
fn bits(kind: &str) -> Option<u64> {
    Some(match kind {
        "u1" => 1,
        "u2" => 2,
        "i4" | "u4" | "nf4" | "f4e2m1" => 4,
        "i8" | "u8" | "boolean" | "f8e4m3" | "f8e5m2" | "f8e8m0" => 8,
        "f16" | "bf16" | "i16" | "u16" => 16,
        "f32" | "i32" | "u32" => 32,
        "f64" | "i64" | "u64" => 64,
        _ => return None,
    })
}

fn raise(rule: &'static Rule, at: u64, message: String, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(rule, view, at..at, message);
}

/// The weights of a model lie beside it under the same name. True if that is what this file is: the model has constants.
#[must_use]
pub fn is_weights_of(weights: &Artifact, models: &BTreeMap<&str, &Artifact>) -> bool {
    let model = weights.path.as_str().strip_suffix(".bin").and_then(|stem| models.get(stem));
    model.is_some_and(|model| asked(model) > 0)
}

/// Bytes of weights that the constants of a model take.
fn asked(model: &Artifact) -> u64 {
    model.contents.metadata.get(WEIGHTS).and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

/// Models by their path without `.xml`.
#[must_use]
pub fn models(artifacts: &[Artifact]) -> BTreeMap<&str, &Artifact> {
    let openvino = Format::named("openvino");
    let model = artifacts.iter().filter(|artifact| artifact.is(&openvino));
    model.filter_map(|artifact| Some((artifact.path.as_str().strip_suffix(".xml")?, artifact))).collect()
}

/// Holds what models ask for against the weights beside them.
#[must_use]
pub fn pairs(artifacts: &[Artifact]) -> Vec<Evidence> {
    let stem = |weights: &'_ Artifact| weights.path.as_str().strip_suffix(".bin").map(str::to_owned);
    let sizes: BTreeMap<String, u64> =
        artifacts.iter().filter_map(|weights| Some((stem(weights)?, weights.size))).collect();
    let mut evidence = Vec::new();
    for (stem, model) in models(artifacts) {
        let asked = asked(model);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        let (rule, message) = match sizes.get(stem) {
            None if asked > 0 => {
                (&SHARD_MISSING, format!("\"{name}.bin\" is not there; the model takes {asked} bytes from it"))
            }
            Some(size) if asked > *size => {
                (&OPENVINO_MALFORMED, format!("constants go to byte {asked} of \"{name}.bin\", which has {size}"))
            }
            Some(size) if asked > 0 && size - asked >= ALIGNED => {
                let message = format!("{} bytes of \"{name}.bin\" lie behind all constants", size - asked);
                (&OPENVINO_MALFORMED, message)
            }
            _ => continue,
        };
        evidence.push(Evidence::new(rule, message).of(&model.path));
    }
    evidence
}
