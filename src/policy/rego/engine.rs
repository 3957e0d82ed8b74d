//! The evaluation itself, by `regorus`: an interpreter without network, files, clock or environment.
//!
//! Its own clock bounds time between steps; what a single step may take, and memory, only the process around it can
//! bound (the command line runs it in one of its own).

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::Heard;

/// The rule that is asked for.
const DENY: &str = "data.weighbridge.deny";

/// Steps between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Evaluates Rego files, by name and text, with `input` as JSON. Whatever is not a set or list of texts is no answer.
#[must_use]
pub fn evaluate(files: &[(String, String)], input: &str, time: Duration) -> Heard {
    match denials(files, input, time) {
        Ok(denials) => Heard::Denials(denials),
        Err(why) => Heard::Nothing(why),
    }
}

fn denials(files: &[(String, String)], input: &str, time: Duration) -> Result<Vec<String>, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string().trim().to_owned();
    let mut engine = Engine::new();
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: time, check_interval: STEPS });
    engine.set_strict_builtin_errors(true);
    for (name, text) in files {
        if text.contains("rand.intn") {
            return Err(format!("{name} rolls dice (`rand.intn`): the same report must get the same verdict"));
        }
        engine.add_policy(name.clone(), text.clone()).map_err(|error| said(&error))?;
    }
    engine.set_input(Value::from_json_str(input).map_err(|error| said(&error))?);
    let answer = engine.eval_rule(DENY.to_owned()).map_err(|error| said(&error))?;
    let json = answer.to_json_str().map_err(|error| said(&error))?;
    match serde_json::from_str(&json) {
        Ok(serde_json::Value::Array(list)) => list
            .into_iter()
            .map(|denial| match denial {
                serde_json::Value::String(text) => Ok(text),
                other => Err(format!("`{DENY}` holds {other}, which is no text")),
            })
            .collect(),
        _ if answer == Value::Undefined => Err(format!("`{DENY}` is not defined")),
        _ => Err(format!("`{DENY}` is no set of texts")),
    }
}
