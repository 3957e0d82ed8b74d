//! Formulas and expressions that libraries evaluate as Python: which call nothing but functions of numbers.
//!
//! Sources: `patsy/eval.py`, `formulaic/materializers/base.py`, `sklearn2pmml/util/__init__.py`. Read by their signs, without
//! a parser: what is not plain is not let through.

/// Functions that a formula may call, beside those of numpy.
const FUNCTIONS: &str = "\
    C I Q S log log2 log10 log1p exp expm1 sqrt abs sin cos tan sign center scale standardize rescale bs cr cc \
    te poly pow lag power Treatment Sum Poly Helmert Diff maximum minimum where round floor ceil tanh square";

/// True for a formula of names, numbers and operators that calls nothing but functions of numbers.
pub fn is_formula(text: &str) -> bool {
    calls_functions(text, "~+-*/:|^(),%=.<>", is_function, |_| true)
}

/// The same for an expression of Python, which may take parts of what it is given.
pub fn is_expression(text: &str) -> bool {
    calls_functions(text, "+-*/:|^(),%=.<>[]!&", is_function, |_| true)
}

fn is_function(word: &str) -> bool {
    let function = word.strip_prefix("np.").or_else(|| word.strip_prefix("numpy.")).unwrap_or(word);
    FUNCTIONS.split(' ').any(|known| known == function)
}

/// True for a text of names, numbers, quoted texts and those signs in which nothing but such functions is called. `quoted`
/// says which texts may stand in quotes.
pub fn calls_functions(
    text: &str,
    signs: &str,
    function: impl Fn(&str) -> bool,
    quoted: impl Fn(&str) -> bool,
) -> bool {
    let words = ["if", "else", "and", "or", "not", "in", "is"];
    let mut rest = text;
    let mut word = "";
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
            (word, rest) = rest.split_at(end);
            if words.contains(&word) {
                word = "";
            }
            before = ' ';
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            // A word in front says that the text is read otherwise; a second text behind it makes one of both.
            '"' | '\'' | '`' if !word.is_empty() || matches!(before, '"' | '\'' | '`') => return false,
            '"' | '\'' | '`' => {
                let Some((inner, behind)) = rest.split_once(c) else { return false };
                if inner.contains('\\') || !quoted(inner) {
                    return false;
                }
                rest = behind;
            }
            // What is called is the result of something.
            '(' if matches!(before, ')' | ']' | '"' | '\'' | '`') => return false,
            '(' if !word.is_empty() && !function(word) => return false,
            // Within brackets Python passes over the end of a line.
            ' ' | '\n' => continue,
            c if signs.contains(c) => {}
            _ => return false,
        }
        (word, before) = ("", c);
    }
    !text.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_call_nothing_but_functions_of_numbers() {
        for plain in ["y ~ a + b", "z ~ np.log(abs(a)) + C(y) + a:b + I(b**2)", "y ~ C(x, Treatment('m')) - 1"] {
            assert!(is_formula(plain), "{plain}");
        }
        for other in [
            "y ~ __import__('os').system('x')",
            "y ~ open('a')",
            "y ~ x[f()]",
            "y ~ np.load('a')",
            "y ~ a.b()",
            "(np.load)('a')",
            "(open\n('a'))",
            "f'{open(1)}'",
            "''' ' ''' + open(1) + ''' ' '''",
        ] {
            assert!(!is_formula(other), "{other}");
        }
        for plain in ["X[0] * 10", "X['a'] if (X['a'] > 0) else -1", "numpy.log(X[0])", "not (X[1])", "a"] {
            assert!(is_expression(plain), "{plain}");
        }
        for other in
            ["[numpy.load][0]('a')", "eval(X[0])", "X[0].f()", "(numpy.load) ('a')", "''.join(X)", "X.__class__"]
        {
            assert!(!is_expression(other), "{other}");
        }
    }
}
