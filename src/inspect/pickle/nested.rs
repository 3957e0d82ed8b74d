//! Pickles inside the constants of a pickle: as they are, in Latin-1, base64 or hexadecimal, compressed; and disguised as
//! other text, where only what is known to be dangerous counts.

use std::io::Read;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::detect::is_pickle;
use super::disguise::{Disguise, begins, disguises, is_text};
use super::machine::Machine;
use super::rules::{MALFORMED, NAME_DISGUISED, NESTED, TRAILING_DATA};
use super::source::SHOWN;
use crate::inspect::Scope;
use crate::inspect::archive::MEMBER_NOT_INSPECTED;
use crate::inspect::compressed::MEMORY_KIB;
use crate::model::{Class, Evidence, Severity};
use crate::weigh::View;

/// Bytes that are decoded to decide.
const SAMPLE: usize = 1 << 10;

/// Shortest encoded text that is looked at; a pickle that calls anything is longer.
const SHORTEST: usize = 16;

/// Encoded constants up to this many bytes are decoded, and what is decompressed from one.
const DECODED: u64 = 64 << 20;

/// Layers of encoding around one pickle.
const LAYERS: usize = 4;

/// Ways to take layers off one constant that are tried. Text that can be decoded to text in more ways than one is rare.
const PEELS: usize = 32;

/// What is left of a constant under some layers.
struct Peel {
    sample: Vec<u8>,
    tail: Vec<u8>,
    whole: bool,
    layers: Vec<Layer>,
}

impl Peel {
    /// What is to be looked at once more: a text, or what begins as another layer.
    fn again(inner: Vec<u8>, whole: bool, layers: Vec<Layer>) -> Option<Self> {
        let worth = layers.len() < LAYERS && (is_text(&inner) || begins(&inner));
        worth.then(|| Self { tail: inner.clone(), sample: inner, whole, layers })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Latin1,
    Base64,
    Hex,
    Zlib,
    Gzip,
    Bzip2,
    Xz,
    Disguised(Disguise),
}

impl Machine<'_, '_, '_> {
    /// Looks whether a constant is a pickle. `shown` is its beginning, or all of it.
    #[inline]
    pub fn look_into(&mut self, range: &Range<u64>, shown: &[u8]) {
        if shown.len() >= 4 && is_suspect(shown) && self.look_closer(range, shown) {
            return;
        }
        if shown.len() >= SHORTEST {
            self.look_behind(range, shown);
        }
    }

    #[cold]
    fn look_closer(&mut self, range: &Range<u64>, shown: &[u8]) -> bool {
        let len = range.end.saturating_sub(range.start).max(shown.len() as u64);
        if is_pickle(shown, len) {
            return self.enter(range, shown, &[]);
        }
        let sample = &shown[..shown.len().min(SAMPLE)];
        let Some(layers) = peeled(sample, sample.len() as u64 >= len, Vec::new()) else { return false };
        self.enter(range, shown, &layers)
    }

    /// Looks behind the disguises of a constant that does not look like a pickle: of what stands there, and of what is
    /// under each layer that leaves a text or another layer behind.
    fn look_behind(&mut self, range: &Range<u64>, shown: &[u8]) {
        let all = is_whole(range, shown);
        // Most constants are none of it, which is told without a copy.
        let ends = (&shown[..shown.len().min(SAMPLE)], &shown[shown.len().saturating_sub(SAMPLE)..]);
        if all && !is_suspect(ends.0) && disguises(ends.0, ends.1).next().is_none() {
            return;
        }
        let end = if all { None } else { self.view.read_up_to(range.end - SAMPLE as u64, SAMPLE as u64).ok() };
        let tail = end.unwrap_or_else(|| ends.1.to_vec());
        let sample = ends.0.to_vec();
        let whole = all && shown.len() <= SAMPLE;
        let mut open = vec![Peel { sample, tail, whole, layers: Vec::new() }];
        for _ in 0..PEELS {
            let Some(Peel { sample, tail, whole, layers }) = open.pop() else { return };
            for disguise in disguises(&sample, &tail) {
                let from = if disguise == Disguise::Reversed { &tail } else { &sample };
                let Some(inner) = disguise.open(from, whole) else { continue };
                let chain: Vec<Layer> = layers.iter().copied().chain([Layer::Disguised(disguise)]).collect();
                if let Some(chain) = peeled(&inner, whole, chain.clone())
                    && self.unmask(range, all.then_some(shown), &chain)
                {
                    return;
                }
                // What only puts letters elsewhere leaves a text of every text.
                if !disguise.recodes() {
                    continue;
                }
                if chain.len() >= LAYERS && is_varied(&inner) {
                    return self.scope.limit("layers of encoding", LAYERS as u64, self.view);
                }
                open.extend(Peel::again(inner, whole, chain));
            }
            if sample.len() >= 4
                && (!layers.is_empty() || is_suspect(&sample))
                && let Some((layer, inner, ended)) = unwrap(&sample, whole)
            {
                open.extend(Peel::again(inner, ended, layers.into_iter().chain([layer]).collect()));
            }
        }
        if !open.is_empty() {
            self.scope.limit("ways to decode a constant", PEELS as u64, self.view);
        }
    }

    /// Interprets what is under the layers of a constant, and says it if it is known to be dangerous. Text that means
    /// something else can be read in these ways too, and then now and then names something.
    fn unmask(&mut self, range: &Range<u64>, shown: Option<&[u8]>, layers: &[Layer]) -> bool {
        if self.view.depth() >= self.scope.limits.nesting || range.end - range.start > DECODED {
            return false;
        }
        let stands = || shown.map_or_else(|| self.view.read(range.clone()).ok(), |shown| Some(shown.to_vec()));
        let opened = layers.iter().try_fold(stands(), |bytes, layer| match layer.open(&bytes?, DECODED as usize) {
            Some((inner, true)) => Some(Some(inner)),
            _ => None,
        });
        let Some(bytes) = opened.flatten() else { return false };
        let name = format!("constant at {}", range.start);
        let mut apart = Scope::new(self.scope.path, self.scope.limits);
        apart.lists = self.lists;
        super::inspect_streams(&self.view.decompressed(&name, &bytes), &mut apart, self.lists);
        let seen = apart.close();
        let runs = |evidence: &Evidence| {
            evidence.rule.class == Class::Defect
                && evidence.severity() >= Severity::High
                && evidence.rule != &NAME_DISGUISED
        };
        if !seen.evidence.iter().any(|evidence| runs(evidence) && evidence.severity() == Severity::Critical) {
            return false;
        }
        if self.note(range, layers) {
            seen.evidence.into_iter().filter(runs).for_each(|evidence| self.scope.add(evidence));
            seen.contents.calls.into_iter().for_each(|call| self.scope.call(call));
        }
        true
    }

    /// Writes down that a constant is a pickle; false if there are too many of them.
    fn note(&mut self, range: &Range<u64>, layers: &[Layer]) -> bool {
        if self.nested.len() as u64 >= self.scope.limits.entries {
            self.scope.limit("entries", self.scope.limits.entries, self.view);
            return false;
        }
        self.nested.insert(range.start);
        let how = layers.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(", ");
        let len = range.end - range.start;
        let message = if how.is_empty() {
            format!("a constant of {len} bytes is a pickle")
        } else {
            format!("a constant of {len} bytes is a pickle in {how}")
        };
        if self.nested.len() as u64 <= self.scope.limits.repeats {
            self.scope.raise(&NESTED, self.view, range.clone(), message);
        }
        true
    }

    /// Interprets what may be the pickle in a constant; false if it is none. Numbers of an array can begin as a pickle
    /// does, so only what is followed to its end, or imports something, is one; and a guess that breaks off says nothing
    /// of how well the pickle around it is made.
    fn enter(&mut self, range: &Range<u64>, shown: &[u8], layers: &[Layer]) -> bool {
        if self.view.depth() >= self.scope.limits.nesting {
            if self.note(range, layers) {
                self.scope.limit("nesting", u64::from(self.scope.limits.nesting), self.view);
            }
            return true;
        }
        let name = format!("constant at {}", range.start);
        // A text of protocol 0 is written with escapes: then what is shown is not what stands in the stream.
        let same = || self.view.read_up_to(range.start, shown.len() as u64).is_ok_and(|bytes| bytes == shown);
        let bytes = if !layers.is_empty() {
            match self.opened(range, shown, layers) {
                Some(bytes) => bytes,
                None => return true,
            }
        } else if same() {
            let Ok(inner) = self.view.member(&name, range.clone()) else { return false };
            return self.follow_constant(range, layers, &inner);
        } else {
            shown.to_vec()
        };
        let inner = self.view.decompressed(&name, &bytes);
        self.follow_constant(range, layers, &inner)
    }

    /// Takes the layers off a constant; `None` if that cannot be done, which is written down.
    fn opened(&mut self, range: &Range<u64>, shown: &[u8], layers: &[Layer]) -> Option<Vec<u8>> {
        if range.end - range.start > DECODED {
            self.scope.limit("bytes of an encoded constant", DECODED, self.view);
            return None;
        }
        let stands = if is_whole(range, shown) { Ok(shown.to_vec()) } else { self.view.read(range.clone()) };
        let mut bytes = match stands {
            Ok(bytes) => bytes,
            Err(trouble) => {
                self.scope.unreadable(self.view, &trouble);
                return None;
            }
        };
        for layer in layers {
            match layer.open(&bytes, DECODED as usize) {
                Some((inner, true)) => bytes = inner,
                Some((_, false)) => {
                    self.scope.limit("bytes of an encoded constant", DECODED, self.view);
                    return None;
                }
                None => {
                    let message =
                        format!("a constant begins as a pickle in {} and does not go on as one", layer.name());
                    self.scope.raise(&MEMBER_NOT_INSPECTED, self.view, range.clone(), message);
                    return None;
                }
            }
        }
        Some(bytes)
    }

    /// Follows a pickle that a constant may hold, apart, and writes down what is said of it if it is one.
    fn follow_constant(&mut self, range: &Range<u64>, layers: &[Layer], inner: &View<'_>) -> bool {
        let mut apart = Scope::new(self.scope.path, self.scope.limits);
        apart.lists = self.lists;
        let followed = super::inspect_streams(inner, &mut apart, self.lists);
        let seen = apart.close();
        let limited = seen.evidence.iter().any(|evidence| evidence.rule.class == Class::Gap);
        if !(followed.ended || followed.imported > 0 || limited) {
            return false;
        }
        if self.note(range, layers) {
            let guessed = |evidence: &Evidence| evidence.rule == &MALFORMED || evidence.rule == &TRAILING_DATA;
            seen.evidence
                .into_iter()
                .filter(|evidence| !guessed(evidence))
                .for_each(|evidence| self.scope.add(evidence));
            seen.contents.calls.into_iter().for_each(|call| self.scope.call(call));
        }
        true
    }
}

/// True for a text that somebody encoded once more. One of few letters, as `3333…`, can be read in hexadecimal over and
/// over again.
fn is_varied(text: &[u8]) -> bool {
    is_text(text) && text.iter().collect::<std::collections::BTreeSet<_>>().len() >= 8
}

/// True if what is shown is all of a constant. Of a text with escapes it is, and shorter than what stands in the stream.
fn is_whole(range: &Range<u64>, shown: &[u8]) -> bool {
    shown.len() != SHOWN || range.end - range.start <= SHOWN as u64
}

/// Takes plain layers off until a pickle is seen; gives all layers that are around it.
fn peeled(sample: &[u8], mut whole: bool, mut layers: Vec<Layer>) -> Option<Vec<Layer>> {
    let mut sample = sample.to_vec();
    loop {
        if !layers.is_empty() && is_pickle(&sample, sample.len() as u64 + u64::from(!whole)) {
            return Some(layers);
        }
        if layers.len() >= LAYERS {
            return None;
        }
        let (layer, inner, ended) = unwrap(&sample, whole)?;
        layers.push(layer);
        (sample, whole) = (inner, ended);
    }
}

/// A first look that is cheap and misses nothing that the second one would find.
#[inline]
fn is_suspect(shown: &[u8]) -> bool {
    match (shown[0], shown[1]) {
        (0x80, 2..=5)
        | (0xc2, 0x80)
        | (0x78, 0x01 | 0x5e | 0x9c | 0xda)
        | (0x1f, 0x8b)
        | (b'B', b'Z')
        | (0xfd, b'7') => true,
        (b'c' | b'(' | b']' | b'}', _) => shown.contains(&b'\n') || shown.last() == Some(&b'.'),
        // base64 of 80 02..05, of `c`, `(`, `]`, `}`, of zlib and of gzip; hexadecimal of the same.
        (b'g', b'A') | (b'Y' | b'K' | b'X' | b'f', _) | (b'e', _) | (b'H', b'4') => shown.len() >= SHORTEST,
        (b'8', b'0') | (b'6', b'3') | (b'2', b'8') | (b'5' | b'7', _) | (b'1', b'f' | b'F') => shown.len() >= SHORTEST,
        _ => false,
    }
}

/// Takes one layer off the beginning of some bytes; also says whether all of it was taken.
fn unwrap(sample: &[u8], whole: bool) -> Option<(Layer, Vec<u8>, bool)> {
    let layer = match sample {
        [0xc2, 0x80, 2..=5, ..] => Layer::Latin1,
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Layer::Zlib,
        [0x1f, 0x8b, ..] => Layer::Gzip,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', ..] => Layer::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Layer::Xz,
        _ if sample.len() >= SHORTEST && trimmed(sample).iter().all(u8::is_ascii_hexdigit) => Layer::Hex,
        _ if sample.len() >= SHORTEST && trimmed(sample).iter().all(|byte| is_base64(*byte)) => Layer::Base64,
        _ => return None,
    };
    let cut = match layer {
        Layer::Latin1 if !whole => sample.utf8_chunks().next().map_or(sample, |chunk| chunk.valid().as_bytes()),
        Layer::Base64 | Layer::Hex if !whole => &sample[..sample.len() / 4 * 4],
        _ => sample,
    };
    let (inner, ended) = layer.open(cut, SAMPLE)?;
    (!inner.is_empty()).then_some((layer, inner, ended && whole))
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_end()
}

/// Without white space, which decoders pass over.
fn unbroken(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

impl Layer {
    const fn name(self) -> &'static str {
        match self {
            Self::Latin1 => "Latin-1 text",
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Disguised(disguise) => disguise.name(),
        }
    }

    /// Takes the layer off, up to `limit` bytes; says whether that was all.
    fn open(self, bytes: &[u8], limit: usize) -> Option<(Vec<u8>, bool)> {
        match self {
            // Protocols below 3 write bytes as text, one character for each.
            Self::Latin1 => {
                let text = std::str::from_utf8(bytes).ok()?;
                let inner: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
                inner.map(|inner| (inner, true))
            }
            Self::Base64 => {
                let text = unbroken(bytes);
                let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
                engines.iter().find_map(|engine| engine.decode(&text).ok()).map(|inner| (inner, true))
            }
            Self::Hex => hex::decode(unbroken(bytes)).ok().map(|inner| (inner, true)),
            Self::Zlib => inflate(flate2::read::ZlibDecoder::new(bytes), limit),
            Self::Gzip => inflate(flate2::read::GzDecoder::new(bytes), limit),
            Self::Bzip2 => inflate(bzip2::read::BzDecoder::new(bytes), limit),
            Self::Disguised(disguise) => disguise.open(bytes, true).map(|inner| (inner, true)),
            Self::Xz => inflate(lzma_rust2::XzReader::new_mem_limit(bytes, true, MEMORY_KIB), limit),
        }
    }
}

fn inflate(reader: impl Read, limit: usize) -> Option<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    // A sample ends in the middle of the compressed data; what came out until then counts.
    let ended = reader.take(limit as u64 + 1).read_to_end(&mut out).is_ok() && out.len() <= limit;
    out.truncate(limit);
    (!out.is_empty()).then_some((out, ended))
}
