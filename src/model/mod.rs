//! The nouns every room shares: plain data, nothing that opens, prints or decides.
//!
//! What was *seen* is [`Evidence`]; what a policy *thinks* of it is a [`Finding`]; the two are joined into one
//! [`Verdict`] in a [`Report`]. All collections are ordered, so the same bytes give the same document.

pub mod address;
mod advisory;
mod artifact;
mod call;
pub mod core_metadata;
mod digest;
mod endpoint;
mod evidence;
mod finding;
pub mod json;
mod limits;
pub mod outcome;
mod package;
pub mod percent;
mod place;
mod report;
pub mod resemblance;
mod rule;
mod tensor;
pub mod tier;
mod verdict;

pub use advisory::{AdvisoryMatch, Epss};
pub use artifact::{Artifact, ArtifactPath, Code, Contents, Format, Shard, Tokens};
pub use call::{Call, Judgement};
pub use digest::{Algorithm, Digest, DigestError, Digests};
pub use endpoint::{Endpoint, Import};
pub use evidence::{Assurance, Evidence, Excerpt, Fact};
pub use finding::{Exception, Finding, NotAffected, Ruling};
pub use limits::Limits;
pub use package::{Ecosystem, Package, PackageSource, Purl};
pub use place::Place;
pub use report::{Check, Input, PolicyId, Report, Tool};
pub use rule::{Class, Rule, Severity};
pub use tensor::{Tensor, TensorSummary};
pub use verdict::Verdict;
