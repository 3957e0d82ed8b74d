//! Core ML models (`Model.proto` of coremltools): layers and models that are code of the application, and where an ML
//! program reads its weights.
//!
//! A package is a folder with a manifest that names its parts. Not looked at: what the layers compute, which the system
//! runs itself, and whether it fits the description.

mod package;

use super::archive::escapes;
use super::protobuf::{Event, Step, Stop, Walk};
use super::{Inspector, Scope, protobuf};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// A model or package that is not whole.
pub static COREML_MALFORMED: Rule = Rule {
    id: "coreml-malformed",
    summary: "the Core ML model or package is cut off, lacks a part, or names a part that is not there",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/coreml-malformed.md"),
    frameworks: &["CWE-20", "CWE-130", "AML.T0076"],
};

/// A Core ML model that needs code of the application.
pub static COREML_CUSTOM_MODEL: Rule = Rule {
    id: "coreml-custom-model",
    summary: "the Core ML model is a class of the application that loads it",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/coreml-custom-model.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// Weights from elsewhere.
pub static COREML_EXTERNAL_PATH: Rule = Rule {
    id: "coreml-external-path",
    summary: "the Core ML model reads weights or another model from a file outside of its package",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/coreml-external-path.md"),
    frameworks: &["CWE-22", "CWE-73"],
};

pub use package::{held, inspect_manifest};

/// In front of the names of files in the inventory, relative to the file that names them.
const NAMED: &str = "coreml-file ";

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
    Description,
    /// Any other kind of model, of which the fields at the top are walked.
    Payload,
    /// A generalized linear model, and a list of its weights.
    Linear,
    Weights,
    /// A model in another file: what says where, and a text of it.
    Linked,
    LinkedFile,
    LinkedName,
}

/// What is wrong with a path that begins with a tilde.
const HOME: &str = "begins in somebody's home";

/// Versions of the specification, with room for some that are to come.
const VERSIONS: std::ops::RangeInclusive<u64> = 1..=30;

/// What the top of a model says of itself.
#[derive(Default)]
struct Top {
    version: Option<u64>,
    models: u32,
    inputs: u32,
    depth: u32,
}

impl Top {
    fn meet(&mut self, kind: Kind, event: &Event<'_>) {
        match (kind, event) {
            (_, Event::Enter) => {
                self.models += u32::from(self.depth == 1 && !matches!(kind, Kind::Model | Kind::Description));
                self.depth += 1;
            }
            (_, Event::Leave) => self.depth = self.depth.saturating_sub(1),
            (Kind::Model, Event::Number(1, version)) if self.depth <= 1 => self.version = Some(*version),
            (Kind::Model, Event::Length(200.., _)) if self.depth <= 1 => self.models += 1,
            // Inputs, or functions that have their own.
            (Kind::Description, Event::Length(1 | 20, _)) => self.inputs += 1,
            _ => {}
        }
    }

    fn wrong(&self) -> Option<String> {
        match (self.version, self.models) {
            (None, _) => Some("it does not say of which version of the specification it is".to_owned()),
            (Some(version), _) if !VERSIONS.contains(&version) => {
                Some(format!("it is of the version {} of the specification", version.cast_signed()))
            }
            (_, 1) if self.inputs == 0 => Some("its description names no input".to_owned()),
            (_, 1) => None,
            (_, models) => Some(format!("it holds {models} models instead of one")),
        }
    }
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
            (Kind::Model, 2) => Step::Enter(Kind::Description),
            (Kind::Model, 202) | (Kind::Wrapped, 1) => Step::Enter(Kind::Pipeline),
            (Kind::Model, 303 | 403 | 500) => Step::Enter(Kind::Network),
            (Kind::Pipeline, 1) => Step::Enter(Kind::Model),
            (Kind::Network, 1) => Step::Enter(Kind::Layer),
            (Kind::Layer, 500) => Step::Enter(Kind::Custom),
            (Kind::Custom, 10) => Step::Read,
            (Kind::Model, 300 | 400) => Step::Enter(Kind::Linear),
            (Kind::Linear, 1) => Step::Enter(Kind::Weights),
            (Kind::Model, 556) => Step::Enter(Kind::Linked),
            (Kind::Linked, 1) => Step::Enter(Kind::LinkedFile),
            (Kind::LinkedFile, 1 | 2) => Step::Enter(Kind::LinkedName),
            (Kind::LinkedName, 1) => Step::Read,
            (Kind::Model, 200..=554 | 557..) => Step::Enter(Kind::Payload),
            _ => Step::Skip,
        };
        let (mut custom, mut linked) = (Vec::new(), Vec::new());
        let mut top = Top { depth: 1, ..Top::default() };
        let outcome = Walk::new(view, Kind::Model).run(step, |kind, event, at| {
            top.meet(kind, event);
            match (kind, event) {
                (Kind::Model, Event::Length(555, _)) => custom.push((at, "the model".to_owned())),
                (Kind::Custom, Event::Bytes(10, name)) => {
                    custom.push((at, format!("the layer {:?}", String::from_utf8_lossy(name))));
                }
                (Kind::LinkedName, Event::Bytes(1, name)) => {
                    linked.push((at, String::from_utf8_lossy(name).into_owned()));
                }
                _ => {}
            }
        });
        for (at, what) in custom {
            let at = at.min(view.len());
            scope.raise(&COREML_CUSTOM_MODEL, view, at..at, format!("{what} is a class of the application"));
        }
        for (at, name) in linked {
            // Several places to look in are parted by colons.
            let away = name.split(':').find_map(|part| escapes(part).or_else(|| part.starts_with('~').then_some(HOME)));
            if let Some(what) = away {
                let at = at.min(view.len());
                scope.raise(&COREML_EXTERNAL_PATH, view, at..at, format!("the linked model {name:?} {what}"));
            }
        }
        match outcome {
            Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
            Err(Stop::Malformed(at, what)) => {
                let at = at.min(view.len());
                scope.raise(&COREML_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
            }
            Ok(()) => {
                if let Some(what) = top.wrong() {
                    scope.raise(&COREML_MALFORMED, view, 0..0, what);
                }
            }
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
        } else if view.depth() == 0 {
            scope.contents().metadata.insert(format!("{NAMED}{name}"), String::new());
        }
    }
}
