//! The Hugging Face hub: its cache (`models--NAME/{blobs,refs,snapshots}`) and the records beside files that were
//! downloaded to a folder (`.cache/huggingface/download/PATH.metadata`), as `huggingface_hub` 0.2x to 2.4 writes them.
//!
//! A blob is named by the `ETag` of its file: the SHA-256 for files in LFS or Xet, the Git blob's SHA-1 for others.

use std::path::{Path, PathBuf};

use crate::model::{Algorithm, ArtifactPath};

use super::{Claim, is_hex};

const RECORDS: &str = ".cache/huggingface/download/";

/// The folder of the repository, if that is the folder of one of its snapshots (without links in its path).
pub fn repository_of_snapshot(folder: &Path) -> Option<&Path> {
    let snapshots = folder.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "snapshots"))?;
    snapshots.parent().filter(|repository| repository.join("blobs").is_dir())
}

/// What the name of a blob says, if the link stands in a snapshot of the cache and leads to a blob of the same
/// repository. Both paths are without links.
pub fn blob_of_snapshot(path: &ArtifactPath, link: &Path, target: &Path) -> Option<Option<Claim>> {
    let blobs = target.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "blobs"))?;
    let snapshots: PathBuf = blobs.parent()?.join("snapshots");
    if !link.starts_with(snapshots) {
        return None;
    }
    Some(target.file_name().and_then(|name| name.to_str()).and_then(|name| etag(path, name, "the Hugging Face cache")))
}

fn etag(path: &ArtifactPath, tag: &str, source: &'static str) -> Option<Claim> {
    let algorithm = match tag.len() {
        64 => Algorithm::Sha256,
        40 => Algorithm::GitBlob,
        _ => return None,
    };
    let claim = Claim { path: path.clone(), algorithm, hex: tag.to_owned(), source, certain: true };
    is_hex(tag, tag.len()).then_some(claim)
}

/// The file that a record is about.
pub fn described(path: &ArtifactPath) -> Option<ArtifactPath> {
    let (folder, rest) = path.as_str().split_once(RECORDS)?;
    let file = rest.strip_suffix(".metadata").filter(|_| folder.is_empty() || folder.ends_with('/'))?;
    Some(ArtifactPath::new(format!("{folder}{file}")))
}

/// What a record says: lines of commit, `ETag`, and time.
pub fn claim(path: &ArtifactPath, text: &str) -> Option<Claim> {
    etag(&described(path)?, text.lines().nth(1)?.trim(), "the Hugging Face download record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_blobs_of_the_same_repository() {
        let path = ArtifactPath::new("config.json");
        let look = |link: &str, target: &str| blob_of_snapshot(&path, link.as_ref(), target.as_ref());
        let sha1 = "a".repeat(40);
        let claim =
            look("/c/models--m/snapshots/1/config.json", &format!("/c/models--m/blobs/{sha1}")).unwrap().unwrap();
        assert_eq!((claim.algorithm, claim.hex), (Algorithm::GitBlob, sha1));
        assert_eq!(look("/c/models--m/snapshots/1/config.json", "/c/models--m/blobs/odd"), Some(None));
        assert_eq!(look("/c/models--m/snapshots/1/config.json", "/c/models--n/blobs/odd"), None);
        assert_eq!(look("/c/models--m/config.json", "/c/models--m/blobs/odd"), None);
    }

    #[test]
    fn records_name_their_file() {
        let path = ArtifactPath::new("m/.cache/huggingface/download/sub/a.bin.metadata");
        let claim = claim(&path, &format!("commit\n{}\n1.5\n", "0".repeat(64))).unwrap();
        assert_eq!((claim.path.as_str(), claim.algorithm), ("m/sub/a.bin", Algorithm::Sha256));
        assert_eq!(super::claim(&path, "commit\nW/\"x\"\n1.5\n"), None);
    }
}
