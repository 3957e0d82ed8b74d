//! Mapping files. The only `unsafe` beside the lanes.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// The bytes of one open file.
pub enum Bytes {
    /// Mapped into memory.
    Mapped(memmap2::Mmap),
    /// Read on demand.
    Read {
        /// The open file.
        file: File,
        /// Its length in bytes when it was opened.
        len: u64,
    },
}

impl Bytes {
    /// Maps the file, or falls back to reading where the filesystem cannot map.
    pub fn open(file: File, len: u64, mmap: bool) -> Self {
        if mmap && len > 0 {
            // SAFETY: the mapping is read-only and private to this process; other processes may change the bytes,
            // which the ledger and the comparison of file status before and after turn into evidence.
            if let Ok(map) = unsafe { memmap2::Mmap::map(&file) }
                && map.len() as u64 == len
            {
                return Self::Mapped(map);
            }
        }
        Self::Read { file, len }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Mapped(map) => map.len() as u64,
            Self::Read { len, .. } => *len,
        }
    }

    /// Copies a range; the caller checked it against [`Bytes::len`].
    pub fn copy(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        match self {
            Self::Mapped(map) => Ok(map[range.start as usize..range.end as usize].to_vec()),
            Self::Read { file, .. } => {
                let mut copy = vec![0; len];
                file.read_exact_at(&mut copy, range.start)?;
                Ok(copy)
            }
        }
    }
}
