//! The header of `METADATA`, which every installed Python package brings (core metadata, PEP 566).

/// Fields of the header with their values, as often as they stand there; the description behind the first empty line is
/// prose. Continued lines are left out.
#[must_use]
pub fn fields(text: &str) -> Vec<(&str, &str)> {
    let header = text.lines().take_while(|line| !line.trim().is_empty());
    header.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect()
}

/// The first value of a field; names are the same in any case of letters.
#[must_use]
pub fn first<'t>(fields: &[(&'t str, &'t str)], name: &str) -> Option<&'t str> {
    fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_no_field() {
        let fields = fields("Name: a\nversion:1\n  Name: no\n\nLicense: prose\n");
        assert_eq!(first(&fields, "name"), Some("a"));
        assert_eq!(first(&fields, "Version"), Some("1"));
        assert_eq!(first(&fields, "License"), None);
    }
}
