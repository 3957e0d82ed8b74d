//! What is known of a source file: names and what they stand for, functions and what they refer to, deeds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::deed::{self, Command, Deed, Text};
use super::expression::{Argument, known_text};
use super::value::{Taint, Value};

/// Bytes of text that are put together in one file.
const WORK: usize = 32 << 20;

/// Deeds of one file that are kept.
const DEEDS: usize = 2_000;

/// Texts inside of texts that are read as code.
const NESTED: u32 = 3;

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
        Self { values: self.values, stars: self.stars, work: self.work, ..Self::new() }
    }

    /// Counts a text that was put together; past the bound it is not known any more.
    pub fn spent(&mut self, value: Value) -> Value {
        self.work = self.work.saturating_add(value.text.as_ref().map_or(0, |text| text.len()));
        if self.work > WORK { Value::tainted(value.taint) } else { value }
    }

    /// `import module as name`
    pub fn import(&mut self, module: &str, name: &str) {
        self.values.insert(name.to_owned(), Value::named(module));
    }

    /// `from module import *`
    pub fn import_all(&mut self, module: &str) {
        if self.stars.len() < 64 {
            self.stars.push(module.to_owned());
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
        let value = match self.values.get(name) {
            Some(value) => value.clone(),
            None => {
                let star =
                    self.stars.iter().map(|module| format!("{module}.{name}")).find(|path| deed::is_runner(path));
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
            && deed::is_runner(path)
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
        let range = self.fixed.clone().unwrap_or(range);
        let again = self.deeds.iter().rev().take(8).any(|done| done.range.start == range.start && done.deed == deed);
        if self.deeds.len() < DEEDS && !again {
            self.deeds.push(Done { deed, callable, given, range, function: self.current });
        }
    }

    /// `value(arguments)`
    pub fn call(&mut self, value: &Value, arguments: &[Argument], range: Range<usize>) -> Value {
        let given = arguments.iter().fold(value.taint, |taint, (_, argument)| taint.or(argument.whole()));
        let Some(path) = value.path.as_deref() else { return Value::tainted(given) };
        let text = |n: usize| arguments.get(n).and_then(|(_, value)| value.text.as_deref());
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
            return self.spent(known);
        }
        self.handed_on(path, arguments, &range);
        if let Some(deed) = deed::of(path, arguments) {
            let first = arguments.first().map(|(_, value)| value);
            let code = first.and_then(|value| value.text.clone()).filter(|_| matches!(deed, Deed::Evaluates(_)));
            let decoded = given.decoded || given.fetched;
            if let Some(code) = &code {
                self.nested(code, &range);
            }
            // Text that is known was read; it is worth a word of its own only where it was disguised.
            if code.is_none() || decoded {
                let shown = first.and_then(Value::command);
                self.done(deed, path.to_owned(), shown, range);
            }
        }
        let taint: Taint = deed::taint(path, arguments).or(value.taint);
        let method = path.strip_prefix("functools.partial").is_some();
        let path = if method {
            arguments.first().and_then(|(_, value)| value.path.clone())
        } else {
            Some(format!("{path}()"))
        };
        // The full name of what a call gives grows with every call of a chain; nobody asks for long ones.
        Value { taint, ..path.filter(|path| path.len() < 200).map(Value::named).unwrap_or_default() }
    }

    /// `Thread(target=os.system, args=("id",))`, `atexit.register(os.system, "id")`: somebody else calls it.
    fn handed_on(&mut self, path: &str, arguments: &[Argument], range: &Range<usize>) {
        for (n, (_, value)) in arguments.iter().enumerate() {
            let Some(runner) = value.path.as_deref().filter(|runner| deed::is_runner(runner)) else { continue };
            let rest: Vec<Argument> =
                arguments.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, one)| one.clone()).collect();
            if let Some(deed) = deed::of(runner, &rest) {
                let shown = rest.first().and_then(|(_, value)| value.command());
                self.done(deed, format!("{runner} (handed to {path})"), shown, range.clone());
            }
        }
    }

    /// Reads a text that is run as code.
    fn nested(&mut self, code: &str, range: &Range<usize>) {
        if self.nested < NESTED && self.work < WORK {
            self.nested += 1;
            self.work += code.len();
            let outer = self.fixed.clone();
            self.fixed.get_or_insert_with(|| range.clone());
            let function = self.current;
            super::statement::read(code, self);
            self.current = function;
            self.fixed = outer;
            self.nested -= 1;
        }
    }
}
