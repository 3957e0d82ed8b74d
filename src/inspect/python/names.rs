//! What a call does, by its full name.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::tables::{CONNECTS, DECODES, EVALUATES, FETCHES, NATIVE, SENDS, STARTS, UNPICKLES};

/// What a call of note does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs text as code, or a file of it.
    Evaluates,
    /// Starts a program.
    Starts,
    /// Fetches something from the network.
    Fetches,
    /// Opens a connection of its own.
    Connects,
    /// Sends something.
    Sends,
    /// Unpickles.
    Unpickles,
    /// Loads machine code.
    Native,
    /// Gives what it decoded.
    Decodes,
}

/// All of them, by full name.
static KINDS: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| known().collect());

/// Parts of the names of calls of note.
static PARTS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| known().flat_map(|(path, _)| path.split('.')).map(|part| part.trim_end_matches("()")).collect());

/// Modules that hold calls of note, or modules that do.
static MODULES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let above = |path: &'static str| path.match_indices('.').map(move |(at, _)| &path[..at]);
    known().flat_map(|(path, _)| above(path)).filter(|module| !module.ends_with(')')).collect()
});

/// Modules of the standard library that others import, so that they can be reached through those.
static SHARED: [&str; 10] =
    ["os", "_os", "sys", "subprocess", "builtins", "importlib", "ctypes", "posix", "nt", "_posixsubprocess"];

/// Modules that are of no use but for their calls: where one is handed on as a whole, so are those.
static HANDED: [&str; 7] = ["os", "posix", "nt", "subprocess", "builtins", "pty", "commands"];

/// Families of calls that start a program, by how their names begin.
static FAMILIES: [&str; 6] = ["os.exec", "os.spawn", "posix.exec", "posix.spawn", "nt.exec", "nt.spawn"];

/// Names that only ways to start a program have, whatever they are reached through.
static METHODS: [&str; 19] = [
    "Popen",
    "check_output",
    "check_call",
    "getoutput",
    "getstatusoutput",
    "subprocess_shell",
    "subprocess_exec",
    "create_subprocess_shell",
    "create_subprocess_exec",
    "posix_spawn",
    "posix_spawnp",
    "popen",
    "system",
    "execl",
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "WinExec",
];

/// What a module of machine code is asked for to run bytes as code.
static MEMORY: [&str; 5] = ["VirtualAlloc", "VirtualProtect", "mprotect", "CreateThread", "RtlMoveMemory"];

fn known() -> impl Iterator<Item = (&'static str, Kind)> {
    let tables = [
        (EVALUATES, Kind::Evaluates),
        (STARTS, Kind::Starts),
        (FETCHES, Kind::Fetches),
        (CONNECTS, Kind::Connects),
        (SENDS, Kind::Sends),
        (UNPICKLES, Kind::Unpickles),
        (NATIVE, Kind::Native),
        (DECODES, Kind::Decodes),
    ];
    tables.into_iter().flat_map(|(names, kind)| names.iter().map(move |name| (*name, kind)))
}

/// What a call of that full name does, if it is of note.
pub fn kind(path: &str) -> Option<Kind> {
    let start = || {
        let family = path.starts_with(['o', 'p', 'n']) && FAMILIES.iter().any(|family| path.starts_with(family));
        let looped = matches!(last(path), "subprocess_shell" | "subprocess_exec");
        family || looped || is_unknown_start(path) || (path.starts_with("ctypes.") && METHODS.contains(&last(path)))
    };
    KINDS.get(path).copied().or_else(|| start().then_some(Kind::Starts))
}

/// `x.system` where what `x` is was loaded by a name or is not known: the name says enough.
fn is_unknown_start(path: &str) -> bool {
    let Some((owner, name)) = path.rsplit_once('.') else { return false };
    let loaded = |owner: &str| ["import", "load", "module"].iter().any(|word| owner.contains(word));
    (owner == UNKNOWN || (owner.ends_with("()") && loaded(owner))) && METHODS.contains(&name)
}

/// Stands for what is not known, in the name of what is reached through it.
pub const UNKNOWN: &str = "?";

/// Attributes by which one gets from any object to the class above all others, and from there to every class.
static CLIMBS: [&str; 6] = ["__class__", "__base__", "__bases__", "__mro__", "mro", "__subclasses__"];

/// True for such an attribute.
pub fn climbs(name: &str) -> bool {
    CLIMBS.contains(&name)
}

/// True for classes of an object, of which one is picked by its number.
pub fn is_above(path: &str) -> bool {
    matches!(last(path), "__bases__" | "__mro__" | "mro()")
}

/// True for the way from an object of any kind to every class there is: `().__class__.__base__.__subclasses__`.
pub fn reaches_classes(path: &str) -> bool {
    let Some(from) = path.strip_suffix(".__subclasses__") else { return false };
    let climbed = [".__base__", ".__bases__", ".__mro__", ".mro"].iter().any(|step| from.contains(step));
    let own = ["self.", "cls.", "super()."].iter().any(|own| from.starts_with(own));
    from == "object" || (climbed && !own)
}

/// What is asked, by the name under which a framework gives it.
static ASKED: [&str; 4] = ["flask.request", "quart.request", "bottle.request", "sanic.request"];

/// True for what somebody asks of a server.
pub fn is_asked(path: &str) -> bool {
    ASKED.iter().any(|asked| path.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// True for a name that says enough whatever it is reached through.
pub fn says_enough(name: &str) -> bool {
    METHODS.contains(&name)
}

/// True for what machine code is asked to make bytes executable.
pub fn makes_executable(path: &str) -> bool {
    (path.starts_with("ctypes.") && MEMORY.contains(&last(path))) || path == "mmap.PROT_EXEC"
}

/// True if that may be a part of the name of a call of note.
pub fn is_part(name: &str) -> bool {
    PARTS.contains(name) || name.starts_with("exec") || name.starts_with("spawn")
}

/// True if calls of note stand in that module, or in one below it.
pub fn holds_known(module: &str) -> bool {
    MODULES.contains(module)
}

/// True if that is the full name of a call of note, or of a module that holds some.
pub fn is_known(path: &str) -> bool {
    kind(path).is_some() || holds_known(path)
}

/// True for a module that is the same whatever it is reached through.
pub fn is_shared(module: &str) -> bool {
    SHARED.contains(&module)
}

/// True for a module that nobody hands on as a whole, but to call what is in it.
pub fn is_handed_to_be_called(module: &str) -> bool {
    HANDED.contains(&module)
}

/// The full name of what is reached through other modules: `a.os.system` is `os.system`.
pub fn direct(path: &str) -> &str {
    let mut direct = path;
    let mut at = 0;
    // What a relative name begins with is a module of the repository itself.
    for part in path.split('.').take(if path.starts_with('.') { 0 } else { usize::MAX }) {
        if at > 0 && is_shared(part) {
            direct = path.get(at..).unwrap_or(path);
        }
        at += part.len() + 1;
    }
    let direct = direct.strip_prefix("builtins.").or_else(|| direct.strip_prefix("__builtin__.")).unwrap_or(direct);
    if direct.starts_with("_os") { direct.trim_start_matches('_') } else { direct }
}

/// Which arguments of such a call are code: how many from the first on, and the keywords.
pub fn code_of(path: &str) -> (usize, &'static [&'static str]) {
    match path {
        "timeit.timeit" | "timeit.repeat" | "timeit.Timer" => (2, &["stmt", "setup"]),
        path if path.starts_with("doctest.") || path == "code.interact" || path == "timeit.main" => (0, &[]),
        path if path.starts_with("sys.path.") || path.starts_with("runpy.") || takes_file(path) => (0, &[]),
        _ => (1, &["source", "cmd", "statement", "code"]),
    }
}

/// True for calls that run, or get ready to run, what stands in a file.
pub fn takes_file(path: &str) -> bool {
    path.starts_with("importlib.")
        || path.starts_with("zipimport.")
        || matches!(path, "runpy.run_path" | "execfile" | "imp.load_source")
}

/// True for calls that make a function or answer a question rather than run statements.
pub fn only_answers(path: &str) -> bool {
    matches!(path, "eval" | "numpy.f2py.crackfortran.myeval")
        || path.starts_with("types.")
        || path.starts_with("runpy.run_module")
}

/// True if a function of that name is worth a look even where it is only handed on.
pub fn is_runner(path: &str) -> bool {
    match kind(path) {
        Some(Kind::Starts) => !path.starts_with(UNKNOWN) && !path.contains("()"),
        Some(Kind::Evaluates) => matches!(path, "eval" | "exec" | "execfile" | "runpy.run_path"),
        _ => false,
    }
}

/// True for calls that ask about a function or a module, or put another in its place, and call nothing.
pub fn only_looks(path: &str) -> bool {
    let asks = [
        "isinstance",
        "issubclass",
        "hasattr",
        "type",
        "id",
        "len",
        "print",
        "repr",
        "str",
        "dir",
        "setattr",
        "delattr",
        "callable",
        "reload",
        "help",
        "super",
        "cast",
        "wraps",
    ];
    asks.contains(&last(path))
        || ["inspect.", "mock.", "patch.", "unittest.", "monkeypatch.", "warnings.", "mocker."]
            .iter()
            .any(|owner| path.starts_with(owner))
        || path.contains(".patch")
}

/// The last part of a full name.
pub fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
