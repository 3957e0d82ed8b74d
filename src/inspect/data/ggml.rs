//! ggml before GGUF: only whisper.cpp still writes it, and its models are read here. What others wrote is not.
//!
//! Source: `whisper_model_load` of whisper.cpp. Not looked at: the numbers of the filters and tensors.

use super::{Fault, long, malformed, pass};
use crate::inspect::bytes::Cursor;
use crate::inspect::claim::FORMAT_NOT_INSPECTED;
use crate::inspect::gguf;
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// Models of whisper.cpp, and others that begin so.
pub struct Ggml;

/// Numbers of the header, the mark included.
const HEADER: usize = 12;
/// Windows of the Fourier transform by which the filters are wide, and filters: 80, and 128 from large-v3 on.
const WINDOWS: i64 = 201;
/// Longest piece of the vocabulary and longest name of a tensor, in bytes. Real ones have some 100.
const NAME: i64 = 1024;
/// Dimensions of a tensor.
const DIMENSIONS: i64 = 4;

impl Inspector for Ggml {
    fn format(&self) -> Format {
        Format::named("ggml")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"lmgg")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let head = view.read_up_to(0, 64).unwrap_or_default();
        if !is_whisper(&head) {
            return scope.raise(&FORMAT_NOT_INSPECTED, view, 0..view.len().min(16), "ggml is not looked into");
        }
        if let Err((at, what)) = whisper(view) {
            malformed("ggml of whisper.cpp", at, &what, view, scope);
        }
    }
}

/// The sizes of a model of speech behind the mark, and the filters behind those.
fn is_whisper(head: &[u8]) -> bool {
    let number = |n: usize| head.get(4 * n..4 * n + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_le_bytes);
    let sizes = (1..HEADER - 1).all(|n| number(n).is_some_and(|size| (1..1 << 20).contains(&size)));
    let mels = number(10);
    sizes
        && matches!(mels, Some(80 | 128))
        && number(HEADER) == mels
        && number(HEADER + 1).map(i64::from) == Some(WINDOWS)
}

fn whisper(view: &View<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(view);
    pass(&mut cursor, HEADER as i64, 4, "the sizes")?;
    let (mels, windows) = (long(&mut cursor)?, long(&mut cursor)?);
    pass(&mut cursor, mels * windows, 4, "the filters")?;
    let words = long(&mut cursor)?;
    for _ in 0..words {
        let length = long(&mut cursor)?;
        limited(&cursor, length, "a piece of the vocabulary")?;
        pass(&mut cursor, length, 1, "a piece of the vocabulary")?;
    }
    while cursor.left() > 0 {
        tensor(&mut cursor)?;
    }
    Ok(())
}

/// Dimensions, the length of the name, the type, each dimension, the name, the numbers.
fn tensor(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    let at = cursor.position();
    let (dimensions, name, kind) = (long(cursor)?, long(cursor)?, long(cursor)?);
    if !(0..=DIMENSIONS).contains(&dimensions) {
        return Err((at, format!("a tensor has {dimensions} dimensions")));
    }
    let kind = u32::try_from(kind).ok().and_then(gguf::element);
    let (block, bytes) = kind.ok_or_else(|| (at, "a tensor is of a type that ggml has not".to_owned()))?;
    let mut elements = Some(1u64);
    for _ in 0..dimensions {
        let size = u64::try_from(long(cursor)?).ok();
        elements = elements.zip(size).and_then(|(elements, size)| elements.checked_mul(size));
    }
    let length =
        elements.filter(|elements| elements.is_multiple_of(block)).and_then(|all| (all / block).checked_mul(bytes));
    limited(cursor, name, "the name of a tensor")?;
    pass(cursor, name, 1, "the name of a tensor")?;
    let place = cursor.position();
    length
        .and_then(|length| cursor.skip(length))
        .ok_or_else(|| (place, "the numbers of a tensor go beyond the end".to_owned()))
}

fn limited(cursor: &Cursor<'_>, length: i64, what: &str) -> Result<(), Fault> {
    if (0..=NAME).contains(&length) { Ok(()) } else { Err((cursor.position(), format!("{what} has {length} bytes"))) }
}
