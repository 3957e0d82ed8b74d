//! Package URLs in canonical form.
//!
//! Source: the purl specification (ECMA-427) and its type definitions for cargo, pypi, npm, golang, maven, gem and
//! composer.

use packageurl::PackageUrl;

use crate::model::address::without_credentials;
use crate::model::{Ecosystem, PackageSource, Purl, percent};

/// The purl of a package, with a qualifier that says where it comes from when that is not the public registry. A folder
/// of the tree is of no registry, whose package of that name is somebody else's: it is generic.
pub fn of(ecosystem: Ecosystem, name: &str, version: &str, source: &PackageSource) -> Purl {
    let (kind, namespace, name) = split(ecosystem, name);
    let build = |kind, qualifiers: &[(&str, &str)]| purl((kind, namespace.as_deref(), &name), version, qualifiers);
    match source {
        PackageSource::PublicRegistry => build(kind, &[]),
        PackageSource::Local => build("generic", &[]),
        PackageSource::Registry(url) => build(kind, &[("repository_url", &without_credentials(url))]),
        PackageSource::Git(url) => build(kind, &[("vcs_url", &repository(url))]),
        PackageSource::Archive(url) => build(kind, &[("download_url", &without_credentials(url))]),
    }
}

/// A repository as the qualifier writes it, which is how SPDX writes download locations: `git+https://HOST/PATH@COMMIT`.
fn repository(address: &str) -> String {
    let address = without_credentials(address);
    let (place, revision) = address.split_once('#').unwrap_or((&address, ""));
    let place = place.split('?').next().unwrap_or_default();
    let hosts = [("github:", "github.com"), ("gitlab:", "gitlab.com"), ("bitbucket:", "bitbucket.org")];
    let short =
        hosts.iter().find_map(|(short, host)| Some(format!("git+https://{host}/{}", place.strip_prefix(short)?)));
    let place = short.unwrap_or_else(|| match place.split_once("://") {
        Some((scheme @ ("https" | "http" | "ssh"), rest)) => format!("git+{scheme}://{rest}"),
        _ => place.to_owned(),
    });
    if revision.is_empty() { place } else { format!("{place}@{revision}") }
}

fn purl((kind, namespace, name): (&str, Option<&str>, &str), version: &str, qualifiers: &[(&str, &str)]) -> Purl {
    let built = PackageUrl::new(kind.to_owned(), name.to_owned()).and_then(|mut url| {
        if let Some(namespace) = namespace {
            url.with_namespace(namespace.to_owned())?;
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
        built.unwrap_or_else(|_| format!("pkg:{kind}/{}@{}", percent::encode(name, ""), percent::encode(version, ""))),
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
        let public = PackageSource::PublicRegistry;
        let plain = |ecosystem, name, version| of(ecosystem, name, version, &public).as_str().to_owned();
        assert_eq!(plain(Ecosystem::CratesIo, "serde_json", "1.0.0+b"), "pkg:cargo/serde_json@1.0.0%2Bb");
        assert_eq!(plain(Ecosystem::PyPI, "Typing_Extensions", "4.0"), "pkg:pypi/typing-extensions@4.0");
        assert_eq!(plain(Ecosystem::Npm, "@babel/core", "7.0.0"), "pkg:npm/%40babel/core@7.0.0");
        assert_eq!(plain(Ecosystem::Go, "golang.org/x/net", "v0.1.0"), "pkg:golang/golang.org/x/net@v0.1.0");
        assert_eq!(plain(Ecosystem::Maven, "org.a:b", "1"), "pkg:maven/org.a/b@1");
        assert_eq!(plain(Ecosystem::Packagist, "Monolog/Monolog", "1"), "pkg:composer/monolog/monolog@1");
        assert_eq!(plain(Ecosystem::Npm, "", ""), "pkg:npm/@");
    }

    #[test]
    fn where_a_package_comes_from_is_said_without_secrets() {
        let purl = |source| of(Ecosystem::CratesIo, "a", "1.0.0", &source).as_str().to_owned();
        assert_eq!(purl(PackageSource::Local), "pkg:generic/a@1.0.0");
        let git = "git+https://me:s3cret@github.com/x/a?branch=main#0123".to_owned();
        assert_eq!(
            purl(PackageSource::Git(git)),
            "pkg:cargo/a@1.0.0?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fx%2Fa%400123"
        );
        let registry = "sparse+https://token@crates.example.org/".to_owned();
        assert!(!purl(PackageSource::Registry(registry)).contains("token"));
        assert_eq!(repository("github:x/a#v1"), "git+https://github.com/x/a@v1");
    }
}
