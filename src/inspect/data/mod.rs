//! Files that hold data and run nothing, told by their beginnings: vectors, indices of neighbours, tables, pictures.
//!
//! No loader runs code out of these formats. Looked at is whether their parts fit into the file, and whether numbers that lead
//! somewhere in it do; what the values say is not.

mod avro;
mod faiss;
mod ggml;
mod hnsw;
mod index;
mod matlab;
mod media;
mod paddle;
mod records;
mod tiff;
mod vectors;
mod words;

use crate::inspect::bytes::Cursor;
use crate::inspect::{Inspector, Scope};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// A file of data that is not whole.
pub static DATA_MALFORMED: Rule = Rule {
    id: "data-malformed",
    summary: "a file of data is cut off, or lengths in it lead out of the file",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/data-malformed.md"),
    frameworks: &["CWE-20", "CWE-125", "AML.T0076"],
};

/// What is wrong, and the byte where.
pub type Fault = (u64, String);

/// One format: how it is told, and what must fit.
pub struct Data {
    name: &'static str,
    claims: fn(&[u8], &View<'_>) -> bool,
    check: fn(&View<'_>) -> Result<(), Fault>,
}

/// Models and vectors of fastText.
pub static FASTTEXT: Data = Data { name: "fasttext", claims: vectors::is_fasttext, check: vectors::fasttext };
/// Indices of faiss.
pub static FAISS: Data = Data { name: "faiss", claims: index::is_faiss, check: faiss::faiss };
/// Tables of Avro.
pub static AVRO: Data = Data { name: "avro", claims: avro::is_avro, check: avro::avro };
/// Tables of Feather before it became a file of Arrow.
pub static FEATHER: Data = Data { name: "feather", claims: records::is_feather, check: records::feather };
/// Models of CRFsuite.
pub static CRFSUITE: Data = Data { name: "crfsuite", claims: records::is_crfsuite, check: records::crfsuite };
/// Matrices of MATLAB, version 5.
pub static MATLAB: Data = Data { name: "matlab", claims: matlab::is_matlab, check: matlab::matlab };
/// Databases of SQLite.
pub static SQLITE: Data = Data { name: "sqlite", claims: records::is_sqlite, check: records::sqlite };
/// Tables of Stata from version 13 on.
pub static STATA: Data = Data { name: "stata", claims: records::is_stata, check: records::stata };
/// Pictures.
pub static TIFF: Data = Data { name: "tiff", claims: tiff::is_tiff, check: tiff::tiff };
/// The directory of a database of TensorStore.
pub static OCDBT: Data = Data { name: "ocdbt", claims: records::is_ocdbt, check: records::ocdbt };

/// Vectors of word2vec.
pub static WORD2VEC: Data = Data { name: "word2vec", claims: vectors::is_word2vec, check: vectors::word2vec };
/// Graphs of hnswlib.
pub static HNSWLIB: Data = Data { name: "hnswlib", claims: index::is_hnswlib, check: index::hnswlib };
/// Parameters of PaddlePaddle.
pub static PADDLE: Data = Data { name: "paddle-parameters", claims: paddle::is_paddle, check: paddle::paddle };
/// Arrays of the data sets that are kept as MNIST is.
pub static IDX: Data = Data { name: "idx", claims: vectors::is_idx, check: |_| Ok(()) };
/// Tables of ORC.
pub static ORC: Data = Data { name: "orc", claims: records::is_orc, check: records::orc };
/// Tables of Stata before version 13.
pub static OLD_STATA: Data = Data { name: "stata", claims: records::is_old_stata, check: records::old_stata };
/// Matrices of MATLAB, version 4.
pub static OLD_MATLAB: Data = Data { name: "matlab", claims: matlab::is_old, check: matlab::old };
/// Pictures of Windows.
pub static BITMAP: Data = Data { name: "bmp", claims: media::is_bitmap, check: media::bitmap };
/// Icons of Windows.
pub static ICON: Data = Data { name: "ico", claims: media::is_icon, check: media::icon };
/// Portable maps of Netpbm.
pub static NETPBM: Data = Data { name: "netpbm", claims: media::is_netpbm, check: media::netpbm };

impl Inspector for Data {
    fn format(&self) -> Format {
        Format::named(self.name)
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        (self.claims)(head, view)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if let Err((at, what)) = (self.check)(view) {
            malformed(self.name, at, &what, view, scope);
        }
    }
}

/// Says what is wrong with a file of that format.
pub fn malformed(name: &str, at: u64, what: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(&DATA_MALFORMED, view, at..view.len().min(at.saturating_add(8)), format!("{name}, byte {at}: {what}"));
}

pub use ggml::Ggml;
pub use media::{portable_document, riff};
pub use records::blob;
pub use words::watch as watch_vectors;

/// A little-endian number of four bytes.
fn long(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    let at = cursor.position();
    cursor.array().map(|bytes| i64::from(i32::from_le_bytes(bytes))).ok_or((at, "it is cut off".to_owned()))
}

/// A little-endian number of eight bytes.
fn wide(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    let at = cursor.position();
    cursor.array().map(i64::from_le_bytes).ok_or((at, "it is cut off".to_owned()))
}

fn byte(cursor: &mut Cursor<'_>) -> Result<u8, Fault> {
    let at = cursor.position();
    cursor.byte().ok_or((at, "it is cut off".to_owned()))
}

/// Passes over so many items of that width. What is meant by them is `what`.
fn pass(cursor: &mut Cursor<'_>, count: i64, width: u64, what: &str) -> Result<(), Fault> {
    let at = cursor.position();
    let bytes = u64::try_from(count).ok().and_then(|count| count.checked_mul(width));
    let skipped = bytes.and_then(|bytes| cursor.skip(bytes));
    skipped.ok_or_else(|| (at, format!("{what} go beyond the end: {count} of {width} bytes each")))
}

/// The end: nothing may follow.
fn end(cursor: &Cursor<'_>) -> Result<(), Fault> {
    match cursor.left() {
        0 => Ok(()),
        left => Err((cursor.position(), format!("{left} bytes follow after its end"))),
    }
}

/// A number of four bytes at that place of the head.
fn u32_of(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

/// A number of eight bytes at that place of the head.
fn u64_of(head: &[u8], at: usize) -> Option<u64> {
    head.get(at..at.checked_add(8)?)?.try_into().ok().map(u64::from_le_bytes)
}

/// The first bytes of the view.
fn head_of(view: &View<'_>, len: u64) -> Vec<u8> {
    view.read_up_to(0, len).unwrap_or_default()
}
