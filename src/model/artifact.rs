//! One file of what is weighed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Digest, Digests, Endpoint, Evidence, Import, Tensor, TensorSummary};

/// A POSIX path relative to the root of what is weighed; the file's name when the root itself is one file.
///
/// A name that is valid UTF-8 stands as it is, control characters included (emitters sanitise). A name that is not
/// is shown with `\xNN` for each undecodable byte and `\\` for a backslash; its raw bytes are kept beside that text. So
/// is a name that merely looks so (it spells out `\xff`): no two names share one text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath {
    text: String,
    raw: Option<Box<[u8]>>,
}

impl ArtifactPath {
    /// Takes the text of a relative path with `/` between components.
    pub fn new(path: impl Into<String>) -> Self {
        Self { text: path.into(), raw: None }
    }

    /// Takes the raw bytes of a relative path; the escape is described at the type.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes)
            && !looks_escaped(bytes)
        {
            return Self::new(text);
        }
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(&chunk.valid().replace('\\', "\\\\"));
            for byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        Self { text, raw: Some(bytes.into()) }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path as the file system has it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// The last component.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }

    /// The components, first to last. Model signatures are ordered by these, not by the text.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.text.split('/')
    }

    /// The folder part, empty at the root.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.text.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// `name` beside this path: same folder, other last component.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        match self.parent() {
            "" => Self::new(name),
            parent => Self::new(format!("{parent}/{name}")),
        }
    }
}

/// True if the name holds what stands for an undecodable byte: a backslash, `x`, and 80 to ff.
fn looks_escaped(name: &[u8]) -> bool {
    name.windows(4).any(|four| {
        matches!(four, [b'\\', b'x', b'8' | b'9' | b'a'..=b'f', low] if matches!(low, b'0'..=b'9' | b'a'..=b'f'))
    })
}

impl Serialize for ArtifactPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ArtifactPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for ArtifactPath {
    fn schema_name() -> Cow<'static, str> {
        "ArtifactPath".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = String::json_schema(generator);
        schema.insert(
            "description".into(),
            "POSIX path relative to the root; the file's name for a root that is one file.".into(),
        );
        schema
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What bytes are, by content: `safetensors`, `pickle`, `zip`. Each inspector names its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Format(Cow<'static, str>);

impl Format {
    /// A format by its lower-case name.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl From<String> for Format {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digest of one range of a file, as model signatures of the method `shards` list them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Bytes of the file, from inclusive to exclusive.
    pub range: Range<u64>,
    /// Digest of those bytes.
    pub digest: Digest,
}

/// What an inspector found to list in a file: inventory, not judgement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Tensors, in file order.
    pub tensors: Vec<Tensor>,
    /// Their figures, where the tensors themselves are not at hand: a stored report keeps no more.
    pub summary: Option<TensorSummary>,
    /// For a sharded-weights index: tensor name to the shard that is said to hold it.
    pub weight_map: Option<BTreeMap<String, String>>,
    /// Key and value pairs of the file's own header or configuration.
    pub metadata: BTreeMap<String, String>,
    /// Formats of members of a container, by name, each with the first member that is of it.
    pub members: BTreeMap<String, String>,
    /// What would be imported and called if the file were loaded, in order.
    pub calls: Vec<Call>,
    /// For source code that may be loaded with a model.
    pub code: Option<Box<Code>>,
    /// A list of packages that a program carries of itself, as JSON of cargo-auditable.
    pub lock: Option<Vec<u8>>,
    /// Addresses in a configuration or a program, in order, each host once.
    pub endpoints: Vec<Endpoint>,
    /// Modules that a program imports, in order, each once.
    pub imports: Vec<Import>,
    /// For a vocabulary or its merges: digests of the tokens, to hold the two against each other.
    pub tokens: Option<Box<Tokens>>,
}

/// Tokens of a vocabulary, and what merges take and make, each as a digest that means nothing beyond one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Those of the vocabulary, sorted.
    pub known: Vec<u64>,
    /// Lines of merges: the number of the line, the two tokens that it takes, and the one that it makes.
    pub merges: Vec<(u32, [u64; 3])>,
}

/// What only its neighbours can tell of a source file: whether it is loaded with a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code {
    /// Modules that it imports, with the dots before them; for a configuration the modules that it names.
    pub imports: Vec<String>,
    /// What is to be said of it if it is loaded.
    pub loaded: Vec<Evidence>,
    /// True for a source that is loaded with a model by what it is called or holds, whatever names it.
    pub entry: bool,
    /// What is to be said of it if another file calls one of these functions or classes.
    pub called: Vec<(BTreeSet<String>, Evidence)>,
    /// What it imports from other files or calls in them, by full name, if it answers requests.
    pub used: Vec<String>,
    /// What is to be said of it if a file that it loads, by that path from its folder, is there.
    pub beside: Vec<(String, Evidence)>,
}

/// One file: where, how long, its digests, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Relative path.
    pub path: ArtifactPath,
    /// Length in bytes.
    pub size: u64,
    /// Digests of the whole file.
    pub digests: Digests,
    /// Digests of its ranges, when shards were asked for.
    pub shards: Vec<Shard>,
    /// What it is by content; more than one means a polyglot, none that it was not recognised.
    pub formats: Vec<Format>,
    /// What inspectors listed.
    pub contents: Contents,
    /// The bytes themselves, for small files that another room reads (lockfiles, signatures, manifests).
    /// They are the bytes that were hashed.
    pub kept: Option<Vec<u8>>,
}

impl Artifact {
    /// Number of tensors and parameters by element type, if any.
    #[must_use]
    pub fn tensor_summary(&self) -> Option<TensorSummary> {
        if self.contents.tensors.is_empty() {
            return self.contents.summary.clone();
        }
        Some(TensorSummary::of(&self.contents.tensors))
    }

    /// True if it was recognised as that format (among others, perhaps).
    #[must_use]
    pub fn is(&self, format: &Format) -> bool {
        self.formats.contains(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undecodable_names_are_escaped_and_others_kept() {
        assert_eq!(ArtifactPath::from_bytes(b"a\\b\n/c").as_str(), "a\\b\n/c");
        assert_eq!(ArtifactPath::from_bytes(b"a\\\xffb").as_str(), "a\\\\\\xffb");
    }

    #[test]
    fn no_two_names_share_one_text() {
        let names: [&[u8]; 6] = [b"\xff", b"\\xff", b"\\\\xff", b"\\\xff", b"\\x41", b"\\\\x41"];
        let paths = names.map(ArtifactPath::from_bytes);
        let texts: std::collections::BTreeSet<&str> = paths.iter().map(ArtifactPath::as_str).collect();
        assert_eq!(texts.len(), names.len());
        assert!(paths.iter().zip(names).all(|(path, name)| path.as_bytes() == name));
    }

    #[test]
    fn siblings_share_the_folder() {
        assert_eq!(ArtifactPath::new("a/b/c").sibling("d").as_str(), "a/b/d");
        assert_eq!(ArtifactPath::new("c").sibling("d").as_str(), "d");
    }
}
