//! Files and folders of note, by their names.

/// Files that hold what only their owner may know.
static CREDENTIALS: &[&str] = &[
    "/.ssh/",
    ".ssh/id_",
    ".aws/credentials",
    ".netrc",
    ".git-credentials",
    ".docker/config.json",
    ".kube/config",
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self/environ",
    ".config/gcloud",
    ".pypirc",
    "huggingface/token",
    ".bash_history",
    "Login Data",
    "/run/secrets/kubernetes.io",
    "wallet.dat",
    "google-chrome",
    "Google/Chrome",
    "Google\\Chrome",
    "cookies.sqlite",
    "logins.json",
    ".config/solana",
    ".ethereum/keystore",
    ".databrickscfg",
    ".azure/",
];

/// Places from which something is run later.
static LASTING: &[&str] = &[
    ".bashrc",
    ".profile",
    ".zshrc",
    ".bash_profile",
    "authorized_keys",
    "/etc/cron",
    "/etc/systemd",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "sitecustomize.py",
    ".config/autostart",
    "/etc/init.d",
    ".zprofile",
    ".zshenv",
    ".bash_login",
    ".config/fish/config.fish",
    ".config/fish/conf.d",
    "/etc/profile",
    "/etc/rc.local",
    "/etc/sudoers",
    "/var/spool/cron",
    "usercustomize.py",
    "LaunchAgents",
    "LaunchDaemons",
    "Start Menu",
    "site-packages/",
    "dist-packages/",
    "/.ssh/",
    ".ssh/config",
    ".git/hooks/",
    "/systemd/user/",
    "/etc/rc.d",
    "/etc/pam.d",
    "crontabs/",
    "CurrentVersion\\Run",
    ".config/plasma-workspace/env",
    ".ipython/profile_default/startup",
];

/// Endings of files that are run.
static PROGRAMS: &[&str] = &["py", "pyc", "pth", "so", "sh", "bash", "exe", "dll", "bat", "ps1", "cmd", "vbs", "pyd"];

/// Folders without which no machine runs, and those of people.
static VITAL: &[&str] = &["", "~", "/", "/home", "/root", "/etc", "/usr", "/var", "C:\\", "C:/", "$HOME", "/*", "~/*"];

/// What the folder of a user is called.
pub const HOME: &str = "pathlib.Path.home()";

/// Methods that change or delete the file that a path is.
static CHANGES: [&str; 6] = ["unlink", "rename", "replace", "rmdir", "write_bytes", "write_text"];

/// True for such a method.
pub fn changes(method: &str) -> bool {
    CHANGES.contains(&method)
}

/// Libraries of the system, which programs ask for machine code that everybody has.
static SYSTEM: &[&str] =
    &["libc.", "libc-", "libm.", "libcuda", "libcudart", "libgomp", "libdl", "libpthread", "libnv", "msvcrt"];

/// True for a file that holds what only its owner may know.
pub fn is_secret(name: &str) -> bool {
    name.len() > 4 && CREDENTIALS.iter().any(|file| name.contains(file))
}

/// True for a file from which something is run later.
pub fn lasts(name: &str) -> bool {
    LASTING.iter().any(|file| name.contains(file))
}

/// The ending of a file's name.
fn ending(name: &str) -> Option<&str> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map(|(stem, ending)| if stem.is_empty() { "" } else { ending })
}

/// True for the name of a file that is run.
pub fn is_program(name: &str) -> bool {
    ending(name).is_some_and(|ending| PROGRAMS.contains(&ending))
}

/// True for the name of a file that holds anything but source.
pub fn is_data(name: &str) -> bool {
    ending(name).is_some_and(|ending| {
        let plain = !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain && !matches!(ending, "py" | "pyw" | "pyi" | "pyx" | "in" | "ipynb" | "so" | "pyd" | "pyc" | "pth")
    })
}

/// True for a library in a folder beside the source, by a path that says so.
pub fn is_beside(name: &str) -> bool {
    let relative = !name.starts_with(['/', '~', '\\', '$']) && name.contains('/');
    relative && is_own_library(name)
}

/// True for an archive from which modules are imported. Archives of sources have names that say so.
pub fn is_packed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let source = ["src", "lib", "py4j", "pyspark"].iter().any(|part| file.contains(part));
    let archive = [".zip", ".bin", ".dat", ".npz", ".pt", ".pth", ".keras"].iter().any(|ending| file.ends_with(ending));
    archive && !source
}

/// True for a folder that nobody deletes.
pub fn is_vital(folder: &str) -> bool {
    VITAL.contains(&folder) || VITAL.contains(&folder.trim_end_matches('/'))
}

/// True for a library of machine code that no system has: one that came with the code.
pub fn is_own_library(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let library = [".so", ".dll", ".dylib"].iter().any(|ending| file.contains(ending));
    library && !name.starts_with("/usr/") && !SYSTEM.iter().any(|system| file.starts_with(system))
}

/// Ports of this machine behind which containers are started and nodes are told what to run.
static CONTROLS: [&str; 6] = ["2375", "2376", "6443", "10250", "2379", "8265"];

/// True for the address of a service of this machine that runs nothing for others.
pub fn is_here(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://")) else { return false };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let here = matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0");
    here && port.bytes().all(|byte| byte.is_ascii_digit()) && !CONTROLS.contains(&port)
}

/// True for the name of a variable of the environment that holds a secret.
pub fn names_secret(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL"]
        .iter()
        .any(|word| upper.contains(word))
}
