//! `sign --keyless`: asks for a certificate, signs, has it logged, and believes nothing of it before it is verified.

use jiff::Timestamp;
use serde_json::Value;

use super::args::Keyless;
use super::exit::Mistake;
use super::network::{Client, Reply};
use super::{identity, output, signers};
use crate::emit::sanitize;
use crate::trust::key::{KeyKind, PrivateKey};
use crate::trust::keyless::{self, LogVersion, Services, fulcio, rekor, timestamp};
use crate::trust::signing::{Signable, SignedContent};
use crate::weigh::read_small;

/// No answer of these services is longer.
const ANSWER_BYTES: u64 = 1 << 20;

/// A bundle, and who is said to have signed.
pub struct Signed {
    /// JSON.
    pub bundle: String,
    /// Name and issuer.
    pub who: String,
}

/// Signs in the name of the caller.
pub fn sign(signable: &Signable, args: &Keyless, quiet: bool) -> Result<Signed, Mistake> {
    let now = Timestamp::now();
    let services = services(args, now)?;
    let root = args.trusted_root.as_deref().map(signers::trusted_root).transpose()?;
    let client = Client::new(quiet).map_err(|error| nothing(&error))?;
    let token = identity::token(args, &services, &client, quiet)?;
    if token.is_expired(now.as_second()) {
        return Err(nothing(&"the identity token has expired").help("fetch a new one; they live for minutes"));
    }
    let key = PrivateKey::generate(KeyKind::P256).map_err(|error| nothing(&error))?;
    let content = signable.sign(&key).map_err(|clause| nothing(&clause))?;

    let url = join(&services.fulcio, fulcio::PATH);
    let request = fulcio::request(&token, &key).map_err(|clause| nothing(&clause))?.to_string();
    let bearer = format!("Bearer {}", token.raw());
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json"), ("Authorization", &*bearer)];
    let reply = client.post(&url, &headers, request.as_bytes(), ANSWER_BYTES).map_err(|error| nothing(&error))?;
    let certificate = fulcio::answer(good(&url, &reply)?, &key).map_err(|clause| odd(&url, &clause))?;

    let stamps = services.timestamps.iter().map(|url| stamp(&client, url, &content)).collect::<Result<Vec<_>, _>>()?;
    let url = join(&services.rekor, rekor::path(services.version));
    let request = rekor::request(services.version, &content, &certificate).map_err(|clause| nothing(&clause))?;
    let reply = client.post_json(&url, &request, ANSWER_BYTES).map_err(|error| nothing(&error))?;
    let entry = rekor::answer(services.version, good(&url, &reply)?).map_err(|clause| odd(&url, &clause))?;

    let bundle = keyless::bundle(&certificate, &content, &entry, &stamps);
    let vouched = keyless::confirm(&bundle, signable, root.as_ref()).map_err(|clause| {
        nothing(&format!("the signature that was made does not hold: {clause}"))
            .help("is --trusted-root the one of the services that were asked?")
    })?;
    Ok(Signed { bundle, who: format!("the name {} (vouched for by {})", vouched.name, vouched.issuer) })
}

/// The public-good instance, a signing configuration, and URLs on top.
fn services(args: &Keyless, now: Timestamp) -> Result<Services, Mistake> {
    let mut services = match &args.signing_config {
        None => Services::default(),
        Some(path) => Services::from_config(&read_small(path, ANSWER_BYTES)?, now).map_err(|clause| {
            Mistake::new(format!("cannot use {} as a signing configuration: {clause}", output::shown(path)))
        })?,
    };
    args.fulcio_url.iter().for_each(|url| services.fulcio.clone_from(url));
    args.oidc_url.iter().for_each(|url| services.issuer.clone_from(url));
    if let Some(url) = &args.rekor_url {
        services.rekor.clone_from(url);
        services.version = if args.rekor_version == Some(2) { LogVersion::V2 } else { LogVersion::V1 };
    }
    if !args.timestamp_url.is_empty() {
        services.timestamps.clone_from(&args.timestamp_url);
    }
    if services.version == LogVersion::V2 && services.timestamps.is_empty() {
        return Err(
            Mistake::new("a log of version 2 vouches for no time").help("name an authority: --timestamp-url URL")
        );
    }
    Ok(services)
}

fn stamp(client: &Client, url: &str, content: &SignedContent) -> Result<Vec<u8>, Mistake> {
    let mut nonce = [0_u8; 8];
    getrandom::fill(&mut nonce).map_err(|_| nothing(&"the system gave no random bytes"))?;
    let request = timestamp::request(content, u64::from_be_bytes(nonce));
    let headers = [("Content-Type", timestamp::CONTENT_TYPE)];
    let reply = client.post(url, &headers, &request, ANSWER_BYTES).map_err(|error| nothing(&error))?;
    timestamp::answer(good(url, &reply)?).map_err(|clause| odd(url, &clause))
}

fn join(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

/// The body of a good answer; of another, what the service says itself.
pub fn good<'r>(url: &str, reply: &'r Reply) -> Result<&'r [u8], Mistake> {
    if (200..300).contains(&reply.status) {
        return Ok(&reply.body);
    }
    let said = serde_json::from_slice::<Value>(&reply.body).ok();
    let said = said.as_ref().and_then(|said| said.get("message").and_then(Value::as_str)).unwrap_or_default();
    let said: String = sanitize::line(said).chars().take(400).collect();
    Err(nothing(&format!("{url} answers {} {said}", reply.status)))
}

fn odd(url: &str, clause: &str) -> Mistake {
    nothing(&format!("the answer of {url} cannot be used: {clause}"))
}

/// The program ends without a signature.
pub fn nothing(why: &dyn std::fmt::Display) -> Mistake {
    Mistake::new(format!("nothing was signed: {why}"))
}
