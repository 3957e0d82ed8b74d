//! The syntax of configurations in YAML.
//!
//! Source: YAML 1.2.2, as far as PyYAML's older rules agree with it: only what the grammar itself refuses is reported,
//! which is brackets, quotes and indents that do not fit, and an alias of nothing. Not looked at: what tags mean, names
//! that occur twice, and templates, which are YAML only when they are filled in. Of those a value that is left to be filled
//! in where a loader reads it as it stands is reported: two braces are a map as the name of another, which no Python takes.
//! The front matter of a card is a map, whose names the Hugging Face Hub wants once each.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy};

use super::Scope;
use super::settings::CONFIGURATION_MALFORMED;
use crate::model::Limits;
use crate::weigh::View;

/// Bytes of one file that are read.
const TEXT_BYTES: usize = 16 << 20;

/// Values of one file, besides those that aliases stand for.
const NODES: usize = 2_000_000;

/// True for a file that a loader reads as YAML by its name.
pub fn is_read(name: &str, view: &View<'_>) -> bool {
    let alone = super::words::is_yaml(name) || name == "mlmodel";
    (alone && view.depth() == 0) || name == "model_config.yaml"
}

/// What a reader of YAML makes of a text.
enum Outcome {
    /// It is read.
    Good,
    /// It is refused in that line.
    Broken(u64, &'static str),
    /// It asks for more than readers can be asked for.
    Bounded,
}

/// Looks at a text that a reader of YAML is given.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    // A template is filled in before it is read.
    if text.contains("{{") || text.contains("{%") {
        return unfilled(text, view, scope);
    }
    if text.len() > TEXT_BYTES {
        return scope.limit("yaml-bytes", TEXT_BYTES as u64, view);
    }
    match read(text.trim_start_matches('\u{feff}'), DuplicateKeyPolicy::FirstWins) {
        Outcome::Good => {}
        Outcome::Bounded => bounded(text.len(), view, scope),
        Outcome::Broken(line, what) => {
            let message = format!("it is no YAML: {what}, at line {line}");
            scope.raise(&CONFIGURATION_MALFORMED, view, 0..0, message);
        }
    }
}

/// Says that a text of so many bytes comes to more values than are followed.
fn bounded(bytes: usize, view: &View<'_>, scope: &mut Scope<'_>) {
    scope.limit("yaml-values", NODES.min(Limits::yaml_replays(bytes)) as u64, view);
}

/// Keys of which one stands at the beginning of a card whose front matter does not end.
const CARD: [&str; 20] = [
    "license",
    "license_name",
    "tags",
    "language",
    "languages",
    "library_name",
    "pipeline_tag",
    "datasets",
    "base_model",
    "metrics",
    "model-index",
    "model_name",
    "inference",
    "widget",
    "thumbnail",
    "pretty_name",
    "task_categories",
    "dataset_info",
    "configs",
    "sdk",
];

/// Looks at the front matter of a card, which stands between two lines of `---` at the beginning of a `README.md`. What
/// stands between two such lines and does not begin as a map or list does is prose.
pub fn inspect_card(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if name != "readme.md" || view.depth() > 0 {
        return;
    }
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else { return };
    let inner = text.get(first.len()..).unwrap_or_default();
    let key = |line: &str| {
        let (key, rest) = line.split_once(':').unwrap_or_default();
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        (!key.is_empty() && key.chars().all(good) && (rest.is_empty() || rest.starts_with([' ', '\r'])))
            .then(|| key.to_owned())
    };
    let begin = inner.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    let mut length = 0;
    let mut closed = false;
    for line in lines {
        closed = line.trim_end() == "---";
        if closed {
            break;
        }
        length += line.len();
    }
    let matter = inner.get(..length).unwrap_or_default();
    let broken = match key(begin) {
        Some(key) if !closed => CARD.contains(&key.as_str()).then(|| "it is not closed by a line of ---".to_owned()),
        None if closed
            && begin.starts_with("- ")
            && matches!(read(matter, DuplicateKeyPolicy::FirstWins), Outcome::Good) =>
        {
            Some("it is a list, no map".to_owned())
        }
        // The card of a template is filled in before it is read.
        Some(_) if closed && !matter.contains("{{") && !matter.contains("{%") => {
            if matter.len() > TEXT_BYTES {
                return scope.limit("yaml-bytes", TEXT_BYTES as u64, view);
            }
            match read(matter, DuplicateKeyPolicy::Error) {
                Outcome::Broken(line, what) => Some(format!("{what}, at line {}", line.saturating_add(1))),
                Outcome::Bounded => return bounded(matter.len(), view, scope),
                Outcome::Good => None,
            }
        }
        _ => None,
    };
    if let Some(what) = broken {
        scope.raise(
            &CONFIGURATION_MALFORMED,
            view,
            0..0,
            format!("the front matter of the card cannot be read: {what}"),
        );
    }
}

/// A value that is left to be filled in, in a text that is no template of a program that does so.
fn unfilled(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = scope.path.as_str().to_ascii_lowercase();
    let folder =
        path.split('/').any(|part| part.contains("template") || part.contains("cookiecutter") || part == "recipe");
    let marks = ["{%", "{{-", "{{ .", "{{.", "-}}", "cookiecutter", "{{ $", "{{ include", "${{"];
    let recipe = path.ends_with("meta.yaml") || path.ends_with("recipe.yaml");
    if folder || recipe || view.depth() > 0 || marks.iter().any(|mark| text.contains(mark)) {
        return;
    }
    if text.len() > TEXT_BYTES {
        return scope.limit("yaml-bytes", TEXT_BYTES as u64, view);
    }
    match serde_saphyr::from_multiple_with_options::<Shape>(text, options(text.len(), DuplicateKeyPolicy::FirstWins)) {
        Ok(values) if values.iter().any(|value| value.unhashable) => {
            let message = "a value is a map as the name of another, as two braces make where nothing is filled in";
            scope.raise(&CONFIGURATION_MALFORMED, view, 0..0, message);
        }
        Err(error) if matches!(of_error(&error), Outcome::Bounded) => bounded(text.len(), view, scope),
        _ => {}
    }
}

/// What a value is, as far as Python can take it for a name.
struct Shape {
    /// True for a map.
    collection: bool,
    /// True if a map in it, or it, has a map as a name.
    unhashable: bool,
}

const SCALAR: Shape = Shape { collection: false, unhashable: false };

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Probe)
    }
}

struct Probe;

impl<'de> Visitor<'de> for Probe {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(SCALAR)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        Shape::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut unhashable = false;
        while let Some(item) = items.next_element::<Shape>()? {
            unhashable |= item.unhashable;
        }
        Ok(Shape { collection: false, unhashable })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Shape, A::Error> {
        let mut unhashable = false;
        while let Some((name, value)) = members.next_entry::<Shape, Shape>()? {
            unhashable |= name.collection || name.unhashable || value.unhashable;
        }
        Ok(Shape { collection: true, unhashable })
    }
}

fn options(bytes: usize, duplicates: DuplicateKeyPolicy) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES,
            max_events: NODES * 2,
            enforce_alias_anchor_ratio: false,
            max_total_scalar_bytes: Limits::yaml_scalar_bytes(bytes),
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: Limits::yaml_replays(bytes) },
        duplicate_keys: duplicates,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
    }
}

fn read(text: &str, duplicates: DuplicateKeyPolicy) -> Outcome {
    match serde_saphyr::from_multiple_with_options::<IgnoredAny>(text, options(text.len(), duplicates)) {
        Ok(_) => Outcome::Good,
        Err(error) => of_error(&error),
    }
}

fn of_error(error: &Error) -> Outcome {
    let line = error.location().map_or(1, |location| location.line());
    match error {
        Error::AliasError { error, .. } => of_error(error),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Outcome::Bounded,
        Error::ExternalMessage { .. } => Outcome::Broken(line, "the text breaks its grammar"),
        Error::Eof { .. } | Error::ContainerEndMismatch { .. } => Outcome::Broken(line, "a list or map does not end"),
        Error::DuplicateMappingKey { .. } => Outcome::Broken(line, "a name stands twice in a map"),
        Error::UnknownAnchor { .. } => Outcome::Broken(line, "an alias names an anchor that is not there"),
        // Of the values, not of the text.
        _ => Outcome::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_grammar_refuses_is_broken() {
        for text in ["a: [1, 2\nb: {c: 1\n", "a: &x [*y]\n", "flavors:\n  f: [\n", "a: 'b\n", "a: 1\n  b: 2\n"] {
            assert!(matches!(read(text, DuplicateKeyPolicy::FirstWins), Outcome::Broken(..)), "{text}");
        }
        for text in [
            "",
            "--- 1\n--- {a: 2}\n...\n",
            "a: !new:torch.nn.Linear\n  x: !ref <b>\n",
            "a: !!python/tuple [1, 2]\nb: !!binary zz\n",
            "base: &base {x: 1}\none:\n  <<: *base\n  1: 2\n  [a, b]: 3\na: 1\na: 2\n",
            "t: |\n  text\n   more\nlr: 1e-4\nd: 2020-01-01\n",
        ] {
            assert!(matches!(read(text, DuplicateKeyPolicy::FirstWins), Outcome::Good), "{text}");
        }
    }

    #[test]
    fn aliases_of_aliases_cost_a_multiple_of_the_text() {
        let mut text = "a: &a [l, l]\n".to_owned();
        for (before, name) in ('a'..'h').zip('b'..'i') {
            text += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(","));
        }
        assert!(matches!(read(&text, DuplicateKeyPolicy::FirstWins), Outcome::Bounded));
        let shared = "x: &x {a: 1, b: [1, 2, 3]}\n".to_owned();
        let services: String = (0..200).map(|at| format!("s{at}: *x\n")).collect();
        assert!(matches!(read(&(shared + &services), DuplicateKeyPolicy::FirstWins), Outcome::Good));
    }
}
