//! All hash functions of one file, fed together.

use std::collections::BTreeSet;

use digest::DynDigest;

use crate::model::{Algorithm, Digest, Digests};

enum Hasher {
    Boxed(Box<dyn DynDigest + Send>),
    Blake3(Box<blake3::Hasher>),
}

/// Hash functions that see the same chunks.
pub struct Hashers(Vec<(Algorithm, Hasher)>);

impl Hashers {
    /// One hasher for each algorithm; `len` is the file's length, which git blob digests begin with.
    pub fn new(algorithms: &BTreeSet<Algorithm>, len: u64) -> Self {
        Self(algorithms.iter().map(|algorithm| (*algorithm, hasher(*algorithm, len))).collect())
    }

    /// Feeds the next bytes to all.
    pub fn update(&mut self, bytes: &[u8]) {
        for (_, hasher) in &mut self.0 {
            match hasher {
                Hasher::Boxed(hasher) => hasher.update(bytes),
                Hasher::Blake3(hasher) => {
                    hasher.update(bytes);
                }
            }
        }
    }

    /// The digests.
    pub fn finish(self) -> Digests {
        self.0
            .into_iter()
            .filter_map(|(algorithm, hasher)| match hasher {
                Hasher::Boxed(hasher) => Digest::new(algorithm, &hasher.finalize()).ok(),
                Hasher::Blake3(hasher) => Digest::new(algorithm, hasher.finalize().as_bytes()).ok(),
            })
            .collect()
    }
}

fn hasher(algorithm: Algorithm, len: u64) -> Hasher {
    Hasher::Boxed(match algorithm {
        Algorithm::Sha256 => Box::new(sha2::Sha256::default()),
        Algorithm::Sha384 => Box::new(sha2::Sha384::default()),
        Algorithm::Sha512 => Box::new(sha2::Sha512::default()),
        Algorithm::Blake2b512 => Box::new(blake2::Blake2b512::default()),
        Algorithm::Sha1 => Box::new(sha1::Sha1::default()),
        Algorithm::Md5 => Box::new(md5::Md5::default()),
        Algorithm::GitBlob => {
            let mut hasher = sha1::Sha1::default();
            digest::Update::update(&mut hasher, format!("blob {len}\0").as_bytes());
            Box::new(hasher)
        }
        Algorithm::Blake3 => return Hasher::Blake3(Box::default()),
    })
}
