//! What is known of a value without running anything.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// Bytes of a text that is put together.
const TEXT: usize = 1 << 20;

/// Bytes of a dotted name in front of its last part.
const NAME: usize = 1024;

/// Texts of a list that are kept.
const ITEMS: usize = 256;

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
        Self { path: Some(path.into()), ..Self::default() }
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

    /// A list of these.
    pub fn list(values: &[Self]) -> Self {
        let item = |value: &Self| match (&value.text, value.path.as_deref()) {
            (Some(text), _) => text.to_string(),
            (None, Some("sys.executable")) => "python".to_owned(),
            _ => String::new(),
        };
        let taint = values.iter().fold(Taint::default(), |taint, value| taint.or(value.whole()));
        Self { items: Some(values.iter().take(ITEMS).map(item).collect()), taint, ..Self::default() }
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

    /// `self[index]`
    pub fn item(&self, index: &[Self], reversed: bool) -> Self {
        if reversed && let Some(text) = &self.text {
            return Self { taint: self.taint, ..Self::text(text.chars().rev().collect::<String>()) };
        }
        let name = index.first().and_then(|index| index.text.as_deref());
        let path = match (self.path.as_deref(), name) {
            (Some("sys.modules"), Some(module)) => Some(module.to_owned()),
            (Some("globals()" | "locals()" | "builtins.__dict__" | "builtins"), Some(name)) => {
                Some(name.strip_prefix("__builtins__").map_or_else(|| name.to_owned(), |_| "builtins".to_owned()))
            }
            (Some(path), Some(name)) => path.strip_suffix(".__dict__").map(|module| format!("{module}.{name}")),
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
            // No name that is known is that long: its beginning and its end are kept, so that a chain costs what it is.
            (path, name) => format!("{}.{name}", &path[..path.floor_char_boundary(NAME)]),
        });
        // A text keeps its value for the methods that change nothing.
        Self { path, text: self.text.clone(), number: None, items: self.items.clone(), taint: self.taint }
    }
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
