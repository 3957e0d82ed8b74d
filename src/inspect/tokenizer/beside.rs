//! Merges and the vocabulary in two files beside each other.
//!
//! Source: the converters of transformers, which give `vocab.json` and `merges.txt` to the tokenizers library; that takes
//! no merge of a token that is not in the vocabulary, nor one that makes such a token. Vocabularies of other programs
//! under these names spell tokens otherwise than their merges do, and leave most of them out; those are not reported.

use std::collections::BTreeMap;

use super::TOKENIZER_MALFORMED;
use crate::inspect::json::Tree;
use crate::model::{Artifact, ArtifactPath, Evidence, Tokens};

/// One of so many merges may lack tokens before they count as those of another program.
const SHARE: usize = 4;

/// FNV-1a of the parts as one text.
fn digest(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The tokens of `vocab.json`, to be held against merges; `None` for one that is no map from token to number.
pub fn vocabulary(tree: &Tree) -> Option<Box<Tokens>> {
    let members = tree.members();
    if members.is_empty() || !members.iter().all(|(_, id)| id.number().is_some()) {
        return None;
    }
    let mut known: Vec<u64> = members.iter().map(|(token, _)| digest(&[token])).collect();
    known.sort_unstable();
    Some(Box::new(Tokens { known, merges: Vec::new() }))
}

/// The merges of `merges.txt`; `None` if some have a count, as those of other programs do.
pub fn merges(text: &str) -> Option<Box<Tokens>> {
    let mut merges = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.is_empty() || line.contains("#version") {
            continue;
        }
        let (one, other) = line.split_once(' ').filter(|(_, other)| !other.contains(' '))?;
        merges.push((u32::try_from(n + 1).ok()?, [digest(&[one]), digest(&[other]), digest(&[one, other])]));
    }
    Some(Box::new(Tokens { known: Vec::new(), merges }))
}

/// Merges that lack tokens of the vocabulary beside them.
pub fn held(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let of = |artifact: &Artifact| {
        let merges = &artifact.contents.tokens.as_ref().filter(|tokens| !tokens.merges.is_empty())?.merges;
        let beside = by_path.get(&artifact.path.sibling("vocab.json"))?;
        let known = &beside.contents.tokens.as_ref().filter(|tokens| !tokens.known.is_empty())?.known;
        let lacks = |(_, parts): &&(u32, [u64; 3])| parts.iter().any(|token| known.binary_search(token).is_err());
        let mut lacking = merges.iter().filter(lacks);
        let (line, _) = lacking.next()?;
        let more = lacking.count();
        let message = format!("line {line} merges or makes a token that \"vocab.json\" beside it does not have");
        let evidence = Evidence::new(&TOKENIZER_MALFORMED, message).of(&artifact.path).with("more", more);
        ((more + 1) * SHARE <= merges.len()).then_some(evidence)
    };
    artifacts.iter().filter_map(of).collect()
}
