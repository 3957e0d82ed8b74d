//! XML, as far as models are written in it (PMML, OpenVINO) and as far as it can reach out by itself.
//!
//! Events come from `quick-xml`, which expands no entity. Sources: XML 1.0 (fifth edition), XInclude 1.1. Not looked at:
//! schemas, and of namespaces more than whether a PMML document declares them.

mod entities;
mod fields;
mod graph;
mod lengths;
pub mod openvino;
mod pmml;
mod prolog;
mod tags;

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::letters::{self, Wide};
use super::wording::{CODE_IN_DATA, code};
use super::{Inspector, Scope, text};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

pub use openvino::{OPENVINO_CUSTOM_LAYER, OPENVINO_MALFORMED};
pub use pmml::{PMML_FOREIGN_FUNCTION, PMML_MALFORMED};

/// Not well-formed.
pub static XML_MALFORMED: Rule = Rule {
    id: "xml-malformed",
    summary: "the XML text is not well-formed, or nested as no document is",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/xml-malformed.md"),
    frameworks: &["CWE-20", "AML.T0076"],
};

/// Entities of its own.
pub static XML_ENTITY: Rule = Rule {
    id: "xml-entity",
    summary: "the XML text declares entities or includes, with which a parser reads other files or runs out of memory",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/xml-entity.md"),
    frameworks: &["CWE-611", "CWE-776", "CWE-918"],
};

/// Texts up to this many bytes are read; configurations of models are far smaller.
const WHOLE: u64 = 128 << 20;
/// Elements inside of elements.
const DEPTH: usize = 1000;

/// The format.
pub struct Xml;

impl Inspector for Xml {
    fn format(&self) -> Format {
        Format::named("xml")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let mut begin = prolog::begins(head, (head.len() as u64) < view.len());
        let mut window = head.len() as u64;
        while begin.is_none() {
            if window >= WHOLE {
                // No document has a comment that long; the limit on XML texts says so.
                return true;
            }
            window = window.saturating_mul(16).min(WHOLE);
            let Ok(bytes) = view.read_up_to(0, window) else { return false };
            begin = prolog::begins(&bytes, window < view.len());
        }
        begin == Some(true) && (Wide::told(head).is_some() || text::Text.claims(head, view))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let bytes = match view.read_all("xml-bytes", WHOLE) {
            Ok(bytes) => bytes,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let bytes = letters::narrow(&bytes);
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let mut document =
            Document { view, dialect: Dialect::Plain, depth: 0, elements: 0, prefixes: tags::Prefixes::default() };
        if let Err((at, what)) = document.read(&text, scope) {
            let at = at.min(view.len());
            scope.raise(&XML_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
        }
        document.close(scope);
    }
}

/// True if a text that does not begin as XML holds a model behind its beginning. OpenVINO's reader (pugixml) passes over
/// what stands before the first element.
pub fn is_within(head: &[u8], view: &View<'_>) -> bool {
    let within = |bytes: &[u8]| [b"<net".as_slice(), b"<PMML"].iter().any(|root| holds(bytes, root));
    !Xml.claims(head, view)
        && text::Text.claims(head, view)
        && view.read_all("xml-bytes", WHOLE).is_ok_and(|bytes| within(&bytes))
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|at| at == word)
}

/// An element with its attributes, entities in their values left as they are.
pub struct Element<'e> {
    /// Its name without a prefix.
    pub name: &'e str,
    /// Attributes by local name.
    pub attributes: &'e [(String, String)],
    /// Where it begins.
    pub at: u64,
}

impl Element<'_> {
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the root element says that this is.
enum Dialect {
    Plain,
    Pmml(pmml::Pmml),
    OpenVino(openvino::OpenVino),
}

struct Document<'v, 'b> {
    view: &'v View<'b>,
    dialect: Dialect,
    depth: usize,
    elements: u64,
    prefixes: tags::Prefixes,
}

impl Document<'_, '_> {
    fn read(&mut self, text: &str, scope: &mut Scope<'_>) -> Result<(), (u64, String)> {
        let mut reader = Reader::from_str(text);
        loop {
            let at = reader.buffer_position();
            let broken = |what: String| Err((at, what));
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    self.depth += 1;
                    if self.depth > DEPTH {
                        return broken(format!("more than {DEPTH} elements are open"));
                    }
                    self.element(&start, at, scope).or_else(broken)?;
                }
                Ok(Event::Empty(start)) => self.element(&start, at, scope).or_else(broken)?,
                Ok(Event::End(end)) => {
                    self.depth = self.depth.saturating_sub(1);
                    if let Dialect::OpenVino(model) = &mut self.dialect {
                        model.leave(local(end.name().into_inner()), self.view, scope);
                    }
                }
                Ok(Event::Decl(declaration)) => {
                    let declaration: &str = declaration.as_ref();
                    if let Some(what) = tags::declaration(declaration) {
                        return broken(what);
                    }
                }
                Ok(Event::DocType(declaration)) => self.declaration(declaration.as_ref(), at, scope),
                Ok(Event::Text(text)) => self.words(text.as_ref(), at, scope),
                Ok(Event::CData(text)) => self.words(text.as_ref(), at, scope),
                Ok(Event::PI(instruction)) => {
                    let instruction: &str = instruction.as_ref();
                    if instruction.starts_with("xml-stylesheet") && !matches!(self.dialect, Dialect::Plain) {
                        self.reaches(
                            at,
                            "a style sheet is named, which a reader may fetch and run",
                            Severity::High,
                            scope,
                        );
                    }
                }
                Ok(Event::Eof) if self.depth > 0 => {
                    return broken(format!("it ends with {} elements open", self.depth));
                }
                Ok(Event::Eof) if self.elements == 0 => return broken("it holds no element".to_owned()),
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err((reader.error_position(), error.to_string())),
            }
        }
    }

    fn element(&mut self, start: &BytesStart<'_>, at: u64, scope: &mut Scope<'_>) -> Result<(), String> {
        self.elements += 1;
        if let Some(what) = tags::fault(start.as_ref()) {
            return Err(what);
        }
        let full = start.name().into_inner().to_owned();
        let mut attributes = Vec::new();
        let mut names = BTreeSet::new();
        // The reader's own check for names that occur twice compares each with all the others.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if !names.insert(attribute.key.into_inner().to_owned()) {
                return Err(format!("the attribute {:?} occurs twice", attribute.key.into_inner()));
            }
            attributes.push((local(attribute.key.into_inner()).to_owned(), attribute.value.into_owned()));
        }
        let element = Element { name: local(&full), attributes: &attributes, at };
        if self.elements == 1 {
            self.root(element.name, scope);
        }
        if element.name == "include" && full != "include" && element.get("href").is_some() {
            let what = format!("another file is included: {:?}", element.get("href").unwrap_or_default());
            self.reaches(at, &what, Severity::High, scope);
        }
        if !matches!(self.dialect, Dialect::Plain) {
            let values = attributes.iter().filter_map(|(name, value)| Some((name, code(value)?)));
            for (name, mark) in values {
                let message = format!("the attribute {name:?} of {:?} holds {mark:?}", element.name);
                scope.raise(&CODE_IN_DATA, self.view, at.min(self.view.len())..at.min(self.view.len()), message);
            }
        }
        match &mut self.dialect {
            Dialect::Plain => {}
            Dialect::Pmml(pmml) => {
                pmml.element(&element, self.view, scope);
                if let Some(prefix) = self.prefixes.unbound(&full, names.iter().map(String::as_str)) {
                    return Err(format!("the prefix {prefix:?} stands for no namespace"));
                }
            }
            Dialect::OpenVino(model) => model.element(&element, self.view, scope),
        }
        Ok(())
    }

    fn root(&mut self, name: &str, scope: &mut Scope<'_>) {
        let (dialect, format) = match name {
            "PMML" => (Dialect::Pmml(pmml::Pmml::default()), "pmml"),
            "net" => (Dialect::OpenVino(openvino::OpenVino::default()), "openvino"),
            _ => return,
        };
        self.dialect = dialect;
        if self.view.depth() == 0 {
            scope.recognise(Format::named(format));
        }
    }

    /// A document type: entities in it, and where it says that the rest of it is.
    fn declaration(&self, declaration: &str, at: u64, scope: &mut Scope<'_>) {
        let head = declaration.split('[').next().unwrap_or_default().trim();
        let model = ["PMML", "net"].iter().any(|root| head.starts_with(root));
        for entity in declaration.split("<!ENTITY").skip(1) {
            let entity = entity.split('>').next().unwrap_or_default().trim();
            let outside = entity.contains("SYSTEM") || entity.contains("PUBLIC");
            let shown: String = entity.chars().take(80).collect();
            let (what, severity) = if outside {
                (format!("an entity stands for something outside: {shown}"), Severity::High)
            } else {
                // Drawings declare names for addresses; what is made of other entities can grow without bound.
                let grows = entity.match_indices('&').any(|(at, _)| !entity[at..].starts_with("&#"));
                let severity = if model || grows { Severity::Medium } else { Severity::Low };
                (format!("an entity is declared: {shown}"), severity)
            };
            self.reaches(at, &what, severity, scope);
        }
        if let Some(what) = entities::grows(declaration) {
            self.reaches(at, &what, Severity::High, scope);
        }
        if model && (head.contains("SYSTEM") || head.contains("PUBLIC")) {
            self.reaches(at, "the document type of a model lies elsewhere", Severity::High, scope);
        }
    }

    fn words(&mut self, text: &str, at: u64, scope: &mut Scope<'_>) {
        if let Dialect::OpenVino(model) = &mut self.dialect {
            model.text(text, at);
        }
        if matches!(self.dialect, Dialect::Plain) {
            return;
        }
        if let Some(mark) = code(text) {
            let at = at.min(self.view.len());
            scope.raise(&CODE_IN_DATA, self.view, at..at, format!("a text at byte {at} holds {mark:?}"));
        }
    }

    fn reaches(&self, at: u64, what: &str, severity: Severity, scope: &mut Scope<'_>) {
        let at = at.min(self.view.len());
        let evidence = Evidence::new(&XML_ENTITY, what).rated(severity).at(self.view.place(at..at));
        scope.add(evidence.showing(self.view.excerpt(at..at)));
    }

    fn close(self, scope: &mut Scope<'_>) {
        match self.dialect {
            Dialect::Plain => {}
            Dialect::Pmml(pmml) => pmml.close(self.view, scope),
            Dialect::OpenVino(model) => model.close(scope),
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
