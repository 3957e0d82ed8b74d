//! TensorFlow Lite: the operators that a model asks for, and whether its tables hold together.
//!
//! A FlatBuffer (<https://flatbuffers.dev/internals/>) whose root is `Model` of `schema.fbs`. Not looked at: the options of
//! operators, and what metadata say.

mod model;
mod schema;

use super::flatbuffer::{Buffer, Fault, Followed, verify};
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

/// Offsets that lead nowhere, and numbers of what there is not.
pub static TFLITE_MALFORMED: Rule = Rule {
    id: "tflite-malformed",
    summary: "offsets or numbers in the model lead to what is not there, or a tensor is not what its shape says",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tflite-malformed.md"),
    frameworks: &["CWE-125", "AML.T0076"],
};

/// Bytes behind all tables that options of operators and alignment may take.
const SLACK: u64 = 256;

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
    "ByteBPETokenizeOp",
    "ParseExample",
    "ParseExampleV2",
    "RaggedTensorToTensor",
    "TransformTensorBilinear",
    "TransformLandmarks",
    "Landmarks2TransformMatrix",
    "Landmarks2TransformMatrixV2",
    "SignalDelay",
    "SignalEnergy",
    "SignalFftAutoScale",
    "SignalFilterBank",
    "SignalFilterBankLog",
    "SignalFilterBankSpectralSubtraction",
    "SignalFilterBankSquareRoot",
    "SignalFramer",
    "SignalIrfft",
    "SignalOverlapAdd",
    "SignalPCAN",
    "SignalRfft",
    "SignalStacker",
    "SignalWindow",
    "TFText>FastBertNormalize",
    "TFText>WhitespaceTokenizeWithOffsetsV2",
    "TFText>Ngrams",
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
        let buffer = Buffer::new(view);
        let most = scope.limits.tensors;
        let verified = verify(&buffer, &schema::MODEL, most);
        // Names of operators are looked at even where the rest is broken.
        let found = model::read(&buffer, most);
        match (buffer.trouble(), verified) {
            (Some(trouble), _) => scope.unreadable(view, &trouble),
            (None, Err(Fault(at, what))) => malformed(at, what, view, scope),
            (None, Ok(Followed { whole: false, .. })) => scope.limit("flatbuffer-tables", most, view),
            (None, Ok(Followed { end, .. })) => {
                behind(end, found.stored_outside, view, scope);
                found.faults.into_iter().for_each(|(at, what)| malformed(at, what, view, scope));
                scope.contents().tensors.extend(found.tensors);
                if found.stopped {
                    scope.limit("flatbuffer-numbers", model::NUMBERS, view);
                }
            }
        }
        for (at, name) in found.operators {
            let what = match reaches_out(&name) {
                Some(what) => format!("the operator {name:?} {what}"),
                None if name.starts_with("Flex") || KNOWN.contains(&name.as_str()) => continue,
                None => format!("the operator {name:?} is not one of the interpreter's own"),
            };
            let at = at.min(view.len());
            scope.raise(&TFLITE_CUSTOM_OPERATOR, view, at..at, what);
        }
    }
}

/// Says so if bytes lie behind all tables. Files that metadata name are in a zip there, which is looked into.
fn behind(end: u64, stored_outside: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let left = view.len().saturating_sub(end);
    let zip = view.read_up_to(end, SLACK).is_ok_and(|bytes| bytes.windows(4).any(|four| four == b"PK\x03\x04"));
    let planted = view.read_up_to(end, SLACK).is_ok_and(|bytes| {
        bytes.windows(4).any(|four| four == b"\x7fELF")
            || (bytes.ends_with(b".")
                && bytes
                    .windows(3)
                    .any(|three| matches!(three, [0x80, 2..=5, 0x95 | 0x8c | b'c' | b'(' | b']' | b'}'])))
    });
    if planted && left <= SLACK {
        malformed(end, format!("the {left} bytes behind all tables look like a pickle or a program"), view, scope);
    } else if left > SLACK && !stored_outside && !zip {
        malformed(end, format!("{left} bytes lie behind all tables"), view, scope);
    }
}

fn malformed(at: u64, what: String, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(&TFLITE_MALFORMED, view, at..at.saturating_add(4).min(view.len()), what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

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
        let (path, limits) = (ArtifactPath::new("m.tflite"), Limits::default());
        let look = |file: &[u8]| {
            View::with_bytes(file, 1 << 20, |view| {
                let mut scope = Scope::new(&path, &limits);
                Tflite.inspect(view, &mut scope);
                scope.close().evidence.len()
            })
        };
        // There is neither a version nor a subgraph.
        assert_eq!(look(&file), 2);
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] = value;
                look(&changed);
                look(&changed[..at]);
            }
        }
    }
}
