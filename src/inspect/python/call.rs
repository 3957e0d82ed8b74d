//! Calls: what they reach, what they are given, and what is handed to them to be called.

use std::ops::Range;

use super::deed::{self, Command, Deed, Text};
use super::expression::Argument;
use super::names;
use super::origin;
use super::requests;
use super::source::{MODULE, Source, kept};
use super::texts::known_text;
use super::value::{Taint, Value};

/// What it costs to read a text as code, or to look for words in it, beside copying it.
const READING: usize = 8;

/// What it costs to take a text apart as a command line.
const COMMAND: usize = 64;

/// Texts inside of texts that are read as code.
const NESTED: u32 = 8;

/// Functions handed to one call that are looked at with what they are given.
const HANDED: usize = 8;

/// Calls that give the module, or what is in it, that they are told the name of.
static IMPORTS: [&str; 7] = [
    "__import__",
    "importlib.import_module",
    "importlib.__import__",
    "pydoc.locate",
    "pkgutil.resolve_name",
    "django.utils.module_loading.import_string",
    "werkzeug.utils.import_string",
];

/// Calls that call what a configuration names.
static RESOLVES: [&str; 5] = [
    "logging.config.dictConfig",
    "hydra.utils.instantiate",
    "hydra.utils.call",
    "hydra.utils.get_method",
    "jsonpickle.decode",
];

/// Functions that servers are told to call.
const HANDLERS: usize = 1000;

/// The class above all others.
fn is_object(value: &Value) -> bool {
    value
        .path
        .as_deref()
        .is_some_and(|path| path == "object" || path.contains(".__base__") || path.contains(".__mro__"))
}

/// True for a call that hands a shell what it is given. A list of words is a program with its arguments.
fn is_shell(path: &str, arguments: &[Argument]) -> bool {
    let shell = ["system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell", "subprocess_shell"];
    let asked = |(key, value): &Argument| key.as_deref() == Some("shell") && value.path.as_deref() != Some("False");
    shell.contains(&names::last(path)) || arguments.iter().any(asked)
}

/// True if what is done is what the function was given, as it was given.
fn is_asked(deed: &Deed, path: &str, arguments: &[Argument]) -> bool {
    let Some((_, value)) = arguments.first() else { return false };
    match deed {
        Deed::Evaluates(Text::Unknown | Text::Statements) => {
            value.taint.asked && (value.text.is_none() || value.partial)
        }
        Deed::Starts(Command::Unknown) => requests::is_whole(value) && is_shell(path, arguments),
        Deed::Unpickles(_) => names::last(path) == "loads" && requests::is_whole(value),
        _ => false,
    }
}

impl Source {
    /// `value(arguments)`
    pub fn call(&mut self, value: &Value, arguments: &[Argument], range: Range<usize>) -> Value {
        let size = arguments.iter().map(|(_, value)| value.size()).fold(0, usize::saturating_add);
        let runs = |value: &Value| value.path.as_deref().is_some_and(names::is_runner);
        let command = size > 0 && (runs(value) || arguments.iter().any(|(_, value)| runs(value)));
        let cost = if command { COMMAND } else { READING };
        if size > 0 && !self.affords(size.saturating_mul(cost)) {
            let bare: Vec<Argument> =
                arguments.iter().map(|(keyword, value)| (keyword.clone(), value.without_texts())).collect();
            return self.known_call(value, &bare, range);
        }
        self.known_call(value, arguments, range)
    }

    fn known_call(&mut self, value: &Value, arguments: &[Argument], range: Range<usize>) -> Value {
        let given = arguments.iter().fold(value.taint, |taint, (_, argument)| taint.or(argument.whole()));
        let Some(path) = value.path.as_deref() else {
            let given = Taint { asked: value.taint.asked, ..given };
            self.handed_on("a function", arguments, &range);
            return Value::tainted(given);
        };
        self.calls(path, value.imported);
        self.hands(path, arguments);
        let path = self.callee(path);
        let climbed = names::reaches_classes(&path) || self.is_plain_climb(&path);
        let asked_of = path == "type.__subclasses__" && arguments.iter().any(|(_, value)| is_object(value));
        if climbed || asked_of {
            self.done(Deed::Conceals, path.clone(), None, range.clone());
        }
        if let Some(reached) = self.reached(&path, arguments, given, &range) {
            return reached;
        }
        if let Some(known) = known_text(&path, arguments) {
            return known;
        }
        self.handed_on(&path, arguments, &range);
        let deed = deed::of(&path, arguments);
        let returned = self.returns.get(path.trim_start_matches("self.").trim_start_matches("cls."));
        let mut taint: Taint = origin::of(&path, arguments, deed.as_ref()).or(value.taint);
        let returned = returned.copied().unwrap_or_default();
        taint = taint.or(Taint { asked: false, ..returned });
        if path.starts_with("ctypes.")
            && matches!(deed, Some(Deed::Starts(_)))
            && names::says_enough(names::last(&path))
        {
            self.done(Deed::Conceals, path.clone(), None, range.clone());
        }
        if let Some(deed) = deed {
            let asked = is_asked(&deed, &path, arguments);
            let read = matches!(deed, Deed::Evaluates(_)) && self.reads_code(&path, arguments, &range);
            // Text that is known was read; it is worth a word of its own only where it was disguised.
            if !read || given.decoded || given.fetched {
                let shown = arguments.first().and_then(|(_, value)| value.shown());
                self.done(deed, path.clone(), shown, range.clone());
                if asked {
                    self.asked(range);
                }
            }
        }
        if path.starts_with("functools.partial") {
            let handed = arguments.first().and_then(|(_, value)| value.path.clone());
            return Value { taint, ..handed.map(Value::named).unwrap_or_default() };
        }
        Value { taint, ..Value::named(deed::result(&path, arguments)) }
    }

    /// Remembers functions that are handed on to servers, and what own functions are given.
    fn hands(&mut self, path: &str, arguments: &[Argument]) {
        if let Some(handler) = requests::handed(path, arguments).filter(|_| self.handlers.len() < HANDLERS) {
            self.handlers.insert(handler);
        }
        if arguments.iter().any(|(_, value)| requests::is_whole(value)) {
            let name = names::last(path);
            let function = self.functions.get_mut(self.current);
            if let Some(function) = function.filter(|function| !function.hands.contains(name)) {
                function.hands.insert(name.to_owned());
            }
        }
    }

    /// `A.__base__.__subclasses__` of a class of the file that is made from nothing.
    fn is_plain_climb(&self, path: &str) -> bool {
        let Some(from) = path.strip_suffix(".__subclasses__") else { return false };
        let class = from.split('.').next().unwrap_or(from).trim_end_matches("()");
        from.contains("__") && self.classes.get(class).is_some_and(Vec::is_empty)
    }

    /// The full name of what is called: that of a class is that of the function of note it is made from.
    fn callee(&self, path: &str) -> String {
        let bases = self.classes.get(path).into_iter().flatten();
        let inherited = bases.map(|base| names::direct(base)).find(|base| names::is_runner(base));
        inherited.unwrap_or_else(|| names::direct(path)).to_owned()
    }

    /// What a call gives that only looks something up, by a name.
    fn reached(&mut self, path: &str, arguments: &[Argument], given: Taint, range: &Range<usize>) -> Option<Value> {
        let named = |text: &&str| text.len() <= MODULE;
        let text = |n: usize| arguments.get(n).and_then(|(_, value)| value.known()).filter(named);
        let first = arguments.first().map(|(_, value)| value);
        if IMPORTS.contains(&path) || path.ends_with(".load_module") {
            let Some(name) = text(0) else {
                self.disguised(path, first, range);
                return Some(Value::tainted(given));
            };
            let name = name.replace(':', ".");
            let put_together = first.is_some_and(|value| value.taint.pieced || value.taint.decoded);
            if put_together && names::is_handed_to_be_called(&name) {
                self.done(Deed::Conceals, path.to_owned(), Some(name.clone()), range.clone());
            }
            let top = path == "__import__" && arguments.len() == 1;
            let module = if top { name.split('.').next().unwrap_or_default() } else { &name };
            return Some(Value::imported(names::direct(module)));
        }
        match path {
            "getattr" | "inspect.getattr_static" | "object.__getattribute__" | "type.__getattribute__" => {
                let Some(object) = first else { return Some(Value::tainted(given)) };
                if let Some(name) = text(1) {
                    let found = self.attribute(object, name, range.clone());
                    let by = arguments.get(1).map(|(_, name)| name.taint).unwrap_or_default();
                    if (by.pieced || by.decoded) && found.path.as_deref().is_some_and(names::is_runner) {
                        self.done(Deed::Conceals, path.to_owned(), Some(name.to_owned()), range.clone());
                    }
                    return Some(found);
                }
                self.disguised(path, arguments.get(1).map(|(_, name)| name), range);
                if let Some(deed @ Deed::Starts(Command::Unknown)) = kept(object).filter(|_| object.imported) {
                    let module = object.path.as_deref().unwrap_or_default();
                    self.done(deed, format!("getattr({module}, …)"), None, range.clone());
                }
                Some(Value::tainted(given))
            }
            "vars" => {
                let Some(module) = first.and_then(|value| value.path.as_deref()) else {
                    return Some(if first.is_none() { Value::named("globals()") } else { Value::tainted(given) });
                };
                Some(Value::imported(format!("{module}.__dict__")))
            }
            "isinstance" | "issubclass" | "type" | "id" | "len" => Some(Value::default()),
            _ => {
                let (owner, method) = path.rsplit_once('.')?;
                let held = owner.ends_with(".__dict__") || matches!(owner, "sys.modules" | "globals()" | "locals()");
                let looks = matches!(method, "get" | "pop" | "setdefault" | "__getitem__");
                if let (true, Some(name)) = (held && looks, first) {
                    return Some(self.item(&Value::imported(owner), std::slice::from_ref(name), None, range.clone()));
                }
                let (true, Some(name)) = (method == "__getattribute__", text(0)) else { return None };
                Some(self.attribute(&Value::imported(owner), name, range.clone()))
            }
        }
    }

    /// Says that something is reached by a name that was decoded, where it is not known which.
    fn disguised(&mut self, path: &str, name: Option<&Value>, range: &Range<usize>) {
        if name.is_some_and(|name| name.taint.decoded && name.known().is_none()) {
            self.done(Deed::Disguised, path.to_owned(), None, range.clone());
        }
    }

    /// `Thread(target=os.system, args=("id",))`, `atexit.register(os.system, "id")`: somebody else calls it.
    fn handed_on(&mut self, path: &str, arguments: &[Argument], range: &Range<usize>) {
        if let ("setattr", Some((_, put))) = (path, arguments.get(2)) {
            return self.keeps(put, range.clone());
        }
        if names::only_looks(path) {
            return;
        }
        if RESOLVES.contains(&path)
            && let Some(spoken) = self.spoken.clone()
        {
            self.done(Deed::Starts(Command::Known), format!("{spoken} (named to {path})"), None, range.clone());
        }
        let is_handed = |value: &Value| kept(value).is_some() || value.path.as_deref().is_some_and(names::is_runner);
        let runners = arguments.iter().enumerate().filter(|(_, (_, value))| is_handed(value));
        for (before, (n, (_, runner))) in runners.enumerate() {
            // What is given to the ninth of them is not told apart from them any more.
            let others = if before < HANDED { arguments } else { &[] };
            let rest: Vec<Argument> =
                others.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, one)| one.clone()).collect();
            let name = runner.path.as_deref().unwrap_or_default();
            let done = deed::of(name, &rest).filter(|done| *done != Deed::Starts(Command::Unknown));
            if let Some(deed) = done.or_else(|| kept(runner)) {
                let shown = rest.first().and_then(|(_, value)| value.shown());
                self.done(deed, format!("{name} (handed to {path})"), shown, range.clone());
            }
        }
    }

    /// Reads the texts that a call runs as code; false unless all of them could be.
    fn reads_code(&mut self, path: &str, arguments: &[Argument], range: &Range<usize>) -> bool {
        let (positions, keywords) = names::code_of(path);
        let mut all = false;
        for (n, (keyword, value)) in arguments.iter().enumerate() {
            let code = match keyword {
                Some(keyword) => keywords.contains(&keyword.as_str()),
                None => n < positions,
            };
            if !code {
                continue;
            }
            let read = value.text.clone().filter(|_| !value.partial).is_some_and(|text| self.nested(&text, range));
            if !read {
                return false;
            }
            all = true;
        }
        all
    }

    /// Reads a text that is run as code; false if it could not be.
    fn nested(&mut self, code: &str, range: &Range<usize>) -> bool {
        if self.nested >= NESTED {
            self.reach("python-nested-texts", NESTED as usize);
            return false;
        }
        if !self.affords(code.len().saturating_mul(READING)) {
            return false;
        }
        self.nested += 1;
        let outer = self.fixed.clone();
        let place = self.place(range.clone());
        self.fixed = Some(place.clone());
        let function = self.current;
        let binding = std::mem::take(&mut self.binding);
        let fault = super::statement::read(code, self);
        if let Some(fault) = fault {
            self.unread.get_or_insert((place, fault.what));
        }
        self.binding = binding;
        self.current = function;
        self.fixed = outer;
        self.nested -= 1;
        fault.is_none()
    }
}
