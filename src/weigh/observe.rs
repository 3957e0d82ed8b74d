//! What the pass hands to others: the contract with `inspect` and with a progress display.

use crate::model::{ArtifactPath, Contents, Evidence, Format, Limits};

use super::View;

/// Looks at one file's structure before its bytes are pumped. Implemented by the `inspect` room.
pub trait Inspect: Sync {
    /// Reads what it needs through the view. Nothing in the bytes may make it panic or loop.
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection;
}

/// What one look at a file's structure gave.
#[derive(Default)]
pub struct Inspection {
    /// What it is by content; more than one for a polyglot.
    pub formats: Vec<Format>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// What there is to list.
    pub contents: Contents,
    /// Who wants to see the payload as it passes.
    pub observers: Vec<Box<dyn Observer>>,
}

/// Sees every byte of one file as it is hashed.
///
/// Chunks come in file order, without gaps or overlap. Their boundaries mean nothing: evidence must not depend on
/// them.
pub trait Observer: Send {
    /// The bytes of the file from `at` on.
    fn observe(&mut self, at: u64, bytes: &[u8]);
    /// The end of the file was reached, and the bytes were the same throughout.
    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence>;
}

/// Is told how far the pass has come, from any thread.
pub trait Progress: Sync {
    /// Files and bytes that the pass will see.
    fn begin(&self, files: u64, bytes: u64);
    /// A file is opened.
    fn open(&self, path: &ArtifactPath);
    /// So many more bytes are done.
    fn advance(&self, bytes: u64);
}

/// Looks at nothing: hashing alone.
pub struct Nothing;

impl Inspect for Nothing {
    fn inspect(&self, _: &ArtifactPath, _: &View<'_>, _: &Limits) -> Inspection {
        Inspection::default()
    }
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64, _: u64) {}
    fn open(&self, _: &ArtifactPath) {}
    fn advance(&self, _: u64) {}
}
