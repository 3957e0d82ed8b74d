//! Flags of keyless signing.

use std::path::PathBuf;

use clap::Args;

/// In whose name to sign, and which services vouch for it.
#[derive(Clone, Debug, Default, Args)]
pub struct Keyless {
    /// Sign with a certificate for your name from an identity provider, without a key of your own
    #[arg(long, conflicts_with_all = ["key", "certificate"])]
    pub keyless: bool,
    /// The identity token; by default SIGSTORE_ID_TOKEN, the one of the CI system, or one by way of a browser
    #[arg(long, value_name = "TOKEN", requires = "keyless")]
    pub identity_token: Option<String>,
    /// Ask in a browser also where there is no terminal
    #[arg(long, requires = "keyless", conflicts_with = "identity_token")]
    pub browser: bool,
    /// A Sigstore signing_config.json that names the services; by default the public-good instance
    #[arg(long, value_name = "FILE", requires = "keyless")]
    pub signing_config: Option<PathBuf>,
    /// The certificate authority
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub fulcio_url: Option<String>,
    /// The transparency log
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub rekor_url: Option<String>,
    /// The interface of the log: 1 or 2
    #[arg(long, value_name = "N", requires = "rekor_url", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub rekor_version: Option<u8>,
    /// A timestamp authority (repeatable)
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub timestamp_url: Vec<String>,
    /// The identity provider that the browser is sent to
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub oidc_url: Option<String>,
    /// What identity providers call this program; also the audience of tokens
    #[arg(long, value_name = "ID", requires = "keyless", default_value = "sigstore")]
    pub oidc_client: String,
    /// A Sigstore trusted_root.json that the signature must hold under, or an instance: public-good, staging, github
    #[arg(long, value_name = "FILE|NAME", requires = "keyless")]
    pub trusted_root: Option<PathBuf>,
}
