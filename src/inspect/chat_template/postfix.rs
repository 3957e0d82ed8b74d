//! What stands behind a value in an expression: attributes, items, calls, filters and tests.

use super::grammar::{Fault, Parser, Read, Shape};
use super::lexeme::Lexeme;

impl<'t> Parser<'t> {
    /// Attributes, items and calls behind a value.
    pub fn postfix(&mut self, shape: Shape<'t>) -> Read<Shape<'t>> {
        let mut shape = shape;
        loop {
            if self.take(".") {
                if !matches!(self.now.0, Lexeme::Name(_) | Lexeme::Integer) {
                    return self.unexpected("a name or a number");
                }
                self.next();
                shape = Shape::Other;
            } else if self.take("[") {
                self.subscript()?;
                shape = Shape::Other;
            } else if self.is("(") {
                self.arguments()?;
                shape = Shape::Call;
            } else {
                return Ok(shape);
            }
        }
    }

    /// Keys, behind their bracket. Of a slice among others Jinja makes code that Python refuses.
    fn subscript(&mut self) -> Read<()> {
        let at = self.now.1;
        let (mut count, mut slices) = (0usize, false);
        while !self.is("]") {
            if count > 0 {
                self.expect(",")?;
            }
            count += 1;
            slices |= self.item()?;
        }
        self.next();
        if slices && count > 1 {
            return Err(Fault::Broken(at, "a slice stands beside other keys".to_owned()));
        }
        Ok(())
    }

    /// `key` or `from:to:step`; true for the latter.
    fn item(&mut self) -> Read<bool> {
        if !self.is(":") {
            self.expression()?;
            if !self.is(":") {
                return Ok(false);
            }
        }
        self.next();
        if !(self.is(":") || self.is("]") || self.is(",")) {
            self.expression()?;
        }
        if self.take(":") && !(self.is("]") || self.is(",")) {
            self.expression()?;
        }
        Ok(true)
    }

    /// `(value, name=value, *values, **names)`
    pub fn arguments(&mut self) -> Read<()> {
        self.expect("(")?;
        let mut named: Vec<&str> = Vec::new();
        let (mut values, mut names, mut first) = (false, false, true);
        while !self.is(")") {
            if !first {
                self.expect(",")?;
                if self.is(")") {
                    break;
                }
            }
            first = false;
            let at = self.now.1;
            let order = |good: bool| {
                let what = || "the arguments of a call stand in an order that none can have".to_owned();
                if good { Ok(()) } else { Err(Fault::Broken(at, what())) }
            };
            if self.is("*") {
                order(!values && !names)?;
                values = true;
                self.next();
            } else if self.is("**") {
                order(!names)?;
                names = true;
                self.next();
            } else if let Lexeme::Name(name) = self.now.0
                && self.look() == Lexeme::Sign("=")
            {
                order(!names)?;
                if named.contains(&name) {
                    let name: String = name.chars().take(40).collect();
                    return Err(Fault::Broken(at, format!("a call is given {name:?} twice")));
                }
                // Whoever gives so many is not looked at for names that come twice.
                if named.len() < 256 {
                    named.push(name);
                }
                self.next();
                self.next();
            } else {
                order(!values && !names && named.is_empty())?;
            }
            self.expression()?;
        }
        self.expect(")")
    }

    /// A name of a filter or test, which may have dots in it.
    fn dotted(&mut self) -> Read<(usize, &'t str, bool)> {
        let at = self.now.1;
        let name = self.name()?;
        let mut plain = true;
        while self.take(".") {
            self.name()?;
            plain = false;
        }
        Ok((at, name, plain))
    }

    /// A filter, behind its sign.
    pub fn filter(&mut self) -> Read<()> {
        let (at, name, plain) = self.dotted()?;
        if self.filter.is_none() && !self.soft && !(plain && super::syntax::is_filter(name)) {
            self.filter = Some((at, name));
        }
        if self.is("(") { self.arguments() } else { Ok(()) }
    }

    pub fn test(&mut self) -> Read<()> {
        self.take_word("not");
        let (at, name, plain) = self.dotted()?;
        if self.test.is_none() && !(plain && super::syntax::is_test(name)) {
            self.test = Some((at, name));
        }
        match self.now.0 {
            Lexeme::Sign("(") => self.arguments(),
            Lexeme::Name("else" | "or" | "and") => Ok(()),
            Lexeme::Name("is") => self.unexpected("one test after the other"),
            Lexeme::Name(_) | Lexeme::Text | Lexeme::Integer | Lexeme::Float | Lexeme::Sign("[" | "{") => {
                let shape = self.primary(false)?;
                self.postfix(shape).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}
