//! Pickles as readable assembly: one opcode a line by its name in pickletools, the argument behind it.
//!
//! ```text
//! PROTO 4
//! GLOBAL os system            # module and name; INST alike
//! SHORT_BINUNICODE "id"       # quoted, with \n \r \t \\ \" \xNN (one byte) \u{N} (one character)
//! BINUNICODE len=99 "short"   # a length that lies
//! INT 01                      # the line as it is written; so for LONG, FLOAT, STRING, UNICODE, GET, PUT, PERSID
//! BEGIN BINBYTES base64       # what stands up to END is assembled, encoded (base64, hex or not) and made an argument
//! STOP
//! END
//! REPEAT 100 NONE             # the same line so many times
//! RAW 00 ff                   # bytes
//! ```
//! Eight-byte floats are written as numbers (`BINFLOAT 1.5`). Blank lines and what follows ` #` are passed over.

use base64::Engine;

/// Name, byte, and how the argument is written: `-` none, `1` `2` `4` `8` bytes of a number, `i` four signed,
/// `f` a float, `l` a line, `g` two lines, `a` `b` `c` text or bytes behind a length of one, four, eight bytes.
const OPCODES: &str = "
MARK 28 -  STOP 2e -  POP 30 -  POP_MARK 31 -  DUP 32 -  FLOAT 46 l  INT 49 l  BININT 4a i  BININT1 4b 1
LONG 4c l  BININT2 4d 2  NONE 4e -  PERSID 50 l  BINPERSID 51 -  REDUCE 52 -  STRING 53 l  BINSTRING 54 b
SHORT_BINSTRING 55 a  UNICODE 56 l  BINUNICODE 58 b  APPEND 61 -  BUILD 62 -  GLOBAL 63 g  DICT 64 -
EMPTY_DICT 7d -  APPENDS 65 -  GET 67 l  BINGET 68 1  INST 69 g  LONG_BINGET 6a 4  LIST 6c -  EMPTY_LIST 5d -
OBJ 6f -  PUT 70 l  BINPUT 71 1  LONG_BINPUT 72 4  SETITEM 73 -  TUPLE 74 -  EMPTY_TUPLE 29 -  SETITEMS 75 -
BINFLOAT 47 f  BINBYTES 42 b  SHORT_BINBYTES 43 a  PROTO 80 1  NEWOBJ 81 -  EXT1 82 1  EXT2 83 2  EXT4 84 i
TUPLE1 85 -  TUPLE2 86 -  TUPLE3 87 -  NEWTRUE 88 -  NEWFALSE 89 -  LONG1 8a a  LONG4 8b b
SHORT_BINUNICODE 8c a  BINUNICODE8 8d c  BINBYTES8 8e c  EMPTY_SET 8f -  ADDITEMS 90 -  FROZENSET 91 -
NEWOBJ_EX 92 -  STACK_GLOBAL 93 -  MEMOIZE 94 -  FRAME 95 8  BYTEARRAY8 96 c  NEXT_BUFFER 97 -
READONLY_BUFFER 98 -";

/// The bytes of a pickle written in assembly.
pub fn assemble(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix("BEGIN ") {
            let inner = assemble(&block(&mut lines)?)?;
            let (name, coding) = rest.split_once(' ').unwrap_or((rest, ""));
            let inner = match coding.trim() {
                "" => inner,
                "base64" => base64::engine::general_purpose::STANDARD.encode(inner).into_bytes(),
                "hex" => hex::encode(inner).into_bytes(),
                other => return Err(format!("no coding is called {other:?}")),
            };
            let (code, form) = find(name)?;
            bytes.push(code);
            counted(&mut bytes, form, inner.len() as u64, &inner)?;
            continue;
        }
        let (times, line) = match line.strip_prefix("REPEAT ") {
            Some(rest) => {
                let (times, line) = rest.split_once(' ').ok_or("REPEAT needs a number and a line")?;
                (times.parse().map_err(|error| format!("{times}: {error}"))?, line)
            }
            None => (1usize, line),
        };
        let one = encode(line)?;
        (0..times).for_each(|_| bytes.extend(&one));
    }
    Ok(bytes)
}

/// The lines up to the `END` that belongs here.
fn block<'l>(lines: &mut impl Iterator<Item = &'l str>) -> Result<String, String> {
    let mut depth = 0;
    let mut inside = String::new();
    for line in lines {
        match line.trim() {
            "END" if depth == 0 => return Ok(inside),
            "END" => depth -= 1,
            begin if begin.starts_with("BEGIN ") => depth += 1,
            _ => {}
        }
        inside.push_str(line);
        inside.push('\n');
    }
    Err("BEGIN without END".to_owned())
}

fn find(name: &str) -> Result<(u8, &'static str), String> {
    let words: Vec<&'static str> = OPCODES.split_whitespace().collect();
    let found =
        words.chunks(3).find(|entry| entry[0] == name).ok_or_else(|| format!("no opcode is called {name:?}"))?;
    Ok((u8::from_str_radix(found[1], 16).unwrap(), found[2]))
}

fn encode(line: &str) -> Result<Vec<u8>, String> {
    let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
    let argument = argument.trim();
    if name == "RAW" {
        return hex::decode(argument.replace(' ', "")).map_err(|error| error.to_string());
    }
    let (code, form) = find(name)?;
    let mut bytes = vec![code];
    let wrong = |error: &dyn std::fmt::Display| format!("{line}: {error}");
    match form {
        "-" if argument.is_empty() => {}
        "1" => bytes.push(argument.parse().map_err(|error| wrong(&error))?),
        "2" => bytes.extend(argument.parse::<u16>().map_err(|error| wrong(&error))?.to_le_bytes()),
        "4" => bytes.extend(argument.parse::<u32>().map_err(|error| wrong(&error))?.to_le_bytes()),
        "8" => bytes.extend(argument.parse::<u64>().map_err(|error| wrong(&error))?.to_le_bytes()),
        "i" => bytes.extend(argument.parse::<i32>().map_err(|error| wrong(&error))?.to_le_bytes()),
        "f" => bytes.extend(argument.parse::<f64>().map_err(|error| wrong(&error))?.to_be_bytes()),
        "l" => {
            // A quoted text with escapes stands for its bytes where the opcode itself wants no quotes.
            bytes.extend(if argument.starts_with('"') { unquote(argument)? } else { argument.as_bytes().to_vec() });
            bytes.push(b'\n');
        }
        "g" => {
            let (module, name) = argument.split_once(' ').unwrap_or((argument, ""));
            for text in [module, name] {
                bytes.extend(if text.starts_with('"') { unquote(text)? } else { text.as_bytes().to_vec() });
                bytes.push(b'\n');
            }
        }
        "a" | "b" | "c" => {
            let (len, text) = match argument.strip_prefix("len=") {
                Some(rest) => {
                    let (len, text) = rest.split_once(' ').ok_or_else(|| wrong(&"a length and a text"))?;
                    (Some(len.parse::<i64>().map_err(|error| wrong(&error))? as u64), text.trim())
                }
                None => (None, argument),
            };
            let text = unquote(text)?;
            counted(&mut bytes, form, len.unwrap_or(text.len() as u64), &text)?;
        }
        _ => return Err(wrong(&"this opcode has no such argument")),
    }
    Ok(bytes)
}

fn counted(bytes: &mut Vec<u8>, form: &str, len: u64, text: &[u8]) -> Result<(), String> {
    match form {
        "a" => bytes.push(u8::try_from(len).map_err(|error| error.to_string())?),
        "b" => bytes.extend((len as u32).to_le_bytes()),
        "c" => bytes.extend(len.to_le_bytes()),
        _ => return Err("this opcode has no text as argument".to_owned()),
    }
    bytes.extend(text);
    Ok(())
}

/// Quoted text with escapes as bytes.
pub fn unquote(text: &str) -> Result<Vec<u8>, String> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or_else(|| format!("{text} is not in quotes"))?;
    let mut bytes = Vec::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend(c.to_string().bytes());
            continue;
        }
        match chars.next() {
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some(c @ ('\\' | '"')) => bytes.push(c as u8),
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).map_err(|error| format!("{text}: {error}"))?);
            }
            Some('u') => {
                let digits: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let value = u32::from_str_radix(&digits, 16).map_err(|error| format!("{text}: {error}"))?;
                bytes.extend(char::from_u32(value).ok_or("no such character")?.to_string().bytes());
            }
            other => return Err(format!("{text}: \\{other:?} is no escape")),
        }
    }
    Ok(bytes)
}

#[test]
fn assembly_is_bytes() {
    assert_eq!(assemble("PROTO 4\nSHORT_BINUNICODE \"a\\x00\" # why\n\nSTOP").unwrap(), b"\x80\x04\x8c\x02a\x00.");
    assert_eq!(
        assemble("GLOBAL os system\nREPEAT 2 BININT -1").unwrap(),
        b"cos\nsystem\nJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
    );
    assert_eq!(assemble("BEGIN BINBYTES hex\nNONE\nSTOP\nEND").unwrap(), b"B\x04\x00\x00\x004e2e");
    assert!(assemble("NOTHING").is_err() && assemble("BINUNICODE a").is_err());
}
