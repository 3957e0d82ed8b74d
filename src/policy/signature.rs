//! What a policy asks of signatures: put together from the policies it extends, and checked for sense.

use super::resolve::Error;
use super::wire::Signature;
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

/// Each identity has exactly one form of name, and names its issuer; each revoked digest names its algorithm.
pub fn check(signature: &Signature) -> Result<(), Error> {
    for signer in signature.identities.iter().flatten() {
        let given = [&signer.identity, &signer.regexp].into_iter().flatten().filter(|name| !name.is_empty()).count();
        if given != 1 || signer.identity.is_some() == signer.regexp.is_some() {
            return Err(Error(
                "`signature.identities` needs one of `identity` and `regexp` for each signer".to_owned(),
            ));
        }
        if signer.issuer.is_empty() {
            return Err(Error("`signature.identities` needs the `issuer` that vouches for each signer".to_owned()));
        }
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
