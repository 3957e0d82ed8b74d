//! What the files of a repository say about each other, once each was looked at.
//!
//! Sources: the sharded checkpoint index of transformers (`weight_map`), and the folders that loaders look into.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::escapes;
use super::claim::SHARD_MISSING;
use super::shards::{INDEX_MATCH, INDEX_MISMATCH, INDEX_PATH_ESCAPE};
use super::xml::openvino;
use super::{coreml, gguf, outside, pytorch, tokenizer};
use crate::model::{Artifact, ArtifactPath, Evidence, Format, Place, Severity, Tensor};

/// Files of one index that are spoken of one by one.
const LISTED: u64 = 20;

/// Names in a list of a message.
const NAMED: usize = 3;

/// Facts that need more than one file. To be called when the pass over the tree is over; deterministic.
#[must_use]
pub fn inspect_repository(artifacts: &[Artifact]) -> Vec<Evidence> {
    let by_path: BTreeMap<&ArtifactPath, &Artifact> =
        artifacts.iter().map(|artifact| (&artifact.path, artifact)).collect();
    let mut evidence = outside::held(artifacts, &by_path);
    evidence.extend(super::code::loaded(artifacts, &by_path));
    evidence.extend(openvino::pairs(artifacts));
    evidence.extend(gguf::split::held(artifacts));
    evidence.extend(coreml::held(artifacts));
    evidence.extend(tokenizer::held(artifacts, &by_path));
    evidence.extend(pytorch::distributed::held(artifacts, &by_path));
    for index in artifacts {
        if let Some(map) = &index.contents.weight_map {
            sharded(index, map, &by_path, &mut evidence);
        }
    }
    evidence
}

/// As [`inspect_repository`], once all evidence is there: takes back what a neighbour explains.
pub fn take_back(artifacts: &[Artifact], evidence: &mut Vec<Evidence>) {
    outside::take_back(artifacts, evidence);
}

fn sharded(
    index: &Artifact,
    map: &BTreeMap<String, String>,
    by_path: &BTreeMap<&ArtifactPath, &Artifact>,
    evidence: &mut Vec<Evidence>,
) {
    let mut found = Vec::new();
    let mut shards: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (tensor, shard) in map {
        shards.entry(shard).or_default().insert(tensor);
    }
    let mut complete = !shards.is_empty();
    let mut size = Some(0u64);
    let (mut away, mut missing) = (0u64, 0u64);
    for (shard, tensors) in &shards {
        if let Some(what) = escapes(shard) {
            away += 1;
            if away <= LISTED {
                let message =
                    format!("the shard name {shard:?} {what}; {} tensors would be read from there", tensors.len());
                found.push(Evidence::new(&INDEX_PATH_ESCAPE, message).of(&index.path));
            }
            continue;
        }
        let Some(artifact) = by_path.get(&index.path.sibling(shard)) else {
            missing += 1;
            if missing <= LISTED {
                let message = format!("{shard:?} is not there; the index places {} tensors in it", tensors.len());
                found.push(Evidence::new(&SHARD_MISSING, message).of(&index.path).with("shard", *shard));
            }
            continue;
        };
        // Tensors of other formats are not listed, so nothing can be compared.
        if artifact.is(&Format::named("safetensors")) || artifact.size == 0 {
            let held: Vec<_> =
                artifact.contents.tensors.iter().filter(|tensor| fits(tensor, artifact)).cloned().collect();
            compare(index, shard, tensors, &held, &mut found);
            size = size.zip(bytes(&held)).and_then(|(size, more)| size.checked_add(more));
        } else {
            complete = false;
        }
    }
    for (rule, count, what) in [(&INDEX_PATH_ESCAPE, away, "lie elsewhere"), (&SHARD_MISSING, missing, "are not there")]
    {
        if let Some(more) = count.checked_sub(LISTED).filter(|more| *more > 0) {
            let message = format!("{more} more files of the index {what}");
            found.push(Evidence::new(rule, message).of(&index.path).with("more", more));
        }
    }
    if let Some(message) = numbered(&shards) {
        found.push(Evidence::new(&INDEX_MISMATCH, message).of(&index.path));
    }
    let said = index.contents.metadata.get("total_size").and_then(|size| size.parse::<u64>().ok());
    let clean = found.is_empty();
    if let (true, true, Some(said), Some(size)) = (complete, clean, said, size)
        && said != size
    {
        let message = format!("the index says that all tensors take {said} bytes, they take {size}");
        // Tensors that are shared are counted once by some writers and twice by others, and some count them as they
        // were before they were written in another precision. What is far from that is none of it.
        let far = said / 5 > size / 2 || said < size / 5 * 2 || said % 2 > size % 2;
        let severity = if far { Severity::Medium } else { Severity::Low };
        found.push(Evidence::new(&INDEX_MISMATCH, message).of(&index.path).rated(severity));
    }
    if complete && clean {
        let message = format!("the {} shards hold exactly the {} tensors of the index", shards.len(), map.len());
        found.push(Evidence::new(&INDEX_MATCH, message).of(&index.path));
    }
    evidence.append(&mut found);
}

/// What is wrong with names of the form `NAME-00001-of-00003.safetensors`: the writers number all files of a model so.
fn numbered(shards: &BTreeMap<&str, BTreeSet<&str>>) -> Option<String> {
    let mut said: BTreeMap<(&str, u64), BTreeSet<u64>> = BTreeMap::new();
    for shard in shards.keys() {
        let (rest, of) = shard.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let of = of.split_once('.').map_or(of, |(of, _)| of).parse().ok()?;
        said.entry((stem, of)).or_default().insert(number.parse().ok()?);
    }
    let ((stem, of), numbers) = said.into_iter().find(|((_, of), numbers)| numbers.len() as u64 != *of)?;
    Some(format!("by their names {stem:?} has {of} files, the index names {} of them", numbers.len()))
}

fn fits(tensor: &Tensor, shard: &Artifact) -> bool {
    tensor.bytes.as_ref().is_none_or(|bytes| bytes.end <= shard.size)
}

fn bytes(tensors: &[Tensor]) -> Option<u64> {
    tensors
        .iter()
        .try_fold(0u64, |sum, tensor| sum.checked_add(tensor.bytes.as_ref().map_or(0, |at| at.end - at.start)))
}

/// `held` are the tensors that lie in the shard as a whole; one that is cut off is not there.
fn compare(index: &Artifact, shard: &str, said: &BTreeSet<&str>, held: &[Tensor], evidence: &mut Vec<Evidence>) {
    let held: BTreeSet<&str> = held.iter().map(|tensor| tensor.name.as_str()).collect();
    let missing: Vec<_> = said.difference(&held).copied().collect();
    let unnamed: Vec<_> = held.difference(said).copied().collect();
    for (names, what) in
        [(missing, "are not in it, although the index says so"), (unnamed, "are in it and not in the index")]
    {
        let Some(first) = names.first() else { continue };
        let list = names.iter().take(NAMED).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let more = if names.len() > NAMED { ", …" } else { "" };
        let message = format!("{shard:?}: {} tensors {what}: {list}{more}", names.len());
        let place = Place::Tensor { name: (*first).to_owned() };
        evidence.push(Evidence::new(&INDEX_MISMATCH, message).of(&index.path).at(place).with("shard", shard));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contents, Digests};

    fn artifact(path: &str, formats: &[&'static str], contents: Contents) -> Artifact {
        Artifact {
            path: ArtifactPath::new(path),
            size: 64,
            digests: Digests::default(),
            shards: Vec::new(),
            formats: formats.iter().map(|name| Format::named(name)).collect(),
            contents,
            kept: None,
        }
    }

    fn shard(path: &str, tensors: &[&str]) -> Artifact {
        let tensors = tensors.iter().map(|name| Tensor {
            name: (*name).to_owned(),
            dtype: "F32".to_owned(),
            shape: vec![1],
            bytes: Some(0..4),
        });
        artifact(path, &["safetensors"], Contents { tensors: tensors.collect(), ..Contents::default() })
    }

    fn index(map: &[(&str, &str)], total: &str) -> Artifact {
        let map = map.iter().map(|(tensor, shard)| ((*tensor).to_owned(), (*shard).to_owned())).collect();
        let mut contents = Contents { weight_map: Some(map), ..Contents::default() };
        contents.metadata.insert("total_size".to_owned(), total.to_owned());
        artifact("m/model.safetensors.index.json", &["json"], contents)
    }

    fn fired(artifacts: &[Artifact]) -> Vec<&'static str> {
        inspect_repository(artifacts).iter().map(|evidence| evidence.rule.id).collect()
    }

    #[test]
    fn index_and_shards_are_compared_both_ways() {
        let (a, b) = (shard("m/a.safetensors", &["x", "y"]), shard("m/b.safetensors", &["z"]));
        let map = [("x", "a.safetensors"), ("y", "a.safetensors"), ("z", "b.safetensors")];
        assert_eq!(fired(&[index(&map, "12"), a.clone(), b.clone()]), ["index-match"]);
        assert_eq!(fired(&[index(&map, "13"), a.clone(), b.clone()]), ["index-mismatch", "index-match"]);
        assert_eq!(fired(&[index(&map, "12"), a.clone()]), ["shard-missing"]);
        assert_eq!(fired(&[index(&map[1..], "8"), a.clone(), b.clone()]), ["index-mismatch"]);
        let away = [("x", "../a.safetensors"), ("z", "b.safetensors")];
        assert_eq!(fired(&[index(&away, "8"), b]), ["index-path-escape"]);
        let misplaced = [("x", "a.safetensors"), ("y", "a.safetensors"), ("q", "a.safetensors")];
        assert_eq!(fired(&[index(&misplaced, "8"), a]), ["index-mismatch"]);
    }
}
