//! The kinds of keys, and what can be wrong with one.

/// Which kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Edwards curve 25519, RFC 8032. The Python `model_signing` does not read it.
    Ed25519,
    /// NIST P-256 with SHA-256.
    P256,
    /// NIST P-384 with SHA-384.
    P384,
    /// NIST P-521 with SHA-512.
    P521,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::P521];

    /// The name used on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
        }
    }
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What is wrong with a key that the caller gave; each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `-----BEGIN …-----` line.
    #[error(
        "this is not a PEM key: no \"-----BEGIN\" line was found. Give a PEM file such as `weighbridge key generate` writes"
    )]
    NotPem,
    /// The armour is broken.
    #[error("the PEM text is damaged ({0}). Copy the file again, whole and unchanged")]
    BrokenPem(String),
    /// A public key stands where a private key is needed.
    #[error("this is a public key; signing needs the private key that belongs to it")]
    PublicInsteadOfPrivate,
    /// A private key stands where a public key is needed.
    #[error(
        "this is a private key; verification needs the public key. Make it with `weighbridge key public`, and keep the private key away from verifiers"
    )]
    PrivateInsteadOfPublic,
    /// A certificate stands where a key is needed.
    #[error("this is a certificate, not a key. Certificates are given as a certificate chain")]
    CertificateInsteadOfKey,
    /// RSA, DSA, X25519, another curve.
    #[error("{0} keys are not supported. Use an Ed25519 key or an ECDSA key on P-256, P-384 or P-521")]
    Unsupported(String),
    /// Another tool's armour, which may still be a key.
    #[error("{label:?} is not a key that is known here")]
    Foreign {
        /// Between `BEGIN` and the dashes.
        label: String,
        /// What the armour holds.
        content: Vec<u8>,
    },
    /// Encrypted, and no passphrase was given.
    #[error("the private key is encrypted, and no passphrase was given")]
    PassphraseMissing,
    /// Encrypted with another passphrase, or damaged: the format cannot tell the two apart.
    #[error("the private key could not be decrypted: the passphrase is wrong, or the file is damaged")]
    PassphraseWrong,
    /// The file asks for an unreasonable amount of work.
    #[error(
        "the private key asks for more key-derivation work than is allowed ({0}). Encrypt it again with usual parameters"
    )]
    TooCostly(String),
    /// Encryption that this program does not do.
    #[error(
        "the private key is encrypted in a way that is not supported ({0}). Convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    )]
    UnsupportedEncryption(String),
    /// It is a key of a supported kind, but its bytes are not.
    #[error("the key is malformed ({0})")]
    Malformed(String),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
}
