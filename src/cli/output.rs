//! The only place that prints. Reports go to standard output or to a new file, everything else to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing lives here so that it lives nowhere else")]

use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anstream::ColorChoice;

use super::args::Colour;
use super::exit::Mistake;
use super::interrupt::unfinished;
use crate::emit::sanitize;

/// Decides on colour for the whole run.
pub fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => ColorChoice::AlwaysAnsi.write_global(),
        Colour::Never => ColorChoice::Never.write_global(),
    }
}

/// Columns of the terminal that reports go to; 100 when they go elsewhere.
#[must_use]
pub fn width() -> usize {
    if !io::stdout().is_terminal() {
        return 100;
    }
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(100, |size| usize::from(size.ws_col));
    columns.clamp(60, 140)
}

/// Writes a document to standard output (also for `-`), or to a file that does not exist yet.
///
/// The file appears under its name only when it is complete. A reader that closes the pipe early is no mistake.
pub fn document(text: &str, file: Option<&Path>) -> Result<(), Mistake> {
    match file.filter(|path| *path != Path::new("-")) {
        Some(path) => new_file(path, text.as_bytes(), 0o644),
        // Taking colours out of a long text costs more than making it.
        None if !text.contains('\u{1b}') => finish(io::stdout().lock().write_all(text.as_bytes())),
        None => finish(anstream::stdout().lock().write_all(text.as_bytes())),
    }
}

/// Writes raw bytes to standard output; a terminal gets them sanitised.
pub fn raw(bytes: &[u8]) -> Result<(), Mistake> {
    if io::stdout().is_terminal() {
        let text = String::from_utf8_lossy(bytes);
        return text.lines().try_for_each(|line| document(&format!("{}\n", sanitize::line(line)), None));
    }
    finish(io::stdout().lock().write_all(bytes))
}

fn finish(result: io::Result<()>) -> Result<(), Mistake> {
    match result.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Mistake::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Creates a file with that content and mode; never over an existing one.
pub fn new_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Mistake> {
    let failed = |error: io::Error| {
        let mistake = Mistake::new(format!("cannot write {}: {error}", shown(path)));
        match error.kind() {
            io::ErrorKind::AlreadyExists => mistake.help("choose another name, or remove the file first"),
            io::ErrorKind::NotFound => mistake.help("does its folder exist?"),
            _ => mistake,
        }
    };
    if path.symlink_metadata().is_ok() {
        return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let draft = folder.join(format!(".{name}.{}.part", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft).map_err(failed)?;
    let _guard = unfinished(draft.clone());
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // A hard link fails where the name exists, which a rename would overwrite.
    let result = written.and_then(|()| std::fs::hard_link(&draft, path).or_else(|error| rename(&draft, path, error)));
    let _ = std::fs::remove_file(&draft);
    result.map_err(failed)
}

/// Replaces a file by a new one with that content and mode, in one step: whoever opens it sees the old or the new one.
pub fn replace_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Mistake> {
    let failed = |error: io::Error| Mistake::new(format!("cannot replace {}: {error}", shown(path)));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let draft = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    new_file(&draft, bytes, mode)?;
    let _guard = unfinished(draft.clone());
    std::fs::rename(&draft, path).map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        failed(error)
    })
}

/// For file systems without hard links.
fn rename(draft: &Path, path: &Path, error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists || path.symlink_metadata().is_ok() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    std::fs::rename(draft, path)
}

/// A path as it may be shown.
#[must_use]
pub fn shown(path: &Path) -> String {
    sanitize::line(&path.display().to_string()).into_owned()
}

/// A panic in an inspector is caught and becomes evidence; one line about it is enough on standard error.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(io::stderr(), "internal error at {place}; please report it");
    }));
}

/// Clears the line that progress was shown on, and says why there is no result.
pub fn interrupted() {
    let clear = if io::stderr().is_terminal() { "\r\x1b[2K" } else { "" };
    let _ = writeln!(io::stderr(), "{clear}interrupted");
}

/// Says something beside the result.
pub fn remark(text: &str) {
    anstream::eprintln!("{text}");
}

/// Says what the caller got wrong, and what to do.
pub fn mistake(mistake: &Mistake) {
    let bold = anstyle::Style::new().bold();
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let clean = |text: &str| text.lines().map(|line| sanitize::line(line).into_owned()).collect::<Vec<_>>().join("\n");
    anstream::eprintln!("{red}error{red:#}{bold}:{bold:#} {}", clean(&mistake.what));
    if let Some(help) = &mistake.help {
        anstream::eprintln!("{bold}help:{bold:#} {}", clean(help));
    }
}
