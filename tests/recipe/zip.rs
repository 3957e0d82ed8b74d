//! Zip archives in which every lie can be told.
//!
//! ```toml
//! zip = [ { name = "archive/data.pkl", pickle = "…" }, { name = "a", text = "b", method = "deflate", crc = 1 } ]
//! zip = { members = [ … ], prefix = "hex", suffix = "hex", comment = "hex", count = 9, directory = 100, zip64 = true }
//! ```
//! A member's content comes from any other builder. `method` is `stored`, `deflate` or a number that is only claimed.
//! `flags`, `crc`, `size`, `compressed` are written to both headers; with `local-` in front, or `central-`, to one.
//! `local-name` differs from `name`; `mode` is a Unix mode; `unlisted` leaves a member out of the directory;
//! `descriptor` puts sizes behind the data; `offset` is where the directory says that it is; `before` is hex in front
//! of its header.

use std::io::Write;

type Content<'c> = &'c dyn Fn(&toml::Table) -> Result<Vec<u8>, String>;

const KEYS: [&str; 22] = [
    "name",
    "local-name",
    "method",
    "local-method",
    "central-method",
    "flags",
    "local-flags",
    "central-flags",
    "crc",
    "local-crc",
    "central-crc",
    "size",
    "local-size",
    "central-size",
    "compressed",
    "local-compressed",
    "central-compressed",
    "mode",
    "unlisted",
    "descriptor",
    "offset",
    "before",
];

/// The bytes of an archive; `content` makes what a member holds.
pub fn build(value: &toml::Value, content: Content<'_>) -> Result<Vec<u8>, String> {
    let empty = toml::Table::new();
    let (members, archive) = match value {
        toml::Value::Array(members) => (members, &empty),
        toml::Value::Table(table) => (table.get("members").and_then(toml::Value::as_array).ok_or("no members")?, table),
        _ => return Err("`zip` is a list of members, or a table that holds one".to_owned()),
    };
    let mut bytes = hex_of(archive, "prefix")?;
    let base = if archive.contains_key("shifted") { 0 } else { bytes.len() };
    let mut directory = Vec::new();
    let mut count = 0u64;
    for member in members {
        let member = Member(member.as_table().ok_or("a member is a table")?);
        if let Some(header) = member.write(&mut bytes, base, content)? {
            directory.extend(header);
            count += 1;
        }
    }
    let at = number(archive, "directory").unwrap_or((bytes.len() - base) as u64);
    let size = number(archive, "directory-size").unwrap_or(directory.len() as u64);
    bytes.extend(directory);
    let count = number(archive, "count").unwrap_or(count);
    let wide = archive.contains_key("zip64");
    if wide {
        let record = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [count, count, size, at].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(record.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
    }
    let comment = hex_of(archive, "comment")?;
    let short = if wide { 0xffff } else { count as u16 };
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    [short, short].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    let (size, at) = if wide { (u32::MAX, u32::MAX) } else { (size as u32, at as u32) };
    [size, at].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend((number(archive, "comment-length").unwrap_or(comment.len() as u64) as u16).to_le_bytes());
    bytes.extend(comment);
    bytes.extend(hex_of(archive, "suffix")?);
    Ok(bytes)
}

struct Member<'m>(&'m toml::Table);

impl Member<'_> {
    /// Appends the member and returns its central header, unless it is not to be listed.
    fn write(&self, bytes: &mut Vec<u8>, base: usize, content: Content<'_>) -> Result<Option<Vec<u8>>, String> {
        let table = self.0;
        let name = table.get("name").and_then(toml::Value::as_str).ok_or("a member has a name")?;
        let made: toml::Table = table
            .iter()
            .filter(|(key, _)| !KEYS.contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let plain = content(&made)?;
        let deflated = table.get("method").and_then(toml::Value::as_str) == Some("deflate");
        let stored = if deflated { deflate(&plain)? } else { plain.clone() };
        let method = if deflated { 8 } else { number(table, "method").unwrap_or(0) };
        bytes.extend(hex_of(table, "before")?);
        let offset = number(table, "offset").unwrap_or((bytes.len() - base) as u64);
        let descriptor = table.contains_key("descriptor");
        let own = [
            ("flags", u64::from(descriptor) << 3),
            ("method", method),
            ("crc", crc32(&plain).into()),
            ("compressed", stored.len() as u64),
            ("size", plain.len() as u64),
        ];
        let fields = |side: &str| {
            own.map(|(key, value)| {
                let hidden = descriptor && side == "local" && !matches!(key, "flags" | "method");
                let both = number(table, key).unwrap_or(if hidden { 0 } else { value });
                number(table, &format!("{side}-{key}")).unwrap_or(both)
            })
        };
        let local_name = table.get("local-name").and_then(toml::Value::as_str).unwrap_or(name);
        bytes.extend(b"PK\x03\x04\x14\0");
        header(bytes, fields("local"));
        bytes.extend((local_name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(local_name.as_bytes());
        bytes.extend(&stored);
        if descriptor {
            bytes.extend(b"PK\x07\x08");
            [own[2].1, own[3].1, own[4].1].iter().for_each(|field| bytes.extend((*field as u32).to_le_bytes()));
        }
        if table.contains_key("unlisted") {
            return Ok(None);
        }
        let mut central = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        header(&mut central, fields("central"));
        central.extend((name.len() as u16).to_le_bytes());
        central.extend([0; 8]);
        central.extend(((number(table, "mode").unwrap_or(0o100_644) as u32) << 16).to_le_bytes());
        central.extend((offset as u32).to_le_bytes());
        central.extend(name.as_bytes());
        Ok(Some(central))
    }
}

fn header(bytes: &mut Vec<u8>, [flags, method, crc, compressed, size]: [u64; 5]) {
    bytes.extend((flags as u16).to_le_bytes());
    bytes.extend((method as u16).to_le_bytes());
    bytes.extend([0, 0, 0x21, 0]);
    [crc, compressed, size].iter().for_each(|field| bytes.extend((*field as u32).to_le_bytes()));
}

fn deflate(plain: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

fn number(table: &toml::Table, key: &str) -> Option<u64> {
    table.get(key).and_then(toml::Value::as_integer).and_then(|number| u64::try_from(number).ok())
}

fn hex_of(table: &toml::Table, key: &str) -> Result<Vec<u8>, String> {
    let digits: String = table.get(key).and_then(toml::Value::as_str).unwrap_or_default().split_whitespace().collect();
    hex::decode(digits).map_err(|error| error.to_string())
}

/// CRC-32 as in ISO 3309, bit by bit: the program under test uses another implementation.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
