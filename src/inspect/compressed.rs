//! Streams of one compressed content: bzip2, xz, LZMA alone, Zstandard, LZ4 frames. What they hold is shown to every
//! inspector. joblib, R and whoever packs a model for sending write these.
//!
//! Sources: the xz file format 1.2.1, RFC 8878 (Zstandard), the LZ4 frame format 1.6.4, `lzma-file-format.txt` of XZ
//! Utils. Not looked at: streams that need a dictionary from elsewhere, and LZ4's legacy frames.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::StreamingDecoder;

use super::archive::{FILLING, Unknown, filling};
use super::inflate::allowance;
use super::{Inspector, Scope, zarr_shard};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::{Reader, View};

/// Not a whole stream.
pub static COMPRESSION_MALFORMED: Rule = Rule {
    id: "compression-malformed",
    summary: "a compressed stream or archive is broken, cut off, or not what its checksum says",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/compression-malformed.md"),
    frameworks: &["CWE-354", "AML.T0076"],
};

/// Memory that a dictionary or window may take, in KiB. Every preset of xz and zstd stays below.
pub const MEMORY_KIB: u32 = 160 << 10;

/// Streams one behind the other that are followed.
const STREAMS: u32 = 1000;

/// Bytes that may come out of `len` compressed ones: ten times `ratio` as many, because an array of zeros is packed that
/// well by these, but never more than [`allowance`] lets through, and always a mebibyte.
#[derive(Clone, Copy)]
pub struct Bound {
    len: u64,
    most: u64,
}

impl Bound {
    /// For streams that take all of the view.
    pub fn of(view: &View<'_>, ratio: u64) -> Self {
        let most = view.len().saturating_mul(ratio).saturating_mul(10).max(1 << 20);
        Self { len: view.len(), most: most.min(view.unpackable()) }
    }

    /// What may have come out when so many bytes were read.
    pub fn at(self, read: u64) -> u64 {
        self.most.min(allowance(self.len, read))
    }

    /// The same bound when so many bytes came out.
    pub fn less(self, bytes: u64) -> Self {
        Self { most: self.most.saturating_sub(bytes), ..self }
    }
}

/// A reader that counts what is taken from it. What a stream tells to pass over is not.
struct Metered<'r, 'v> {
    reader: &'r mut Reader<'v>,
    read: &'r Cell<u64>,
}

impl Read for Metered<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(into)?;
        self.read.set(self.read.get().saturating_add(count as u64));
        Ok(count)
    }
}

impl BufRead for Metered<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read.set(self.read.get().saturating_add(amount as u64));
        self.reader.consume(amount);
    }
}

/// What came out of some streams, one behind the other.
struct Unpacked {
    content: Vec<u8>,
    /// Bytes that were read for it.
    read: Cell<u64>,
    bound: Bound,
}

impl Unpacked {
    fn new(view: &View<'_>, ratio: u64) -> Self {
        Self { content: Vec::new(), read: Cell::new(0), bound: Bound::of(view, ratio) }
    }

    /// True if more came out than may.
    fn is_cut(&self) -> bool {
        self.content.len() as u64 > self.bound.at(self.read.get())
    }

    fn drain<'r, 'v, D: Read>(
        &'r mut self,
        reader: &'r mut Reader<'v>,
        decoder: impl FnOnce(Metered<'r, 'v>) -> io::Result<D>,
    ) -> io::Result<D> {
        let (read, bound) = (&self.read, self.bound);
        let mut decoder = decoder(Metered { reader, read })?;
        drain(&mut decoder, &mut self.content, || bound.at(read.get()))?;
        Ok(decoder)
    }
}

/// One of the formats.
pub enum Compressed {
    /// `BZh`, a digit, and the mark of a block.
    Bzip2,
    /// The container of XZ Utils.
    Xz,
    /// Its predecessor, which has no mark: properties, dictionary size, length.
    Lzma,
    /// RFC 8878.
    Zstd,
    /// Frames, not bare blocks.
    Lz4,
}

impl Inspector for Compressed {
    fn format(&self) -> Format {
        Format::named(self.name())
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        self.begins(head)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut reader = view.reader();
        let mut unpacked = Unpacked::new(view, scope.limits.ratio);
        let mut fault = None;
        for _ in 0..STREAMS {
            let at = reader.position();
            fault = self.stream(&mut reader, view, &mut unpacked).err();
            let next = reader.position();
            let more = next > at && next < view.len() && !unpacked.is_cut();
            if fault.is_some() || !more || !view.read_up_to(next, 16).is_ok_and(|head| self.begins(&head)) {
                break;
            }
        }
        let (end, trouble) = (reader.position().min(view.len()), reader.trouble());
        let cut = unpacked.is_cut();
        let content = unpacked.content;
        view.unpacked(content.len() as u64);
        let mut unknown = Unknown::default();
        let outer = scope.partial;
        scope.partial |= cut;
        unknown.unpacked(&content, view, scope);
        scope.partial = outer;
        unknown.close(view, scope);
        if let Some(trouble) = trouble {
            scope.unreadable(view, &trouble);
        } else if cut {
            filling(&content, FILLING, view, scope);
            scope.limit("unpacked-bytes", content.len() as u64, view);
        } else if let Some(fault) = fault {
            let message = format!("the {} stream is broken or cut off: {}", self.name(), self.wrong(&fault));
            scope.raise(&COMPRESSION_MALFORMED, view, end..view.len(), message);
        } else if end < view.len() && !zarr_shard::is_index(view, end) {
            let message = format!("{} bytes follow after the {} stream", view.len() - end, self.name());
            scope.raise(&COMPRESSION_MALFORMED, view, end..view.len(), message);
        } else if end == view.len() && !self.is_ended(view) {
            let message = format!("the {} stream has no end mark: it is cut off", self.name());
            scope.raise(&COMPRESSION_MALFORMED, view, end..end, message);
        }
    }
}

impl Compressed {
    const fn name(&self) -> &'static str {
        match self {
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    fn begins(&self, head: &[u8]) -> bool {
        match self {
            // A block, or the end of an empty stream.
            Self::Bzip2 => {
                head.starts_with(b"BZh") && matches!(head.get(4..10), Some(b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90"))
            }
            Self::Xz => head.starts_with(b"\xfd7zXZ\0"),
            Self::Lzma => is_lzma(head),
            Self::Zstd => head.starts_with(b"\x28\xb5\x2f\xfd") || skippable(head),
            Self::Lz4 => head.starts_with(b"\x04\x22\x4d\x18"),
        }
    }

    /// Unpacks one stream onto the end of the content, and leaves the reader behind it.
    fn stream(&self, reader: &mut Reader<'_>, view: &View<'_>, unpacked: &mut Unpacked) -> io::Result<()> {
        match self {
            Self::Bzip2 => unpacked.drain(reader, |reader| Ok(BzDecoder::new(reader))).map(drop),
            Self::Xz => {
                unpacked.drain(reader, |reader| Ok(XzReader::new_mem_limit(reader, true, MEMORY_KIB))).map(drop)
            }
            Self::Lzma => lzma(reader, unpacked),
            Self::Zstd => {
                let at = reader.position();
                let head = view.read_up_to(at, 8).unwrap_or_default();
                if let (true, Some(Ok(length))) = (skippable(&head), head.get(4..8).map(<[u8; 4]>::try_from)) {
                    let end = at.saturating_add(8).saturating_add(u32::from_le_bytes(length).into());
                    if end > view.len() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    reader.seek(end);
                    return Ok(());
                }
                let (before, header) = (unpacked.content.len(), frame(&view.read_up_to(at, 18).unwrap_or_default()));
                let Some(size) = header else {
                    return Err(Said("its header is cut off, or sets a bit that is reserved").into());
                };
                let window = u64::from(MEMORY_KIB) << 10;
                let decoder = unpacked.drain(reader, |reader| {
                    StreamingDecoder::new_with_max_window_size(reader, window)
                        .map_err(|_| Said("its header cannot be read, or asks for too much memory").into())
                })?;
                let (said, is) = (decoder.decoder.get_checksum_from_data(), decoder.decoder.get_calculated_checksum());
                drop(decoder);
                if !unpacked.is_cut() && said.is_some() && said != is {
                    return Err(Said("the content is not what the checksum says").into());
                }
                let length = (unpacked.content.len() - before) as u64;
                if !unpacked.is_cut() && size.is_some_and(|size| size != length) {
                    return Err(Said("the content is not as long as the header says").into());
                }
                Ok(())
            }
            Self::Lz4 => unpacked.drain(reader, |reader| Ok(FrameDecoder::new(reader))).map(drop),
        }
    }

    /// What is wrong, for people: the words of the decoders are those of their sources.
    fn wrong(&self, fault: &io::Error) -> String {
        let said = fault.get_ref().and_then(|inner| inner.downcast_ref::<Said>());
        match (said, self) {
            (Some(Said(what)), _) => (*what).to_owned(),
            _ if fault.kind() == io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            (None, Self::Xz) if fault.to_string().contains("CRC") => {
                "something is not what its checksum says".to_owned()
            }
            _ => "a block or a header cannot be unpacked".to_owned(),
        }
    }

    /// The reader of LZ4 takes a missing end for an end.
    fn is_ended(&self, view: &View<'_>) -> bool {
        if !matches!(self, Self::Lz4) {
            return true;
        }
        let flags = view.read_up_to(4, 1).ok().and_then(|flags| flags.first().copied()).unwrap_or(0);
        let behind = if flags & 4 == 0 { 4 } else { 8 };
        let end = view.len().saturating_sub(behind);
        view.read_up_to(end, 4).is_ok_and(|mark| mark == [0; 4])
    }
}

/// A fault in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(&'static str);

impl From<Said> for io::Error {
    fn from(said: Said) -> Self {
        Self::other(said)
    }
}

/// The length of the content that the header of a Zstandard frame gives, if it gives one (RFC 8878, 3.1.1.1); `None` if the
/// header is cut off or sets the reserved bit.
fn frame(head: &[u8]) -> Option<Option<u64>> {
    let descriptor = *head.get(4)?;
    if descriptor & 8 != 0 {
        return None;
    }
    let single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let width = match (descriptor >> 6, single) {
        (0, false) => return Some(None),
        (0, true) => 1,
        (flag, _) => 1 << flag,
    };
    let at = 5 + usize::from(!single) + dictionary;
    let size = head.get(at..at + width)?.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Some(Some(if width == 2 { size + 256 } else { size }))
}

/// Properties 0x5d, which every encoder writes by default, a dictionary size that some preset has, and a length that is
/// unknown or sensible. The first byte of the range coder is 0.
fn is_lzma(head: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        head.get(range).map(|bytes| bytes.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte)))
    };
    let (Some(dictionary), Some(length)) = (number(1..5), number(5..13)) else { return false };
    let preset = dictionary.is_power_of_two() || dictionary.is_multiple_of(3) && (dictionary / 3).is_power_of_two();
    head[0] == 0x5d
        && preset
        && (4096..=1 << 30).contains(&dictionary)
        && (length == u64::MAX || length < 1 << 38)
        && head.get(13) == Some(&0)
}

/// A frame that Zstandard passes over.
fn skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// A stream without a frame: its decoder reads ahead of its end.
fn lzma(reader: &mut Reader<'_>, unpacked: &mut Unpacked) -> io::Result<()> {
    let (read, bound) = (&unpacked.read, unpacked.bound);
    let mut decoder = LzmaReader::new_mem_limit(Metered { reader: &mut *reader, read }, MEMORY_KIB, None)?;
    let outcome = drain(&mut decoder, &mut unpacked.content, || bound.at(read.get()));
    let (_, ahead) = decoder.into_parts();
    let behind = reader.position().saturating_sub(ahead.len() as u64);
    reader.seek(behind);
    outcome
}

/// Reads to the end, or until more came out than may.
pub fn drain(from: &mut impl Read, into: &mut Vec<u8>, most: impl Fn() -> u64) -> io::Result<()> {
    let mut piece = vec![0; 32 << 10];
    while into.len() as u64 <= most() {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => into.extend_from_slice(&piece[..count.min(piece.len())]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
