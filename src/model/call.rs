//! What loading a file would run.

use super::Place;

/// How a callable stands with the lists of known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judgement {
    /// On the list of what rebuilds plain data.
    Safe,
    /// On neither list.
    Unknown,
    /// On the list of what runs code, opens files or reaches the network.
    Dangerous,
}

/// One callable that loading a file would import, and perhaps call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where the call (or the import) stands.
    pub place: Place,
    /// `module.name` as the file spells it.
    pub callable: String,
    /// What it would be called with, as far as known; `None` when it is imported only.
    pub arguments: Option<String>,
    /// How it stands with the lists.
    pub judgement: Judgement,
}
