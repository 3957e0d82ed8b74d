//! The pass as a whole, on real files.

mod changes;
mod digests;
mod sources;
mod trees;

use std::fs;
use std::path::Path;

use crate::model::{Artifact, ArtifactPath, Evidence, Limits, Place, Rule, Severity};

use super::observe::{Inspect, Inspection, Observer};
use super::view::View;
use super::{Nothing, Plan, Silent, Weighing, weigh};

/// A rule for evidence that tests raise.
static SEEN: Rule = Rule {
    id: "seen",
    summary: "a test saw it",
    severity: Severity::Info,
    class: crate::model::Class::Inventory,
    page: "",
    frameworks: &[],
};

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn hash(root: &Path, plan: &Plan) -> Weighing {
    weigh(root, plan, &Nothing, &Silent).unwrap()
}

fn ids(weighing: &Weighing) -> Vec<&'static str> {
    weighing.evidence.iter().map(|evidence| evidence.rule.id).collect()
}

fn artifact<'w>(weighing: &'w Weighing, path: &str) -> &'w Artifact {
    weighing.artifacts.iter().find(|artifact| artifact.path.as_str() == path).unwrap()
}

/// Bytes that differ everywhere, the same in each run.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

type Deed = Box<dyn Fn() + Send + Sync>;

/// An inspector that reads the first 16 bytes, says so, and does something to the tree at a set moment.
struct Meddler {
    /// The file whose inspection it waits for.
    path: &'static str,
    moment: Moment,
    deed: std::sync::Arc<Deed>,
}

#[derive(Clone, Copy, PartialEq)]
enum Moment {
    BeforeReading,
    AfterReading,
    FirstChunk,
    LaterChunk,
}

impl Meddler {
    fn new(path: &'static str, moment: Moment, deed: impl Fn() + Send + Sync + 'static) -> Self {
        Self { path, moment, deed: std::sync::Arc::new(Box::new(deed)) }
    }
}

struct Watcher {
    moment: Moment,
    deed: std::sync::Arc<Deed>,
    bytes: u64,
}

impl Inspect for Meddler {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, _: &Limits) -> Inspection {
        if path.as_str() != self.path {
            return Inspection::default();
        }
        if self.moment == Moment::BeforeReading {
            (self.deed)();
        }
        let _ = view.read_up_to(0, 16);
        if self.moment == Moment::AfterReading {
            (self.deed)();
        }
        Inspection {
            evidence: vec![Evidence::new(&SEEN, "its head").of(path)],
            observers: vec![Box::new(Watcher { moment: self.moment, deed: self.deed.clone(), bytes: 0 })],
            ..Inspection::default()
        }
    }
}

impl Observer for Watcher {
    fn observe(&mut self, at: u64, bytes: &[u8]) {
        assert_eq!(at, self.bytes, "chunks come in order");
        if self.moment == Moment::FirstChunk && at == 0 || self.moment == Moment::LaterChunk && at == 128 << 10 {
            (self.deed)();
        }
        self.bytes += bytes.len() as u64;
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        vec![Evidence::new(&SEEN, "all").of(path).at(Place::bytes(0, self.bytes))]
    }
}
