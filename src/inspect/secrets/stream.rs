//! Secrets in a text that is too long to be held: it is read as it is hashed, a window at a time.

use std::collections::BTreeSet;

use super::{all, evidence};
use crate::model::{ArtifactPath, Evidence, Place};
use crate::weigh::Observer;

/// Bytes that are looked at together.
const WINDOW: usize = 1 << 20;

/// Bytes of a window that belong to the next one as well, so that no secret is cut in two.
const SHARED: usize = 64 << 10;

/// Secrets that are listed one by one.
const LISTED: usize = 20;

/// Sees a text pass by.
pub struct Stream {
    path: String,
    window: String,
    /// Where the window begins.
    base: u64,
    seen: BTreeSet<String>,
    found: Vec<Evidence>,
}

impl Stream {
    /// A text of that path, of which nothing was seen.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let window = String::with_capacity(WINDOW);
        Self { path: path.to_owned(), window, base: 0, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Looks at the window, whose last bytes come again unless it is the last one.
    fn look(&mut self, last: bool) {
        let own = if last { WINDOW } else { WINDOW - SHARED };
        for one in all(&self.window, &self.path) {
            let Some(secret) = self.window.get(one.range.clone()) else { continue };
            // What begins with the window may be the rest of something that the one before it saw whole.
            let first = one.range.start > 0 || self.base == 0;
            if !first || one.range.start > own || !self.seen.insert(secret.to_owned()) {
                continue;
            }
            if self.seen.len() <= LISTED {
                let (start, end) = (one.range.start as u64, one.range.end as u64);
                let place = Place::bytes(self.base.saturating_add(start), self.base.saturating_add(end));
                self.found.push(evidence(&one, secret).at(place));
            }
        }
        if !last {
            self.window.drain(..own);
            self.base = self.base.saturating_add(own as u64);
        }
    }
}

impl Observer for Stream {
    fn observe(&mut self, _: u64, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(WINDOW - self.window.len()));
            // One character for each byte keeps offsets as they are; secrets are ASCII.
            self.window.extend(now.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }));
            rest = later;
            if self.window.len() == WINDOW {
                self.look(false);
            }
        }
    }

    fn close(mut self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        self.look(true);
        let more = self.seen.len().saturating_sub(LISTED);
        if let Some(last) = self.found.last_mut().filter(|_| more > 0) {
            last.fact.message.push_str(&format!(" (and {more} more like this in the file)"));
            last.fact.details.insert("more".to_owned(), (more as u64).into());
        }
        self.found.into_iter().map(|evidence| evidence.of(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_once_wherever_a_window_ends() {
        // Put together here, so that nobody takes it for a leak.
        let token = ["hf", "q7XbM2kTzR9wLc4VhJ8nPd3FsG6yAeUo5K"].join("_");
        for at in [0, 100, WINDOW - SHARED - 40, WINDOW - SHARED - 5, WINDOW - SHARED, WINDOW - 20, WINDOW, 3 * WINDOW]
        {
            for chunk in [1 << 16, 1_000_003] {
                let mut text = "x ".repeat(at / 2);
                text.push_str(&token);
                text.push_str(&" y".repeat(WINDOW));
                let mut stream = Box::new(Stream::new("a.txt"));
                text.as_bytes().chunks(chunk).for_each(|chunk| stream.observe(0, chunk));
                let found = stream.close(&ArtifactPath::new("a.txt"));
                assert_eq!(found.len(), 1, "{at} {chunk}");
                let start = (at / 2 * 2) as u64;
                assert_eq!(found[0].place, Place::bytes(start, start + token.len() as u64));
                assert!(!found[0].fact.message.contains(&token));
            }
        }
    }
}
