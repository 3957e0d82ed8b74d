//! Where identity tokens come from: a flag, the environment, the CI system, a browser.
//!
//! GitHub Actions: <https://docs.github.com/en/actions/reference/security/oidc>. GitLab:
//! <https://docs.gitlab.com/ci/secrets/id_token_authentication/>, with an `id_tokens` entry called
//! `SIGSTORE_ID_TOKEN`. Buildkite and CircleCI hand out tokens by their own programs.

use std::io::IsTerminal as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::args::Keyless;
use super::exit::Mistake;
use super::keyless::{good, nothing};
use super::network::{Client, Loopback};
use super::output;
use crate::model::percent;
use crate::trust::keyless::{IdentityToken, Services};

/// No answer of an identity provider is longer.
const ANSWER_BYTES: u64 = 1 << 20;
/// A person has so long to log in.
const PATIENCE: Duration = Duration::from_secs(300);

/// The token of whoever runs this.
pub fn token(args: &Keyless, services: &Services, client: &Client, quiet: bool) -> Result<IdentityToken, Mistake> {
    let text = match found(args, client)? {
        Some(text) => text,
        None if args.browser || std::io::stdin().is_terminal() => browser(args, services, client, quiet)?,
        None => {
            return Err(nothing(&"there is no identity token, and no terminal to ask at")
                .help("set SIGSTORE_ID_TOKEN, give --identity-token, or let a browser ask with --browser"));
        }
    };
    IdentityToken::read(&text).map_err(|clause| nothing(&clause))
}

/// The flag, the variable that GitLab and others set, then what a CI system offers.
fn found(args: &Keyless, client: &Client) -> Result<Option<String>, Mistake> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = args.identity_token.clone().or_else(|| set("SIGSTORE_ID_TOKEN")) {
        return Ok(Some(token));
    }
    let audience = &args.oidc_client;
    if args.browser {
        return Ok(None);
    }
    if set("GITHUB_ACTIONS").is_some() {
        let (Some(url), Some(bearer)) = (set("ACTIONS_ID_TOKEN_REQUEST_URL"), set("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
        else {
            return Err(nothing(&"this job of GitHub Actions may not ask for an identity token")
                .help("give it `permissions: id-token: write`"));
        };
        let joint = if url.contains('?') { '&' } else { '?' };
        return github(client, &format!("{url}{joint}{}", form(&[("audience", audience)])), &bearer).map(Some);
    }
    if set("BUILDKITE").is_some() {
        let arguments = ["oidc", "request-token", "--audience", audience];
        return program("buildkite-agent", &arguments).map(Some);
    }
    if set("CIRCLECI").is_some() {
        let claims = serde_json::json!({ "aud": audience }).to_string();
        return program("circleci", &["run", "oidc", "get", "--claims", &claims]).map(Some);
    }
    Ok(None)
}

fn github(client: &Client, url: &str, bearer: &str) -> Result<String, Mistake> {
    let bearer = format!("bearer {bearer}");
    let headers = [("Authorization", bearer.as_str()), ("Accept", "application/json")];
    let reply = client.get(url, &headers, ANSWER_BYTES).map_err(|error| nothing(&error))?;
    member(good(url, &reply)?, "value")
}

/// A program of the CI system prints the token.
fn program(name: &str, arguments: &[&str]) -> Result<String, Mistake> {
    let failed = |why: String| nothing(&format!("{name} gave no identity token: {why}"));
    let ran = Command::new(name).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let ran = ran.map_err(|error| failed(error.to_string()))?;
    if !ran.status.success() {
        return Err(failed(ran.status.to_string()));
    }
    String::from_utf8(ran.stdout).map_err(|_| failed("it prints no text".to_owned()))
}

/// OpenID Connect by authorization code with PKCE (RFC 7636), and a redirect to this machine.
fn browser(args: &Keyless, services: &Services, client: &Client, quiet: bool) -> Result<String, Mistake> {
    let base = services.issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let reply = client.get(&url, &[("Accept", "application/json")], ANSWER_BYTES).map_err(|error| nothing(&error))?;
    let body = good(&url, &reply)?;
    let (authorize, exchange) = (member(body, "authorization_endpoint")?, member(body, "token_endpoint")?);

    let loopback = Loopback::new().map_err(|error| nothing(&error))?;
    let back = loopback.address().map_err(|error| nothing(&error))?;
    let (state, verifier) = (random()?, random()?);
    let challenge = base64url(&Sha256::digest(verifier.as_bytes()));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &args.oidc_client),
        ("scope", "openid email"),
        ("redirect_uri", &back),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", &state),
    ]);
    let joint = if authorize.contains('?') { '&' } else { '?' };
    let page = format!("{authorize}{joint}{query}");
    // Said also when quiet: without it nothing can go on.
    output::remark(&format!("log in at\n{page}"));
    if !quiet {
        show(&page);
    }
    let came = loopback.wait(PATIENCE).map_err(|error| nothing(&error))?;
    let value = |name: &str| {
        let found = came.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(decoded).unwrap_or_default()
    };
    if value("state") != state {
        return Err(nothing(&"the browser came back from another log-in than the one that was asked for"));
    }
    let code = value("code");
    if code.is_empty() {
        return Err(nothing(&format!("the log-in failed: {} {}", value("error"), value("error_description"))));
    }
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &back),
        ("client_id", &args.oidc_client),
        ("code_verifier", &verifier),
    ]);
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
    let reply = client.post(&exchange, &headers, body.as_bytes(), ANSWER_BYTES).map_err(|error| nothing(&error))?;
    member(good(&exchange, &reply)?, "id_token")
}

/// Opens the page in whatever browser there is; the address was said, so it does not matter if there is none.
fn show(page: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opened =
        Command::new(opener).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    drop(opened);
}

fn member(body: &[u8], name: &str) -> Result<String, Mistake> {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let text = value.as_ref().and_then(|value| value.get(name)).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| nothing(&format!("the identity provider's answer has no {name:?}")))
}

fn random() -> Result<String, Mistake> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| nothing(&"the system gave no random bytes"))?;
    Ok(base64url(&bytes))
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| percent::encode(text, "");
    pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

fn decoded(text: &str) -> String {
    percent::decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_they_are_written() {
        assert_eq!(form(&[("a", "x y/ü"), ("b", "")]), "a=x%20y%2F%C3%BC&b=");
        assert_eq!(decoded("x%20y%2F%C3%BC+z%"), "x y/ü z%");
    }
}
