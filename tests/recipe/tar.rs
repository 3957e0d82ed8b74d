//! Tar archives: `tar = [ { name = "a", text = "b" }, { name = "l", type = "2", target = "/etc" } ]`.
//!
//! A member's content comes from any other builder. `type` is the type flag, `size` and `sum` are claims that replace
//! the true values, `end = false` on the last member leaves the two blocks of zeros away.

type Content<'c> = &'c dyn Fn(&toml::Table) -> Result<Vec<u8>, String>;

const KEYS: [&str; 7] = ["name", "type", "target", "size", "sum", "end", "prefix"];

/// The bytes of an archive.
pub fn build(value: &toml::Value, content: Content<'_>) -> Result<Vec<u8>, String> {
    let members = value.as_array().ok_or("`tar` is a list of members")?;
    let mut bytes = Vec::new();
    let mut end = true;
    for member in members {
        let table = member.as_table().ok_or("a member is a table")?;
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let claim = |key: &str| table.get(key).and_then(toml::Value::as_integer);
        end = table.get("end").and_then(toml::Value::as_bool).unwrap_or(true);
        let made = table.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()));
        let data = content(&made.map(|(key, value)| (key.clone(), value.clone())).collect())?;
        let mut header = [0u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, text("name").as_bytes());
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", claim("size").unwrap_or(data.len() as i64)).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, if text("type").is_empty() { b"0" } else { text("type").as_bytes() });
        put(157, text("target").as_bytes());
        put(257, b"ustar\x0000");
        put(345, text("prefix").as_bytes());
        let sum = header.iter().map(|byte| i64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{:06o}\0 ", claim("sum").unwrap_or(sum)).as_bytes());
        bytes.extend(header);
        bytes.extend(&data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    if end {
        bytes.resize(bytes.len() + 1024, 0);
    }
    Ok(bytes)
}
