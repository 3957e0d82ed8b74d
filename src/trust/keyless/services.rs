//! Where to ask: the public-good instance, a `signing_config.json`
//! (<https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto>, version 0.2), or URLs.

use jiff::Timestamp;
use serde_json::Value;

use super::super::strict;

/// Which interface a log speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogVersion {
    /// Rekor 1: vouches for the time itself.
    V1,
    /// Rekor 2: a timestamp authority must.
    V2,
}

/// The services of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// The certificate authority.
    pub fulcio: String,
    /// The transparency log.
    pub rekor: String,
    /// Its interface.
    pub version: LogVersion,
    /// Timestamp authorities.
    pub timestamps: Vec<String>,
    /// The identity provider that a browser is sent to.
    pub issuer: String,
}

impl Default for Services {
    /// The public-good instance.
    fn default() -> Self {
        Self {
            fulcio: "https://fulcio.sigstore.dev".to_owned(),
            rekor: "https://rekor.sigstore.dev".to_owned(),
            version: LogVersion::V1,
            timestamps: Vec::new(),
            issuer: "https://oauth2.sigstore.dev/auth".to_owned(),
        }
    }
}

impl Services {
    /// Reads a signing configuration: of each kind the service with the highest interface that is spoken here and that
    /// is in use at that moment.
    ///
    /// # Errors
    /// A clause if a certificate authority or a log is missing.
    pub fn from_config(text: &[u8], now: Timestamp) -> Result<Self, String> {
        let value = strict::parse(text)?;
        let media = strict::text(&value, "mediaType")?;
        if media != "application/vnd.dev.sigstore.signingconfig.v0.2+json" {
            return Err(format!("its media type is {media:?}, not that of a signing configuration of version 0.2"));
        }
        let (fulcio, _) = best(&value, "caUrls", &[1], now)?.ok_or("it names no certificate authority in use")?;
        let (rekor, version) = best(&value, "rekorTlogUrls", &[1, 2], now)?.ok_or("it names no log in use")?;
        let version = if version == 2 { LogVersion::V2 } else { LogVersion::V1 };
        let timestamps = best(&value, "tsaUrls", &[1], now)?.map(|(url, _)| url);
        let issuer = best(&value, "oidcUrls", &[1], now)?.map_or_else(|| Self::default().issuer, |(url, _)| url);
        if version == LogVersion::V2 && timestamps.is_none() {
            return Err("its log vouches for no time, and it names no timestamp authority".to_owned());
        }
        Ok(Self { fulcio, rekor, version, timestamps: timestamps.into_iter().collect(), issuer })
    }
}

fn best(config: &Value, kind: &str, versions: &[u64], now: Timestamp) -> Result<Option<(String, u64)>, String> {
    if config.get(kind).is_none() {
        return Ok(None);
    }
    let mut found: Option<(u64, Timestamp, String)> = None;
    for service in strict::list(config, kind)? {
        let url = strict::text(service, "url")?;
        let version = service.get("majorApiVersion").and_then(Value::as_u64).unwrap_or_default();
        let time = |name: &str| {
            let text = service.get("validFor").and_then(|valid| valid.get(name)).and_then(Value::as_str);
            text.map(|text| text.parse::<Timestamp>().map_err(|_| format!("{text:?} is no time"))).transpose()
        };
        let (start, end) = (time("start")?.unwrap_or(Timestamp::MIN), time("end")?.unwrap_or(Timestamp::MAX));
        let usable = versions.contains(&version) && start <= now && now < end;
        let better = found.as_ref().is_none_or(|(best, since, _)| (version, start) > (*best, *since));
        if usable && better {
            found = Some((version, start, url.to_owned()));
        }
    }
    Ok(found.map(|(version, _, url)| (url, version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_in_use_is_taken() {
        let service = |url: &str, version: u8, valid: &str| {
            format!(r#"{{"url":"{url}","majorApiVersion":{version},"validFor":{{{valid}}},"operator":"x"}}"#)
        };
        let since = r#""start":"2025-01-01T00:00:00Z""#;
        let config = |logs: &[String], times: &[String]| {
            let ca = service("https://ca", 1, since);
            format!(
                r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{ca}],"rekorTlogUrls":[{}],"tsaUrls":[{}]}}"#,
                logs.join(","),
                times.join(",")
            )
        };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let read = |text: String| Services::from_config(text.as_bytes(), now);
        let one = service("https://one", 1, since);
        let later = service("https://later", 2, r#""start":"2026-02-01T00:00:00Z""#);
        let ended = service("https://ended", 2, r#""start":"2025-01-01T00:00:00Z","end":"2025-06-01T00:00:00Z""#);
        let unknown = service("https://unknown", 9, since);
        let found = read(config(&[later, ended, unknown, one.clone()], &[])).unwrap();
        assert_eq!((found.rekor.as_str(), found.version), ("https://one", LogVersion::V1));
        let two = service("https://two", 2, since);
        assert!(read(config(&[one.clone(), two.clone()], &[])).is_err());
        let found = read(config(&[one, two], &[service("https://tsa", 1, since)])).unwrap();
        assert_eq!((found.rekor.as_str(), found.version), ("https://two", LogVersion::V2));
        assert_eq!(found.timestamps, ["https://tsa"]);
        assert!(read(config(&[], &[])).is_err());
    }
}
