//! Programs of `torch.export`: sizes that are not known before are written as expressions, which are given to
//! `sympy.sympify`, and that evaluates them as Python.
//!
//! Source: `torch/_export/serde/serialize.py` (`_parse_sym_expr`), `torch/utils/_sympy/functions.py`. Not looked at: what an
//! expression comes to, and the nodes of the graph, whose targets `hydra` looks at.

use crate::inspect::Scope;
use crate::inspect::hydra::HYDRA_TARGET;
use crate::inspect::json::{self, Tree};
use crate::inspect::pickle::calls_functions;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// The key of an expression.
const KEY: &str = "expr_str";

/// The members that hold a program, in the archives of PyTorch 2.8 and of those before it.
const PROGRAMS: [&str; 2] = ["serialized_exported_program.json", "model.json"];

/// Characters of an expression that are shown.
const SHOWN: usize = 120;

/// Functions that PyTorch writes into expressions: those of sympy, and its own.
const FUNCTIONS: &str = "\
    Symbol Dummy Integer Float Rational Add Mul Pow Mod Max Min Abs Eq Ne Equality Unequality Lt Le Gt Ge \
    LessThan GreaterThan StrictLessThan StrictGreaterThan And Or Not Xor ITE Piecewise ExprCondPair \
    floor ceiling sqrt exp log log2 sign sin cos tan asin acos atan sinh cosh tanh Sum Product factorial root cbrt \
    FloorDiv ModularIndexing Where PythonMod CleanDiv CeilToInt FloorToInt CeilDiv IntTrueDiv FloatTrueDiv LShift RShift \
    IsNonOverlappingAndDenseIndicator TruncToFloat TruncToInt RoundToInt RoundDecimal ToFloat FloatPow PowByNatural \
    Identity BitwiseFn_bitwise_and BitwiseFn_bitwise_or BitwiseFn_bitwise_xor VR int_oo";

/// Looks at a member of an archive, if it is such a program.
pub fn inspect(name: &str, member: &View<'_>, scope: &mut Scope<'_>) {
    let own = name.rsplit('/').next().unwrap_or(name);
    let exported = || scope.container.as_ref().is_some_and(|format| format.name() == "torch-export");
    if !(PROGRAMS.contains(&own) || (own.ends_with(".json") && exported())) {
        return;
    }
    let bytes = match member.read_all("json-bytes", scope.limits.json_bytes) {
        Ok(bytes) => bytes,
        Err(trouble) => return scope.unreadable(member, &trouble),
    };
    // What is no JSON in any encoding is said of the member itself.
    let Some(tree) = json::whole(&bytes) else { return };
    let mut queue = vec![&tree];
    let mut found = Vec::new();
    while let Some(value) = queue.pop() {
        found.extend(value.all(KEY).filter_map(Tree::text).filter(|text| !is_expression(text)));
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
    for text in found {
        let shown: String = text.chars().take(SHOWN).collect();
        let message = format!("a size is the expression {shown:?}, which is evaluated as Python and calls something");
        let evidence = Evidence::new(&HYDRA_TARGET, message).rated(Severity::Critical);
        scope.add(evidence.at(member.place(0..0)));
    }
}

/// True for an expression of symbols, numbers and operators that calls nothing but functions of numbers. Texts are names of
/// symbols: any other is evaluated once more.
fn is_expression(text: &str) -> bool {
    let words = ["lambda", "import", "yield", "await", "async", "exec", "eval", "for"];
    let plain = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).all(|word| !words.contains(&word));
    plain && calls_functions(text, "()+-*/%<>=!&|^~,", is_function, is_name)
}

fn is_function(word: &str) -> bool {
    FUNCTIONS.split_ascii_whitespace().any(|known| known == word) || word.starts_with("OpaqueUnaryFn_")
}

/// A name without a dot in it, by which something of an object would be taken.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_sizes_are_told_from_python() {
        for plain in [
            "Symbol('s77', positive=True, integer=True)",
            "2*Symbol('s0', integer=True) + 1",
            "Max(1, FloorDiv(s0 - 1, 2)) + Mod(s1, 8)",
            "s0**2.0e-05 <= 3 & Eq(u0, 1)",
            "Piecewise((1, s0 > 3), (2, True))",
            "s0 >= 2 and s1 < 4",
            "(s0)*(1.5e10)",
            "-int_oo",
        ] {
            assert!(is_expression(plain), "{plain}");
        }
        for other in [
            "__import__('os').system('true')",
            "Symbol('s77') + exec('import os')",
            "().__class__",
            "s0.subs(1)",
            "[x for x in ()]",
            "open('a')",
            "lambda: 1",
            "preview(s0)",
            "Symbol('a b')",
            "Max (1)(2)[0]",
            "(open)('a')",
            "(breakpoint)()",
            "Max('a' 'b')",
        ] {
            assert!(!is_expression(other), "{other}");
        }
    }
}
