//! Statements: what is imported, bound and defined, and which function a line belongs to.

use super::entry::is_called_by_libraries;
use super::expression::Parser;
use super::frameworks;
use super::function::Function;
use super::names;
use super::source::{MODULE, Source};
use super::tokens::{FIELDED, Fault, Kind, Reader, Token};
use super::value::{Taint, Value};

/// Functions and classes of one file.
const FUNCTIONS: usize = 20_000;

/// A block that is open: its indentation, the function to return to, and the class to return to.
struct Block {
    indent: usize,
    function: usize,
    class: Option<String>,
}

/// Decorators of servers: BentoML and Ray Serve.
static SERVES: [&str; 3] = ["bentoml.service", "bentoml.Service", "ray.serve.deployment"];

/// What methods are given without being asked.
static OWNERS: [&str; 2] = ["self", "cls"];

/// Bytes of the name of a module up to which what is imported from it may be a module itself.
const NEIGHBOUR: usize = 64;

/// Decorators of one function that are remembered.
const DECORATORS: usize = 16;

/// Statements that may hold another behind a colon.
static COMPOUND: [&str; 15] = [
    "if", "elif", "else", "try", "except", "finally", "for", "while", "with", "class", "def", "async", "match", "case",
    "type",
];

/// Reads a text. Returns where it stops to be Python, if it does; what could be read was read all the same.
pub fn read(text: &str, source: &mut Source) -> Option<Fault> {
    let mut reader = Reader::new(text);
    let mut tokens = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut class: Option<String> = None;
    let mut fault = None;
    loop {
        match reader.line(&mut tokens) {
            Err(error) => {
                fault.get_or_insert(error);
            }
            Ok(None) => return fault,
            Ok(Some(indent)) => {
                while let Some(block) = blocks.pop_if(|block| block.indent >= indent) {
                    source.current = block.function;
                    class = block.class;
                }
                line(&tokens, indent, source, &mut blocks, &mut class);
            }
        }
    }
}

/// One logical line: statements with semicolons between them, perhaps behind a header.
fn line(tokens: &[Token], indent: usize, source: &mut Source, blocks: &mut Vec<Block>, class: &mut Option<String>) {
    let (header, body) = split_header(tokens);
    if !header.is_empty() {
        blocks.push(Block { indent, function: source.current, class: class.clone() });
        head(header, source, class);
    }
    for statement in split(body, ";") {
        simple(statement, class.is_some(), source);
    }
}

fn name(token: Option<&Token>) -> Option<&str> {
    match token.map(|token| &token.kind) {
        Some(Kind::Name(name)) => Some(name),
        _ => None,
    }
}

fn is_sign(token: Option<&Token>, sign: &str) -> bool {
    matches!(token.map(|token| &token.kind), Some(Kind::Sign(found)) if *found == sign)
}

/// The part up to the colon that opens a block, and what follows on the same line.
fn split_header(tokens: &[Token]) -> (&[Token], &[Token]) {
    let pattern = name(tokens.first()) == Some("case")
        && !["=", ".", ":", ",", "+="].iter().any(|sign| is_sign(tokens.get(1), sign));
    let soft = matches!(name(tokens.first()), Some("match" | "case" | "type")) && !pattern;
    if !name(tokens.first()).is_some_and(|word| COMPOUND.contains(&word)) || (soft && !is_sign(tokens.last(), ":")) {
        return (&[], tokens);
    }
    let mut open = 0usize;
    let mut lambda = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign("(" | "[" | "{" | FIELDED) => open += 1,
            Kind::Sign(")" | "]" | "}") => open = open.saturating_sub(1),
            Kind::Name(word) if word == "lambda" && open == 0 => lambda += 1,
            Kind::Sign(":") if open == 0 && lambda > 0 => lambda -= 1,
            Kind::Sign(":") if open == 0 => return (&tokens[..at], &tokens[at + 1..]),
            _ => {}
        }
    }
    (&[], tokens)
}

/// Parts between signs that stand outside of brackets.
fn split<'t>(tokens: &'t [Token], sign: &str) -> Vec<&'t [Token]> {
    let mut parts = Vec::new();
    let mut open = 0usize;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign("(" | "[" | "{" | FIELDED) => open += 1,
            Kind::Sign(")" | "]" | "}") => open = open.saturating_sub(1),
            Kind::Sign(other) if *other == sign && open == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// The head of a block: defaults and bases are evaluated where it stands, the body of a function where it is called.
fn head(tokens: &[Token], source: &mut Source, class: &mut Option<String>) {
    let skip = usize::from(name(tokens.first()) == Some("async"));
    let word = name(tokens.get(skip)).unwrap_or_default();
    let named = name(tokens.get(skip + 1)).unwrap_or_default().to_owned();
    let rest = tokens.get(skip + 1..).unwrap_or_default();
    match word {
        "def" => define(tokens.get(skip + 2..).unwrap_or_default(), named, class, source),
        "class" => {
            // Without the bracket, so that each is a value of its own.
            let open = usize::from(is_sign(tokens.get(skip + 2), "("));
            let bases = Parser::new(tokens.get(skip + 2 + open..).unwrap_or_default(), source).rest();
            let bases: Vec<String> = bases.into_iter().filter_map(|base| base.path).collect();
            for base in &bases {
                let is_type = source.classes.get(base).is_some_and(|above| above.iter().any(|base| base == "type"));
                if is_type {
                    source.calls(base, false);
                }
            }
            source.classes.insert(named.clone(), bases);
            let decorators = std::mem::take(&mut source.decorators);
            if decorators.iter().any(|decorator| frameworks::registers(decorator)) {
                source.registered.insert(named.clone());
            }
            source.served |=
                decorators.iter().any(|decorator| SERVES.iter().any(|serves| decorator.starts_with(serves)));
            if !decorators.is_empty() {
                source.refer(&named);
                source.calls(&named, false);
            }
            *class = Some(named);
        }
        "if" if is_main(rest) => {
            source.functions.push(Function { name: "__main__".to_owned(), ..Function::default() });
            source.current = source.functions.len() - 1;
        }
        "match" => {
            source.subject = Parser::new(rest, source).rest().into_iter().next().unwrap_or_default();
        }
        "case" => {
            Parser::new(rest, source).rest();
            captured(rest, source);
        }
        "for" => {
            let at = rest.iter().position(|token| name(Some(token)) == Some("in")).unwrap_or(rest.len());
            let values = Parser::new(rest.get(at..).unwrap_or_default(), source).rest();
            let taint = values.iter().fold(Taint::default(), |taint, value| taint.or(value.whole()));
            for target in rest.iter().take(at) {
                if let Some(target) = name(Some(target)) {
                    source.assign(target, Value::tainted(taint));
                }
            }
        }
        _ => {
            Parser::new(rest, source).rest();
        }
    }
}

/// Binds the names of a pattern to what is looked at: `case found:`, `case [found, *_]:`.
fn captured(pattern: &[Token], source: &mut Source) {
    let subject = source.subject.clone();
    if subject.path.is_none() {
        return;
    }
    for (at, token) in pattern.iter().enumerate() {
        let reached = at.checked_sub(1).is_some_and(|before| is_sign(pattern.get(before), "."));
        let more = [".", "(", "="].iter().any(|sign| is_sign(pattern.get(at + 1), sign));
        if let Some(bound) = name(Some(token)).filter(|bound| !reached && !more && *bound != "_") {
            source.assign(bound, subject.clone());
        }
    }
}

/// `(parameters) -> result` of a function of that name.
fn define(tokens: &[Token], named: String, class: &mut Option<String>, source: &mut Source) {
    let at = tokens.first().map_or(0..0, |token| token.at..token.end);
    for default in Parser::new(tokens, source).rest() {
        source.keeps(&default, at.clone());
    }
    let decorators = std::mem::take(&mut source.decorators);
    // What decorates a function is given it, to be called later.
    if decorators.iter().any(|decorator| calls_back(decorator, source)) {
        source.refer(&named);
        source.calls(&named, false);
    }
    if source.functions.len() >= FUNCTIONS {
        return source.reach("python-functions", FUNCTIONS);
    }
    if class.is_none() {
        source.define(&named);
    }
    if let Some(class) = class.as_ref().filter(|_| named == "INPUT_TYPES") {
        source.nodes.insert(class.clone());
    }
    let around = source.current;
    source.functions.push(Function { name: named, class: class.take(), decorators, around, ..Function::default() });
    source.current = source.functions.len() - 1;
    for pair in tokens.windows(2) {
        if let [Token { kind: Kind::Sign("(" | "," | "*" | "**"), .. }, Token { kind: Kind::Name(name), .. }] = pair {
            source.bind(name);
            if let Some(function) =
                source.functions.get_mut(source.current).filter(|_| !OWNERS.contains(&name.as_str()))
            {
                function.parameters.insert(name.clone());
            }
        }
    }
}

/// True for what calls the function that it decorates.
fn calls_back(decorator: &str, source: &Source) -> bool {
    let own = source.functions.iter().any(|function| function.class.is_none() && function.name == decorator);
    own || decorator == "atexit.register" || decorator.contains(".on_event()")
}

/// `__name__ == "__main__"`, perhaps with more that must hold
fn is_main(tokens: &[Token]) -> bool {
    let main = Kind::Text("__main__".to_owned());
    let asks = tokens.windows(3).any(|three| match three {
        [first, sign, last] => {
            let named = name(Some(first)) == Some("__name__") || name(Some(last)) == Some("__name__");
            named && is_sign(Some(sign), "==") && (first.kind == main || last.kind == main)
        }
        _ => false,
    });
    asks && !tokens.iter().any(|token| matches!(name(Some(token)), Some("or" | "not" | "if")))
}

fn simple(tokens: &[Token], in_class: bool, source: &mut Source) {
    match name(tokens.first()) {
        None if tokens.is_empty() => {}
        Some("import") => imports(&tokens[1..], source),
        Some("from") if tokens.iter().any(|token| name(Some(token)) == Some("import")) => {
            from_import(&tokens[1..], source)
        }
        _ if is_sign(tokens.first(), "@") => {
            // What stands behind the sign is called with the function that follows.
            for value in Parser::new(&tokens[1..], source).rest() {
                source.call(&value, &[], tokens[0].at..tokens[tokens.len() - 1].end);
                if source.decorators.len() < DECORATORS {
                    source.decorators.extend(value.path);
                }
            }
        }
        Some("return" | "yield") => {
            let at = tokens[0].at..tokens[0].end;
            let values = Parser::new(&tokens[1..], source).rest();
            let taint = values.iter().fold(Taint::default(), |taint, value| taint.or(value.whole()));
            if let Some(function) = source.functions.get(source.current).filter(|_| taint != Taint::default()) {
                let returned = source.returns.entry(function.name.clone()).or_default();
                *returned = returned.or(taint);
            }
            for value in values {
                source.keeps(&value, at.clone());
            }
        }
        _ => assignment(tokens, in_class, source),
    }
}

/// `a.b as c, d`
fn imports(tokens: &[Token], source: &mut Source) {
    for part in split(tokens, ",") {
        let (module, rest) = dotted(part, source);
        let alias = if name(rest.first()) == Some("as") { name(rest.get(1)) } else { None };
        match alias {
            Some(alias) => source.import(&module, alias),
            None => {
                let top = module.split('.').next().unwrap_or_default().to_owned();
                source.import(&top, &top);
            }
        }
        source.neighbour(module);
    }
}

/// `a.b import c as d, e`, perhaps in brackets
fn from_import(tokens: &[Token], source: &mut Source) {
    let (module, rest) = dotted(tokens, source);
    let names: Vec<Token> =
        rest.iter().skip(1).filter(|token| !matches!(&token.kind, Kind::Sign("(" | ")"))).cloned().collect();
    for part in split(&names, ",") {
        if is_sign(part.first(), "*") {
            source.import_all(&module);
        } else if let Some(imported) = name(part.first()) {
            let alias = if name(part.get(1)) == Some("as") { name(part.get(2)) } else { None };
            source.import(&format!("{module}.{imported}"), alias.unwrap_or(imported));
            let dot = if module.bytes().all(|byte| byte == b'.') { "" } else { "." };
            if module.len() <= NEIGHBOUR {
                source.neighbour(format!("{module}{dot}{imported}"));
            }
        }
    }
    source.neighbour(module);
}

/// A dotted name, perhaps with dots before it, and what follows on it.
fn dotted<'t>(tokens: &'t [Token], source: &mut Source) -> (String, &'t [Token]) {
    let mut path = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if path.len() > MODULE {
            source.reach("python-module-bytes", MODULE);
            return (path, &tokens[at..]);
        }
        match &token.kind {
            Kind::Sign(dots @ ("." | "...")) => path.push_str(dots),
            Kind::Name(name) if path.is_empty() || path.ends_with('.') => {
                if matches!(name.as_str(), "import" | "as") {
                    return (path, &tokens[at..]);
                }
                path.push_str(name);
            }
            _ => return (path, &tokens[at..]),
        }
    }
    (path, &[])
}

/// The names of `a = b, c = …`, if a value bound to them is reached through them alone. What is bound to an attribute,
/// an item, a name in a class or one that Python or a library looks for is called by others.
fn plain_targets(targets: &[&[Token]], in_class: bool) -> Vec<String> {
    let mut names = Vec::new();
    for token in targets.iter().copied().flatten().filter(|token| !is_sign(Some(token), ",")) {
        match name(Some(token)) {
            Some(plain) if !in_class && !plain.starts_with("__") && !is_called_by_libraries(plain) => {
                names.push(plain.to_owned());
            }
            _ => return Vec::new(),
        }
    }
    names
}

/// `os = os` in a class: what is reached through the attribute has the same name as before.
fn is_own_name(value: &Value, targets: &[&[Token]]) -> bool {
    let path = value.path.as_deref().filter(|path| names::is_shared(path));
    path.is_some() && targets.iter().all(|target| target.len() == 1 && name(target.first()) == path)
}

/// `a = b = value`, or an expression.
fn assignment(tokens: &[Token], in_class: bool, source: &mut Source) {
    let parts = split(tokens, "=");
    let Some((value, targets)) = parts.split_last() else { return };
    let plain = plain_targets(targets, in_class);
    let only_names = !plain.is_empty();
    source.binding = plain;
    let values = Parser::new(value, source).rest();
    source.binding.clear();
    // The method that ComfyUI runs of a node.
    if in_class
        && targets.iter().any(|target| name(target.first()) == Some("FUNCTION"))
        && let Some(method) = values.first().and_then(Value::known).filter(|method| method.len() <= MODULE)
    {
        source.run_by_nodes.insert(method.to_owned());
    }
    if !only_names && !targets.is_empty() {
        let at = value.first().map_or(0..0, |token| token.at..token.end);
        // A function whose code is put in its place runs it.
        let code = targets.iter().any(|target| name(target.last()) == Some("__code__"));
        let made = values.first().filter(|made| code && (made.text.is_some() || made.taint.decoded || made.taint.data));
        if let Some(made) = made.cloned() {
            source.call(&Value::imported("exec"), &[(None, made)], at.clone());
        }
        for value in values.iter().filter(|value| !is_own_name(value, targets)) {
            source.keeps(value, at.clone());
        }
    }
    if let (Some(grown), true, Some(more)) = (name(tokens.first()), is_sign(tokens.get(1), "+="), values.get(1)) {
        let old = values.first().cloned().unwrap_or_default();
        let new = source.plus(&old, more);
        source.assign(grown, new);
    }
    for target in targets {
        let annotated = split(target, ":");
        let names = split(annotated.first().copied().unwrap_or_default(), ",");
        for (n, part) in names.iter().enumerate() {
            let part =
                part.iter().filter(|token| !matches!(&token.kind, Kind::Sign("(" | ")" | "*"))).collect::<Vec<_>>();
            let key = match part.as_slice() {
                [one] => name(Some(one)).map(str::to_owned),
                [owner, dot, one] if is_sign(Some(dot), ".") && name(Some(owner)) == Some("self") => {
                    name(Some(one)).map(|name| format!("self.{name}"))
                }
                _ => None,
            };
            let Some(key) = key else { continue };
            let bound = if names.len() == values.len() { values.get(n) } else { values.first() };
            source.assign(
                &key,
                bound.filter(|_| names.len() == values.len() || names.len() == 1).cloned().unwrap_or_default(),
            );
        }
        if !only_names {
            Parser::new(target, source).rest();
        }
    }
}
