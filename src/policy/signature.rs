//! What a policy asks of signatures: put together from the policies it extends, and checked for sense.

use super::resolve::Error;
use super::wire::{Signature, SignerIdentity};
use crate::model::Digest;

/// `top` where it speaks, `base` where it is silent. Revoked digests only ever add up.
pub fn over(top: Signature, base: Signature) -> Signature {
    let revoked = match (top.revoked, base.revoked) {
        (Some(top), Some(base)) => Some(base.into_iter().chain(top).collect()),
        (top, base) => top.or(base),
    };
    Signature {
        keys: top.keys.or(base.keys),
        threshold: top.threshold.or(base.threshold),
        certificate_chains: top.certificate_chains.or(base.certificate_chains),
        identities: top.identities.or(base.identities),
        trusted_root: top.trusted_root.or(base.trusted_root),
        name: top.name.or(base.name),
        not_before: top.not_before.or(base.not_before),
        revoked,
    }
}

impl SignerIdentity {
    /// What is wrong with it, if anything; `key` is where it stands.
    pub fn mistake(&self, key: &str) -> Option<String> {
        let given = [&self.identity, &self.regexp].into_iter().flatten().filter(|name| !name.is_empty()).count();
        if given != 1 || self.identity.is_some() == self.regexp.is_some() {
            return Some(format!("`{key}` needs one of `identity` and `regexp` for each signer"));
        }
        if self.issuer.is_empty() {
            return Some(format!("`{key}` needs the `issuer` that vouches for each signer"));
        }
        let pattern = self.regexp.as_deref()?;
        regex_lite::Regex::new(pattern).err().map(|error| format!("`{key}` has {pattern:?}: {error}"))
    }

    /// True if evidence that names a signer so, as issuer and name, is about this one.
    pub fn signed_as(&self, signer: &str) -> bool {
        let Some(name) = signer.strip_prefix(self.issuer.as_str()).and_then(|rest| rest.strip_prefix(' ')) else {
            return false;
        };
        let whole = |pattern: &String| regex_lite::Regex::new(&format!("^(?:{pattern})$"));
        match &self.identity {
            Some(identity) => identity == name,
            None => self.regexp.as_ref().is_some_and(|pattern| whole(pattern).is_ok_and(|whole| whole.is_match(name))),
        }
    }
}

/// Each identity has exactly one form of name, and names its issuer; each revoked digest names its algorithm.
pub fn check(signature: &Signature) -> Result<(), Error> {
    if let Some(wrong) = signature.identities.iter().flatten().find_map(|one| one.mistake("signature.identities")) {
        return Err(Error(wrong));
    }
    let odd = signature.revoked.iter().flatten().find(|digest| digest.parse::<Digest>().is_err());
    match odd {
        Some(digest) => Err(Error(format!("`signature.revoked` has {digest:?}; write `sha256:` and 64 hex digits"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::parse;
    use super::*;

    fn read(text: &str) -> Signature {
        parse(&format!("[signature]\n{text}")).unwrap().signature.unwrap()
    }

    #[test]
    fn every_signer_has_one_name_and_an_issuer() {
        assert!(
            check(&read("identities = [{ identity = 'a', issuer = 'b' }, { regexp = 'a', issuer = 'b' }]")).is_ok()
        );
        for bad in ["issuer = 'b'", "identity = 'a', regexp = 'a', issuer = 'b'", "identity = 'a', issuer = ''"] {
            assert!(check(&read(&format!("identities = [{{ {bad} }}]"))).is_err(), "{bad}");
        }
        assert!(parse("[signature]\nidentities = [{ identity = 'a' }]").is_err());
    }

    #[test]
    fn a_name_is_a_name_by_its_issuer_as_a_whole() {
        let signers =
            read("identities = [{ identity = 'a b', issuer = 'https://i' }, { regexp = 'x|y', issuer = 'i' }]");
        let signers = signers.identities.unwrap();
        assert!(signers[0].signed_as("https://i a b") && !signers[0].signed_as("https://i a"));
        assert!(!signers[0].signed_as("https://other a b") && !signers[0].signed_as("a b"));
        assert!(signers[1].signed_as("i x") && signers[1].signed_as("i y"));
        assert!(!signers[1].signed_as("i xy") && !signers[1].signed_as("ii x"));
        assert!(check(&read("identities = [{ regexp = '(', issuer = 'b' }]")).is_err());
    }

    #[test]
    fn what_is_revoked_below_stays_revoked() {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let (top, base) =
            (read(&format!("revoked = ['{}']", digest("1"))), read(&format!("revoked = ['{}']", digest("0"))));
        let both = over(top, base);
        assert_eq!(both.revoked, Some(vec![digest("0"), digest("1")]));
        assert!(check(&both).is_ok());
        assert!(check(&read("revoked = ['00']")).is_err());
    }

    #[test]
    fn times_are_dates_or_moments() {
        for text in ["2026-01-02", "2026-01-02T00:00:00Z", "'2026-01-02'", "'2026-01-02T01:00:00+01:00'"] {
            let time = read(&format!("not-before = {text}")).not_before.unwrap();
            assert_eq!(time.to_string(), "2026-01-02T00:00:00Z", "{text}");
        }
        assert!(parse("[signature]\nnot-before = 'soon'").is_err());
    }
}
