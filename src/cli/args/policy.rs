//! The verbs about policies.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;

/// Show, check, test and compare policies.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::POLICY)]
pub struct PolicyArgs {
    /// What to do with policies.
    #[command(subcommand)]
    pub verb: PolicyVerb,
}

/// What can be done with policies.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyVerb {
    /// Print a policy as it holds, every value decided
    Show {
        /// A built-in policy or a policy file
        #[arg(value_name = "NAME|FILE", default_value = "development")]
        policy: String,
        /// Print the text as written instead, with its comments
        #[arg(long)]
        source: bool,
    },
    /// Check policy files for mistakes, and for what they say in vain
    Check(PolicyCheck),
    /// Run cases: evidence or stored reports, and what must come of them
    Test(PolicyTest),
    /// Show what one policy decides otherwise than another, and what that changes in stored reports
    Diff(PolicyDiff),
}

/// Check policy files.
#[derive(Clone, Debug, Args)]
pub struct PolicyCheck {
    /// Built-in policies or policy files
    #[arg(required = true, value_name = "NAME|FILE")]
    pub policies: Vec<String>,
    /// A stored JSON report: exceptions that excuse nothing in any of them are named (repeatable)
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Exit with 1 if there is anything to say
    #[arg(long)]
    pub strict: bool,
    /// The day to hold exceptions against, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

/// Run cases.
#[derive(Clone, Debug, Args)]
pub struct PolicyTest {
    /// Files of cases
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The policy of cases that name none: a built-in policy or a policy file
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// The moment of cases that name none, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

/// Compare policies.
#[derive(Clone, Debug, Args)]
pub struct PolicyDiff {
    /// A built-in policy or a policy file
    #[arg(value_name = "BEFORE")]
    pub before: String,
    /// Another one
    #[arg(value_name = "AFTER")]
    pub after: String,
    /// Stored JSON reports, each judged under both
    #[arg(value_name = "REPORT")]
    pub reports: Vec<PathBuf>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = Shape::Terminal)]
    pub format: Shape,
    /// The moment to judge at, RFC 3339; now by default, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

/// Forms of an answer that is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// For people.
    Terminal,
    /// For machines.
    Json,
}
