//! Log entries beside what the Sigstore crate looks at: that the parts of an entry say one thing, and that its proof
//! holds by the numbers it carries (RFC 9162 2.1.3.2). The crate proves inclusion of Rekor 2 entries by the signed head
//! alone and passes over numbers that contradict it; the reference refuses those.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::strict;

type Hash = [u8; 32];

/// Checks that an entry says one thing.
///
/// # Errors
/// A clause that names the part.
pub fn check(entry: &Value) -> Result<(), String> {
    number(entry, "logIndex")?;
    let part = |name: &str| entry.get(name).filter(|part| !part.is_null());
    strict::base64(strict::text(part("logId").ok_or("\"logId\" is missing")?, "keyId")?)?;
    let kind = part("kindVersion").ok_or("\"kindVersion\" is missing")?;
    for name in ["kind", "version"] {
        if strict::text(kind, name)?.is_empty() {
            return Err(format!("{name:?} is empty"));
        }
    }
    let body = strict::base64(strict::text(entry, "canonicalizedBody")?)?;
    part("inclusionProof").map_or(Ok(()), |proof| included(proof, &body))
}

fn included(proof: &Value, body: &[u8]) -> Result<(), String> {
    let (index, size) = (number(proof, "logIndex")?, number(proof, "treeSize")?);
    let root = hash(strict::text(proof, "rootHash")?)?;
    let path = match proof.get("hashes").filter(|hashes| !hashes.is_null()) {
        None => Vec::new(),
        Some(_) => strict::list(proof, "hashes")?
            .iter()
            .map(|one| hash(one.as_str().unwrap_or_default()))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let leaf: Hash = Sha256::new().chain_update([0]).chain_update(body).finalize().into();
    if climb(leaf, index, size, &path) != Some(root) {
        return Err("the inclusion proof does not lead to the root that it names".to_owned());
    }
    match proof.get("checkpoint").filter(|head| !head.is_null()) {
        Some(head) => head_says(strict::text(head, "envelope")?, size, &root),
        None => Ok(()),
    }
}

/// The signed head: origin, size and root in a line each, perhaps more, then signatures and nothing after them.
fn head_says(head: &str, size: u64, root: &Hash) -> Result<(), String> {
    let (note, signatures) = head.split_once("\n\n").ok_or("the log's head has no signature")?;
    let mut lines = note.split('\n').skip(1);
    if lines.next() != Some(size.to_string().as_str()) {
        return Err("the log's head is of another size than the proof".to_owned());
    }
    if lines.next().map(strict::base64) != Some(Ok(root.to_vec())) {
        return Err("the log's head has another root than the proof".to_owned());
    }
    let lines = signatures.strip_suffix('\n').ok_or("the log's head does not end with a line")?;
    if lines.split('\n').all(|line| line.starts_with("\u{2014} ")) {
        return Ok(());
    }
    Err("something other than signatures stands below the log's head".to_owned())
}

fn number(object: &Value, name: &str) -> Result<u64, String> {
    let text = strict::text(object, name)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(|| format!("{name:?} is {text:?}, which is no count"))
}

fn hash(text: &str) -> Result<Hash, String> {
    strict::base64(text)?.try_into().map_err(|_| "a hash has not 32 bytes".to_owned())
}

/// The root that a leaf and its path give.
fn climb(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let node = |left: &Hash, right: &Hash| -> Hash {
        Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
    };
    let (mut at, mut last, mut here) = (index, size - 1, leaf);
    for beside in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            here = node(beside, &here);
            while at % 2 == 0 && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            here = node(&here, beside);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0).then_some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(leaves: &[Hash]) -> Hash {
        if let [one] = leaves {
            return *one;
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right)).finalize().into()
    }

    fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut below, beside) = if index < left.len() {
            (path(left, index), root(right))
        } else {
            (path(right, index - left.len()), root(left))
        };
        below.push(beside);
        below
    }

    #[test]
    fn every_leaf_of_every_tree_leads_to_its_root_and_to_no_other() {
        let leaves: Vec<Hash> = (0..17_u8).map(|n| Sha256::digest([n]).into()).collect();
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            for index in 0..size {
                let path = path(tree, index);
                assert_eq!(climb(tree[index], index as u64, size as u64, &path), Some(root(tree)));
                for (index, size) in [(index as u64 + 1, size as u64), (index as u64, 0)] {
                    assert_ne!(climb(tree[index as usize % tree.len()], index, size, &path), Some(root(tree)));
                }
                let longer: Vec<Hash> = path.iter().copied().chain([leaves[0]]).collect();
                assert_ne!(climb(tree[index], index as u64, size as u64, &longer), Some(root(tree)));
            }
        }
    }

    #[test]
    fn a_head_says_what_the_proof_says() {
        let root: Hash = Sha256::digest(b"root").into();
        let text = strict::to_base64(&root);
        let good = format!("log\n5\n{text}\n\n\u{2014} log AAAA\n");
        assert!(head_says(&good, 5, &root).is_ok());
        for bad in [
            good.replace('5', "6"),
            good.replace("log\n", "log\nlog\n"),
            format!("{good} "),
            format!("{good}x\n"),
            good.trim_end().to_owned(),
            format!("log\n5\n{text}\n"),
        ] {
            assert!(head_says(&bad, 5, &root).is_err(), "{bad}");
        }
    }
}
