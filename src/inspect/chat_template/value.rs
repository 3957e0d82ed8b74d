//! What an expression of a template can be, as far as that follows from what stands in it.

use std::borrow::Cow;
use std::rc::Rc;

/// Bytes of the longest text that is put together letter by letter; names are far shorter.
pub const LONGEST: usize = 1024;

/// What a value can be at most; more is no longer told apart.
const ALTERNATIVES: usize = 16;

/// One thing that a value can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// This text.
    Text(Rc<str>),
    /// A text of the conversation with these constants in it, in this order.
    Mixed(Rc<str>),
    /// A text that is too long for a name, as it stands in the template.
    Long,
    /// A text that was put together from constants in a way that is not followed.
    Made,
    /// This number.
    Number(i64),
    /// Some number.
    Count,
    /// The list of that number.
    List(usize),
    /// The dictionary or namespace of that number.
    Dict(usize),
    /// The macro of that number.
    Macro(usize),
    /// A function or class that Jinja, or a server of web pages, gives every template.
    Global(&'static str),
    /// What such a class made, with what it was given: `cycler`, `joiner`, and the variable `loop`.
    Object(&'static str, Box<Value>),
    /// A method of a value.
    Bound(Box<Value>, String),
    /// What was found under a name that is computed.
    Looked,
    /// Anything out of the conversation.
    Data,
}

impl Kind {
    /// True for texts, as far as they do not come from the conversation alone.
    pub const fn is_made_of_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Mixed(_) | Self::Long | Self::Made)
    }
}

/// All that a value can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Value(Vec<Kind>);

impl Value {
    /// Nothing yet.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Just that.
    pub fn one(kind: Kind) -> Self {
        Self(vec![kind])
    }

    /// Anything out of the conversation.
    pub fn data() -> Self {
        Self::one(Kind::Data)
    }

    /// A text that is not followed.
    pub fn made() -> Self {
        Self::one(Kind::Made)
    }

    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        Self::one(if text.len() > LONGEST { Kind::Long } else { Kind::Text(Rc::from(text)) })
    }

    /// All that it can be.
    pub fn kinds(&self) -> &[Kind] {
        &self.0
    }

    /// It can be that, too.
    pub fn add(&mut self, kind: Kind) {
        if self.0.contains(&kind) {
            return;
        }
        if self.0.len() >= ALTERNATIVES {
            let text = kind.is_made_of_text() || self.0.iter().any(Kind::is_made_of_text);
            self.0.retain(|kind| !kind.is_made_of_text());
            self.0.truncate(ALTERNATIVES - 1);
            let rest = if text { Kind::Made } else { Kind::Data };
            if !self.0.contains(&rest) {
                self.0.push(rest);
            }
            return;
        }
        self.0.push(kind);
    }

    /// It can be all that the other can be, too.
    pub fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|kind| self.add(kind));
    }

    /// What something makes of each thing that it can be.
    pub fn each(&self, mut make: impl FnMut(&Kind) -> Self) -> Self {
        let mut all = Self::none();
        self.0.iter().for_each(|kind| all.join(make(kind)));
        all
    }

    /// The same told apart no further: a text of one form stays, of several it is one that is not followed.
    pub fn summed(self) -> Self {
        if self.0.len() < 2 || !self.0.iter().any(Kind::is_made_of_text) {
            return self;
        }
        let mut rest = Self(self.0.into_iter().filter(|kind| !kind.is_made_of_text()).collect());
        rest.add(Kind::Made);
        rest
    }

    /// The text, if it can be one only.
    pub fn single(&self) -> Option<&str> {
        if let [Kind::Text(text)] = self.0.as_slice() { Some(text) } else { None }
    }

    /// The number, if it can be one only.
    pub fn number(&self) -> Option<i64> {
        if let [Kind::Number(number)] = self.0.as_slice() { Some(*number) } else { None }
    }
}

/// Two values as one text.
pub fn concat(left: &Value, right: &Value) -> Value {
    left.each(|one| right.each(|other| Value::one(pair(one, other))))
}

fn pair(left: &Kind, right: &Kind) -> Kind {
    let (Some((left, known)), Some((right, also))) = (constant(left), constant(right)) else {
        let lost = |kind: &Kind| !matches!(kind, Kind::Long | Kind::Data | Kind::Looked) && constant(kind).is_none();
        return if lost(left) || lost(right) { Kind::Made } else { Kind::Long };
    };
    let all = [left, right].concat();
    match (known && also, all.len() > LONGEST) {
        (_, true) => Kind::Long,
        (true, _) => Kind::Text(Rc::from(all)),
        (false, _) if all.is_empty() => Kind::Data,
        (false, _) => Kind::Mixed(Rc::from(all)),
    }
}

/// What is known of a text, and whether that is all of it.
fn constant(kind: &Kind) -> Option<(Cow<'_, str>, bool)> {
    match kind {
        Kind::Text(text) => Some((Cow::Borrowed(text), true)),
        Kind::Number(number) => Some((Cow::Owned(number.to_string()), true)),
        Kind::Mixed(text) => Some((Cow::Borrowed(text), false)),
        Kind::Data | Kind::Looked | Kind::Count => Some((Cow::Borrowed(""), false)),
        _ => None,
    }
}
