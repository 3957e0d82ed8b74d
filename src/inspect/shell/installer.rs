//! Where a command fetches from what it runs: from makers who tell people to, or from anywhere.

/// Addresses of installers that people pipe into a shell as their makers tell them to.
static INSTALLERS: [&str; 46] = [
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
    "https://codecov.io/bash",
    "https://mise.run",
    "https://just.systems/install.sh",
    "https://fly.io/install.sh",
    "https://nixos.org/nix/install",
    "https://install.determinate.systems/nix",
    "https://get.helm.sh",
    "https://packagecloud.io/install/repositories/github/git-lfs/",
    "https://sdk.cloud.google.com",
    "https://aka.ms/installazureclideb",
    "https://starship.rs/install.sh",
    "https://raw.githubusercontent.com/nvm-sh/nvm/",
    "https://raw.githubusercontent.com/homebrew/install/",
    "https://repo.anaconda.com/",
    "https://repo.continuum.io/",
    "https://github.com/conda-forge/miniforge/",
    "https://micro.mamba.pm/",
    "https://bootstrap.pypa.io/",
    "https://developer.download.nvidia.com/",
    "https://raw.githubusercontent.com/ggml-org/llama.cpp/",
    "https://raw.githubusercontent.com/ollama/ollama/",
    "https://ollama.ai/install.sh",
    "https://awscli.amazonaws.com/",
    "https://github.com/kitware/cmake/releases/",
    "https://cmake.org/files/",
    "https://apt.llvm.org/llvm.sh",
    "https://install.julialang.org",
    "https://repo.prefix.dev/",
    "https://rclone.org/install.sh",
    "https://dl.google.com/cloudagents/",
    "https://storage.googleapis.com/signals-agents/",
    "https://download.docker.com/",
    "https://hf.co/cli/",
];

/// Where what a command fetches comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From installers that people know, and nowhere else.
    Known,
    /// From an address that does not stand in the command.
    Unnamed,
    /// From anywhere else.
    Elsewhere,
}

/// Where what the command fetches comes from.
pub fn origin(command: &str) -> Origin {
    let command = command.to_ascii_lowercase();
    let words = command.split(|c: char| c.is_whitespace() || "'\"()<>|;`".contains(c));
    let mut addresses = words
        .filter(|word| {
            word.contains("://")
                || (word.contains('.') && word.contains('/') && !word.starts_with(['/', '.', '~', '-', '$']))
        })
        .peekable();
    let known = |word: &str| {
        INSTALLERS.iter().any(|address| {
            let rest = word.strip_prefix(address);
            rest.is_some_and(|rest| address.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '?']))
        })
    };
    if addresses.peek().is_none() {
        Origin::Unnamed
    } else if addresses.all(known) {
        Origin::Known
    } else {
        Origin::Elsewhere
    }
}

/// Programs that run the file that they are given.
pub static INTERPRETERS: [&str; 12] =
    ["node", "python", "python3", "bash", "sh", "zsh", "perl", "ruby", "php", "bun", "deno", "pwsh"];

/// True if a command makes what it fetched a program, and then starts nothing of that name.
pub fn only_installs(command: &str) -> bool {
    let command = &command.to_ascii_lowercase();
    let base = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let parts = command.split(['&', ';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let mut installed: Vec<String> = Vec::new();
    for part in parts {
        let mut words = part.split_whitespace().filter(|word| !matches!(*word, "sudo" | "nohup" | "exec" | "env"));
        let first = words.next().unwrap_or_default();
        if first == "chmod" {
            installed.extend(words.filter(|word| !word.starts_with(['-', '+'])).map(base));
        } else if installed.contains(&base(first)) || INTERPRETERS.contains(&base(first).as_str()) {
            return false;
        }
    }
    !installed.is_empty()
}
