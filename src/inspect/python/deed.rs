//! What a call does to the machine, by its full name and what is known of its arguments.
//!
//! Only the standard library and the few packages that every model environment has are known by name.

use super::super::shell::{self, ordinary};
use super::expression::Argument;
use super::names::{
    CONNECTS, CREDENTIALS, DECODES, EVALUATES, FETCHES, LASTING, NATIVE, SENDS, STARTS, UNPICKLES, last,
};
use super::value::{Taint, Value};

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Runs text as code.
    Evaluates(Text),
    /// Starts a program.
    Starts(Command),
    /// Talks to another machine.
    Reaches(Reach),
    /// Unpickles; true if what is unpickled stands in the source itself.
    Unpickles(bool),
    /// Loads or compiles machine code.
    LoadsNative,
    /// Writes or deletes where no model has business, or deletes folders.
    Changes(&'static str),
    /// Reads a file of credentials.
    ReadsCredentials,
}

/// Where text that is run as code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// It was decoded, decompressed or unmarshalled.
    Decoded,
    /// It came from the network.
    Fetched,
    /// It is a file of the repository.
    File,
    /// Not known.
    Unknown,
}

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One that nobody honest runs.
    Hostile(&'static str),
    /// One that only asks about the machine.
    Asks,
    /// One that installs packages or makes folders.
    SetsUp,
    /// Another that is known.
    Known,
    /// Put together as the program runs.
    Unknown,
}

/// A way to another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Sends secrets.
    Leaks,
    /// Sends something, to an address that stands in the source or not.
    Sends(bool),
    /// Fetches something, from an address that stands in the source or not.
    Fetches(bool),
    /// A connection of its own.
    Connects,
}

impl Deed {
    /// True for what nobody honest does: it is kept where there is no room for the rest.
    pub const fn is_grave(&self) -> bool {
        matches!(
            self,
            Self::Evaluates(Text::Decoded | Text::Fetched)
                | Self::Starts(Command::Hostile(_))
                | Self::Reaches(Reach::Leaks)
                | Self::ReadsCredentials
        )
    }
}

/// What the call does, if it is anything of note.
pub fn of(path: &str, arguments: &[Argument]) -> Option<Deed> {
    let taint = arguments.iter().fold(Taint::default(), |taint, (_, value)| taint.or(value.whole()));
    let first = arguments.iter().find(|(keyword, _)| keyword.is_none()).map(|(_, value)| value);
    let keyword = |name: &str| arguments.iter().find(|(key, _)| key.as_deref() == Some(name)).map(|(_, value)| value);
    if EVALUATES.contains(&path) {
        return Some(Deed::Evaluates(if taint.fetched {
            Text::Fetched
        } else if taint.decoded {
            Text::Decoded
        } else if taint.read || matches!(path, "runpy.run_path" | "execfile") {
            Text::File
        } else {
            Text::Unknown
        }));
    }
    if STARTS.contains(&path) || path.starts_with("os.exec") || path.starts_with("os.spawn") {
        let given = first.or_else(|| keyword("args")).or_else(|| keyword("cmd"));
        return Some(Deed::Starts(command(path, given, arguments)));
    }
    let address = first.or_else(|| keyword("url"));
    let constant = address.is_some_and(|address| address.text.is_some());
    if path.starts_with("socket.socket()") && matches!(last(path), "connect" | "bind" | "connect_ex")
        || CONNECTS.contains(&path)
    {
        return Some(Deed::Reaches(Reach::Connects));
    }
    let session = [
        "requests.Session()",
        "requests.session()",
        "httpx.Client()",
        "aiohttp.ClientSession()",
        "urllib3.PoolManager()",
    ]
    .iter()
    .any(|session| path.starts_with(session));
    let sends = SENDS.contains(&path) || (session && matches!(last(path), "post" | "put" | "request"));
    if sends || FETCHES.contains(&path) || (session && last(path) == "get") {
        let remote = address.and_then(|address| address.text.as_deref()).is_none_or(|text| text.contains("://"));
        if path == "pandas.read_csv" && (!constant || !remote) {
            return None;
        }
        return Some(Deed::Reaches(match (taint.secret, sends || keyword("data").is_some()) {
            (true, _) => Reach::Leaks,
            (false, true) => Reach::Sends(constant),
            (false, false) => Reach::Fetches(constant),
        }));
    }
    if UNPICKLES.contains(&path) || (path == "numpy.load" && keyword("allow_pickle").is_some()) {
        let bounded =
            path == "torch.load" && keyword("weights_only").is_some_and(|value| value.path.as_deref() != Some("False"));
        let embedded =
            first.is_some_and(|value| value.text.is_some()) && last(path) == "loads" || taint.decoded || taint.fetched;
        return (!bounded).then_some(Deed::Unpickles(embedded));
    }
    if NATIVE.contains(&path) {
        return Some(Deed::LoadsNative);
    }
    files(path, first, arguments)
}

fn files(path: &str, first: Option<&Value>, arguments: &[Argument]) -> Option<Deed> {
    let name = first.and_then(|value| value.text.as_deref()).unwrap_or_default();
    let mode = arguments.iter().filter_map(|(_, value)| value.text.as_deref()).nth(1).unwrap_or_default();
    let opens = matches!(path, "open" | "io.open" | "os.open" | "codecs.open" | "pathlib.Path" | "os.path.expanduser");
    let writes = matches!(path, "open" | "io.open" | "codecs.open") && mode.contains(['w', 'a', 'x', '+']);
    if (writes || path == "os.path.expanduser") && LASTING.iter().any(|lasting| name.contains(lasting)) {
        return Some(Deed::Changes("a file from which something is run later"));
    }
    if opens && CREDENTIALS.iter().any(|file| name.contains(file)) {
        return Some(Deed::ReadsCredentials);
    }
    matches!(path, "shutil.rmtree" | "os.removedirs").then_some(Deed::Changes("a whole folder, which it deletes"))
}

/// Where the result of a call comes from.
pub fn taint(path: &str, arguments: &[Argument], deed: Option<&Deed>) -> Taint {
    let given = arguments.iter().fold(Taint::default(), |taint, (_, value)| taint.or(value.whole()));
    let reads = matches!(path, "open" | "io.open" | "codecs.open" | "pathlib.Path");
    let secret = path.starts_with("os.environ.") && matches!(last(path), "items()" | "items" | "copy" | "values");
    let credentials = deed == Some(&Deed::ReadsCredentials);
    Taint {
        decoded: given.decoded || DECODES.contains(&path),
        fetched: given.fetched
            || FETCHES.contains(&path)
            || SENDS.contains(&path)
            || path.contains("requests.Session()"),
        secret: given.secret || secret || credentials,
        read: given.read || reads,
    }
}

fn command(path: &str, given: Option<&Value>, arguments: &[Argument]) -> Command {
    let text = if path.starts_with("os.exec") || path.starts_with("os.spawn") {
        let all: Vec<String> = arguments.iter().filter_map(|(_, value)| value.command()).collect();
        (!all.is_empty()).then(|| all.join(" "))
    } else {
        given.and_then(Value::command)
    };
    match text {
        _ if path.starts_with("pip.") => Command::SetsUp,
        None => Command::Unknown,
        Some(text) => match shell::hostile(&text) {
            Some(reason) => Command::Hostile(reason),
            None if ordinary::asks(&text) => Command::Asks,
            None if ordinary::sets_up(&text) => Command::SetsUp,
            // The program itself is put together as the code runs.
            None if text.trim().is_empty() || text.starts_with(' ') => Command::Unknown,
            None => Command::Known,
        },
    }
}
