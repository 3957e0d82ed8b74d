use super::tokens::*;

fn all(text: &[u8], dialect: Dialect) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens = Tokens::new(text, dialect, 64);
    let mut list = Vec::new();
    while let Some((_, token)) = tokens.next()? {
        list.push(token);
    }
    Ok(list)
}

#[test]
fn agrees_with_serde_json_on_what_is_json() {
    let cases: &[&[u8]] = &[
        b"{}",
        b"[]",
        b"[1,]",
        b"[,1]",
        b"{\"a\":1,}",
        b"{\"a\" 1}",
        b"{1:2}",
        b"01",
        b"-",
        b"1.",
        b"1e",
        b"-0.5E+3",
        b"\"\\u00e9\\ud83d\\ude00\"",
        b"\"\\ud83d\"",
        b"\"\\x\"",
        b"\"\n\"",
        b"[1 2]",
        b"[1]]",
        b"[}",
        b"{\"a\":[}",
        b"nul",
        b"null ",
        b" true",
        b"",
        b" ",
        b"NaN",
        b"\"\xff\"",
        b"[[[]],{\"a\":{\"b\":[null,false]}}]",
        b"{\"a\"}",
    ];
    for case in cases {
        let ours = all(case, Dialect::Strict).is_ok();
        let theirs = serde_json::from_slice::<serde_json::Value>(case).is_ok();
        assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(case));
    }
}

#[test]
fn keeps_duplicates_and_unescapes_names() {
    let tokens = all(br#"{"a":1,"\u0061":NaN}"#, Dialect::Python).unwrap();
    assert_eq!(tokens.iter().filter(|token| **token == Token::Key("a".into())).count(), 2);
}

#[test]
fn depth_is_bounded_and_skipping_passes_over_a_value() {
    assert_eq!(all(&[b'['; 65], Dialect::Strict).unwrap_err().kind, FaultKind::Depth);
    let mut tokens = Tokens::new(br#"{"a":{"b":[1,{}]},"c":2}"#, Dialect::Strict, 9);
    let mut names = Vec::new();
    assert_eq!(tokens.next().unwrap().unwrap().1, Token::ObjectStart);
    while let Some((_, Token::Key(name))) = tokens.next().unwrap() {
        names.push(name.into_owned());
        let (_, value) = tokens.next().unwrap().unwrap();
        tokens.skip(&value).unwrap();
    }
    assert_eq!(names, ["a", "c"]);
}
