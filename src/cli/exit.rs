//! How the program ends. Exit codes are API.

use std::fmt;
use std::process::ExitCode;

use crate::model::Verdict;

/// The code of a verdict.
#[must_use]
pub fn code(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::from(1),
        Verdict::Unknown => ExitCode::from(3),
    }
}

/// The caller's mistake: what happened, and what to do about it. Exit code 2.
#[derive(Debug)]
pub struct Mistake {
    /// What happened.
    pub what: String,
    /// What to do, if there is something to say.
    pub help: Option<String>,
}

impl Mistake {
    /// What happened.
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), help: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// Its exit code.
    #[must_use]
    pub fn code() -> ExitCode {
        ExitCode::from(2)
    }
}

impl From<crate::weigh::Error> for Mistake {
    fn from(error: crate::weigh::Error) -> Self {
        Self::new(error)
    }
}
