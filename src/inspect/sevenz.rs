//! 7z archives: names are looked at, and every member is unpacked and shown to every inspector.
//!
//! Source: `7zFormat.txt` of the LZMA SDK. Members that are encrypted, or packed by Zstandard or Brotli, are not unpacked;
//! that is said of each archive that holds some.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use sevenz_rust2::{ArchiveEntry, ArchiveReader, Error, Password};

use super::archive::{ARCHIVE_LINK, ARCHIVE_PATH_ESCAPE, MEMBER_NOT_INSPECTED, Unknown, escapes};
use super::compressed::{Bound, COMPRESSION_MALFORMED, MEMORY_KIB, drain};
use super::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::{Reader, View};

/// The format.
pub struct SevenZ;

impl Inspector for SevenZ {
    fn format(&self) -> Format {
        Format::named("7z")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"7z\xbc\xaf\x27\x1c")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let source = Source { reader: view.reader(), len: view.len() };
        let mut archive = match ArchiveReader::new_with_memory_limit(source, Password::empty(), MEMORY_KIB as usize) {
            Ok(archive) => archive,
            Err(error) => return trouble(&error, view, scope),
        };
        let count = archive.archive().files.len() as u64;
        if count > scope.limits.entries {
            return scope.limit("entries", scope.limits.entries, view);
        }
        let mut names = BTreeSet::new();
        for entry in &archive.archive().files {
            named(entry, view, scope);
            if !entry.is_directory && !names.insert(entry.name.clone()) {
                let message = format!("two members are called {:?}", entry.name);
                scope.raise(&COMPRESSION_MALFORMED, view, 0..view.len().min(32), message);
            }
        }
        let mut left = Bound::of(view, scope.limits.ratio);
        let mut unknown = Unknown::default();
        let alone = archive.archive().files.iter().filter(|entry| !entry.is_directory).count() == 1;
        scope.lonely += u32::from(alone);
        let outcome = archive.for_each_entries(|entry, mut data| {
            let mut content = Vec::new();
            // The decoder of a block has read as much as it wanted: what may come out is bound by the whole archive.
            let most = left.at(view.len());
            let read = drain(&mut data, &mut content, || most);
            view.unpacked(content.len() as u64);
            let outer = scope.partial;
            scope.partial |= content.len() as u64 > most;
            unknown.inspect(&view.decompressed(&entry.name, &content), scope);
            scope.partial = outer;
            read?;
            if content.len() as u64 > most {
                scope.limit("unpacked-bytes", content.len() as u64, view);
                return Ok(false);
            }
            left = left.less(content.len() as u64);
            Ok(true)
        });
        scope.lonely -= u32::from(alone);
        unknown.close(view, scope);
        if let Err(error) = outcome {
            trouble(&error, view, scope);
        }
        behind(view, scope);
    }
}

/// The archive ends where its last header does, whose place the first 32 bytes give.
fn behind(view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(head) = view.read_up_to(0, 32) else { return };
    let number = |at: usize| head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let end = number(12).zip(number(20)).and_then(|(offset, size)| offset.checked_add(size)?.checked_add(32));
    if let Some(end) = end.filter(|end| *end < view.len()) {
        let message = format!("{} bytes follow after the 7z archive", view.len() - end);
        scope.raise(&COMPRESSION_MALFORMED, view, end..view.len(), message);
    }
}

/// What is wrong, for people: the decoder's own words are those of its source.
const fn wrong(error: &Error) -> &'static str {
    match error {
        Error::BadSignature(_) => "it does not begin as one",
        Error::UnsupportedVersion { .. } => "it is of a version that does not exist",
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => "something is not what its checksum says",
        Error::Io(..) => "its data ends early or cannot be unpacked",
        _ => "its headers contradict themselves or the data",
    }
}

fn named(entry: &ArchiveEntry, view: &View<'_>, scope: &mut Scope<'_>) {
    let here = 0..view.len().min(32);
    if let Some(what) = escapes(&entry.name) {
        scope.raise(&ARCHIVE_PATH_ESCAPE, view, here.clone(), format!("the member name {:?} {what}", entry.name));
    }
    // p7zip writes the mode of Unix into the upper half and says so in bit 15.
    let attributes = entry.windows_attributes;
    if entry.has_windows_attributes && attributes & 0x8000 != 0 && (attributes >> 16) & 0o170_000 == 0o120_000 {
        scope.raise(&ARCHIVE_LINK, view, here, format!("the member {:?} is a symbolic link", entry.name));
    }
}

/// What cannot be read is a gap; what is wrong with the bytes is a defect.
fn trouble(error: &Error, view: &View<'_>, scope: &mut Scope<'_>) {
    let here = 0..view.len().min(32);
    match error {
        Error::MaxMemLimited { .. } => scope.limit("memory of the unpacker", u64::from(MEMORY_KIB) << 10, view),
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            scope.raise(&MEMBER_NOT_INSPECTED, view, here, "the 7z archive is encrypted");
        }
        Error::UnsupportedCompressionMethod(method) => {
            let message = format!("members of the 7z archive are compressed by {method:?}, which is not read");
            scope.raise(&MEMBER_NOT_INSPECTED, view, here, message);
        }
        Error::Unsupported(what) => {
            scope.raise(&MEMBER_NOT_INSPECTED, view, here, format!("the 7z archive needs what is not read: {what}"));
        }
        error => {
            scope.raise(&COMPRESSION_MALFORMED, view, here, format!("the 7z archive is broken: {}", wrong(error)));
        }
    }
}

/// The view as a file.
struct Source<'v> {
    reader: Reader<'v>,
    len: u64,
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.reader.position().checked_add_signed(by),
        };
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        if at != self.reader.position() {
            self.reader.seek(at);
        }
        Ok(at)
    }
}
