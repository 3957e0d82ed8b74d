//! Licence names as SPDX spells them.

use std::collections::BTreeSet;

use spdx::expression::{ExprNode, Operator};

/// What a licence text turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum License {
    /// An identifier of the SPDX list.
    Id(&'static str),
    /// An expression of identifiers.
    Expression(String),
    /// Neither: a name of its own.
    Named(String),
}

/// Reads a licence as a model card or a package spells it: identifiers in any case, or an SPDX expression.
#[must_use]
pub fn read(text: &str) -> License {
    let text = text.trim();
    if let Some(license) = spdx::identifiers::LICENSES.iter().find(|license| license.name.eq_ignore_ascii_case(text)) {
        return License::Id(license.name);
    }
    if text.contains(' ') && spdx::Expression::parse(text).is_ok() {
        return License::Expression(text.to_owned());
    }
    License::Named(text.to_owned())
}

/// Licences that hold together as one SPDX expression, with the names that no identifier stands for, as
/// `LicenseRef-` and what they were called. `None` where no licence is said.
#[must_use]
pub fn expression<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<(String, Vec<(String, String)>)> {
    let mut parts = Vec::new();
    let mut named = Vec::new();
    for text in texts {
        parts.push(match read(text) {
            License::Id("NOASSERTION") => continue,
            License::Id(id) => id.to_owned(),
            License::Expression(expression) => format!("({expression})"),
            // A reference that a document of SPDX made has its name already.
            License::Named(name) if name.starts_with("LicenseRef-") && spdx::Expression::parse(&name).is_ok() => {
                named.push((name.clone(), name.clone()));
                name
            }
            License::Named(name) => {
                let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
                let id = format!("LicenseRef-{}", name.chars().map(plain).collect::<String>());
                named.push((id.clone(), name));
                id
            }
        });
    }
    parts.dedup();
    named.dedup();
    if let [only] = parts.as_mut_slice() {
        let inner = only.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).map(str::to_owned);
        *only = inner.unwrap_or_else(|| only.clone());
    }
    (!parts.is_empty()).then(|| (parts.join(" AND "), named))
}

/// An expression with what holds together, and what may be chosen from, each in one order: two that are equal so mean the
/// same. `None` for what is no expression.
#[must_use]
pub fn in_order(text: &str) -> Option<String> {
    /// A part, and the operator that joins it.
    type Part = (Option<Operator>, BTreeSet<String>);
    let expression = spdx::Expression::parse(text).ok()?;
    let mut open: Vec<Part> = Vec::new();
    let shown = |(operator, parts): Part| -> String {
        let word = if operator == Some(Operator::Or) { " OR " } else { " AND " };
        let all = parts.into_iter().collect::<Vec<_>>();
        if let [only] = all.as_slice() { only.clone() } else { format!("({})", all.join(word)) }
    };
    for node in expression.iter() {
        match node {
            ExprNode::Req(one) => open.push((None, BTreeSet::from([one.req.to_string()]))),
            ExprNode::Op(operator) => {
                let (right, left) = (open.pop()?, open.pop()?);
                let mut parts = BTreeSet::new();
                for (of, inner) in [left, right] {
                    if of.is_none() || of == Some(*operator) {
                        parts.extend(inner);
                    } else {
                        parts.insert(shown((of, inner)));
                    }
                }
                open.push((Some(*operator), parts));
            }
        }
    }
    open.pop().map(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_the_operators_do() {
        assert_eq!(in_order("MIT OR Apache-2.0"), in_order("Apache-2.0 OR MIT"));
        assert_eq!(in_order("(A OR MIT) AND ISC"), None);
        assert_eq!(in_order("(Zlib OR MIT) AND ISC"), in_order("ISC AND (MIT OR Zlib)"));
        assert_eq!(in_order("MIT AND (ISC AND Zlib)"), in_order("(Zlib AND MIT) AND ISC"));
        assert_ne!(in_order("MIT AND ISC"), in_order("MIT OR ISC"));
        assert_eq!(in_order("MIT"), Some("MIT".to_owned()));
        let own = |text| expression([text]).map(|(expression, _)| expression);
        assert_eq!(own("acme 1"), own("LicenseRef-acme-1"));
    }

    #[test]
    fn the_case_does_not_matter_and_the_rest_is_a_name() {
        assert_eq!(read("apache-2.0"), License::Id("Apache-2.0"));
        assert_eq!(read("MIT OR Apache-2.0"), License::Expression("MIT OR Apache-2.0".to_owned()));
        assert_eq!(read("llama3.1"), License::Named("llama3.1".to_owned()));
        assert_eq!(read("MIT OR"), License::Named("MIT OR".to_owned()));
    }
}
