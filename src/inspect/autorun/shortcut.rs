//! What runs at a click, when a folder is entered, or by git and `make`.

use super::super::shell;
use super::Notes;
use crate::model::Severity;

/// What scripts of the Windows Script Host need to do anything to a machine.
static HOST: [&str; 13] = [
    "wscript.shell",
    "createobject",
    "activexobject",
    "shell.application",
    "powershell",
    "getobject(",
    "execute(",
    "eval(",
    "xmlhttp",
    "adodb.stream",
    "shellexecute",
    "#@~^",
    "scripting.filesystemobject",
];

/// Settings of git that name a command.
static GIT: [&str; 11] = [
    "fsmonitor",
    "sshcommand",
    "hookspath",
    "editor",
    "pager",
    "askpass",
    "textconv",
    "clean",
    "smudge",
    "process",
    "helper",
];

/// True for the ending of a file that does something when it is opened; Windows writes such texts in UTF-16.
pub fn is_clicked(ending: &str) -> bool {
    matches!(
        ending,
        "reg" | "hta" | "vbs" | "vbe" | "wsf" | "wsh" | "jse" | "sct" | "url" | "library-ms" | "scf" | "inf"
    )
}

/// Looks at a text by its name, its ending and its path, all in small letters.
pub fn inspect(name: &str, ending: &str, path: &str, text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    match (name, ending) {
        (_, "desktop") => desktop(text, notes),
        (_, "url" | "library-ms" | "search-ms" | "searchconnector-ms" | "scf" | "theme") => address(text, notes),
        (_, "hta" | "vbs" | "vbe" | "wsf" | "wsh" | "jse" | "sct") => host(ending, text, notes),
        (_, "ps1" | "psm1" | "bat" | "cmd" | "command") => {
            // What fetches an installer first and starts it on another line is `deployment-download`.
            for (command, _) in shell::commands(text) {
                notes.command(command.trim_start_matches('@'), "at a click", true);
            }
        }
        (_, "scpt" | "applescript") => apple(text, notes),
        (_, "reg") => registry(text, notes),
        ("autorun.inf", _) => drive(text, notes),
        (".gitmodules", _) => modules(text, notes),
        (
            ".envrc" | ".bashrc" | ".bash_profile" | ".bash_login" | ".bash_aliases" | ".profile" | ".zshrc"
            | ".zshenv" | ".zprofile" | ".zlogin" | ".kshrc" | "config.fish" | "postbuild" | "procfile",
            _,
        ) => {
            let when =
                if name == ".envrc" { "when the folder is entered" } else { "when a shell or the program starts" };
            shell_lines(text, when, name == "procfile", notes);
        }
        (".vimrc" | ".exrc" | ".nvimrc", _) => {
            for (_, command) in text.lines().filter_map(|line| line.split_once('!')) {
                notes.command(command, "when a file of the folder is opened", false);
            }
        }
        (_, "xml") if path.contains(".idea/") => {
            for value in text.split("value=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let command =
                    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&");
                notes.command(&command, "by the editor", true);
            }
        }
        (".gdbinit" | ".lldbinit", _) => debugger(text, notes),
        (".dir-locals.el", _) => emacs(text, notes),
        (".npmrc", _) => npm(text, notes),
        ("makefile" | "gnumakefile", _) | (_, "mk") => make(text, notes),
        (".gitconfig", _) => git(text, notes),
        ("config", _) if path.contains(".git/") || text.contains("repositoryformatversion") => git(text, notes),
        _ if is_hook(name, path) => shell_lines(text, "whenever git is used here", false, notes),
        _ => {}
    }
}

fn is_hook(name: &str, path: &str) -> bool {
    let folder = [".git/hooks/", ".githooks/", ".husky/", "/hooks/"].iter().any(|folder| path.contains(folder));
    let named = [
        "pre-commit",
        "post-checkout",
        "post-merge",
        "pre-push",
        "post-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-rewrite",
        "pre-rebase",
        "applypatch-msg",
        "pre-receive",
        "post-receive",
        "update",
    ];
    folder && named.contains(&name)
}

/// Values of `key=value`, with the key in small letters.
fn values(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()))
}

fn shell_lines(text: &str, when: &str, asked: bool, notes: &mut Notes<'_, '_, '_, '_>) {
    let mut said = false;
    for (command, _) in shell::commands(text) {
        said |= notes.command(&command, when, asked);
    }
    if !said && let Some(fetched) = shell::fetched_then_run(text) {
        notes.say(Severity::High, format!("{when}, {:?} runs: {}", fetched.run, fetched.why), &fetched.run);
    }
}

fn desktop(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    for (_, command) in values(text).filter(|(key, _)| key == "exec" || key == "tryexec") {
        if !notes.command(command, "at a click", false) {
            notes.say(Severity::Low, format!("at a click, {command:?} runs"), command);
        }
    }
}

/// An address that a program is fetched from, or that makes Windows log in elsewhere.
fn address(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let lower = text.to_ascii_lowercase();
    for (key, value) in
        values(&lower).filter(|(key, _)| ["url", "iconfile", "workingdirectory", "baseurl"].contains(&key.as_str()))
    {
        let elsewhere = value.starts_with("\\\\") || value.starts_with("file:") || value.starts_with("smb:");
        let program = key == "url"
            && [".exe", ".hta", ".scr", ".js", ".vbs", ".lnk", ".bat", ".cmd", ".ps1", ".msi", ".jar"]
                .iter()
                .any(|end| value.ends_with(end));
        if elsewhere || program || value.starts_with("javascript:") {
            let what = if program { "starts a program from elsewhere" } else { "has the machine log in elsewhere" };
            notes.say(Severity::High, format!("the shortcut's {key} {value:?} {what}"), &key);
        }
    }
    if let Some(at) = lower.find("<simplelocation>").filter(|at| lower[*at..].contains("\\\\")) {
        let shown: String = lower[at..].chars().take(80).collect();
        notes.say(Severity::High, format!("the library {shown:?} has the machine log in elsewhere"), "simpleLocation");
    }
}

fn host(ending: &str, text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let lower = text.to_ascii_lowercase();
    match HOST.iter().find(|mark| lower.contains(**mark)) {
        Some(mark) => notes.say(Severity::High, format!("at a click, a script runs that uses {mark:?}"), mark),
        None => notes.say(Severity::Low, format!("a file with the ending .{ending} runs at a click"), ""),
    }
}

fn apple(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    for (at, mark) in text.match_indices("do shell script") {
        let rest = text[at + mark.len()..].trim_start();
        let command: String =
            rest.strip_prefix('"').unwrap_or(rest).chars().take_while(|c| *c != '"' && *c != '\n').collect();
        if !notes.command(&command, "at a click", false) {
            let root = rest.lines().next().is_some_and(|line| line.contains("administrator privileges"));
            let severity = if root { Severity::High } else { Severity::Low };
            notes.say(severity, format!("at a click, {command:?} runs"), &command);
        }
    }
}

fn registry(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let lower = text.to_ascii_lowercase();
    let places = [
        "\\currentversion\\run",
        "\\shell\\open\\command",
        "\\image file execution options",
        "\\winlogon",
        "\\command processor",
    ];
    if let Some(place) = places.iter().find(|place| lower.contains(**place)) {
        notes.say(Severity::High, format!("it registers a program below {place:?}, which Windows then starts"), "");
    }
}

fn drive(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    for (key, command) in values(text) {
        if key == "open" || key == "shellexecute" || key.ends_with("\\command") {
            notes.say(Severity::High, format!("when the drive is opened, {command:?} runs"), command);
        }
    }
}

/// Commands that git runs by its configuration (CVE-2022-24765 and what follows from it).
fn git(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            name.to_ascii_lowercase().clone_into(&mut section);
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
        let alias = section.starts_with("alias") && value.starts_with('!');
        if !alias && !GIT.contains(&key.as_str()) {
            continue;
        }
        let command = value.trim_start_matches('!');
        let ordinary = matches!(
            value,
            "true"
                | "false"
                | ""
                | "cat"
                | "less"
                | "vim"
                | "vi"
                | "nano"
                | "code --wait"
                | "delta"
                | "store"
                | "cache"
                | "osxkeychain"
                | "manager"
        ) || value.starts_with("git-lfs")
            || value.starts_with("git lfs")
            || value.starts_with("nbstripout")
            || value.starts_with(".husky")
            || value.starts_with(".githooks");
        let told = !ordinary && notes.command(command, &format!("whenever git is used here ({key})"), false);
        if !told
            && !ordinary
            && ["fsmonitor", "sshcommand", "hookspath", "clean", "smudge", "process", "textconv"]
                .contains(&key.as_str())
        {
            notes.say(Severity::High, format!("whenever git is used here, {value:?} runs ({key})"), value);
        }
    }
}

/// Addresses and folders of submodules that git takes for options or commands (CVE-2018-17456, CVE-2018-11235).
fn modules(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    for (key, value) in values(text) {
        let value = value.trim_matches('"');
        let option = matches!(key.as_str(), "url" | "path") && value.starts_with('-');
        let climbs = key == "path" && value.split('/').any(|part| part == ".." || part.eq_ignore_ascii_case(".git"));
        let runs = (key == "update" && value.starts_with('!')) || (key == "url" && value.starts_with("ext::"));
        let cut = value.contains('\r') || value.ends_with("\\r");
        if option || climbs || runs || cut {
            notes.say(
                Severity::High,
                format!("the submodule's {key} {value:?} makes git run or write what it should not"),
                value,
            );
        }
    }
}

fn debugger(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let begins = [
        "shell ",
        "!",
        "python import os",
        "python import subprocess",
        "platform shell",
        "command script import",
        "script ",
    ];
    for line in text.lines().map(str::trim) {
        let runs = begins.iter().any(|begin| line.starts_with(begin))
            || line.contains("os.system")
            || line.contains("subprocess");
        if runs && !line.starts_with('#') {
            let shown: String = line.chars().take(120).collect();
            notes.say(Severity::High, format!("when a debugger starts here, {shown:?} runs"), line);
        }
    }
}

fn emacs(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let runs =
        ["shell-command", "call-process", "start-process", "url-retrieve"].iter().find(|call| text.contains(**call));
    if let Some(call) = runs.filter(|_| text.contains("eval")) {
        notes.say(Severity::High, format!("when a file of the folder is opened in Emacs, {call:?} runs"), call);
    }
}

fn npm(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    for (key, value) in values(text) {
        let loads = key == "node-options"
            && (value.contains("require") || value.contains("import") || value.contains("loader"));
        if loads || matches!(key.as_str(), "script-shell" | "onload-script" | "shell" | "git") {
            notes.say(Severity::High, format!("whenever npm is used here, {value:?} runs ({key})"), value);
        }
    }
}

/// What `make` runs without a target: the recipe of the first one, and what stands in `$(shell …)`.
fn make(text: &str, notes: &mut Notes<'_, '_, '_, '_>) {
    let mut targets = 0;
    for line in text.lines() {
        if let Some((_, inner)) = line.split_once("$(shell ").filter(|_| !line.starts_with('\t')) {
            notes.command(inner.trim_end_matches(')'), "whenever make is used here", false);
        }
        let target = line.split_once(':').filter(|(name, rest)| {
            !line.starts_with(['\t', '#', '.', ' ']) && !rest.starts_with('=') && !name.contains(['=', '$'])
        });
        targets += usize::from(target.is_some());
        if let Some(command) = line.strip_prefix('\t').filter(|_| targets == 1) {
            notes.command(command.trim_start_matches(['@', '-', '+']), "by make without a target", true);
        }
    }
}
