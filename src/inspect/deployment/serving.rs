//! Command lines of programs that serve models.

use super::rules::{OPEN_SERVICE, REMOTE_CODE, UNPINNED};
use crate::model::{Rule, Severity};

/// One thing a command line says.
pub struct Said {
    /// By which rule.
    pub rule: &'static Rule,
    /// How bad it is on a machine of its own.
    pub severity: Severity,
    /// In words.
    pub message: String,
    /// The word that says it.
    pub word: String,
    /// True if it is about the address, which inside a container says little.
    pub by_address: bool,
}

/// Programs and modules that serve models, by a part of their name.
pub static SERVERS: [&str; 17] = [
    // What stands for a server of which only the arguments are known.
    "model-server",
    "vllm",
    "text-generation-launcher",
    "text-generation-inference",
    "llama-server",
    "llama_cpp.server",
    "ollama",
    "tritonserver",
    "torchserve",
    "sglang",
    "lmdeploy",
    "jupyter",
    "mlflow",
    "tabbyapi",
    "tgi",
    "localai",
    "llamafile",
];

/// Images whose program, as it comes, listens on every address and asks for no key, by a part of their name.
static IMAGES: [(&str, &str); 8] = [
    ("vllm/vllm-openai", "vLLM"),
    ("ollama/ollama", "Ollama"),
    ("huggingface/text-generation-inference", "Text Generation Inference"),
    ("huggingface/text-embeddings-inference", "Text Embeddings Inference"),
    ("/llama.cpp:", "llama.cpp"),
    ("lmsysorg/sglang", "SGLang"),
    ("localai/localai", "LocalAI"),
    ("nvidia/tritonserver", "Triton"),
];

/// The server that an image holds, if it listens to everybody unless it is told otherwise.
pub fn of_image(image: &str) -> Option<&'static str> {
    IMAGES.iter().find(|(part, _)| image.contains(part)).map(|(_, server)| *server)
}

/// What the command line says. Words of the environment before the command (`OLLAMA_HOST=0.0.0.0 ollama serve`) count.
pub fn judge(command: &str) -> Vec<Said> {
    let words: Vec<&str> = command
        .split(|c: char| c.is_whitespace() || c == ',')
        .map(|word| word.trim_matches(['"', '\'', '[', ']', ';', '(', ')']))
        .filter(|word| !word.is_empty())
        .collect();
    let mut said = Vec::new();
    let words = words.as_slice();
    environment(words, &mut said);
    let Some(server) = words.iter().position(|word| SERVERS.iter().any(|name| word.contains(name))) else {
        return said;
    };
    let flag = |names: &[&str]| {
        words.iter().position(|word| {
            names.iter().any(|name| word.trim_start_matches('-').replace('_', "-") == *name && word.starts_with('-'))
        })
    };
    if let Some(at) = flag(&["trust-remote-code"])
        && !matches!(words.get(at + 1), Some(&("false" | "False" | "0")))
    {
        let message = format!("{:?} lets every model it loads run code of its own", words[server]);
        said.push(Said {
            rule: &REMOTE_CODE,
            severity: Severity::Medium,
            message,
            word: words[at].to_owned(),
            by_address: false,
        });
    }
    address(words, server, &mut said);
    origins(words, &mut said);
    model(words, server, &mut said);
    said
}

/// The value of `--name value` or `--name=value`, with its word.
fn value<'w>(words: &[&'w str], names: &[&str]) -> Option<(&'w str, &'w str)> {
    words.iter().enumerate().find_map(|(at, word)| {
        let plain = word.strip_prefix('-')?.trim_start_matches('-');
        let (name, inline) = plain.split_once('=').map_or((plain, None), |(name, value)| (name, Some(value)));
        let name = name.replace('_', "-");
        if !names.contains(&name.as_str()) {
            return None;
        }
        inline.or_else(|| words.get(at + 1).copied()).map(|value| (value.trim_matches(['"', '\'', '[', ']']), *word))
    })
}

fn is_everywhere(address: &str) -> bool {
    matches!(address.trim_start_matches("http://").split(':').next(), Some("0.0.0.0" | "*"))
        || address == "::"
        || address.starts_with("[::]")
}

fn environment(words: &[&str], said: &mut Vec<Said>) {
    for word in words {
        let Some((name, value)) = word.trim_start_matches("-e").split_once('=') else { continue };
        let value = value.trim_matches(['"', '\'']);
        let what = match name {
            "OLLAMA_HOST" if is_everywhere(value) => "Ollama listens on every address, and asks nobody for a key",
            "OLLAMA_ORIGINS" if value == "*" => "Ollama answers to every web site that its user visits",
            _ => continue,
        };
        let message = format!("{word}: {what}");
        said.push(Said {
            rule: &OPEN_SERVICE,
            severity: Severity::Medium,
            message,
            word: name.to_owned(),
            by_address: true,
        });
    }
}

fn address(words: &[&str], server: usize, said: &mut Vec<Said>) {
    let name = words[server];
    let keyed = value(words, &["api-key", "api-key-file", "ssl-ca-certs"]).is_some()
        || words.iter().any(|word| word.contains("API_KEY="));
    if let Some((address, word)) = value(words, &["host", "hostname", "ip", "NotebookApp.ip", "ServerApp.ip"])
        && is_everywhere(address)
        && !keyed
        && !name.contains("jupyter")
    {
        let message = format!("{name:?} listens on every address ({address}), and no key is asked for");
        said.push(Said {
            rule: &OPEN_SERVICE,
            severity: Severity::Medium,
            message,
            word: word.to_owned(),
            by_address: true,
        });
    }
    let token = words.iter().find(|word| {
        let bare = word.trim_start_matches('-').trim_end_matches(['"', '\'']);
        [
            "NotebookApp.token=",
            "ServerApp.token=",
            "NotebookApp.password=",
            "ServerApp.password=",
            "IdentityProvider.token=",
        ]
        .iter()
        .any(|empty| bare == *empty || bare == empty.trim_end_matches('='))
            && word.contains('=')
    });
    if let Some(word) = token.or_else(|| words.iter().find(|word| word.starts_with("--disable-token-auth"))) {
        let message = format!("{name:?} is told to ask for no token");
        said.push(Said {
            rule: &OPEN_SERVICE,
            severity: Severity::High,
            message,
            word: (*word).to_owned(),
            by_address: false,
        });
    }
}

fn origins(words: &[&str], said: &mut Vec<Said>) {
    let credentials = words.iter().find(|word| word.replace('_', "-") == "--allow-credentials");
    let origins = value(words, &["allowed-origins", "cors-allow-origin", "cors-allow-origins"]);
    // vLLM allows every origin unless it is told otherwise.
    let any = origins.is_none_or(|(origins, _)| origins.contains('*'));
    if let (Some(word), true) = (credentials, any) {
        let message = "every web site may call the server with the credentials of who visits it".to_owned();
        said.push(Said {
            rule: &OPEN_SERVICE,
            severity: Severity::Medium,
            message,
            word: (*word).to_owned(),
            by_address: false,
        });
    }
}

fn model(words: &[&str], server: usize, said: &mut Vec<Said>) {
    let served = words.iter().skip(server).skip_while(|word| **word != "serve").nth(1).copied();
    let named = value(words, &["model", "model-id", "model-path"]).map(|(model, _)| model);
    let Some(model) = named.or(served.filter(|_| words[server].contains("vllm"))) else { return };
    let hub =
        model.split('/').count() == 2 && !model.starts_with(['/', '.', '$', '~', '-', '{']) && !model.contains(':');
    let file = [".gguf", ".safetensors", ".bin"].iter().any(|end| model.ends_with(end));
    if hub && !file && value(words, &["revision"]).is_none() {
        let message = format!("the model {model:?} is fetched without a revision, so it may be another one tomorrow");
        said.push(Said {
            rule: &UNPINNED,
            severity: Severity::Low,
            message,
            word: model.to_owned(),
            by_address: false,
        });
    }
}
