//! What texts say: secrets, code, deployment files, addresses. They are read whatever else the bytes are.
//!
//! A mark of another format in front of a text, or somewhere in it, keeps no shell, no Python and no YAML loader from
//! reading it: those choose by name. So a text is read as a text whichever format claims it, and what has the name of a
//! source is read even where some of its bytes are no text.

use super::{
    Inspector, Scope, autorun, chat_template, deployment, foreign_code, graph_text, hidden_text, hydra, keras, letters,
    lookalike, named_code, notebook, onnx, outreach, posing, python, pytorch, secrets, startup, text, tokenizer,
    training_data, yaml_tag, yaml_text,
};
use crate::model::Format;
use crate::weigh::View;

/// The last part of the path or member name, in small letters.
pub fn name(view: &View<'_>, scope: &Scope<'_>) -> String {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str());
    path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase()
}

/// True for a name by which something chooses to run the file, or to read it as a language that JSON is not.
pub fn is_source(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "py" | "pyw" | "pbtxt") || deployment::is_named(name) || secrets::is_store(name)
}

/// True for Python or prose that is no UTF-8 and still text; [`inspect`] reads it.
pub fn is_narrow_text(view: &View<'_>, scope: &Scope<'_>) -> bool {
    text::may_be_narrow(&name(view, scope))
        && view.len() <= scope.limits.json_bytes
        && view.read(0..view.len()).is_ok_and(|bytes| {
            text::is_narrow(&bytes) || letters::is_wide_text(&bytes) || text::is_odd_page(&name(view, scope), &bytes)
        })
}

/// True for a name by which a YAML loader is chosen, whose language holds JSON and more.
pub fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// True for JSON that may have comments in it, by the tool that reads it.
pub fn is_commented(view: &View<'_>, scope: &Scope<'_>) -> bool {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str()).to_ascii_lowercase();
    autorun::is_commented(&name(view, scope), &path)
}

/// True for the name of a configuration that loaders of YAML are given, too; documents without an ending are none.
fn is_setting(name: &str) -> bool {
    let told =
        ["readme", "license", "licence", "copying", "notice", "authors", "changelog", "security", "contributing"];
    match name.rsplit_once('.') {
        None => !told.iter().any(|document| name.starts_with(document)) && !deployment::is_named(name),
        Some((_, ending)) => {
            matches!(ending, "cfg" | "conf" | "config" | "hparams" | "params" | "gin" | "toml" | "ini")
        }
    }
}

/// Reads the text. `head` is how the bytes begin.
pub fn inspect(head: &[u8], view: &View<'_>, scope: &mut Scope<'_>) {
    let name = name(view, scope);
    let reaches = view.depth() == 0 && outreach::speaks(&name);
    let plain = text::Text.claims(head, view);
    let source =
        is_source(&name) || is_yaml(&name) || autorun::is_clicked(&name) || (!plain && is_narrow_text(view, scope));
    if !(plain || source || reaches) {
        return;
    }
    let most = scope.limits.json_bytes;
    if view.len() > most {
        if source || reaches || view.depth() > 0 {
            scope.limit("text-bytes", most, view);
        } else {
            scope.observe(Box::new(secrets::Stream::new(scope.path.as_str())));
        }
        return;
    }
    let bytes = match view.read(0..view.len()) {
        Ok(bytes) => bytes,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    let text = letters::text(&bytes);
    if reaches {
        outreach::list(&name, &text, view, scope);
    }
    if !(plain || source) || !scope.judges_texts {
        return;
    }
    secrets::inspect(&text, view, scope);
    posing::inspect(&name, &text, view, scope);
    hidden_text::inspect(&name, &text, view, scope);
    foreign_code::inspect(&name, &text, view, scope);
    deployment::inspect(&text, view, scope);
    lookalike::inspect(&name, &text, view, scope);
    training_data::inspect(&name, &text, view, scope);
    settings(&name, &text, view, scope);
    autorun::inspect(&name, &text, view, scope);
    notebook::page(&name, &text, view, scope);
    named_code::inspect(&name, &text, view, scope);
    graph_text::inspect(&name, &text, view, scope);
    onnx::inspect_text(&name, &text, view, scope);
    tokenizer::inspect_text(&name, &text, view, scope);
    tokenizer::inspect_encoding(&name, &bytes, view, scope);
    let script = head.starts_with(b"#!") && head.split(|byte| *byte == b'\n').next().is_some_and(is_python);
    let python = matches!(name.rsplit_once('.'), Some((_, "py" | "pyw"))) || script;
    if python && scope.container == Some(Format::named("torchscript")) {
        pytorch::script(&text, view, scope);
    } else if python {
        python::inspect_encoding(&bytes, &text, view, scope);
        python::inspect(&text, view, scope);
    } else if python::may_be_data(&name, &text) {
        python::inspect_data(&text, view, scope);
    } else if name.ends_with(".pth") {
        startup::inspect(&text, view, scope);
    }
}

/// What YAML and its kin say.
fn settings(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if is_yaml(name) || is_setting(name) {
        hydra::inspect(text, view, scope);
        keras::of_yaml(text, view, scope);
        yaml_tag::inspect(text, view, scope);
        chat_template::of_text(text, view, scope);
    }
    if yaml_text::is_read(name, view) {
        yaml_text::inspect(text, view, scope);
    }
    yaml_text::inspect_card(name, text, view, scope);
}

/// True for a first line that names Python as the interpreter.
fn is_python(line: &[u8]) -> bool {
    line.windows(6).any(|word| word == b"python")
}
