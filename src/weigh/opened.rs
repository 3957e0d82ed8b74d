//! One file of the pass: opened once, inspected, and closed when all its parts were pumped.

use std::any::Any;
use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Algorithm, Artifact, Class, Digests, Evidence, Place, Rule, Severity, Shard};

use super::ledger::{Ledger, PIECE};
use super::map::Bytes;
use super::observe::{Inspect, Inspection, Observer, Progress};
use super::part::Part;
use super::tree::{Stamp, Tree, UNREADABLE_FILE};
use super::view::{Budget, Unreadable, View};
use super::walk::Found;
use super::{Mapping, Plan};

/// The file was written, replaced or cut while it was read.
pub static CHANGED_UNDERFOOT: Rule = Rule {
    id: "changed-underfoot",
    summary: "the file changed while it was being read",
    severity: Severity::High,
    class: Class::Gap,
    page: include_str!("../rules/changed-underfoot.md"),
    frameworks: &["CWE-367"],
};

/// An inspector panicked: our fault, and yet something was not looked at.
pub static INSPECTOR_FAILED: Rule = Rule {
    id: "inspector-failed",
    summary: "an inspector failed on the file, so it was not looked at in full",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/inspector-failed.md"),
    frameworks: &["CWE-703"],
};

/// What all files of a pass share.
pub struct Pass<'p> {
    pub tree: &'p Tree,
    pub plan: &'p Plan,
    pub inspect: &'p dyn Inspect,
    pub progress: &'p dyn Progress,
}

/// What came of one file.
#[derive(Default)]
pub struct Landed {
    pub artifact: Option<Artifact>,
    pub evidence: Vec<Evidence>,
}

/// A file that is open. Its parts are pumped one by one or side by side; the last to land closes it.
pub struct Opened<'p> {
    pub found: &'p Found,
    pub bytes: Bytes,
    before: Stamp,
    state: Mutex<Gathered>,
}

/// What the parts of a file gave so far.
struct Gathered {
    parts: usize,
    /// Until it is closed.
    artifact: Option<Artifact>,
    evidence: Vec<Evidence>,
    observers: Vec<Box<dyn Observer>>,
    trouble: Option<Trouble>,
}

/// Why the bytes of a file cannot be vouched for.
pub enum Trouble {
    /// They changed.
    Changed(&'static str),
    /// The system could not read them.
    Unreadable(io::Error),
}

impl Trouble {
    fn evidence(self, found: &Found) -> Evidence {
        match self {
            Self::Changed(how) => Evidence::new(&CHANGED_UNDERFOOT, how),
            Self::Unreadable(error) => Evidence::new(&UNREADABLE_FILE, format!("it could not be read: {error}")),
        }
        .of(&found.path)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Changed("its length changed while it was read"),
            _ => Self::Unreadable(error),
        }
    }
}

/// Opens and inspects a file.
///
/// # Errors
/// What is known of a file that cannot be opened.
pub fn open<'p>(pass: &Pass<'p>, found: &'p Found) -> Result<(Arc<Opened<'p>>, Vec<Part>), Box<Evidence>> {
    pass.progress.open(&found.path);
    let refused = |trouble: Trouble| Box::new(trouble.evidence(found));
    let file = pass.tree.open(&found.location).map_err(|error| refused(Trouble::Unreadable(error)))?;
    let before = rustix::fs::fstat(&file).map_err(io::Error::from).and_then(|status| Stamp::of(&status));
    let before = before.map_err(|error| refused(Trouble::Unreadable(error)))?;
    let bytes = Bytes::open(file, before.len, is_mapped(pass.plan, found)).map_err(|error| refused(error.into()))?;
    let ledger = Ledger::default();
    let mut seen = look(pass, found, &bytes, &ledger, before.mode);
    let kept = keep(pass.plan, found, &bytes, &ledger, &mut seen.evidence);
    let artifact = Artifact {
        path: found.path.clone(),
        size: before.len,
        digests: Digests::default(),
        shards: Vec::new(),
        formats: seen.formats,
        contents: seen.contents,
        kept,
    };
    let mut recheck = ledger.close();
    let parts = if pass.plan.structure_only && !found.testifies {
        let read = recheck.again(|range| bytes.copy(range));
        read.map_err(|error| refused(error.into()))?;
        Part::split(BTreeSet::new(), 0, None, recheck, Vec::new())
    } else {
        let shards = sharding(pass.plan, found, before.len, &mut seen.evidence);
        Part::split(algorithms(pass.plan, found), before.len, shards, recheck, seen.observers)
    };
    let (evidence, observers) = (seen.evidence, Vec::new());
    let state = Gathered { parts: parts.len(), artifact: Some(artifact), evidence, observers, trouble: None };
    Ok((Arc::new(Opened { found, bytes, before, state: Mutex::new(state) }), parts))
}

/// The inspector's view of the file; what it found is lost if it panics, the file is not.
fn look(pass: &Pass<'_>, found: &Found, bytes: &Bytes, ledger: &Ledger, mode: u32) -> Inspection {
    let budget = Budget::new(pass.plan.limits.structure_bytes, bytes.len());
    let view = View::of_file(bytes, ledger, &budget, mode);
    let inspect = AssertUnwindSafe(|| pass.inspect.inspect(&found.path, &view, &pass.plan.limits));
    catch_unwind(inspect).unwrap_or_else(|panic| Inspection {
        evidence: vec![failed("the inspection of its structure", panic.as_ref()).of(&found.path)],
        ..Inspection::default()
    })
}

fn failed(what: &str, panic: &(dyn Any + Send)) -> Evidence {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let said = said.unwrap_or("no reason given");
    Evidence::new(&INSPECTOR_FAILED, format!("{what} failed: {said}")).with("reason", said)
}

fn keep(plan: &Plan, found: &Found, bytes: &Bytes, ledger: &Ledger, evidence: &mut Vec<Evidence>) -> Option<Vec<u8>> {
    if !(plan.keep)(&found.path) && !found.testifies {
        return None;
    }
    let limit = plan.limits.kept_bytes;
    if bytes.len() > limit {
        evidence.push(Unreadable::limit_evidence("kept-bytes", limit, Place::Whole).of(&found.path));
        return None;
    }
    let Ok(kept) = bytes.copy(0..bytes.len()) else {
        ledger.tear();
        return None;
    };
    let recorded = if bytes.is_held() { &[] } else { kept.as_slice() };
    for (piece, at) in recorded.chunks(PIECE as usize).zip((0..).step_by(PIECE as usize)) {
        ledger.record(at, piece);
    }
    Some(kept)
}

fn is_mapped(plan: &Plan, found: &Found) -> bool {
    match plan.mapping {
        Mapping::Never => false,
        Mapping::Once => {
            let digests = algorithms(plan, found).len() + usize::from(plan.shards.is_some());
            digests == 1 && !found.testifies && !(plan.keep)(&found.path)
        }
        Mapping::Always => true,
    }
}

/// What to compute over the whole file. Where only shards were asked for, claims of its source are not checked.
fn algorithms(plan: &Plan, found: &Found) -> BTreeSet<Algorithm> {
    if plan.algorithms.is_empty() && plan.shards.is_some() {
        BTreeSet::new()
    } else {
        &plan.algorithms | &found.algorithms
    }
}

/// The shards to digest, unless there would be too many.
fn sharding(plan: &Plan, found: &Found, len: u64, evidence: &mut Vec<Evidence>) -> Option<(u64, Algorithm)> {
    let (size, algorithm) = plan.shards.filter(|(size, _)| *size > 0)?;
    let limit = plan.limits.entries;
    if len.div_ceil(size) > limit {
        evidence.push(Unreadable::limit_evidence("shards", limit, Place::Whole).of(&found.path));
        return None;
    }
    Some((size, algorithm))
}

/// What one part of a file gave.
pub struct Harvest {
    pub digests: Digests,
    pub shards: Vec<Shard>,
    pub observers: Vec<Box<dyn Observer>>,
    pub evidence: Vec<Evidence>,
    pub trouble: Option<Trouble>,
}

/// Shows bytes to observers, and sends home the one that panics.
pub fn show(observers: &mut Vec<Box<dyn Observer>>, at: u64, bytes: &[u8], evidence: &mut Vec<Evidence>) {
    observers.retain_mut(|observer| {
        let seen = catch_unwind(AssertUnwindSafe(|| observer.observe(at, bytes)));
        seen.map_err(|panic| evidence.push(failed("an observer of its bytes", panic.as_ref()))).is_ok()
    });
}

impl Opened<'_> {
    /// Takes what a part gave; the last one gets the file.
    pub fn land(&self, pass: &Pass<'_>, harvest: Harvest) -> Option<Landed> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.parts -= 1;
        if let Some(artifact) = &mut state.artifact {
            harvest.digests.iter().for_each(|digest| artifact.digests.insert(digest.clone()));
            artifact.shards.extend(harvest.shards);
        }
        state.observers.extend(harvest.observers);
        state.evidence.extend(harvest.evidence.into_iter().map(|evidence| evidence.of(&self.found.path)));
        state.trouble = state.trouble.take().or(harvest.trouble);
        (state.parts == 0).then(|| self.close(pass, &mut state))
    }

    /// The file as a whole, if it is still the one that was opened. Structural evidence stays in any case; what rests
    /// on all bytes (digests, observers, the bytes kept) does not.
    fn close(&self, pass: &Pass<'_>, state: &mut Gathered) -> Landed {
        let now = pass.tree.status(&self.found.location).and_then(|status| Stamp::of(&status));
        let trouble = state.trouble.take().or_else(|| match now {
            Ok(now) => self.before.difference(&now).map(Trouble::Changed),
            Err(_) => Some(Trouble::Changed("it was removed or replaced while it was read")),
        });
        let Some(mut artifact) = state.artifact.take() else { return Landed::default() };
        let mut evidence = std::mem::take(&mut state.evidence);
        if let Some(trouble) = trouble {
            evidence.push(trouble.evidence(self.found));
            artifact.digests = Digests::default();
            artifact.shards.clear();
            artifact.kept = None;
            return Landed { artifact: Some(artifact), evidence };
        }
        artifact.shards.sort_by_key(|shard| shard.range.start);
        for observer in state.observers.drain(..) {
            let close = AssertUnwindSafe(|| observer.close(&self.found.path));
            let seen = catch_unwind(close)
                .unwrap_or_else(|panic| vec![failed("an observer of its bytes", panic.as_ref()).of(&self.found.path)]);
            evidence.extend(seen);
        }
        Landed { artifact: Some(artifact), evidence }
    }
}
