//! `weighbridge/hash/v1`: what `hash` found, as JSON that others script against.
//!
//! Within `v1` fields are added, never taken away or given another meaning. The published schema,
//! `hash-v1.schema.json`, is generated from these types.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Algorithm, Artifact, ArtifactPath, Class, Digest, Digests, Evidence, Shard, Tool, Verdict};

use super::encode;

/// The published schema, as it lies in the repository.
pub const SCHEMA: &str = include_str!("hash-v1.schema.json");

/// The name and version of this contract.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum HashSchemaV1 {
    /// The first one.
    #[serde(rename = "weighbridge/hash/v1")]
    V1,
}

/// Digests of files, or with `--check` how files compare with lists of digests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HashesV1 {
    /// Which contract this document follows.
    pub schema: HashSchemaV1,
    /// Who wrote it.
    pub tool: Tool,
    /// `pass`; `unknown` if something could not be hashed; `fail` if a digest is not the one that a list gives.
    pub verdict: Verdict,
    /// Files as they were named, and below folders by path.
    pub files: Vec<HashedV1>,
    /// Each line of the lists that were checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checked: Vec<CheckedV1>,
    /// What could not be hashed or read.
    pub gaps: Vec<GapV1>,
}

/// One file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HashedV1 {
    /// Its path: what the caller wrote, and what lies below it. Bytes that are no UTF-8 are written `\xNN`, and then
    /// backslashes are doubled.
    pub path: ArtifactPath,
    /// Length in bytes.
    pub size: u64,
    /// Digests of the whole file by algorithm, lower-case hexadecimal.
    pub digests: Digests,
    /// Digests of its ranges, where those were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardV1>,
}

/// A range of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShardV1 {
    /// Its first byte.
    pub start: u64,
    /// The byte after its last one.
    pub end: u64,
    /// Its digest, lower-case hexadecimal.
    pub digests: Digests,
}

/// One line of a list of digests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckedV1 {
    /// The list.
    pub list: String,
    /// Its line, from 1.
    pub line: u64,
    /// The file that it names.
    pub path: ArtifactPath,
    /// The hash function. `sha1`, `md5` and `git-blob` prove nothing against an attacker.
    pub algorithm: Algorithm,
    /// What the list says, lower-case hexadecimal.
    pub expected: String,
    /// What was found, unless the file could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// How they compare.
    pub result: Comparison,
}

/// How a file compares with a line of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// The same digest.
    Match,
    /// Another digest.
    Mismatch,
    /// The file could not be opened or read.
    Unreadable,
}

/// Something that could not be hashed or read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GapV1 {
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<ArtifactPath>,
    /// The rule that says so; absent for a line of a list that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// In words.
    pub message: String,
}

impl HashesV1 {
    /// Nothing so far, and no objection.
    #[must_use]
    pub fn new() -> Self {
        let (files, checked, gaps) = (Vec::new(), Vec::new(), Vec::new());
        Self { schema: HashSchemaV1::V1, tool: Tool::this(), verdict: Verdict::Pass, files, checked, gaps }
    }

    /// Adds a file under that path.
    pub fn file(&mut self, path: ArtifactPath, artifact: Artifact) {
        let shards = artifact.shards.into_iter().map(ShardV1::of).collect();
        self.files.push(HashedV1 { path, size: artifact.size, digests: artifact.digests, shards });
    }

    /// Adds what could not be hashed, by evidence of that kind; other evidence is for other verbs.
    pub fn gaps(&mut self, evidence: Vec<Evidence>) {
        for seen in evidence.into_iter().filter(|seen| seen.rule.class == Class::Gap) {
            self.verdict = self.verdict.join(Verdict::Unknown);
            let rule = Some(seen.rule.id.to_owned());
            self.gaps.push(GapV1 { path: seen.artifact, rule, message: seen.fact.message });
        }
    }

    /// The document.
    #[must_use]
    pub fn render(&self) -> String {
        encode::pretty(self)
    }
}

impl Default for HashesV1 {
    fn default() -> Self {
        Self::new()
    }
}

impl ShardV1 {
    fn of(shard: Shard) -> Self {
        Self { start: shard.range.start, end: shard.range.end, digests: std::iter::once(shard.digest).collect() }
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digests.iter().next()
    }

    /// Its name in a model signature: `FILE:START:END`.
    #[must_use]
    pub fn name(&self, file: &ArtifactPath) -> ArtifactPath {
        let range = format!(":{}:{}", self.start, self.end);
        ArtifactPath::from_bytes(&[file.as_bytes(), range.as_bytes()].concat())
    }
}

/// The JSON Schema (2020-12) of [`HashesV1`].
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(HashesV1);
    schema.insert("title".to_owned(), "weighbridge/hash/v1".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let current = encode::pretty(&schema());
        if std::env::var_os("UPDATE").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emit/hash-v1.schema.json");
            std::fs::write(file, &current).unwrap();
        } else {
            assert!(current == SCHEMA, "run this test with UPDATE=1 to publish the schema anew");
        }
    }
}
