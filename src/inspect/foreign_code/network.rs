//! What comes from the network and is run, shells that are tied to a connection, and an environment that is sent away.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Found, Language, Missed, around, is_word};

/// Functions of Node's `child_process` that take a command.
static STARTS: [&str; 6] = ["exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync"];

/// Bytes of a source that is looked at for what stands apart in it. Bundles are longer, and hold everything.
const SHORT: usize = 64 << 10;

/// Names of what was fetched that are followed in one source, and of functions that start programs.
const NAMES: usize = 64;

/// Unreadable names that a source has if a program made it unreadable.
const OBFUSCATED: usize = 40;

/// Names that a source of JavaScript gives to functions that start programs: `{execSync: e} = require('child_process')`.
pub fn starters(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if !text.contains("child_process") {
        return names;
    }
    for start in STARTS {
        for (at, _) in text.match_indices(start).take(100) {
            let (before, rest) = around(text, at, 40, start.len() + 40);
            let rest = rest.get(start.len()..).unwrap_or_default();
            if before.ends_with(is_word) || rest.starts_with(is_word) {
                continue;
            }
            let renamed = rest
                .trim_start()
                .strip_prefix(':')
                .or_else(|| rest.trim_start().strip_prefix("as "))
                .map(str::trim_start);
            let assigned =
                before.trim_end().ends_with('.').then(|| before.rsplit_once('=')).flatten().map(|(name, _)| name);
            let name = match (renamed, assigned) {
                (Some(name), _) => name.chars().take_while(|c| is_word(*c)).collect(),
                (None, Some(name)) => name.trim_end().rsplit(|c| !is_word(c)).next().unwrap_or_default().to_owned(),
                (None, None) => start.to_owned(),
            };
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// All of them in a source.
pub fn run(language: Language, text: &str, missed: &mut Missed) -> Option<Found> {
    if text.len() > SHORT {
        return None;
    }
    let mut script =
        || fetched(text, missed).or_else(|| sent(text)).or_else(|| hosted(text)).or_else(|| unreadable(text));
    tied(language, text).or_else(|| if language == Language::JavaScript { script() } else { None })
}

fn first(text: &str, words: &[&str]) -> Option<usize> {
    words.iter().filter_map(|word| text.find(word)).min()
}

/// A shell, and nothing else, in quotes.
fn shell(text: &str) -> Option<usize> {
    static SHELLS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let names =
            ["/bin/sh", "/bin/bash", "/bin/sh -i", "/bin/bash -i", "cmd.exe", "powershell.exe", "sh", "bash", "cmd"];
        let quoted = names.iter().flat_map(|name| ['"', '\''].map(|quote| format!("{quote}{name}{quote}")));
        AhoCorasick::new(quoted).ok()
    });
    SHELLS.as_ref()?.find(text).map(|place| place.start())
}

/// A shell whose input and output are a connection.
fn tied(language: Language, text: &str) -> Option<Found> {
    let has = |words: &[&str]| first(text, words).is_some();
    let at = shell(text).or_else(|| first(text, &["/bin/sh -i", "/bin/bash -i"]))?;
    let tied = match language {
        Language::JavaScript => {
            let connects = [
                "net.connect",
                "net.Socket",
                "net').Socket",
                "createConnection",
                ".connect(",
                "tls.connect",
                "WebSocket(",
            ];
            has(&["child_process"])
                && has(&connects)
                && has(&[".pipe(", ".write("])
                && has(&["stdin"])
                && has(&["'net'", "\"net\"", "'tls'", "\"tls\"", "WebSocket"])
        }
        Language::Php => {
            has(&["fsockopen(", "socket_create(", "stream_socket_client("]) && has(&["proc_open(", "exec(", "system("])
        }
        Language::Scripted => {
            has(&["IO::Socket", "use Socket", "TCPSocket", "socketConnection(", "make.socket("])
                && has(&["exec", "popen", "system", "spawn"])
                && has(&["STDIN", "stdin", "gets", "reopen", ">&", "readLines"])
        }
        Language::Compiled => {
            let c = has(&["socket("])
                && has(&["connect("])
                && has(&["dup2("])
                && has(&["execve(", "execl(", "execlp(", "execv(", "system("]);
            let go = has(&["net.Dial("])
                && has(&["exec.Command("])
                && has(&["Stdin = c", "Stdin=c", "Stdin = s", "Stdin=s"]);
            let rust = has(&["Stream::connect("]) && has(&["Command::new("]) && has(&["from_raw_fd", "into_raw_fd"]);
            let java = has(&["new Socket("]) && has(&["ProcessBuilder(", "getRuntime()"]) && has(&["getInputStream"]);
            let lua = has(&["require(\"socket\")", "require('socket')", "require \"socket\""])
                && has(&["io.popen(", "os.execute("])
                && has(&["receive(", "<&"]);
            c || go || rust || java || lua
        }
        Language::Commands => false,
    };
    tied.then(|| Found { why: "a shell is tied to a connection to another machine".to_owned(), at, length: 4 })
}

/// `get(…, r => { r.on('data', c => d += c); r.on('end', () => exec(d)) })`, `fetch(…).then(r => r.text()).then(eval)`
fn fetched(text: &str, missed: &mut Missed) -> Option<Found> {
    let fetches = [".get(", ".request(", "fetch(", "axios"];
    if first(text, &fetches).is_none() || first(text, &["http://", "https://", "'http", "\"http"]).is_none() {
        return None;
    }
    let mut names = starters(text);
    names.push("eval".to_owned());
    let mut known = BTreeSet::new();
    for name in &names {
        let call = format!("{name}(");
        for (at, _) in text.match_indices(&call) {
            let (before, rest) = around(text, at, 1, call.len() + 64);
            if before.ends_with(is_word) {
                continue;
            }
            let rest = rest.get(call.len()..).unwrap_or_default();
            let given: String = rest.chars().take_while(|c| is_word(*c)).collect();
            let whole = rest.get(given.len()..).is_some_and(|rest| rest.starts_with([')', ',', '.']));
            // Each name is looked for all over the source, but once.
            if given.is_empty() || !whole || !known.insert(given.clone()) {
                continue;
            }
            if known.len() > NAMES {
                missed.push(("names-of-a-source", NAMES));
                return None;
            }
            let grows = [format!("{given}+="), format!("{given} +="), format!("{given}.push(")];
            let collected =
                grows.iter().any(|grows| text.contains(grows)) && first(text, &["'data'", "\"data\""]).is_some();
            let answered = text.contains(".text()")
                && [
                    format!("{given}=>"),
                    format!("{given} =>"),
                    format!("({given}) =>"),
                    format!("{given}=await"),
                    format!("{given} = await"),
                ]
                .iter()
                .any(|begin| text.contains(begin));
            if collected || answered {
                let why = format!("{name:?} runs what comes from the network");
                return Some(Found { why, at, length: name.len() });
            }
        }
    }
    let handed = first(text, &[".then(eval)", ".then(exec)", ".then(execSync)"])?;
    Some(Found { why: "what comes from the network is run".to_owned(), at: handed, length: 10 })
}

/// The whole environment in what is sent.
fn sent(text: &str) -> Option<Found> {
    let at = first(
        text,
        &[
            "JSON.stringify(process.env)",
            "stringify(process.env)",
            "JSON.stringify({...process.env",
            "Object.entries(process.env)",
        ],
    )?;
    let (before, behind) = around(text, at, 400, 400);
    let sends = ["request(", "fetch(", ".post(", "axios", "sendBeacon(", "WebSocket(", ".connect(", ".resolve("];
    let near = first(before, &sends).or_else(|| first(behind, &sends));
    let elsewhere = first(text, &["http", "'net'", "\"net\"", "'dns'", "\"dns\""]).is_some();
    (near.is_some() && elsewhere).then(|| Found {
        why: "the whole environment of the process is sent away".to_owned(),
        at,
        length: 20,
    })
}

/// What the Windows Script Host gives a script at a click, and no browser any longer.
fn hosted(text: &str) -> Option<Found> {
    let at = first(text, &["WScript.Shell", "wscript.shell", "ADODB.Stream", "Shell.Application"])?;
    first(text, &["ActiveXObject", "WScript.CreateObject", "CreateObject("]).map(|_| Found {
        why: "at a click on Windows, a script runs that starts programs".to_owned(),
        at,
        length: 13,
    })
}

/// Names such as `_0x3fa2c1`, which a program made so that nobody reads what uses them.
fn unreadable(text: &str) -> Option<Found> {
    let hex = |rest: &str| rest.bytes().take_while(u8::is_ascii_hexdigit).count() >= 4;
    let names = text.match_indices("_0x").filter(|(at, mark)| text.get(at + mark.len()..).is_some_and(hex));
    let count = names.take(OBFUSCATED).count();
    (count == OBFUSCATED).then(|| Found {
        why: "its names are made so that nobody can read what it does".to_owned(),
        at: text.find("_0x").unwrap_or(0),
        length: 8,
    })
}
