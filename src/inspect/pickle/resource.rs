//! Files that a state asks for: `FileResource` of sklearn-crfsuite keeps a whole file in its state and writes it out again
//! when it is unpickled, under a prefix and with a suffix that the state gives. Thrown away it deletes the file that it names.
//!
//! Source: `sklearn_crfsuite/_fileresource.py`.

use super::machine::Machine;
use super::rules::DANGEROUS_CALL;
use super::value::{Shape, Value};

/// Attributes that each state has.
const OWN: [&str; 5] = ["name", "auto", "keep_tempfiles", "suffix", "prefix"];

/// Longest prefix or suffix that is read, in bytes.
const LONGEST: u32 = 256;

impl Machine<'_, '_, '_> {
    /// A `FileResource` got its state.
    pub fn built_resource(&mut self, state: Value) {
        if !self.is_own_resource(state).unwrap_or(false) {
            self.say(&DANGEROUS_CALL, |_| {
                "the state of a FileResource is not what sklearn-crfsuite writes: it writes or deletes the file that the \
                 state names"
                    .to_owned()
            });
        }
    }

    /// Whether a state makes no more than a file in the folder for temporary ones; `None` if it cannot be told.
    fn is_own_resource(&mut self, state: Value) -> Option<bool> {
        let Value::Container { shape: Shape::Dict, serial, .. } = state else { return None };
        if self.containers.has_computed_key(serial) {
            return None;
        }
        let (items, count) = self.containers.items(serial)?;
        let (items, count) = (items.to_vec(), usize::try_from(count).ok()?);
        let known = items.as_chunks::<2>().0;
        let keys: Vec<String> = known.iter().filter_map(|[key, _]| self.key_text(*key)).collect();
        let whole = count <= items.len();
        let once = |wanted: &&str| keys.iter().filter(|key| key == wanted).count() == 1;
        if !whole || keys.len() != known.len() || !OWN.iter().all(once) {
            return None;
        }
        let temporary = !known.iter().zip(&keys).any(|([_, value], key)| key == "auto" && *value == Value::Bool(false));
        for ([_, value], key) in known.iter().zip(&keys) {
            let sound = match (key.as_str(), value) {
                // A file that the user named stays as it is.
                ("name", name) => !temporary || *name == Value::None,
                ("prefix" | "suffix", value) => {
                    self.text_of(*value, LONGEST).is_some_and(|text| !text.contains(['/', '\\', ':', '\0']))
                }
                _ => true,
            };
            if !sound {
                return Some(false);
            }
        }
        Some(true)
    }
}
