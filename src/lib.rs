#![doc = include_str!("../README.md")]
//!
//! # The house
//!
//! ```text
//!           bytes                                  facts                        opinion              words
//!    ┌───────────────┐      views      ┌─────────┐
//!    │     weigh     │◀────────────────│ inspect │──┐
//!    │ walk · map    │                 └─────────┘  │ Evidence
//!    │ lanes · pass  │                 ┌─────────┐  │            ┌────────┐  Report   ┌──────┐ terminal json sarif
//!    │ view · ledger │                 │  trust  │──┼───────────▶│ policy │──────────▶│ emit │ cyclonedx
//!    └───────────────┘───── bytes ────▶│  deps   │──┤            └────────┘           └──────┘ in-toto statements
//!                           via cli    │advisory │──┤                                    (trust signs what emit wrote)
//!                                      │ service │──┘
//!                                      └─────────┘
//!  ═════════ model (plain data): Artifact Package Digest Place Rule Evidence Finding Verdict Report ═════════
//!  cli above all; catalog lists every room's rules
//! ```
//!
//! `weigh` imports `model`; `inspect` imports `model` and `weigh`; `trust`, `deps`, `advisory`, `service`, `policy` and
//! `emit` import `model` and never each other; `cli` sees all. `tests/layers.rs` holds this.
//!
//! # The laws
//!
//! 1. Only [`weigh`] opens artifacts. Only [`cli`] prints, exits, reads the clock or the environment.
//! 2. [`model::Evidence`] is what was seen in these bytes; [`model::Finding`] is what a policy thinks of it;
//!    [`model::Verdict`] joins findings by the worse. `Unknown` never becomes `Pass`.
//! 3. Three troubles have three homes. Hostile bytes are evidence. What could not be looked at is evidence of a rule
//!    of class `gap`, and makes the verdict unknown. The caller's mistake is an error, exit code 2.
//! 4. The bytes that were inspected are the bytes that were hashed: each file is opened once and read once, what an
//!    inspector read is recorded and compared again when the pass hashes it, and the file's status must be the same
//!    before and after.
//! 5. Formats are chosen by content. A name is a claim to compare with.
//! 6. Limits are values ([`model::Limits`]); reaching one is an answer.
//! 7. The same bytes, policy and database give the same report, byte for byte, whatever the thread count.
//! 8. `unsafe` is in `weigh::map` and `weigh::lanes` only.
//! 9. Nothing of what is weighed is run.
//!
//! # Adding things
//!
//! A rule is a `static` [`model::Rule`] beside the code that raises it, a page `src/rules/<id>.md` and recipes in
//! `testdata/<id>/`; forgetting one fails a test. A format is a file in [`inspect`], a lockfile a file in [`deps`], a
//! kind of signature a file in [`trust`], a document a file in [`emit`].

pub mod advisory;
pub mod catalog;
pub mod cli;
pub mod deps;
pub mod emit;
pub mod inspect;
pub mod model;
pub mod policy;
pub mod service;
pub mod trust;
pub mod weigh;
