//! What is known of callables: which only rebuild data, and which run code, open files or reach the network.
//!
//! The lists are data (`safe.txt`, `instances.txt`, `dangerous.txt`); a line is `module: names` or
//! `module: names: what they do`. What `instances.txt` names is safe only as picklers use it: named, or rebuilt without
//! its constructor.
//! A module that ends in `.**` stands for itself and everything below it. A name may be `*` for all, begin or end
//! with `*` for all that end or begin so, or be `<Class>` for every name that is spelt like a class (`Ridge`, `_BinMapper`). A line that
//! begins with `!` takes names out of the safe lists again. Of a safe line and one that calls a whole module dangerous, the
//! one that names the module more closely holds. A dotted attribute path is matched only by a
//! pattern with as many dots.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;

use crate::model::Judgement;

/// Modules that, imported as an attribute of another module, give access to everything they hold.
const CARRIED: &[&str] = &[
    "os",
    "sys",
    "subprocess",
    "builtins",
    "__builtins__",
    "__builtin__",
    "importlib",
    "posix",
    "nt",
    "socket",
    "shutil",
    "ctypes",
    "pty",
    "runpy",
    "marshal",
    "pickle",
    "_pickle",
    "commands",
    "urllib",
    "multiprocessing",
];

/// Classes of the standard library that other modules import under their own name. No pattern stands for them: some do
/// something when they are thrown away.
const FOREIGN: &[&str] = &[
    "Popen",
    "Process",
    "Pool",
    "Thread",
    "ThreadPool",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "Timer",
    "Queue",
    "Shelf",
    "TemporaryDirectory",
    "_TemporaryFileCloser",
    "_TemporaryFileWrapper",
    "ZipFile",
    "TarFile",
    "FileHandler",
    "Connection",
    "Session",
    "FunctionType",
    "CodeType",
    "ModuleType",
    "MethodType",
];

#[derive(Clone, Debug)]
struct Line {
    names: Vec<Cow<'static, str>>,
    what: Cow<'static, str>,
}

#[derive(Clone, Debug, Default)]
struct List {
    exact: HashMap<Cow<'static, str>, Vec<Line>>,
    deep: HashMap<Cow<'static, str>, Vec<Line>>,
}

/// The list of safe callables and the catalogue of dangerous ones.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    safe: List,
    instances: List,
    excluded: List,
    dangerous: List,
    edition: Edition,
}

/// Tells lists from others, and from themselves before they were added to.
#[derive(Debug)]
struct Edition(u64);

impl Default for Edition {
    fn default() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Clone for Edition {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Lists {
    /// The lists that come with this version.
    pub fn built_in() -> &'static Self {
        static LISTS: OnceLock<Lists> = OnceLock::new();
        LISTS.get_or_init(|| {
            let mut lists = Self::default();
            lists.add(include_str!("safe.txt"), include_str!("dangerous.txt"), Cow::Borrowed);
            for line in include_str!("instances.txt").lines() {
                match line.strip_prefix('!') {
                    Some(line) => lists.excluded.add(line, Cow::Borrowed),
                    None => lists.instances.add(line, Cow::Borrowed),
                }
            }
            lists
        })
    }

    /// Adds lines of the form described above to both lists. Lines that do not parse, blank ones and comments (`#`)
    /// are passed over.
    pub fn extend(&mut self, safe: &str, dangerous: &str) {
        self.add(safe, dangerous, |text| Cow::Owned(text.to_owned()));
    }

    /// A number that no other lists have, and these not before they were added to.
    pub(super) const fn edition(&self) -> u64 {
        self.edition.0
    }

    fn add<'t>(&mut self, safe: &'t str, dangerous: &'t str, own: fn(&'t str) -> Cow<'static, str>) {
        for line in safe.lines() {
            match line.strip_prefix('!') {
                Some(line) => self.excluded.add(line, own),
                None => self.safe.add(line, own),
            }
        }
        dangerous.lines().for_each(|line| self.dangerous.add(line, own));
        self.edition = Edition::default();
    }

    /// True for a class that picklers rebuild without calling its constructor, which may open files.
    #[must_use]
    pub fn is_rebuilt(&self, module: &str, attribute: &str) -> bool {
        !self.safe.holds(module, attribute) && self.instances.holds(module, attribute)
    }

    /// True if it is dangerous for the package that its module is a part of, and not for what is known of itself.
    #[must_use]
    pub fn is_of_package(&self, module: &str, attribute: &str) -> bool {
        self.danger(module, attribute).is_some_and(|(_, rank)| rank.is_some_and(|rank| rank < 2 * module.len()))
    }

    /// How `module.attribute` stands, and what it does if it is known to be dangerous.
    #[must_use]
    pub fn judge(&self, module: &str, attribute: &str) -> (Judgement, &str) {
        // A name that a safe list spells out stands against a whole module that is dangerous, not against a name.
        let spelt_out = self.safe.spells_out(module, attribute) || self.instances.spells_out(module, attribute);
        if spelt_out && !self.dangerous.spells_out(module, attribute) {
            return (Judgement::Safe, "");
        }
        let safe = self.safe_rank(module, attribute);
        if let Some((what, rank)) = self.danger(module, attribute) {
            let weaker = rank.zip(safe).is_some_and(|(danger, safe)| danger < safe);
            return if weaker { (Judgement::Safe, "") } else { (Judgement::Dangerous, what) };
        }
        if module.ends_with(".__main__") {
            return (Judgement::Dangerous, "is the program of a package, which runs when it is imported");
        }
        if dots(attribute) >= 16 {
            return (Judgement::Unknown, "");
        }
        // `logging` + `os.system`: the path is resolved attribute by attribute, so every tail may be the target.
        let mut tail = Some(attribute);
        while let Some(path) = tail {
            let ends = path.match_indices('.').map(|(dot, _)| dot).chain([path.len()]);
            for (module, rest) in ends.map(|end| path.split_at(end)) {
                if let Some((what, _)) = self.danger(module, rest.strip_prefix('.').unwrap_or(rest)) {
                    return (Judgement::Dangerous, what);
                }
            }
            let (part, rest) = path.split_once('.').map_or((path, None), |(part, rest)| (part, Some(rest)));
            if CARRIED.contains(&part) {
                return (Judgement::Dangerous, "gives access to a whole module through another");
            }
            if let Some(what) = hidden(part) {
                return (Judgement::Dangerous, what);
            }
            tail = rest;
        }
        (if safe.is_some() { Judgement::Safe } else { Judgement::Unknown }, "")
    }

    /// How closely the safe lists name the module, if they hold the name.
    fn safe_rank(&self, module: &str, attribute: &str) -> Option<usize> {
        if FOREIGN.contains(&attribute) {
            return None;
        }
        let lists = [&self.safe, &self.instances];
        let found = lists.iter().filter_map(|list| list.find(module, attribute)).map(|(_, rank)| rank).max()?;
        (!self.excluded.holds(module, attribute)).then_some(found)
    }

    /// What is dangerous about it; and how closely the module is named, if the line is about all of the module.
    fn danger(&self, module: &str, attribute: &str) -> Option<(&str, Option<usize>)> {
        // An attribute of a dangerous function (`eval.__call__`) is as dangerous as the function.
        let first = attribute.split('.').next().unwrap_or(attribute);
        let (line, rank) = self.dangerous.find(module, attribute).or_else(|| self.dangerous.find(module, first))?;
        let whole = line.names.iter().all(|name| name == "*");
        Some((&line.what, whole.then_some(rank)))
    }
}

/// Attributes that lead from any object to the interpreter.
fn hidden(attribute: &str) -> Option<&'static str> {
    matches!(
        attribute,
        "__globals__"
            | "__builtins__"
            | "__subclasses__"
            | "__code__"
            | "__import__"
            | "__loader__"
            | "__spec__"
            | "__getattribute__"
            | "__dict__"
            | "__class__"
            | "__base__"
            | "__bases__"
            | "__mro__"
            | "__init__"
            | "__reduce__"
            | "__reduce_ex__"
            | "__call__"
            | "__self__"
            | "__func__"
            | "__closure__"
            | "__setattr__"
            | "__getattr__"
            | "__delattr__"
            | "__defaults__"
            | "__kwdefaults__"
            | "__wrapped__"
    )
    .then_some("leads from an object into the interpreter")
}

fn parse(line: &str) -> Option<(&str, Vec<&str>, &str)> {
    let mut fields = line.splitn(3, ':').map(str::trim);
    let module = fields.next().filter(|module| !module.is_empty() && !module.starts_with('#'))?;
    let names: Vec<&str> = fields.next()?.split_whitespace().collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*');
    if names.is_empty() || !module.chars().all(plain) {
        return None;
    }
    Some((module, names, fields.next().unwrap_or_default()))
}

impl List {
    fn add<'t>(&mut self, line: &'t str, own: fn(&'t str) -> Cow<'static, str>) {
        let Some((module, names, what)) = parse(line) else { return };
        let line = Line { names: names.into_iter().map(own).collect(), what: own(what) };
        match module.strip_suffix(".**") {
            Some(module) => self.deep.entry(own(module)).or_default().push(line),
            None => self.exact.entry(own(module)).or_default().push(line),
        }
    }

    fn holds(&self, module: &str, attribute: &str) -> bool {
        self.find(module, attribute).is_some()
    }

    fn spells_out(&self, module: &str, attribute: &str) -> bool {
        let lines = self.exact.get(module);
        lines.is_some_and(|lines| lines.iter().any(|line| line.names.iter().any(|name| name == attribute)))
    }

    /// The line that holds a name, and how closely it names the module.
    fn find(&self, module: &str, attribute: &str) -> Option<(&Line, usize)> {
        let pick = |lines: &'_ Vec<Line>| lines.iter().position(|line| line.matches(attribute));
        if let Some(lines) = self.exact.get(module)
            && let Some(at) = pick(lines)
        {
            return lines.get(at).map(|line| (line, 2 * module.len() + 1));
        }
        let mut parent = Some(module);
        while let Some(name) = parent {
            if let Some(lines) = self.deep.get(name)
                && let Some(at) = pick(lines)
            {
                return lines.get(at).map(|line| (line, 2 * name.len()));
            }
            parent = name.rsplit_once('.').map(|(outer, _)| outer);
        }
        None
    }
}

impl Line {
    fn matches(&self, attribute: &str) -> bool {
        self.names.iter().any(|name| match name.as_ref() {
            "*" => true,
            "<Class>" => is_class(attribute),
            name => match (name.strip_suffix('*'), name.strip_prefix('*')) {
                (Some(start), _) => attribute.starts_with(start) && dots(attribute) == dots(start),
                (None, Some(end)) => attribute.ends_with(end) && dots(attribute) == dots(end),
                (None, None) => name == attribute,
            },
        })
    }
}

fn dots(name: &str) -> usize {
    name.bytes().filter(|byte| *byte == b'.').count()
}

/// Longest name in capitals alone that is taken for a class (`DBSCAN`, `SVC`). Longer ones without a digit, and those
/// with an underscore, are constants.
const CAPITALS: usize = 6;

/// Spelt like a class: an upper-case letter after at most one underscore, and no dot.
fn is_class(name: &str) -> bool {
    let body = name.strip_prefix('_').unwrap_or(name);
    let plain = body.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let long = name.len() > CAPITALS && !name.contains(|c: char| c.is_ascii_digit());
    let constant = !name.contains(|c: char| c.is_ascii_lowercase()) && (long || name.contains('_'));
    body.starts_with(|c: char| c.is_ascii_uppercase()) && plain && !constant
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(module: &str, attribute: &str) -> Judgement {
        Lists::built_in().judge(module, attribute).0
    }

    #[test]
    fn every_line_of_the_lists_parses_and_dangers_say_what_they_do() {
        for line in include_str!("safe.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(parse(line.strip_prefix('!').unwrap_or(line)).is_some(), "{line}");
        }
        for line in include_str!("instances.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(parse(line.strip_prefix('!').unwrap_or(line)).is_some(), "{line}");
        }
        for line in include_str!("dangerous.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(parse(line).is_some_and(|(_, _, what)| !what.is_empty()), "{line}");
        }
    }

    #[test]
    fn dangers_are_found_behind_submodules_and_dotted_paths() {
        for (module, attribute) in [
            ("os", "system"),
            ("idlelib.pyshell", "ModifiedInterpreter.runcommand"),
            ("logging", "os.system"),
            ("numpy", "os"),
            ("torch._utils", "sys"),
            ("collections", "OrderedDict.__init__.__globals__"),
            ("builtins", "eval.__call__"),
            ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
            ("json.__main__", "main"),
            ("nltk.data", "load"),
            ("gensim.utils", "unpickle"),
        ] {
            assert_eq!(judged(module, attribute), Judgement::Dangerous, "{module} {attribute}");
        }
    }

    #[test]
    fn nothing_is_safe_by_its_package_alone() {
        assert_eq!(judged("numpy", "dtype"), Judgement::Safe);
        assert_eq!(judged("numpy", "dtype.type"), Judgement::Unknown);
        assert_eq!(judged("sklearn.linear_model._ridge", "Ridge"), Judgement::Safe);
        assert_eq!(judged("sklearn.utils.extmath", "randomized_svd"), Judgement::Unknown);
        assert_ne!(judged("sklearn.ensemble._forest", "Parallel"), Judgement::Safe);
        assert_eq!(judged("my_model", "Net"), Judgement::Unknown);
        assert_eq!(judged("torchvision.models.mine", "Net"), Judgement::Unknown);
        assert_eq!(judged("sklearn.base", "REGISTRY"), Judgement::Unknown);
    }

    #[test]
    fn a_class_is_let_through_inside_a_module_that_is_not() {
        assert_eq!(judged("nltk.probability", "FreqDist"), Judgement::Safe);
        assert_eq!(judged("nltk.tree.tree", "Tree"), Judgement::Safe);
        assert!(Lists::built_in().is_rebuilt("sklearn.linear_model._ridge", "Ridge"));
        assert!(!Lists::built_in().is_rebuilt("collections", "OrderedDict"));
    }

    #[test]
    fn a_policy_can_add_to_both() {
        let mut lists = Lists::built_in().clone();
        lists.extend("my_model: Net", "my_tool.**: *: deletes things");
        assert_eq!(lists.judge("my_model", "Net").0, Judgement::Safe);
        assert_eq!(lists.judge("my_tool.sub", "f"), (Judgement::Dangerous, "deletes things"));
    }
}
