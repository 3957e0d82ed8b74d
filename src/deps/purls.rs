//! Package URLs in canonical form.
//!
//! Source: the purl specification (ECMA-427) and its type definitions for cargo, pypi, npm, golang, maven, gem and
//! composer.

use packageurl::PackageUrl;

use crate::model::{Ecosystem, PackageSource, Purl, percent};

/// The purl of a package, with a qualifier that says where it comes from when that is not the public registry.
pub fn of(ecosystem: Ecosystem, name: &str, version: &str, source: &PackageSource) -> Purl {
    match source {
        PackageSource::PublicRegistry | PackageSource::Local => purl(ecosystem, name, version, &[]),
        PackageSource::Registry(url) => purl(ecosystem, name, version, &[("repository_url", url)]),
        PackageSource::Git(url) => purl(ecosystem, name, version, &[("vcs_url", url)]),
        PackageSource::Archive(url) => purl(ecosystem, name, version, &[("download_url", url)]),
    }
}

fn purl(ecosystem: Ecosystem, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> Purl {
    let (kind, namespace, name) = split(ecosystem, name);
    let built = PackageUrl::new(kind, name.clone()).and_then(|mut url| {
        if let Some(namespace) = &namespace {
            url.with_namespace(namespace.clone())?;
        }
        if !version.is_empty() {
            url.with_version(version.to_owned())?;
        }
        for (key, value) in qualifiers {
            url.add_qualifier((*key).to_owned(), (*value).to_owned())?;
        }
        Ok(url.to_string())
    });
    // A name the purl rules refuse still needs an identity that names it.
    Purl::new(
        built.unwrap_or_else(|_| format!("pkg:{kind}/{}@{}", percent::encode(&name, ""), percent::encode(version, ""))),
    )
}

fn split(ecosystem: Ecosystem, name: &str) -> (&'static str, Option<String>, String) {
    let at = |separator: char, name: &str| match name.rsplit_once(separator) {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            (Some(namespace.to_owned()), name.to_owned())
        }
        _ => (None, name.to_owned()),
    };
    match ecosystem {
        Ecosystem::CratesIo => ("cargo", None, name.to_owned()),
        Ecosystem::PyPI => ("pypi", None, ecosystem.key(name)),
        Ecosystem::RubyGems => ("gem", None, name.to_owned()),
        Ecosystem::Npm => {
            let (namespace, name) = at('/', name);
            ("npm", namespace, name)
        }
        Ecosystem::Go => {
            let (namespace, name) = at('/', name);
            ("golang", namespace, name)
        }
        Ecosystem::Maven => {
            let (namespace, name) = at(':', name);
            ("maven", namespace, name)
        }
        Ecosystem::Packagist => {
            let (namespace, name) = at('/', &name.to_lowercase());
            ("composer", namespace, name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_their_own_spelling() {
        let plain = |ecosystem, name, version| purl(ecosystem, name, version, &[]).as_str().to_owned();
        assert_eq!(plain(Ecosystem::CratesIo, "serde_json", "1.0.0+b"), "pkg:cargo/serde_json@1.0.0%2Bb");
        assert_eq!(plain(Ecosystem::PyPI, "Typing_Extensions", "4.0"), "pkg:pypi/typing-extensions@4.0");
        assert_eq!(plain(Ecosystem::Npm, "@babel/core", "7.0.0"), "pkg:npm/%40babel/core@7.0.0");
        assert_eq!(plain(Ecosystem::Go, "golang.org/x/net", "v0.1.0"), "pkg:golang/golang.org/x/net@v0.1.0");
        assert_eq!(plain(Ecosystem::Maven, "org.a:b", "1"), "pkg:maven/org.a/b@1");
        assert_eq!(plain(Ecosystem::Packagist, "Monolog/Monolog", "1"), "pkg:composer/monolog/monolog@1");
        assert_eq!(plain(Ecosystem::Npm, "", ""), "pkg:npm/@");
    }
}
