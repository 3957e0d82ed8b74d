//! The only module that touches the network.
//!
//! Asked by `db update` and by keyless signing, and by no other verb. TLS to every host but this machine itself, with
//! the certificates of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and the proxy of the environment
//! (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`). [`forbid`] ends all of it for the rest of the run.
//!
//! What is fetched is bounded in size and time. What is not checked: whether the bytes are what their publisher meant;
//! that is for whoever reads them.

mod get;
mod loopback;
mod part;

use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, ResponseExt as _};

use super::progress::Bar;
use crate::model::ArtifactPath;
use crate::weigh::Progress as _;
pub use loopback::Loopback;
use part::Part;

/// Once more after trouble that may pass, so often.
const ATTEMPTS: u32 = 4;
/// Before the second attempt; doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
/// To resolve a name and to connect.
const CONNECT: Duration = Duration::from_secs(30);
/// Silence that is waited for, before and inside an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// For one answer in all.
const WHOLE: Duration = Duration::from_secs(3_600);
/// Redirects that are followed.
const REDIRECTS: u32 = 5;

/// Set once, never taken back.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// From now on no [`Client`] can be made.
pub fn forbid() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Why nothing could be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `--offline`, or `WEIGHBRIDGE_OFFLINE` in the environment.
    #[error("the network was forbidden (--offline or WEIGHBRIDGE_OFFLINE)")]
    Forbidden,
    /// An address, or one it redirects to, that anybody on the way could answer.
    #[error("{0} is not HTTPS")]
    Insecure(String),
    /// The server has an answer, and not the one that was asked for.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// More bytes than were asked for.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// Bytes.
        limit: u64,
    },
    /// The connection, or what was said on it, failed.
    #[error("{url}: {why}")]
    Failed {
        /// What was asked for.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// What was fetched cannot be kept.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What a server calls one state of a file (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// Its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

impl Validators {
    fn of(response: &Response<Body>) -> Self {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { etag: header("etag"), modified: header("last-modified") }
    }

    /// The one that may join two parts of a file: weak ones say no more than that the meaning is the same.
    fn strong(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| !etag.starts_with("W/"))
    }
}

/// What became of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The server says that nothing has changed since.
    Unchanged,
    /// The whole file lies there.
    Whole(Validators),
}

/// The answer to a question that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status, whatever it is; redirects are not followed.
    pub status: u16,
    /// What the body is said to be.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Trouble, and whether asking again may help.
enum Trouble {
    Passing(Error),
    Lasting(Error),
}

/// A connection to the world.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    quiet: bool,
    pause: Duration,
}

impl Client {
    /// Reads the certificates of the system and the proxy of the environment.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn new(quiet: bool) -> Result<Self, Error> {
        if FORBIDDEN.load(Ordering::Relaxed) {
            return Err(Error::Forbidden);
        }
        Ok(Self::with(quiet, PAUSE))
    }

    fn with(quiet: bool, pause: Duration) -> Self {
        // A certificate that cannot be read is one that nothing is trusted by.
        let roots = rustls_native_certs::load_native_certs().certs;
        let roots = roots.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .timeout_global(Some(WHOLE))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("weighbridge/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), quiet, pause }
    }

    /// Fetches a file to `target`, replacing it as a whole; at most `limit` bytes.
    ///
    /// With the validators of an earlier download the server may answer that nothing has changed. What arrived of an
    /// interrupted download stays beside the target, and is completed by the next call if the server still has the
    /// same file. Trouble that may pass is tried again a few times.
    ///
    /// # Errors
    /// The file cannot be fetched or kept; the target is then what it was.
    pub fn download(&self, url: &str, target: &Path, known: &Validators, limit: u64) -> Result<Fetched, Error> {
        let local = permitted(url)?;
        let part = Part::beside(target);
        let mut pause = self.pause;
        for attempt in 1..=ATTEMPTS {
            match self.attempt(url, local, &part, known, limit) {
                Ok(None) => return Ok(Fetched::Unchanged),
                Ok(Some(validators)) => {
                    part.complete(target)?;
                    return Ok(Fetched::Whole(validators));
                }
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(error)) if attempt == ATTEMPTS => return Err(error),
                Err(Trouble::Passing(_)) => std::thread::sleep(pause),
            }
            pause = pause.saturating_mul(2);
        }
        Ok(Fetched::Unchanged)
    }

    fn attempt(
        &self,
        url: &str,
        local: bool,
        part: &Part,
        known: &Validators,
        limit: u64,
    ) -> Result<Option<Validators>, Trouble> {
        let kept = part.kept(url);
        let request = self.agent.get(url).config().https_only(!local).build().header("Accept-Encoding", "identity");
        let request = match (&kept, &known.etag, &known.modified) {
            (Some((length, etag)), ..) => request.header("Range", format!("bytes={length}-")).header("If-Range", etag),
            (None, Some(etag), _) => request.header("If-None-Match", etag),
            (None, None, Some(modified)) => request.header("If-Modified-Since", modified),
            (None, None, None) => request,
        };
        let failed = |error: ureq::Error| of(url, error);
        let mut response = request.call().map_err(failed)?;
        permitted(&response.get_uri().to_string()).map_err(Trouble::Lasting)?;
        let status = response.status().as_u16();
        let from = match (status, &kept) {
            (304, None) => return Ok(None),
            (200, _) => 0,
            (206, Some((length, _))) if begins(&response) == Some(*length) => *length,
            (206 | 416, Some(_)) => {
                part.discard();
                return Err(Trouble::Passing(Error::Status { url: url.to_owned(), status }));
            }
            (429 | 500 | 502..=504, _) => return Err(Trouble::Passing(Error::Status { url: url.to_owned(), status })),
            _ => return Err(Trouble::Lasting(Error::Status { url: url.to_owned(), status })),
        };
        let validators = Validators::of(&response);
        let file = part.open(url, from, validators.strong()).map_err(Trouble::Lasting)?;
        self.body(url, &mut response, from, limit, file, part)?;
        Ok(Some(validators))
    }

    fn body(
        &self,
        url: &str,
        response: &mut Response<Body>,
        from: u64,
        limit: u64,
        mut file: std::fs::File,
        part: &Part,
    ) -> Result<(), Trouble> {
        let too_large = || Trouble::Lasting(Error::TooLarge { url: url.to_owned(), limit });
        let total = response.body().content_length().map(|length| length.saturating_add(from));
        if total.is_some_and(|total| total > limit) {
            return Err(too_large());
        }
        let bar = Bar::new(self.quiet);
        bar.begin(1, total.unwrap_or(limit));
        bar.open(&ArtifactPath::new(url));
        bar.advance(from);
        let (mut at, mut buffer) = (from, vec![0u8; 64 << 10]);
        let mut body = response.body_mut().as_reader();
        loop {
            let failed = |error: io::Error| failed(url, &error);
            let read = body.read(&mut buffer).map_err(|error| Trouble::Passing(failed(error)))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            at = at.saturating_add(read as u64);
            if at > limit {
                part.discard();
                return Err(too_large());
            }
            file.write_all(bytes).map_err(|source| Trouble::Lasting(part.unwritable(source)))?;
            bar.advance(read as u64);
        }
        if total.is_some_and(|total| total != at) {
            return Err(Trouble::Passing(failed(url, &io::Error::from(io::ErrorKind::UnexpectedEof))));
        }
        file.sync_all().map_err(|source| Trouble::Lasting(part.unwritable(source)))
    }

    /// Sends a body once and returns the answer, whatever its status; at most `limit` bytes of it.
    ///
    /// # Errors
    /// Nothing was answered, or too much.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8], limit: u64) -> Result<Reply, Error> {
        let local = permitted(url)?;
        let mut request = self.agent.post(url).config().https_only(!local).max_redirects(0).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send(body).map_err(|error| match of(url, error) {
            Trouble::Passing(error) | Trouble::Lasting(error) => error,
        })?;
        reply(url, response, limit)
    }

    /// The same for a JSON document.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn post_json(&self, url: &str, document: &serde_json::Value, limit: u64) -> Result<Reply, Error> {
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json")];
        self.post(url, &headers, document.to_string().as_bytes(), limit)
    }
}

/// Reads an answer of whatever status.
fn reply(url: &str, mut response: Response<Body>, limit: u64) -> Result<Reply, Error> {
    let content_type = response.body().mime_type().unwrap_or_default().to_owned();
    let mut body = Vec::new();
    let mut reader = response.body_mut().as_reader().take(limit.saturating_add(1));
    reader.read_to_end(&mut body).map_err(|error| failed(url, &error))?;
    if body.len() as u64 > limit {
        return Err(Error::TooLarge { url: url.to_owned(), limit });
    }
    Ok(Reply { status: response.status().as_u16(), content_type, body })
}

/// HTTPS anywhere, HTTP on this machine alone; says whether it is the latter.
fn permitted(url: &str) -> Result<bool, Error> {
    let refused = || Error::Insecure(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| refused())?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(false),
        Some("http") if local => Ok(true),
        _ => Err(refused()),
    }
}

/// The first byte of a partial answer (`Content-Range: bytes 10-19/20`).
fn begins(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn failed(url: &str, why: &dyn std::fmt::Display) -> Error {
    Error::Failed { url: url.to_owned(), why: why.to_string() }
}

fn of(url: &str, error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::RequireHttpsOnly(other) => Trouble::Lasting(Error::Insecure(other)),
        ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::HostNotFound
        | ureq::Error::Protocol(_) => Trouble::Passing(failed(url, &error)),
        other => Trouble::Lasting(failed(url, &other)),
    }
}

#[cfg(test)]
mod tests;
