//! Pickles that joblib packed with zlib, its default compression: the bare stream of RFC 1950, without a name or size; until
//! joblib 0.10 with a header of its own in front (`joblib/numpy_pickle_compat.py`, `read_zfile`). Its other compressions are
//! formats of their own (gzip, bzip2, xz, lz4) and no business of this file.

use std::io::Read;

use crate::model::Format;
use crate::weigh::View;

use super::archive::MEMBER_NOT_INSPECTED;
use super::pickle::looks_like_pickle;
use super::{Inspector, Scope, inspect_content};

/// Bytes that are unpacked to see whether a pickle is inside.
const SAMPLE: u64 = 512;

/// A zlib stream with a pickle in it.
pub struct Joblib;

impl Inspector for Joblib {
    fn format(&self) -> Format {
        Format::named("zlib")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        // Compression method 8 and a check of the first two bytes; alone it marks too little to go by.
        let marked = matches!(head, [method, flags, ..]
            if method & 0x0f == 8 && (u16::from(*method) * 256 + u16::from(*flags)).is_multiple_of(31));
        if !marked {
            return false;
        }
        let mut sample = Vec::new();
        // What the beginning of the stream gives counts, whether or not it ends in an error.
        let _ = flate2::read::ZlibDecoder::new(head).take(SAMPLE).read_to_end(&mut sample);
        looks_like_pickle(&sample, &view.decompressed("zlib", &sample))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        unpack(view, 0, None, scope);
    }
}

/// The mark of files of joblib before 0.10.
const ZFILE: &[u8] = b"ZF";
/// Bytes behind the mark for the length of the content: `0x`, digits, and blanks.
const LENGTH: u64 = 19;

/// A zlib stream with a mark and a length in front: a pickle, or an array of its own beside one.
pub struct Zfile;

impl Inspector for Zfile {
    fn format(&self) -> Format {
        Format::named("zfile")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(ZFILE) && head.get(2..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"0x"))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let start = ZFILE.len() as u64 + LENGTH;
        let head = view.read_up_to(ZFILE.len() as u64, LENGTH).unwrap_or_default();
        // Python 2 wrote long numbers with an L.
        let digits = std::str::from_utf8(&head).ok().map(|text| text.trim_end().trim_end_matches('L'));
        let length = digits.and_then(|text| u64::from_str_radix(text.get(2..)?, 16).ok());
        if length.is_none() {
            let message = "the length in front of the zlib stream is no number".to_owned();
            scope.raise(&super::pickle::rules::MALFORMED, view, 0..start.min(view.len()), message);
        }
        unpack(view, start, length, scope);
    }
}

/// Unpacks the stream from there on, and looks at what it holds, which should have that length.
fn unpack(view: &View<'_>, start: u64, length: Option<u64>, scope: &mut Scope<'_>) {
    let malformed = &super::pickle::rules::MALFORMED;
    let Ok(stream) = view.slice(start.min(view.len())..view.len()) else { return };
    let limit = stream.len().saturating_mul(scope.limits.ratio).min(view.unpackable());
    let mut inner = Vec::new();
    let mut reader = stream.reader();
    let mut decoder = flate2::bufread::ZlibDecoder::new(&mut reader);
    let broken = decoder.by_ref().take(limit.saturating_add(1)).read_to_end(&mut inner).is_err();
    let used = decoder.total_in();
    if let Some(trouble) = reader.trouble() {
        scope.unreadable(view, &trouble);
    }
    view.unpacked(inner.len() as u64);
    let cut = inner.len() as u64 > limit;
    if cut {
        inner.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        scope.limit("unpacked bytes", limit, view);
    }
    let known = inspect_content(&view.decompressed("zlib", &inner), scope);
    // Arrays that joblib kept in files of their own are raw numbers: `model.pkl_01.npy.z`.
    if known.is_empty() && !inner.is_empty() && !scope.path.name().ends_with(".npy.z") {
        let message = "what the zlib stream holds is of no known format, so it was not looked at";
        scope.raise(&MEMBER_NOT_INSPECTED, view, 0..0, message);
    }
    if broken {
        let message = "the zlib stream is broken or ends early".to_owned();
        scope.raise(malformed, &stream, used..stream.len().max(used), message);
    } else if used < stream.len() && !cut {
        let message = format!("{} bytes follow the packed pickle", stream.len() - used);
        scope.raise(&super::pickle::rules::TRAILING_DATA, &stream, used..stream.len(), message);
    }
    if let Some(length) = length.filter(|length| !broken && !cut && *length != inner.len() as u64) {
        let message = format!("the zlib stream holds {} bytes, the length in front of it says {length}", inner.len());
        scope.raise(malformed, view, 0..start, message);
    }
}
