//! Whom to trust: what the policy says, and the flags on top. Where the policy names no signer,
//! flags do; a flag can ask for more than the policy, never for less or for somebody else.

use std::path::{Path, PathBuf};

use super::args::{Naming, Trusting};
use super::assess::Request;
use super::exit::Mistake;
use super::{key, output};
use crate::model::Digest;
use crate::policy::{Policy, SignerIdentity};
use crate::trust::key::PublicKey;
use crate::trust::{Certificate, Identity, TrustSettings, TrustedRoot};
use crate::weigh::read_small;

/// No certificate chain or trusted root is longer.
const CHAIN_BYTES: u64 = 64 << 20;
/// The root that counts where nobody names one.
const USUAL_ROOT: &str = "public-good";

/// Signers that a policy or the flags name, each read once.
#[derive(Default)]
pub struct Named {
    keys: Vec<PublicKey>,
    certificates: Vec<Certificate>,
    identities: Vec<Identity>,
    root: Option<TrustedRoot>,
}

impl Named {
    /// The keys of Sigstore itself that count.
    pub const fn root(&self) -> Option<&TrustedRoot> {
        self.root.as_ref()
    }

    const fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.certificates.is_empty() && self.identities.is_empty()
    }
}

/// Reads the files of signers that a policy names, and makes their content part of the policy's digest: whoever holds a
/// summary by that digest knows by whom the model had to be signed, whatever lies at those paths later.
pub fn of_policy(policy: &mut Policy, folder: &Path) -> Result<Named, Mistake> {
    let mut named = Named::default();
    for file in policy.keys.clone() {
        let key = key::public(&folder.join(&file))?;
        policy.bind(&format!("signature.keys {file}"), key.id().as_str().as_bytes());
        named.keys.push(key);
    }
    for file in policy.signature.certificate_chains.clone().unwrap_or_default() {
        let chain = certificates(&folder.join(&file))?;
        let content: Vec<u8> = chain.iter().flat_map(|certificate| certificate.der().iter().copied()).collect();
        policy.bind(&format!("signature.certificate-chains {file}"), &content);
        named.certificates.extend(chain);
    }
    for signer in policy.signature.identities.iter().flatten() {
        named.identities.push(identity_of(signer)?);
    }
    if let Some(name) = policy.signature.trusted_root.clone() {
        let instance = TrustedRoot::EMBEDDED.contains(&name.as_str());
        let root = trusted_root(&if instance { PathBuf::from(&name) } else { folder.join(&name) })?;
        policy.bind(&format!("signature.trusted-root {name}"), root.name().as_bytes());
        named.root = Some(root);
    }
    Ok(named)
}

/// Everything that is trusted for one question.
pub fn settings(request: &Request<'_>) -> Result<TrustSettings, Mistake> {
    let (policy, trusting) = (&request.loaded.policy, request.trusting);
    let (by_policy, by_flags) = (&request.loaded.signers, of_trusting(trusting)?);
    if trusting.ignore_unsigned && policy.require.contains("signature-valid") {
        return Err(Mistake::new(format!("--ignore-unsigned, but the policy {:?} asks for a signature", policy.name))
            .help("sign what is not covered, leave it out by name with --ignore PATH, or choose another policy"));
    }
    if !by_policy.is_empty() {
        within(&by_flags, by_policy, &policy.name)?;
    }
    // Whoever names a signer wants a signature by it, and a flag can ask for more than the policy, not for less.
    let least = policy.threshold.max(u32::from(!by_flags.is_empty()));
    let wanted = &policy.signature;
    let mut settings = TrustSettings {
        keys: by_policy.keys.clone(),
        certificates: by_policy.certificates.clone(),
        identities: by_policy.identities.clone(),
        trusted_root: by_flags.root.or_else(|| by_policy.root.clone()),
        threshold: trusting.threshold.map_or(least, |flag| flag.max(least)) as usize,
        ignore: request.reading.ignore.clone(),
        ignore_unsigned: trusting.ignore_unsigned,
        expected_name: wanted.name.clone(),
        not_before: wanted.not_before,
        limits: policy.limits.clone(),
        ..TrustSettings::default()
    };
    if by_policy.is_empty() {
        settings.keys = by_flags.keys;
        settings.certificates = by_flags.certificates;
        settings.identities = by_flags.identities;
    }
    for digest in wanted.revoked.iter().flatten() {
        settings.revoked.insert(digest.parse::<Digest>().map_err(Mistake::new)?);
    }
    Ok(settings)
}

/// What flags alone say, where no policy has a say.
pub fn by_flags(trusting: &Trusting) -> Result<TrustSettings, Mistake> {
    let named = of_trusting(trusting)?;
    Ok(TrustSettings {
        keys: named.keys,
        certificates: named.certificates,
        identities: named.identities,
        trusted_root: named.root,
        threshold: trusting.threshold.unwrap_or(1) as usize,
        ..TrustSettings::default()
    })
}

/// Whoever wrote the policy chose who may sign: a flag can name one of those, and nobody else.
fn within(flags: &Named, policy: &Named, name: &str) -> Result<(), Mistake> {
    let foreign = |flag: &str, what: String| {
        Mistake::new(format!("{flag} names {what}, but the policy {name:?} says who may sign, and does not name it"))
            .help("leave the flag out, or add the signer to the policy")
    };
    if let Some(key) = flags.keys.iter().find(|key| !policy.keys.iter().any(|known| known.id() == key.id())) {
        return Err(foreign("a flag", format!("the key {}", key.id())));
    }
    let known = |one: &&Certificate| !policy.certificates.iter().any(|known| known.der() == one.der());
    if let Some(certificate) = flags.certificates.iter().find(known) {
        return Err(foreign("--certificate-chain", format!("the certificate of {:?}", certificate.subject())));
    }
    let known: Vec<String> = policy.identities.iter().map(ToString::to_string).collect();
    if let Some(identity) = flags.identities.iter().map(ToString::to_string).find(|one| !known.contains(one)) {
        return Err(foreign("--identity", identity));
    }
    let chosen = policy.root.as_ref().map_or(USUAL_ROOT, TrustedRoot::name);
    match &flags.root {
        Some(root) if root.name() != chosen => Err(foreign("--trusted-root", root.name().to_owned())),
        _ => Ok(()),
    }
}

fn of_trusting(trusting: &Trusting) -> Result<Named, Mistake> {
    let Naming { certificate_chain, identity, identity_regexp, issuer, trusted_root: root } = &trusting.naming;
    let mut named = Named::default();
    for path in &trusting.key {
        named.keys.push(key::public(path)?);
    }
    for path in certificate_chain {
        named.certificates.extend(certificates(path)?);
    }
    named.identities.extend(of_flags(identity.as_deref(), identity_regexp.as_deref(), issuer.as_deref())?);
    named.root = root.as_deref().map(trusted_root).transpose()?;
    Ok(named)
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
    let text = String::from_utf8_lossy(&read_small(path, CHAIN_BYTES)?).into_owned();
    TrustedRoot::from_json(&text).map_err(|error| {
        Mistake::new(format!("cannot use {} as a Sigstore trusted root: {error}", output::shown(path)))
    })
}

/// A signer that a policy knows by name.
pub fn identity_of(signer: &SignerIdentity) -> Result<Identity, Mistake> {
    let issuer = Some(signer.issuer.clone());
    match (&signer.identity, &signer.regexp) {
        (Some(name), _) => Ok(Identity::exact(name, issuer)),
        (None, pattern) => {
            let pattern = pattern.as_deref().unwrap_or_default();
            Identity::matching(pattern, issuer)
                .map_err(|error| Mistake::new(format!("the policy's identities {pattern:?}: {error}")))
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
