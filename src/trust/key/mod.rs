//! Keys: Ed25519, and ECDSA on P-256, P-384 and P-521.
//!
//! Public keys are SubjectPublicKeyInfo (RFC 5280 4.1.2.7); private keys are PKCS#8 (RFC 5958), encrypted by PBES2
//! (RFC 8018) unless the caller asks otherwise. ECDSA signatures are DER with the hash that belongs to the curve:
//! SHA-256, SHA-384, SHA-512.

mod kind;
mod outside;
mod pem;
mod private;
mod public;

pub use kind::{KeyError, KeyKind};
pub use outside::outside;
pub use private::{PrivateKey, check_scrypt};
pub use public::{KeyId, PublicKey};

#[cfg(test)]
mod tests;
