//! TFRecord: lengths, records, and their checksums; what TensorBoard writes its events to.
//!
//! ```text
//! length: 8 bytes │ CRC-32C of it, masked │ record │ CRC-32C of it, masked │ length …
//! ```
//!
//! Training logs lie in many repositories, and their readers run nothing. Source: the tutorial on TFRecord of TensorFlow.
//! Not looked at: what the records say; in archives, anything behind the first 64 MiB.

use std::io::BufRead;

use super::crc32c::{Crc32c, masked};
use super::tensorflow::TENSORFLOW_MALFORMED;
use super::{Inspector, Scope};
use crate::model::{ArtifactPath, Evidence, Format, Place};
use crate::weigh::{Observer, View};

/// Bytes of a member of an archive that are read.
const MEMBER: u64 = 64 << 20;

/// The format.
pub struct TfRecord;

impl Inspector for TfRecord {
    fn format(&self) -> Format {
        Format::named("tfrecord")
    }

    /// The sum of the first length.
    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
        rest.first_chunk::<4>().is_some_and(|sum| u32::from_le_bytes(*sum) == masked(length))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if view.depth() == 0 {
            return scope.observe(Box::new(Records::new()));
        }
        let mut records = Records::new();
        let mut reader = view.reader();
        while reader.position() < MEMBER {
            let taken = match reader.fill_buf() {
                Ok(bytes) => {
                    records.take(bytes);
                    bytes.len()
                }
                Err(_) => break,
            };
            if taken == 0 {
                break;
            }
            reader.consume(taken);
        }
        if let Some(trouble) = reader.trouble() {
            return scope.unreadable(view, &trouble);
        }
        let whole = reader.position() == view.len();
        if let Some((at, what)) = records.end(whole) {
            let at = at.min(view.len());
            scope.raise(&TENSORFLOW_MALFORMED, view, at..view.len(), what);
        }
    }
}

/// Parts of a record.
#[derive(Clone, Copy)]
enum Part {
    Length,
    LengthSum,
    Record,
    RecordSum,
}

/// Reads records as they pass.
struct Records {
    part: Part,
    /// Bytes of the part that are still to come.
    left: u64,
    /// Those of a length or sum that have come.
    number: Vec<u8>,
    length: u64,
    sum: Crc32c,
    /// Where the record began, and what was read in all.
    start: u64,
    at: u64,
    wrong: Option<(u64, String)>,
}

impl Records {
    fn new() -> Self {
        let (number, sum) = (Vec::new(), Crc32c::new());
        Self { part: Part::Length, left: 8, number, length: 0, sum, start: 0, at: 0, wrong: None }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while self.wrong.is_none() && (!bytes.is_empty() || self.left == 0) {
            let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at(taken);
            bytes = rest;
            self.left -= taken as u64;
            self.at = self.at.saturating_add(taken as u64);
            match self.part {
                Part::Record => self.sum.update(piece),
                _ => self.number.extend_from_slice(piece),
            }
            if self.left == 0 {
                self.next();
            }
        }
    }

    /// A part is complete.
    fn next(&mut self) {
        let number = std::mem::take(&mut self.number);
        let sum = number.first_chunk::<4>().map(|sum| u32::from_le_bytes(*sum));
        (self.part, self.left) = match self.part {
            Part::Length => {
                self.length = number.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length));
                self.sum = Crc32c::new();
                self.sum.update(&number);
                (Part::LengthSum, 4)
            }
            Part::LengthSum => {
                if sum != Some(self.sum.masked()) {
                    self.wrong = Some((self.start, self.says("length has another checksum than the file says")));
                }
                self.sum = Crc32c::new();
                (Part::Record, self.length)
            }
            Part::Record => (Part::RecordSum, 4),
            Part::RecordSum => {
                if sum != Some(self.sum.masked()) {
                    self.wrong = Some((self.start, self.says("record has another checksum than the file says")));
                }
                self.start = self.at;
                (Part::Length, 8)
            }
        };
    }

    fn says(&self, what: &str) -> String {
        format!("at byte {}: the {what}", self.start)
    }

    /// What is wrong, if anything. `whole` says that all bytes were read.
    fn end(self, whole: bool) -> Option<(u64, String)> {
        let cut = whole && self.at > self.start;
        self.wrong.or_else(|| cut.then(|| (self.start, format!("the record at byte {} is cut off", self.start))))
    }
}

impl Observer for Records {
    fn observe(&mut self, _: u64, bytes: &[u8]) {
        self.take(bytes);
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        let length = self.at;
        let wrong = self.end(true);
        let evidence = wrong.map(|(at, what)| {
            Evidence::new(&TENSORFLOW_MALFORMED, what)
                .of(path)
                .at(Place::bytes(at, at.saturating_add(1).min(length.max(at))))
        });
        evidence.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u64).to_le_bytes();
        [&length[..], &masked(&length).to_le_bytes(), bytes, &masked(bytes).to_le_bytes()].concat()
    }

    fn wrong(pieces: &[&[u8]]) -> Option<u64> {
        let mut records = Records::new();
        pieces.iter().for_each(|piece| records.take(piece));
        records.end(true).map(|(at, _)| at)
    }

    #[test]
    fn records_are_read_however_they_come() {
        let file = [record(b"first"), record(b""), record(b"the third")].concat();
        assert_eq!(wrong(&[&file]), None);
        assert_eq!(wrong(&file.chunks(1).collect::<Vec<_>>()), None);
        assert_eq!(wrong(&[&file[..file.len() - 1]]), Some(37));
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(wrong(&[&changed]).is_some(), "byte {at}");
        }
    }
}
