//! Configurations that name code by other means than a dotted name: YOLO's tables of layers, MLflow's `MLmodel`,
//! Triton's `config.pbtxt` and entry points of packages.
//!
//! Sources: `parse_model` of YOLO (the third column of a layer is evaluated, and so is what stands behind `activation`),
//! the MLflow model format, `model_config.proto` of the Triton inference server, and the entry points specification of
//! the Python packaging guide. Each is read line by line: a name
//! that is put together by YAML's anchors is not followed.

use super::archive::escapes;
use super::callable::{self, Standing};
use super::configuration::{REMOTE_CODE, REMOTE_CODE_ELSEWHERE};
use super::wording::CODE_IN_DATA;
use super::{Scope, lines};
use crate::model::{Evidence, Rule, Severity};
use crate::weigh::View;

/// Bytes of a value that are shown.
const SHOWN: usize = 120;

/// Classes of PyTorch that YOLO's tables may call.
static LAYERS: [&str; 4] = ["nn.", "torch.nn.", "nn.modules.", "torch.nn.modules."];

/// Looks at a text by its name. `name` is in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    match name.rsplit_once('.') {
        _ if matches!(name, "pyproject.toml" | "setup.cfg" | "entry_points.txt") => plug_ins(text, scope),
        _ if name == "mlmodel" || name == "mlmodel.yaml" => mlflow(text, view, scope),
        Some((_, "pbtxt")) if !text.contains("node_def") => triton(text, view, scope),
        Some((_, "yaml" | "yml")) if has_key(text, "backbone") && has_key(text, "head") => layers(text, view, scope),
        _ => {}
    }
}

/// Groups of entry points of which a framework calls every one when it starts.
static GROUPS: [&str; 8] =
    ["vllm.", "spacy_", "mlflow.", "torch.backends", "fsspec.specs", "numba_extensions", "mlserver", "lightning."];

/// `x = "module:function"` below the name of such a group.
fn plug_ins(text: &str, scope: &mut Scope<'_>) {
    let mut called = false;
    for line in text.lines() {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let value = value.trim().trim_matches(['"', '\'']);
        let header = line.trim_start().starts_with('[');
        if header || (value.is_empty() && line.contains('=')) {
            let group = key.trim().trim_start_matches('[').trim_end_matches(']').trim_end_matches(['"', '\'']);
            let group = group.rsplit(['"', '\'']).next().unwrap_or(group).trim_start_matches("project.entry-points.");
            called = GROUPS.iter().any(|known| group.starts_with(known));
        } else if let Some((module, function)) = value.split_once(':').filter(|_| called) {
            let module = module.trim();
            let function = function.split(['[', ' ']).next().unwrap_or(function);
            scope.names_code(module);
            scope.names_function(&format!("{module}.{function}"));
        }
    }
}

fn has_key(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

fn raise(
    rule: &'static Rule,
    severity: Severity,
    message: String,
    (text, part): (&str, &str),
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    let range = start..start.saturating_add(part.len()).min(text.len());
    lines::raise(Evidence::new(rule, message).rated(severity), text, range, view, scope);
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}

/// `[-1, 1, Conv, [64, 3, 2]]`, `activation: nn.SiLU()`
fn layers(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for line in text.lines() {
        let code = line.split(" #").next().unwrap_or_default();
        if code.trim_start().starts_with('#') {
            continue;
        }
        let call = code.match_indices('(').find_map(|(at, _)| {
            let before = code.get(..at)?;
            let begin = before.trim_end_matches(|c: char| c.is_alphanumeric() || "_.".contains(c)).len();
            let called = before.get(begin..)?;
            let layer = LAYERS.iter().any(|known| called.strip_prefix(known).is_some_and(|rest| !rest.contains('.')));
            (!called.is_empty() && !layer).then_some(called)
        });
        let hidden = code.contains("__").then_some("__");
        if let Some(what) = call.filter(|_| !is_prose(code)).or(hidden) {
            let message = format!("a layer of the model is evaluated, and it holds {:?}", shown(what));
            raise(&CODE_IN_DATA, Severity::Critical, message, (text, line), view, scope);
        }
    }
}

/// A setting whose value is a sentence.
fn is_prose(code: &str) -> bool {
    let key = code.trim_start().split(':').next().unwrap_or_default();
    let told = ["description", "author", "name", "title", "license", "download", "notes", "path"];
    told.contains(&key.trim_matches(['"', '\'', '-', ' ']))
}

/// The loader of the flavour, and files that are loaded with it.
fn mlflow(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for line in text.lines() {
        let Some((key, value)) = line.trim_start().trim_start_matches("- ").split_once(':') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim() {
            "loader_module" => {
                let standing = if value.split('.').next() == Some("mlflow") {
                    Standing::Known
                } else {
                    callable::judge(value, scope.lists)
                };
                let severity = match standing {
                    Standing::Known => continue,
                    Standing::Foreign => Severity::High,
                    Standing::Dangerous => Severity::Critical,
                };
                let message = format!("MLflow imports {:?} and has it load the model", shown(value));
                scope.names_code(value);
                raise(&REMOTE_CODE, severity, message, (text, line), view, scope);
            }
            key @ ("code" | "code_path" | "python_model" | "data" | "pickled_model" | "model_path" | "model_data"
            | "artifact_path" | "python_env" | "virtualenv" | "model_code_path") => {
                let path = value.strip_prefix("file://").unwrap_or(value);
                let away = escapes(path).filter(|_| !value.is_empty() && key != "artifact_path");
                if let Some(what) = away {
                    let message = format!("MLflow takes {key} from {:?}, which {what}", shown(value));
                    // Where the model was logged is written down as an absolute path by MLflow itself.
                    let severity = if key == "model_code_path" { Severity::Low } else { Severity::High };
                    raise(&REMOTE_CODE_ELSEWHERE, severity, message, (text, line), view, scope);
                }
            }
            _ => {}
        }
    }
}

/// Texts of Triton's configuration that name files or libraries.
fn triton(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut key = String::new();
    for line in text.lines() {
        let code = uncommented(line);
        for (name, value) in pairs(code) {
            if name == "key" {
                key = value.to_ascii_uppercase();
            }
            let absolute = escapes(value).filter(|_| {
                matches!(name, "string_value" | "filename")
                    || name.contains("name")
                    || name == "backend"
                    || name == "runtime"
            });
            let path = match name {
                "backend" | "runtime" | "platform" | "default_model_filename" | "op_library_filename" | "filename" => {
                    true
                }
                "string_value" => {
                    ["PATH", "FILE", "DIR", "LIB", "PRELOAD", "PLUGIN"].iter().any(|part| key.contains(part))
                        || value.contains("..")
                }
                _ => value.contains(".."),
            };
            let fetched = value.contains("://") && path && key.contains("ENV");
            if let Some(what) = absolute.filter(|_| path) {
                let message = format!("the server takes {name} from {:?}, which {what}", shown(value));
                raise(&REMOTE_CODE_ELSEWHERE, Severity::High, message, (text, line), view, scope);
            } else if fetched {
                let message = format!("the server takes its environment from {:?}", shown(value));
                raise(&REMOTE_CODE_ELSEWHERE, Severity::High, message, (text, line), view, scope);
            } else if name == "op_library_filename" || (name == "runtime" && value.ends_with(".so")) {
                let message = format!("the server loads the machine code {:?}", shown(value));
                raise(&REMOTE_CODE, Severity::High, message, (text, line), view, scope);
            } else if name == "backend" && value == "python" {
                let message = "the server runs model.py of this model".to_owned();
                scope.names_code("model");
                raise(&REMOTE_CODE, Severity::Low, message, (text, line), view, scope);
            }
        }
    }
}

/// The line without what stands behind `#`, where that is in no quotes.
fn uncommented(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    line
}

/// Every `name: "value"` of a line; without a name the value belongs to the list `op_library_filename`.
fn pairs(code: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(open) = rest.find(['"', '\'']) {
        let (before, behind) = rest.split_at(open);
        let quote = behind.chars().next().unwrap_or('"');
        let Some((value, after)) = behind[1..].split_once(quote) else { break };
        let name = before.trim_end().trim_end_matches([':', '[', ' ', ',']);
        let begin = name.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        found.push((&name[begin..], value));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn names_begin_behind_any_letter() {
        assert_eq!(pairs("name: \"a\" platform: 'b'"), [("name", "a"), ("platform", "b")]);
        // Found by fuzzing: what stands before a name may have more than one byte.
        assert_eq!(pairs("\u{2028}name: \"a\""), [("name", "a")]);
        assert_eq!(pairs("\u{fffd}\"a\""), [("", "a")]);
    }
}
