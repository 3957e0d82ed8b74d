//! Addresses as they may be shown and passed on.

/// An address without what proves who asks: a name and password before the host, or a token as the name alone. The
/// name `git` stays, which every repository over SSH has.
#[must_use]
pub fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((user, host)) if user != "git" => format!("{scheme}://{host}{path}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn names_and_passwords_go_and_the_rest_stays() {
        for (address, shown) in [
            ("https://me:s3cret@example.org/a@b", "https://example.org/a@b"),
            ("git+https://ghp_0123@github.com/x/y#1", "git+https://github.com/x/y#1"),
            ("git+ssh://git@example.org/x.git", "git+ssh://git@example.org/x.git"),
            ("https://example.org/@scope/x", "https://example.org/@scope/x"),
            ("github:x/y#1", "github:x/y#1"),
        ] {
            assert_eq!(without_credentials(address), shown);
        }
    }
}
