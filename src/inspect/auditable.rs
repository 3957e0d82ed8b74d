//! The list of crates that `cargo auditable` puts into a program: a section `.dep-v0` of ELF, PE or Mach-O that holds
//! zlib-compressed JSON.
//!
//! Source: the cargo-auditable format description, version 0. Not looked at: whether the program was really built from
//! those crates; only its maker knows.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use object::{Object as _, ObjectSection as _, ReadCache, ReadCacheOps};

use super::Scope;
use crate::model::Format;
use crate::weigh::View;

/// Name of the section; Mach-O writes it without a dot as well.
const SECTION: &str = ".dep-v0";
/// Compressed and decompressed bytes of the list that are read. A list of 10,000 crates takes about one mebibyte.
const LIST_BYTES: u64 = 16 << 20;

/// Puts the list into the inventory, if the program carries one.
pub fn inspect(formats: &[Format], view: &View<'_>, scope: &mut Scope<'_>) {
    let program = formats.iter().any(|format| matches!(format.name(), "elf" | "pe" | "mach-o"));
    if !program || view.depth() > 0 {
        return;
    }
    let cache = ReadCache::new(Window { view, at: 0 });
    let Ok(file) = object::File::parse(&cache) else { return };
    let Some(section) = file.section_by_name(SECTION) else { return };
    let range = section.file_range();
    let Some((start, size)) = range else { return };
    if size > LIST_BYTES {
        return scope.limit("embedded-lock-bytes", LIST_BYTES, view);
    }
    let end = start.saturating_add(size);
    match view.read(start..end) {
        Ok(compressed) => {
            let mut list = Vec::new();
            let read = ZlibDecoder::new(compressed.as_slice()).take(LIST_BYTES).read_to_end(&mut list);
            if list.len() as u64 == LIST_BYTES {
                return scope.limit("embedded-lock-bytes", LIST_BYTES, view);
            }
            // What is broken is handed on as far as it goes: whoever reads it says that it is no list.
            drop(read);
            scope.contents().lock = Some(list);
        }
        Err(trouble) => scope.unreadable(view, &trouble),
    }
}

/// A view as the object reader wants it.
struct Window<'v, 'b> {
    view: &'v View<'b>,
    at: u64,
}

impl ReadCacheOps for Window<'_, '_> {
    fn len(&mut self) -> Result<u64, ()> {
        Ok(self.view.len())
    }

    fn seek(&mut self, at: u64) -> Result<u64, ()> {
        self.at = at;
        Ok(at)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, ()> {
        let bytes = self.view.read_up_to(self.at, into.len() as u64).map_err(drop)?;
        into.get_mut(..bytes.len()).ok_or(())?.copy_from_slice(&bytes);
        self.at = self.at.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn read_exact(&mut self, into: &mut [u8]) -> Result<(), ()> {
        let count = self.read(into)?;
        if count == into.len() { Ok(()) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};
    use std::io::Write as _;

    /// A little-endian ELF of 64 bits with a section of that name and content.
    fn program(name: &str, content: &[u8]) -> Vec<u8> {
        let names = [b"\0".as_slice(), name.as_bytes(), b"\0.shstrtab\0"].concat();
        let (content_at, names_at) = (64, 64 + content.len());
        let table_at = names_at + names.len();
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        file.extend([0; 16]);
        file.extend((table_at as u64).to_le_bytes());
        file.extend(b"\0\0\0\0\x40\0\0\0\0\0\x40\0\x03\0\x02\0");
        file.extend(content);
        file.extend(&names);
        let section = |name: u32, kind: u32, at: usize, size: usize| {
            let mut entry = [name.to_le_bytes(), kind.to_le_bytes()].concat();
            entry.extend([0; 16]);
            entry.extend((at as u64).to_le_bytes());
            entry.extend((size as u64).to_le_bytes());
            entry.extend([0; 24]);
            entry
        };
        file.extend(section(0, 0, 0, 0));
        file.extend(section(1, 1, content_at, content.len()));
        file.extend(section(u32::try_from(name.len()).unwrap() + 2, 3, names_at, names.len()));
        file
    }

    fn lock(file: &[u8]) -> Option<Vec<u8>> {
        let (path, limits) = (ArtifactPath::new("program"), Limits::default());
        View::with_bytes(file, 1 << 20, |view| {
            let mut scope = Scope::new(&path, &limits);
            inspect(&[Format::named("elf")], view, &mut scope);
            scope.contents().lock.take()
        })
    }

    #[test]
    fn the_list_is_found_and_damage_is_survived() {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(b"{\"packages\":[]}").unwrap();
        let file = program(".dep-v0", &zlib.finish().unwrap());
        assert_eq!(lock(&file).as_deref(), Some(b"{\"packages\":[]}".as_slice()));
        assert_eq!(lock(&program(".dep-v1", b"x")), None);
        for end in 0..file.len() {
            lock(&file[..end]);
        }
        for at in 0..file.len() {
            for value in [0, 0xff] {
                let mut changed = file.clone();
                changed[at] = value;
                lock(&changed);
            }
        }
    }
}
