//! What is known of a source file: names and what they stand for, functions and what they refer to, deeds.
//!
//! Every bound that is met is remembered in [`Source::limits`], for the report to say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::deed::{Command, Deed, Text};
use super::function::{Done, Function};
use super::names;
use super::value::{Slice, TEXT, Taint, Value};

/// Bytes of text that are put together, searched and read as code in one file, each by what it costs.
const WORK: usize = 128 << 20;

/// Deeds of one file that are kept. As many more are kept of those that nobody honest does.
const DEEDS: usize = 2_000;

/// Bytes of the name of a module.
pub const MODULE: usize = 512;

/// Modules that one file imports.
const NEIGHBOURS: usize = 4096;

/// Functions around a function in which a name may be bound.
const AROUND: usize = 16;

/// Names of the language that a function may use for something else.
static OFTEN_BOUND: [&str; 8] = ["eval", "exec", "execfile", "open", "compile", "getattr", "map", "chr"];

/// One source file.
#[derive(Default)]
pub struct Source {
    /// Functions; the module is the first.
    pub functions: Vec<Function>,
    /// What is done.
    pub deeds: Vec<Done>,
    /// Classes with the names of their bases.
    pub classes: BTreeMap<String, Vec<String>>,
    /// Modules that are imported, and what is imported from them.
    pub neighbours: BTreeSet<String>,
    /// What is called of modules that are imported as a whole.
    pub used: BTreeSet<String>,
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
    /// What decorates the next definition.
    pub decorators: Vec<String>,
    /// True if a server is told to run something of the file.
    pub served: bool,
    /// Classes that are registered with a framework.
    pub registered: BTreeSet<String>,
    /// Classes that are nodes of ComfyUI.
    pub nodes: BTreeSet<String>,
    /// Methods that nodes of ComfyUI are run by.
    pub run_by_nodes: BTreeSet<String>,
    /// Functions that are given what somebody asks.
    pub handlers: BTreeSet<String>,
    /// What `match` looks at.
    pub subject: Value,
    /// Where what functions return comes from, by their names.
    pub returns: BTreeMap<String, Taint>,
    /// A function of note that a text names.
    pub spoken: Option<String>,
    /// Texts that are run as code and are being read.
    pub nested: u32,
    /// Where the text that is read stands, if it is a text inside of the file.
    pub fixed: Option<Range<usize>>,
    values: BTreeMap<String, Value>,
    stars: BTreeSet<String>,
    work: usize,
}

impl Source {
    /// Nothing known. `values` are those of an earlier reading, which knew names only from where they are bound.
    pub fn new() -> Self {
        Self { functions: vec![Function::default()], ..Self::default() }
    }

    /// Forgets what was read and keeps what names stand for.
    pub fn again(self) -> Self {
        Self {
            values: self.values,
            stars: self.stars,
            work: self.work,
            limits: self.limits,
            returns: self.returns,
            classes: self.classes,
            ..Self::new()
        }
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
    pub fn item(&mut self, value: &Value, index: &[Value], slice: Option<Slice>, range: Range<usize>) -> Value {
        if value.path.as_deref().is_some_and(names::is_above) {
            return value.clone();
        }
        if let (Some(slice), Some(_)) = (slice, &value.text) {
            let affords = self.affords(value.size());
            return if affords { value.slice(slice) } else { Value::tainted(value.taint) };
        }
        let name = index.first().and_then(Value::known);
        let builtins = matches!(value.path.as_deref(), Some("builtins" | "builtins.__dict__"));
        if let Some(name @ ("eval" | "exec")) = name.filter(|_| builtins) {
            self.done(Deed::Conceals, "__builtins__[…]".to_owned(), Some(name.to_owned()), range.clone());
        }
        if let Some(class) = value.path.as_deref().filter(|path| self.classes.contains_key(*path)) {
            self.calls(class, false);
        }
        match (value.path.as_deref(), name) {
            (Some("globals()" | "locals()" | "vars()"), Some(name)) => {
                // What the functions of another module see is that module.
                let known = self.values.contains_key(name) || !matches!(name, "system" | "popen");
                if known {
                    self.stands_for(name, range)
                } else {
                    self.done(Deed::Conceals, "__globals__[…]".to_owned(), Some(name.to_owned()), range);
                    Value::imported(format!("os.{name}"))
                }
            }
            _ if slice.is_some_and(|slice| slice.from.is_none_or(|from| from < 0)) => Value::tainted(value.taint),
            _ => value.item(index),
        }
    }

    /// `import module as name`
    pub fn import(&mut self, module: &str, name: &str) {
        self.values.insert(name.to_owned(), Value::imported(names::direct(module)));
    }

    /// Remembers a module that is imported from beside the file, or may be.
    pub fn neighbour(&mut self, module: String) {
        if self.neighbours.len() < NEIGHBOURS {
            self.neighbours.insert(module);
        } else {
            self.reach("python-imports", NEIGHBOURS);
        }
    }

    /// `from module import *`: of no matter unless the module holds calls of note.
    pub fn import_all(&mut self, module: &str) {
        let module = names::direct(module);
        if names::holds_known(module) {
            self.stars.insert(module.to_owned());
        }
    }

    /// `name = value`
    pub fn assign(&mut self, name: &str, value: Value) {
        let own = OFTEN_BOUND.contains(&name) && value.path.as_deref().is_none_or(|path| !names::is_runner(path));
        if own && (self.current > 0 || value.path.is_none()) {
            return self.bind(name);
        }
        let known =
            self.values.get(name).is_some_and(|old| old.path.as_deref().is_some_and(|path| !path.contains("()")));
        if !(known && value.path.is_none()) {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// Remembers that the function that is being read, and what it holds, mean something of their own by a name. What
    /// the module binds counts for all of it, which would be a way to hide, so that is passed over.
    pub fn bind(&mut self, name: &str) {
        if let Some(function) = self.functions.get_mut(self.current).filter(|_| self.current > 0)
            && OFTEN_BOUND.contains(&name)
        {
            function.binds.insert(name.to_owned());
        }
    }

    /// Remembers a function of the file's own.
    pub fn define(&mut self, name: &str) {
        if self.current == 0 && OFTEN_BOUND.contains(&name) {
            self.values.insert(name.to_owned(), Value::default());
        }
        self.bind(name);
    }

    fn is_bound_here(&self, name: &str) -> bool {
        let mut at = self.current;
        OFTEN_BOUND.contains(&name)
            && (0..AROUND).any(|_| {
                let Some(function) = self.functions.get(at).filter(|_| at > 0) else { return false };
                at = function.around;
                function.binds.contains(name)
            })
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

    /// True for a parameter of the function that is being read, or of one around it.
    fn is_given(&self, name: &str) -> bool {
        let mut at = self.current;
        (0..AROUND).any(|_| {
            let Some(function) = self.functions.get(at).filter(|_| at > 0) else { return false };
            at = function.around;
            function.parameters.contains(name)
        })
    }

    fn stands_for(&mut self, name: &str, range: Range<usize>) -> Value {
        let known = self.values.get(name);
        let open = known.is_none_or(|value| value.path.is_none() && value.text.is_none() && value.items.is_none());
        let given = open && self.is_given(name);
        let value = match known {
            _ if self.is_bound_here(name) => Value::tainted(Taint { asked: given, ..Taint::default() }),
            _ if given => {
                let mut value = known.cloned().unwrap_or_else(|| Value::named(name));
                value.taint.asked = true;
                value
            }
            Some(value) => value.clone(),
            None => {
                let star = if names::is_part(name) { self.starred(name) } else { None };
                let plain = || Value::named(if name == "__builtins__" { "builtins" } else { name });
                star.map_or_else(plain, Value::imported)
            }
        };
        self.mention(&value, range);
        value
    }

    /// The full name of what was imported with everything else in its module.
    fn starred(&self, name: &str) -> Option<String> {
        self.stars.iter().map(|module| format!("{module}.{name}")).find(|path| names::is_known(path))
    }

    /// `value.name`
    pub fn attribute(&mut self, value: &Value, name: &str, range: Range<usize>) -> Value {
        let own = match value.path.as_deref() {
            Some("self" | "cls" | "super()") => true,
            Some(path) => self.classes.contains_key(path.strip_suffix("()").unwrap_or(path)),
            None => false,
        };
        if own {
            self.refer(name);
            if let Some(value) = self.values.get(&format!("self.{name}")) {
                return value.clone();
            }
        }
        let mut value = value.attribute(name);
        let request = |path: &str| (value.imported && names::is_asked(path)) || path == "self.rfile";
        value.taint.asked |= value.path.as_deref().is_some_and(request);
        self.mention(&value, range);
        value
    }

    /// Counts a function or class of the file as one that is called, by its full name.
    pub fn calls(&mut self, path: &str, imported: bool) {
        let name = match path.rsplit_once('.') {
            None => path,
            Some((owner, name)) => {
                let class = self.classes.contains_key(owner.strip_suffix("()").unwrap_or(owner));
                if imported && !owner.contains(['.', '(']) && !names::holds_known(owner) && self.used.len() < NEIGHBOURS
                {
                    self.used.insert(path.to_owned());
                }
                if !(class || matches!(owner, "self" | "cls" | "super()")) {
                    return;
                }
                name
            }
        };
        if let Some(function) = self.functions.get_mut(self.current).filter(|function| !function.calls.contains(name)) {
            function.calls.insert(name.to_owned());
        }
    }

    /// Counts a name as one that the function that is being read refers to.
    pub fn refer(&mut self, name: &str) {
        if let Some(function) = self.functions.get_mut(self.current) {
            function.references.insert(name.to_owned());
        }
    }

    /// What `__reduce__` returns is called by whoever unpickles it; memory that is made executable is meant to be run.
    fn mention(&mut self, value: &Value, range: Range<usize>) {
        let Some(path) = value.path.as_deref() else { return };
        if names::makes_executable(path) {
            let deed = Deed::Starts(Command::Hostile("it makes memory executable"));
            return self.done(deed, path.to_owned(), None, range);
        }
        let reduces = self.functions.get(self.current).is_some_and(|function| function.name.starts_with("__reduce"));
        if reduces && names::is_runner(path) {
            let deed = if matches!(path, "eval" | "exec") {
                Deed::Evaluates(Text::Unknown)
            } else {
                Deed::Starts(Command::Known)
            };
            self.done(deed, path.to_owned(), None, range);
        }
    }

    /// Remembers a text that is the full name of a function of note.
    pub fn speak(&mut self, text: &str) {
        if text.len() < 64 && text.contains('.') && names::is_runner(text) {
            self.spoken = Some(text.to_owned());
        }
    }

    /// What is put into a list, an attribute, a default or a result is there to be called by somebody else.
    pub fn keeps(&mut self, value: &Value, range: Range<usize>) {
        if let Some(deed) = kept(value) {
            let path = value.path.clone().unwrap_or_default();
            self.done(deed, format!("{path} (kept to be called)"), None, range);
        }
    }

    /// Writes a deed down.
    pub fn done(&mut self, deed: Deed, callable: String, given: Option<String>, range: Range<usize>) {
        let range = self.place(range);
        let again = self.deeds.iter().rev().take(8).any(|done| done.range.start == range.start && done.deed == deed);
        let most = if deed.is_grave() { DEEDS * 2 } else { DEEDS };
        if self.deeds.len() >= most {
            self.reach("python-deeds", DEEDS);
        } else if !again {
            self.deeds.push(Done { deed, callable, given, range, function: self.current, asked: false });
        }
    }

    /// Remembers of what was written down last that it is done with what the function was given.
    pub fn asked(&mut self, range: Range<usize>) {
        let range = self.place(range);
        if let Some(done) = self.deeds.last_mut().filter(|done| done.range.start == range.start) {
            done.asked = true;
        }
    }

    /// Where a range of the text that is read lies in the whole.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        self.fixed.clone().unwrap_or(range.start + self.base..range.end + self.base)
    }
}

/// What somebody can do who is given the function or the module. A class is often only named.
pub fn kept(value: &Value) -> Option<Deed> {
    let path = value.path.as_deref().filter(|path| !path.ends_with("Popen"))?;
    let module = path.strip_suffix(".__dict__").unwrap_or(path);
    if value.imported && names::is_handed_to_be_called(module) {
        return Some(Deed::Starts(Command::Unknown));
    }
    names::is_runner(path).then(|| match names::kind(path) {
        Some(names::Kind::Evaluates) => Deed::Evaluates(Text::Statements),
        _ => Deed::Starts(Command::Unknown),
    })
}
