//! A download that is not complete yet.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// What has arrived, and a note on what it is a part of.
#[derive(Debug)]
pub struct Part {
    bytes: PathBuf,
    note: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Note {
    url: String,
    etag: String,
}

impl Part {
    /// `TARGET.part` and `TARGET.part.json`.
    pub fn beside(target: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = target.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self { bytes: with(".part"), note: with(".part.json") }
    }

    /// Bytes that are there and the strong validator of what they belong to, when a download of `url` can go on.
    pub fn kept(&self, url: &str) -> Option<(u64, String)> {
        let note: Note = serde_json::from_slice(&fs::read(&self.note).ok()?).ok()?;
        let length = fs::metadata(&self.bytes).ok()?.len();
        (note.url == url && length > 0).then_some((length, note.etag))
    }

    /// Opens it for what follows after `from` bytes, and notes what it is; without a strong validator it cannot go on
    /// after an interruption.
    pub fn open(&self, url: &str, from: u64, etag: Option<&str>) -> Result<File, Error> {
        if from > 0 {
            return OpenOptions::new().append(true).open(&self.bytes).map_err(|source| self.unwritable(source));
        }
        self.discard();
        let file = File::create(&self.bytes).map_err(|source| self.unwritable(source))?;
        if let Some(etag) = etag {
            let note = Note { url: url.to_owned(), etag: etag.to_owned() };
            let text = serde_json::to_vec(&note).map_err(io::Error::other);
            text.and_then(|text| fs::write(&self.note, text)).map_err(|source| self.unwritable(source))?;
        }
        Ok(file)
    }

    /// Forgets it.
    pub fn discard(&self) {
        // What is not there need not go; what cannot go is overwritten by the next download.
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_file(&self.bytes);
    }

    /// Gives it its name.
    pub fn complete(&self, target: &Path) -> Result<(), Error> {
        fs::rename(&self.bytes, target).map_err(|source| self.unwritable(source))?;
        let _ = fs::remove_file(&self.note);
        Ok(())
    }

    /// The error about it.
    pub fn unwritable(&self, source: io::Error) -> Error {
        Error::Unwritable { path: self.bytes.clone(), source }
    }
}
