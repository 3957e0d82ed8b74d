//! The files of an advisory database, in a folder or an archive.
//!
//! A database is not an artifact: the person who audits chose it, and it is read here and not by `weigh`. Only this
//! file and `store.rs` open anything in this room.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use flate2::read::GzDecoder;

use super::Error;

/// Bytes of one advisory that are read.
const FILE: u64 = 64 << 20;
/// Zeros at the end of a tar: two blocks.
const END: u64 = 1024;
/// Folders in folders that are entered.
const DEPTH: usize = 16;

/// Called with the relative name and the bytes of one file.
pub type Take<'a> = dyn FnMut(&str, &[u8]) + 'a;

/// Calls `take` for every file below a folder in the order of the names, for every member of an archive (`.tar`,
/// `.tar.gz`, `.zip`, told by content) in its own order, or for the one file that `root` is, `.gz` or not. Archives in
/// a folder, told by their names, are read as if they were folders.
///
/// # Errors
/// Something cannot be read, or is larger than an advisory can be.
pub fn each(root: &Path, take: &mut Take<'_>) -> Result<(), Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.display().to_string(), source };
    let mut stack = vec![(root.to_owned(), String::new(), 0usize)];
    while let Some((path, name, depth)) = stack.pop() {
        let data = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if data.is_file() && depth == 0 {
            return archive(&path, &name, take).map_err(|source| unreadable(&path, source));
        }
        if data.is_file() && [".zip", ".tar", ".gz", ".tgz"].iter().any(|end| name.ends_with(end)) {
            archive(&path, &name, take).map_err(|source| unreadable(&path, source))?;
            continue;
        }
        if data.is_file() {
            if data.len() > FILE {
                return Err(unreadable(&path, io::Error::other("too large for an advisory")));
            }
            take(&name, &fs::read(&path).map_err(|source| unreadable(&path, source))?);
            continue;
        }
        if !data.is_dir() {
            continue;
        }
        if depth > DEPTH {
            return Err(unreadable(&path, io::Error::other("folders too deep inside folders")));
        }
        let mut below = Vec::new();
        for entry in fs::read_dir(&path).map_err(|source| unreadable(&path, source))? {
            let entry = entry.map_err(|source| unreadable(&path, source))?;
            let last = entry.file_name().to_string_lossy().into_owned();
            // Hidden files are the checkout's own; links could lead anywhere.
            let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !last.starts_with('.') && !link {
                let name = if name.is_empty() { last } else { format!("{name}/{last}") };
                below.push((entry.path(), name, depth.saturating_add(1)));
            }
        }
        below.sort_by(|one, two| two.1.cmp(&one.1));
        stack.extend(below);
    }
    Ok(())
}

/// Reads one file as what it is. `name` is its path in the folder, empty when it was named itself.
fn archive(path: &Path, name: &str, take: &mut Take<'_>) -> io::Result<()> {
    let open = || fs::File::open(path).map(io::BufReader::new);
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let name = if name.is_empty() { own.as_ref() } else { name };
    let head = head(open()?)?;
    let ustar = |head: &[u8]| head.get(257..262) == Some(b"ustar");
    match head.as_slice() {
        [0x1f, 0x8b, ..] if ustar(&self::head(GzDecoder::new(open()?))?) => members(GzDecoder::new(open()?), take),
        [0x1f, 0x8b, ..] => {
            let mut bytes = Vec::new();
            read(GzDecoder::new(open()?), &mut bytes)?;
            take(name.strip_suffix(".gz").unwrap_or(name), &bytes);
            Ok(())
        }
        [b'P', b'K', 3, 4, ..] => zip(&fs::read(path)?, take),
        bytes if ustar(bytes) => members(open()?, take),
        _ => {
            let mut bytes = Vec::new();
            read(open()?, &mut bytes)?;
            take(name, &bytes);
            Ok(())
        }
    }
}

/// As many of the first bytes as tell an archive.
fn head(from: impl io::Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    from.take(262).read_to_end(&mut head)?;
    Ok(head)
}

/// A reader that counts the zeros at its end.
struct Ending<R> {
    inner: R,
    zeros: u64,
}

impl<R: io::Read> io::Read for Ending<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        let read = into.get(..count).unwrap_or_default();
        let tail = read.iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if tail == count { self.zeros.saturating_add(count as u64) } else { tail as u64 };
        Ok(count)
    }
}

/// Every file of a tar, which must be whole: it ends with two blocks of zeros (POSIX.1-2017, pax), and what is
/// compressed around it with its checksum.
fn members(from: impl io::Read, take: &mut Take<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(Ending { inner: from, zeros: 0 });
    let mut bytes = Vec::new();
    for entry in archive.entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        read(entry, &mut bytes)?;
        take(&name, &bytes);
    }
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink())?;
    if rest.zeros < END {
        return Err(io::Error::other("the archive is cut off: it does not end as a tar does"));
    }
    Ok(())
}

fn zip(archive: &[u8], take: &mut Take<'_>) -> io::Result<()> {
    let archive = rawzip::ZipArchive::from_slice(archive).map_err(io::Error::other)?;
    let mut entries = archive.entries();
    let mut bytes = Vec::new();
    // One for all members: a new one for each, between the advisories that are kept, tears the heap to pieces.
    let mut inflate = DeflateDecoder::new(&[][..]);
    while let Some(entry) = entries.next_entry().map_err(io::Error::other)? {
        if entry.is_dir() {
            continue;
        }
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_ref()).into_owned();
        let member = archive.get_entry(entry.wayfinder()).map_err(io::Error::other)?;
        match entry.compression_method() {
            rawzip::CompressionMethod::STORE => read(member.verifying_reader(member.data()), &mut bytes)?,
            rawzip::CompressionMethod::DEFLATE => {
                inflate.reset(member.data());
                read(member.verifying_reader(&mut inflate), &mut bytes)?;
            }
            method => return Err(io::Error::other(format!("{name} is compressed by {method:?}"))),
        }
        take(&name, &bytes);
    }
    Ok(())
}

fn read(from: impl io::Read, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    let read = from.take(FILE.saturating_add(1)).read_to_end(into)?;
    if read as u64 > FILE { Err(io::Error::other("too large for an advisory")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn taken(bytes: &[u8]) -> Result<usize, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("advisories.tar");
        fs::write(&path, bytes).unwrap();
        let mut count = 0;
        each(&path, &mut |_, _| count += 1).map(|()| count)
    }

    #[test]
    fn an_archive_that_was_cut_off_is_no_smaller_database() {
        let mut archive = tar::Builder::new(Vec::new());
        for name in ["one.json", "two.json"] {
            let mut header = tar::Header::new_ustar();
            header.set_size(600);
            header.set_cksum();
            archive.append_data(&mut header, name, [b'a'; 600].as_slice()).unwrap();
        }
        let whole = archive.into_inner().unwrap();
        assert_eq!(taken(&whole).unwrap(), 2);
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&whole).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(taken(&packed).unwrap(), 2);
        // After the first member and its filling the next one could begin, or the end.
        for len in [1536, 1536 + 300, 1536 + 512, 3072, 3072 + 512] {
            assert!(taken(&whole[..len]).is_err(), "{len}");
        }
        for less in [1, 4, 8, 12] {
            assert!(taken(&packed[..packed.len() - less]).is_err(), "{less}");
        }
    }
}
