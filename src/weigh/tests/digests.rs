//! Digests against the crates that define them, whatever the plan.

use std::collections::BTreeSet;
use std::path::Path;

use digest::Digest as _;

use crate::model::{Algorithm, Digest, Limits};

use super::super::observe::{Inspect, Inspection};
use super::super::view::View;
use super::super::{Mapping, Plan, Silent, weigh};
use super::{Meddler, Moment, folder, hash, noise};

const SIZES: [usize; 12] = [0, 1, 55, 56, 63, 64, 65, 1_000, 65_536, 65_537, 300_000, 1 << 20];

fn sized() -> tempfile::TempDir {
    let folder = folder(&[]);
    for size in SIZES {
        std::fs::write(folder.path().join(size.to_string()), noise(size)).unwrap();
    }
    folder
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Algorithm::Sha256, &sha2::Sha256::digest(bytes)).unwrap()
}

#[test]
fn every_algorithm_in_one_pass() {
    let folder = sized();
    let plan = Plan { algorithms: BTreeSet::from(Algorithm::ALL), ..Plan::default() };
    for artifact in hash(folder.path(), &plan).artifacts {
        let bytes = noise(artifact.size as usize);
        let blob = [format!("blob {}\0", bytes.len()).as_bytes(), &bytes].concat();
        let expected: [(Algorithm, Vec<u8>); 8] = [
            (Algorithm::Sha256, sha2::Sha256::digest(&bytes).to_vec()),
            (Algorithm::Sha384, sha2::Sha384::digest(&bytes).to_vec()),
            (Algorithm::Sha512, sha2::Sha512::digest(&bytes).to_vec()),
            (Algorithm::Blake2b512, blake2::Blake2b512::digest(&bytes).to_vec()),
            (Algorithm::Blake3, blake3::hash(&bytes).as_bytes().to_vec()),
            (Algorithm::Sha1, sha1::Sha1::digest(&bytes).to_vec()),
            (Algorithm::Md5, md5::Md5::digest(&bytes).to_vec()),
            (Algorithm::GitBlob, sha1::Sha1::digest(&blob).to_vec()),
        ];
        for (algorithm, digest) in expected {
            assert_eq!(artifact.digests.get(algorithm).unwrap().bytes(), digest, "{algorithm} of {}", artifact.path);
        }
    }
}

#[test]
fn threads_and_mapping_change_nothing() {
    let folder = sized();
    let first = hash(folder.path(), &Plan { threads: Some(1), ..Plan::default() });
    for artifact in &first.artifacts {
        assert_eq!(artifact.digests.get(Algorithm::Sha256), Some(&sha256(&noise(artifact.size as usize))));
    }
    for threads in [1, 2, 5, 40] {
        for mapping in [Mapping::Always, Mapping::Once, Mapping::Never] {
            let weighing = hash(folder.path(), &Plan { threads: Some(threads), mapping, ..Plan::default() });
            assert_eq!(weighing.artifacts, first.artifacts);
        }
    }
}

/// Between 6 and 11 streams a worker are shared unevenly and exchanged, where the processor has both kernels.
#[test]
fn streams_that_change_hands() {
    for (threads, files) in [(2, 13), (2, 16), (2, 22), (4, 37)] {
        let folder = folder(&[]);
        let sizes: Vec<usize> = (0..files).map(|file| 400_000 + file * 1_234).collect();
        for size in &sizes {
            std::fs::write(folder.path().join(size.to_string()), noise(*size)).unwrap();
        }
        std::fs::write(folder.path().join("giant"), noise(1_500_000)).unwrap();
        for mapping in [Mapping::Always, Mapping::Once, Mapping::Never] {
            let weighing = hash(folder.path(), &Plan { threads: Some(threads), mapping, ..Plan::default() });
            assert_eq!(weighing.artifacts.len(), files + 1);
            for artifact in weighing.artifacts {
                let expected = sha256(&noise(artifact.size as usize));
                assert_eq!(artifact.digests.get(Algorithm::Sha256), Some(&expected), "{} of {files}", artifact.path);
            }
        }
    }
}

/// Reads ranges that cross the boundaries of pieces and shards.
struct Rover;

impl Inspect for Rover {
    fn inspect(&self, _: &crate::model::ArtifactPath, view: &View<'_>, _: &Limits) -> Inspection {
        for at in [0, 10, 990, 60_000, 65_000, 199_000, 299_000] {
            let _ = view.read_up_to(at, 2_000);
        }
        let _ = view.read_all("all", u64::MAX);
        Inspection::default()
    }
}

fn check_shards(root: &Path, size: u64, algorithm: Algorithm, whole: bool, inspect: &dyn Inspect) {
    for (threads, mapping) in [(1, Mapping::Always), (3, Mapping::Always), (3, Mapping::Never)] {
        let algorithms = if whole { BTreeSet::from([Algorithm::Sha256]) } else { BTreeSet::new() };
        let shards = Some((size, algorithm));
        let plan = Plan { algorithms, shards, threads: Some(threads), mapping, ..Plan::default() };
        let weighing = weigh(root, &plan, inspect, &Silent).unwrap();
        assert!(weighing.evidence.iter().all(|evidence| evidence.rule.id == "seen"), "{:?}", weighing.evidence);
        for artifact in weighing.artifacts {
            let bytes = noise(artifact.size as usize);
            assert_eq!(artifact.digests.get(Algorithm::Sha256), whole.then(|| sha256(&bytes)).as_ref());
            assert_eq!(artifact.shards.len(), bytes.chunks(size as usize).len());
            for (shard, (at, bytes)) in artifact.shards.iter().zip((0..).zip(bytes.chunks(size as usize))) {
                assert_eq!(shard.range, at * size..at * size + bytes.len() as u64);
                let expected = match algorithm {
                    Algorithm::Blake3 => Digest::new(algorithm, blake3::hash(bytes).as_bytes()).unwrap(),
                    _ => sha256(bytes),
                };
                assert_eq!(shard.digest, expected, "shard {at} of {size} in {}", artifact.path);
            }
        }
    }
}

#[test]
fn shards_of_even_and_odd_sizes() {
    let folder = sized();
    for size in [64, 1_000, 65_536, 100_000, 128 << 10, 1 << 21] {
        for whole in [true, false] {
            check_shards(folder.path(), size, Algorithm::Sha256, whole, &Rover);
        }
    }
    check_shards(folder.path(), 100_000, Algorithm::Blake3, false, &Rover);
    check_shards(folder.path(), 100_000, Algorithm::Blake3, true, &super::Nothing);
}

#[test]
fn shards_of_a_file_that_is_observed_in_order() {
    let folder = sized();
    for size in [1_000, 65_536, 100_000] {
        let observed = Meddler::new("300000", Moment::AfterReading, || {});
        check_shards(folder.path(), size, Algorithm::Sha256, false, &observed);
    }
}

#[test]
fn many_parts_of_one_file() {
    let folder = folder(&[("model.bin", &noise(9 << 20))]);
    std::fs::write(folder.path().join("model.bin"), noise(9 << 20)).unwrap();
    check_shards(folder.path(), 1 << 20, Algorithm::Sha256, false, &Rover);
    check_shards(folder.path(), 999_999, Algorithm::Sha256, false, &Rover);
}
