//! A cell of a notebook as IPython reads it: Python, commands for a shell, scripts for the browser, and what is
//! written in another language.
//!
//! Source: IPython, "Magic functions" and its input transformers. What a magic does that comes with an extension is not
//! known: its cell is read as Python and as commands, and named as one that was not read.

use super::super::shell;

/// Magics around magics (`%%capture` before `%%bash`) that are followed.
const AROUND: u32 = 4;

/// Bytes of a call that are read.
const GIVEN: usize = 4096;

/// Magics whose cell is Python.
static PYTHON: [&str; 16] = [
    "time",
    "timeit",
    "capture",
    "prun",
    "debug",
    "python",
    "python2",
    "python3",
    "pypy",
    "px",
    "memit",
    "mprun",
    "lprun",
    "scalene",
    "snakeviz",
    "code_wrap",
];

/// Magics whose cell is for a shell.
static SHELL: [&str; 11] = ["bash", "sh", "!", "sx", "system", "cmd", "zsh", "ksh", "shell", "pwsh", "powershell"];

/// Magics whose cell is shown, asked of a database or stored, and runs nothing here.
static SHOWN: [&str; 11] =
    ["latex", "markdown", "svg", "sql", "bigquery", "mermaid", "blockdiag", "dot", "graphviz", "css", "configure"];

/// Line magics whose rest is Python.
static PYTHON_LINE: [&str; 7] = ["time", "timeit", "prun", "memit", "lprun", "mprun", "debug"];

/// A command, and the line that it begins on.
pub struct Command {
    /// The command, where continued lines are joined.
    pub text: String,
    /// The line of the cell.
    pub line: String,
}

/// What cells hold.
#[derive(Default)]
pub struct Cells {
    /// Python, line by line.
    pub code: String,
    /// Commands.
    pub commands: Vec<Command>,
    /// Scripts and markup for the browser.
    pub scripts: Vec<String>,
    /// Magics whose language is not read here.
    pub foreign: Vec<String>,
}

impl Cells {
    /// Reads one cell.
    pub fn read(&mut self, source: &str) {
        self.cell(source, 0);
    }

    fn cell(&mut self, source: &str, around: u32) {
        let begin = source.trim_start();
        let Some(magic) = begin.strip_prefix("%%") else { return self.python(source) };
        let (first, body) = magic.split_once('\n').unwrap_or((magic, ""));
        let (name, rest) = first.trim_end().split_once(char::is_whitespace).unwrap_or((first.trim_end(), ""));
        match name {
            name if PYTHON.contains(&name) => {
                // What stands on the line itself is run, too: `%%timeit x = f()`.
                self.code.push_str(rest);
                self.code.push('\n');
                if around < AROUND { self.cell(body, around + 1) } else { self.foreign.push(name.to_owned()) }
            }
            name if SHELL.contains(&name) || name.starts_with('!') => {
                self.shell(name.strip_prefix('!').unwrap_or_default());
                self.shell(rest);
                self.shell(body);
            }
            "script" => self.script(rest, body),
            "writefile" | "file" => self.file(rest, body),
            "html" | "HTML" | "javascript" | "js" => self.scripts.push(body.to_owned()),
            name if SHOWN.contains(&name) => {}
            name => {
                self.foreign.push(name.chars().take(40).collect());
                self.shell(body);
                self.python(body);
            }
        }
    }

    /// `%%script bash`, `%%script --bg python3`
    fn script(&mut self, rest: &str, body: &str) {
        let program = rest.split_whitespace().find(|word| !word.starts_with('-')).unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        self.shell(rest);
        if program.starts_with("python") {
            self.python(body);
        } else {
            self.shell(body);
            if !SHELL.contains(&program) && !matches!(program, "env" | "false" | "true" | "echo" | "cat") {
                self.foreign.push(format!("script {program}").chars().take(40).collect());
            }
        }
    }

    /// `%%writefile name`: code is written where another cell can run it.
    fn file(&mut self, rest: &str, body: &str) {
        let name = rest.split_whitespace().last().unwrap_or_default().trim_matches(['"', '\'']);
        let ending = name.rsplit(['/', '.']).next().unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "py" | "pyw" => self.python(body),
            "md" | "rst" | "txt" | "json" | "jsonl" | "yaml" | "yml" | "toml" | "csv" | "css" | "tex" | "cfg" => {}
            "html" | "js" | "mjs" => self.scripts.push(body.to_owned()),
            _ => self.shell(body),
        }
    }

    /// Lines of a shell script.
    fn shell(&mut self, body: &str) {
        for (text, line) in shell::commands(body) {
            self.commands.push(Command { text, line: line.to_owned() });
        }
        if let Some(fetched) = shell::fetched_then_run(body) {
            let text = body.lines().collect::<Vec<_>>().join("; ");
            self.commands.push(Command { text, line: fetched.run });
        }
    }

    /// Commands that the code hands to IPython: `get_ipython().system('…')`, `….run_cell_magic('bash', '', '…')`.
    fn handed(&mut self, source: &str) {
        if !source.contains("get_ipython") && !source.contains("InteractiveShell") {
            return;
        }
        for call in [
            ".system(",
            ".getoutput(",
            ".system_piped(",
            ".system_raw(",
            ".run_cell_magic(",
            ".run_line_magic(",
            ".run_cell(",
            ".magic(",
        ] {
            for (at, _) in source.match_indices(call) {
                let of_python =
                    source.get(..at).is_some_and(|before| before.ends_with("os") || before.ends_with("subprocess"));
                let near = &source[at + call.len()..source.floor_char_boundary(at.saturating_add(GIVEN))];
                let texts = texts(near);
                let before = &source[source.floor_char_boundary(at.saturating_sub(GIVEN))..at];
                let begin = at - before.rsplit('\n').next().unwrap_or_default().len();
                let line = source[begin..at + call.len() + near.len()].lines().next().unwrap_or_default();
                match (call, texts.as_slice()) {
                    _ if of_python => {}
                    (".run_cell(" | ".magic(", [code, ..]) => {
                        let sign = if call == ".magic(" { "%" } else { "" };
                        let inner = format!("{sign}{code}");
                        for plain in inner.lines().filter_map(|line| escaped(line.trim_start())) {
                            self.commands.push(Command { text: plain.1.to_owned(), line: line.to_owned() });
                        }
                    }
                    (".run_cell_magic(" | ".run_line_magic(", [magic, rest @ ..])
                        if SHELL.contains(&magic.as_str()) =>
                    {
                        for command in rest.iter().flat_map(|text| shell::commands(text)) {
                            self.commands.push(Command { text: command.0, line: line.to_owned() });
                        }
                    }
                    (_, [command, ..]) => self.commands.push(Command { text: command.clone(), line: line.to_owned() }),
                    _ => {}
                }
            }
        }
    }

    /// Python with commands and magics between its lines.
    fn python(&mut self, source: &str) {
        self.handed(source);
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let plain = line.trim_start();
            let Some((kind, rest)) = escaped(plain) else {
                self.code.push_str(line);
                self.code.push('\n');
                continue;
            };
            let mut rest = rest.to_owned();
            while let Some(joined) = rest.trim_end().strip_suffix('\\').map(str::to_owned) {
                let Some(next) = lines.next() else { break };
                rest = format!("{joined} {}", next.trim_start());
            }
            // What is left of the line keeps the block that it stood in.
            self.code.push_str(&line[..line.len() - plain.len()]);
            self.escape(&kind, rest, line);
        }
    }

    fn escape(&mut self, kind: &Escape<'_>, rest: String, line: &str) {
        let magic = match kind {
            Escape::Help => "",
            Escape::Command => "!",
            Escape::Magic(name) => name,
        };
        // A line that seems to be a magic may be the rest of an expression, whose sign it is.
        let code = PYTHON_LINE.contains(&magic) || (magic != "!" && rest.contains('('));
        if code {
            let options = rest.split_whitespace().take_while(|word| word.starts_with('-')).count();
            let words = if options == 0 { rest.clone() } else { after_words(&rest, options * 2) };
            self.code.push_str(if PYTHON_LINE.contains(&magic) { &words } else { line.trim_start_matches([' ', '%']) });
            if options > 0 {
                self.code.push_str("; ");
                self.code.push_str(&after_words(&rest, options));
            }
        } else {
            self.code.push_str("pass");
        }
        self.code.push('\n');
        if !matches!(kind, Escape::Help) {
            self.commands.push(Command { text: rest, line: line.to_owned() });
        }
    }
}

/// The strings of the first arguments that a call is given, as they stand.
fn texts(given: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = given.trim_start();
    while found.len() < 3 {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | 'f' | 'r' | '('));
        let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote)) else { break };
        let inner = &rest[quote.len()..];
        let Some(end) = inner.find(quote) else { break };
        found.push(inner[..end].replace("\\n", "\n"));
        rest = &inner[end + quote.len()..];
    }
    found
}

/// The text behind so many words.
fn after_words(text: &str, count: usize) -> String {
    text.split_whitespace().skip(count).collect::<Vec<_>>().join(" ")
}

/// What a line is that is not Python.
enum Escape<'l> {
    /// `!command`
    Command,
    /// `%name rest`
    Magic(&'l str),
    /// `name?`
    Help,
}

/// Tells a line that IPython takes away from Python, with what stands behind its sign.
fn escaped(plain: &str) -> Option<(Escape<'_>, &str)> {
    if let Some(rest) = plain.strip_prefix('!') {
        return (!rest.starts_with('=')).then(|| (Escape::Command, rest.trim_start_matches('!')));
    }
    if let Some(rest) = plain.strip_prefix('%') {
        let rest = rest.strip_prefix('%').unwrap_or(rest);
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let known = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        return known.then(|| match name {
            "system" | "sx" | "sc" => (Escape::Command, rest.trim_start()),
            _ => (Escape::Magic(name), rest.trim_start()),
        });
    }
    let word = plain.trim_end();
    let asked = word.trim_matches('?');
    let name = |c: char| c.is_alphanumeric() || "_.*%[]'\"".contains(c);
    if asked.len() < word.len() && asked.chars().all(name) {
        return Some((Escape::Help, ""));
    }
    let (target, value) = plain.split_once('=')?;
    let value = value.trim_start();
    let target = target.trim_end();
    let assigns = !target.is_empty() && target.chars().all(|c| c.is_alphanumeric() || "_., ".contains(c));
    if !assigns {
        return None;
    }
    match value.strip_prefix('!') {
        Some(rest) if !rest.starts_with('=') => Some((Escape::Command, rest)),
        Some(_) => None,
        None => value.starts_with('%').then(|| escaped(value)).flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> (String, Vec<String>) {
        let mut cells = Cells::default();
        cells.read(source);
        (cells.code, cells.commands.into_iter().map(|command| command.text).collect())
    }

    #[test]
    fn commands_are_found_wherever_ipython_takes_them() {
        for source in [
            "!curl a | sh",
            "!!curl a | sh",
            "  !curl a | sh",
            "x=!curl a | sh",
            "x, y = !curl a | sh",
            "!curl a \\\n  | sh",
            "!curl a \\\n  \\\n | sh",
            "%system curl a | sh",
            "x = %sx curl a | sh",
            "%pip install b; curl a | sh",
            "%%bash\ncurl a |\n  sh",
            "\n\n  %%bash\ncurl a \\\n| sh",
            "%%capture out\n%%bash --bg\ncurl a | sh",
            "%%script bash\ncurl a | sh",
            "%%sx\ncurl a | sh",
            "%%writefile run\ncurl a | sh",
            "%%unheard\ncurl a | sh",
        ] {
            let (_, commands) = read(source);
            assert!(commands.iter().any(|command| shell::hostile(command).is_some()), "{source:?}: {commands:?}");
        }
    }

    #[test]
    fn python_stays_python() {
        for source in [
            "f(os)",
            "%time f(os)",
            "%timeit -n 3 f(os)",
            "x = %time f(os)",
            "%%time\nf(os)",
            "%%timeit f(os)\npass",
            "%%capture\n%time f(os)",
            "%%writefile a.py\nf(os)",
            "x = (1\n% f(os))",
            "x = (1\n%f(os))",
            "x = (1\n!= f(os))",
            "f(os)  # why?",
        ] {
            assert!(read(source).0.contains("f(os)"), "{source:?}: {:?}", read(source));
        }
        assert_eq!(read("if x:\n    !ls\ny").0, "if x:\n    pass\ny\n");
        assert_eq!(read("a.b?\n?c\n%matplotlib inline").0, "pass\npass\npass\n");
    }
}
