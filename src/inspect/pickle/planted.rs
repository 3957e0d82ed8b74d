//! What is put into dictionaries and objects that is called, run or believed later, although nothing calls it here.

use super::formula::{is_expression, is_formula};
use super::instantiated::is_key;
use super::machine::Machine;
use super::rules::{DANGEROUS_CALL, PATCHED_IMPORT, UNKNOWN_CALL};
use super::value::{Coding, Shape, Value};

/// Special methods that a loader or the interpreter calls by name on an object.
const CALLED_BY_NAME: &str = "\
    __setstate__ __reduce__ __reduce_ex__ __class__ __call__ __getattr__ __getattribute__ __setattr__ __del__ \
    __new__ __init__ __getstate__ __setitem__ __enter__ __exit__ __hash__ __eq__ __array__ __array_ufunc__ \
    __array_function__ __torch_function__ __iter__ __next__ __len__ __repr__ __str__ __index__ __globals__ \
    __builtins__ __code__ __dict__ __import__ append extend add";

/// Attributes by which numpy takes the address of an array from an object (its array interface).
const ADDRESSES: &[&str] = &["__array_interface__", "__array_struct__"];

/// Python source that `rv_generic` of scipy runs whenever it is unpickled (`scipy/stats/_distn_infrastructure.py`).
const TEMPLATE: &str = "_parse_arg_template";

/// The lines of scipy's own: what stands around the names of the shape parameters.
const TEMPLATE_LINES: [(&str, &str); 6] = [
    ("def _parse_args(self, ", "):"),
    ("    return (", ""),
    ("def _parse_args_rvs(self, ", ", size=None):"),
    ("    return self._argcheck_rvs(", ", size=size)"),
    ("def _parse_args_stats(self, ", ", moments='mv'):"),
    ("    return (", ", moments"),
];

/// Attributes in which a mapping keeps the one that it writes to.
const WRITTEN_THROUGH: &[&str] =
    &["data", "maps", "_modules", "_parameters", "_buffers", "_mapping", "_dict", "_data", "_d", "_store", "_keys"];

/// Longest template or formula that is read, in bytes.
const SOURCE: u32 = 4096;

impl Machine<'_, '_, '_> {
    /// True if a pair is worth a closer look, as far as that can be told without reading the stream again.
    #[inline]
    pub fn is_telling(&self, key: Value, value: Value) -> bool {
        match key {
            Value::Text { at, .. } if matches!(value, Value::Text { .. }) && self.keys.contains(&at) => true,
            Value::Text { len, coding: Coding::Utf8, .. } => {
                matches!(len, 7 | 16 | 19) || (len <= 24 && self.is_callable(value))
            }
            // With escapes a text is longer than what it stands for.
            Value::Text { len, .. } => matches!(len, 7..=190) || self.is_callable(value),
            Value::Object(_) | Value::Computed => true,
            _ => false,
        }
    }

    /// A key and its value, of a dictionary or of what is to become one.
    pub fn check_pair(&mut self, key: Value, value: Value) {
        let Some(text) = self.key_text(key) else {
            let weighty = self.is_callable(value) || matches!(value, Value::Container { shape: Shape::Dict, .. });
            if self.is_computed_text(key) && weighty {
                self.say(&PATCHED_IMPORT, |_| "something is stored under a name that the pickle computes".to_owned());
            }
            return;
        };
        if text == TEMPLATE {
            self.check_template(value);
        } else if text == "formula" {
            self.check_formula(value);
        } else if is_key(text.as_bytes()) {
            self.check_target(&text, value);
        } else if ADDRESSES.contains(&text.as_str()) && !matches!(value, Value::Int(_) | Value::Text { .. }) {
            self.say(&PATCHED_IMPORT, |_| format!("an object says by {text} where in memory its data is"));
        } else if CALLED_BY_NAME.split(' ').any(|name| name == text) && self.is_callable(value) {
            self.say(&PATCHED_IMPORT, |_| {
                format!("a callable is stored under the name {text}, which is called by name later")
            });
        }
    }

    fn is_callable(&self, value: Value) -> bool {
        match value {
            Value::Global(_) | Value::Computed => true,
            Value::Object(of) => self.is_one_of(of, &["functools.partial", "_functools.partial", "numpy.vectorize"]),
            _ => false,
        }
    }

    /// A text that is made while the pickle is loaded.
    pub fn is_computed_text(&self, key: Value) -> bool {
        let texts = ["builtins.str", "__builtin__.str", "__builtin__.unicode", "numpy.str_", "numpy.unicode_"];
        match key {
            Value::Computed => true,
            Value::Object(of) => self.is_one_of(of, &texts),
            _ => false,
        }
    }

    fn is_one_of(&self, id: u32, names: &[&str]) -> bool {
        self.names.get(id).is_some_and(|name| {
            names.iter().any(|full| full.rsplit_once('.') == Some((&*name.module, &*name.attribute)))
        })
    }

    fn check_template(&mut self, value: Value) {
        let text = self.text_of(value, SOURCE);
        if !text.is_some_and(|text| is_template(&text)) {
            let shown = self.show(value, 1);
            self.say(&DANGEROUS_CALL, |_| {
                format!("{TEMPLATE} is not scipy's own text: it is run as Python when it is loaded: {shown}")
            });
        }
    }

    fn check_formula(&mut self, value: Value) {
        let text = match value {
            Value::Text { .. } => self.text_of(value, SOURCE),
            value if self.is_computed_text(value) => None,
            _ => return,
        };
        if self.formula.is_none() && !text.is_some_and(|text| is_formula(&text)) {
            let shown = self.show(value, 1);
            self.formula = Some((self.range.clone(), shown));
        }
    }

    /// Says it of a formula if something is imported that evaluates one, which may come behind it.
    pub fn finish_formula(&mut self) {
        let Some((range, shown)) = self.formula.take().filter(|_| self.names.formulas) else { return };
        self.range = range;
        self.say(&DANGEROUS_CALL, |_| {
            format!("parts of a formula are run as Python when it is loaded, and this is no plain one: {shown}")
        });
    }

    /// An object got its state.
    pub fn built(&mut self, id: u32, state: Value) {
        if self.carries(state)
            && let Some(name) = self.names.get_mut(id)
        {
            name.laden = true;
        }
        let Some(name) = self.names.get(id) else { return };
        let (module, attribute) = (name.module.clone(), name.attribute.clone());
        let joblib = module.starts_with("joblib.") || module.starts_with("sklearn.externals.joblib.");
        match (&*module, &*attribute) {
            (_, "NumpyArrayWrapper") if joblib => {
                self.array = Some(super::array::Wrapper::from_state(self, state));
                // The class of the array is asked to take it over.
                if self.carries(state) {
                    self.handed(id, state, 3);
                }
            }
            (_, "NDArrayWrapper" | "ZNDArrayWrapper") if joblib => self.array_beside(state),
            (_, "_reconstruct") if module.starts_with("numpy.") => self.built_array(state),
            ("functools" | "_functools", "partial") if self.carries(state) => self.handed(id, state, 3),
            ("types", "GenericAlias") | ("_operator" | "operator", "getitem") | ("logging", "getLogger") => {
                self.patched(id, "attributes are set on what it gives, which others use too");
            }
            ("sklearn_crfsuite._fileresource", _) => self.built_resource(state),
            _ if module.starts_with("scipy.stats.") => self.built_distribution(state),
            (_, "Factor") if module.starts_with("formulaic.") => self.built_expression(state),
            (_, "Expression" | "ExpressionTransformer" | "Predicate") if module.starts_with("sklearn2pmml.") => {
                self.built_expression(state);
            }
            _ => {}
        }
        self.check_state(&attribute, state, 2);
    }

    /// Only of a dictionary that stands in the stream itself it is known what is in it.
    fn built_distribution(&mut self, state: Value) {
        let known = match state {
            Value::Container { shape: Shape::Dict, serial, .. } => !self.containers.has_computed_key(serial),
            Value::Container { shape: Shape::Tuple, .. } => self.whole(state).is_some_and(|items| {
                let dict = |item: &Value| match item {
                    Value::Container { shape: Shape::Dict, serial, .. } => !self.containers.has_computed_key(*serial),
                    _ => *item == Value::None,
                };
                // Older versions wrote the parameters of the constructor and the random state.
                let parameters = items.first().is_some_and(dict);
                parameters && items.get(1).is_some_and(|item| dict(item) || matches!(item, Value::Object(_)))
            }),
            Value::None => true,
            _ => false,
        };
        if !known {
            self.say(&UNKNOWN_CALL, |_| {
                format!("a distribution of scipy runs {TEMPLATE} of its state, which is not written as scipy writes it")
            });
        }
    }

    /// An object that evaluates a text of its state when it is used (`formulaic`: `materializers/base.py`; `sklearn2pmml`:
    /// `util/__init__.py`).
    fn built_expression(&mut self, state: Value) {
        if !self.is_plain_expression(state, 1) {
            self.say(&UNKNOWN_CALL, |_| {
                "an object holds an expression that it runs as Python when it is used, and this is no plain one"
                    .to_owned()
            });
        }
    }

    /// True for a state that is known as a whole, and whose expression calls nothing but functions of numbers.
    fn is_plain_expression(&mut self, state: Value, depth: u32) -> bool {
        if state == Value::None {
            return true;
        }
        let Some(items) = self.whole(state) else { return false };
        match state {
            Value::Container { shape: Shape::Tuple, .. } if depth > 0 => {
                items.into_iter().all(|item| self.is_plain_expression(item, depth - 1))
            }
            Value::Container { shape: Shape::Dict, serial, .. } if !self.containers.has_computed_key(serial) => {
                items.chunks_exact(2).all(|pair| {
                    let key = self.key_text(pair[0]);
                    match (key.as_deref(), pair[1]) {
                        (None, _) => false,
                        (Some("expr"), Value::Text { .. }) => {
                            self.text_of(pair[1], SOURCE).is_some_and(|text| is_expression(&text))
                        }
                        (Some("expr"), Value::Object(_)) => true,
                        (Some("expr"), _) => false,
                        // Source of functions that the expression may call.
                        (Some("function_defs"), value) => {
                            value == Value::None || self.whole(value).is_some_and(|all| all.is_empty())
                        }
                        _ => true,
                    }
                })
            }
            _ => false,
        }
    }

    /// What of a state is told by the class that it belongs to.
    fn check_state(&mut self, class: &str, state: Value, depth: u32) {
        let Some(items) = self.whole(state) else { return };
        if let Value::Container { shape: Shape::Tuple, .. } = state {
            for item in items.into_iter().take(2).filter(|_| depth > 0) {
                self.check_state(class, item, depth - 1);
            }
            return;
        }
        if !matches!(state, Value::Container { shape: Shape::Dict, .. }) {
            return;
        }
        for pair in items.chunks_exact(2) {
            let short = matches!(pair[0], Value::Text { len, .. } if is_view(class) || matches!(len, 16 | 19));
            let Some(key) = short.then(|| self.key_text(pair[0])).flatten() else { continue };
            if ADDRESSES.contains(&key.as_str()) && matches!(pair[1], Value::Int(_) | Value::Text { .. }) {
                self.say(&PATCHED_IMPORT, |_| format!("an object says by {key} where in memory its data is"));
            }
            if is_view(class) && WRITTEN_THROUGH.contains(&key.as_str()) {
                self.check_written_through(class, pair[1], 1);
            }
        }
    }

    /// A mapping that writes to another one is laid over something imported.
    pub fn check_written_through(&mut self, class: &str, value: Value, depth: u32) {
        match value {
            Value::Global(id) => {
                let over = self.names.get(id).map(super::names::Name::spelt).unwrap_or_default();
                self.say(&PATCHED_IMPORT, |_| {
                    format!("{class} is laid over {over}, which is imported: what is put into it changes that")
                });
            }
            Value::Container { .. } if depth > 0 => {
                for item in self.whole(value).unwrap_or_default() {
                    self.check_written_through(class, item, depth - 1);
                }
            }
            _ => {}
        }
    }
}

/// True for the name of a class that keeps its items in another container.
pub fn is_view(class: &str) -> bool {
    let copies = ["OrderedDict", "defaultdict", "DefaultDict", "dict", "list"];
    let endings = ["Dict", "Dictionary", "Map", "Mapping", "List", "Proxy", "MappingProxyType", "View"];
    !copies.contains(&class) && endings.iter().any(|ending| class.ends_with(ending))
}

/// True if a text is what scipy makes of its template: names of parameters, and where the location and scale are.
fn is_template(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.len() == TEMPLATE_LINES.len()
        && lines.iter().zip(TEMPLATE_LINES).all(|(line, (before, after))| {
            let middle = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            let closed = usize::from(before.ends_with("return ("));
            middle.is_some_and(|middle| {
                !middle.contains('(')
                    && middle.matches(')').count() == closed
                    && middle.split([',', ')']).map(str::trim).all(is_parameter)
            })
        })
}

fn is_parameter(text: &str) -> bool {
    let name = text.strip_suffix("=0").or_else(|| text.strip_suffix("=1")).unwrap_or(text);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && (name == text || matches!(name, "loc" | "scale"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "
def _parse_args(self, a, b,  loc=0, scale=1):
    return (a, b, ), loc, scale

def _parse_args_rvs(self, a, b,  loc=0, scale=1, size=None):
    return self._argcheck_rvs(a, b,  loc, scale, size=size)

def _parse_args_stats(self, a, b,  loc=0, scale=1, moments='mv'):
    return (a, b, ), loc, scale, moments
";

    #[test]
    fn the_template_of_scipy_is_told_from_other_source() {
        assert!(is_template(OWN));
        assert!(is_template(&OWN.replace("a, b, ", "").replace(", scale=1", "").replace("loc, scale", "loc")));
        for other in [
            OWN.replace("loc=0", "loc=print(1)"),
            OWN.replace("a, b, ", "a, b=eval('1'), "),
            format!("{OWN}import os\n"),
            OWN.replace("(a, b, ), loc", "(os.system), loc"),
            OWN.replace("return (", "return x("),
            OWN.replace("return (a", "return (eval(a)"),
            String::new(),
        ] {
            assert!(!is_template(&other), "{other}");
        }
    }
}
