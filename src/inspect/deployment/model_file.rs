//! Model files of Ollama: which model they begin with.
//!
//! Source: Ollama's documentation of the Modelfile. Not looked at: parameters, and the template, which the runner reads.

use super::rules::{PRIVILEGED, UNPINNED};
use super::{Lint, joined};
use crate::inspect::Scope;
use crate::model::Severity;

/// Where a machine keeps what is no model.
static SYSTEM: [&str; 8] = ["etc/", "proc/", "sys/", "dev/", "root/", "run/", "ssh/", "aws/"];

/// Looks at `FROM` and `ADAPTER`. A path beside the file is what it is; a name is whatever the registry has today.
pub fn inspect(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    for (line, range) in joined(lint.text) {
        let Some((word, rest)) = line.trim().split_once(char::is_whitespace) else { continue };
        let model = rest.trim();
        let path =
            model.starts_with(['.', '/', '~', '$']) || model.ends_with(".gguf") || model.ends_with(".safetensors");
        let tag = model.rsplit('/').next().and_then(|name| name.split_once(':')).map(|(_, tag)| tag);
        let named = word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("adapter");
        let inner = model.trim_start_matches(['/', '.', '~']);
        let system = path && SYSTEM.iter().any(|folder| inner.starts_with(folder)) && !model.starts_with("./");
        if named && system {
            let message = format!("{model:?} is taken from the machine on which the model is made");
            lint.raise(&PRIVILEGED, Severity::High, (model, &range), message, scope);
        } else if named && !path && matches!(tag, None | Some("latest")) {
            let message = format!("the model {model:?} has no version, so each pull may give another one");
            lint.raise(&UNPINNED, Severity::Low, (model, &range), message, scope);
        }
    }
}
