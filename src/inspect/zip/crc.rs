//! CRC-32 of stored members, computed as the file is hashed.

use std::ops::Range;

use super::CRC_MISMATCH;
use crate::model::{ArtifactPath, Evidence, Place};
use crate::weigh::Observer;

/// A member whose checksum is to be computed.
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Its data in the file.
    pub bytes: Range<u64>,
    /// What it should be.
    pub crc: u32,
}

/// Sees the members of one file pass.
pub struct Checksums {
    members: Vec<(Checked, crc32fast::Hasher)>,
    next: usize,
    repeats: u64,
}

impl Checksums {
    /// Checks those members; of members that share bytes only the first, the others were reported already.
    pub fn of(mut members: Vec<Checked>, repeats: u64) -> Option<Self> {
        members.sort_by(|a, b| (a.bytes.start, a.bytes.end, &a.name).cmp(&(b.bytes.start, b.bytes.end, &b.name)));
        let mut end = 0;
        members.retain(|member| {
            let apart = member.bytes.start >= end;
            if apart {
                end = member.bytes.end;
            }
            apart
        });
        let members: Vec<_> = members.into_iter().map(|member| (member, crc32fast::Hasher::new())).collect();
        (!members.is_empty()).then_some(Self { members, next: 0, repeats })
    }
}

impl Observer for Checksums {
    fn observe(&mut self, at: u64, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len() as u64);
        while let Some((member, hasher)) = self.members.get_mut(self.next) {
            let (from, to) = (member.bytes.start.max(at), member.bytes.end.min(end));
            if from < to {
                // Both lie inside the chunk, which is in memory.
                hasher.update(&bytes[(from - at) as usize..(to - at) as usize]);
            }
            if member.bytes.end > end {
                break;
            }
            self.next += 1;
        }
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut more = 0u64;
        for (member, hasher) in self.members {
            let crc = hasher.finalize();
            if crc == member.crc {
                continue;
            }
            if evidence.len() as u64 >= self.repeats {
                more += 1;
                continue;
            }
            let place =
                Place::Entry { name: member.name.clone(), start: 0, end: member.bytes.end - member.bytes.start };
            evidence.push(mismatch(&member.name, member.crc, crc).of(path).at(place));
        }
        if let Some(last) = evidence.last_mut().filter(|_| more > 0) {
            last.fact.message.push_str(&format!(" (and {more} more members like this)"));
        }
        evidence
    }
}

/// Evidence that a member is not what its checksum says.
pub fn mismatch(name: &str, said: u32, is: u32) -> Evidence {
    let message = format!("the CRC-32 of {name:?} is {is:08x}, the directory says {said:08x}");
    Evidence::new(&CRC_MISMATCH, message)
}
