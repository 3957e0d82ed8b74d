//! Ctrl-C: stop at once, leave no half-written file, put the terminal back.

use std::path::PathBuf;
use std::sync::Mutex;

/// Files that are being written and have no final name yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Installs the handler. 130 is what shells expect of a program that was interrupted.
pub fn install() {
    // A second handler or a platform without signals only means that the default action stays.
    let _ = ctrlc::set_handler(|| {
        if let Ok(files) = UNFINISHED.lock() {
            for file in files.iter() {
                let _ = std::fs::remove_file(file);
            }
        }
        super::output::interrupted();
        #[allow(clippy::exit, reason = "an interrupted program ends here, whatever the threads are doing")]
        std::process::exit(130);
    });
}

/// Remembers a file to remove if the program is interrupted.
pub fn unfinished(path: PathBuf) -> Unfinished {
    if let Ok(mut files) = UNFINISHED.lock() {
        files.push(path.clone());
    }
    Unfinished(path)
}

/// Forgets the file when dropped.
pub struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Ok(mut files) = UNFINISHED.lock() {
            files.retain(|file| *file != self.0);
        }
    }
}
