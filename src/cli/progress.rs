//! What a terminal shows while bytes are weighed: rate, time left, the files at hand. Nothing when piped, nothing
//! for the first second.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::emit::sanitize;
use crate::model::ArtifactPath;
use crate::weigh::Progress;

const PATIENCE: Duration = Duration::from_secs(1);
/// The bar is redrawn at most this often, whatever the number of chunks and files.
const BEAT: Duration = Duration::from_millis(100);

/// A progress bar on standard error.
pub struct Bar {
    bar: ProgressBar,
    wanted: bool,
    started: Instant,
    done: AtomicU64,
    next: AtomicU64,
    file: Mutex<String>,
}

impl Bar {
    /// Shown only when standard error is a terminal and the caller did not ask for quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let wanted = !quiet && std::io::stderr().is_terminal();
        let form = "{bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {wide_msg}";
        bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            bar,
            wanted,
            started: Instant::now(),
            done: AtomicU64::new(0),
            next: AtomicU64::new(PATIENCE.as_millis() as u64),
            file: Mutex::default(),
        }
    }

    fn beat(&self) {
        let now = self.started.elapsed().as_millis() as u64;
        let next = self.next.load(Ordering::Relaxed);
        let beat = BEAT.as_millis() as u64;
        if now >= next && self.next.compare_exchange(next, now + beat, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            if self.wanted && self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            let name = self.file.lock().map(|name| name.clone()).unwrap_or_default();
            self.bar.set_message(sanitize::line(&name).into_owned());
            self.bar.set_position(self.done.load(Ordering::Relaxed));
        }
    }
}

impl Progress for Bar {
    fn begin(&self, _files: u64, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn open(&self, path: &ArtifactPath) {
        // Whoever holds the lock is naming a file as good as this one.
        if let Ok(mut name) = self.file.try_lock() {
            name.clear();
            name.push_str(path.as_str());
        }
    }

    fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.beat();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
