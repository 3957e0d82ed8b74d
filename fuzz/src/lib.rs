//! What every fuzz target holds: hostile bytes end soon, in bounded memory, without panic, and are judged the same
//! way twice. Time and memory are libFuzzer's flags (see README.md); the rest is asserted here.

use std::time::{Duration, Instant};

use jiff::Timestamp;
pub use libfuzzer_sys::Corpus;
use weighbridge::advisory::{Database, Terms, audit};
use weighbridge::inspect::{Inspectors, RULES, inspect_repository};
use weighbridge::model::{Algorithm, Artifact, ArtifactPath, Digest, Evidence, Limits, Place, Severity};
use weighbridge::weigh::{Inspect, Inspection, Observer, View};
use weighbridge::{catalog, deps, emit, policy, trust};

/// What one input may cost. The machine may be busy or asleep, so only the fastest of some runs counts.
const MOST: Duration = Duration::from_secs(1);

/// Runs a target and holds it to [`MOST`].
pub fn soon(run: impl Fn() -> Corpus) -> Corpus {
    let begin = Instant::now();
    let kept = run();
    if begin.elapsed() < MOST {
        return kept;
    }
    let again = || {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    let fastest = (0..4).map(|_| again()).min().unwrap_or_default();
    assert!(fastest < MOST, "it takes {fastest:?}");
    kept
}

/// Looks at bytes under a name, with the limits that every user has.
pub fn look(name: &str, bytes: &[u8]) -> Inspection {
    let limits = Limits::default();
    let path = ArtifactPath::new(name);
    View::with_bytes(bytes, limits.structure_bytes, |view| Inspectors.inspect(&path, view, &limits))
}

/// The inspectors, for bytes that are of one of these formats (any, when none is named). Others are not kept, so that
/// the corpus stays with the parser under test.
pub fn inspect(name: &str, formats: &[&str], bytes: &[u8]) -> Corpus {
    let seen = look(name, bytes);
    hold(&seen, bytes.len() as u64);
    if !seen.observers.is_empty() {
        let again = look(name, bytes);
        assert_eq!(seen.evidence, again.evidence, "looking twice is not the same");
        let (one, other) = (pump(seen.observers, bytes, bytes.len()), pump(again.observers, bytes, 7));
        assert_eq!(one, other, "it depends on how the bytes are cut");
    }
    let ours = formats.is_empty() || seen.formats.iter().any(|format| formats.contains(&format.name()));
    if ours { Corpus::Keep } else { Corpus::Reject }
}

/// The inspectors, under the name that the first byte asks for.
pub fn inspect_one_of(names: &[&str], bytes: &[u8]) -> Corpus {
    let Some((first, rest)) = bytes.split_first() else { return Corpus::Reject };
    inspect(names[usize::from(*first) % names.len()], &[], rest)
}

/// A payload in front of anything: a loader runs it before it reads the rest, so it must be seen whatever follows.
pub fn payload_first(bytes: &[u8]) -> Corpus {
    let payload = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R0";
    let seen = look("weights", &[payload, bytes].concat());
    let worst = seen.evidence.iter().map(Evidence::severity).max();
    assert!(worst >= Some(Severity::High), "the call in front was not seen");
    Corpus::Keep
}

/// What a person is shown of a file holds no character that a terminal would obey.
pub fn describe(bytes: &[u8]) -> Corpus {
    let seen = look("weights.bin", bytes);
    let file = Artifact { formats: seen.formats, contents: seen.contents, ..artifact("weights.bin", bytes) };
    let shown = emit::describe::render(&file, &seen.evidence, &emit::describe::Options::default());
    let obeyed = |character: char| character.is_control() && character != '\n';
    assert!(!shown.contains(obeyed), "a control character reaches the terminal");
    Corpus::Keep
}

/// A lockfile of that name.
pub fn lockfile(name: &str, bytes: &[u8]) -> Corpus {
    let path = ArtifactPath::new(name);
    let read = deps::read_all([(&path, Some(bytes))], &Limits::default());
    hold_lines(&read.evidence, bytes);
    Corpus::Keep
}

/// The list of packages that a program carries of itself.
pub fn embedded(bytes: &[u8]) -> Corpus {
    let path = ArtifactPath::new("program");
    let read = deps::read_embedded([(&path, bytes)], &Limits::default());
    hold_lines(&read.evidence, bytes);
    Corpus::Keep
}

/// An index of shards beside one shard.
pub fn repository(name: &str, bytes: &[u8]) -> Corpus {
    let seen = look(name, bytes);
    hold(&seen, bytes.len() as u64);
    let index = Artifact { formats: seen.formats, contents: seen.contents, ..artifact(name, bytes) };
    let read = index.contents.weight_map.is_some();
    let files = [index, artifact("model-00001-of-00002.safetensors", b"weights")];
    assert_eq!(inspect_repository(&files), inspect_repository(&files), "looking twice is not the same");
    if read { Corpus::Keep } else { Corpus::Reject }
}

/// A file of an advisory database, where it lies in one, and packages held against it.
pub fn advisory(name: &str, bytes: &[u8]) -> Corpus {
    let folder = std::path::Path::new("/dev/shm").join(format!("weighbridge-fuzz-{}", std::process::id()));
    let file = folder.join(name);
    let parent = file.parent().unwrap_or(&folder);
    let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&file, bytes));
    assert!(written.is_ok(), "{written:?}");
    // A folder of records, or a single file that is a database of its own.
    let Ok(database) = Database::open(if name.contains('/') { &folder } else { &file }) else { return Corpus::Keep };
    let _ = database.check();
    let lock = "version = 4\n[[package]]\nname = \"demo\"\nversion = \"1.2.3-rc.1\"\n\
                source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let requirements = "demo==1.2.3rc1\n";
    let (cargo, python) = (ArtifactPath::new("Cargo.lock"), ArtifactPath::new("requirements.txt"));
    let files = [(&cargo, Some(lock.as_bytes())), (&python, Some(requirements.as_bytes()))];
    let read = deps::read_all(files, &Limits::default());
    let _ = audit(&read.packages, &read.evidence, &database, &Terms { today: None, stale_after: None });
    Corpus::Keep
}

/// A signature file beside one weighed file.
pub fn signature(name: &str, bytes: &[u8]) -> Corpus {
    let files = [artifact("model.bin", b"weights")];
    let subject = trust::Subject { name: "model", artifacts: &files };
    let file = trust::SignatureFile { path: None, name: name.to_owned(), bytes };
    let _ = trust::requirements(&file);
    // A key that signed other bytes, and every identity of Sigstore: nothing that reaches here is about these weights.
    let keys = trust::public_key(include_bytes!("../../tests/trust/vectors/cosign.pub")).into_iter().collect();
    let identities = trust::Identity::matching(".*", None).into_iter().collect();
    let settings = trust::TrustSettings { keys, identities, ..trust::TrustSettings::default() };
    let evidence = trust::check(&[file], subject, &settings, Timestamp::UNIX_EPOCH);
    let good = evidence.iter().any(|seen| seen.rule.id == "signature-valid");
    assert!(!good, "a signature of other bytes is valid");
    let malformed = evidence.iter().any(|seen| seen.rule.id == "signature-malformed");
    if malformed { Corpus::Reject } else { Corpus::Keep }
}

/// Keys and certificates, as text or DER.
pub fn key(bytes: &[u8]) -> Corpus {
    let public = trust::public_key(bytes).is_ok();
    let private = trust::private_key(bytes, None).is_ok();
    let certificates = trust::Certificate::from_pem(bytes).is_ok() || trust::Certificate::from_der(bytes).is_ok();
    if public || private || certificates { Corpus::Keep } else { Corpus::Reject }
}

/// A list of digests.
pub fn checksums(bytes: &[u8]) -> Corpus {
    let files = [artifact("model.bin", b"weights")];
    let evidence = trust::checksums::check(&ArtifactPath::new("SHA256SUMS"), bytes, &files, &Limits::default());
    hold_lines(&evidence, bytes);
    Corpus::Keep
}

/// A policy: what is accepted means the same when it is written out and read again.
pub fn rules(bytes: &[u8]) -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
    match policy::resolve(text, &catalog::rules()) {
        Ok(policy) => {
            let _ = policy.id();
            Corpus::Keep
        }
        Err(error) => {
            assert!(!error.0.is_empty());
            Corpus::Keep
        }
    }
}

/// A stored report.
pub fn report(bytes: &[u8]) -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
    let rules = catalog::rules();
    let Ok(report) = emit::json::from_json(text, &|id| rules.get(id).copied()) else { return Corpus::Reject };
    let written = emit::json::render(&report);
    let again = emit::json::from_json(&written, &|id| rules.get(id).copied());
    assert!(again.is_ok_and(|again| emit::json::render(&again) == written), "it does not survive being written");
    Corpus::Keep
}

fn artifact(path: &str, bytes: &[u8]) -> Artifact {
    use sha2::Digest as _;
    let sha256 = Digest::new(Algorithm::Sha256, &sha2::Sha256::digest(bytes));
    Artifact {
        path: ArtifactPath::new(path),
        size: bytes.len() as u64,
        digests: sha256.into_iter().collect(),
        shards: Vec::new(),
        formats: Vec::new(),
        contents: Default::default(),
        kept: None,
    }
}

fn pump(observers: Vec<Box<dyn Observer>>, bytes: &[u8], step: usize) -> Vec<Evidence> {
    let path = ArtifactPath::new("weights");
    let mut all = Vec::new();
    for mut observer in observers {
        for (at, chunk) in bytes.chunks(step.max(1)).scan(0, |at, chunk| {
            let start = *at;
            *at += chunk.len() as u64;
            Some((start, chunk))
        }) {
            observer.observe(at, chunk);
        }
        all.extend(observer.close(&path));
    }
    all
}

/// Evidence is bounded in number and points inside the file.
fn hold(seen: &Inspection, len: u64) {
    let most = Limits::default().repeats as usize * RULES.len();
    assert!(seen.evidence.len() <= most, "{} pieces of evidence", seen.evidence.len());
    for evidence in &seen.evidence {
        if let Place::Bytes { start, end } = evidence.place {
            assert!(start <= end && end <= len, "{start}..{end} of {len}: {}", evidence.fact.message);
        }
    }
}

/// Evidence points at lines that are there.
fn hold_lines(evidence: &[Evidence], bytes: &[u8]) {
    // Some readers end a line at a carriage return alone, as the tools do for which the file was written.
    let lines = bytes.iter().filter(|byte| matches!(**byte, b'\n' | b'\r')).count() as u64 + 1;
    for seen in evidence {
        if let Place::Line { line, .. } = seen.place {
            assert!(line >= 1 && line <= lines, "line {line} of {lines}: {}", seen.fact.message);
        }
    }
}
