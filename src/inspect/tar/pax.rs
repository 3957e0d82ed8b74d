//! Records of pax headers: `LENGTH KEY=VALUE\n`, again and again, where the length counts all of the record.
//!
//! Source: POSIX.1-2017 `pax`, "pax Header Block". Not looked at: what vendors' keys mean, maps of sparse files.

/// What is said about members, by a header of its own.
#[derive(Clone, Default)]
pub struct Extended {
    /// The name.
    pub path: Option<String>,
    /// What a link leads to.
    pub link: Option<String>,
    /// Length in bytes.
    pub size: Option<u64>,
}

impl Extended {
    /// Takes the records of a header over what was said before. Says what is wrong with the first that is.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (mut rest, mut fault) = (bytes, Ok(()));
        // Python passes over zeros at the end.
        while rest.first().is_some_and(|byte| *byte != 0) {
            let wrong = "a record of a pax header has another length than it says";
            let (all, next) = record(rest).ok_or(wrong)?;
            // Some readers do not look for the newline.
            let record = all.strip_suffix(b"\n").unwrap_or(all);
            if record.len() == all.len() {
                fault = Err(wrong.to_owned());
            }
            let mut parts = record.splitn(2, |byte| *byte == b'=');
            let key = parts.next().unwrap_or_default();
            let value = parts.next().ok_or("a record of a pax header has no value")?;
            if key.is_empty() {
                return Err("a record of a pax header has no key".to_owned());
            }
            self.set(key, value)?;
            rest = next;
        }
        fault
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let text = || {
            let text = std::str::from_utf8(value).ok().filter(|text| !text.contains('\0'));
            text.map(str::to_owned).ok_or("a name in a pax header is not UTF-8, or holds a zero")
        };
        let digits = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        match key {
            // A header with hdrcharset=BINARY may hold names that are no UTF-8; nobody who packs models writes one.
            b"path" => self.path = Some(text()?),
            b"linkpath" => self.link = Some(text()?),
            b"size" => {
                let size = std::str::from_utf8(value).ok().filter(|_| digits(value)).and_then(|text| text.parse().ok());
                self.size = Some(size.ok_or("the size in a pax header is no number")?);
            }
            b"uid"
            | b"gid"
            | b"GNU.sparse.size"
            | b"GNU.sparse.realsize"
            | b"GNU.sparse.numblocks"
            | b"GNU.sparse.major"
            | b"GNU.sparse.minor"
                if !digits(value) =>
            {
                return Err(format!("{:?} in a pax header is no number", String::from_utf8_lossy(key)));
            }
            b"mtime" | b"atime" | b"ctime" if !is_time(value) => {
                return Err(format!("{:?} in a pax header is no time", String::from_utf8_lossy(key)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The first record without its length, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let digits = bytes.get(..space).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let length = std::str::from_utf8(digits).ok()?.parse::<usize>().ok()?;
    let (all, rest) = bytes.split_at_checked(length)?;
    Some((all.get(space + 1..)?, rest))
}

/// Seconds, before the epoch or after it, with or without a fraction.
fn is_time(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    !value.is_empty()
        && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && value.iter().filter(|byte| **byte == b'.').count() <= 1
        && value != b"."
}

#[test]
fn records_are_as_long_as_they_say() {
    let read = |bytes: &[u8]| {
        let mut extended = Extended::default();
        extended.read(bytes).map(|()| extended)
    };
    assert_eq!(read(b"9 path=a\n11 size=12\n").unwrap().size, Some(12));
    assert_eq!(read(b"9 path=a\n\0\0").unwrap().path.as_deref(), Some("a"));
    for wrong in
        ["8 path=a\n", "99 path=a\n", "x path=a\n", "-9 path=a\n", "0 path=a\n", "8 patha\n", "5 =a\n", "11 size=-2\n"]
    {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
