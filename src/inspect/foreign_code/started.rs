//! Commands in the texts of a source that are handed to a shell.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::shell::{
    self,
    installer::{self, Origin},
};
use super::network::starters;
use super::{Found, Language, Missed, around, is_word};

/// Words of which every command has one that is looked at.
static HOT: [&str; 16] = [
    "curl",
    "wget",
    "/dev/tcp/",
    "/dev/udp/",
    "iwr ",
    "irm ",
    "invoke-",
    "powershell",
    "base64",
    "nc ",
    "ncat ",
    "mkfifo",
    "certutil",
    "bitsadmin",
    "mshta",
    "stratum+tcp",
];

/// Bytes between such a word and what it starts.
const BETWEEN: usize = 80;

/// Calls that start a program, with what stands in their brackets.
static CALLS: [&str; 48] = [
    ".Run(",
    "Process.Start(",
    "execShellCmd(",
    "Seq(",
    "system(",
    "system2(",
    "shell(",
    "exec(",
    "execSync(",
    "execFile(",
    "execFileSync(",
    "execa(",
    "spawn(",
    "spawnSync(",
    "popen(",
    "popen2(",
    "popen3(",
    "capture2(",
    "capture2e(",
    "capture3(",
    "_popen(",
    "execute(",
    "shell_exec(",
    "passthru(",
    "proc_open(",
    "pcntl_exec(",
    "pipe(",
    "run(",
    "readchomp(",
    "Command::new(",
    "exec.Command(",
    "exec.CommandContext(",
    "ProcessBuilder(",
    "Process(",
    "execl(",
    "execlp(",
    "execle(",
    "execv(",
    "execvp(",
    "execve(",
    "posix_spawn(",
    "CreateProcessA(",
    "WinExec(",
    "ShellExecuteA(",
    "execute_process(",
    "add_custom_command(",
    "add_custom_target(",
    "run_command(",
];

/// Words that start what follows on them in the same line.
static BARE: [&str; 17] = [
    ".arguments",
    "system ",
    "exec ",
    "spawn ",
    "qx{",
    "qx(",
    "qx/",
    "%x(",
    "%x{",
    "%x[",
    "commandLine",
    "sh ",
    "bat ",
    "COMMAND ",
    "cmd =",
    "cmd=",
    "shell:",
];

/// Commands of one source that are looked at.
const COMMANDS: usize = 32_000;

/// Bytes before a text in which the call that it is given to is looked for, and bytes of the longest text.
const NEAR: usize = 400;
const LONGEST: usize = 4096;

/// Commands that nobody honest hands to a shell.
pub fn hostile(language: Language, text: &str, missed: &mut Missed) -> Vec<Found> {
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(HOT).ok());
    let mut found = Vec::new();
    let places = WORDS.iter().flat_map(|words| words.find_overlapping_iter(text));
    let mut places: Vec<usize> = places.map(|place| place.start()).take(COMMANDS + 1).collect();
    if places.len() > COMMANDS {
        missed.push(("commands-of-a-source", COMMANDS));
    }
    places.sort_unstable();
    let names = if language == Language::JavaScript { starters(text) } else { Vec::new() };
    let mut seen = 0;
    for at in places {
        if at < seen {
            continue;
        }
        let (before, behind) = around(text, at, LONGEST, LONGEST);
        let before = before.rsplit('\n').next().unwrap_or(before);
        if language.is_comment(before) {
            continue;
        }
        let (start, command, quote) = match literal(before, behind) {
            Some((inner, rest, quote)) => (at - inner.len(), format!("{inner}{rest}"), Some(quote)),
            None => (at - before.len(), format!("{before}{}", behind.lines().next().unwrap_or_default()), None),
        };
        seen = at + 1;
        let plain = command.replace("\\\"", "\"").replace("\\'", "'").replace("\\n", "\n");
        // A program whose arguments are texts of their own.
        let alone = quote.is_some() && plain.len() < 40 && !plain.contains(char::is_whitespace);
        let plain = if alone { with_arguments(&plain, text, start + command.len()) } else { plain };
        let Some(why) = judged(&plain, language, quote) else { continue };
        // No message tells anybody to give a shell away.
        let tied = why.contains("/dev/tcp") && quote.is_some();
        let behind = text.get(start + command.len()..).unwrap_or_default().trim_start_matches(['"', '\'']);
        let runs_itself = language == Language::Compiled
            && [".execute(", ".!", ".lineStream"].iter().any(|call| behind.starts_with(call));
        if !tied && !runs_itself && !is_started(language, text, start, quote, &names) {
            continue;
        }
        let shown: String = plain.trim().chars().take(120).collect();
        found.push(Found {
            why: format!("{shown:?} is handed to a shell: {why}"),
            at: start,
            length: command.len().max(1),
        });
        seen = start + command.len();
    }
    found
}

/// Why the command is hostile. What makers of installers tell people to run is not.
fn judged(command: &str, language: Language, quote: Option<char>) -> Option<&'static str> {
    let command = match (quote, language) {
        (None, Language::Commands) => {
            // `commands = sh -c '…'`
            command
                .split_once(['=', ':'])
                .filter(|(key, _)| key.trim().chars().all(is_word))
                .map_or(command, |(_, rest)| rest)
        }
        (None, _) => BARE.iter().find_map(|word| command.split_once(word)).map_or(command, |(_, rest)| rest),
        _ => command,
    };
    let why = shell::hostile(command.trim_matches([' ', ')', '}', ']', ',', ';']))?;
    let known = why.contains("fetches") && installer::origin(command) != Origin::Elsewhere;
    (!known && !installer::only_installs(command)).then_some(why)
}

/// A program and what is given to it in the same call: `Process.Start("powershell", "-enc …")`.
fn with_arguments(program: &str, text: &str, end: usize) -> String {
    let (_, rest) = around(text, end, 0, LONGEST);
    let rest = rest.split([';', '\n']).next().unwrap_or(rest);
    let plain =
        rest.split_once(')').map_or(rest, |(given, _)| given).replace(['"', '\'', ',', '[', ']', '{', '}', '('], " ");
    format!("{program} {plain}")
}

/// The text in quotes that a place lies in: what stands before it, behind it, and the quote.
fn literal<'t>(before: &'t str, behind: &'t str) -> Option<(&'t str, &'t str, char)> {
    let mut open: Option<(usize, char)> = None;
    let mut escaped = false;
    for (at, c) in before.char_indices() {
        match (open, c) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (None, '"' | '\'' | '`') => open = Some((at, c)),
            (Some((_, quote)), c) if quote == c => open = None,
            _ => {}
        }
    }
    let (at, quote) = open?;
    let mut escaped = false;
    let end = behind.char_indices().find_map(|(end, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        (ends || (c == '\n' && quote != '`')).then_some(end)
    });
    Some((before.get(at + 1..)?, behind.get(..end.unwrap_or(behind.len()))?, quote))
}

/// True if a program is started with the text that begins there.
fn is_started(language: Language, text: &str, start: usize, quote: Option<char>, names: &[String]) -> bool {
    if language == Language::Commands {
        return true;
    }
    let (window, _) = around(text, start, NEAR, 0);
    let line = window.rsplit('\n').next().unwrap_or(window);
    let alone = |before: &str, mark: &str| !(mark.starts_with(is_word) && before.ends_with(is_word));
    let bare = match quote {
        // Julia, Perl and Ruby run what stands in such quotes.
        Some('`') => language == Language::Scripted,
        Some(_) if language == Language::JavaScript => false,
        Some(_) => BARE
            .iter()
            .any(|word| line.rfind(word).is_some_and(|at| alone(&line[..at], word) && line.len() - at < BETWEEN)),
        None => {
            let (_, rest) = around(text, start, 0, LONGEST);
            let rest = rest.lines().next().unwrap_or_default();
            let at = BARE
                .iter()
                .filter(|word| !matches!(**word, "sh " | "bat " | "shell:"))
                .find_map(|word| rest.find(word).filter(|at| alone(&rest[..*at], word)));
            at.is_some()
        }
    };
    // A call of R, Perl or Ruby stands at the beginning of what it says; a message does not begin with one.
    bare || CALLS.iter().any(|call| is_within(window, call, alone))
        || names.iter().any(|name| is_within(window, &format!("{name}("), alone))
}

/// True if the end of the window lies in the brackets of that call, or in those of a call on its result.
fn is_within(window: &str, call: &str, alone: impl Fn(&str, &str) -> bool) -> bool {
    let window = &window[window.rfind(';').map_or(0, |at| at + 1)..];
    let Some(at) = window.rfind(call).filter(|at| alone(&window[..*at], call)) else { return false };
    let mut depth = 1i32;
    for c in window[at + call.len()..].chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\n' if depth <= 0 && !call.contains("Command") => return false,
            _ => {}
        }
    }
    depth > 0
}
