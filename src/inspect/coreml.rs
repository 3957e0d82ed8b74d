//! Core ML models (`Model.proto` of coremltools): layers and models that are code of the application, and where an ML
//! program reads its weights.
//!
//! Not looked at: what the layers compute, which the system runs itself.

use super::archive::escapes;
use super::protobuf::{Event, Step, Stop, Walk};
use super::{Inspector, Scope, protobuf};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// A Core ML model that needs code of the application.
pub static COREML_CUSTOM_MODEL: Rule = Rule {
    id: "coreml-custom-model",
    summary: "the Core ML model is a class of the application that loads it",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/coreml-custom-model.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// Weights from elsewhere.
pub static COREML_EXTERNAL_PATH: Rule = Rule {
    id: "coreml-external-path",
    summary: "the Core ML model reads weights from a file outside of its package",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/coreml-external-path.md"),
    frameworks: &["CWE-22", "CWE-73"],
};

/// In front of the names of files of weights.
const PACKAGE: &[u8] = b"@model_path/";
/// Bytes of a model that are searched for such names: the weights of an ML program are in files of their own.
const SEARCHED: u64 = 64 << 20;

/// The messages that lead to layers.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    /// A pipeline inside of a classifier or regressor.
    Wrapped,
    Pipeline,
    Network,
    Layer,
    Custom,
}

/// The format.
pub struct CoreMl;

impl Inspector for CoreMl {
    fn format(&self) -> Format {
        Format::named("coreml")
    }

    /// A version, a description, and one model, whose field has a number of 200 or more.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        head.first() == Some(&0x08)
            && protobuf::fields(view, 16).is_some_and(|fields| {
                let known = |(field, long): &(u32, bool)| match field {
                    1 | 10 => !long,
                    2 | 200..=3000 => *long,
                    _ => false,
                };
                fields.iter().all(known) && fields.iter().any(|(field, _)| *field >= 200)
            })
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let step = |kind, field| match (kind, field) {
            (Kind::Model, 200 | 201) => Step::Enter(Kind::Wrapped),
            (Kind::Model, 202) | (Kind::Wrapped, 1) => Step::Enter(Kind::Pipeline),
            (Kind::Model, 303 | 403 | 500) => Step::Enter(Kind::Network),
            (Kind::Pipeline, 1) => Step::Enter(Kind::Model),
            (Kind::Network, 1) => Step::Enter(Kind::Layer),
            (Kind::Layer, 500) => Step::Enter(Kind::Custom),
            (Kind::Custom, 10) => Step::Read,
            _ => Step::Skip,
        };
        let mut custom = Vec::new();
        let outcome = Walk::new(view, Kind::Model).run(step, |kind, event, at| match (kind, event) {
            (Kind::Model, Event::Length(555, _)) => custom.push((at, "the model".to_owned())),
            (Kind::Custom, Event::Bytes(10, name)) => {
                custom.push((at, format!("the layer {:?}", String::from_utf8_lossy(name))));
            }
            _ => {}
        });
        for (at, what) in custom {
            let at = at.min(view.len());
            scope.raise(&COREML_CUSTOM_MODEL, view, at..at, format!("{what} is a class of the application"));
        }
        if let Err(Stop::Trouble(trouble)) = outcome {
            scope.unreadable(view, &trouble);
        }
        files(view, scope);
    }
}

/// Names of files of weights, wherever in the program they stand.
fn files(view: &View<'_>, scope: &mut Scope<'_>) {
    let bytes = match view.read_up_to(0, SEARCHED) {
        Ok(bytes) => bytes,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    for (at, _) in bytes.windows(PACKAGE.len()).enumerate().filter(|(_, window)| *window == PACKAGE) {
        let rest = &bytes[at + PACKAGE.len()..];
        let name = rest.iter().take(1024).take_while(|byte| byte.is_ascii_graphic() || **byte == b' ');
        let name: String = name.map(|byte| char::from(*byte)).collect();
        if let Some(what) = escapes(&name) {
            let range = at as u64..(at + PACKAGE.len() + name.len()) as u64;
            scope.raise(&COREML_EXTERNAL_PATH, view, range, format!("the file of weights {name:?} {what}"));
        }
    }
}
