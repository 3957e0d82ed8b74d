//! Values of Helm charts, and configuration files of vLLM: what goes into a manifest or a command line later.

use serde_json::Value;

use super::manifest::{all, documents, environment, manifest, object, objects, raise, words};
use super::rules::UNPINNED;
use super::{Lint, unpinned};
use crate::inspect::Scope;
use crate::model::Severity;

/// Keys of a vLLM configuration that nothing else has beside a `model`. Source: vLLM's engine and server arguments.
static SERVING: [&str; 8] = [
    "gpu-memory-utilization",
    "max-model-len",
    "max-num-batched-tokens",
    "max-num-seqs",
    "pipeline-parallel-size",
    "served-model-name",
    "tensor-parallel-size",
    "trust-remote-code",
];

/// `values.yaml`, `values-production.yml`.
pub fn is_values(name: &str) -> bool {
    name.starts_with("values")
}

/// Looks at the values of a chart, or at a manifest under the name of such.
pub fn of_chart(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    for document in documents(lint, scope).iter().flatten() {
        if document.get("apiVersion").is_some() && document.get("kind").is_some() {
            manifest(lint, document, scope);
        } else {
            objects(lint, document, chart_object, scope);
        }
    }
}

/// What an object of a manifest would say, an image in two parts, arguments of a server, variables.
fn chart_object(lint: &Lint<'_, '_, '_>, value: &Value, scope: &mut Scope<'_>) {
    object(lint, value, scope);
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::trim);
    if let (Some(repository), Some(tag)) = (text("repository").filter(|name| !name.is_empty()), value.get("tag")) {
        let tag = tag.as_str().map_or_else(|| tag.to_string(), str::to_owned);
        let digest = text("digest").or(text("sha")).is_some_and(|digest| !digest.is_empty());
        // Without a tag the chart puts its own version in.
        let image =
            if tag.is_empty() || tag == "null" { format!("{repository}:…") } else { format!("{repository}:{tag}") };
        if let Some(why) = unpinned(&image).filter(|_| !digest) {
            raise(lint, &UNPINNED, Severity::Low, repository, format!("the image {image:?} {why}"), scope);
        }
    }
    for key in ["args", "command", "extraArgs", "extraCommand"] {
        let arguments = words(value.get(key));
        if !arguments.is_empty() {
            lint.serve(&format!("model-server {arguments}"), &all(lint), true, scope);
        }
    }
    for key in ["env", "extraEnv", "environment", "extraEnvVars"] {
        environment(lint, value.get(key), "the chart", scope);
    }
}

/// True for a text with a line for a model and one for how it is served.
pub fn is_serving(text: &str) -> bool {
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.trim_matches(['"', '\'']).replace('_', "-"));
    let mut model = false;
    let mut served = false;
    for key in text.lines().filter(|line| !line.starts_with([' ', '#', '-'])).filter_map(key) {
        model |= key == "model";
        served |= SERVING.contains(&key.as_str());
    }
    model && served
}

/// Looks at a configuration of vLLM as at the command line it stands for.
pub fn of_serving(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    for document in documents(lint, scope).iter().flatten().filter_map(Value::as_object) {
        let mut command = "vllm".to_owned();
        for (key, value) in document {
            let value = match value {
                Value::Bool(true) => String::new(),
                Value::String(text) => format!(" {text}"),
                Value::Number(number) => format!(" {number}"),
                _ => continue,
            };
            command.push_str(&format!(" --{}{value}", key.replace('_', "-")));
        }
        lint.serve(&command, &all(lint), false, scope);
    }
}
