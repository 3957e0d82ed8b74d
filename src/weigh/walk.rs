//! Which files a tree has, without leaving it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

use crate::model::{Algorithm, ArtifactPath, Class, Evidence, Limits, Place, Rule, Severity};

use super::source::{Claim, blob_of_snapshot, prepare, repository_of_snapshot};
use super::tree::{Tree, UNREADABLE_FILE};
use super::{Error, Plan, Unreadable};

/// Nothing to weigh.
pub static EMPTY_TREE: Rule = Rule {
    id: "empty-tree",
    summary: "there is no file to look at",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/empty-tree.md"),
    frameworks: &["CWE-354"],
};

/// A symbolic link that was not followed.
pub static LINK_REFUSED: Rule = Rule {
    id: "link-refused",
    summary: "a symbolic link was not followed",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/link-refused.md"),
    frameworks: &["CWE-59"],
};

/// A symbolic link to a file that is looked at under its own name.
pub static LINK_WITHIN: Rule = Rule {
    id: "link-within",
    summary: "a symbolic link leads to a file of the same kind in the same folder tree, which was looked at there",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/link-within.md"),
    frameworks: &["CWE-59"],
};

/// A socket, pipe or device.
pub static SPECIAL_FILE: Rule = Rule {
    id: "special-file",
    summary: "a socket, pipe or device stands among the files",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/special-file.md"),
    frameworks: &["CWE-59"],
};

/// A file name that is not UTF-8.
pub static UNDECODABLE_NAME: Rule = Rule {
    id: "undecodable-name",
    summary: "a file name is not valid UTF-8 or holds control characters",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/undecodable-name.md"),
    frameworks: &["CWE-176"],
};

/// One file to weigh.
pub struct Found {
    /// Relative to the root.
    pub path: ArtifactPath,
    /// Relative to the base of the [`Tree`], with links resolved; as it was spelt if the caller named it.
    pub location: PathBuf,
    /// Length in bytes when it was listed.
    pub len: u64,
    /// What its source says of it.
    pub claims: Vec<Claim>,
    /// Digests that are needed beyond those that were asked for.
    pub algorithms: BTreeSet<Algorithm>,
    /// Its bytes say something about other files.
    pub testifies: bool,
}

impl Found {
    const fn new(path: ArtifactPath, location: PathBuf, len: u64) -> Self {
        Self { path, location, len, claims: Vec::new(), algorithms: BTreeSet::new(), testifies: false }
    }
}

/// The files of a tree, sorted by path, and what was seen on the way.
pub fn walk(root: &Path, plan: &Plan) -> Result<(Tree, Vec<Found>, Vec<Evidence>), Error> {
    let refused = |source| Error::Root { path: root.display().to_string(), source };
    let status = fs::metadata(root).map_err(refused)?;
    if status.is_file() {
        let name = root.file_name().unwrap_or(OsStr::new("."));
        let file = Found::new(ArtifactPath::from_bytes(name.as_bytes()), root.to_owned(), status.len());
        return Ok((Tree::named(), vec![file], Vec::new()));
    }
    if !status.is_dir() {
        return Err(Error::Special(root.display().to_string()));
    }
    let root = &root.canonicalize().map_err(refused)?;
    fs::read_dir(root).map_err(refused)?;
    // Links of a snapshot lead to the blobs beside it.
    let tree = Tree::below(repository_of_snapshot(root).unwrap_or(root)).map_err(refused)?;
    let below = root.strip_prefix(tree.base()).unwrap_or(root);
    let (files, evidence, within) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { plan, root, tree: &tree, below, files, evidence, within };
    walk.folder(&mut Vec::new(), 0);
    let Walk { mut files, mut evidence, within, .. } = walk;
    if files.is_empty() {
        evidence.push(Evidence::new(&EMPTY_TREE, "the folder holds no files"));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for Within { path, target, to } in within {
        let seen = files.binary_search_by(|file| file.path.cmp(&target)).is_ok();
        evidence.push(if seen {
            let message = format!("it is a symbolic link to {to:?}, which is looked at under that name");
            Evidence::new(&LINK_WITHIN, message).of(&path).with("target", to)
        } else {
            refused_link(&path, to, "links are not followed")
        });
    }
    prepare(&mut files);
    Ok((tree, files, evidence))
}

/// A file that the caller named.
pub struct Named {
    /// As the caller spelt it.
    pub path: PathBuf,
    /// Digests of it that are needed beyond those that were asked for of all files.
    pub algorithms: BTreeSet<Algorithm>,
}

/// These files, sorted by path, and what could not be had. A file that is named twice is there once.
pub fn listed(named: &[Named]) -> (Vec<Found>, Vec<Evidence>) {
    let look = |named: &Named| {
        let path = ArtifactPath::from_bytes(named.path.as_os_str().as_bytes());
        let refused = |rule, why: &str| Err(Box::new(Evidence::new(rule, why).of(&path)));
        match fs::metadata(&named.path) {
            Ok(status) if status.is_file() => {
                let algorithms = named.algorithms.clone();
                Ok(Found { algorithms, ..Found::new(path, named.path.clone(), status.len()) })
            }
            Ok(status) if status.is_dir() => refused(&UNREADABLE_FILE, "it is a folder, a file was expected"),
            Ok(_) => refused(&SPECIAL_FILE, "it is neither a file nor a folder"),
            Err(error) => refused(&UNREADABLE_FILE, &format!("it could not be looked up: {error}")),
        }
    };
    let looks: Vec<_> =
        if named.len() < MANY { named.iter().map(look).collect() } else { named.par_iter().map(look).collect() };
    let (mut files, mut evidence): (Vec<Found>, Vec<Evidence>) = (Vec::new(), Vec::new());
    for look in looks {
        match look {
            Ok(file) => files.push(file),
            Err(refused) => evidence.push(*refused),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|again, first| {
        let same = again.path == first.path;
        if same {
            first.algorithms.append(&mut again.algorithms);
        }
        same
    });
    evidence.dedup();
    (files, evidence)
}

/// Reads a file that the caller named as a whole: a key, a policy, a bundle. A pipe is read to its end, but not waited
/// for while nobody has it open for writing.
///
/// # Errors
/// [`Error`] when it cannot be read or has more than `limit` bytes.
pub fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let name = path.display().to_string();
    let root = |source| Error::Root { path: name.clone(), source };
    // A named pipe that nobody writes to would block the opening; one with a writer, as the shell's `<(…)`, is read.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| root(error.into()))?;
    let mut file = fs::File::from(opened);
    if file.metadata().map_err(root)?.is_dir() {
        return Err(root(std::io::Error::other("it is a folder, a file was expected")));
    }
    let flags = rustix::fs::fcntl_getfl(&file).map_err(|error| root(error.into()))?;
    rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK).map_err(|error| root(error.into()))?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, limit.saturating_add(1)), &mut bytes)
        .map_err(root)?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { path: name, size: bytes.len() as u64, limit });
    }
    Ok(bytes)
}

/// Entries of a folder from which on several threads look them up.
const MANY: usize = 4096;

struct Walk<'a> {
    plan: &'a Plan,
    root: &'a Path,
    tree: &'a Tree,
    /// The root relative to the base of the tree.
    below: &'a Path,
    files: Vec<Found>,
    evidence: Vec<Evidence>,
    within: Vec<Within>,
}

/// A link that may lead to a file of the same kind that is looked at for itself.
struct Within {
    path: ArtifactPath,
    target: ArtifactPath,
    /// As the link spells it.
    to: String,
}

/// Endings of files that mean the same under whatever name: documents, pictures, and weights that are told by their own
/// marks. What a file of another kind means depends on what it is called.
const NAMELESS: [&str; 15] = [
    "md",
    "rst",
    "txt",
    "pdf",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "csv",
    "safetensors",
    "gguf",
    "onnx",
    "npy",
    "parquet",
];

/// True if a file means the same under both names.
fn is_same_kind(link: &str, target: &str) -> bool {
    let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let kept = ending(link).is_some_and(|ending| NAMELESS.contains(&ending.as_str()));
    // Files that tools take commands from, and those that loaders ask for by name, are texts, too.
    let told = |name: &str| {
        let name = name.to_ascii_lowercase();
        let asked = ["requirements", "constraints", "vocab", "merges"];
        name.starts_with('.') || asked.iter().any(|word| name.contains(word))
    };
    !told(link)
        && !told(target)
        && ((kept && ending(link) == ending(target)) || (ending(link).is_none() && link == target))
}

fn refused_link(path: &ArtifactPath, to: String, why: &str) -> Evidence {
    let message = format!("a symbolic link to {to:?} was not followed: {why}");
    Evidence::new(&LINK_REFUSED, message).of(path).with("target", to)
}

impl Walk<'_> {
    fn folder(&mut self, relative: &mut Vec<u8>, depth: u32) {
        let Limits { files, directory_depth, .. } = self.plan.limits;
        if depth > directory_depth {
            let evidence = Unreadable::limit_evidence("directory-depth", u64::from(directory_depth), Place::Whole);
            self.evidence.push(evidence.of(&ArtifactPath::from_bytes(relative)));
            return;
        }
        let location = self.root.join(OsStr::from_bytes(relative));
        let (handle, mut names) = match list(&location) {
            Ok(listed) => listed,
            Err(error) => {
                let folder = if relative.is_empty() { b"." } else { relative.as_slice() };
                let message = format!("the folder could not be listed: {error}");
                let evidence = Evidence::new(&UNREADABLE_FILE, message);
                self.evidence.push(evidence.of(&ArtifactPath::from_bytes(folder)));
                return;
            }
        };
        names.sort_unstable();
        let many = names.len() >= MANY && self.plan.threads.is_none_or(|threads| threads > 1);
        let look = |name: &OsString| rustix::fs::statat(&handle, name, AtFlags::SYMLINK_NOFOLLOW);
        let looks: Vec<_> = if many { names.par_iter().map(look).collect() } else { names.iter().map(look).collect() };
        for (name, status) in names.into_iter().zip(looks) {
            if self.files.len() as u64 >= files {
                let evidence = Unreadable::limit_evidence("files", files, Place::Whole);
                if !self.evidence.contains(&evidence) {
                    self.evidence.push(evidence);
                }
                return;
            }
            let before = relative.len();
            if before > 0 {
                relative.push(b'/');
            }
            relative.extend_from_slice(name.as_bytes());
            self.entry(relative, status.map_err(io::Error::from), depth);
            relative.truncate(before);
        }
    }

    fn entry(&mut self, relative: &mut Vec<u8>, status: io::Result<Stat>, depth: u32) {
        let path = ArtifactPath::from_bytes(relative);
        if (self.plan.ignore)(&path) {
            return;
        }
        if std::str::from_utf8(relative).is_err() || path.name().chars().any(char::is_control) {
            let message = format!("the file name is {:?}", path.name());
            self.evidence.push(Evidence::new(&UNDECODABLE_NAME, message).of(&path));
        }
        let status = match status {
            Ok(status) => status,
            Err(error) => {
                let message = format!("it could not be looked up: {error}");
                self.evidence.push(Evidence::new(&UNREADABLE_FILE, message).of(&path));
                return;
            }
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => self.folder(relative, depth + 1),
            FileType::RegularFile => {
                let location = self.below.join(OsStr::from_bytes(relative));
                self.files.push(Found::new(path, location, u64::try_from(status.st_size).unwrap_or(0)));
            }
            FileType::Symlink => self.link(path, &self.root.join(OsStr::from_bytes(relative))),
            _ => {
                let message = "it is neither a file, a folder nor a link";
                self.evidence.push(Evidence::new(&SPECIAL_FILE, message).of(&path));
            }
        }
    }

    /// A link is followed only to a file, only inside the root, and only when asked or in the cache of a hub.
    fn link(&mut self, path: ArtifactPath, location: &Path) {
        let target = fs::canonicalize(location);
        let status = target.as_ref().ok().and_then(|target| fs::symlink_metadata(target).ok());
        let inside = target.as_ref().ok().and_then(|target| target.strip_prefix(self.tree.base()).ok());
        let blob = target.as_ref().ok().and_then(|target| blob_of_snapshot(&path, location, target));
        let why = match (&status, inside) {
            (Some(status), Some(inside)) if status.is_file() && (self.plan.follow_links || blob.is_some()) => {
                let mut file = Found::new(path, inside.to_owned(), status.len());
                file.claims.extend(blob.flatten());
                self.files.push(file);
                return;
            }
            (None, _) => "it leads nowhere or in a circle",
            (_, None) => "it leads out of the folder",
            (Some(status), _) if !status.is_file() => "it does not lead to a file",
            _ => "links are not followed",
        };
        let link = fs::read_link(location).unwrap_or_default();
        let to = link.display().to_string();
        let below = target.as_ref().ok().and_then(|target| target.strip_prefix(self.root).ok());
        let below = below.map(|below| ArtifactPath::from_bytes(below.as_os_str().as_bytes()));
        let file = status.as_ref().is_some_and(fs::Metadata::is_file) && link.is_relative();
        if let Some(target) = below.filter(|below| file && is_same_kind(path.name(), below.name())) {
            return self.within.push(Within { path, target, to });
        }
        let (why, severity) = match owned(&to).filter(|_| inside.is_none()) {
            Some(what) => (format!("{why}, to {what}"), Severity::High),
            None => (why.to_owned(), LINK_REFUSED.severity),
        };
        self.evidence.push(refused_link(&path, to, &why).rated(severity));
    }
}

/// What of the machine, or of the person at it, a link leads to that no model has a use for.
fn owned(to: &str) -> Option<&'static str> {
    let to = to.replace('\\', "/");
    let climbed = to.trim_start_matches("../");
    let path = if climbed.len() < to.len() { climbed } else { to.strip_prefix('/')? };
    let mut parts = path.split('/');
    if matches!(parts.next(), Some("etc" | "root" | "proc" | "sys" | "dev" | "boot")) {
        return Some("what the machine keeps for itself");
    }
    let secret = |part: &str| {
        matches!(
            part,
            ".ssh"
                | ".aws"
                | ".gnupg"
                | ".kube"
                | ".docker"
                | ".netrc"
                | ".git-credentials"
                | ".azure"
                | ".env"
                | ".pypirc"
                | "id_rsa"
                | "id_ed25519"
                | "id_ecdsa"
                | "authorized_keys"
                | "credentials"
                | "shadow"
                | "passwd"
        )
    };
    path.split('/').any(secret).then_some("what somebody keeps secret")
}

/// A folder, and the names in it.
fn list(folder: &Path) -> io::Result<(OwnedFd, Vec<OsString>)> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = rustix::fs::open(folder, flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&handle)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok((handle, names))
}
