//! The face: the only room that prints, exits, reads the clock or the environment.
//!
//! [`run`] reads the command line, hands values to the other rooms, and turns what comes back into words and an exit
//! code. Each verb has its own file; `assess` is the pipeline that most of them share.

mod advising;
mod args;
mod assess;
mod attest;
mod attesting;
mod db;
mod exit;
mod explain;
mod fix;
mod hash;
#[cfg(feature = "keyless")]
mod identity;
mod inspect;
mod interrupt;
mod judging;
mod key;
#[cfg(feature = "keyless")]
mod keyless;
mod known;
mod licensing;
mod metadata;
#[cfg(feature = "online")]
pub mod network;
mod output;
mod passphrase;
mod policy;
mod progress;
mod rego;
mod sbom;
mod sign;
mod signers;
mod stored;
mod terms;
mod trusting;
mod verify;
mod vexing;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Verb};
use exit::Mistake;

/// Runs one command line, the program's name first, and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // clap prints help to standard output and mistakes to standard error; a closed pipe is no news.
            let _ = error.print();
            return if help { ExitCode::SUCCESS } else { Mistake::code() };
        }
    };
    interrupt::install();
    output::quiet_panics();
    output::choose_colour(cli.color);
    #[cfg(feature = "online")]
    if cli.offline {
        network::forbid();
    }
    let quiet = cli.quiet;
    let ended = match cli.verb {
        Verb::Verify(args) => verify::verify(&args, quiet),
        Verb::Scan(args) => verify::scan(&args, quiet),
        Verb::Audit(args) => verify::audit(&args, quiet),
        Verb::Db(args) => db::run(&args.verb, quiet),
        Verb::Hash(args) => hash::run(&args, quiet),
        Verb::Inspect(args) => inspect::run(&args, quiet),
        Verb::Sbom(args) => sbom::run(&args, quiet),
        Verb::Sign(args) => sign::run(&args, quiet),
        Verb::Attest(args) => attest::run(&args, quiet),
        Verb::Key(args) => key::run(&args.verb, quiet),
        Verb::Policy(args) => policy::run(&args.verb),
        #[cfg(feature = "rego")]
        Verb::RegoEvaluate => rego::run(),
        Verb::Explain(args) => explain::run(args.rule.as_deref()),
    };
    ended.unwrap_or_else(|mistake| {
        output::mistake(&mistake);
        Mistake::code()
    })
}
