//! What a command line would do, as far as its words say.
//!
//! Words are compared, nothing is expanded: a command that is put together from variables is not seen through.

pub mod installer;
mod lexer;
pub mod ordinary;
pub mod packages;

use std::collections::HashSet;

use lexer::{Line, Simple, split};

/// Words by which a command fetches something.
static FETCH: [&str; 13] = [
    "curl",
    "wget",
    "wget2",
    "fetch",
    "iwr",
    "irm",
    "invoke-webrequest",
    "invoke-restmethod",
    "start-bitstransfer",
    "bitsadmin",
    "aria2c",
    "axel",
    "lwp-download",
];

/// Programs that run what they are given.
static RUN: [&str; 27] = [
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "ash",
    "fish",
    "python",
    "python3",
    "python2",
    "perl",
    "ruby",
    "node",
    "deno",
    "php",
    "lua",
    "iex",
    "invoke-expression",
    "powershell",
    "pwsh",
    "cmd",
    "mshta",
    "osascript",
    "eval",
    "source",
    ".",
    "$shell",
];

/// Programs that turn what nobody can read into something that can be run.
static DECODE: [&str; 8] = ["base64", "base32", "xxd", "openssl", "uudecode", "rev", "gunzip", "zcat"];

/// Words before a program that only say how it is started.
static BEFORE: [&str; 21] = [
    "sudo", "doas", "env", "exec", "command", "builtin", "nohup", "time", "nice", "ionice", "setsid", "stdbuf",
    "timeout", "xargs", "busybox", "then", "else", "do", "{", "!", "if",
];

/// Programs that hand the content of a file on.
static READ: [&str; 16] = [
    "cat", "head", "tail", "less", "more", "tac", "strings", "curl", "wget", "nc", "base64", "xxd", "tar", "scp", "cp",
    "dd",
];

/// Files of secrets.
static SECRET: [&str; 8] = [
    "/etc/shadow",
    "/etc/passwd",
    ".ssh/id_",
    ".aws/credentials",
    ".netrc",
    ".docker/config.json",
    ".kube/config",
    ".git-credentials",
];

/// Programs that mine coins.
static MINES: [&str; 6] = ["xmrig", "minerd", "cpuminer", "ethminer", "nbminer", "t-rex"];

/// Folders without which no machine runs, and those of people.
static VITAL: [&str; 17] = [
    "", "*", "etc", "usr", "var", "home", "root", "bin", "sbin", "lib", "lib64", "boot", "dev", "proc", "sys", "opt",
    "c:",
];

/// Texts inside of texts that are followed.
const DEPTH: u32 = 4;

/// True for a program that runs what it is given.
pub fn runs(program: &str) -> bool {
    RUN.contains(&program)
}

/// Why no honest model or notebook would run the command; `None` if nothing of that kind is in it.
pub fn hostile(command: &str) -> Option<&'static str> {
    within(&command.to_ascii_lowercase().replace("${ifs}", " ").replace("$ifs", " "), 0)
}

fn within(text: &str, depth: u32) -> Option<&'static str> {
    let line = split(text);
    if let Some(why) = shells(text, &line).or_else(|| network(text, &line)) {
        return Some(why);
    }
    if text.contains("stratum+tcp://") || line.commands.iter().any(|command| MINES.contains(&program(command))) {
        return Some("it mines coins for somebody");
    }
    if line.commands.iter().any(deletes) {
        return Some("it deletes everything");
    }
    if stays(text, &line) {
        return Some("it makes itself at home");
    }
    if line.commands.iter().any(reads_secrets) || asks_metadata(text) {
        return Some("it reads credentials");
    }
    if depth < DEPTH { line.inner.iter().find_map(|inner| within(inner, depth + 1)) } else { None }
}

/// A shell for somebody else.
fn shells(text: &str, line: &Line) -> Option<&'static str> {
    let has = |part: &str| text.contains(part);
    if has("/dev/tcp/") || has("/dev/udp/") {
        return Some("it opens a connection through the shell's /dev/tcp");
    }
    let named = |names: &[&str]| line.commands.iter().any(|command| names.contains(&program(command)));
    let listens = ["nc", "ncat", "netcat", "socat", "nc.traditional"];
    let gives = named(&listens) && [" -e", " -c", "exec:", "system:", "mkfifo"].iter().any(|part| has(part));
    let interactive = named(&["bash", "sh", "zsh"]) && has(" -i") && (has(">&") || has("0<&1") || named(&listens));
    if gives || interactive {
        return Some("it gives a shell to somebody else");
    }
    let hidden = [" -enc", " -e ", "-encodedcommand", "downloadstring", "hidden"].iter().any(|part| has(part));
    (named(&["powershell", "powershell.exe", "pwsh"]) && hidden).then_some("it runs a hidden PowerShell command")
}

/// Something from the network or in disguise that is run.
fn network(text: &str, line: &Line) -> Option<&'static str> {
    let names: Vec<&str> = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c))).map(base).collect();
    let fetches = FETCH.iter().any(|name| names.contains(name))
        || line.commands.iter().any(|command| FETCH.contains(&program(command)))
        || ["downloadstring(", "downloadfile(", "downloaddata("].iter().any(|call| text.contains(call))
        || (names.contains(&"certutil") && text.contains("urlcache"));
    let decodes = line.commands.iter().any(is_decoder)
        || line.inner.iter().any(|inner| split(inner).commands.iter().any(is_decoder));
    let piped = line.commands.iter().any(|command| command.piped && runs_input(command));
    let substituted = line.commands.iter().any(|command| {
        let given = |what: &dyn Fn(&Simple) -> bool| {
            command.words.iter().any(|word| {
                let inner = word.find("$(").map(|at| &word[at + 2..]);
                inner.is_some_and(|inner| split(inner).commands.iter().any(what))
            })
        };
        let runs = RUN.contains(&program(command)) || program(command).starts_with("$(");
        runs && given(&|inner: &Simple| FETCH.contains(&program(inner)) || is_decoder(inner))
    });
    let expression = names.iter().any(|name| matches!(*name, "iex" | "invoke-expression" | "mshta"));
    if fetches && (piped || substituted || expression) {
        return Some("it runs what it fetches from the network");
    }
    if decodes && (piped || substituted) {
        return Some("it runs what it decodes");
    }
    (fetches && runs_fetched(line, false).is_some()).then_some("it fetches a program and runs it")
}

/// What a script fetches in one command and runs in a later one, by the file's name.
pub struct Fetched {
    /// The command by which it is run.
    pub run: String,
    /// The commands by which files of that name are fetched.
    pub by: String,
    /// What there is to say of it.
    pub why: &'static str,
}

/// The first file that a script fetches and runs.
pub fn fetched_then_run(script: &str) -> Option<Fetched> {
    let line = split(&script.to_ascii_lowercase());
    let run = runs_fetched(&line, true)?;
    let names: HashSet<&str> = run.words.iter().map(|word| base(word)).collect();
    let fetches = line.commands.iter().filter(|command| {
        FETCH.contains(&program(command))
            && command.words.iter().skip(1).any(|word| !word.starts_with('-') && names.contains(base(word)))
    });
    let by: Vec<String> = fetches.map(|command| command.words.join(" ")).collect();
    Some(Fetched { run: run.words.join(" "), by: by.join(" ; "), why: "it fetches a program and runs it" })
}

/// The command by which a file that was fetched is made a program or handed to one: that very file, if `same` says so,
/// else any.
fn runs_fetched(line: &Line, same: bool) -> Option<&Simple> {
    let mut fetched: HashSet<&str> = HashSet::new();
    for command in &line.commands {
        let name = program(command);
        if FETCH.contains(&name) {
            fetched.extend(command.words.iter().skip(1).filter(|word| !word.starts_with('-')).map(|word| base(word)));
            continue;
        }
        if fetched.is_empty() {
            continue;
        }
        let marks = name == "chmod" && command.words.iter().any(|word| word.contains("+x") || is_mode(word));
        let shell = matches!(name, "sh" | "bash" | "zsh" | "dash" | "source" | ".")
            && command.words.iter().skip(1).any(|word| !word.starts_with('-'));
        let names = command.words.iter().skip(1).any(|word| word.len() > 1 && fetched.contains(base(word)));
        let given = ((RUN.contains(&name) && !is_handed_data(command, &fetched)) || marks) && names;
        if given || (!same && (marks || shell)) || (fetched.contains(name) && name.len() > 1) {
            return Some(command);
        }
    }
    None
}

/// Endings of files that are programs; a name without an ending may be one, too.
static PROGRAMS: [&str; 12] =
    [".py", ".js", ".mjs", ".cjs", ".ts", ".pl", ".rb", ".php", ".lua", ".sh", ".bash", ".exe"];

/// `node tools/flatc.js schema.fbs`: the program is a file that was not fetched, and what was fetched is none by its name.
fn is_handed_data(command: &Simple, fetched: &HashSet<&str>) -> bool {
    let interpreters = ["node", "deno", "python", "python3", "python2", "perl", "ruby", "php", "lua"];
    let is_program = |name: &str| !name.contains('.') || PROGRAMS.iter().any(|ending| name.ends_with(ending));
    let mut operands = command.words.iter().skip_while(|word| !interpreters.contains(&base(word))).skip(1);
    let script = operands.next().map(|word| base(word));
    script.is_some_and(|script| PROGRAMS.iter().any(|ending| script.ends_with(ending)) && !fetched.contains(script))
        && operands.all(|word| !fetched.contains(base(word)) || !is_program(base(word)))
}

/// `755`, `0777`
fn is_mode(word: &str) -> bool {
    let digits = word.trim_start_matches('0');
    digits.len() == 3 && digits.starts_with('7') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// True if the command runs as code what it reads.
fn runs_input(command: &Simple) -> bool {
    let name = program(command);
    if !RUN.contains(&name) {
        return false;
    }
    // `| python -m json.tool`, `| perl -pe …` read their input as data, unless what they are given runs it.
    let script = ["-m", "-c", "-e", "-n", "-p", "-ne", "-pe", "-r", "-ane", "-lne", "-i"];
    let interpreter = !matches!(name, "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "cmd");
    let given = command.words.iter().any(|word| script.contains(&word.as_str()));
    let evaluates = command.words.iter().any(|word| {
        ["exec", "eval", "system", "subprocess", "popen", "pickle", "runpy"].iter().any(|call| word.contains(call))
    });
    // `source` and `.` read a file; their input is one.
    let file = matches!(name, "source" | ".") && !command.words.iter().any(|word| word.contains("stdin"));
    let data = interpreter && given && !evaluates;
    !file && !data
}

fn is_decoder(command: &Simple) -> bool {
    let name = program(command);
    let flag = |flags: &[&str]| command.words.iter().any(|word| flags.iter().any(|flag| word.starts_with(flag)));
    match name {
        "base64" | "base32" | "openssl" => flag(&["-d", "--d", "-id", "-di"]),
        "xxd" => flag(&["-r", "-p"]),
        "tr" => turns_letters(command),
        "printf" | "echo" => command.words.iter().any(|word| word.contains("\\x") || word.contains("x6")),
        name => DECODE.contains(&name),
    }
}

/// `tr A-Za-z N-ZA-Mn-za-m` and its kin, not `tr '\n' ' '` or `tr A-Z a-z`, which people write every day. The command
/// line was written small before.
fn turns_letters(command: &Simple) -> bool {
    let sets: Vec<&String> = command.words.iter().skip(1).filter(|word| !word.starts_with('-')).collect();
    let [from, to] = sets.as_slice() else { return false };
    let letters = |set: &str| set.chars().filter(char::is_ascii_alphanumeric).count() >= 3 && !set.contains("[:");
    let same = |set: &str| matches!(set, "a-z" | "a-za-z");
    letters(from) && letters(to) && !(same(from) && same(to))
}

/// `rm -rf /` and its kin.
fn deletes(command: &Simple) -> bool {
    let flags = || command.words.iter().filter(|word| word.starts_with('-'));
    let recursive = flags().any(|flag| flag == "--recursive" || (!flag.starts_with("--") && flag.contains('r')));
    let vital = |word: &String| {
        let inner = word.trim_end_matches('*').trim_end_matches('/');
        match inner.strip_prefix('/') {
            Some(path) => VITAL.contains(&path),
            None => matches!(inner, "~" | "$home" | "${home}") || (inner.is_empty() && word.starts_with('/')),
        }
    };
    program(command) == "rm" && recursive && command.words.iter().skip(1).any(vital)
}

/// Something that is run again later.
fn stays(text: &str, line: &Line) -> bool {
    let has = |part: &str| text.contains(part);
    let writes = has(">") || has("tee ");
    let crontab =
        line.commands.iter().any(|command| program(command) == "crontab" && !command.words.iter().any(|w| w == "-l"));
    let profile = [".bashrc", ".profile", ".zshrc", ".bash_profile"].iter().any(|file| has(file));
    let reaches = FETCH.iter().chain(&["nc", "base64"]).any(|name| has(&format!("{name} ")));
    crontab
        || (writes && (has(".ssh/authorized_keys") || has("/etc/cron") || has("/etc/ld.so.preload")))
        || (writes && profile && reaches)
}

fn reads_secrets(command: &Simple) -> bool {
    let reader = READ.contains(&program(command)) || RUN.contains(&program(command));
    let mut before = "";
    command.words.iter().any(|word| {
        let secret = SECRET.iter().any(|file| word.contains(file));
        let writes = before.ends_with('>') || word.contains('>');
        let handed = word.starts_with(['<', '@']) || word.contains("=@") || before == "<";
        // `chmod` and `ssh -i` use a key and hand nothing on.
        let found = secret && !writes && (reader || handed);
        before = word;
        found
    })
}

/// The address at which clouds give a machine its keys.
fn asks_metadata(text: &str) -> bool {
    let place = ["169.254.169.254", "metadata.google.internal", "169.254.170.2"].iter().any(|host| text.contains(host));
    place
        && ["credential", "service-accounts", "oauth2", "user-data", "identity"].iter().any(|what| text.contains(what))
}

/// The program that a simple command starts, without its folder; empty if none is named.
fn program(command: &Simple) -> &str {
    let (mut before, mut asks) = (false, false);
    for word in &command.words {
        let assigns = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        // Options and numbers of `sudo`, `timeout` and the like.
        let option =
            before && (word.starts_with('-') || word.bytes().all(|byte| byte.is_ascii_digit() || byte == b's'));
        // `command -v curl` says where it lies.
        if asks && (word == "-v" || word == "-V") {
            return "command";
        }
        asks = word == "command";
        if BEFORE.contains(&base(word)) {
            before = true;
        } else if !assigns && !option {
            return base(word);
        }
    }
    ""
}

fn base(word: &str) -> &str {
    let word = located(word).unwrap_or(word);
    let name = if word.starts_with("$(") { word } else { word.rsplit(['/', '\\']).next().unwrap_or(word) };
    let name = if name == "${shell}" { "$shell" } else { name };
    name.strip_suffix(".exe").unwrap_or(name)
}

/// `$(command -v curl)`: the program whose place such a substitution gives.
fn located(word: &str) -> Option<&str> {
    let inner = word.strip_prefix("$(")?.strip_suffix(')')?;
    let mut words = inner.split_whitespace();
    let name = match (words.next()?, words.next()?) {
        ("command", "-v") | ("type", "-p") => words.next()?,
        ("which", name) => name,
        _ => return None,
    };
    words.next().is_none().then_some(name)
}

/// The commands of a script with the line that each begins on: continued lines are joined, comments left out.
pub fn commands(script: &str) -> Vec<(String, &str)> {
    let mut all: Vec<(String, &str)> = Vec::new();
    let mut open = false;
    for line in script.lines() {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with('#') || plain.starts_with("::") {
            continue;
        }
        let ends = ["\\", "|", "&&", "`", "^"].iter().any(|end| plain.ends_with(end));
        let part = plain.strip_suffix(['\\', '`', '^']).unwrap_or(plain);
        match all.last_mut().filter(|_| open) {
            Some((text, _)) => {
                text.push(' ');
                text.push_str(part);
            }
            None => all.push((part.to_owned(), line)),
        }
        open = ends;
    }
    all
}

#[cfg(test)]
mod tests;
