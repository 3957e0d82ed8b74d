//! The same document as XML: the order of elements is the schema's, which JSON does not have.
//!
//! The tables know what this room writes and no more; a test holds that nothing of it is lost. Characters that XML 1.0
//! cannot hold (controls, mostly) stand as `\u{…}`; what steers or hides is a character reference.

use serde_json::Value;

use super::super::sanitize;

/// How a field of an object becomes XML.
enum Form {
    /// An attribute of the element itself.
    Attribute,
    /// An element with text; several for a list.
    Text,
    /// An element with fields; several for a list.
    Object(&'static Table),
    /// An element that holds a list of such elements.
    List(&'static str, &'static Table),
    /// An element that holds a list of elements with text.
    Texts(&'static str),
    /// An element that holds a list of elements with an attribute `ref` alone.
    References(&'static str),
    /// The text of the element itself.
    Content,
}

use Form::{Attribute, Content, List, Object, References, Text, Texts};

/// Fields in the order of the schema.
type Table = [(&'static str, Form)];

const BOM: &Table = &[
    ("metadata", Object(METADATA)),
    ("components", List("component", COMPONENT)),
    ("services", List("service", SERVICE)),
    ("compositions", List("composition", COMPOSITION)),
    ("vulnerabilities", List("vulnerability", VULNERABILITY)),
    ("citations", List("citation", CITATION)),
];

const METADATA: &Table = &[
    ("timestamp", Text),
    ("lifecycles", List("lifecycle", &[("phase", Text)])),
    ("tools", Object(&[("components", List("component", COMPONENT))])),
    ("authors", List("author", ENTITY)),
    ("component", Object(COMPONENT)),
    ("supplier", Object(ENTITY)),
    ("properties", List("property", PROPERTY)),
];

const ENTITY: &Table = &[("name", Text)];
const PROPERTY: &Table = &[("name", Attribute), ("value", Content)];
const HASH: &Table = &[("alg", Attribute), ("content", Content)];
const URL: &Table = &[("url", Text)];

const COMPONENT: &Table = &[
    ("type", Attribute),
    ("bom-ref", Attribute),
    ("supplier", Object(ENTITY)),
    ("name", Text),
    ("version", Text),
    ("description", Text),
    ("hashes", List("hash", HASH)),
    ("licenses", Object(LICENSES)),
    ("purl", Text),
    ("swhid", Text),
    ("pedigree", Object(&[("ancestors", List("component", ANCESTOR))])),
    ("externalReferences", List("reference", REFERENCE)),
    ("properties", List("property", PROPERTY)),
    ("modelCard", Object(CARD)),
    ("data", Object(DATA)),
    ("tags", Texts("tag")),
];

/// A component that is named and not listed.
const ANCESTOR: &Table = &[
    ("type", Attribute),
    ("bom-ref", Attribute),
    ("supplier", Object(ENTITY)),
    ("name", Text),
    ("version", Text),
    ("licenses", Object(LICENSES)),
    ("purl", Text),
    ("properties", List("property", PROPERTY)),
];

/// A list in JSON, whose items are an element each without one around them; see [`object`].
const LICENSES: &Table = &[("license", Object(LICENSE)), ("expression", Object(EXPRESSION))];
const LICENSE: &Table = &[("acknowledgement", Attribute), ("id", Text), ("name", Text)];
const EXPRESSION: &Table = &[("acknowledgement", Attribute), ("expression", Content)];

const REFERENCE: &Table = &[("type", Attribute), ("url", Text), ("comment", Text), ("hashes", List("hash", HASH))];

const CARD: &Table = &[
    (
        "modelParameters",
        Object(&[
            ("task", Text),
            ("architectureFamily", Text),
            ("modelArchitecture", Text),
            ("datasets", Object(&[("ref", Text)])),
            ("inputs", List("input", &[("format", Text)])),
            ("outputs", List("output", &[("format", Text)])),
        ]),
    ),
    (
        "quantitativeAnalysis",
        Object(&[(
            "performanceMetrics",
            List("performanceMetric", &[("type", Text), ("value", Text), ("slice", Text)]),
        )]),
    ),
    (
        "considerations",
        Object(&[
            ("useCases", Texts("useCase")),
            ("technicalLimitations", Texts("technicalLimitation")),
            ("ethicalConsiderations", List("ethicalConsideration", ENTITY)),
        ]),
    ),
];

const DATA: &Table = &[
    ("type", Text),
    ("name", Text),
    ("classification", Text),
    ("sensitiveData", Text),
    ("description", Text),
    ("governance", Object(&[("owners", List("owner", &[("organization", Object(ENTITY))]))])),
];

const SERVICE: &Table = &[
    ("bom-ref", Attribute),
    ("provider", Object(&[("name", Text), ("address", Object(&[("country", Text)])), ("url", Text)])),
    ("name", Text),
    ("version", Text),
    ("description", Text),
    ("endpoints", Texts("endpoint")),
    ("authenticated", Text),
    ("x-trust-boundary", Text),
    ("data", List("classification", &[("flow", Attribute), ("classification", Content)])),
    ("licenses", Object(LICENSES)),
    ("externalReferences", List("reference", REFERENCE)),
    ("properties", List("property", PROPERTY)),
    ("tags", Texts("tag")),
];

const COMPOSITION: &Table =
    &[("aggregate", Text), ("assemblies", References("assembly")), ("dependencies", References("dependency"))];

const VULNERABILITY: &Table = &[
    ("bom-ref", Attribute),
    ("id", Text),
    ("source", Object(&[("name", Text), ("url", Text)])),
    ("references", List("reference", &[("id", Text), ("source", Object(&[("name", Text), ("url", Text)]))])),
    ("ratings", List("rating", &[("score", Text), ("severity", Text), ("method", Text), ("vector", Text)])),
    ("cwes", Texts("cwe")),
    ("description", Text),
    ("detail", Text),
    ("recommendation", Text),
    ("advisories", List("advisory", URL)),
    ("published", Text),
    ("analysis", Object(&[("state", Text), ("justification", Text), ("detail", Text)])),
    (
        "affects",
        List("target", &[("ref", Text), ("versions", List("version", &[("version", Text), ("status", Text)]))]),
    ),
    ("properties", List("property", PROPERTY)),
];

const CITATION: &Table = &[("pointers", Texts("pointer")), ("timestamp", Text), ("attributedTo", Text), ("note", Text)];

/// The document as indented XML with a line break at the end.
#[must_use]
pub(super) fn render(document: &Value, version: &str) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    out.push_str(&format!(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/{version}\" serialNumber=\"{}\" version=\"{}\">\n",
        escaped(text("serialNumber")),
        document["version"]
    ));
    for (key, form) in BOM {
        // Dependencies stand between services and compositions; their elements are nested, their JSON is not.
        if *key == "compositions" {
            dependencies(&mut out, &document["dependencies"]);
        }
        field(&mut out, key, form, &document[*key], 1);
    }
    out.push_str("</bom>\n");
    out
}

fn dependencies(out: &mut String, edges: &Value) {
    out.push_str("  <dependencies>\n");
    for edge in edges.as_array().into_iter().flatten() {
        let from = escaped(edge["ref"].as_str().unwrap_or_default());
        let on: Vec<&Value> = edge["dependsOn"].as_array().into_iter().flatten().collect();
        if on.is_empty() {
            out.push_str(&format!("    <dependency ref=\"{from}\"/>\n"));
            continue;
        }
        out.push_str(&format!("    <dependency ref=\"{from}\">\n"));
        for to in on {
            out.push_str(&format!("      <dependency ref=\"{}\"/>\n", escaped(&plain(to))));
        }
        out.push_str("    </dependency>\n");
    }
    out.push_str("  </dependencies>\n");
}

fn field(out: &mut String, key: &str, form: &Form, value: &Value, depth: usize) {
    let margin = "  ".repeat(depth);
    let items = || value.as_array().into_iter().flatten();
    match (form, value) {
        (_, Value::Null) | (Attribute | Content, _) => {}
        (Text, Value::Array(_)) => items().for_each(|item| field(out, key, form, item, depth)),
        (Text, value) => out.push_str(&format!("{margin}<{key}>{}</{key}>\n", escaped(&plain(value)))),
        (Object(table), Value::Array(_)) if key == "data" => {
            items().for_each(|item| object(out, key, table, item, depth));
        }
        (Object(table), Value::Array(_)) => {
            out.push_str(&format!("{margin}<{key}>\n"));
            items().for_each(|item| choice(out, table, item, depth + 1));
            out.push_str(&format!("{margin}</{key}>\n"));
        }
        (Object(table), value) => object(out, key, table, value, depth),
        (List(item, table), _) => {
            out.push_str(&format!("{margin}<{key}>\n"));
            items().for_each(|value| object(out, item, table, value, depth + 1));
            out.push_str(&format!("{margin}</{key}>\n"));
        }
        (Texts(item), _) => {
            out.push_str(&format!("{margin}<{key}>\n"));
            for value in items() {
                out.push_str(&format!("{margin}  <{item}>{}</{item}>\n", escaped(&plain(value))));
            }
            out.push_str(&format!("{margin}</{key}>\n"));
        }
        (References(item), _) => {
            out.push_str(&format!("{margin}<{key}>\n"));
            for value in items() {
                out.push_str(&format!("{margin}  <{item} ref=\"{}\"/>\n", escaped(&plain(value))));
            }
            out.push_str(&format!("{margin}</{key}>\n"));
        }
    }
}

/// One item of a list that is told by which field it has: a licence or an expression, a reference.
fn choice(out: &mut String, table: &Table, item: &Value, depth: usize) {
    for (key, form) in table {
        match form {
            Object(inner) if item[*key].is_object() => object(out, key, inner, &item[*key], depth),
            Object(inner) if item[*key].is_string() => object(out, key, inner, item, depth),
            form => field(out, key, form, &item[*key], depth),
        }
    }
}

fn object(out: &mut String, name: &str, table: &Table, value: &Value, depth: usize) {
    let margin = "  ".repeat(depth);
    let mut attributes = String::new();
    let mut content = String::new();
    for (key, form) in table {
        match (form, &value[*key]) {
            (_, Value::Null) => {}
            (Attribute, value) => attributes.push_str(&format!(" {key}=\"{}\"", escaped(&plain(value)))),
            (Content, value) => content = escaped(&plain(value)),
            _ => {}
        }
    }
    let mut inner = String::new();
    for (key, form) in table {
        field(&mut inner, key, form, &value[*key], depth + 1);
    }
    if inner.is_empty() {
        out.push_str(&format!("{margin}<{name}{attributes}>{content}</{name}>\n"));
    } else {
        out.push_str(&format!("{margin}<{name}{attributes}>\n{inner}{margin}</{name}>\n"));
    }
}

/// A scalar as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Text as XML takes it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#x{:x};", u32::from(character))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            hidden if sanitize::is_hidden(hidden) => out.push_str(&format!("&#x{:x};", u32::from(hidden))),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::{foreign, sample};
    use super::super::{Options, Spec, Syntax, document, render as text};
    use super::*;

    fn leaves(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| leaves(item, out)),
            Value::Object(map) => map.values().for_each(|inner| leaves(inner, out)),
            Value::Null => {}
            value => {
                out.insert(plain(value));
            }
        }
    }

    #[test]
    fn nothing_is_lost() {
        for spec in [Spec::V1_6, Spec::V1_7] {
            let timestamp = Some("2026-11-23T00:00:00Z".to_owned());
            let options = Options { spec, timestamp, ..Options::default() };
            let mut whole = document(&sample::report(), &options);
            for key in ["$schema", "bomFormat", "specVersion"] {
                whole.as_object_mut().unwrap().remove(key);
            }
            let xml = text(&sample::report(), &Options { syntax: Syntax::Xml, ..options });
            let mut all = BTreeSet::new();
            leaves(&whole, &mut all);
            for leaf in all {
                assert!(xml.contains(&escaped(&leaf)), "{leaf} is not in the XML");
            }
            let read = foreign::read(xml.as_bytes()).unwrap();
            assert_eq!(read.unsound, []);
            assert_eq!(
                read.value["components"].as_array().unwrap().len(),
                whole["components"].as_array().unwrap().len()
            );
        }
    }

    #[test]
    fn samples_of_the_xml_are_current() {
        for (spec, name) in [(Spec::V1_6, "demo-1.6.cdx.xml"), (Spec::V1_7, "demo-1.7.cdx.xml")] {
            let timestamp = Some("2026-11-23T00:00:00Z".to_owned());
            let options = Options { spec, syntax: Syntax::Xml, timestamp, ..Options::default() };
            sample::published(name, &text(&sample::report(), &options));
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_shown() {
        assert_eq!(escaped("a\u{1b}<\u{202e}\n"), "a\\u{1b}&lt;&#x202e;&#xa;");
    }
}
