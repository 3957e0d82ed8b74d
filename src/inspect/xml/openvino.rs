//! OpenVINO's intermediate representation: layers in XML, numbers in a `.bin` beside it.
//!
//! Constants name their bytes by offset and size. Layers outside of the numbered sets of operations are those of an
//! extension, which is native code that is loaded. Source: the OpenVINO documentation on IR and operation sets. Not
//! looked at: whether the shapes of connected ports are the same, and what operations make of them, but for [`super::lengths`].

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use super::Element;
use super::graph::Graph;
use crate::inspect::Scope;
use crate::inspect::claim::SHARD_MISSING;
use crate::model::{Artifact, Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

/// Constants that cannot be.
pub static OPENVINO_MALFORMED: Rule = Rule {
    id: "openvino-malformed",
    summary: "layers, edges or constants of the OpenVINO model contradict each other, or are not what the weights hold",
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
    /// True if it is a constant of the format from version 10 on.
    constant: bool,
    /// Where the last constant ends.
    end: u64,
    /// The version of the format, 0 if there is none.
    version: u64,
    /// The graph and the bodies in it that are open.
    graphs: Vec<Graph>,
    /// True inside of a length of a port.
    length: bool,
    layers: u64,
}

/// Versions of the format, with room for some that are to come.
const VERSIONS: std::ops::RangeInclusive<u64> = 1..=20;
/// The version from which on all is a graph of numbered operations.
const CONNECTED: u64 = 10;

/// Sets of operations, of which 2026 has the 17th, with room for some that are to come.
const SETS: std::ops::RangeInclusive<u64> = 1..=30;

/// True for an operation of a numbered set. The reader does not tell large letters from small ones.
fn is_operation(kind: &str) -> bool {
    static OPERATIONS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let lines = include_str!("operations.txt").lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(|line| line.split(' ')).map(str::to_ascii_lowercase).collect()
    });
    OPERATIONS.contains(&kind.to_ascii_lowercase())
}

/// True for elements that hold a graph.
fn is_graph(name: &str) -> bool {
    name == "net" || name == "body" || name.ends_with("_body")
}

impl OpenVino {
    /// One element.
    pub fn element(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        if is_graph(element.name) && self.graphs.len() < 64 {
            self.graphs.push(Graph::default());
        }
        self.length = element.name == "dim";
        if let Some(graph) = self.graphs.last_mut() {
            graph.element(element);
        }
        match element.name {
            "net" => self.net(element, view, scope),
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

    /// The text of an element.
    pub fn text(&mut self, text: &str, at: u64) {
        if let Some(graph) = self.graphs.last_mut().filter(|_| self.length) {
            graph.dimension(text, at);
        }
    }

    /// The end of an element.
    pub fn leave(&mut self, name: &str, view: &View<'_>, scope: &mut Scope<'_>) {
        self.length = false;
        if let Some(graph) = if is_graph(name) { self.graphs.pop() } else { None } {
            for (at, what) in graph.close(self.version >= CONNECTED) {
                raise(&OPENVINO_MALFORMED, at, what, view, scope);
            }
            if name == "net" && self.layers == 0 {
                raise(&OPENVINO_MALFORMED, 0, "the model has no layers".to_owned(), view, scope);
            }
        }
    }

    fn net(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        let version = element.get("version");
        self.version = version.and_then(|version| version.parse().ok()).unwrap_or(0);
        if !VERSIONS.contains(&self.version) {
            let message = format!("the version of the format is {:?}", version.unwrap_or("missing"));
            raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
        }
    }

    fn layer(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        self.layers += 1;
        self.constant = element.get("type") == Some("Const") && self.version >= CONNECTED;
        let (name, kind) = (element.get("name").unwrap_or_default(), element.get("type").unwrap_or_default());
        self.layer = format!("{name:?} ({kind})");
        // Models of the first ten versions of the format say none.
        let Some(set) = element.get("version") else { return };
        let numbered =
            set.strip_prefix("opset").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if numbered {
            let number = set.strip_prefix("opset").and_then(|n| n.parse::<u64>().ok());
            if !number.is_some_and(|number| SETS.contains(&number)) {
                let message =
                    format!("the layer {} is of the set of operations {set:?}, which there is not", self.layer);
                raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
            } else if !kind.is_empty() && !is_operation(kind) {
                let message = format!("the layer {} is of an operation that no set of OpenVINO has", self.layer);
                raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
            }
        } else if !matches!(set, "experimental" | "util" | "ie_internal_opset" | "type_relaxed_opset") {
            let message = format!("the layer {} is of the set of operations {set:?}", self.layer);
            raise(&OPENVINO_CUSTOM_LAYER, element.at, message, view, scope);
        }
    }

    fn data(&mut self, element: &Element<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
        let kind = element.get("element_type");
        if let Some(odd) = kind.filter(|kind| bits(kind).is_none() && !is_packed(kind)) {
            let message = format!("{} is of the element type {odd:?}, which does not exist", self.layer);
            raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
        }
        let (Some(offset), Some(size)) = (element.get("offset"), element.get("size")) else {
            if self.constant && element.name == "data" {
                let message = format!("the constant {} does not say where it lies, or how long it is", self.layer);
                raise(&OPENVINO_MALFORMED, element.at, message, view, scope);
            }
            return;
        };
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
        let (Some(shape), Some(kind)) = (element.get("shape"), kind) else { return };
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

/// Types whose elements have no fixed number of bits, or are packed in some other way.
fn is_packed(kind: &str) -> bool {
    matches!(kind, "string" | "dynamic" | "undefined" | "u3" | "u6" | "")
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
    let files: BTreeMap<String, &Artifact> =
        artifacts.iter().filter_map(|weights| Some((stem(weights)?, weights))).collect();
    let texts = ["text", "json", "html", "xml", "script"].map(Format::named);
    let mut evidence = Vec::new();
    for (stem, model) in models(artifacts) {
        let asked = asked(model);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        let sizes = files.get(stem).map(|weights| weights.size);
        let text = files.get(stem).is_some_and(|weights| texts.iter().any(|text| weights.is(text)));
        let (rule, message) = match sizes {
            None if asked > 0 => {
                (&SHARD_MISSING, format!("\"{name}.bin\" is not there; the model takes {asked} bytes from it"))
            }
            Some(_) if asked > 0 && text => (&OPENVINO_MALFORMED, format!("\"{name}.bin\" is a text, no weights")),
            Some(size) if asked > size => {
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
