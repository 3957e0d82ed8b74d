//! Zarr: the descriptions of groups and arrays, and whether the chunks beside them are what the descriptions say.
//!
//! Sources: the specifications of Zarr, version 2 and 3, and the header of chunks of Blosc (`blosc.h`). Not looked at:
//! codecs of extensions, chunks behind filters or inside of shards, and what the numbers are.

use std::collections::BTreeMap;

use super::compressed::COMPRESSION_MALFORMED;
use super::data::DATA_MALFORMED;
use super::json::Tree;
use super::magic::is_chunk;
use super::misspelt;
use crate::model::{Artifact, ArtifactPath, Contents, Evidence, Format};
use crate::weigh::View;

/// Name in the metadata of a description: how its chunks are packed, and the bytes of one that is unpacked, or `?`.
const CHUNKS: &str = "zarr-chunks";
/// Name in the metadata of a chunk of Blosc: its bytes when it is unpacked.
const BLOSC: &str = "blosc-bytes";
/// Folders between a chunk and the description of its array.
const ABOVE: usize = 16;
/// Chunks of one tree of which something is said.
const TOLD: usize = 40;

/// Codecs of Zarr 3 that are registered under plain names.
const CODECS: [&str; 15] = [
    "blosc",
    "bytes",
    "cast_value",
    "crc32c",
    "endian",
    "gzip",
    "packbits",
    "pcodec",
    "scale_offset",
    "sharding_indexed",
    "transpose",
    "vlen-bytes",
    "vlen-utf8",
    "zfp",
    "zstd",
];

/// True for the name of a description, which is JSON.
pub fn is_description(name: &str) -> bool {
    matches!(name, ".zarray" | ".zgroup" | ".zattrs" | ".zmetadata" | "zarr.json")
}

/// Holds a description against the specification, and keeps what is needed to hold chunks against it.
pub fn describe(name: &str, tree: &Tree, contents: &mut Contents, found: &mut Vec<String>) {
    if !matches!(tree, Tree::Object(_)) {
        return found.push(format!("{name:?} holds no object"));
    }
    let version = |wanted: u64| {
        let version = tree.get("zarr_format");
        let number = version.and_then(Tree::number);
        let said = number.map_or_else(|| "missing, or no number".to_owned(), |number| number.to_string());
        (number != Some(wanted)).then(|| format!("\"zarr_format\" is {said}"))
    };
    match name {
        ".zarray" => {
            found.extend(version(2));
            second(tree, found);
        }
        ".zgroup" => found.extend(version(2)),
        "zarr.json" => {
            found.extend(version(3));
            third(tree, found);
        }
        _ => return,
    }
    if let Some(chunks) = chunks(name, tree).filter(|_| found.is_empty()) {
        contents.metadata.insert(CHUNKS.to_owned(), chunks);
    }
}

/// Lengths; `None` if it is no list of numbers from 0 on.
fn lengths(list: Option<&Tree>) -> Option<Vec<u64>> {
    match list? {
        Tree::Array(list) => list.iter().map(Tree::number).collect(),
        _ => None,
    }
}

/// An array of version 2.
fn second(tree: &Tree, found: &mut Vec<String>) {
    let (shape, chunks) = (lengths(tree.get("shape")), lengths(tree.get("chunks")));
    let rank = |list: &Option<Vec<u64>>| list.as_ref().map(Vec::len);
    if shape.is_none() || rank(&shape) != rank(&chunks) || tree.get("dtype").is_none() {
        found.push("the array has no shape, chunks of as many dimensions, and type".to_owned());
    }
    if let Some(Tree::String(dtype)) = tree.get("dtype")
        && is_no_dtype(dtype)
    {
        found.push(format!("the array is of the type {:?}, which there is not", shorten(dtype)));
    }
    let order = tree.get("order").and_then(Tree::text);
    if order.is_some_and(|order| !matches!(order, "C" | "F")) {
        found.push("\"order\" is neither \"C\" nor \"F\"".to_owned());
    }
    let compressor = tree.get("compressor").filter(|compressor| **compressor != Tree::Null);
    if compressor.is_some_and(|compressor| compressor.get("id").and_then(Tree::text).is_none()) {
        found.push("\"compressor\" does not say what it is".to_owned());
    }
    if !matches!(tree.get("filters"), None | Some(Tree::Null | Tree::Array(_))) {
        found.push("\"filters\" is no list".to_owned());
    }
}

/// True for types like `<f9`, in the notation of NumPy.
fn is_no_dtype(name: &str) -> bool {
    let Some(plain) = name.strip_prefix(['<', '>', '|', '=']) else { return false };
    let Some(kind) = plain.chars().next() else { return true };
    let size = plain.get(kind.len_utf8()..).unwrap_or_default();
    !match kind {
        'b' => size == "1",
        'i' | 'u' => matches!(size, "1" | "2" | "4" | "8"),
        'f' => matches!(size, "2" | "4" | "8" | "12" | "16"),
        'c' => matches!(size, "8" | "16" | "24" | "32"),
        'S' | 'U' | 'V' | 'a' => size.parse::<u64>().is_ok(),
        'M' | 'm' => size.starts_with('8'),
        'O' => true,
        _ => false,
    }
}

/// A group or array of version 3.
fn third(tree: &Tree, found: &mut Vec<String>) {
    let known: &[&str] = match tree.get("node_type").and_then(Tree::text) {
        Some("group") => &["zarr_format", "node_type", "attributes", "consolidated_metadata"],
        Some("array") => {
            array(tree, found);
            &[
                "zarr_format",
                "node_type",
                "shape",
                "data_type",
                "chunk_grid",
                "chunk_key_encoding",
                "fill_value",
                "codecs",
                "attributes",
                "dimension_names",
                "storage_transformers",
            ]
        }
        _ => return found.push("\"node_type\" is neither \"group\" nor \"array\"".to_owned()),
    };
    let optional = |value: &Tree| matches!(value.get("must_understand"), Some(Tree::Bool(false)));
    let foreign = |(name, value): &&(String, Tree)| !known.contains(&name.as_str()) && !optional(value);
    if let Some((name, _)) = tree.members().iter().find(foreign) {
        found.push(format!("it has {:?}, which readers must refuse", shorten(name)));
    }
}

fn array(tree: &Tree, found: &mut Vec<String>) {
    if lengths(tree.get("shape")).is_none() {
        found.push("the array has no shape, or one that cannot be".to_owned());
    }
    match tree.get("data_type") {
        None => found.push("the array has no type".to_owned()),
        Some(Tree::String(name)) if is_no_type(name) => {
            found.push(format!("the array is of the type {:?}, which there is not", shorten(name)));
        }
        Some(_) => {}
    }
    for part in ["chunk_grid", "chunk_key_encoding"] {
        if tree.get(part).and_then(|part| part.get("name").or(Some(part))).and_then(Tree::text).is_none() {
            found.push(format!("{part:?} does not say what it is"));
        }
    }
    let Some(Tree::Array(codecs)) = tree.get("codecs") else {
        return found.push("the array has no list of codecs".to_owned());
    };
    for codec in codecs {
        match codec_name(codec) {
            None => found.push("a codec has no name".to_owned()),
            Some(name) if is_misspelt(name) => {
                found.push(format!("a codec is called {:?}, which there is not", shorten(name)));
            }
            Some(_) => {}
        }
    }
}

/// A codec is an object with a name, or the name alone.
fn codec_name(codec: &Tree) -> Option<&str> {
    codec.get("name").unwrap_or(codec).text()
}

/// True for names like `float77`: of the numbers of the standard and its extensions, a width that none has.
fn is_no_type(name: &str) -> bool {
    let letters = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let bits = name.get(letters.len()..).unwrap_or_default();
    match letters {
        "float" => !matches!(bits, "16" | "32" | "64" | "128"),
        "int" | "uint" => !matches!(bits, "2" | "4" | "8" | "16" | "32" | "64"),
        "complex" => !matches!(bits, "64" | "128" | "256"),
        "bfloat" => bits != "16",
        _ => false,
    }
}

/// True for a name that is one letter away from that of a codec. Extensions have names of their own.
fn is_misspelt(name: &str) -> bool {
    !CODECS.contains(&name) && CODECS.iter().any(|known| misspelt::is_misspelt(name, known))
}

/// How chunks are packed, and the bytes of one that is unpacked.
fn chunks(name: &str, tree: &Tree) -> Option<String> {
    let (packed, lengths, width) = if name == ".zarray" {
        let plain = matches!(tree.get("filters"), None | Some(Tree::Null));
        let packed = tree.get("compressor").and_then(|compressor| compressor.get("id")).and_then(Tree::text);
        let dtype = tree.get("dtype").and_then(Tree::text).and_then(|dtype| dtype.strip_prefix(['<', '>', '|', '=']));
        let width = dtype.filter(|dtype| dtype.starts_with(['b', 'i', 'u', 'f', 'c']) && plain);
        let width = width.and_then(|dtype| dtype.get(1..)?.parse::<u64>().ok());
        (packed.unwrap_or(if plain { "raw" } else { "?" }), lengths(tree.get("chunks"))?, width)
    } else {
        let grid = tree.get("chunk_grid")?.get("configuration")?.get("chunk_shape");
        let names: Vec<&str> = tree.get("codecs")?.values().iter().filter_map(codec_name).collect();
        let plain = matches!(names.as_slice(), ["bytes"] | ["bytes", "blosc"]);
        let kind = tree.get("data_type").and_then(Tree::text).unwrap_or_default();
        let bits = kind.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).parse::<u64>().ok();
        let width = bits.filter(|bits| plain && *bits >= 8).map(|bits| bits / 8);
        let last = names.last().copied().map(|name| if name == "bytes" { "raw" } else { name });
        (last.unwrap_or("?"), lengths(grid)?, width)
    };
    let bytes = width.and_then(|width| lengths.iter().try_fold(width, |product, length| product.checked_mul(*length)));
    let known = |packed: &&str| matches!(*packed, "raw" | "blosc" | "zstd" | "gzip" | "sharding_indexed");
    let packed = Some(packed).filter(known)?;
    Some(format!("{packed} {}", bytes.map_or_else(|| "?".to_owned(), |bytes| bytes.to_string())))
}

/// Bytes of a chunk of Blosc when it is unpacked, if the view is one: version, flags, width of elements, and three lengths.
pub fn blosc(view: &View<'_>, contents: &mut Contents) {
    let Ok(head) = view.read_up_to(0, 16) else { return };
    let number = |at: usize| {
        let bytes = head.get(at..at.checked_add(4)?)?;
        bytes.try_into().ok().map(u32::from_le_bytes).map(u64::from)
    };
    let (Some(bytes), Some(packed)) = (number(4), number(12)) else { return };
    if head.first().is_some_and(|version| (1..=5).contains(version)) && packed == view.len() {
        contents.metadata.insert(BLOSC.to_owned(), bytes.to_string());
    }
}

/// The description of the array that a chunk belongs to: how its chunks are packed, and their bytes.
fn array_of<'a>(chunk: &Artifact, by_path: &BTreeMap<&ArtifactPath, &'a Artifact>) -> Option<(&'a str, Option<u64>)> {
    let path = chunk.path.as_str();
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for _ in 0..ABOVE {
        for name in [".zarray", "zarr.json"] {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if let Some(description) = by_path.get(&ArtifactPath::new(path)) {
                let (packed, bytes) = description.contents.metadata.get(CHUNKS)?.split_once(' ')?;
                return Some((packed, bytes.parse().ok()));
            }
        }
        // A chunk stands in no other folders than those of its place.
        let (above, own) = folder.rsplit_once('/').unwrap_or(("", folder));
        if folder.is_empty() || !(own == "c" || is_chunk(own)) {
            return None;
        }
        folder = above;
    }
    None
}

/// Holds chunks against the descriptions of their arrays.
pub fn held(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for chunk in artifacts.iter().filter(|artifact| is_chunk(artifact.path.name())) {
        let Some((packed, bytes)) = array_of(chunk, by_path) else { continue };
        let is = |name: &'static str| chunk.is(&Format::named(name));
        let unpacked = chunk.contents.metadata.get(BLOSC).and_then(|bytes| bytes.parse::<u64>().ok());
        let what = match (packed, bytes) {
            ("zstd", _) if !is("zstd") => "it is no chunk of Zstandard, as its array says".to_owned(),
            ("gzip", _) if !is("gzip") => "it is no chunk of gzip, as its array says".to_owned(),
            ("blosc", _) if unpacked.is_none() => "it is no chunk of Blosc, as its array says".to_owned(),
            ("blosc", Some(bytes)) if unpacked.is_some_and(|own| own != bytes) => {
                format!("it unpacks to {} bytes, chunks of its array have {bytes}", unpacked.unwrap_or(0))
            }
            ("raw", Some(bytes)) if chunk.size != bytes => {
                format!("it has {} bytes, chunks of its array have {bytes}", chunk.size)
            }
            _ => continue,
        };
        evidence.push(Evidence::new(&DATA_MALFORMED, format!("zarr: {what}")).of(&chunk.path));
        if evidence.len() >= TOLD {
            break;
        }
    }
    evidence
}

/// Takes back what was said of chunks that are shards: several packed pieces, and where they lie.
pub fn take_back(artifacts: &[Artifact], evidence: &mut Vec<Evidence>) {
    let sharded = |artifact: &Artifact| {
        artifact.contents.metadata.get(CHUNKS).is_some_and(|chunks| chunks.starts_with("sharding_indexed"))
    };
    if !artifacts.iter().any(sharded) {
        return;
    }
    let by_path: BTreeMap<&ArtifactPath, &Artifact> =
        artifacts.iter().map(|artifact| (&artifact.path, artifact)).collect();
    evidence.retain(|seen| {
        let file = seen.artifact.as_ref().and_then(|path| by_path.get(path)).copied();
        let chunk = file.filter(|file| is_chunk(file.path.name()) && seen.rule.id == COMPRESSION_MALFORMED.id);
        chunk.and_then(|chunk| array_of(chunk, &by_path)).is_none_or(|(packed, _)| packed != "sharding_indexed")
    });
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> (Vec<String>, Option<String>) {
        let (mut contents, mut found) = (Contents::default(), Vec::new());
        describe(name, &Tree::read(text.as_bytes(), 16).unwrap(), &mut contents, &mut found);
        (found, contents.metadata.remove(CHUNKS))
    }

    #[test]
    fn descriptions_are_held_to_the_specification() {
        let second = r#"{"zarr_format": 2, "shape": [9, 4], "chunks": [3, 4], "dtype": "<f4", "order": "C",
            "compressor": {"id": "blosc"}, "filters": null, "fill_value": 0}"#;
        assert_eq!(faults(".zarray", second), (Vec::new(), Some("blosc 48".to_owned())));
        for (good, bad) in [("<f4", "<f9"), ("2,", "7,"), ("[9, 4]", "[-9, 4]"), ("\"C\"", "\"X\"")] {
            assert_eq!(faults(".zarray", &second.replacen(good, bad, 1)).0.len(), 1, "{bad}");
        }
        let third = r#"{"zarr_format": 3, "node_type": "array", "shape": [9], "data_type": "float32",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3]}}, "fill_value": 0,
            "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes"}, {"name": "zstd"}]}"#;
        assert_eq!(faults("zarr.json", third).0, Vec::<String>::new());
        for (good, bad) in [("float32", "float39"), ("zstd", "zstx"), ("[9]", "[-9]"), ("fill_", "fall_")] {
            assert_eq!(faults("zarr.json", &third.replacen(good, bad, 1)).0.len(), 1, "{bad}");
        }
        assert!(faults("zarr.json", r#"{"zarr_format": 3, "node_type": "group", "aptributes": {}}"#).0.len() == 1);
        assert!(!is_misspelt("numcodecs.zlib") && !is_misspelt("lz4") && is_misspelt("gzipp") && is_misspelt("bloc"));
    }
}
