//! What is known of callables: which only rebuild data, and which run code, open files or reach the network.
//!
//! Both lists are data (`safe.txt`, `dangerous.txt`); a line is `module: names` or `module: names: what they do`.
//! A module that ends in `.**` stands for itself and everything below it. A name may be `*` for all, begin or end
//! with `*` for all that end or begin so, or be `<Class>` for every name that is spelt like a class (`Ridge`, `_BinMapper`). A line that
//! begins with `!` takes names out of the safe list again. A dotted attribute path is matched only by a
//! pattern with as many dots.

use std::collections::HashMap;
use std::sync::OnceLock;

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

#[derive(Clone, Debug)]
struct Line {
    names: Vec<String>,
    what: String,
}

#[derive(Clone, Debug, Default)]
struct List {
    exact: HashMap<String, Vec<Line>>,
    deep: HashMap<String, Vec<Line>>,
}

/// The list of safe callables and the catalogue of dangerous ones.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    safe: List,
    excluded: List,
    dangerous: List,
}

impl Lists {
    /// The lists that come with this version.
    pub fn built_in() -> &'static Self {
        static LISTS: OnceLock<Lists> = OnceLock::new();
        LISTS.get_or_init(|| {
            let mut lists = Self::default();
            lists.extend(include_str!("safe.txt"), include_str!("dangerous.txt"));
            lists
        })
    }

    /// Adds lines of the form described above to both lists. Lines that do not parse, blank ones and comments (`#`)
    /// are passed over.
    pub fn extend(&mut self, safe: &str, dangerous: &str) {
        for line in safe.lines() {
            match line.strip_prefix('!') {
                Some(line) => self.excluded.add(line),
                None => self.safe.add(line),
            }
        }
        dangerous.lines().for_each(|line| self.dangerous.add(line));
    }

    /// How `module.attribute` stands, and what it does if it is known to be dangerous.
    #[must_use]
    pub fn judge(&self, module: &str, attribute: &str) -> (Judgement, &str) {
        // A name that the safe list spells out stands against a whole module that is dangerous, not against a name.
        if self.safe.spells_out(module, attribute) && !self.dangerous.spells_out(module, attribute) {
            return (Judgement::Safe, "");
        }
        if let Some(what) = self.danger(module, attribute) {
            return (Judgement::Dangerous, what);
        }
        // `logging` + `os.system`: the path is resolved attribute by attribute, so every tail may be the target.
        let parts: Vec<&str> = attribute.split('.').collect();
        if parts.len() > 16 {
            return (Judgement::Unknown, "");
        }
        for start in 0..parts.len() {
            for end in start + 1..parts.len() {
                if let Some(what) = self.danger(&parts[start..end].join("."), &parts[end..].join(".")) {
                    return (Judgement::Dangerous, what);
                }
            }
            if CARRIED.contains(&parts[start]) {
                return (Judgement::Dangerous, "gives access to a whole module through another");
            }
            if let Some(what) = hidden(parts[start]) {
                return (Judgement::Dangerous, what);
            }
        }
        if !self.excluded.holds(module, attribute) && self.safe.holds(module, attribute) {
            return (Judgement::Safe, "");
        }
        (Judgement::Unknown, "")
    }

    fn danger(&self, module: &str, attribute: &str) -> Option<&str> {
        // An attribute of a dangerous function (`eval.__call__`) is as dangerous as the function.
        let first = attribute.split('.').next().unwrap_or(attribute);
        self.dangerous.find(module, attribute).or_else(|| self.dangerous.find(module, first)).map(|l| l.what.as_str())
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

fn parse(line: &str) -> Option<(&str, Vec<String>, &str)> {
    let mut fields = line.splitn(3, ':').map(str::trim);
    let module = fields.next().filter(|module| !module.is_empty() && !module.starts_with('#'))?;
    let names: Vec<String> = fields.next()?.split_whitespace().map(str::to_owned).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*');
    if names.is_empty() || !module.chars().all(plain) {
        return None;
    }
    Some((module, names, fields.next().unwrap_or_default()))
}

impl List {
    fn add(&mut self, line: &str) {
        let Some((module, names, what)) = parse(line) else { return };
        let line = Line { names, what: what.to_owned() };
        match module.strip_suffix(".**") {
            Some(module) => self.deep.entry(module.to_owned()).or_default().push(line),
            None => self.exact.entry(module.to_owned()).or_default().push(line),
        }
    }

    fn holds(&self, module: &str, attribute: &str) -> bool {
        self.find(module, attribute).is_some()
    }

    fn spells_out(&self, module: &str, attribute: &str) -> bool {
        let lines = self.exact.get(module);
        lines.is_some_and(|lines| lines.iter().any(|line| line.names.iter().any(|name| name == attribute)))
    }

    fn find(&self, module: &str, attribute: &str) -> Option<&Line> {
        let pick = |lines: &'_ Vec<Line>| lines.iter().position(|line| line.matches(attribute));
        if let Some(lines) = self.exact.get(module)
            && let Some(at) = pick(lines)
        {
            return lines.get(at);
        }
        let mut parent = Some(module);
        while let Some(name) = parent {
            if let Some(lines) = self.deep.get(name)
                && let Some(at) = pick(lines)
            {
                return lines.get(at);
            }
            parent = name.rsplit_once('.').map(|(outer, _)| outer);
        }
        None
    }
}

impl Line {
    fn matches(&self, attribute: &str) -> bool {
        self.names.iter().any(|name| match name.as_str() {
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

/// Spelt like a class: an upper-case letter after at most one underscore, and no dot.
fn is_class(name: &str) -> bool {
    let body = name.strip_prefix('_').unwrap_or(name);
    body.starts_with(|c: char| c.is_ascii_uppercase()) && body.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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
    }

    #[test]
    fn a_policy_can_add_to_both() {
        let mut lists = Lists::built_in().clone();
        lists.extend("my_model: Net", "my_tool.**: *: deletes things");
        assert_eq!(lists.judge("my_model", "Net").0, Judgement::Safe);
        assert_eq!(lists.judge("my_tool.sub", "f"), (Judgement::Dangerous, "deletes things"));
    }
}
