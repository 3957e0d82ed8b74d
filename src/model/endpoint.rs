//! What a program or a configuration reaches out to.

/// An address that is written in a configuration or a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// `https`, `http`, `wss`, …, in lower case.
    pub scheme: String,
    /// Host in lower case, without user, port or a final dot. May hold what a template leaves open (`{region}`).
    pub host: String,
    /// True if the words before it on its line say that it is set as the address of a service (`base_url = …`).
    pub set: bool,
    /// Its line, from 1.
    pub line: u64,
}

/// A module that a program imports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The dotted name of a Python module, or the name of an npm package.
    pub module: String,
    /// Its line, from 1.
    pub line: u64,
}
