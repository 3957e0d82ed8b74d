//! The grammar of expressions, as strictly as Jinja reads them.
//!
//! Source: `jinja2/parser.py`, and of `jinja2/compiler.py` what it refuses at once. Nothing is evaluated. Operators are
//! read in a row, since how strongly each binds does not change what can be read.

use super::lexeme::{Lexeme, Lexer};

/// Brackets and tags in each other that are read. Jinja itself gives up at about as many, where Python's stack ends.
pub const DEPTH: usize = 64;

/// Why a template is not read to its end.
#[derive(Debug)]
pub enum Fault {
    /// Jinja refuses it, there and for that.
    Broken(usize, String),
    /// It is nested deeper than is read.
    Deep,
    /// It has a tag of its own at that offset, behind which the grammar is that of whoever knows it.
    Foreign,
}

/// What was read, or why nothing can be.
pub type Read<T> = Result<T, Fault>;

/// What an expression is, as far as that says where it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'t> {
    /// A variable.
    Name(&'t str),
    /// Variables in a row, one of them perhaps that of a loop.
    Names(bool),
    /// An attribute of a namespace.
    Attribute,
    /// A call.
    Call,
    /// Anything else.
    Other,
}

/// A template as it is read.
pub struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token at this place, and its offset.
    pub now: (Lexeme<'t>, usize),
    ahead: Option<(Lexeme<'t>, usize)>,
    /// Brackets and tags around this place.
    pub depth: usize,
    /// True where Jinja looks a filter up only when it is reached.
    pub soft: bool,
    /// The first filter that Jinja looks for and neither it nor a loader of chat templates has.
    pub filter: Option<(usize, &'t str)>,
    /// The first test of that kind.
    pub test: Option<(usize, &'t str)>,
    /// True for a template that nobody but a loader of chat templates fills in.
    pub chat: bool,
    /// Loops around this place within the same macro.
    pub loops: usize,
    /// Loops around this place.
    pub nested: usize,
    /// Names of blocks.
    pub blocks: std::collections::BTreeSet<&'t str>,
}

impl<'t> Parser<'t> {
    /// The beginning of a template.
    pub fn new(template: &'t str, chat: bool) -> Self {
        let mut lexer = Lexer::new(template);
        let now = lexer.advance();
        Self {
            lexer,
            now,
            ahead: None,
            depth: 0,
            soft: false,
            filter: None,
            test: None,
            chat,
            loops: 0,
            nested: 0,
            blocks: std::collections::BTreeSet::new(),
        }
    }

    /// Takes the token at this place.
    pub fn next(&mut self) -> (Lexeme<'t>, usize) {
        let next = self.ahead.take().unwrap_or_else(|| self.lexer.advance());
        std::mem::replace(&mut self.now, next)
    }

    /// The token behind the one at this place.
    pub fn look(&mut self) -> Lexeme<'t> {
        let lexer = &mut self.lexer;
        self.ahead.get_or_insert_with(|| lexer.advance()).0
    }

    /// True if that sign stands here.
    pub fn is(&self, sign: &str) -> bool {
        matches!(self.now.0, Lexeme::Sign(now) if now == sign)
    }

    /// True if that name stands here.
    pub fn is_word(&self, word: &str) -> bool {
        self.now.0 == Lexeme::Name(word)
    }

    /// Takes that sign.
    pub fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        if is {
            self.next();
        }
        is
    }

    /// Takes that name.
    pub fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        if is {
            self.next();
        }
        is
    }

    /// What is said where this token cannot stand.
    pub fn unexpected<T>(&self, wanted: &str) -> Read<T> {
        let found = match self.now.0 {
            Lexeme::Bad(what) => return Err(Fault::Broken(self.now.1, what.to_owned())),
            Lexeme::Name(name) => format!("the name {:?}", name.chars().take(40).collect::<String>()),
            Lexeme::Text => "a string".to_owned(),
            Lexeme::Integer | Lexeme::Float => "a number".to_owned(),
            Lexeme::Sign(sign) => format!("{sign:?}"),
            Lexeme::End => "the end".to_owned(),
        };
        Err(Fault::Broken(self.now.1, format!("{found} stands where Jinja wants {wanted}")))
    }

    /// Takes that sign, which must stand here.
    pub fn expect(&mut self, sign: &str) -> Read<()> {
        if self.take(sign) { Ok(()) } else { self.unexpected(&format!("{sign:?}")) }
    }

    /// Takes a name, which must stand here.
    pub fn name(&mut self) -> Read<&'t str> {
        let Lexeme::Name(name) = self.now.0 else { return self.unexpected("a name") };
        self.next();
        Ok(name)
    }

    /// Expressions, perhaps with commas between them.
    pub fn tuple(&mut self, conditional: bool, empty: bool) -> Read<Shape<'t>> {
        let mut items = Vec::new();
        let mut several = false;
        loop {
            if self.is("}}") || self.is("%}") || self.is(")") {
                break;
            }
            items.push(if conditional { self.expression()? } else { self.row()? });
            if !self.take(",") {
                break;
            }
            several = true;
        }
        match items.as_slice() {
            [] if !empty => self.unexpected("an expression"),
            [item] if !several => Ok(*item),
            items => Ok(names(items)),
        }
    }

    /// `value if condition else other`
    pub fn expression(&mut self) -> Read<Shape<'t>> {
        if self.depth >= DEPTH {
            return Err(Fault::Deep);
        }
        self.depth += 1;
        let (known, soft) = (self.filter, self.soft);
        let mut shape = self.row()?;
        while self.take_word("if") {
            (self.filter, self.soft) = (known, true);
            self.row()?;
            if self.take_word("else") {
                self.expression()?;
            }
            shape = Shape::Other;
        }
        self.soft = soft;
        self.depth -= 1;
        Ok(shape)
    }

    /// Operands with operators between them.
    fn row(&mut self) -> Read<Shape<'t>> {
        let mut shape = None;
        loop {
            let mut negated = false;
            while self.take_word("not") {
                negated = true;
            }
            loop {
                let operand = self.unary()?;
                shape = Some(if shape.is_some() || negated { Shape::Other } else { operand });
                if !self.operator() {
                    break;
                }
            }
            if !(self.take_word("or") || self.take_word("and")) {
                return Ok(shape.unwrap_or(Shape::Other));
            }
        }
    }

    fn operator(&mut self) -> bool {
        const SIGNS: [&str; 14] = ["+", "-", "~", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">="];
        if SIGNS.iter().any(|sign| self.is(sign)) || self.is_word("in") {
            self.next();
            return true;
        }
        let inverted = self.is_word("not") && self.look() == Lexeme::Name("in");
        if inverted {
            self.next();
            self.next();
        }
        inverted
    }

    fn unary(&mut self) -> Read<Shape<'t>> {
        let mut signed = false;
        while self.take("-") || self.take("+") {
            signed = true;
        }
        let shape = self.primary(false)?;
        let mut shape = self.postfix(shape)?;
        loop {
            if self.take("|") {
                self.filter()?;
                shape = Shape::Other;
            } else if self.take_word("is") {
                self.test()?;
                shape = Shape::Other;
            } else if self.is("(") {
                self.arguments()?;
                shape = Shape::Call;
            } else {
                return Ok(if signed { Shape::Other } else { shape });
            }
        }
    }

    /// A name or a literal; `namespace` where an attribute may be given a value.
    pub fn primary(&mut self, namespace: bool) -> Read<Shape<'t>> {
        match self.now.0 {
            Lexeme::Name(name) => {
                self.next();
                if matches!(name, "true" | "false" | "none" | "True" | "False" | "None") {
                    return Ok(Shape::Other);
                }
                if namespace && self.take(".") {
                    self.name()?;
                    return Ok(Shape::Attribute);
                }
                Ok(Shape::Name(name))
            }
            Lexeme::Text => {
                while self.now.0 == Lexeme::Text {
                    self.next();
                }
                Ok(Shape::Other)
            }
            Lexeme::Integer | Lexeme::Float => {
                self.next();
                Ok(Shape::Other)
            }
            Lexeme::Sign("(") => {
                self.next();
                let shape = self.tuple(true, true)?;
                self.expect(")")?;
                Ok(shape)
            }
            Lexeme::Sign(open @ ("[" | "{")) => {
                self.next();
                self.items(open)?;
                Ok(Shape::Other)
            }
            _ => self.unexpected("an expression"),
        }
    }

    /// What a list or a dictionary holds.
    fn items(&mut self, open: &str) -> Read<()> {
        let close = if open == "[" { "]" } else { "}" };
        let mut first = true;
        while !self.is(close) {
            if !first {
                self.expect(",")?;
                if self.is(close) {
                    break;
                }
            }
            first = false;
            self.expression()?;
            if open == "{" {
                self.expect(":")?;
                self.expression()?;
            }
        }
        self.expect(close)
    }
}

/// Several expressions as one that may be given values.
pub fn names<'t>(items: &[Shape<'t>]) -> Shape<'t> {
    let name = |item: &Shape<'_>| matches!(item, Shape::Name(_) | Shape::Names(_) | Shape::Attribute);
    if !items.iter().all(name) {
        return Shape::Other;
    }
    Shape::Names(items.iter().any(|item| matches!(item, Shape::Name("loop") | Shape::Names(true))))
}
