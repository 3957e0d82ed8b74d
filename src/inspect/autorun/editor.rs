//! What editors, their assistants, development containers and npm take from JSON.

use super::super::json::Tree;
use super::Notes;
use crate::model::Severity;

/// Scripts of npm that run when a package is installed or packed.
static INSTALL: [&str; 10] = [
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "preprepare",
    "postprepare",
    "prepublish",
    "prepublishonly",
    "prepack",
    "postpack",
];

/// Commands of a development container, the first of which runs on the machine itself.
static CONTAINER: [&str; 6] = [
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
];

/// Settings of an assistant that name a program.
static HELPERS: [&str; 5] =
    ["apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper", "gcpAuthRefresh"];

/// Variables by which a program loads something before it starts, or takes another for the one that is meant.
static VARIABLES: [&str; 8] = [
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "NODE_OPTIONS",
    "PYTHONSTARTUP",
    "BASH_ENV",
    "PROMPT_COMMAND",
    "GIT_SSH_COMMAND",
];

/// Values of one file that are looked at.
const VALUES: usize = 20_000;

/// True for a name, or for words in the text, by which one of these tools reads the file.
pub fn is_named(name: &str, text: &str) -> bool {
    matches!(
        name,
        "tasks.json"
            | "package.json"
            | "composer.json"
            | "devcontainer.json"
            | ".devcontainer.json"
            | "mcp.json"
            | ".mcp.json"
    ) || name.starts_with("settings")
        || name.ends_with(".code-workspace")
        || text.contains("\"mcpServers\"")
        || text.contains("\"hooks\"")
}

/// Looks at the tree of such a file.
pub fn inspect(name: &str, path: &str, tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    match name {
        "tasks.json" => tasks(tree, notes),
        "package.json" | "composer.json" => scripts(tree, notes),
        "devcontainer.json" | ".devcontainer.json" => container(tree, notes),
        _ => {}
    }
    if name.ends_with(".code-workspace") {
        tree.get("tasks").into_iter().for_each(|inner| tasks(inner, notes));
        tree.get("settings").into_iter().for_each(|inner| settings(inner, notes));
    }
    if name.starts_with("settings") && !path.contains("site-packages/") {
        settings(tree, notes);
    }
    let named = |key: &str| tree.get(key).filter(|_| key != "servers" || name.ends_with("mcp.json"));
    for key in ["mcpServers", "servers", "mcp_servers", "context_servers"] {
        let inner = tree.get("mcp").and_then(|inner| inner.get(key));
        named(key).into_iter().chain(inner).for_each(|servers| self::servers(servers, notes));
    }
    let assistant = [".claude", ".gemini", ".cursor", ".windsurf", ".codex", ".kiro", ".qwen"]
        .iter()
        .any(|tool| path.contains(tool));
    if assistant
        || tree.get("hooks").is_some_and(|hooks| hooks.members().iter().any(|(_, list)| !list.values().is_empty()))
    {
        self::assistant(tree, notes);
    }
}

/// A program and its arguments as one line.
fn line(tree: &Tree) -> Option<String> {
    let command = tree.get("command")?;
    let program = command.text().or_else(|| command.get("value").and_then(Tree::text));
    let given = command.values().iter().filter_map(Tree::text);
    let arguments = tree.get("args").map(Tree::values).unwrap_or_default();
    let arguments = arguments.iter().filter_map(|word| word.text().or_else(|| word.get("value").and_then(Tree::text)));
    let words = program.into_iter().chain(given).enumerate().map(|(n, word)| (n == 0, word));
    Some(words.chain(arguments.map(|word| (false, word))).map(quoted).collect::<Vec<_>>().join(" "))
}

fn quoted((first, word): (bool, &str)) -> String {
    let plain = first || !word.contains([' ', '|', ';', '&', '>', '<', '$', '"']);
    if plain || word.contains('\'') { word.to_owned() } else { format!("'{word}'") }
}

fn tasks(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for task in tree.get("tasks").map(Tree::values).unwrap_or_default() {
        let run_on = task.get("runOptions").and_then(|options| options.get("runOn")).and_then(Tree::text);
        let opened = run_on == Some("folderOpen");
        let when = if opened { "as soon as the folder is opened" } else { "as a task of the editor" };
        let systems = ["windows", "linux", "osx"].iter().filter_map(|system| task.get(system));
        let mut said = false;
        let mut first = None;
        for command in std::iter::once(task).chain(systems).filter_map(line) {
            said |= notes.command(&command, when, !opened);
            first.get_or_insert(command);
        }
        let shown = task.get("presentation").and_then(|shown| shown.get("reveal")).and_then(Tree::text);
        if let Some(command) = first.filter(|_| opened && !said) {
            let hidden = matches!(shown, Some("never" | "silent"));
            let own = command
                .split_whitespace()
                .any(|word| word.contains("./") || word.contains("${workspaceFolder}") || word.starts_with(".vscode/"));
            let severity = if hidden && own { Severity::High } else { Severity::Low };
            let unseen = if hidden { ", unseen" } else { "" };
            notes.say(severity, format!("{command:?} runs as soon as the folder is opened{unseen}"), "folderOpen");
        }
    }
}

fn scripts(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for (name, script) in tree.get("scripts").map(Tree::members).unwrap_or_default() {
        let installs = INSTALL.contains(&name.to_ascii_lowercase().as_str())
            || name.starts_with("post-")
            || name.starts_with("pre-");
        let when =
            if installs { format!("when the package is installed ({name:?})") } else { format!("as script {name:?}") };
        for command in script.values().iter().chain([script]).filter_map(Tree::text) {
            notes.command(command, &when, !installs);
        }
    }
}

fn container(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for key in CONTAINER {
        for value in tree.all(key) {
            let mut commands: Vec<String> = Vec::new();
            // A text, the words of one command, or several of these by name.
            for inner in value.members().iter().map(|(_, inner)| inner).chain([value]) {
                commands.extend(inner.text().map(str::to_owned));
                if !inner.values().is_empty() {
                    let words = inner.values().iter().filter_map(Tree::text).enumerate();
                    commands.push(words.map(|(n, word)| quoted((n == 0, word))).collect::<Vec<_>>().join(" "));
                }
            }
            for command in commands {
                notes.command(&command, &format!("when the container is made ({key})"), false);
            }
        }
    }
}

/// Settings of an editor: every text in them is a command for one extension or another.
fn settings(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for (key, value) in tree.members() {
        let approves = key.starts_with("chat.tools.") && key.to_ascii_lowercase().ends_with("autoapprove");
        if approves && (*value == Tree::Bool(true) || value.get("*") == Some(&Tree::Bool(true))) {
            let message = format!("the settings have the editor's assistant run whatever it likes ({key})");
            notes.say(Severity::High, message, key);
        }
        if let Some(program) = value.text().filter(|program| names_program(key) && is_own(program)) {
            let message = format!("the settings have the editor run {program:?} of this repository ({key})");
            notes.say(Severity::High, message, program);
        }
        if key.starts_with("terminal.integrated.env") {
            variables(value, notes);
        }
    }
    every_text(tree, &mut |key, text| {
        notes.command(text, &format!("by the editor's settings ({key})"), true);
    });
    for profile in
        tree.members().iter().filter(|(key, _)| key.starts_with("terminal.integrated")).flat_map(|(_, p)| p.members())
    {
        let path = profile.1.get("path").and_then(Tree::text).unwrap_or_default();
        let words = profile.1.get("args").map(Tree::values).unwrap_or_default().iter().filter_map(Tree::text);
        let command = std::iter::once(path.to_owned())
            .chain(words.map(|word| quoted((false, word))))
            .collect::<Vec<_>>()
            .join(" ");
        notes.command(&command, "when a terminal is opened", false);
    }
}

fn names_program(key: &str) -> bool {
    // Settings of editors have dots in their names; those of other programs seldom do.
    let lower = key.to_ascii_lowercase();
    let ends = [
        "path",
        "interpreter",
        "executable",
        "command",
        "binary",
        "server",
        "shell.linux",
        "shell.osx",
        "shell.windows",
    ];
    let folders = [
        "extrapaths",
        "searchpath",
        "analysispath",
        "cachepath",
        "rootpath",
        "envfile",
        "venvpath",
        "configpath",
        "modulepath",
        "includepath",
        "casedirectory",
    ];
    lower.contains('.')
        && ends.iter().any(|end| lower.ends_with(end))
        && !folders.iter().any(|folder| lower.ends_with(folder))
}

/// True for a program that lies in the repository and not where tools are installed to.
fn is_own(program: &str) -> bool {
    let lower = program.to_ascii_lowercase();
    let installed = [
        "venv",
        "/env/",
        "conda",
        "node_modules",
        "virtualenv",
        ".tox",
        ".pixi",
        ".direnv",
        ".yarn",
        "site-packages",
        ".nix",
    ];
    let inside = lower.starts_with("./")
        || lower.starts_with("${workspace")
        || lower.starts_with(".vscode/")
        || lower.starts_with("../");
    let file = lower.contains('/') && !lower.ends_with('/');
    inside && file && !installed.iter().any(|place| lower.contains(place))
}

fn variables(environment: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for (name, value) in environment.members() {
        let path = name == "PATH"
            && value.text().is_some_and(|path| {
                path.contains("${workspaceFolder}")
                    && path.find("${env:PATH}").is_none_or(|at| at > 0)
                    && !path.contains("venv")
                    && !path.contains("node_modules")
            });
        if VARIABLES.contains(&name.as_str()) || path {
            let shown = value.text().unwrap_or_default();
            let harmless = name == "NODE_OPTIONS"
                && !shown.contains("require")
                && !shown.contains("import")
                && !shown.contains("loader");
            let library = name == "LD_LIBRARY_PATH" && !shown.contains("workspace");
            if !harmless && !library {
                notes.say(Severity::High, format!("programs are started with {name} set to {shown:?}"), name);
            }
        }
    }
}

/// Servers of the Model Context Protocol, each a program that the editor starts.
fn servers(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    for (name, server) in tree.members() {
        if let Some(command) = line(server)
            && !notes.command(&command, &format!("as tool server {name:?} of an assistant"), false)
        {
            let message = format!("an assistant is told to start {command:?} as its tool server {name:?}");
            notes.say(Severity::Low, message, name);
        }
        server.get("env").into_iter().for_each(|environment| variables(environment, notes));
    }
}

/// Hooks and helpers of an assistant that works in the folder.
fn assistant(tree: &Tree, notes: &mut Notes<'_, '_, '_, '_>) {
    let mut found = Vec::new();
    if let Some(hooks) = tree.get("hooks") {
        every_text(hooks, &mut |key, text| {
            if key == "command" || key == "bash" || key == "powershell" {
                found.push(text.to_owned());
            }
        });
    }
    let helper = HELPERS.iter().filter_map(|key| tree.get(key)).filter_map(Tree::text);
    found.extend(helper.map(str::to_owned));
    found.extend(tree.get("statusLine").and_then(line));
    for command in found {
        if !notes.command(&command, "while an assistant works in the folder", false) {
            notes.say(
                Severity::Low,
                format!("an assistant that works in the folder is told to run {command:?}"),
                &command,
            );
        }
    }
    let environment = tree.get("env");
    environment.into_iter().for_each(|environment| variables(environment, notes));
    for (name, value) in environment.map(Tree::members).unwrap_or_default() {
        let address = value.text().unwrap_or_default();
        let elsewhere = name.ends_with("_BASE_URL")
            && !["localhost", "127.0.0.1", "anthropic.com", "openai.com", "googleapis.com"]
                .iter()
                .any(|host| address.contains(host));
        if elsewhere {
            let message =
                format!("an assistant that works in the folder sends its key and all it reads to {address:?} ({name})");
            notes.say(Severity::High, message, name);
        }
    }
    let mode = tree.get("permissions").and_then(|permissions| permissions.get("defaultMode")).and_then(Tree::text);
    if mode == Some("bypassPermissions") {
        let message = "an assistant that works in the folder is told to ask for nothing".to_owned();
        notes.say(Severity::High, message, "bypassPermissions");
    }
}

/// Shows every text of a tree, with the key that it stands behind.
fn every_text(tree: &Tree, see: &mut impl FnMut(&str, &str)) {
    let mut queue = vec![("", tree)];
    let mut seen = 0;
    while let Some((key, value)) = queue.pop() {
        seen += 1;
        if seen > VALUES {
            return;
        }
        value.text().into_iter().for_each(|text| see(key, text));
        queue.extend(value.values().iter().map(|inner| (key, inner)));
        queue.extend(value.members().iter().map(|(key, inner)| (key.as_str(), inner)));
    }
}
