//! Commands that people run every day.

/// Commands that ask about the machine and change nothing.
static ASKS: &[&str] = &[
    "nvidia-smi",
    "rocm-smi",
    "rocminfo",
    "nvcc",
    "uname",
    "lscpu",
    "which",
    "where",
    "whereis",
    "sysctl",
    "system_profiler",
    "chtag",
    "ffprobe",
    "ffmpeg",
    "sox",
    "espeak",
    "espeak-ng",
    "ldconfig",
    "free",
    "df",
    "nproc",
    "xcrun",
    "hostname",
    "lsb_release",
    "oslevel",
    "fc-list",
    "getconf",
    "sw_vers",
];

/// What people write at the top of experiments: it sets things up, and reaches no further than they meant to.
static SETS_UP: [&str; 35] = [
    "pip",
    "pip3",
    "conda",
    "mamba",
    "uv",
    "apt",
    "apt-get",
    "mkdir",
    "cp",
    "mv",
    "ln",
    "unzip",
    "tar",
    "gunzip",
    "gzip",
    "zip",
    "ls",
    "echo",
    "cd",
    "pwd",
    "clear",
    "cls",
    "export",
    "wget",
    "git",
    "git-lfs",
    "huggingface-cli",
    "hf",
    "gdown",
    "touch",
    "export",
    "make",
    "cmake",
    "meson",
    "ninja",
];

/// True if the command only asks about the machine.
pub fn asks(command: &str) -> bool {
    let plain = !command.contains(['|', ';', '&', '>', '<', '`', '$', '\n']);
    let mut words = command.split_whitespace();
    let first = words.next().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let git = first == "git"
        && matches!(second, "rev-parse" | "describe" | "log" | "status" | "--version" | "diff" | "ls-files");
    let compiler = matches!(first, "gcc" | "cc" | "clang" | "g++")
        && (second.starts_with("-print") || second.starts_with("-dump"));
    // A program of the repository itself may do anything, whatever it is called and asked.
    let own = command.split_whitespace().next().is_some_and(|word| word.contains('/') && !word.starts_with("/usr/"));
    let version = command.split_whitespace().count() == 2 && matches!(second, "--version" | "-V" | "-v" | "--help");
    plain && !own && (git || compiler || version || ASKS.contains(&first))
}

/// Programs that draw graphs and turn documents into others.
static RENDERS: [&str; 7] = ["dot", "neato", "fdp", "sfdp", "twopi", "circo", "jupyter"];

/// True for one command that draws a graph, or turns a notebook into a document without running it.
pub fn renders(command: &str) -> bool {
    let plain = !command.contains(['|', ';', '&', '>', '<', '`', '$', '\n']);
    let words: Vec<&str> = command.split_whitespace().collect();
    let first = words.first().copied().unwrap_or_default();
    // Graphviz loads nothing of the repository's unless it is told to; `jupyter` has parts that serve and run.
    let notebook = first != "jupyter"
        || (words.get(1) == Some(&"nbconvert")
            && !words
                .iter()
                .any(|word| ["--execute", "--config", "--Nb", "--Exp", "--Tem"].iter().any(|o| word.starts_with(o))));
    plain && RENDERS.contains(&first) && notebook
}

/// True for `pget`, by which predictors of cog fetch their weights.
pub fn fetches_weights(command: &str) -> bool {
    let plain = !command.contains(['|', ';', '&', '>', '<', '`', '$', '\n']);
    plain && !command.contains("http://") && command.split_whitespace().next() == Some("pget")
}

/// More of what people start from notebooks.
static DAILY: [&str; 70] = [
    "python",
    "python3",
    "curl",
    "cat",
    "jupyter",
    "tensorboard",
    "accelerate",
    "torchrun",
    "deepspeed",
    "streamlit",
    "gradio",
    "ollama",
    "docker",
    "mlflow",
    "wandb",
    "dvc",
    "kaggle",
    "gsutil",
    "gcloud",
    "aws",
    "az",
    "head",
    "tail",
    "wc",
    "grep",
    "sed",
    "awk",
    "sort",
    "uniq",
    "find",
    "du",
    "rm",
    "rmdir",
    "chmod",
    "tee",
    "sleep",
    "kill",
    "pkill",
    "killall",
    "date",
    "time",
    "tree",
    "7z",
    "unrar",
    "aria2c",
    "rsync",
    "scp",
    "ssh",
    "npm",
    "npx",
    "node",
    "java",
    "gcc",
    "g++",
    "nvcc",
    "bash",
    "sh",
    "source",
    "sudo",
    "brew",
    "poetry",
    "open",
    "top",
    "htop",
    "lsof",
    "ps",
    "pandoc",
    "convert",
    "dot",
    "tesseract",
];

/// True if every program of the command line is one that people start from notebooks every day.
pub fn is_daily(command: &str) -> bool {
    let parts = command.split(['|', ';', '&', '\n']).map(str::trim).filter(|part| !part.is_empty());
    parts.into_iter().all(|part| {
        let mut words = part.split_whitespace().filter(|word| !word.contains('=') && *word != "sudo");
        let first = words.next().unwrap_or_default();
        let own = first.starts_with("./") || [".py", ".sh"].iter().any(|end| first.ends_with(end));
        let touches_tmp = part.contains("/tmp/") && matches!(first, "touch" | "echo");
        (own || asks(part) || sets_up(part) || DAILY.contains(&first)) && !touches_tmp
    })
}

/// True if it sets up an experiment: installs, makes folders, unpacks.
pub fn sets_up(command: &str) -> bool {
    let mut words = command.trim_start_matches("sudo ").split_whitespace();
    let first = words.next().unwrap_or_default();
    let module = first.starts_with("python") && words.next() == Some("-m");
    let touches_tmp = first == "touch" && command.contains("/tmp");
    // What comes from any machine in the clear is a program of somebody's own.
    let clear = first.starts_with("pip") || module;
    !(clear && command.contains("http://"))
        && (SETS_UP.contains(&first) || (module && matches!(words.next(), Some("pip" | "spacy" | "nltk.downloader"))))
        && !touches_tmp
}
