//! Formats told by their first bytes alone, which no inspector of ours reads further.

use crate::model::{Evidence, Format, Severity};
use crate::weigh::View;

use super::claim::{EXECUTABLE_FILE, FORMAT_NOT_INSPECTED};
use super::{Scope, data, posing};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Pictures, sound, version control: no loader of models runs them.
    Media,
    /// Programs.
    Program,
    /// Could hold anything.
    Closed,
}

/// A mark: where it stands, what it is, and what it marks.
struct Mark(usize, &'static [u8], &'static str, Kind);

static MARKS: &[Mark] = &[
    Mark(0, b"\x89PNG\r\n\x1a\n", "png", Kind::Media),
    Mark(0, b"\xff\xd8\xff", "jpeg", Kind::Media),
    Mark(0, b"GIF87a", "gif", Kind::Media),
    Mark(0, b"GIF89a", "gif", Kind::Media),
    Mark(8, b"WEBPVP8", "webp", Kind::Media),
    Mark(8, b"WAVEfmt ", "wav", Kind::Media),
    Mark(0, b"fLaC\0\0\0\x22", "flac", Kind::Media),
    Mark(0, b"OggS\0", "ogg", Kind::Media),
    Mark(0, b"ID3\x03\0", "mp3", Kind::Media),
    Mark(0, b"ID3\x04\0", "mp3", Kind::Media),
    Mark(4, b"ftypisom", "mp4", Kind::Media),
    Mark(4, b"ftypmp42", "mp4", Kind::Media),
    Mark(0, b"%PDF-1.", "pdf", Kind::Media),
    Mark(0, b"wOFF", "woff", Kind::Media),
    Mark(0, b"wOF2", "woff2", Kind::Media),
    Mark(0, b"TZif2", "tzif", Kind::Media),
    Mark(0, b"DIRC\0\0\0", "git-index", Kind::Media),
    Mark(0, b"PACK\0\0\0", "git-pack", Kind::Closed),
    Mark(0, b"\x7fELF", "elf", Kind::Program),
    Mark(0, b"MZqFpD", "actually-portable-executable", Kind::Program),
    Mark(0, b"\xfe\xed\xfa\xce", "mach-o", Kind::Program),
    Mark(0, b"\xfe\xed\xfa\xcf", "mach-o", Kind::Program),
    Mark(0, b"\xce\xfa\xed\xfe", "mach-o", Kind::Program),
    Mark(0, b"\xcf\xfa\xed\xfe", "mach-o", Kind::Program),
    Mark(0, b"\xca\xfe\xba\xbe\0\0\0", "java-class", Kind::Program),
    Mark(0, b"\0asm\x01\0\0\0", "wasm", Kind::Program),
    Mark(0, b"L\0\0\0\x01\x14\x02\0", "windows-shortcut", Kind::Program),
    Mark(64, b"\xef\xbe\xad\xde", "mil-blob", Kind::Media),
    Mark(0, b"tjgg", "ggml", Kind::Closed),
    // What LightGBM and XGBoost keep of a table before they train on it; only they read it, as numbers.
    Mark(0, b"______LightGBM_Binary_File_Token______\n", "lightgbm-dataset", Kind::Media),
    Mark(0, b"\x01\xab\xff\xff", "xgboost-dmatrix", Kind::Media),
    Mark(0, b"Rar!\x1a\x07", "rar", Kind::Closed),
    Mark(8, b"WAVEJUNK", "wav", Kind::Media),
    Mark(8, b"WAVELIST", "wav", Kind::Media),
    Mark(8, b"WAVEbext", "wav", Kind::Media),
    Mark(8, b"WAVEds64", "wav", Kind::Media),
    Mark(0, b"SR\0\x04", "idl-save", Kind::Media),
    Mark(4, b"ftypavif", "avif", Kind::Media),
    Mark(4, b"ftypheic", "heic", Kind::Media),
    Mark(4, b"ftypM4A ", "mp4", Kind::Media),
    Mark(4, b"ftypqt  ", "quicktime", Kind::Media),
    Mark(4, b"ftypiso", "mp4", Kind::Media),
    Mark(4, b"ftypdash", "mp4", Kind::Media),
    Mark(4, b"ftypmp41", "mp4", Kind::Media),
    Mark(0, b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg2000", Kind::Media),
    Mark(0, b"\x1aE\xdf\xa3", "matroska", Kind::Media),
    Mark(0, b"icns\0", "icns", Kind::Media),
    Mark(0, b"v/1\x01", "openexr", Kind::Media),
    Mark(0, b"\xff\xfb\x90", "mp3", Kind::Media),
    Mark(0, b"glTF\x02\0\0\0", "gltf", Kind::Media),
    Mark(0, b".snd\0\0\0", "au", Kind::Media),
    Mark(8, b"AIFFCOMM", "aiff", Kind::Media),
    // What macOS leaves in folders and archives: how a window looks, attributes of files, settings.
    Mark(0, b"\0\0\0\x01Bud1\0\0", "ds-store", Kind::Media),
    Mark(0, b"\0\x05\x16\x07\0\x02\0\0", "appledouble", Kind::Media),
    Mark(0, b"bplist00", "binary-plist", Kind::Media),
    Mark(0, b"SIMPLE  =                    T", "fits", Kind::Media),
];

/// Names of all of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    MARKS.iter().map(|mark| mark.2).chain(["font", "pe", "python-bytecode"])
}

/// Which of these formats the first bytes are.
pub fn of(head: &[u8], view: &View<'_>) -> Vec<Format> {
    let mut formats: Vec<_> = found(head)
        .filter(|mark| !(mark.2 == "pdf" && head.contains(&b'\0') && data::portable_document(view).is_err()))
        .map(|mark| Format::named(mark.2))
        .collect();
    if is_windows_program(head, view) {
        formats.push(Format::named("pe"));
    }
    if is_font(head) {
        formats.push(Format::named("font"));
    }
    if is_python_bytecode(head) {
        formats.push(Format::named("python-bytecode"));
    }
    formats
}

fn found(head: &[u8]) -> impl Iterator<Item = &'static Mark> {
    MARKS.iter().filter(move |mark| head.get(mark.0..).is_some_and(|rest| rest.starts_with(mark.1)))
}

/// `MZ`, and at the offset that byte 60 gives, `PE`.
fn is_windows_program(head: &[u8], view: &View<'_>) -> bool {
    let offset = head.get(60..64).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"MZ")
        && offset.is_some_and(|at| view.read_up_to(at.into(), 4).is_ok_and(|bytes| bytes == *b"PE\0\0"))
}

/// OpenType: a version, the number of tables, and the first of them, whose names are sorted and of four plain letters.
fn is_font(head: &[u8]) -> bool {
    let version = head.starts_with(b"OTTO") || head.starts_with(&[0, 1, 0, 0]);
    let count = head.get(4..6).map(|count| u16::from_be_bytes([count[0], count[1]]));
    let tags = ["BASE", "CBDT", "CFF ", "COLR", "DSIG", "EBDT", "FFTM", "GDEF", "GPOS", "GSUB", "LTSH", "MATH", "OS/2"];
    version
        && count.is_some_and(|count| (4..64).contains(&count))
        && head.get(12..16).is_some_and(|first| tags.iter().any(|tag| tag.as_bytes() == first))
}

/// PEP 552: a magic number that ends in CR LF, flags, and a code object behind the 16 bytes.
fn is_python_bytecode(head: &[u8]) -> bool {
    head.get(2..4) == Some(b"\r\n")
        && head.get(4).is_some_and(|flags| *flags < 4)
        && head.get(5..8) == Some(&[0, 0, 0])
        && head.get(16).is_some_and(|code| code & 0x7f == b'c')
}

/// Says what follows from the formats that were found.
pub fn judge(formats: &[Format], view: &View<'_>, scope: &mut Scope<'_>) {
    for format in formats {
        let kind = MARKS.iter().find(|mark| mark.2 == format.name()).map_or(Kind::Program, |mark| mark.3);
        let kind = match format.name() {
            "font" => Kind::Media,
            _ => kind,
        };
        match kind {
            Kind::Media => {
                let checked = match format.name() {
                    "mil-blob" => data::blob(view),
                    "pdf" => data::portable_document(view),
                    "wav" | "webp" => data::riff(view),
                    _ => Ok(()),
                };
                if let Err((at, what)) = checked {
                    data::malformed(format.name(), at, &what, view, scope);
                }
            }
            Kind::Program => {
                let path = view.entry().unwrap_or_else(|| scope.path.as_str());
                let (what, severity) = match (is_named_as_program(path), format.name()) {
                    (true, "python-bytecode") => validated(view),
                    (true, _) if is_double(path) => {
                        (", whose name shows another ending before its own", Severity::High)
                    }
                    (true, _) => ("", Severity::Low),
                    (false, "java-class") if is_in_java_archive(&scope.path.name().to_ascii_lowercase(), path) => {
                        ("", Severity::Low)
                    }
                    (false, _) => ("", Severity::High),
                };
                let message = format!("it is a program ({format}){what}");
                let evidence = Evidence::new(&EXECUTABLE_FILE, message).rated(severity);
                scope.add(evidence.at(view.place(0..view.len().min(16))).showing(view.excerpt(0..0)));
            }
            Kind::Closed => {
                let message = format!("{format} is not looked into");
                scope.raise(&FORMAT_NOT_INSPECTED, view, 0..view.len().min(16), message);
            }
        }
    }
}

/// What Python does before it runs the bytecode of a cache in place of the source beside it (PEP 552). Nothing compares
/// the two themselves.
fn validated(view: &View<'_>) -> (&'static str, Severity) {
    match view.read_up_to(4, 1).ok().and_then(|flags| flags.first().copied()).unwrap_or(0) & 3 {
        1 => {
            (", which Python runs in place of its source without looking at that (PEP 552, unchecked)", Severity::High)
        }
        // Whoever writes bytecode for a source can compute the hash of that source, and no copying changes it.
        3 => (", which Python runs wherever the source has the hash that it names", Severity::Medium),
        // Time and length of the source; the time is another one wherever files were downloaded or cloned. Whoever
        // packs code by hand leaves both at zero, and no source that was compiled was empty.
        _ if unsourced(view) => {
            (", of a source that has no bytes and no date, so it was made without one", Severity::Medium)
        }
        _ => ("", Severity::Low),
    }
}

/// True for bytecode that says that its source is empty, and has more names in it than that of the module itself.
/// Marshalled names begin with `Z` and the bit of a reference.
fn unsourced(view: &View<'_>) -> bool {
    let names =
        || view.read_up_to(16, 64 << 10).map_or(0, |code| code.iter().filter(|byte| **byte == b'Z' | 0x80).count());
    view.read_up_to(8, 8).is_ok_and(|said| said.iter().all(|byte| *byte == 0)) && names() > 1
}

/// True for a name such as `model.safetensors.exe`.
fn is_double(path: &str) -> bool {
    posing::endings(&path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase()).is_some()
}

/// True for a member of an archive that is called as archives of Java programs are.
fn is_in_java_archive(file: &str, member: &str) -> bool {
    let named = |name: &str| [".jar", ".war", ".aar"].iter().any(|ending| name.ends_with(ending));
    let mut outer = member.split('!');
    outer.next_back();
    named(file) || outer.any(|archive| named(&archive.to_ascii_lowercase()))
}

/// True if the path says openly that this is a program. Others hide one.
fn is_named_as_program(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folder, name) = lower.rsplit_once(['/', '!']).unwrap_or(("", &lower));
    // Libraries have their version behind the ending.
    let version = |part: &&str| !part.bytes().all(|byte| byte.is_ascii_digit());
    let ending = name.split('.').skip(1).filter(version).last();
    let openly =
        ending.is_some_and(|ending| matches!(ending, "so" | "dll" | "dylib" | "exe" | "pyd" | "node" | "wasm"));
    let cached = folder.ends_with("__pycache__") && name.ends_with(".pyc");
    let place = folder.rsplit('/').next().unwrap_or_default();
    openly || cached || (!name.contains('.') && matches!(place, "bin" | "sbin" | "scripts"))
}

/// True for names of files that hold raw numbers and nothing else: shards of TensorFlow checkpoints, external data of
/// ONNX, weights of OpenVINO. Such bytes have no mark to tell them by, so the name is only a claim, and a neighbour must bear it out.
pub fn raw_by_name(name: &str) -> bool {
    let shard = |text: &str| {
        text.split_once("-of-").is_some_and(|(n, of)| {
            let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            number(n) && number(of.strip_suffix(".bin").unwrap_or(of))
        })
    };
    let hexadecimal = |name: &str| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once(".data-").is_some_and(|(_, rest)| shard(rest))
        || name.ends_with(".onnx_data")
        || name.ends_with(".onnx.data")
        || name.ends_with(".bin")
        || hexadecimal(name)
        || is_chunk(name)
}

/// A chunk of an array of Zarr: its place in each dimension.
pub fn is_chunk(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 64
        && name.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}
