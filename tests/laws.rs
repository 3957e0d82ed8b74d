//! Laws worth more than any number of cases, held over every fixture of the repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

mod recipe;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use recipe::Recipe;
use weighbridge::inspect::Inspectors;
use weighbridge::model::{ArtifactPath, Class, Limits, Verdict};
use weighbridge::weigh::{Inspect, Inspection, Mapping, Plan, Silent, View, weigh};
use weighbridge::{catalog, policy};

/// Files of the fixtures with their bytes, each once, none larger than it takes to try every change of it.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut files = BTreeSet::new();
    for (_, path) in recipe::all() {
        let recipe = Recipe::read(&path);
        for file in
            recipe.files.iter().filter(|file| !["link", "pipe"].iter().any(|key| file.content.contains_key(*key)))
        {
            let bytes = recipe::content(&file.content, path.parent().unwrap()).unwrap();
            if bytes.len() <= 2048 {
                files.insert((file.path.clone(), bytes));
            }
        }
    }
    files.into_iter().collect()
}

fn look(name: &str, bytes: &[u8]) -> Inspection {
    let limits = Limits { structure_bytes: 16 << 20, opcodes: 100_000, pickle_values: 100_000, ..Limits::default() };
    let path = ArtifactPath::new(name);
    View::with_bytes(bytes, limits.structure_bytes, |view| Inspectors.inspect(&path, view, &limits))
}

#[test]
fn every_truncation_and_every_changed_byte_ends_without_panic() {
    for (name, bytes) in fixtures() {
        for end in 0..bytes.len() {
            look(&name, &bytes[..end]);
        }
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for value in [bytes[at] ^ 1, bytes[at] ^ 0x80, 0, 0xff] {
                changed[at] = value;
                look(&name, &changed);
            }
            changed[at] = bytes[at];
        }
    }
}

#[test]
fn looking_twice_gives_the_same_evidence() {
    for (name, bytes) in fixtures() {
        assert_eq!(look(&name, &bytes).evidence, look(&name, &bytes).evidence, "{name}");
    }
}

/// What is sound has an end. A prefix of it is of another format, or something is said about it.
#[test]
fn no_truncation_of_a_sound_file_is_sound() {
    // Formats that say where they end. (Any prefix of a text is a text, and a protobuf message may stop anywhere.)
    let ending = ["safetensors", "zip", "npz", "npy", "pytorch-zip", "torchscript", "keras"];
    for (name, bytes) in fixtures() {
        let whole = look(&name, &bytes);
        let sound = !whole.evidence.iter().any(|seen| matches!(seen.rule.class, Class::Defect | Class::Gap));
        if !sound || !whole.formats.iter().any(|format| ending.contains(&format.name())) {
            continue;
        }
        for end in 1..bytes.len() {
            let part = look(&name, &bytes[..end]);
            let said = part.evidence.iter().any(|seen| matches!(seen.rule.class, Class::Defect | Class::Gap));
            let same = part.formats == whole.formats;
            assert!(!same || said, "{name}: its first {end} bytes are {:?} and nothing is said", part.formats);
        }
    }
}

#[test]
fn evidence_and_digests_do_not_depend_on_threads_or_mapping() {
    let folder = tempfile::tempdir().unwrap();
    for (n, (name, bytes)) in fixtures().into_iter().enumerate() {
        let below = folder.path().join(n.to_string());
        let path = below.join(Path::new(&name).file_name().unwrap());
        fs::create_dir_all(&below).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let once = |threads, mapping| {
        let plan = Plan { threads: Some(threads), mapping, ..Plan::default() };
        let weighing = weigh(folder.path(), &plan, &Inspectors, &Silent).unwrap();
        let judged = policy::judge(
            &policy::resolve(policy::built_in("development").unwrap(), &catalog::rules()).unwrap(),
            &policy::Weighed { subject: "fixtures", root: None, artifacts: &weighing.artifacts },
            weighing.evidence,
            Timestamp::UNIX_EPOCH,
        );
        assert_ne!(judged.verdict, Verdict::Pass, "the fixtures hold malicious files");
        (weighing.artifacts, judged.findings)
    };
    let first = once(1, Mapping::Always);
    assert_eq!(first, once(8, Mapping::Always));
    assert_eq!(first, once(3, Mapping::Never));
}
