//! The syntax of configurations in YAML.
//!
//! Source: YAML 1.2.2, as far as PyYAML's older rules agree with it: only what the grammar itself refuses is reported,
//! which is brackets, quotes and indents that do not fit, and an alias of nothing. Not looked at: what tags mean, names
//! that occur twice, and templates, which are YAML only when they are filled in.

use serde::de::IgnoredAny;
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy};

use super::Scope;
use super::settings::CONFIGURATION_MALFORMED;
use crate::weigh::View;

/// Bytes of one file that are read.
const TEXT_BYTES: usize = 16 << 20;

/// Values of one file, aliases followed.
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
        return;
    }
    if text.len() > TEXT_BYTES {
        return scope.limit("yaml-bytes", TEXT_BYTES as u64, view);
    }
    match read(text.trim_start_matches('\u{feff}')) {
        Outcome::Good => {}
        Outcome::Bounded => scope.limit("yaml-values", NODES as u64, view),
        Outcome::Broken(line, what) => {
            let message = format!("it is no YAML: {what}, at line {line}");
            scope.raise(&CONFIGURATION_MALFORMED, view, 0..0, message);
        }
    }
}

fn read(text: &str) -> Outcome {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: NODES, max_events: NODES * 2, max_total_scalar_bytes: 64 << 20 },
        duplicate_keys: DuplicateKeyPolicy::FirstWins,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
    };
    match serde_saphyr::from_multiple_with_options::<IgnoredAny>(text, options) {
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
            assert!(matches!(read(text), Outcome::Broken(..)), "{text}");
        }
        for text in [
            "",
            "--- 1\n--- {a: 2}\n...\n",
            "a: !new:torch.nn.Linear\n  x: !ref <b>\n",
            "a: !!python/tuple [1, 2]\nb: !!binary zz\n",
            "base: &base {x: 1}\none:\n  <<: *base\n  1: 2\n  [a, b]: 3\na: 1\na: 2\n",
            "t: |\n  text\n   more\nlr: 1e-4\nd: 2020-01-01\n",
        ] {
            assert!(matches!(read(text), Outcome::Good), "{text}");
        }
    }
}
