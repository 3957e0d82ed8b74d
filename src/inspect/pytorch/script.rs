//! TorchScript code as PyTorch writes it: whether it is whole.
//!
//! Source: `torch/csrc/jit/serialization/python_print.cpp`, `torch/csrc/jit/frontend/lexer.h`. Not looked at: whether it
//! compiles.

use std::collections::BTreeSet;

/// The code without its texts and comments; `None` if it is cut off: if a bracket or a text that is opened is not closed,
/// or the last line is the beginning of a definition.
pub fn whole(code: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut bare = String::new();
    let mut rest = code.chars();
    while let Some(letter) = rest.next() {
        bare.push(letter);
        match letter {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(letter) => return None,
            '#' => drop(rest.find(|letter| *letter == '\n')),
            '"' | '\'' if !text(&mut rest, letter) => return None,
            _ => {}
        }
    }
    let last = code.trim_end().lines().last().unwrap_or_default().trim_start();
    let begins = ["def ", "class "].iter().any(|word| last.starts_with(word));
    let cut = begins || ["def", "class"].contains(&last) || last.ends_with([':', '=']);
    (open.is_empty() && !cut && code.lines().all(is_begun)).then_some(bare)
}

/// False for a line that begins a definition whose name does not end in a bracket or a colon.
fn is_begun(line: &str) -> bool {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix("def ").or_else(|| line.strip_prefix("class ")) else { return true };
    let behind = rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    behind.len() < rest.len() && behind.starts_with(['(', ':'])
}

/// The classes and functions that the code defines.
pub fn defined(code: &str) -> impl Iterator<Item = &str> {
    let begins = code.lines().filter_map(|line| line.strip_prefix("def ").or_else(|| line.strip_prefix("class ")));
    begins.map(|rest| rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or(rest))
}

/// The classes and functions of the archive itself that the code names, as `__torch__.MODULE.NAME`. Those of
/// `__torch__.torch.classes` are built in.
pub fn named(bare: &str) -> impl Iterator<Item = &str> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    let found = bare.match_indices("__torch__.").filter(move |(at, _)| !bare[..*at].ends_with(word));
    let names = found.map(move |(at, _)| {
        let rest = &bare[at..];
        rest.split(|letter| !word(letter)).next().unwrap_or(rest).trim_end_matches('.')
    });
    names.filter(|name| !name.starts_with("__torch__.torch.classes"))
}

/// True if a file of code can hold that name: the one called like what is in front of the last part of it, or, where the
/// name goes on to something in a class, of one or two parts more.
pub fn is_held(name: &str, root: &str, files: &BTreeSet<&str>) -> bool {
    let ends = name.rmatch_indices('.').map(|(at, _)| at).take(3);
    ends.chain([name.len()]).any(|end| {
        let file = format!("{root}/code/{}.py", name[..end].replace('.', "/"));
        files.contains(file.as_str())
    })
}

/// Passes over a text up to its closing quote, or three of them if it began with three. False if there is none.
fn text(rest: &mut std::str::Chars<'_>, quote: char) -> bool {
    let mut ahead = rest.clone();
    let long = if ahead.next() == Some(quote) {
        if ahead.next() != Some(quote) {
            rest.next();
            return true;
        }
        *rest = ahead;
        true
    } else {
        false
    };
    let mut row = 0;
    while let Some(letter) = rest.next() {
        if letter == '\\' {
            rest.next();
            row = 0;
        } else if letter == quote {
            row += 1;
            if !long || row == 3 {
                return true;
            }
        } else {
            row = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_not_whole() {
        let code = "class M(Module):\n  p = [\"w(\", ]\n  # it's\n  def f(self: __torch__.a.M) -> Tensor:\n    return 'a\\'b'\n";
        for whole_code in [code, "", "x = \"\"\n", "x = \"\"\"a\"(\"\"\"\n"] {
            assert!(whole(whole_code).is_some(), "{whole_code}");
        }
        for end in ["w(", "[", "def f", "def f(self", "-> Tensor:", "'a"] {
            let cut = code.find(end).map_or("", |at| &code[..at + end.len()]);
            assert!(whole(cut).is_none(), "{cut}");
        }
        assert!(whole("f(a]\n").is_none());
    }

    #[test]
    fn definitions_have_a_name_and_a_bracket() {
        let code = "class A(Module):\n  def forwar d(self):\n    pass\n";
        assert!(whole(code).is_none() && whole(&code.replace("r d", "rd")).is_some());
        assert_eq!(
            defined("op_version_set = 1\nclass A(Module):\n  def f(x)\ndef g(y)").collect::<Vec<_>>(),
            ["A", "g"]
        );
    }

    #[test]
    fn names_lead_to_files() {
        let bare = "x : __torch__.a.b.C\n__torch__.torch.classes.quantized.P, y.__torch__.z";
        assert_eq!(named(bare).collect::<Vec<_>>(), ["__torch__.a.b.C"]);
        let files = BTreeSet::from(["m/code/__torch__/a/b.py"]);
        assert!(is_held("__torch__.a.b.C", "m", &files) && is_held("__torch__.a.b.C.RED", "m", &files));
        assert!(!is_held("__torch__.a.c.C", "m", &files));
    }
}
