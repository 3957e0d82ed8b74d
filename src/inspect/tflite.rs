//! TensorFlow Lite: the operators that a model asks for.
//!
//! A FlatBuffer (<https://flatbuffers.dev/internals/>) whose root is `Model` of `schema.fbs`. Only the list of operators
//! is read. Not looked at: tensors, buffers, and metadata.

use super::flatbuffer::{field, follow, text, u32_at};
use super::tensorflow::reaches_out;
use super::{Inspector, Scope};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// An operator that is not the interpreter's own.
pub static TFLITE_CUSTOM_OPERATOR: Rule = Rule {
    id: "tflite-custom-operator",
    summary: "the model needs operators that come from elsewhere, or that reach out",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/tflite-custom-operator.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// Offsets that lead nowhere.
pub static TFLITE_MALFORMED: Rule = Rule {
    id: "tflite-malformed",
    summary: "offsets in the model lead out of the file",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tflite-malformed.md"),
    frameworks: &["CWE-125", "AML.T0076"],
};

/// Operators that are met in models of the makers of the interpreter and of its delegates.
static KNOWN: &[&str] = &[
    "TFLite_Detection_PostProcess",
    "Mfcc",
    "AudioSpectrogram",
    "Convolution2DTransposeBias",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "AudioMicrofrontend",
    "edgetpu-custom-op",
    "ethos-u",
    "TFSentencepieceTokenizeOp",
    "RFFT2D",
    "TFSentencepieceDetokenizeOp",
    "NumericVerify",
    "Transform2dTensor",
    "SignalRfft",
    "ByteBPETokenizeOp",
];

/// The format.
pub struct Tflite;

impl Inspector for Tflite {
    fn format(&self) -> Format {
        Format::named("tflite")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.get(4..8) == Some(b"TFL3")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let Some(operators) = operators(view, scope.limits.entries) else {
            return scope.raise(&TFLITE_MALFORMED, view, 0..view.len().min(8), "an offset leads out of the file");
        };
        for (at, name) in operators {
            let what = match reaches_out(&name) {
                Some(what) => format!("the operator {name:?} {what}"),
                None if name.starts_with("Flex") || KNOWN.contains(&name.as_str()) => continue,
                None => format!("the operator {name:?} is not one of the interpreter's own"),
            };
            scope.raise(&TFLITE_CUSTOM_OPERATOR, view, at..at, what);
        }
    }
}

/// Names of custom operators, and where they stand.
fn operators(view: &View<'_>, most: u64) -> Option<Vec<(u64, String)>> {
    let root = u64::from(u32_at(view, 0)?);
    let mut names = Vec::new();
    // Field 1 of `Model`: operator_codes. A model without operators has none.
    let Some(list) = field(view, root, 1)? else { return Some(names) };
    let list = follow(view, list)?;
    let count = u64::from(u32_at(view, list)?).min(most);
    for n in 0..count {
        let slot = list.checked_add(4)?.checked_add(n.checked_mul(4)?)?;
        let table = follow(view, slot)?;
        // Field 1 of `OperatorCode`: custom_code.
        if let Some(name) = field(view, table, 1)? {
            names.push(text(view, name)?);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_offsets_lead_nowhere_and_end() {
        // Root at 16; its table has one field, a list of one operator without a name.
        let mut file = vec![0u8; 96];
        file[0] = 16;
        file[4..8].copy_from_slice(b"TFL3");
        file[8..16].copy_from_slice(&[8, 0, 8, 0, 0, 0, 4, 0]);
        file[16] = 8;
        file[20] = 4;
        file[24] = 1;
        file[28] = 12;
        file[32..40].copy_from_slice(&[4, 0, 4, 0, 0, 0, 0, 0]);
        file[40] = 8;
        let read = |file: &[u8]| View::with_bytes(file, 1 << 20, |view| operators(view, 100));
        assert_eq!(read(&file), Some(Vec::new()));
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] = value;
                read(&changed);
                read(&changed[..at]);
            }
        }
    }
}
