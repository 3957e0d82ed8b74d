//! Against a server on this machine that does what it is told.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::*;

/// Answers one connection after the other with these bytes and closes it; gives back what was asked.
fn server(answers: Vec<Vec<u8>>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    let (asked, questions) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut question, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                question.push_str(&line.to_lowercase());
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            question.push_str(&String::from_utf8(body).unwrap());
            asked.send(question).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    (url, questions)
}

fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    headers.iter().for_each(|header| bytes.extend(format!("{header}\r\n").bytes()));
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

fn client() -> Client {
    Client::with(true, Duration::from_millis(1))
}

fn etag(text: &str) -> Validators {
    Validators { etag: Some(text.to_owned()), modified: None }
}

#[test]
fn a_file_is_fetched_once() {
    let whole = answer("200 OK", &["ETag: \"one\"", "Content-Length: 5"], b"hello");
    let (url, asked) = server(vec![whole, answer("304 Not Modified", &[], b"")]);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    let first = client().download(&url, &target, &Validators::default(), 5).unwrap();
    assert_eq!((first, fs::read(&target).unwrap().as_slice()), (Fetched::Whole(etag("\"one\"")), &b"hello"[..]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(!asked.recv().unwrap().contains("if-none-match"));
    assert_eq!(client().download(&url, &target, &etag("\"one\""), 5).unwrap(), Fetched::Unchanged);
    assert!(asked.recv().unwrap().contains("if-none-match: \"one\"\r\n"));
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let cut = answer("200 OK", &["ETag: \"one\"", "Content-Length: 10"], b"0123");
    let rest = answer(
        "206 Partial Content",
        &["ETag: \"one\"", "Content-Length: 6", "Content-Range: bytes 4-9/10"],
        b"456789",
    );
    let (url, asked) = server(vec![cut, rest]);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    client().download(&url, &target, &Validators::default(), 10).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"0123456789");
    assert!(!asked.recv().unwrap().contains("range:"));
    let second = asked.recv().unwrap();
    assert!(second.contains("\r\nrange: bytes=4-\r\n") && second.contains("\r\nif-range: \"one\"\r\n"), "{second}");
}

#[test]
fn another_file_starts_anew() {
    let cut = answer("200 OK", &["ETag: \"one\"", "Content-Length: 10"], b"0123");
    let other = answer("200 OK", &["ETag: \"two\"", "Content-Length: 4"], b"abcd");
    let (url, _asked) = server(vec![cut, other]);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    assert_eq!(client().download(&url, &target, &Validators::default(), 10).unwrap(), Fetched::Whole(etag("\"two\"")));
    assert_eq!(fs::read(&target).unwrap(), b"abcd");
    // A range that was not asked for, or is not known any more, is no part of this file.
    let odd = answer("206 Partial Content", &["Content-Length: 2", "Content-Range: bytes 1-2/10"], b"xx");
    let cut = answer("200 OK", &["ETag: \"one\"", "Content-Length: 10"], b"0123");
    let whole = answer("200 OK", &["Content-Length: 3"], b"new");
    let (url, _asked) = server(vec![cut, odd, whole]);
    client().download(&url, &target, &Validators::default(), 10).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
}

#[test]
fn no_more_is_taken_than_was_asked_for() {
    let said = answer("200 OK", &["Content-Length: 50"], &[b'x'; 50]);
    let chunked =
        answer("200 OK", &["Transfer-Encoding: chunked"], b"20\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    for bytes in [said, chunked.clone()] {
        let (url, _asked) = server(vec![bytes]);
        let error = client().download(&url, &target, &Validators::default(), 20).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 20, .. }), "{error}");
        assert!(!target.exists());
    }
    let (url, _asked) = server(vec![chunked]);
    assert!(matches!(client().post(&url, &[], b"", 20).unwrap_err(), Error::TooLarge { .. }));
}

#[test]
fn trouble_that_may_pass_is_tried_again() {
    let busy = answer("503 Service Unavailable", &["Content-Length: 0"], b"");
    let whole = answer("200 OK", &["Content-Length: 2"], b"ok");
    let (url, _asked) = server(vec![busy.clone(), busy, whole]);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    client().download(&url, &target, &Validators::default(), 20).unwrap();
    let (url, _asked) = server(vec![answer("404 Not Found", &["Content-Length: 0"], b"")]);
    let error = client().download(&url, &target, &Validators::default(), 20).unwrap_err();
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"ok");
}

#[test]
fn nothing_is_fetched_in_the_clear_or_in_a_circle() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("file");
    for url in
        ["http://example.org/file", "ftp://127.0.0.1/file", "file:///etc/passwd", "http://127.0.0.1.example.org/"]
    {
        let error = client().download(url, &target, &Validators::default(), 20).unwrap_err();
        assert!(matches!(error, Error::Insecure(_)), "{url}: {error}");
    }
    let circle = answer("302 Found", &["Location: /again", "Content-Length: 0"], b"");
    let (url, _asked) = server(vec![circle; 30]);
    let error = client().download(&url, &target, &Validators::default(), 20).unwrap_err();
    assert!(matches!(error, Error::Failed { .. }), "{error}");
}

#[test]
fn a_question_is_sent_once() {
    let reply = answer("201 Created", &["Content-Type: application/json", "Content-Length: 8"], b"{\"a\": 1}");
    let (url, asked) =
        server(vec![reply, answer("307 Temporary Redirect", &["Location: /x", "Content-Length: 0"], b"")]);
    let reply = client().post_json(&url, &serde_json::json!({ "question": 2 }), 100).unwrap();
    let expected = Reply { status: 201, content_type: "application/json".into(), body: b"{\"a\": 1}".to_vec() };
    assert_eq!(reply, expected);
    let question = asked.recv().unwrap();
    assert!(question.starts_with("post /file") && question.ends_with("{\"question\":2}"), "{question}");
    assert_eq!(client().post(&url, &[], b"x", 100).unwrap().status, 307);
}
