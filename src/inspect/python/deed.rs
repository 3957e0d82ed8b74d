//! What a call does to the machine, by its full name and what is known of its arguments.
//!
//! Only the standard library and the few packages that every model environment has are known by name.

use super::super::shell::{self, ordinary};
use super::expression::Argument;
use super::names::{Kind, UNKNOWN, kind, last, only_answers, takes_file};
use super::places::{self, HOME};
use super::tables::{CHANNELS, OPENS, PUTS, SHELLS};
use super::value::{Taint, Value};

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Runs text as code.
    Evaluates(Text),
    /// Reaches for something by a name that was decoded as the program runs.
    Disguised,
    /// Reaches a way to run code or to start a program by one that hides it.
    Conceals,
    /// Starts a program.
    Starts(Command),
    /// Talks to another machine.
    Reaches(Reach),
    /// Unpickles; true if what is unpickled stands in the source itself.
    Unpickles(bool),
    /// Loads or compiles machine code.
    LoadsNative(Library),
    /// Writes or deletes where no model has business.
    Changes(Changed),
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
    /// It is a file that is no source, or came out of one.
    Data,
    /// It is a source file.
    Source,
    /// It is a file whose name is not known.
    File,
    /// A definition that is put together of known pieces and others, as libraries make functions.
    Template,
    /// Not known, and run as statements.
    Statements,
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
    /// Sends one secret of the environment, or what the machine and its user are called.
    Tells,
    /// Sends something, to an address that stands in the source or not.
    Sends(bool),
    /// Fetches something, from an address that stands in the source or not.
    Fetches(bool),
    /// A connection of its own, to an address that stands in the source or not.
    Connects(bool),
}

/// Machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// A file beside the source, by a name that stands there as a whole.
    Beside,
    /// Another that no system has.
    Own,
    /// One of the system, or not known.
    Other,
}

/// What is written or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A file from which something is run later.
    Lasting,
    /// A program, made of what was decoded or fetched.
    Program,
    /// A folder without which nothing works, deleted.
    Vital,
    /// Each file in such a folder.
    Each,
    /// Another folder, deleted.
    Folder,
}

impl Deed {
    /// True for what nobody honest does: it is kept where there is no room for the rest.
    pub const fn is_grave(&self) -> bool {
        matches!(
            self,
            Self::Evaluates(Text::Decoded | Text::Fetched | Text::Data)
                | Self::Starts(Command::Hostile(_))
                | Self::Reaches(Reach::Leaks)
                | Self::ReadsCredentials
                | Self::Conceals
        )
    }
}

/// What is handed on as a whole.
fn all(arguments: &[Argument]) -> Taint {
    arguments.iter().fold(Taint::default(), |taint, (_, value)| taint.or(value.whole()))
}

/// Keywords under which programs show who they are, as they are meant to.
fn identifies(keyword: Option<&String>) -> bool {
    keyword.is_some_and(|keyword| matches!(keyword.as_str(), "headers" | "auth" | "token" | "params" | "cookies"))
}

/// The same without the secrets by which a program is let in.
pub fn told(arguments: &[Argument]) -> Taint {
    all(arguments)
        .but_token(arguments.iter().filter(|(key, _)| !identifies(key.as_ref())).any(|(_, value)| value.taint.token))
}

/// The first argument without a keyword.
pub fn first(arguments: &[Argument]) -> Option<&Value> {
    arguments.iter().find(|(keyword, _)| keyword.is_none()).map(|(_, value)| value)
}

fn keyword<'a>(name: &str, arguments: &'a [Argument]) -> Option<&'a Value> {
    arguments.iter().find(|(key, _)| key.as_deref() == Some(name)).map(|(_, value)| value)
}

/// What the call does, if it is anything of note.
pub fn of(path: &str, arguments: &[Argument]) -> Option<Deed> {
    let first = first(arguments);
    match kind(path) {
        Some(Kind::Evaluates) => return Some(Deed::Evaluates(evaluates(path, arguments))),
        Some(Kind::Starts) if path.starts_with(UNKNOWN) && arguments.is_empty() => return None,
        Some(Kind::Starts) => return Some(Deed::Starts(command(path, arguments))),
        Some(Kind::Unpickles) => return unpickles(path, arguments),
        Some(Kind::Native) => return Some(native(arguments)),
        _ if path == "os.dup2" && arguments.iter().any(|(_, value)| is_wired(value)) => {
            return Some(Deed::Starts(Command::Hostile("it gives a shell to somebody else")));
        }
        _ if path == "mmap.mmap" && maps_code(arguments) => {
            return Some(Deed::Starts(Command::Hostile("it makes memory executable")));
        }
        _ if path == "numpy.load" && keyword("allow_pickle", arguments).is_some() => {
            return unpickles(path, arguments);
        }
        _ => {}
    }
    network(path, arguments).or_else(|| files(path, first, arguments))
}

/// True for memory that is mapped to be run: the bit `PROT_EXEC` of `prot`.
fn maps_code(arguments: &[Argument]) -> bool {
    let fourth = arguments.get(3).filter(|(key, _)| key.is_none()).map(|(_, value)| value);
    let protection = keyword("prot", arguments).or(fourth).and_then(|value| value.number);
    protection.is_some_and(|bits| bits & 4 != 0)
}

fn evaluates(path: &str, arguments: &[Argument]) -> Text {
    let taint = all(arguments);
    if taint.fetched {
        return Text::Fetched;
    }
    if taint.decoded {
        return Text::Decoded;
    }
    if takes_file(path) {
        let place = match path {
            "runpy.run_path" | "execfile" | "zipimport.zipimporter" => first(arguments),
            _ => arguments.get(1).map(|(_, value)| value),
        };
        let name = place.and_then(|place| place.text.as_deref()).unwrap_or_default();
        return match name {
            name if places::is_data(name) || path.contains("Sourceless") => Text::Data,
            name if places::is_program(name) && name.starts_with(['/', '~']) && path == "runpy.run_path" => Text::File,
            name if places::is_program(name) => Text::Source,
            _ if path == "execfile" || path == "runpy.run_path" => Text::File,
            // What is loaded as a module from a place that is not known is the work of every plug-in.
            _ => Text::Source,
        };
    }
    match taint {
        Taint { data: true, .. } => Text::Data,
        Taint { source: true, .. } => Text::Source,
        Taint { read: true, .. } => Text::File,
        _ if is_template(first(arguments)) => Text::Template,
        // What is timed is most often a function, and a module that is named is source.
        _ if path.starts_with("timeit.") && first(arguments).is_none_or(|code| code.text.is_none()) => Text::Template,
        _ if path == "runpy.run_module" && first(arguments).is_some_and(|name| name.known().is_some()) => Text::Source,
        _ if only_answers(path) && first(arguments).is_none_or(|code| code.path.as_deref() != Some(COMPILED)) => {
            Text::Unknown
        }
        _ => Text::Statements,
    }
}

/// `f"def {name}(self): …"`
fn is_template(code: Option<&Value>) -> bool {
    let text = code.filter(|code| code.partial).and_then(|code| code.text.as_deref()).unwrap_or_default().trim_start();
    ["def ", "class ", "@", "lambda ", "if True:", "async def "].iter().any(|begin| text.starts_with(begin))
}

fn unpickles(path: &str, arguments: &[Argument]) -> Option<Deed> {
    let taint = all(arguments);
    let given = first(arguments);
    let text = given.and_then(|value| value.text.as_deref());
    if path.starts_with("yaml.") && path != "yaml.unsafe_load" {
        return text.filter(|text| text.contains("!!python/")).map(|_| Deed::Unpickles(true));
    }
    let bounded = path == "torch.load"
        && keyword("weights_only", arguments).is_some_and(|value| value.path.as_deref() != Some("False"));
    let stands = text.is_some() && (last(path) == "loads" || path == "jsonpickle.decode");
    let remote = text.is_some_and(|text| text.starts_with("http://"));
    (!bounded).then_some(Deed::Unpickles(stands || remote || taint.decoded || taint.fetched))
}

fn native(arguments: &[Argument]) -> Deed {
    let mut texts = arguments.iter().filter_map(|(_, value)| value.command());
    if texts.clone().any(|text| ["system(", "popen(", "execve(", "execl("].iter().any(|call| text.contains(call))) {
        return Deed::Starts(Command::Hostile("it compiles a program that starts others"));
    }
    let beside = first(arguments).and_then(Value::known).is_some_and(places::is_beside);
    if beside {
        return Deed::LoadsNative(Library::Beside);
    }
    Deed::LoadsNative(if texts.any(|text| places::is_own_library(&text)) { Library::Own } else { Library::Other })
}

fn network(path: &str, arguments: &[Argument]) -> Option<Deed> {
    let address = first(arguments).or_else(|| keyword("url", arguments));
    let constant = address.is_some_and(|address| address.known().is_some());
    let channel = CHANNELS.iter().any(|channel| path.starts_with(channel));
    let taint = told(arguments);
    let leaks = |otherwise: Option<Reach>| match taint {
        Taint { secret: true, .. } => Some(Deed::Reaches(Reach::Leaks)),
        Taint { token: true, .. } | Taint { machine: true, .. } => Some(Deed::Reaches(Reach::Tells)),
        _ => otherwise.map(Deed::Reaches),
    };
    let known = kind(path);
    let target = arguments.get(1).and_then(|(_, value)| value.text.as_deref()).unwrap_or_default();
    if known == Some(Kind::Fetches) && last(path) == "urlretrieve" && places::is_program(target) {
        return Some(Deed::Changes(Changed::Program));
    }
    if (path.starts_with("socket.socket()") && matches!(last(path), "connect" | "bind" | "connect_ex"))
        || known == Some(Kind::Connects)
    {
        let place = address.and_then(|address| address.items.as_ref()).and_then(|items| items.first());
        let binds = last(path) == "bind";
        let elsewhere =
            |host: &String| host.len() > 2 && !matches!(host.as_str(), "127.0.0.1" | "localhost" | "::1" | "0.0.0.0");
        return leaks(Some(Reach::Connects(!binds && place.is_some_and(elsewhere))));
    }
    if path.starts_with("socket.socket()") || path.starts_with("socket.create_connection()") {
        return leaks(None);
    }
    // What a program on this machine is asked leaves it no more than what is asked of a library.
    if address.is_some_and(|address| address.known().is_some_and(places::is_here)) {
        return leaks(None);
    }
    let sends = known == Some(Kind::Sends) || (channel && matches!(last(path), "post" | "put"));
    if sends || known == Some(Kind::Fetches) || (channel && matches!(last(path), "get" | "request")) {
        let remote = address.and_then(|address| address.text.as_deref()).is_none_or(|text| text.contains("://"));
        if path == "pandas.read_csv" && (!constant || !remote) {
            return None;
        }
        let data = keyword("data", arguments).is_some() || keyword("json", arguments).is_some();
        return leaks(Some(if sends || data { Reach::Sends(constant) } else { Reach::Fetches(constant) }));
    }
    let asks = matches!(path, "socket.gethostbyname" | "socket.gethostbyname_ex" | "socket.getaddrinfo");
    let method = matches!(last(path), "send" | "sendall" | "sendto" | "sendmail" | "storbinary" | "resolve");
    // A machine that asks for its own address tells nobody anything.
    let told = asks && address.is_some_and(|address| address.text.is_some() || address.taint.secret);
    if told || (channel && method) { leaks(None) } else { None }
}

fn files(path: &str, first: Option<&Value>, arguments: &[Argument]) -> Option<Deed> {
    let text = |n: usize| arguments.get(n).and_then(|(_, value)| value.text.as_deref()).unwrap_or_default();
    let name = first.and_then(|value| value.text.as_deref()).unwrap_or_default();
    if path.strip_prefix(WRITES).is_some_and(|method| method.starts_with(".write")) {
        let made = all(arguments);
        return (made.decoded || made.fetched).then_some(Deed::Changes(Changed::Program));
    }
    let packages = |place: Option<&Value>, name: &str| {
        place.is_some_and(|place| place.taint.packages) && (name.ends_with(".pth") || name.ends_with(".py"))
    };
    let second = arguments.get(1).map(|(_, value)| value);
    let written = writes(path, arguments) && (places::lasts(name) || packages(first, name));
    let put = PUTS.contains(&path) && (places::lasts(text(1)) || packages(second, text(1)) || packages(second, name));
    let opened = path == "os.open" && places::lasts(name);
    let registered = path.starts_with("winreg.") && places::lasts(text(1));
    if written || put || opened || registered {
        return Some(Deed::Changes(Changed::Lasting));
    }
    let each = first.is_some_and(|file| file.taint.vital) && (REMOVES.contains(&path) || writes(path, arguments));
    if each || (places::changes(last(path)) && path.starts_with(HOME)) {
        return Some(Deed::Changes(Changed::Each));
    }
    if path == "sys.path.insert" || path == "sys.path.append" {
        let place = arguments.last().and_then(|(_, value)| value.text.as_deref()).unwrap_or_default();
        return places::is_packed(place).then_some(Deed::Evaluates(Text::Data));
    }
    if OPENS.contains(&path) && places::is_secret(name) {
        return Some(Deed::ReadsCredentials);
    }
    if matches!(path, "shutil.rmtree" | "os.removedirs") {
        let vital = first.is_some_and(|value| value.known().is_some_and(places::is_vital));
        return Some(Deed::Changes(if vital { Changed::Vital } else { Changed::Folder }));
    }
    None
}

/// Calls that delete or move the file that they are given first.
static REMOVES: [&str; 6] = ["os.remove", "os.unlink", "os.rename", "os.replace", "shutil.move", "os.truncate"];

/// What an open file of a program is called.
const WRITES: &str = "open(program)";

fn writes(path: &str, arguments: &[Argument]) -> bool {
    let mode = keyword("mode", arguments).or_else(|| arguments.get(1).map(|(_, value)| value));
    let mode = mode.and_then(|mode| mode.text.as_deref()).unwrap_or_default();
    matches!(path, "open" | "io.open" | "codecs.open") && mode.len() < 8 && mode.contains(['w', 'a', 'x', '+'])
}

/// What the result of a call is called.
pub fn result(path: &str, arguments: &[Argument]) -> String {
    let program = || first(arguments).and_then(|value| value.text.as_deref()).is_some_and(places::is_program);
    let statements = || arguments.iter().any(|(_, value)| value.known() == Some("exec"));
    match path {
        "compile" if statements() => COMPILED.to_owned(),
        _ if writes(path, arguments) && program() => WRITES.to_owned(),
        _ => format!("{path}()"),
    }
}

/// What statements that were compiled are called.
const COMPILED: &str = "compile(exec)";

/// Folders in which everybody may write.
static SCRATCH: [&str; 3] = ["/tmp/", "/var/tmp/", "/dev/shm/"];

/// True if the program of a command line lies in one of them, by a name that is known as a whole.
fn is_scratch(command: &str) -> bool {
    let program = command.split_whitespace().next().unwrap_or_default();
    SCRATCH.iter().any(|folder| program.starts_with(folder)) && !program.contains(super::value::GAP)
}

/// True for a connection, or what came through one.
fn is_wired(value: &Value) -> bool {
    value.path.as_deref().is_some_and(|path| path.starts_with("socket.")) || value.taint.fetched
}

/// True if a word of the command is a file that is run, or lies where something is run from.
fn installs(command: &str) -> bool {
    let run = |word: &str| {
        places::is_program(word) || ["/bin", "/usr", "/etc", "/lib", "/sbin"].iter().any(|at| word.starts_with(at))
    };
    places::lasts(command) || command.split_whitespace().any(run)
}

fn command(path: &str, arguments: &[Argument]) -> Command {
    let together = |from: usize| {
        let all: Vec<String> = arguments.iter().skip(from).filter_map(|(_, value)| value.command()).collect();
        (!all.is_empty()).then(|| all.join(" "))
    };
    let said = |value: &Value| value.command().filter(|text| !text.trim().is_empty());
    let given = ["args", "cmd", "command"].iter().find_map(|key| keyword(key, arguments));
    let text = match last(path) {
        name if name.starts_with("exec") || name.starts_with("spawn") => together(0),
        "create_subprocess_exec" | "posix_spawn" => together(0),
        _ => given
            .and_then(said)
            .or_else(|| arguments.iter().filter(|(key, _)| key.is_none()).find_map(|(_, value)| said(value))),
    };
    let decoded = arguments.first().is_some_and(|(_, value)| value.taint.decoded && value.text.is_none());
    let wired = arguments
        .iter()
        .any(|(_, value)| value.path.as_deref().is_some_and(|path| path.starts_with("socket.")) || value.taint.fetched);
    match text {
        _ if path.starts_with("pip.") => Command::SetsUp,
        None if decoded => Command::Hostile("its command is decoded as the code runs"),
        None => Command::Unknown,
        Some(text) if wired && SHELLS.contains(&text.split_whitespace().next().unwrap_or_default()) => {
            Command::Hostile("it gives a shell to somebody else")
        }
        Some(text) if is_scratch(&text) => Command::Hostile("it starts a program out of a folder for scratch files"),
        Some(text) => match shell::hostile(&text) {
            Some(reason) => Command::Hostile(reason),
            None if ordinary::asks(&text) => Command::Asks,
            None if ordinary::renders(&text) && !places::lasts(&text) => Command::SetsUp,
            // What comes with it is looked at where it is loaded.
            None if ordinary::fetches_weights(&text) && !installs(&text) => Command::Asks,
            None if ordinary::sets_up(&text) && !(text.contains('>') && places::lasts(&text)) => Command::SetsUp,
            // The program itself is put together as the code runs.
            None if text.trim().is_empty() || text.starts_with([' ', super::value::GAP]) => Command::Unknown,
            None => Command::Known,
        },
    }
}
