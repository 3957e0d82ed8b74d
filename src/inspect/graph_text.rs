//! Graphs written as text: `saved_model.pbtxt`, which TensorFlow loads like its binary form, and the nets of Caffe, whose
//! layers of type `Python` import a module and take a name of it (`caffe.proto`, `PythonParameter`).
//!
//! Not a parser of the text format: every `op: "…"` and `python_param` is looked at, wherever it stands.

use super::hydra::HYDRA_TARGET;
use super::tensorflow::{TENSORFLOW_OPERATOR, reaches_out};
use super::{Scope, callable};
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Looks at a text by its name: the net of Caffe, or a graph that TensorFlow reads.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if name.ends_with(".prototxt") {
        return layers(text, view, scope);
    }
    if !name.ends_with(".pbtxt") && !name.ends_with(".pb") {
        return;
    }
    for (at, _) in text.match_indices("op") {
        let value = text[at + 2..].trim_start();
        let Some(value) = value.strip_prefix(':') else { continue };
        let operator = quoted(value);
        if let Some(what) = reaches_out(&operator) {
            let message = format!("the operator {operator:?} {what}");
            let place = at as u64;
            let evidence = Evidence::new(&TENSORFLOW_OPERATOR, message).with("operator", operator);
            scope.add(evidence.at(view.place(place..place)));
        }
    }
}

/// Names that a layer of Caffe takes out of a module, where they lead out of every library.
fn layers(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    // What belongs to a layer stands in front of the next one, so that all is read once.
    let mut at = 0;
    for part in text.split("python_param") {
        let begin = at;
        at += part.len() + "python_param".len();
        let Some((_, body)) = part.split_once('{').filter(|_| begin > 0) else { continue };
        let body = body.split('}').next().unwrap_or(body);
        let field = |name: &str| {
            let values = body.match_indices(name).map(|(at, _)| body[at + name.len()..].trim_start());
            values.filter_map(|value| value.strip_prefix(':')).map(quoted).next()
        };
        let Some((module, layer)) = field("module").zip(field("layer")) else { continue };
        let target = format!("{module}.{layer}");
        if callable::leads_out(&target, scope.lists) {
            let place = begin as u64;
            let evidence = Evidence::new(&HYDRA_TARGET, format!("a layer of the net calls {target:?}"));
            scope.add(evidence.rated(Severity::Critical).at(view.place(place..place)));
        }
    }
}

/// A string of the text format: quoted pieces that follow each other are one, and letters may be escaped.
pub fn quoted(text: &str) -> String {
    let mut all = String::new();
    let mut rest = text.trim_start();
    while let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        let mut characters = rest.char_indices().skip(1).peekable();
        let mut end = rest.len();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                end = at + 1;
                break;
            }
            if character != '\\' {
                all.push(character);
                continue;
            }
            let Some((_, escaped)) = characters.next() else { break };
            let radix = match escaped {
                'x' | 'X' => 16,
                '0'..='7' => 8,
                _ => {
                    all.push(escaped);
                    continue;
                }
            };
            let mut value = escaped.to_digit(8).filter(|_| radix == 8).unwrap_or(0);
            for _ in 0..2 {
                let Some(digit) = characters.peek().and_then(|(_, digit)| digit.to_digit(radix)) else { break };
                value = value * radix + digit;
                characters.next();
            }
            all.extend(char::from_u32(value));
        }
        rest = rest[end..].trim_start();
        if all.len() > 256 {
            break;
        }
    }
    all
}
