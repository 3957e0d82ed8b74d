//! Names of packages as databases are asked for them.

use crate::model::Ecosystem;

/// The spelling under which a name is looked up: registries hold some spellings to be the same package.
///
/// PyPI: the name normalisation of PEP 503. Packagist: lower case. The others distinguish every spelling.
#[must_use]
pub fn key(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::PyPI => {
            let mut out = String::with_capacity(name.len());
            for c in name.trim().chars() {
                match c {
                    '-' | '_' | '.' if out.ends_with('-') => {}
                    '-' | '_' | '.' => out.push('-'),
                    c => out.extend(c.to_lowercase()),
                }
            }
            out
        }
        Ecosystem::Packagist => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_package_meet() {
        for name in ["Ruamel.yaml", "ruamel_yaml", "RUAMEL--yaml", "ruamel.-_yaml"] {
            assert_eq!(key(Ecosystem::PyPI, name), "ruamel-yaml");
        }
        assert_eq!(key(Ecosystem::Packagist, "Monolog/Monolog"), "monolog/monolog");
        assert_eq!(key(Ecosystem::Npm, "JSONStream"), "JSONStream");
    }
}
