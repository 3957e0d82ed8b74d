//! What is known of a source file: names and what they stand for, functions and what they refer to, deeds.
//!
//! Every bound that is met is remembered in [`Source::limits`], for the report to say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::deed::{self, Command, Deed, Text};
use super::expression::{Argument, known_text};
use super::names;
use super::value::{TEXT, Taint, Value};

/// Bytes of text that are put together, searched and read as code in one file, each by what it costs.
const WORK: usize = 128 << 20;

/// What it costs to read a text as code, or to look for words in it, beside copying it.
const READING: usize = 8;

/// What it costs to take a text apart as a command line.
const COMMAND: usize = 64;

/// Deeds of one file that are kept. As many more are kept of those that nobody honest does.
const DEEDS: usize = 2_000;

/// Texts inside of texts that are read as code.
const NESTED: u32 = 8;

/// Modules of which all names are imported.
const STARS: usize = 64;

/// Bytes of the name of a module.
pub const MODULE: usize = 512;

/// Functions handed to one call that are looked at with what they are given.
const HANDED: usize = 8;

/// A function, or the module itself at index 0.
#[derive(Debug, Default)]
pub struct Function {
    /// Its name; `__main__` for what runs only as a program.
    pub name: String,
    /// The class it is a method of.
    pub class: Option<String>,
    /// Names it refers to.
    pub references: BTreeSet<String>,
}

/// A deed, and where it is done.
#[derive(Debug)]
pub struct Done {
    /// What.
    pub deed: Deed,
    /// By which callable.
    pub callable: String,
    /// With what, as far as known.
    pub given: Option<String>,
    /// Where in the text.
    pub range: Range<usize>,
    /// In which function, by index.
    pub function: usize,
}

/// One source file.
#[derive(Default)]
pub struct Source {
    /// Functions; the module is the first.
    pub functions: Vec<Function>,
    /// What is done.
    pub deeds: Vec<Done>,
    /// Classes with the names of their bases.
    pub classes: BTreeMap<String, Vec<String>>,
    /// Modules of the same repository that are imported.
    pub neighbours: BTreeSet<String>,
    /// The function that is being read.
    pub current: usize,
    /// Bounds that were met, with their values: what lies behind them was not looked at.
    pub limits: BTreeMap<&'static str, usize>,
    /// A text that is run as code and is none that can be read: where, and why not.
    pub unread: Option<(Range<usize>, &'static str)>,
    /// Brackets that are open, texts that are run as code included.
    pub brackets: u32,
    /// Where the text that is read begins in the whole.
    pub base: usize,
    /// Other names of functions: what each name is bound to without a call.
    pub aliases: BTreeMap<String, BTreeSet<String>>,
    /// The names that the value being read is bound to, where it can be reached through nothing else.
    pub binding: Vec<String>,
    values: BTreeMap<String, Value>,
    stars: Vec<String>,
    work: usize,
    nested: u32,
    /// Where the text that is read stands, if it is a text inside of the file.
    fixed: Option<Range<usize>>,
}

impl Source {
    /// Nothing known. `values` are those of an earlier reading, which knew names only from where they are bound.
    pub fn new() -> Self {
        Self { functions: vec![Function::default()], ..Self::default() }
    }

    /// Forgets what was read and keeps what names stand for.
    pub fn again(self) -> Self {
        Self { values: self.values, stars: self.stars, work: self.work, limits: self.limits, ..Self::new() }
    }

    /// Remembers that a bound was met.
    pub fn reach(&mut self, what: &'static str, value: usize) {
        self.limits.insert(what, value);
    }

    /// Counts bytes of text that are about to be put together or searched. False past the bound, from where on texts
    /// are not known any more.
    pub fn affords(&mut self, bytes: usize) -> bool {
        self.work = self.work.saturating_add(bytes);
        if self.work > WORK {
            self.reach("python-text-bytes", WORK);
        }
        self.work <= WORK
    }

    /// `a + b`
    pub fn plus(&mut self, a: &Value, b: &Value) -> Value {
        if self.affords(a.size().saturating_add(b.size())) { a.plus(b) } else { Value::tainted(a.taint.or(b.taint)) }
    }

    /// `[a, b]`
    pub fn list(&mut self, values: &[Value]) -> Value {
        let size = values.iter().map(Value::size).fold(0, usize::saturating_add);
        let known = size <= TEXT && self.affords(size);
        Value::list(values, known)
    }

    /// `value[index]`
    pub fn item(&mut self, value: &Value, index: &[Value], reversed: bool) -> Value {
        let affords = !reversed || self.affords(value.size());
        if affords { value.item(index, reversed) } else { Value::tainted(value.taint) }
    }

    /// `import module as name`
    pub fn import(&mut self, module: &str, name: &str) {
        self.values.insert(name.to_owned(), Value::named(module));
    }

    /// `from module import *`
    pub fn import_all(&mut self, module: &str) {
        if self.stars.len() < STARS {
            self.stars.push(module.to_owned());
        } else {
            self.reach("python-star-imports", STARS);
        }
    }

    /// `name = value`
    pub fn assign(&mut self, name: &str, value: Value) {
        let known =
            self.values.get(name).is_some_and(|old| old.path.as_deref().is_some_and(|path| !path.contains("()")));
        if !(known && value.path.is_none()) {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// What a name stands for.
    pub fn name(&mut self, name: &str, range: Range<usize>) -> Value {
        self.refer(name);
        self.stands_for(name, range)
    }

    /// The same for a name that is only bound to others: what it stands for runs when one of those is used.
    pub fn bound(&mut self, name: &str, range: Range<usize>) -> Value {
        for alias in &self.binding {
            self.aliases.entry(alias.clone()).or_default().insert(name.to_owned());
        }
        self.stands_for(name, range)
    }

    fn stands_for(&mut self, name: &str, range: Range<usize>) -> Value {
        let value = match self.values.get(name) {
            Some(value) => value.clone(),
            None => {
                let stars = if names::ends_known(name) { self.stars.as_slice() } else { &[] };
                let star = stars.iter().map(|module| format!("{module}.{name}")).find(|path| names::is_known(path));
                Value::named(star.unwrap_or_else(|| if name == "__builtins__" { "builtins" } else { name }.to_owned()))
            }
        };
        self.mention(&value, range);
        value
    }

    /// `value.name`
    pub fn attribute(&mut self, value: &Value, name: &str, range: Range<usize>) -> Value {
        let own = match value.path.as_deref() {
            Some("self" | "cls" | "super()") => true,
            Some(path) => self.classes.contains_key(path),
            None => false,
        };
        if own {
            self.refer(name);
            if let Some(value) = self.values.get(&format!("self.{name}")) {
                return value.clone();
            }
        }
        let value = value.attribute(name);
        self.mention(&value, range);
        value
    }

    fn refer(&mut self, name: &str) {
        if let Some(function) = self.functions.get_mut(self.current) {
            function.references.insert(name.to_owned());
        }
    }

    /// What `__reduce__` returns is called by whoever unpickles it.
    fn mention(&mut self, value: &Value, range: Range<usize>) {
        let reduces = self.functions.get(self.current).is_some_and(|function| function.name.starts_with("__reduce"));
        if let (true, Some(path)) = (reduces, value.path.as_deref())
            && names::is_runner(path)
        {
            let deed = if matches!(path, "eval" | "exec") {
                Deed::Evaluates(Text::Unknown)
            } else {
                Deed::Starts(Command::Known)
            };
            self.done(deed, path.to_owned(), None, range);
        }
    }

    fn done(&mut self, deed: Deed, callable: String, given: Option<String>, range: Range<usize>) {
        let range = self.place(range);
        let again = self.deeds.iter().rev().take(8).any(|done| done.range.start == range.start && done.deed == deed);
        let most = if deed.is_grave() { DEEDS * 2 } else { DEEDS };
        if self.deeds.len() >= most {
            self.reach("python-deeds", DEEDS);
        } else if !again {
            self.deeds.push(Done { deed, callable, given, range, function: self.current });
        }
    }

    /// Where a range of the text that is read lies in the whole.
    fn place(&self, range: Range<usize>) -> Range<usize> {
        self.fixed.clone().unwrap_or(range.start + self.base..range.end + self.base)
    }

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
        let Some(path) = value.path.as_deref() else { return Value::tainted(given) };
        let named = |text: &&str| text.len() <= MODULE;
        let text = |n: usize| arguments.get(n).and_then(|(_, value)| value.text.as_deref()).filter(named);
        match path {
            "getattr" => {
                if let (Some((_, object)), Some(name)) = (arguments.first(), text(1)) {
                    return self.attribute(object, name, range);
                }
                return Value::tainted(given);
            }
            "__import__"
            | "importlib.import_module"
            | "pydoc.locate"
            | "pkgutil.resolve_name"
            | "importlib.__import__" => {
                return text(0).map_or_else(|| Value::tainted(given), |name| Value::named(name.replace(':', ".")));
            }
            "vars" => {
                let module = arguments.first().and_then(|(_, value)| value.path.as_deref());
                return module.map_or_else(Value::default, |module| Value::named(format!("{module}.__dict__")));
            }
            "isinstance" | "issubclass" | "type" | "id" | "len" => return Value::default(),
            _ => {}
        }
        if let Some(known) = known_text(path, arguments) {
            return known;
        }
        self.handed_on(path, arguments, &range);
        let deed = deed::of(path, arguments);
        let taint: Taint = deed::taint(path, arguments, deed.as_ref()).or(value.taint);
        if let Some(deed) = deed {
            let first = arguments.first().map(|(_, value)| value);
            let is_code = matches!(deed, Deed::Evaluates(_)) && names::takes_code(path);
            let code = first.and_then(|value| value.text.clone()).filter(|_| is_code);
            let decoded = given.decoded || given.fetched;
            let read = code.as_ref().is_some_and(|code| self.nested(code, &range));
            // Text that is known was read; it is worth a word of its own only where it was disguised.
            if !read || decoded {
                let shown = first.and_then(Value::shown);
                self.done(deed, path.to_owned(), shown, range);
            }
        }
        let partial = path.strip_prefix("functools.partial").is_some();
        let path = if partial {
            arguments.first().and_then(|(_, value)| value.path.clone())
        } else {
            Some(format!("{path}()"))
        };
        Value { taint, ..path.map(Value::named).unwrap_or_default() }
    }

    /// `Thread(target=os.system, args=("id",))`, `atexit.register(os.system, "id")`: somebody else calls it.
    fn handed_on(&mut self, path: &str, arguments: &[Argument], range: &Range<usize>) {
        let runners = arguments.iter().enumerate().filter_map(|(n, (_, value))| {
            value.path.as_deref().filter(|runner| names::is_runner(runner)).map(|runner| (n, runner))
        });
        for (before, (n, runner)) in runners.enumerate() {
            // What is given to the ninth of them is not told apart from them any more.
            let others = if before < HANDED { arguments } else { &[] };
            let rest: Vec<Argument> =
                others.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, one)| one.clone()).collect();
            if let Some(deed) = deed::of(runner, &rest) {
                let shown = rest.first().and_then(|(_, value)| value.shown());
                self.done(deed, format!("{runner} (handed to {path})"), shown, range.clone());
            }
        }
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
        let fault = super::statement::read(code, self);
        if let Some(fault) = fault {
            self.unread.get_or_insert((place, fault.what));
        }
        self.current = function;
        self.fixed = outer;
        self.nested -= 1;
        fault.is_none()
    }
}
