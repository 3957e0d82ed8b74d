//! The verb about bills of materials.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::{Advising, Reading, examples};

/// Write a bill of materials; check or merge bills of anybody.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = examples::SBOM)]
pub struct Sbom {
    /// Work on bills instead of writing one
    #[command(subcommand)]
    pub verb: Option<SbomVerb>,
    /// A model folder or file, or a source tree
    #[arg(required = true, value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Kind of document; CycloneDX is written as XML when the output's name ends in .xml
    #[arg(long, value_enum, default_value_t = BillFormat::CycloneDx16)]
    pub format: BillFormat,
    /// Write to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The moment to write into the document, RFC 3339; SOURCE_DATE_EPOCH or none by default
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Who answers for the document: a person or an organisation
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Who supplies the model
    #[arg(long, value_name = "NAME")]
    pub supplier: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub advising: Advising,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// What can be done with bills that are there.
#[derive(Clone, Debug, Subcommand)]
pub enum SbomVerb {
    /// Say what a bill lacks, and where it could come from
    Check(SbomCheck),
    /// Make one bill of several
    Merge(SbomMerge),
}

/// Say what a bill lacks, and where it could come from.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit codes: 0 sound and complete, 1 unsound or incomplete, 3 it could not be read as a bill, or is \
                  of a version that is not read here."
)]
pub struct SbomCheck {
    /// A bill: CycloneDX (JSON, XML), SPDX 2.3 (JSON) or SPDX 3 (JSON-LD)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Standards that must be met (repeatable, or a list); the others are shown. `none` asks for soundness alone
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "cisa-2026")]
    pub require: Vec<String>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = CheckFormat::Terminal)]
    pub format: CheckFormat,
    /// Write to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Formats of an answer about a bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    #[default]
    Terminal,
    /// `weighbridge/sbom-check/v1`.
    Json,
}

/// Make one bill of several.
#[derive(Clone, Debug, Args)]
#[command(after_help = examples::MERGE)]
pub struct SbomMerge {
    /// Bills: CycloneDX (JSON, XML), SPDX 2.3 (JSON) or SPDX 3 (JSON-LD)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the whole is called
    #[arg(long, value_name = "NAME", default_value = "merged")]
    pub name: String,
    /// Its version
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Kind of document; XML when the output's name ends in .xml
    #[arg(long, value_parser = merged(), default_value = "cyclonedx-1.7")]
    pub format: BillFormat,
    /// Write to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The moment to write into the document, RFC 3339; SOURCE_DATE_EPOCH or none by default
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Who answers for the document: a person or an organisation
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
}

/// Kinds of bills of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BillFormat {
    /// CycloneDX 1.6 JSON.
    #[value(name = "cyclonedx-1.6", alias = "cyclonedx-1.6-json")]
    CycloneDx16,
    /// CycloneDX 1.7 JSON.
    #[value(name = "cyclonedx-1.7", alias = "cyclonedx-1.7-json")]
    CycloneDx17,
    /// CycloneDX 1.6 XML.
    #[value(name = "cyclonedx-1.6-xml")]
    CycloneDx16Xml,
    /// CycloneDX 1.7 XML.
    #[value(name = "cyclonedx-1.7-xml")]
    CycloneDx17Xml,
    /// SPDX 2.3 JSON.
    #[value(name = "spdx-2.3")]
    Spdx23,
    /// SPDX 3.0.1 JSON-LD.
    #[value(name = "spdx-3.0.1")]
    Spdx301,
}

/// The kinds of documents that several bills are made into.
fn merged() -> impl TypedValueParser<Value = BillFormat> {
    let kinds = ["cyclonedx-1.6", "cyclonedx-1.6-xml", "cyclonedx-1.7", "cyclonedx-1.7-xml"];
    PossibleValuesParser::new(kinds).try_map(|kind| BillFormat::from_str(&kind, false))
}
