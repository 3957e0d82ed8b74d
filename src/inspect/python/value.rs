//! What is known of a value without running anything.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// Bytes of a text that is known; of longer ones only where they come from.
pub const TEXT: usize = 4 << 20;

/// Texts of a list that is known; what longer ones hold is not.
pub const ITEMS: usize = 4096;

/// Bytes of a full name up to which it is kept as it is.
const PATH: usize = 200;

/// Bytes of the beginning of a longer one that are kept, beside its last part.
const HEAD: usize = 100;

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
}

impl Taint {
    /// Both together.
    pub const fn or(self, other: Self) -> Self {
        Self {
            decoded: self.decoded | other.decoded,
            fetched: self.fetched | other.fetched,
            secret: self.secret | other.secret,
            read: self.read | other.read,
        }
    }
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The module, class or function it is, by its full name.
    pub path: Option<String>,
    /// The text it is.
    pub text: Option<Rc<str>>,
    /// The number it is.
    pub number: Option<u32>,
    /// The texts of a list or tuple; what is not known of is an empty text.
    pub items: Option<Rc<[String]>>,
    /// Where it came from.
    pub taint: Taint,
}

impl Value {
    /// A module, class or function.
    pub fn named(path: impl Into<String>) -> Self {
        Self { path: Some(shortened(path.into())), ..Self::default() }
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
        Self { items, taint, ..Self::default() }
    }

    /// `self + other`, or `self other` for two literals.
    pub fn plus(&self, other: &Self) -> Self {
        let taint = self.taint.or(other.taint);
        match (&self.text, &other.text) {
            (Some(a), Some(b)) if a.len() + b.len() <= TEXT => Self { taint, ..Self::text(format!("{a}{b}")) },
            _ => Self::tainted(taint),
        }
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
        Self { path: self.path.clone(), taint: self.whole(), ..Self::default() }
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
    pub fn item(&self, index: &[Self], reversed: bool) -> Self {
        if reversed && let Some(text) = &self.text {
            return Self { taint: self.taint, ..Self::text(text.chars().rev().collect::<String>()) };
        }
        let name = index.first().and_then(|index| index.text.as_deref()).filter(|name| name.len() <= PATH);
        let path = match (self.path.as_deref(), name) {
            (Some("sys.modules"), Some(module)) => Some(module.to_owned()),
            (Some("globals()" | "locals()" | "builtins.__dict__" | "builtins"), Some(name)) => {
                Some(name.strip_prefix("__builtins__").map_or_else(|| name.to_owned(), |_| "builtins".to_owned()))
            }
            (Some(path), Some(name)) => {
                path.strip_suffix(".__dict__").map(|module| shortened(format!("{module}.{name}")))
            }
            _ => None,
        };
        // One variable of the environment is what every program reads; it is the whole that gives secrets away.
        let one = self.path.as_deref() == Some("os.environ");
        Self { path, taint: if one { Taint::default() } else { self.taint }, ..Self::default() }
    }

    /// `self.name`
    pub fn attribute(&self, name: &str) -> Self {
        let path = self.path.as_deref().map(|path| match (path, name) {
            ("builtins" | "__builtins__", "__dict__") => "builtins.__dict__".to_owned(),
            ("builtins" | "__builtins__", name) => name.to_owned(),
            (path, name) => shortened(format!("{path}.{name}")),
        });
        // A text keeps its value for the methods that change nothing.
        Self { path, text: self.text.clone(), number: None, items: self.items.clone(), taint: self.taint }
    }
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

/// Base64 as lenient readers take it.
pub fn base64(text: &str) -> Option<String> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let standard = plain.replace('-', "+").replace('_', "/");
    engine.decode(standard).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Pairs of hexadecimal digits.
pub fn hexadecimal(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    hex::decode(plain).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}
