//! The command line; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    weighbridge::cli::run(std::env::args_os())
}
