//! Licence names as SPDX spells them.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_does_not_matter_and_the_rest_is_a_name() {
        assert_eq!(read("apache-2.0"), License::Id("Apache-2.0"));
        assert_eq!(read("MIT OR Apache-2.0"), License::Expression("MIT OR Apache-2.0".to_owned()));
        assert_eq!(read("llama3.1"), License::Named("llama3.1".to_owned()));
        assert_eq!(read("MIT OR"), License::Named("MIT OR".to_owned()));
    }
}
