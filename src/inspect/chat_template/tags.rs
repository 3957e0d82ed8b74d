//! The grammar of tags, as strictly as Jinja reads them.
//!
//! Source: `jinja2/parser.py`, `LoopControlExtension` and `ExprStmtExtension` of `jinja2/ext.py`, `AssistantTracker` of
//! transformers' `chat_template_utils.py`, and what Python refuses of the code that Jinja makes: a `break` outside of a
//! loop, and the same parameter twice.

use super::grammar::{DEPTH, Fault, Parser, Read, Shape, names};
use super::lexeme::Lexeme;

/// Tags that no program has, and that are written by mistake for others.
const MISTAKES: [&str; 19] = [
    "elseif", "elsif", "elsei", "end", "try", "except", "catch", "finally", "while", "endwhile", "foreach", "unless",
    "let", "var", "const", "return", "function", "def", "fi",
];

/// Words that belong to tags of Jinja and begin none.
const INNER: [&str; 13] = [
    "else",
    "elif",
    "endif",
    "endfor",
    "endmacro",
    "endcall",
    "endfilter",
    "endset",
    "endwith",
    "endblock",
    "endautoescape",
    "endgeneration",
    "endraw",
];

impl<'t> Parser<'t> {
    /// Reads the whole template.
    pub fn template(&mut self) -> Read<()> {
        self.until(("", 0), &[]).map(|_| ())
    }

    /// Reads from the end of a tag to one that ends it, and gives the word of that one.
    fn body(&mut self, tag: (&'t str, usize), ends: &[&str]) -> Read<&'t str> {
        self.take(":");
        self.expect("%}")?;
        if self.depth >= DEPTH {
            return Err(Fault::Deep);
        }
        self.depth += 1;
        let ended = self.until(tag, ends);
        self.depth -= 1;
        ended
    }

    /// The same where names that are looked up in it are looked for at once.
    fn scope(&mut self, tag: (&'t str, usize), ends: &[&str]) -> Read<&'t str> {
        let soft = std::mem::replace(&mut self.soft, false);
        let ended = self.body(tag, ends);
        self.soft = soft;
        ended
    }

    /// The same in a function of its own, which no loop stands around.
    fn function(&mut self, tag: (&'t str, usize), end: &str) -> Read<()> {
        let loops = std::mem::take(&mut self.loops);
        self.scope(tag, &[end])?;
        self.loops = loops;
        Ok(())
    }

    fn until(&mut self, tag: (&'t str, usize), ends: &[&str]) -> Read<&'t str> {
        loop {
            match self.now.0 {
                Lexeme::End if ends.is_empty() => return Ok(""),
                Lexeme::End => return Err(Fault::Broken(tag.1, format!("the tag {:?} has no end", tag.0))),
                Lexeme::Sign("{{") => {
                    self.next();
                    self.tuple(true, false)?;
                    self.expect("}}")?;
                }
                Lexeme::Sign("{%") => {
                    self.next();
                    let at = self.now.1;
                    let word = self.name()?;
                    if ends.contains(&word) {
                        return Ok(word);
                    }
                    self.statement((word, at))?;
                    self.expect("%}")?;
                }
                _ => return self.unexpected("a tag or an expression"),
            }
        }
    }

    fn statement(&mut self, tag: (&'t str, usize)) -> Read<()> {
        match tag.0 {
            "for" => self.each(tag),
            "if" => self.branches(tag),
            "set" => self.set(tag),
            "with" => self.with(tag),
            "macro" => {
                self.name()?;
                self.signature()?;
                self.function(tag, "endmacro")
            }
            "call" => {
                if self.is("(") {
                    self.signature()?;
                }
                if self.expression()? != Shape::Call {
                    return Err(Fault::Broken(tag.1, "the tag \"call\" calls nothing".to_owned()));
                }
                self.function(tag, "endcall")
            }
            "filter" => {
                let soft = std::mem::replace(&mut self.soft, false);
                self.filter()?;
                self.filters()?;
                self.soft = soft;
                self.scope(tag, &["endfilter"]).map(|_| ())
            }
            "autoescape" => {
                self.expression()?;
                self.scope(tag, &["endautoescape"]).map(|_| ())
            }
            "block" => self.block(tag),
            "generation" => self.function(tag, "endgeneration"),
            "print" => self.print(),
            "do" => self.tuple(true, false).map(|_| ()),
            "break" | "continue" if self.loops == 0 => {
                Err(Fault::Broken(tag.1, format!("{:?} stands outside of a loop", tag.0)))
            }
            "break" | "continue" => Ok(()),
            "extends" | "include" | "import" | "from" => self.other(tag.0),
            word => self.unknown(word, tag.1),
        }
    }

    /// A tag that Jinja does not have.
    fn unknown(&self, word: &str, at: usize) -> Read<()> {
        let quoted: String = word.chars().take(40).collect();
        if INNER.contains(&word) {
            return Err(Fault::Broken(at, format!("{quoted:?} stands outside of what it belongs to")));
        }
        if self.chat || MISTAKES.contains(&word) {
            return Err(Fault::Broken(at, format!("{quoted:?} is no tag")));
        }
        Err(Fault::Foreign)
    }

    fn filters(&mut self) -> Read<()> {
        while self.take("|") {
            self.filter()?;
        }
        Ok(())
    }

    /// Names that are given values: `name`, `one, (two, three)`, and with `namespace` also `name.attribute`.
    fn target(&mut self, namespace: bool) -> Read<()> {
        let at = self.now.1;
        let mut items = Vec::new();
        let mut several = false;
        loop {
            if self.is("}}") || self.is("%}") || self.is(")") {
                break;
            }
            items.push(self.primary(namespace)?);
            if !self.take(",") {
                break;
            }
            several = true;
        }
        let shape = match items.as_slice() {
            [] => return self.unexpected("a name"),
            [item] if !several => *item,
            items => names(items),
        };
        match shape {
            Shape::Name("loop") | Shape::Names(true) if self.nested > 0 => {
                Err(Fault::Broken(at, "\"loop\" is given a value within a loop".to_owned()))
            }
            Shape::Name(_) | Shape::Names(_) | Shape::Attribute => Ok(()),
            _ => Err(Fault::Broken(at, "what is given a value is no name".to_owned())),
        }
    }

    fn set(&mut self, tag: (&'t str, usize)) -> Read<()> {
        self.target(true)?;
        if self.take("=") {
            return self.tuple(true, false).map(|_| ());
        }
        let soft = std::mem::replace(&mut self.soft, false);
        self.filters()?;
        self.soft = soft;
        self.scope(tag, &["endset"]).map(|_| ())
    }

    /// `for target in values if condition recursive`
    fn each(&mut self, tag: (&'t str, usize)) -> Read<()> {
        self.nested += 1;
        self.target(false)?;
        if !self.take_word("in") {
            return self.unexpected("\"in\"");
        }
        self.tuple(false, false)?;
        if self.take_word("if") {
            let soft = std::mem::replace(&mut self.soft, false);
            self.expression()?;
            self.soft = soft;
        }
        let loops = self.loops;
        let recursive = self.take_word("recursive");
        self.loops += 1;
        let ended = self.scope(tag, &["endfor", "else"])?;
        self.loops = if recursive { 0 } else { loops };
        if ended == "else" {
            self.scope(tag, &["endfor"])?;
        }
        self.loops = loops;
        self.nested -= 1;
        Ok(())
    }

    fn branches(&mut self, tag: (&'t str, usize)) -> Read<()> {
        let soft = std::mem::replace(&mut self.soft, true);
        loop {
            self.tuple(false, false)?;
            match self.body(tag, &["elif", "else", "endif"])? {
                "elif" => {}
                "else" => {
                    self.body(tag, &["endif"])?;
                    break;
                }
                _ => break,
            }
        }
        self.soft = soft;
        Ok(())
    }

    fn with(&mut self, tag: (&'t str, usize)) -> Read<()> {
        let mut first = true;
        while !self.is("%}") {
            if !first {
                self.expect(",")?;
            }
            first = false;
            // Names that are given to what stands within, where no loop is.
            let nested = std::mem::take(&mut self.nested);
            self.target(false)?;
            self.nested = nested;
            self.expect("=")?;
            self.expression()?;
        }
        self.scope(tag, &["endwith"]).map(|_| ())
    }

    /// `(parameter, other=default)`
    fn signature(&mut self) -> Read<()> {
        self.expect("(")?;
        let mut known: Vec<&str> = Vec::new();
        let mut defaults = false;
        while !self.is(")") {
            if !known.is_empty() {
                self.expect(",")?;
            }
            let at = self.now.1;
            let name = self.name()?;
            let broken = |what: &str| Err(Fault::Broken(at, what.to_owned()));
            if matches!(name, "true" | "false" | "none" | "True" | "False" | "None") {
                return broken("a parameter of a macro has no name");
            }
            if known.len() < 256 && known.contains(&name) {
                return broken("two parameters of a macro have the same name");
            }
            known.push(name);
            if self.take("=") {
                defaults = true;
                self.expression()?;
            } else if defaults {
                return broken("a parameter without a default follows on one with a default");
            }
        }
        self.expect(")")
    }

    fn block(&mut self, tag: (&'t str, usize)) -> Read<()> {
        let at = self.now.1;
        let name = self.name()?;
        self.take_word("scoped");
        self.take_word("required");
        let first = self.blocks.insert(name);
        self.function(tag, "endblock")?;
        self.take_word(name);
        if first { Ok(()) } else { Err(Fault::Broken(at, "two blocks have the same name".to_owned())) }
    }

    fn print(&mut self) -> Read<()> {
        let mut first = true;
        while !self.is("%}") {
            if !first {
                self.expect(",")?;
            }
            first = false;
            self.expression()?;
        }
        Ok(())
    }

    /// Tags that load other templates.
    fn other(&mut self, word: &str) -> Read<()> {
        self.expression()?;
        match word {
            "include" if self.take_word("ignore") && !self.take_word("missing") => {
                return self.unexpected("\"missing\"");
            }
            "import" => {
                if !self.take_word("as") {
                    return self.unexpected("\"as\"");
                }
                self.name()?;
            }
            "from" => {
                if !self.take_word("import") {
                    return self.unexpected("\"import\"");
                }
                loop {
                    self.name()?;
                    if self.take_word("as") {
                        self.name()?;
                    }
                    if !self.take(",") {
                        break;
                    }
                }
            }
            _ => {}
        }
        if word != "extends" && (self.take_word("with") || self.take_word("without")) && !self.take_word("context") {
            return self.unexpected("\"context\"");
        }
        Ok(())
    }
}
