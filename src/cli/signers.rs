//! Whom to trust: what the policy says, and the flags on top. A flag can add a signer and ask for more, never for less.

use std::path::Path;

use super::args::Trusting;
use super::assess::Request;
use super::exit::Mistake;
use super::{key, output};
use crate::model::Digest;
use crate::policy::SignerIdentity;
use crate::trust::{Certificate, Identity, TrustSettings, TrustedRoot};
use crate::weigh::read_small;

/// No certificate chain or trusted root is longer.
const CHAIN_BYTES: u64 = 64 << 20;

/// Everything that is trusted for one question.
pub fn settings(request: &Request<'_>) -> Result<TrustSettings, Mistake> {
    let Trusting { key: keys, threshold, certificate_chain, identity, identity_regexp, issuer, trusted_root, .. } =
        request.trusting;
    let (policy, folder) = (&request.loaded.policy, &request.loaded.folder);
    // Whoever names a signer wants a signature by it, and a flag can ask for more than the policy, not for less.
    let named = !keys.is_empty() || !certificate_chain.is_empty() || identity.is_some() || identity_regexp.is_some();
    let least = policy.threshold.max(u32::from(named));
    let wanted = &policy.signature;
    let mut settings = TrustSettings {
        threshold: threshold.map_or(least, |flag| flag.max(least)) as usize,
        ignore: request.reading.ignore.clone(),
        ignore_unsigned: request.trusting.ignore_unsigned,
        expected_name: wanted.name.clone(),
        not_before: wanted.not_before,
        limits: policy.limits.clone(),
        ..TrustSettings::default()
    };
    for path in policy.keys.iter().map(|key| folder.join(key)).chain(keys.iter().cloned()) {
        settings.keys.push(key::public(&path)?);
    }
    let chains = wanted.certificate_chains.iter().flatten().map(|path| folder.join(path));
    for path in chains.chain(certificate_chain.iter().cloned()) {
        settings.certificates.extend(certificates(&path)?);
    }
    for digest in wanted.revoked.iter().flatten() {
        settings.revoked.insert(digest.parse::<Digest>().map_err(Mistake::new)?);
    }
    for signer in wanted.identities.iter().flatten() {
        settings.identities.push(identity_of(signer)?);
    }
    settings.identities.extend(of_flags(identity.as_deref(), identity_regexp.as_deref(), issuer.as_deref())?);
    let of_policy = |path: &String| match TrustedRoot::EMBEDDED.contains(&path.as_str()) {
        true => path.into(),
        false => folder.join(path),
    };
    let root = trusted_root.clone().or_else(|| wanted.trusted_root.as_ref().map(of_policy));
    settings.trusted_root = root.as_deref().map(self::trusted_root).transpose()?;
    Ok(settings)
}

/// Reads a PEM file with one or more certificates.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, Mistake> {
    Certificate::from_pem(&read_small(path, CHAIN_BYTES)?)
        .map_err(|error| Mistake::new(format!("cannot use {} as a certificate chain: {error}", output::shown(path))))
}

/// Reads a Sigstore `trusted_root.json`, or takes the one of an instance that is named.
pub fn trusted_root(path: &Path) -> Result<TrustedRoot, Mistake> {
    if let Some(name) = path.to_str().filter(|name| TrustedRoot::EMBEDDED.contains(name)) {
        return TrustedRoot::embedded(name).map_err(Mistake::new);
    }
    let text = read_small(path, CHAIN_BYTES)?;
    TrustedRoot::from_json(&String::from_utf8_lossy(&text)).map_err(|error| {
        Mistake::new(format!("cannot use {} as a Sigstore trusted root: {error}", output::shown(path)))
    })
}

fn identity_of(signer: &SignerIdentity) -> Result<Identity, Mistake> {
    let issuer = Some(signer.issuer.clone());
    match (&signer.identity, &signer.regexp) {
        (Some(name), _) => Ok(Identity::exact(name, issuer)),
        (None, pattern) => {
            let pattern = pattern.as_deref().unwrap_or_default();
            Identity::matching(pattern, issuer)
                .map_err(|error| Mistake::new(format!("the policy's signature.identities {pattern:?}: {error}")))
        }
    }
}

fn of_flags(identity: Option<&str>, pattern: Option<&str>, issuer: Option<&str>) -> Result<Option<Identity>, Mistake> {
    let issuer = issuer.map(str::to_owned);
    match (identity, pattern) {
        (Some(""), _) => Err(Mistake::new("--identity is empty")),
        (Some(name), _) => Ok(Some(Identity::exact(name, issuer))),
        (None, Some(pattern)) => Identity::matching(pattern, issuer)
            .map(Some)
            .map_err(|error| Mistake::new(format!("--identity-regexp {pattern:?}: {error}"))),
        (None, None) if issuer.is_some() => Err(Mistake::new("--issuer alone trusts nobody")
            .help("add --identity ID or --identity-regexp RE: whose name the issuer must have vouched for")),
        (None, None) => Ok(None),
    }
}
