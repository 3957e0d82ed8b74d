//! Pipelines in YAML: what runs when something is pushed, merged or committed.
//!
//! Read line by line: what YAML's anchors put together is not followed.

use super::super::shell;
use super::Notes;
use crate::model::Severity;

/// Files by which a service or tool finds its pipeline, besides the workflows of GitHub.
static NAMES: [&str; 27] = [
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    ".gitpod.yml",
    ".drone.yml",
    "appveyor.yml",
    ".appveyor.yml",
    "cloudbuild.yaml",
    "lefthook.yml",
    "taskfile.yml",
    "action.yml",
    "action.yaml",
    ".cirrus.yml",
    "devfile.yaml",
    "cog.yaml",
    "dvc.yaml",
    "bentofile.yaml",
    "mlproject",
    ".woodpecker.yml",
    ".readthedocs.yaml",
    ".readthedocs.yml",
    "meta.yaml",
    "recipe.yaml",
    "snapcraft.yaml",
];

/// Keys behind which a command stands on the same line.
static KEYS: [&str; 14] = [
    "run",
    "script",
    "command",
    "cmd",
    "entry",
    "before_script",
    "after_script",
    "init",
    "prebuild",
    "bash",
    "exec",
    "sh",
    "install",
    "before_install",
];

/// What strangers write that a workflow can see.
static STRANGERS: [&str; 10] = [
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.discussion.body",
    "github.head_ref",
];

/// Looks at a text by its name and path.
pub fn inspect(name: &str, path: &str, text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let workflow = path.contains(".github/workflows/") || path.starts_with("workflows/");
    if !workflow && !NAMES.contains(&name) && !path.ends_with(".circleci/config.yml") {
        return;
    }
    let strangers = ["pull_request_target", "issue_comment", "discussion"].iter().any(|event| text.contains(event));
    // Comments are left out, and lines that go on are joined.
    for (command, _) in shell::commands(text) {
        let command = bare(&command);
        let local = matches!(name, ".pre-commit-config.yaml" | "lefthook.yml" | "cog.yaml");
        notes.command(command, "in the pipeline", !(local || strangers || name == ".gitpod.yml"));
        sends(command, notes);
    }
    if workflow {
        merges(text, notes);
        injected(text, strangers, notes);
    }
}

/// The command of a line without the YAML around it.
fn bare(line: &str) -> &str {
    let mut bare = line.trim_start().trim_start_matches("- ").trim();
    if let Some((key, rest)) = bare.split_once(':')
        && KEYS.contains(&key.trim())
    {
        bare = rest.trim_start().trim_start_matches(['|', '>', '-', '+', ' ']).trim();
    }
    let inner = bare.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
    inner.or_else(|| bare.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''))).unwrap_or(bare)
}

/// Secrets of the repository in what is sent, where they are no credential of the receiver.
fn sends(command: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let lower = command.to_ascii_lowercase();
    let fetches = ["curl ", "wget "].iter().any(|name| lower.contains(name)) && lower.contains("secrets.");
    let data =
        [" -d ", " -d\"", " --data", " -f ", " --form", "--post-data", "?"].iter().any(|option| lower.contains(option));
    let header = ["-h ", "--header", "authorization", " -u ", "--user"].iter().any(|option| lower.contains(option));
    let known = [
        "api.github.com",
        "huggingface.co",
        "hooks.slack.com",
        "codecov.io",
        "pypi.org",
        "discord.com/api",
        "api.telegram.org",
    ];
    if fetches && data && !header && !known.iter().any(|host| lower.contains(host)) {
        let shown: String = command.chars().take(120).collect();
        notes.say(Severity::High, format!("the pipeline sends a secret of the repository away: {shown:?}"), "secrets.");
    }
}

/// `pull_request_target` runs with the rights of the repository; checking out what is to be merged runs a stranger's code.
fn merges(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let event = lines().any(|line| line.contains("pull_request_target") || line.contains("workflow_run"));
    let foreign = lines().find(|line| {
        let reference = line.trim_start_matches("- ").starts_with("ref:")
            || line.contains("git checkout")
            || line.contains("git fetch");
        let head = ["github.event.pull_request.head", "github.head_ref", "refs/pull/", "workflow_run.head"];
        reference && head.iter().any(|part| line.contains(part))
    });
    if let Some(line) = foreign.filter(|_| event) {
        let message = "the workflow runs what strangers ask to be merged, with the rights of the repository".to_owned();
        notes.say(Severity::High, message, line);
    }
}

/// What strangers write, put into a command before the shell reads it.
fn injected(text: &str, strangers: bool, notes: &mut Notes<'_, '_, '_, '_>) {
    let mut run: Option<usize> = None;
    for line in text.lines() {
        let plain = line.trim_start();
        let indent = line.len() - plain.len();
        let inner = plain.trim_start_matches("- ");
        if run.is_some_and(|open| indent <= open && !plain.is_empty()) {
            run = None;
        }
        if inner.starts_with("run:") {
            run = Some(indent);
        }
        let found = STRANGERS.iter().find(|what| line.contains(**what) && line.contains("${{"));
        if let (Some(what), Some(_)) = (found, run) {
            let severity = if strangers { Severity::High } else { Severity::Low };
            notes.say(severity, format!("a command of the workflow is written by whoever writes {what}"), what);
        }
    }
}
