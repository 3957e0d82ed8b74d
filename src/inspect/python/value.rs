//! What is known of a value without running anything.

use std::rc::Rc;

use super::names::{UNKNOWN, climbs, is_shared, says_enough};
use super::places::{self, HOME};

/// Bytes of a text that is known; of longer ones only where they come from.
pub const TEXT: usize = 4 << 20;

/// Texts of a list that is known; what longer ones hold is not.
pub const ITEMS: usize = 4096;

/// Bytes of a full name up to which it is kept as it is.
const PATH: usize = 200;

/// Bytes of the beginning of a longer one that are kept, beside its last part.
const HEAD: usize = 100;

/// Stands in a text for a piece of it that is not known.
pub const GAP: char = '…';

/// Characters of what a call is given that are kept for people to read.
const SHOWN: usize = 2000;

/// Where a value came from, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taint {
    /// Decoded, decompressed or unmarshalled.
    pub decoded: bool,
    /// Fetched from the network.
    pub fetched: bool,
    /// The whole environment, or a file of credentials.
    pub secret: bool,
    /// Read from a file.
    pub read: bool,
    /// Read from a file that is no source.
    pub data: bool,
    /// Read from a source file.
    pub source: bool,
    /// A folder from which Python imports.
    pub packages: bool,
    /// A secret of the environment by which something is let in.
    pub token: bool,
    /// What the machine or its user is called.
    pub machine: bool,
    /// A text that is put together, or turned around.
    pub pieced: bool,
    /// Names of files in a folder that nobody deletes.
    pub vital: bool,
    /// What a function was given, or a server asked.
    pub asked: bool,
}

impl Taint {
    /// Both together.
    pub const fn or(self, other: Self) -> Self {
        Self {
            decoded: self.decoded | other.decoded,
            fetched: self.fetched | other.fetched,
            secret: self.secret | other.secret,
            read: self.read | other.read,
            data: self.data | other.data,
            source: self.source | other.source,
            packages: self.packages | other.packages,
            token: self.token | other.token,
            machine: self.machine | other.machine,
            pieced: self.pieced | other.pieced,
            vital: self.vital | other.vital,
            asked: self.asked | other.asked,
        }
    }

    /// The same, with a secret by which something is let in or without.
    pub const fn but_token(self, token: bool) -> Self {
        Self { token, ..self }
    }
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The module, class or function it is, by its full name.
    pub path: Option<String>,
    /// The text it is.
    pub text: Option<Rc<str>>,
    /// True if something that is not known stands in the text, where [`GAP`] does.
    pub partial: bool,
    /// The number it is.
    pub number: Option<u32>,
    /// The texts of a list or tuple; what is not known of is an empty text.
    pub items: Option<Rc<[String]>>,
    /// The numbers of a list or tuple that holds nothing else.
    pub numbers: Option<Rc<[u32]>>,
    /// True if it was imported, and is a module or what stands in one.
    pub imported: bool,
    /// Where it came from.
    pub taint: Taint,
}

impl Value {
    /// A module, class or function.
    pub fn named(path: impl Into<String>) -> Self {
        Self { path: Some(shortened(path.into())), ..Self::default() }
    }

    /// A module, or what stands in one.
    pub fn imported(path: impl Into<String>) -> Self {
        Self { imported: true, ..Self::named(path) }
    }

    /// The text, if all of it is known.
    pub fn known(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| !self.partial)
    }

    /// A text.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        let text = text.into();
        Self { text: (text.len() <= TEXT).then_some(text), ..Self::default() }
    }

    /// Something of that origin.
    pub fn tainted(taint: Taint) -> Self {
        Self { taint, ..Self::default() }
    }

    /// A list of these. `known` says that what its texts are may be remembered.
    pub fn list(values: &[Self], known: bool) -> Self {
        let item = |value: &Self| match (&value.text, value.path.as_deref()) {
            (Some(text), _) => text.to_string(),
            (None, Some("sys.executable")) => "python".to_owned(),
            _ => String::new(),
        };
        let taint = values.iter().fold(Taint::default(), |taint, value| taint.or(value.whole()));
        let items = (known && values.len() <= ITEMS).then(|| values.iter().map(item).collect());
        let numbers = values.iter().map(|value| value.number).collect::<Option<Rc<[u32]>>>();
        let numbers = numbers.filter(|numbers| known && !numbers.is_empty() && numbers.len() <= ITEMS);
        Self { items, numbers, taint, ..Self::default() }
    }

    /// `self + other`, or `self other` for two literals.
    pub fn plus(&self, other: &Self) -> Self {
        let taint = self.taint.or(other.taint);
        match (self.piece(), other.piece()) {
            (Some(a), Some(b)) if (self.text.is_some() || other.text.is_some()) && a.len() + b.len() <= TEXT => {
                let partial = self.is_partial() || other.is_partial();
                Self { taint, partial, ..Self::text(format!("{a}{b}")) }
            }
            _ => Self::tainted(taint),
        }
    }

    /// What it is as a piece of a text.
    pub fn piece(&self) -> Option<std::borrow::Cow<'_, str>> {
        match (&self.text, self.number, &self.items) {
            (Some(text), ..) => Some(text.as_ref().into()),
            (None, Some(number), _) => Some(number.to_string().into()),
            (None, None, None) => Some(GAP.to_string().into()),
            _ => None,
        }
    }

    /// True if a text that it is put into is not known as a whole any more.
    pub const fn is_partial(&self) -> bool {
        self.partial || (self.text.is_none() && self.number.is_none())
    }

    /// Where it came from; the environment as a whole is a secret.
    pub fn whole(&self) -> Taint {
        let secret = self.taint.secret || self.path.as_deref() == Some("os.environ");
        Taint { secret, ..self.taint }
    }

    /// The text, or the texts of a list with spaces between them: what a shell or a process would be given.
    pub fn command(&self) -> Option<String> {
        self.text.as_ref().map(ToString::to_string).or_else(|| self.items.as_ref().map(|items| items.join(" ")))
    }

    /// Bytes of its texts.
    pub fn size(&self) -> usize {
        let items = self.items.as_ref().map_or(0, |items| items.iter().map(|item| item.len() + 1).sum());
        items + self.text.as_ref().map_or(0, |text| text.len())
    }

    /// The same where its texts are not known.
    pub fn without_texts(&self) -> Self {
        Self { path: self.path.clone(), imported: self.imported, taint: self.whole(), ..Self::default() }
    }

    /// The beginning of what [`Value::command`] gives.
    pub fn shown(&self) -> Option<String> {
        let begin = |text: &str| text.chars().take(SHOWN).collect::<String>();
        match (&self.text, &self.items) {
            (Some(text), _) => Some(begin(text)),
            (None, Some(items)) => {
                let few: Vec<String> = items.iter().take(SHOWN / 2).map(|item| begin(item)).collect();
                Some(begin(&few.join(" ")))
            }
            _ => None,
        }
    }

    /// `self[index]`
    pub fn item(&self, index: &[Self]) -> Self {
        let place = index.first().and_then(|index| index.number).and_then(|at| usize::try_from(at).ok());
        if let (Some(items), Some(at)) = (&self.items, place)
            && let Some(item) = items.get(at).filter(|item| !item.is_empty())
        {
            return Self { taint: self.taint, ..Self::text(item.as_str()) };
        }
        let name = index.first().and_then(Self::known).filter(|name| name.len() <= PATH);
        let path = match (self.path.as_deref(), name) {
            (Some("sys.modules"), Some(module)) => Some(module.to_owned()),
            (Some("builtins.__dict__" | "builtins"), Some(name)) => {
                Some(name.strip_prefix("__builtins__").map_or_else(|| name.to_owned(), |_| "builtins".to_owned()))
            }
            (Some("ctypes.cdll" | "ctypes.windll"), _) => Some("ctypes.cdll.LoadLibrary()".to_owned()),
            (Some(path), Some(name)) => {
                path.strip_suffix(".__dict__").map(|module| shortened(format!("{module}.{name}")))
            }
            _ => None,
        };
        // One variable of the environment is what every program reads; it is the whole that gives secrets away.
        let one = self.path.as_deref() == Some("os.environ");
        let token = self.taint.token || (one && name.is_some_and(places::names_secret));
        let taint = if one { Taint { token, ..Taint::default() } } else { self.taint };
        Self { imported: path.is_some(), path, taint, ..Self::default() }
    }

    /// `self[from:to:step]`
    pub fn slice(&self, slice: Slice) -> Self {
        let Some(text) = self.text.as_deref() else { return Self::tainted(self.taint) };
        let letters: Vec<char> = text.chars().collect();
        let length = i64::try_from(letters.len()).unwrap_or(i64::MAX);
        let at = |place: i64| (if place < 0 { place + length } else { place }).clamp(0, length);
        let step = slice.step.filter(|step| *step != 0).unwrap_or(1);
        let (from, to) = match (slice.from, slice.to, step > 0) {
            (from, to, true) => (from.map_or(0, at), to.map_or(length, at)),
            (from, to, false) => (from.map_or(length - 1, |from| at(from).min(length - 1)), to.map_or(-1, at)),
        };
        let mut made = String::new();
        let mut now = from;
        while (step > 0 && now < to) || (step < 0 && now > to) {
            made.extend(usize::try_from(now).ok().and_then(|now| letters.get(now)));
            now = now.saturating_add(step);
        }
        let taint = Taint { pieced: true, ..self.taint };
        Self { taint, partial: self.partial, ..Self::text(made) }
    }

    /// `self.name`
    pub fn attribute(&self, name: &str) -> Self {
        if climbs(name) {
            let from = self.path.as_deref().unwrap_or(UNKNOWN);
            return Self { taint: self.taint, ..Self::named(format!("{from}.{name}")) };
        }
        let path = match (self.path.as_deref(), name) {
            // A module that another one has imported is the same module, wherever it is reached.
            (path, module) if is_shared(module) && path.is_none_or(|path| !path.starts_with('.')) => {
                Some(if module == "_os" { "os" } else { module }.to_owned())
            }
            (_, "__globals__" | "f_globals" | "func_globals") => Some("globals()".to_owned()),
            (_, "f_builtins" | "__builtins__") => Some("builtins".to_owned()),
            (Some("builtins" | "__builtins__"), "__dict__") => Some("builtins.__dict__".to_owned()),
            (Some("builtins" | "__builtins__"), name) => Some(name.to_owned()),
            (Some(path), "__self__") if !path.contains('.') => Some("builtins".to_owned()),
            (Some(path), name) => Some(shortened(format!("{path}.{name}"))),
            (None, name) if self.taint.vital && places::changes(name) => Some(format!("{HOME}.{name}")),
            (None, name) => says_enough(name).then(|| format!("{UNKNOWN}.{name}")),
        };
        let made = matches!(name, "to_bytes" | "decrypt" | "translate" | "decompress");
        let taint = Taint { decoded: self.taint.decoded || made, ..self.taint };
        // A text keeps its value for the methods that change nothing.
        Self { path, number: None, numbers: None, taint, ..self.clone() }
    }
}

/// What stands between the brackets of `[from:to:step]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The first.
    pub from: Option<i64>,
    /// The one before which it ends.
    pub to: Option<i64>,
    /// How many further each time.
    pub step: Option<i64>,
}

/// A full name, without the middle of one that is longer than any that is known: a chain of attributes or calls would
/// cost the square of its length. How it begins and ends is what is asked of it.
fn shortened(path: String) -> String {
    if path.len() <= PATH {
        return path;
    }
    let last = path.rsplit('.').next().filter(|last| last.len() <= PATH).unwrap_or_default();
    let cut = (0..=HEAD).rev().find(|at| path.is_char_boundary(*at)).unwrap_or(0);
    format!("{}….{last}", &path[..cut])
}
