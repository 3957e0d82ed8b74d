//! The items of a serialization, one inside the other.

use super::stream::Stream;

/// Items inside of items that are followed.
const DEPTH: u32 = 400;
/// Longest text that is kept.
const TEXT: u64 = 64 << 10;
/// Things that are written down.
const SEEN: usize = 1000;

/// Functions that start programs, reach the network, or read and remove files.
static REACHING: &[&str] = &[
    "system",
    "system2",
    "shell",
    "shell.exec",
    "pipe",
    "socketConnection",
    "download.file",
    "dyn.load",
    "library.dynam",
    "source",
    "sys.source",
    "unlink",
    "file.remove",
    "Sys.setenv",
];

/// Functions that R calls when a session begins or ends.
static STARTUP: &[&str] = &[".First", ".Last", ".First.sys", ".Last.sys"];

/// Something to speak of.
pub enum Seen {
    /// Code that waits for its value to be used; of a variable, or the value itself.
    Promise { name: Option<String> },
    /// A variable that is a function.
    ActiveBinding,
    /// A function that R calls by itself.
    Startup { name: String },
    /// A call that reaches out.
    Call { name: String, promised: bool },
}

/// Why the walk stopped.
pub enum Stop {
    Malformed(&'static str),
    Limit(&'static str, u64),
}

type Outcome<T> = Result<T, Stop>;

const CUT: Stop = Stop::Malformed("it ends inside of a value");

/// What matters of an item to the one it is in.
#[derive(Default)]
struct Item {
    kind: u8,
    /// The name of a symbol, or the function that a call names.
    name: Option<String>,
}

/// Where an item stands.
#[derive(Clone, Copy, Default)]
struct Context {
    depth: u32,
    /// Inside of a call.
    call: bool,
    /// Inside of a promise.
    promised: bool,
    /// What loading gives, or a variable that it sets.
    top: bool,
}

impl Context {
    const fn inner(self) -> Self {
        Self { depth: self.depth + 1, top: false, ..self }
    }
}

/// Reads a serialization from its beginning.
pub struct Walk<'s, 'v> {
    stream: &'s mut Stream<'v>,
    workspace: bool,
    /// Names of what can be referred to by number; empty for what is no symbol.
    references: Vec<Option<String>>,
    /// Offsets and what was seen there.
    pub seen: Vec<(u64, Seen)>,
}

impl<'s, 'v> Walk<'s, 'v> {
    /// `workspace`: the top is a list of variables.
    pub const fn new(stream: &'s mut Stream<'v>, workspace: bool) -> Self {
        Self { stream, workspace, references: Vec::new(), seen: Vec::new() }
    }

    /// Version, versions of R, and one item.
    pub fn all(&mut self) -> Outcome<()> {
        let version = self.int()?;
        if !(2..=3).contains(&version) {
            return Err(Stop::Malformed("its version is neither 2 nor 3"));
        }
        self.int()?;
        self.int()?;
        if version == 3 {
            let len = self.length()?;
            self.stream.text(len, 64).ok_or(CUT)?;
        }
        self.item(Context { top: true, ..Context::default() }).map(drop)
    }

    fn int(&mut self) -> Outcome<i32> {
        self.stream.int().ok_or(CUT)
    }

    /// A length of a vector; -1 begins a longer one.
    fn length(&mut self) -> Outcome<u64> {
        match self.int()? {
            -1 => {
                let (upper, lower) = (self.int()?, self.int()?);
                let upper = u64::try_from(upper).map_err(|_| Stop::Malformed("a length is negative"))?;
                Ok(upper << 32 | u64::from(lower.cast_unsigned()))
            }
            length => u64::try_from(length).map_err(|_| Stop::Malformed("a length is negative")),
        }
    }

    fn saw(&mut self, seen: Seen) {
        if self.seen.len() < SEEN {
            self.seen.push((self.stream.position(), seen));
        }
    }

    fn refer(&mut self, name: Option<String>) {
        self.references.push(name);
    }

    /// One item with all that is in it. Numbers of types: `Rinternals.h`, and `serialize.c` from 238 on.
    fn item(&mut self, at: Context) -> Outcome<Item> {
        let flags = self.int()?;
        self.item_of(flags, at)
    }

    fn item_of(&mut self, flags: i32, at: Context) -> Outcome<Item> {
        if at.depth > DEPTH {
            return Err(Stop::Limit("r-depth", DEPTH.into()));
        }
        let kind = flags.to_le_bytes()[0];
        let attributes = flags & 0x200 != 0;
        let inner = at.inner();
        let mut name = None;
        match kind {
            // Those that stand for themselves.
            241 | 242 | 250..=254 => {}
            1 | 9 | 255 => name = self.name(kind, flags, inner)?,
            2 | 3 | 5 | 6 | 17 => return self.pairs(flags, at),
            4 => {
                self.int()?;
                self.refer(None);
                self.several(4, Context { call: false, ..inner })?;
            }
            7 | 8 => {
                let len = self.length()?;
                self.stream.text(len, 64).ok_or(CUT)?;
            }
            10 | 13 => self.numbers(4)?,
            14 => self.numbers(8)?,
            15 => self.numbers(16)?,
            16 => self.texts(at)?,
            19 | 20 => {
                let count = self.length()?;
                self.several(count, inner)?;
            }
            21 => {
                // Room for calls that are referred to.
                self.length()?;
                self.byte_code(inner)?;
            }
            22 => {
                self.refer(None);
                self.several(2, inner)?;
            }
            23 => self.refer(None),
            24 => self.numbers(1)?,
            25 => {}
            238 => self.several(3, inner)?,
            247..=249 => {
                if self.int()? != 0 {
                    return Err(Stop::Malformed("a list of names has names"));
                }
                let count = self.length()?;
                self.several(count, inner)?;
                self.refer(None);
            }
            _ => return Err(Stop::Malformed("an item is of a type that does not exist")),
        }
        if attributes && kind != 9 && kind < 238 && kind != 4 {
            self.item(Context { call: false, ..inner })?;
        }
        Ok(Item { kind, name })
    }

    fn several(&mut self, count: u64, at: Context) -> Outcome<()> {
        for _ in 0..count {
            self.item(at)?;
        }
        Ok(())
    }

    /// A symbol, its text, or something that occurred before.
    fn name(&mut self, kind: u8, flags: i32, at: Context) -> Outcome<Option<String>> {
        match kind {
            1 => {
                let name = self.item(at)?.name;
                self.refer(name.clone());
                Ok(name)
            }
            9 => match self.int()? {
                -1 => Ok(None),
                len => {
                    let len = u64::try_from(len).map_err(|_| Stop::Malformed("a length is negative"))?;
                    let text = self.stream.text(len, TEXT).ok_or(CUT)?;
                    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
                }
            },
            _ => {
                let index = if flags >> 8 == 0 { self.int()? } else { flags >> 8 };
                let index = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
                let found = index.and_then(|index| self.references.get(index));
                found.cloned().ok_or(Stop::Malformed("it refers to something that did not occur"))
            }
        }
    }

    fn numbers(&mut self, width: u64) -> Outcome<()> {
        let count = self.length()?;
        self.stream.elements(count, width).ok_or(CUT)
    }

    /// Texts; inside of a call they may be code, or the name of what is called.
    fn texts(&mut self, at: Context) -> Outcome<()> {
        for _ in 0..self.length()? {
            let text = self.item(at.inner())?.name.unwrap_or_default();
            if at.call && text.len() < 4096 {
                let called = REACHING.iter().find(|name| {
                    text.match_indices(*name).any(|(start, _)| {
                        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                        !text[..start].ends_with(word) && text[start + name.len()..].starts_with('(')
                    })
                });
                if let Some(name) = called {
                    self.saw(Seen::Call { name: (*name).to_owned(), promised: at.promised });
                }
            }
        }
        Ok(())
    }

    /// Lists, functions, promises and calls: attributes, a tag, a head, and the rest, which is followed in a loop.
    fn pairs(&mut self, flags: i32, at: Context) -> Outcome<Item> {
        let (mut flags, first) = (flags, flags.to_le_bytes()[0]);
        let mut called = None;
        let inner = at.inner();
        if first == 5 && at.top {
            self.saw(Seen::Promise { name: None });
        }
        for n in 0u64.. {
            let kind = flags.to_le_bytes()[0];
            if flags & 0x200 != 0 {
                self.item(Context { call: false, ..inner })?;
            }
            let tag = if flags & 0x400 != 0 { self.item(inner)?.name } else { None };
            if kind == 2 && flags & (1 << 27) != 0 {
                self.saw(Seen::ActiveBinding);
            }
            let here =
                Context { call: at.call || first == 6, promised: at.promised || first == 5, top: false, ..inner };
            let head = self.item(here)?;
            if at.top && self.workspace && kind == 2 {
                self.variable(tag, &head);
            }
            if first == 6 {
                self.called(n, &head, &mut called, at);
            }
            // A promise and a function have two parts; lists go on.
            if matches!(kind, 3 | 5) {
                self.item(here)?;
                break;
            }
            flags = self.int()?;
            // The rest of a list is a list, nothing, or, in compact vectors, another value.
            if !matches!(flags.to_le_bytes()[0], 2 | 6 | 17) {
                self.item_of(flags, here)?;
                break;
            }
        }
        Ok(Item { kind: first, name: called.filter(|_| first == 6) })
    }

    fn variable(&mut self, name: Option<String>, head: &Item) {
        let name = name.unwrap_or_default();
        if head.kind == 5 {
            self.saw(Seen::Promise { name: Some(name) });
        } else if head.kind == 3 && STARTUP.contains(&name.as_str()) {
            self.saw(Seen::Startup { name });
        }
    }

    /// The `n`th part of a call. The first names the function; `base::system` and `do.call(system)` are followed.
    fn called(&mut self, n: u64, head: &Item, called: &mut Option<String>, at: Context) {
        let Some(name) = head.name.clone().filter(|_| matches!(head.kind, 1 | 6 | 255)) else { return };
        let function = called.clone().unwrap_or_default();
        let indirect = matches!(function.as_str(), "do.call" | "match.fun" | "get" | "lapply" | "sapply" | "Reduce");
        let qualified = n == 2 && matches!(function.as_str(), "::" | ":::");
        if n == 0 || qualified {
            *called = Some(name.clone());
        }
        if (n == 0 && head.kind != 6 || qualified || (n == 1 && indirect)) && REACHING.contains(&name.as_str()) {
            self.saw(Seen::Call { name, promised: at.promised });
        }
    }

    fn byte_code(&mut self, at: Context) -> Outcome<()> {
        if at.depth > DEPTH {
            return Err(Stop::Limit("r-depth", DEPTH.into()));
        }
        let inner = at.inner();
        self.item(inner)?;
        for _ in 0..self.length()? {
            match self.int()? {
                21 => self.byte_code(inner)?,
                kind @ (2 | 6 | 239 | 240 | 243 | 244) => self.byte_code_list(kind, inner).map(drop)?,
                _ => self.item(Context { call: true, ..inner }).map(drop)?,
            }
        }
        Ok(())
    }

    /// Calls among the constants of byte code, written with references of their own.
    fn byte_code_list(&mut self, kind: i32, at: Context) -> Outcome<Item> {
        if at.depth > DEPTH {
            return Err(Stop::Limit("r-depth", DEPTH.into()));
        }
        let inner = at.inner();
        let mut kind = kind;
        if kind == 243 {
            self.int()?;
            return Ok(Item::default());
        }
        if kind == 244 {
            self.int()?;
            kind = self.int()?;
        }
        let (is_call, attributes) = match kind {
            240 => (true, true),
            239 => (false, true),
            6 => (true, false),
            2 => (false, false),
            _ => return self.item(inner),
        };
        if attributes {
            self.item(inner)?;
        }
        self.item(inner)?;
        let inside = Context { call: true, ..inner };
        let next = self.int()?;
        let head = self.byte_code_list(next, inside)?;
        if is_call {
            self.called(0, &head, &mut None, inside);
        }
        let next = self.int()?;
        self.byte_code_list(next, inside)?;
        Ok(Item { kind: if is_call { 6 } else { 2 }, name: None })
    }
}
