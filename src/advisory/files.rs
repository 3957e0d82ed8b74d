//! The files of an advisory database, in a folder or an archive.
//!
//! A database is not an artifact: the person who audits chose it, and it is read here and not by `weigh`. Only this
//! file and `store.rs` open anything in this room.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use flate2::read::{DeflateDecoder, GzDecoder};

use super::Error;

/// Bytes of one advisory that are read.
const FILE: u64 = 64 << 20;
/// Folders in folders that are entered.
const DEPTH: usize = 16;

/// Called with the relative name and the bytes of one file.
pub type Take<'a> = dyn FnMut(&str, &[u8]) + 'a;

/// Calls `take` for every file below a folder in the order of the names, for every member of an archive (`.tar`,
/// `.tar.gz`, `.zip`, told by content) in its own order, or for the one file that `root` is.
///
/// # Errors
/// Something cannot be read, or is larger than an advisory can be.
pub fn each(root: &Path, take: &mut Take<'_>) -> Result<(), Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.display().to_string(), source };
    let mut stack = vec![(root.to_owned(), String::new(), 0usize)];
    while let Some((path, name, depth)) = stack.pop() {
        let data = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if data.is_file() && depth == 0 {
            return archive(&path, take).map_err(|source| unreadable(&path, source));
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

fn archive(path: &Path, take: &mut Take<'_>) -> io::Result<()> {
    let mut file = io::BufReader::new(fs::File::open(path)?);
    let mut head = [0u8; 262];
    let mut known = 0usize;
    while let Some(rest) = head.get_mut(known..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => known = known.saturating_add(read),
        }
    }
    let all = fs::File::open(path)?;
    match &head {
        [0x1f, 0x8b, ..] => members(tar::Archive::new(GzDecoder::new(io::BufReader::new(all))), take),
        [b'P', b'K', 3, 4, ..] => zip(&fs::read(path)?, take),
        _ if head.get(257..262) == Some(b"ustar") => members(tar::Archive::new(io::BufReader::new(all)), take),
        _ => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut bytes = Vec::new();
            all.take(FILE).read_to_end(&mut bytes)?;
            take(&name, &bytes);
            Ok(())
        }
    }
}

fn members<R: io::Read>(mut archive: tar::Archive<R>, take: &mut Take<'_>) -> io::Result<()> {
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
    Ok(())
}

fn zip(archive: &[u8], take: &mut Take<'_>) -> io::Result<()> {
    let archive = rawzip::ZipArchive::from_slice(archive).map_err(io::Error::other)?;
    let mut entries = archive.entries();
    let mut bytes = Vec::new();
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
                read(member.verifying_reader(DeflateDecoder::new(member.data())), &mut bytes)?;
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
