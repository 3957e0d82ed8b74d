//! The bytes of one open file: held, mapped or read. The only `unsafe` beside the lanes.
//!
//! A mapping that shrinks raises SIGBUS at the first touch of what is gone. The handler here knows every live
//! [`Mapping`] by its address: it lays zeros over the rest of that mapping and marks it torn, so that the pass goes on
//! and reports the change. A SIGBUS at any other address is left to whoever handled it before.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::mm::{MapFlags, ProtFlags};

/// Files up to this many bytes are read at once: cheaper than a mapping, and nothing can change them afterwards.
const HELD: u64 = 64 << 10;

/// The bytes of one file.
pub enum Bytes {
    /// Read at once when it was opened.
    Held(Vec<u8>),
    /// Mapped into memory.
    Mapped(Mapping),
    /// Read on demand.
    Read {
        /// The open file.
        file: File,
        /// Its length in bytes when it was opened.
        len: u64,
    },
}

impl Bytes {
    /// Reads a small file, maps a larger one, or keeps it open for reading where the filesystem cannot map.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when it does not have `len` bytes any more, or what reading it gave.
    pub fn open(file: File, len: u64, mmap: bool) -> io::Result<Self> {
        if len <= HELD {
            return hold(&file, len).map(Self::Held);
        }
        Ok(match mmap.then(|| Mapping::new(&file, len)).flatten() {
            Some(mapping) => Self::Mapped(mapping),
            None => {
                // Advice: that it is not followed changes nothing but the speed. The system reads ahead by itself, in
                // larger pieces of memory than when it is asked for ranges, which later makes a mapping cheap.
                #[cfg(target_os = "linux")]
                let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Sequential);
                Self::Read { file, len }
            }
        })
    }

    /// Length in bytes when it was opened.
    pub fn len(&self) -> u64 {
        match self {
            Self::Held(bytes) => bytes.len() as u64,
            Self::Mapped(mapping) => mapping.map.len() as u64,
            Self::Read { len, .. } => *len,
        }
    }

    /// All bytes, where they lie in memory. Ask [`Bytes::intact`] after looking at them.
    pub fn memory(&self) -> Option<&[u8]> {
        match self {
            Self::Held(bytes) => Some(bytes),
            Self::Mapped(mapping) => Some(&mapping.map),
            Self::Read { .. } => None,
        }
    }

    /// True for bytes of our own, which are the same at every look: nothing has to prove that.
    pub const fn is_held(&self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// Copies a range into `buffer` and makes it as long as the range.
    ///
    /// # Errors
    /// When the file does not have these bytes or the system could not read them.
    pub fn read(&self, range: Range<u64>, buffer: &mut Vec<u8>) -> io::Result<()> {
        let span = to_usize(range.start)?..to_usize(range.end)?;
        buffer.resize(span.len(), 0);
        match self {
            Self::Read { file, .. } => file.read_exact_at(buffer, range.start),
            Self::Held(_) | Self::Mapped(_) => {
                let bytes = self.memory().and_then(|bytes| bytes.get(span));
                buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
                self.intact()
            }
        }
    }

    /// A copy of a range.
    ///
    /// # Errors
    /// As [`Bytes::read`].
    pub fn copy(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut copy = Vec::new();
        self.read(range, &mut copy)?;
        Ok(copy)
    }

    /// False once a read of the mapping hit bytes that the file no longer has.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] then.
    pub fn intact(&self) -> io::Result<()> {
        match self {
            Self::Mapped(mapping) if mapping.guard.torn.load(Ordering::Acquire) => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            _ => Ok(()),
        }
    }
}

fn to_usize(value: u64) -> io::Result<usize> {
    usize::try_from(value).map_err(io::Error::other)
}

/// Reads all, and one byte more than is expected, for a file that grew or that hides its length.
fn hold(file: &File, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; to_usize(len)? + 1];
    let mut filled = 0;
    // Once the expected length was read and no more came with it, it has ended: asking again would cost a call for each
    // of many small files, and what is appended later shows in the status.
    while filled < bytes.len() && (filled == 0 || filled as u64 != len) {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if filled as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// A read-only mapping that survives the truncation of its file.
pub struct Mapping {
    // Unmapped after `Drop` gave the guard back, never before.
    map: memmap2::Mmap,
    guard: &'static Guard,
}

impl Mapping {
    /// Maps the file; `None` where the system cannot, or where too many files are mapped already.
    fn new(file: &File, len: u64) -> Option<Self> {
        if !*INSTALLED.get_or_init(install) {
            return None;
        }
        // SAFETY: the mapping is read-only. Another process may change the bytes while we look at them: each byte is
        // read as plain data, no invariant rests on two reads being equal, and the ledger and the comparison of file
        // status turn a change into evidence. Bytes that vanish raise SIGBUS, which the guard takes care of.
        let map = unsafe { memmap2::Mmap::map(file) }.ok().filter(|map| map.len() as u64 == len)?;
        // Advice: that it is not followed changes nothing but the speed.
        let _ = map.advise(memmap2::Advice::Sequential);
        let start = map.as_ptr() as usize;
        let guard = Guard::claim(start, start.checked_add(map.len())?)?;
        Some(Self { map, guard })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.guard.start.store(FREE, Ordering::Release);
    }
}

const FREE: usize = 0;
const CLAIMED: usize = 1;

/// One live mapping, as the signal handler knows it.
struct Guard {
    start: AtomicUsize,
    end: AtomicUsize,
    torn: AtomicBool,
}

static GUARDS: [Guard; 4096] =
    [const { Guard { start: AtomicUsize::new(FREE), end: AtomicUsize::new(0), torn: AtomicBool::new(false) } }; 4096];

impl Guard {
    fn claim(start: usize, end: usize) -> Option<&'static Self> {
        let guard = GUARDS
            .iter()
            .find(|guard| guard.start.compare_exchange(FREE, CLAIMED, Ordering::Acquire, Ordering::Relaxed).is_ok())?;
        guard.torn.store(false, Ordering::Relaxed);
        guard.end.store(end, Ordering::Relaxed);
        guard.start.store(start, Ordering::Release);
        Some(guard)
    }

    /// The end of the mapping if the address lies in it.
    fn covers(&self, address: usize) -> Option<usize> {
        let start = self.start.load(Ordering::Acquire);
        let end = self.end.load(Ordering::Relaxed);
        (start > CLAIMED && (start..end).contains(&address)).then_some(end)
    }
}

static INSTALLED: OnceLock<bool> = OnceLock::new();
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();
static PAGE: OnceLock<usize> = OnceLock::new();

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

fn install() -> bool {
    PAGE.get_or_init(rustix::param::page_size);
    // SAFETY: `sigaction` is plain data for which all zeros is a valid value; the kernel fills in the present action
    // and is then given a handler of the three-argument form that SA_SIGINFO promises.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut action) != 0 {
            return false;
        }
        BEFORE.get_or_init(|| action);
        action.sa_sigaction = on_bus_error as Handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) == 0
    }
}

/// Does nothing that is not safe in a signal handler: atomic loads, and one system call without errno.
extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a valid siginfo to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    let page = PAGE.get().copied().unwrap_or(4096);
    for guard in &GUARDS {
        if let Some(end) = guard.covers(address) {
            let start = address & !(page - 1);
            let length = end.next_multiple_of(page) - start;
            // SAFETY: the range lies inside a mapping of ours that is still registered, hence not yet unmapped by us:
            // the thread that faulted is inside a borrow of it. Zeros replace pages that no longer exist.
            let laid = unsafe {
                let flags = MapFlags::PRIVATE | MapFlags::FIXED;
                rustix::mm::mmap_anonymous(start as *mut c_void, length, ProtFlags::READ, flags)
            };
            if laid.is_ok() {
                guard.torn.store(true, Ordering::Release);
                return;
            }
        }
    }
    hand_on(signal, info, context);
}

/// Leaves a fault that is not ours to the action before ours; the default one ends the process.
fn hand_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the action was filled in by the kernel, so a handler in it is a function of the form its flags say.
    // Otherwise the action is put back, and the fault happens again when this handler returns.
    unsafe {
        let Some(before) = BEFORE.get() else { return };
        let handler = before.sa_sigaction;
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            libc::sigaction(signal, before, std::ptr::null_mut());
        } else if before.sa_flags & libc::SA_SIGINFO != 0 {
            std::mem::transmute::<usize, Handler>(handler)(signal, info, context);
        } else {
            std::mem::transmute::<usize, extern "C" fn(c_int)>(handler)(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::*;

    /// A file of two pages, mapped, then cut to nothing.
    fn vanished() -> (Mapping, memmap2::Mmap) {
        let file = tempfile::tempfile().unwrap();
        file.set_len(2 << 20).unwrap();
        let mapping = Mapping::new(&file, 2 << 20).unwrap();
        // SAFETY: no one but this test knows the file, and the test is about what happens when it is cut.
        let foreign = unsafe { memmap2::Mmap::map(&file) }.unwrap();
        file.set_len(0).unwrap();
        (mapping, foreign)
    }

    #[test]
    fn a_mapping_of_ours_reads_zeros_and_is_torn() {
        let bytes = Bytes::Mapped(vanished().0);
        assert!(bytes.intact().is_ok());
        assert_eq!(bytes.memory().map(|bytes| bytes[70_000]), Some(0));
        assert!(bytes.intact().is_err());
        assert!(bytes.copy(0..10).is_err());
    }

    #[test]
    #[ignore = "ends the process; run by the test below"]
    fn foreign_fault() {
        let (_mapping, foreign) = vanished();
        std::hint::black_box(foreign[70_000]);
    }

    #[test]
    fn a_fault_elsewhere_still_ends_the_process() {
        let this = std::env::current_exe().unwrap();
        let ended =
            Command::new(this).args(["--ignored", "--exact", "weigh::map::tests::foreign_fault"]).output().unwrap();
        assert_eq!(ended.status.signal(), Some(libc::SIGBUS));
    }

    #[test]
    fn a_file_that_hides_its_length_is_not_empty() {
        let file = File::open("/proc/self/stat").unwrap();
        assert!(Bytes::open(file, 0, true).is_err());
    }
}
