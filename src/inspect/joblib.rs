//! Pickles that joblib packed with zlib, its default compression: the bare stream of RFC 1950, without a name or size.
//! Its other compressions are formats of their own (gzip, bzip2, xz, lz4) and no business of this file.

use std::io::Read;

use crate::model::Format;
use crate::weigh::View;

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
        let limit = view.len().saturating_mul(scope.limits.ratio).min(view.unpackable());
        let mut inner = Vec::new();
        let mut reader = view.reader();
        let mut decoder = flate2::bufread::ZlibDecoder::new(&mut reader);
        let broken = decoder.by_ref().take(limit.saturating_add(1)).read_to_end(&mut inner).is_err();
        let used = decoder.total_in();
        if let Some(trouble) = reader.trouble() {
            scope.unreadable(view, &trouble);
        }
        view.unpacked(inner.len() as u64);
        if inner.len() as u64 > limit {
            inner.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            scope.limit("unpacked bytes", limit, view);
        }
        inspect_content(&view.decompressed("zlib", &inner), scope);
        if broken {
            let message = "the zlib stream is broken or ends early".to_owned();
            scope.raise(&super::pickle::rules::MALFORMED, view, used..view.len().max(used), message);
        } else if used < view.len() && (inner.len() as u64) < limit {
            let message = format!("{} bytes follow the packed pickle", view.len() - used);
            scope.raise(&super::pickle::rules::TRAILING_DATA, view, used..view.len(), message);
        }
    }
}
