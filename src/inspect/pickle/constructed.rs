//! Constructors that are harmless for some arguments only: types and ranges of dill, expressions of sympy, headers of
//! e-mails.
//!
//! Sources: `dill/_dill.py` (`_typemap`, `_eval_repr`), `sympy/core/sympify.py` (text is evaluated, all else is not),
//! `email/headerregistry.py`. Not looked at: what an expression means.

use crate::model::Judgement;

use super::machine::Machine;
use super::value::{Shape, Value};

/// Longest text of a range: three whole numbers of 18 digits.
const RANGE: u32 = 80;

/// Numbers of sympy that take their value, or nothing.
const NUMBERS: [&str; 12] = [
    "Integer",
    "Rational",
    "Half",
    "One",
    "Zero",
    "NegativeOne",
    "Pi",
    "Exp1",
    "ImaginaryUnit",
    "Infinity",
    "NegativeInfinity",
    "NaN",
];

impl Machine<'_, '_, '_> {
    /// `_load_type(name)` gives the type that dill calls so.
    pub fn dill_type(&mut self, items: &[Value]) -> (Judgement, Option<Value>) {
        let name = items.first().and_then(|name| self.text_of(*name, 32));
        let Some(plain) = name.as_deref().and_then(plain_type) else { return (Judgement::Dangerous, None) };
        let module = if plain == "OrderedDict" { "collections" } else { "builtins" };
        let id = self.names.intern(module, plain, self.range.clone(), self.lists);
        (Judgement::Safe, Some(Value::Global(id)))
    }

    /// `_eval_repr(text)` evaluates a text; dill writes ranges and two constants so.
    pub fn dill_value(&mut self, own: Judgement, items: &[Value]) -> (Judgement, Option<Value>) {
        let [text] = items else { return (own, None) };
        let text = self.text_of(*text, RANGE).unwrap_or_default();
        let constant = matches!(text.as_str(), "Ellipsis" | "NotImplemented");
        let name = match text.as_str() {
            text if is_range(text) => "range",
            text if constant => text,
            _ => return (own, None),
        };
        let id = self.names.intern("builtins", name, self.range.clone(), self.lists);
        (Judgement::Safe, Some(if constant { Value::Global(id) } else { Value::Object(id) }))
    }

    /// How a part of an expression stands: text is evaluated, but not the name of a symbol; numbers and other parts are
    /// taken as they are.
    pub fn expression(&mut self, own: Judgement, module: &str, attribute: &str, items: &[Value]) -> Judgement {
        let part = |machine: &Self, item: &Value| match item {
            Value::Object(id) => machine.names.get(*id).is_some_and(|name| is_part(&name.module, &name.attribute)),
            _ => false,
        };
        let plain = match (module, attribute) {
            ("sympy.core.symbol", "Symbol") => matches!(items, [Value::Text { .. }]),
            ("sympy.core.numbers", name) if NUMBERS.contains(&name) => {
                items.len() <= 2 && items.iter().all(|item| matches!(item, Value::Int(_)))
            }
            // Numbers alone are worked out, and a tower of powers takes forever.
            ("sympy.core.power", "Pow") if !items.iter().any(|item| self.holds_symbol(item)) => false,
            _ => is_part(module, attribute) && items.iter().all(|item| part(self, item)),
        };
        if plain { Judgement::Safe } else { own }
    }

    /// True for a part of an expression that is more than a number or a power of some.
    fn holds_symbol(&self, item: &Value) -> bool {
        let Value::Object(id) = item else { return false };
        self.names.get(*id).is_some_and(|name| !matches!(&*name.module, "sympy.core.numbers" | "sympy.core.power"))
    }

    /// `_reconstruct_header(name, bases, value)` with bases of the module itself.
    pub fn has_header_bases(&self, items: &[Value]) -> bool {
        let [_, bases @ Value::Container { shape: Shape::Tuple, .. }, _] = items else { return false };
        self.whole(*bases).is_some_and(|bases| {
            bases.iter().all(|base| match base {
                Value::Global(id) => self.names.get(*id).is_some_and(|name| *name.module == *"email.headerregistry"),
                _ => false,
            })
        })
    }
}

/// The name in Python of a type that nothing can be run with; dill's own names are those of Python 2's `types`.
fn plain_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "type" | "TypeType" | "ClassType" => "type",
        "object" | "ObjectType" => "object",
        "int" | "IntType" | "LongType" => "int",
        "float" | "FloatType" => "float",
        "bool" | "BooleanType" => "bool",
        "str" | "StringType" | "UnicodeType" => "str",
        "bytes" | "BytesType" => "bytes",
        "bytearray" | "BytearrayType" | "ByteArrayType" => "bytearray",
        "complex" | "ComplexType" => "complex",
        "list" | "ListType" => "list",
        "tuple" | "TupleType" => "tuple",
        "dict" | "DictType" | "DictionaryType" => "dict",
        "set" | "SetType" => "set",
        "frozenset" | "FrozenSetType" => "frozenset",
        "slice" | "SliceType" => "slice",
        "range" | "RangeType" | "XRangeType" => "range",
        "NoneType" => "NoneType",
        "EllipsisType" => "ellipsis",
        "NotImplementedType" => "NotImplementedType",
        "OrderedDict" => "OrderedDict",
        _ => return None,
    })
}

/// `range(0, 3)`: one to three whole numbers.
fn is_range(text: &str) -> bool {
    let Some(inside) = text.strip_prefix("range(").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let whole = |number: &str| {
        let digits = number.strip_prefix('-').unwrap_or(number);
        (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let numbers: Vec<&str> = inside.split(", ").collect();
    (1..=3).contains(&numbers.len()) && numbers.into_iter().all(whole)
}

/// True for what expressions are made of: symbols, numbers, sums, products, powers, and functions of them.
fn is_part(module: &str, attribute: &str) -> bool {
    match module {
        "sympy.core.symbol" => attribute == "Symbol",
        "sympy.core.numbers" => NUMBERS.contains(&attribute) || attribute == "Float",
        "sympy.core.add" => attribute == "Add",
        "sympy.core.mul" => attribute == "Mul",
        "sympy.core.power" => attribute == "Pow",
        "sympy.functions.elementary.trigonometric" => {
            matches!(attribute, "sin" | "cos" | "tan" | "cot" | "sec" | "csc" | "asin" | "acos" | "atan" | "atan2")
        }
        "sympy.functions.elementary.hyperbolic" => matches!(attribute, "sinh" | "cosh" | "tanh" | "coth"),
        "sympy.functions.elementary.exponential" => matches!(attribute, "exp" | "log"),
        "sympy.functions.elementary.complexes" => matches!(attribute, "Abs" | "re" | "im" | "sign" | "conjugate"),
        "sympy.functions.elementary.miscellaneous" => matches!(attribute, "sqrt" | "Max" | "Min"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_other_text_that_dill_would_evaluate() {
        for range in ["range(3)", "range(0, 3)", "range(10, -1, -2)"] {
            assert!(is_range(range), "{range}");
        }
        for other in ["range(f())", "range(0, 3) or f()", "range()", "range(0,x)", "f(1)", "range(1, 2, 3, 4)"] {
            assert!(!is_range(other), "{other}");
        }
    }
}
