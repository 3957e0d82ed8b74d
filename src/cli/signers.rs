//! Whom to trust: what the policy says, and the flags on top. Where the policy names no signer,
//! flags do; a flag can ask for more than the policy, never for less or for somebody else.

use std::path::{Path, PathBuf};

use super::args::Naming;
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
#[derive(Clone, Default)]
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
    let (by_policy, by_flags) = (&request.loaded.signers, named(&trusting.key, &trusting.naming)?);
    if trusting.ignore_unsigned && policy.require.contains("signature-valid") {
        return Err(Mistake::new(format!("--ignore-unsigned, but the policy {:?} asks for a signature", policy.name))
            .help("sign what is not covered, leave it out by name with --ignore PATH, or choose another policy"));
    }
    within(&by_flags, by_policy, policy)?;
    // Whoever names a signer wants a signature by it, and a flag can ask for more than the policy, not for less.
    let least = policy.threshold.max(u32::from(!by_flags.is_empty()));
    let trusted_root = by_flags.root.clone().or_else(|| by_policy.root.clone());
    let Named { keys, certificates, identities, .. } = if by_flags.is_empty() { by_policy.clone() } else { by_flags };
    let wanted = &policy.signature;
    let mut settings = TrustSettings {
        keys,
        certificates,
        identities,
        trusted_root,
        threshold: trusting.threshold.map_or(least, |flag| flag.max(least)) as usize,
        ignore: request.reading.ignore.clone(),
        ignore_unsigned: trusting.ignore_unsigned,
        expected_name: wanted.name.clone(),
        not_before: wanted.not_before,
        limits: policy.limits.clone(),
        ..TrustSettings::default()
    };
    for digest in wanted.revoked.iter().flatten() {
        settings.revoked.insert(digest.parse::<Digest>().map_err(Mistake::new)?);
    }
    Ok(settings)
}

/// What flags alone say, where no policy has a say.
pub fn by_flags(keys: &[PathBuf], naming: &Naming, threshold: u32) -> Result<TrustSettings, Mistake> {
    let Named { keys, certificates, identities, root: trusted_root } = named(keys, naming)?;
    let threshold = threshold as usize;
    Ok(TrustSettings { keys, certificates, identities, trusted_root, threshold, ..TrustSettings::default() })
}

/// Whoever wrote the policy chose who may sign, and under which root: a flag can name some of those, and nobody else.
fn within(flags: &Named, by_policy: &Named, policy: &Policy) -> Result<(), Mistake> {
    let foreign = |flag: &str, what: String| {
        let name = &policy.name;
        Mistake::new(format!("{flag} names {what}, but the policy {name:?} says who may sign, and does not name it"))
            .help("leave the flag out, or add the signer to the policy")
    };
    let usual = (!by_policy.is_empty()).then_some(USUAL_ROOT);
    let chosen = by_policy.root.as_ref().map(TrustedRoot::name).or(usual);
    if let (Some(root), Some(chosen)) = (&flags.root, chosen)
        && root.name() != chosen
    {
        return Err(foreign("--trusted-root", root.name().to_owned()));
    }
    if by_policy.is_empty() || flags.is_empty() {
        return Ok(());
    }
    if let Some(key) = flags.keys.iter().find(|key| !by_policy.keys.iter().any(|known| known.id() == key.id())) {
        return Err(foreign("a flag", format!("the key {}", key.id())));
    }
    let known = |one: &&Certificate| !by_policy.certificates.iter().any(|known| known.der() == one.der());
    if let Some(certificate) = flags.certificates.iter().find(known) {
        return Err(foreign("--certificate-chain", format!("the certificate of {:?}", certificate.subject())));
    }
    let known: Vec<String> = by_policy.identities.iter().map(ToString::to_string).collect();
    if let Some(identity) = flags.identities.iter().map(ToString::to_string).find(|one| !known.contains(one)) {
        return Err(foreign("--identity", identity));
    }
    let count = flags.keys.len().saturating_add(flags.identities.len());
    if flags.certificates.is_empty() && count < policy.threshold as usize {
        let (name, needed) = (&policy.name, policy.threshold);
        let mistake = Mistake::new(format!("flags name {count} signer(s), but the policy {name:?} asks for {needed}"));
        return Err(mistake.help("name as many of the policy's signers, or none: then all of them count"));
    }
    Ok(())
}

fn named(keys: &[PathBuf], naming: &Naming) -> Result<Named, Mistake> {
    let Naming { certificate_chain, identity, identity_regexp, issuer, trusted_root: root } = naming;
    let mut named = Named::default();
    for path in keys {
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
