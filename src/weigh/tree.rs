//! Opening files below one folder, and never outside it.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use crate::model::{Class, Rule, Severity};

/// The system refused to open or read it.
pub static UNREADABLE_FILE: Rule = Rule {
    id: "unreadable-file",
    summary: "a file or folder could not be read",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/unreadable-file.md"),
    frameworks: &["CWE-354"],
};

/// What bounds a pass: nothing outside is opened, whatever is swapped for a link while we look.
pub struct Tree {
    /// The folder, without links in it; empty for files that the caller named one by one.
    base: PathBuf,
    /// `None` for files that the caller named.
    folder: Option<OwnedFd>,
}

impl Tree {
    /// All below that folder.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn below(folder: &Path) -> io::Result<Self> {
        let base = folder.canonicalize()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&base, flags, Mode::empty())?;
        Ok(Self { base, folder: Some(folder) })
    }

    /// Files that the caller named, wherever they are: their locations are paths as the caller spelt them.
    pub const fn named() -> Self {
        Self { base: PathBuf::new(), folder: None }
    }

    /// The folder, without links in it.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Opens a regular file for reading by its path below the base. A link anywhere on the way is refused, unless the
    /// caller named the file; a pipe that took the file's place does not block.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(&self, location: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let Some(folder) = &self.folder else {
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
            return fs::OpenOptions::new().read(true).custom_flags(flags).open(location);
        };
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            match rustix::fs::openat2(folder, location, flags, Mode::empty(), resolve) {
                // Kernels before 5.6, and sandboxes that do not know the call, are left to the plain one below.
                Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {}
                other => return Ok(File::from(other?)),
            }
        }
        Ok(File::from(rustix::fs::openat(folder, location, flags | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// The status of what stands at that path now.
    ///
    /// # Errors
    /// What the system said.
    pub fn status(&self, location: &Path) -> io::Result<Stat> {
        // Below the open folder: the system need not look up the way to the base for each of many files.
        Ok(match &self.folder {
            Some(folder) => rustix::fs::statat(folder, location, AtFlags::SYMLINK_NOFOLLOW)?,
            None => rustix::fs::stat(location)?,
        })
    }
}

/// What must not change while a file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Length in bytes.
    pub len: u64,
    /// Type and permission bits.
    pub mode: u32,
    // Systems differ in the width of these; all fit.
    inode: (i128, i128),
    modified: (i128, i128),
    changed: (i128, i128),
}

impl Stamp {
    /// The stamp of a regular file.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(status: &Stat) -> io::Result<Self> {
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("it is not a regular file any more"));
        }
        #[allow(clippy::useless_conversion)] // on other systems it is shorter
        let mode = u32::from(status.st_mode);
        Ok(Self {
            len: u64::try_from(status.st_size).map_err(io::Error::other)?,
            mode,
            inode: (i128::from(status.st_dev), i128::from(status.st_ino)),
            modified: (i128::from(status.st_mtime), i128::from(status.st_mtime_nsec)),
            changed: (i128::from(status.st_ctime), i128::from(status.st_ctime_nsec)),
        })
    }

    /// How the file differs from before, in words; `None` if it does not.
    pub fn difference(&self, now: &Self) -> Option<&'static str> {
        if self.inode != now.inode {
            Some("another file took its place while it was read")
        } else if self.len != now.len {
            Some("its length changed while it was read")
        } else if self == now {
            None
        } else {
            Some("it was written to while it was read")
        }
    }
}
