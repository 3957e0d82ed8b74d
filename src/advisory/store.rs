//! A database in one file: opened in a millisecond, whatever its size.
//!
//! ```text
//! head (8) │ block … │ scores │ page … │ root │ tail: offset, length and SHA-256 of the root, head again
//! ```
//!
//! A block is the advisories of one package, deflated JSON. A page lists blocks by the first 64 bits of the SHA-256 of
//! `ECOSYSTEM\0NAME`, with offset, length and digest; which page holds a package follows from the same bits. The root
//! lists the pages with their digests, and says what the database is. The scores are the forecasts and the list of
//! exploited flaws as a whole, kept for advisories that are added later; every advisory carries its own already. So the digest of the root covers every byte:
//! opening reads and checks the root alone, and what is looked up is checked on the way. The same inputs give the same
//! bytes.
//!
//! An own format and not an embedded store: nothing is ever changed in place, the digest names the database in
//! reports, and it is replaced as a whole by renaming. `redb` checks its pages with checksums that an attacker can
//! match, and writes pages whose order depends on history.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::Ecosystem;

use super::Error;
use super::database::About;
use super::record::Advisory;
use super::scores::Scores;

/// Name of the format and its version.
const MAGIC: &[u8; 8] = b"wbadvdb2";
/// Offset, length, digest, magic.
const TAIL: u64 = 8 + 8 + 32 + 8;
/// Hash, offset, length, digest of one block in a page.
const ENTRY: usize = 8 + 8 + 4 + 32;
/// Packages that share a page, about.
const PER_PAGE: usize = 64;
/// Bytes of a root, a page or a block that are believed.
const LARGEST: u64 = 256 << 20;
/// Packages whose blocks are made side by side.
const BATCH: usize = 4_096;

/// Offset, length and SHA-256 of some bytes.
type Piece = (u64, u64, String);

#[derive(Serialize, Deserialize)]
struct Root {
    about: About,
    /// Their number is a power of two.
    pages: Vec<Piece>,
    scores: Option<Piece>,
}

/// Where a package stands: the first bits of this choose the page.
fn place(ecosystem: Ecosystem, name: &str) -> u64 {
    let digest = Sha256::new().chain_update(ecosystem.name()).chain_update([0]).chain_update(name).finalize();
    digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

fn page_of(place: u64, pages: usize) -> usize {
    let bits = pages.trailing_zeros();
    if bits == 0 { 0 } else { usize::try_from(place >> 64u32.saturating_sub(bits)).unwrap_or(0) }
}

/// Writes a database beside `target` and renames it over it, so that readers see the old one or the new one.
///
/// # Errors
/// The file cannot be written.
pub fn write(
    target: &Path,
    about: &About,
    advisories: &BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    scores: &Scores,
) -> Result<String, Error> {
    replace(target, &mut |out| put(out, about, advisories, scores))
}

/// Writes a database with other words about itself: everything before the root stays as it is.
///
/// # Errors
/// The file is none, or cannot be written.
pub fn restate(target: &Path, about: About) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: target.display().to_string(), source };
    let Some(store) = Store::open(target)? else { return Err(Error::NoAdvisories(target.display().to_string())) };
    let mut from = File::open(target).map_err(unreadable)?;
    let root = Root { about, pages: store.pages, scores: store.kept };
    let digest = replace(target, &mut |out| {
        from.rewind()?;
        io::copy(&mut (&from).take(store.end), out)?;
        end(out, store.end, &root)
    });
    digest.map(|_| ())
}

/// A new file in the place of the old one, seen by nobody before it is complete.
fn replace(target: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<String>) -> Result<String, Error> {
    let failed = |source| Error::Unwritable { path: target.display().to_string(), source };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What was published is no secret: others on the machine may use it too, as far as the umask lets them.
    let permissions = Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(&mut file);
    let digest = write(&mut out).and_then(|digest| out.flush().map(|()| digest)).map_err(failed)?;
    drop(out);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(target).map_err(|error| failed(error.error))?;
    Ok(digest)
}

/// One for many blocks: its tables are larger than most of them.
fn packer() -> DeflateEncoder<Vec<u8>> {
    DeflateEncoder::new(Vec::new(), Compression::default())
}

fn packed(packer: &mut DeflateEncoder<Vec<u8>>, value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_writer(&mut *packer, value)?;
    packer.reset(Vec::new())
}

fn put(
    out: &mut dyn Write,
    about: &About,
    advisories: &BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    scores: &Scores,
) -> io::Result<String> {
    let mut at = MAGIC.len() as u64;
    out.write_all(MAGIC)?;
    let count = advisories.len().div_ceil(PER_PAGE).next_power_of_two();
    let mut pages: Vec<Vec<(u64, [u8; ENTRY])>> = vec![Vec::new(); count];
    let all: Vec<_> = advisories.iter().collect();
    for some in all.chunks(BATCH) {
        let blocks: Vec<io::Result<Vec<u8>>> =
            some.par_iter().map_init(packer, |packer, (_, list)| packed(packer, list)).collect();
        for (((ecosystem, name), _), block) in some.iter().zip(blocks) {
            let block = block?;
            out.write_all(&block)?;
            let place = place(*ecosystem, name);
            let length = u32::try_from(block.len()).map_err(io::Error::other)?;
            let mut entry = [0u8; ENTRY];
            let fields = place.to_be_bytes().into_iter().chain(at.to_le_bytes()).chain(length.to_le_bytes());
            entry.iter_mut().zip(fields.chain(Sha256::digest(&block))).for_each(|(to, from)| *to = from);
            pages.get_mut(page_of(place, count)).into_iter().for_each(|page| page.push((place, entry)));
            at = at.saturating_add(block.len() as u64);
        }
    }
    let mut root = Root { about: about.clone(), pages: Vec::with_capacity(count), scores: None };
    let mut piece = |out: &mut dyn Write, bytes: &[u8]| -> io::Result<Piece> {
        out.write_all(bytes)?;
        let piece = (at, bytes.len() as u64, hex::encode(Sha256::digest(bytes)));
        at = at.saturating_add(bytes.len() as u64);
        Ok(piece)
    };
    if !scores.is_empty() {
        root.scores = Some(piece(out, &packed(&mut packer(), scores)?)?);
    }
    for mut page in pages {
        page.sort_unstable();
        let bytes: Vec<u8> = page.into_iter().flat_map(|(_, entry)| entry).collect();
        root.pages.push(piece(out, &bytes)?);
    }
    end(out, at, &root)
}

/// The root and what leads to it.
fn end(out: &mut dyn Write, at: u64, root: &Root) -> io::Result<String> {
    let root = serde_json::to_vec(root)?;
    let digest = Sha256::digest(&root);
    out.write_all(&root)?;
    out.write_all(&at.to_le_bytes())?;
    out.write_all(&(root.len() as u64).to_le_bytes())?;
    out.write_all(&digest)?;
    out.write_all(MAGIC)?;
    Ok(hex::encode(digest))
}

/// An open database.
#[derive(Debug)]
pub struct Store {
    about: About,
    pages: Vec<Piece>,
    kept: Option<Piece>,
    /// Where the root begins.
    end: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    inflate: DeflateDecoder<io::Cursor<Vec<u8>>>,
    /// Pages that were read and checked.
    pages: BTreeMap<usize, Vec<u8>>,
}

impl Inner {
    /// Bytes whose digest is known before they are read.
    fn read(&mut self, offset: u64, length: u64, digest: &[u8]) -> Result<Vec<u8>, String> {
        if length > LARGEST {
            return Err(format!("{length} bytes at {offset} are too many"));
        }
        let mut bytes = Vec::new();
        let read =
            self.file.seek(SeekFrom::Start(offset)).and_then(|_| (&self.file).take(length).read_to_end(&mut bytes));
        read.map_err(|error| format!("bytes at {offset}: {error}"))?;
        if Sha256::digest(&bytes).as_slice() != digest {
            return Err(format!("{length} bytes at {offset} are not those that were written"));
        }
        Ok(bytes)
    }
}

impl Inner {
    fn unpacked<T: serde::de::DeserializeOwned>(&mut self, bytes: Vec<u8>) -> Result<T, String> {
        let mut plain = Vec::new();
        self.inflate.reset(io::Cursor::new(bytes));
        let read = (&mut self.inflate).take(LARGEST).read_to_end(&mut plain);
        read.map_err(|error| error.to_string())?;
        serde_json::from_slice(&plain).map_err(|error| error.to_string())
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Store {
    /// Opens a file; `None` when it is no database of this format at all.
    ///
    /// # Errors
    /// It is one, and torn or changed.
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let unreadable = |source| Error::Unreadable { path: path.display().to_string(), source };
        let broken = |why: String| Error::Broken { path: path.display().to_string(), why };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut head = [0u8; 8];
        if file.read_exact(&mut head).is_err() || !head.starts_with(b"wbadvdb") {
            return Ok(None);
        }
        if head != *MAGIC {
            return Err(broken("of a version of the format that is not known".to_owned()));
        }
        let length = file.metadata().map_err(unreadable)?.len();
        let at = length.checked_sub(TAIL).ok_or_else(|| broken("cut off".to_owned()))?;
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(at)).and_then(|_| (&file).take(TAIL).read_to_end(&mut tail)).map_err(unreadable)?;
        let (Some(offset), Some(size), Some(digest), true) =
            (tail.get(..8), tail.get(8..16), tail.get(16..48), tail.ends_with(MAGIC))
        else {
            return Err(broken("cut off".to_owned()));
        };
        let inflate = DeflateDecoder::new(io::Cursor::default());
        let mut inner = Inner { file, inflate, pages: BTreeMap::new() };
        let root = inner.read(number(offset), number(size), digest).map_err(broken)?;
        let mut root: Root = serde_json::from_slice(&root).map_err(|error| broken(error.to_string()))?;
        if !root.pages.len().is_power_of_two() {
            return Err(broken("no pages".to_owned()));
        }
        root.about.digest = hex::encode(digest);
        let Root { about, pages, scores } = root;
        Ok(Some(Self { about, pages, kept: scores, end: number(offset), inner: Mutex::new(inner) }))
    }

    /// What it says it is; the digest is that of the root.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// The advisories of one package.
    ///
    /// # Errors
    /// The bytes are not those that were written; says which.
    pub fn advisories(&self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Advisory>, String> {
        let place = place(ecosystem, name);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let page = self.page(&mut inner, page_of(place, self.pages.len()))?;
        let key = place.to_be_bytes();
        let entries = page.chunks_exact(ENTRY).filter(|entry| entry.starts_with(&key)).map(<[u8]>::to_vec);
        let mut found = Vec::new();
        for entry in entries.collect::<Vec<_>>() {
            let list = block(&mut inner, &entry)?;
            // Two names may share the first bits.
            found.extend(list.into_iter().filter(|one| one.ecosystem == ecosystem && one.package == name));
        }
        Ok(found)
    }

    fn page<'a>(&self, inner: &'a mut Inner, index: usize) -> Result<&'a [u8], String> {
        if !inner.pages.contains_key(&index) {
            let (offset, length, digest) = self.pages.get(index).ok_or("no such page")?;
            let digest = hex::decode(digest).map_err(|error| error.to_string())?;
            let bytes = inner.read(*offset, *length, &digest)?;
            inner.pages.insert(index, bytes);
        }
        Ok(inner.pages.get(&index).map_or(&[], Vec::as_slice))
    }

    /// Everything about exploitation that it was given.
    ///
    /// # Errors
    /// The bytes are not those that were written.
    pub fn scores(&self) -> Result<Scores, String> {
        let Some((offset, length, digest)) = &self.kept else { return Ok(Scores::default()) };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = hex::decode(digest).map_err(|error| error.to_string())?;
        let bytes = inner.read(*offset, *length, &digest)?;
        inner.unpacked(bytes)
    }

    /// Reads and checks every byte; returns the number of advisories.
    ///
    /// # Errors
    /// The first place that is not as it was written.
    pub fn check(&self) -> Result<u64, String> {
        let mut count = 0u64;
        self.all(&mut |_| count = count.saturating_add(1))?;
        self.scores()?;
        Ok(count)
    }

    /// Calls `take` for every advisory.
    ///
    /// # Errors
    /// The first place that is not as it was written.
    pub fn all(&self, take: &mut dyn FnMut(Advisory)) -> Result<(), String> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for index in 0..self.pages.len() {
            let page = self.page(&mut inner, index)?.to_vec();
            for entry in page.chunks_exact(ENTRY) {
                block(&mut inner, entry)?.into_iter().for_each(&mut *take);
            }
        }
        Ok(())
    }
}

fn block(inner: &mut Inner, entry: &[u8]) -> Result<Vec<Advisory>, String> {
    let (Some(offset), Some(length), Some(digest)) = (entry.get(8..16), entry.get(16..20), entry.get(20..52)) else {
        return Err("a short entry".to_owned());
    };
    let bytes = inner.read(number(offset), number(length), digest)?;
    inner.unpacked(bytes)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
