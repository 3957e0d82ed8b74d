//! Compose files and Kubernetes manifests.

use std::ops::Range;

use serde_json::Value;

use super::engine::CAPABILITIES;
use super::rules::{DOWNLOAD, NOT_READ, OPEN_SERVICE, PRIVILEGED, ROOT, SECRET, UNPINNED};
use super::{Lint, gives_away, install, is_plain_value, is_secret_name, serving, unpinned};
use crate::inspect::secrets::Hidden;
use crate::inspect::{Scope, shell};
use crate::model::{Limits, Severity};

/// Nodes of one file.
const NODES: usize = 200_000;

/// Bytes of one file that are read as a tree.
const TEXT_BYTES: usize = 16 << 20;

/// Values of one file that are looked at.
const VALUES: usize = 200_000;

/// Looks at a text that has the form of one or the other.
pub fn inspect(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let compose = has(lint.text, "services");
    let Some(documents) = documents(lint, scope) else { return };
    for document in &documents {
        if let Some(services) = document.get("services").and_then(Value::as_object).filter(|_| compose) {
            for (name, service) in services {
                self::service(lint, name, service, scope);
            }
        }
        if document.get("apiVersion").is_some() {
            manifest(lint, document, scope);
        }
    }
}

/// True for a compose file or a manifest.
pub fn is_manifest(text: &str) -> bool {
    has(text, "services") || (has(text, "apiVersion") && has(text, "kind"))
}

/// True for a manifest in JSON, as `kubectl get -o json` writes it.
pub fn is_json_manifest(text: &str) -> bool {
    text.contains("\"apiVersion\"") && text.contains("\"kind\"")
}

/// The documents of the text; `None` if it could not be read, which is then said.
pub fn documents(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) -> Option<Vec<Value>> {
    if lint.text.len() > TEXT_BYTES {
        scope.limit("manifest-bytes", TEXT_BYTES as u64, lint.view);
        return None;
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES,
            max_events: NODES,
            enforce_alias_anchor_ratio: false,
            max_total_scalar_bytes: Limits::yaml_scalar_bytes(lint.text.len()),
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: Limits::yaml_replays(lint.text.len()) },
        with_snippet: false,
    };
    let error = match serde_saphyr::from_multiple_with_options(lint.text, options) {
        Ok(documents) => return Some(documents),
        Err(error) => error,
    };
    let template = if lint.text.contains("{{") { "it is a template" } else { "it is not YAML" };
    let line = error.location().map_or(1, |location| location.line());
    let before = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let start = lint.text.split_inclusive('\n').take(before).map(str::len).sum();
    let message = format!("{template} that can be read from line {line} on");
    lint.raise(&NOT_READ, Severity::Low, ("", &(start..start)), message, scope);
    None
}

/// True if a line begins with such a key, perhaps in quotes or in braces, as one line of JSON does.
fn has(text: &str, key: &str) -> bool {
    let is_key = |rest: &str| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':');
    let begins = |line: &str| line.trim_start_matches(['{', '"', '\'']).strip_prefix(key).is_some_and(is_key);
    let flow = text.trim_start().starts_with('{');
    let parts = |line: &str| flow && line.split(['{', ',']).any(|part| begins(part.trim_start()));
    text.lines().any(|line| begins(line) || parts(line))
}

pub fn all(lint: &Lint<'_, '_, '_>) -> Range<usize> {
    0..lint.text.len()
}

pub fn raise(
    lint: &Lint<'_, '_, '_>,
    rule: &'static crate::model::Rule,
    severity: Severity,
    needle: &str,
    message: String,
    scope: &mut Scope<'_>,
) {
    lint.raise(rule, severity, (needle, &all(lint)), message, scope);
}

fn truth(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true))) || value.and_then(Value::as_str) == Some("true")
}

/// A text, or the texts of a list with spaces between them.
pub fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

fn service(lint: &Lint<'_, '_, '_>, name: &str, service: &Value, scope: &mut Scope<'_>) {
    if let Some(image) = service.get("image").and_then(Value::as_str)
        && let Some(why) = unpinned(image)
    {
        raise(lint, &UNPINNED, Severity::Low, image, format!("the image {image:?} of {name:?} {why}"), scope);
    }
    if truth(service.get("privileged")) {
        raise(lint, &PRIVILEGED, Severity::High, "privileged", format!("{name:?} is privileged"), scope);
    }
    for (key, bad) in [("network_mode", "host"), ("pid", "host"), ("ipc", "host")] {
        if service.get(key).and_then(Value::as_str) == Some(bad) {
            let severity = if key == "pid" { Severity::Medium } else { Severity::Low };
            raise(lint, &PRIVILEGED, severity, key, format!("{name:?} shares the {key} of the machine"), scope);
        }
    }
    for capability in service.get("cap_add").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if CAPABILITIES.contains(&capability) {
            raise(
                lint,
                &PRIVILEGED,
                Severity::High,
                capability,
                format!("{name:?} has the capability {capability}"),
                scope,
            );
        }
    }
    for volume in service.get("volumes").and_then(Value::as_array).into_iter().flatten() {
        let source = volume.as_str().or_else(|| volume.get("source").and_then(Value::as_str)).unwrap_or_default();
        host_path(lint, source.split(':').next().unwrap_or_default(), name, scope);
    }
    if service
        .get("user")
        .map(|user| user.to_string().trim_matches('"').to_owned())
        .is_some_and(|user| user == "0" || user.starts_with("root") || user.starts_with("0:"))
    {
        raise(lint, &ROOT, Severity::Low, "user:", format!("{name:?} runs as root"), scope);
    }
    environment(lint, service.get("environment"), name, scope);
    served(lint, name, service, scope);
}

/// What the program of a service says to whom.
fn served(lint: &Lint<'_, '_, '_>, name: &str, service: &Value, scope: &mut Scope<'_>) {
    let image = service.get("image").and_then(Value::as_str).unwrap_or_default();
    let started = format!("{} {}", words(service.get("entrypoint")), words(service.get("command")));
    let variables = service.get("environment").map(Value::to_string).unwrap_or_default();
    // A file of variables may hold the key.
    let keyed = started.contains("api-key") || variables.contains("API_KEY") || service.get("env_file").is_some();
    let ports = service.get("ports").and_then(Value::as_array).into_iter().flatten();
    let published = ports.filter_map(published).next();
    if let (Some(port), Some(server)) = (published.as_deref().filter(|_| !keyed), serving::of_image(image))
        && !started.contains("--host")
    {
        let message = format!(
            "port {port} of {server} in {name:?} is open on every address of the machine, and it asks for no key"
        );
        raise(lint, &OPEN_SERVICE, Severity::Medium, "ports:", message, scope);
    }
    starts(lint, name, &[service.get("entrypoint"), service.get("command")], scope);
    let command = format!("{} {image} {}", words(service.get("entrypoint")), words(service.get("command")));
    lint.serve(&command, &all(lint), published.is_none() || keyed, scope);
}

/// A command that nobody honest starts a container with.
fn starts(lint: &Lint<'_, '_, '_>, name: &str, given: &[Option<&Value>], scope: &mut Scope<'_>) {
    let quoted = |word: &str| {
        let plain = !word.contains(|c: char| c.is_whitespace() || "|;&<>$".contains(c)) || word.contains('\'');
        if plain { word.to_owned() } else { format!("'{word}'") }
    };
    let mut parts: Vec<String> = Vec::new();
    for value in given.iter().copied().flatten() {
        let listed = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        parts.extend(value.as_str().map(str::to_owned));
        parts.extend(listed.clone().map(quoted));
        // A shell that is given a script as one word; quotes in it would hide the rest.
        let mut scripts = listed.filter(|word| word.contains(char::is_whitespace));
        if let Some((script, why)) = scripts.find_map(|word| Some((word, shell::hostile(word)?))) {
            return run(lint, name, script, why, scope);
        }
    }
    let command = parts.join(" ");
    if let Some(why) = shell::hostile(&command) {
        run(lint, name, &command, why, scope);
    }
}

fn run(lint: &Lint<'_, '_, '_>, name: &str, command: &str, why: &'static str, scope: &mut Scope<'_>) {
    let shown: String = command.chars().take(120).collect();
    let word = ["curl", "wget", "/dev/tcp", "nc ", "base64"].into_iter().find(|word| command.contains(word));
    let message = format!("{name:?} starts {shown:?}: {why}");
    raise(lint, &DOWNLOAD, install::fetched(command, why), word.unwrap_or_default(), message, scope);
}

/// The port of the machine that an entry of `ports` opens on every address, in its short or its long form.
fn published(port: &Value) -> Option<String> {
    let everywhere = |address: &str| !matches!(address, "127.0.0.1" | "::1" | "localhost");
    if let Some(target) = port.get("target") {
        let address = port.get("host_ip").and_then(Value::as_str).unwrap_or_default();
        let number = port.get("published").unwrap_or(target);
        return everywhere(address).then(|| number.to_string().trim_matches('"').to_owned());
    }
    let text = port.as_str()?;
    let local = text.starts_with("127.0.0.1:") || text.starts_with("[::1]:") || text.starts_with("localhost:");
    (text.contains(':') && !local).then(|| text.to_owned())
}

/// A path of the machine that gives it away.
fn host_path(lint: &Lint<'_, '_, '_>, path: &str, name: &str, scope: &mut Scope<'_>) {
    if let Some(why) = gives_away(path) {
        raise(lint, &PRIVILEGED, Severity::High, path, format!("{name:?} is given {path:?}: {why}"), scope);
    }
}

/// A mapping, a list of `name=value`, or a list of `name` and `value`.
pub fn environment(lint: &Lint<'_, '_, '_>, variables: Option<&Value>, owner: &str, scope: &mut Scope<'_>) {
    let mut pairs: Vec<(String, String)> = Vec::new();
    match variables {
        Some(Value::Object(map)) => {
            pairs.extend(map.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))))
        }
        Some(Value::Array(items)) => {
            for item in items {
                if let Some((name, value)) = item.as_str().and_then(|item| item.split_once('=')) {
                    pairs.push((name.to_owned(), value.to_owned()));
                } else if let (Some(name), Some(value)) =
                    (item.get("name").and_then(Value::as_str), item.get("value").and_then(Value::as_str))
                {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        _ => {}
    }
    for (name, value) in pairs {
        if is_secret_name(&name) && is_plain_value(&value) {
            let message = format!("the variable {name} of {owner:?} has its value here");
            if is_default(&value) {
                let message = format!("{message}: a password that everybody knows");
                raise(lint, &SECRET, Severity::Low, &name, message, scope);
                continue;
            }
            scope.hide(Hidden { secret: value, shown: 0 });
            raise(lint, &SECRET, Severity::High, &name, message, scope);
        } else if name.starts_with("OLLAMA_") {
            lint.serve(&format!("{name}={value}"), &all(lint), true, scope);
        }
    }
}

/// Passwords that come with the images of databases, or stand in their manuals: no secret is given away by them.
fn is_default(value: &str) -> bool {
    let defaults = [
        "postgres",
        "password",
        "example",
        "changeme",
        "secret",
        "mysecretpassword",
        "rootpassword",
        "rootroot",
        "mariadb",
        "minioadmin",
        "minio123",
        "rabbitmq",
        "clickhouse",
        "mongodb",
        "airflow",
        "mlflow",
        "langfuse",
        "litellm",
        "passw0rd",
        "admin123",
        "password123",
        "123456",
        "12345678",
        "test123",
        "testtest",
        "testing",
        "elastic",
        "neo4j/password",
        "minio_password",
        "postgres_password",
        "mlflow_password",
        "minioadmin123",
    ];
    defaults.contains(&value.trim().trim_matches(['"', '\'']).to_ascii_lowercase().as_str())
}

/// A manifest: its secrets, and every object of it, wherever a pod's template stands in it.
pub fn manifest(lint: &Lint<'_, '_, '_>, document: &Value, scope: &mut Scope<'_>) {
    let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind == "Secret" {
        secret(lint, document, scope);
    }
    objects(lint, document, object, scope);
}

/// Shows every object of a document to `look`.
pub fn objects(
    lint: &Lint<'_, '_, '_>,
    document: &Value,
    look: fn(&Lint<'_, '_, '_>, &Value, &mut Scope<'_>),
    scope: &mut Scope<'_>,
) {
    let mut queue = vec![document];
    let mut seen = 0;
    while let Some(value) = queue.pop() {
        seen += 1;
        if seen > VALUES {
            return scope.limit("manifest-values", VALUES as u64, lint.view);
        }
        match value {
            Value::Array(items) => queue.extend(items),
            Value::Object(map) => {
                look(lint, value, scope);
                queue.extend(map.values());
            }
            _ => {}
        }
    }
}

fn secret(lint: &Lint<'_, '_, '_>, document: &Value, scope: &mut Scope<'_>) {
    for key in ["data", "stringData"] {
        for (name, value) in document.get(key).and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = value.as_str().filter(|value| is_plain_value(value)) {
                scope.hide(Hidden { secret: value.to_owned(), shown: 0 });
                let message = format!("the Secret holds {name:?} itself; base64 hides nothing");
                raise(lint, &SECRET, Severity::High, name, message, scope);
            }
        }
    }
}

/// A pod, a container or a security context, told by its keys.
pub fn object(lint: &Lint<'_, '_, '_>, value: &Value, scope: &mut Scope<'_>) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if truth(value.get(key)) {
            raise(
                lint,
                &PRIVILEGED,
                Severity::Medium,
                key,
                format!("{key} is on: the pod shares it with the machine"),
                scope,
            );
        }
    }
    if truth(value.get("privileged")) {
        raise(lint, &PRIVILEGED, Severity::High, "privileged", "a container is privileged".to_owned(), scope);
    }
    if value.get("runAsUser").and_then(Value::as_u64) == Some(0) {
        raise(lint, &ROOT, Severity::Low, "runAsUser", "a container runs as root".to_owned(), scope);
    }
    for capability in
        value.get("capabilities").and_then(|one| one.get("add")).and_then(Value::as_array).into_iter().flatten()
    {
        if let Some(name) = capability.as_str().filter(|name| CAPABILITIES.contains(name)) {
            raise(lint, &PRIVILEGED, Severity::High, name, format!("a container has the capability {name}"), scope);
        }
    }
    pod(lint, value, scope);
    if let Some(path) = value.get("hostPath").and_then(|host| host.get("path")).and_then(Value::as_str) {
        host_path(lint, path, "the pod", scope);
    }
    if let (Some(image), Some(name)) =
        (value.get("image").and_then(Value::as_str), value.get("name").and_then(Value::as_str))
    {
        if let Some(why) = unpinned(image) {
            raise(lint, &UNPINNED, Severity::Low, image, format!("the image {image:?} of {name:?} {why}"), scope);
        }
        environment(lint, value.get("env"), name, scope);
        starts(lint, name, &[value.get("command"), value.get("args")], scope);
        let hooks = ["postStart", "preStop"].iter().filter_map(|hook| value.get("lifecycle")?.get(hook)?.get("exec"));
        for hook in hooks {
            starts(lint, name, &[hook.get("command")], scope);
        }
        let command = format!("{image} {} {}", words(value.get("command")), words(value.get("args")));
        lint.serve(&command, &all(lint), true, scope);
    }
}

/// A pod whose containers may run as root: neither it nor they say otherwise, so their images decide.
fn pod(lint: &Lint<'_, '_, '_>, value: &Value, scope: &mut Scope<'_>) {
    let containers = value.get("containers").and_then(Value::as_array).into_iter().flatten();
    for container in containers.filter(|container| container.get("image").is_some()) {
        let stated = |key: &str| {
            let of = |object: &Value| object.get("securityContext").and_then(|context| context.get(key)).cloned();
            of(container).or_else(|| of(value))
        };
        // Root by number is said where it stands.
        let user = stated("runAsUser").is_some();
        if !user && !truth(stated("runAsNonRoot").as_ref()) {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            let message = format!("the container {name:?} may run as root: no runAsUser and no runAsNonRoot is set");
            raise(lint, &ROOT, Severity::Low, "containers:", message, scope);
        }
    }
}
