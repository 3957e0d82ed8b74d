//! Checksum lists of every kind that models come with.

use std::collections::BTreeSet;

use weighbridge::model::{Algorithm, Artifact, ArtifactPath, Limits};
use weighbridge::trust::checksums::{algorithms, check, line, name_suggests, parse};

use crate::tree::{artifact, digest, ids};

fn tree() -> Vec<Artifact> {
    ["a.bin", "sub/b c.bin", "odd\nname\\x", "sub/SHA256SUMS"].map(|path| artifact(path, path.as_bytes(), None)).into()
}

fn hex(algorithm: Algorithm, text: &str) -> String {
    digest(algorithm, text.as_bytes()).hex()
}

fn compare(list: &str, text: &str) -> Vec<&'static str> {
    ids(&check(&ArtifactPath::new(list), text.as_bytes(), &tree(), &Limits::default()))
}

#[test]
fn every_form_is_read() {
    let a = |algorithm| hex(algorithm, "a.bin");
    for (list, text) in [
        ("SHA256SUMS", format!("{}  a.bin\n", a(Algorithm::Sha256))),
        ("sha256sum.txt", format!("{} *./a.bin\r\n", a(Algorithm::Sha256).to_uppercase())),
        ("checksums.txt", format!("# made by hand\n\nSHA256 (a.bin) = {}\n", a(Algorithm::Sha256))),
        ("a.bin.sha256", format!("{}\n", a(Algorithm::Sha256))),
        ("a.bin.sha512", format!("{}  a.bin", a(Algorithm::Sha512))),
        ("B2SUMS", format!("{}  a.bin\n", a(Algorithm::Blake2b512))),
        ("a.bin.b3", format!("{}  a.bin\n", a(Algorithm::Blake3))),
        (
            "sub/SHA256SUMS",
            format!("{}  ../a.bin\n{}  b c.bin\n", a(Algorithm::Sha256), hex(Algorithm::Sha256, "sub/b c.bin")),
        ),
        ("SHA256SUMS", format!("\\{}  odd\\nname\\\\x\n", hex(Algorithm::Sha256, "odd\nname\\x"))),
        ("SHA512SUMS", format!("SHA512 (sub/b c.bin) = {}\n", hex(Algorithm::Sha512, "sub/b c.bin"))),
        (
            "SHA256SUMS.asc",
            format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{}  a.bin\n-----BEGIN PGP SIGNATURE-----\nx\n",
                a(Algorithm::Sha256)
            ),
        ),
    ] {
        assert_eq!(compare(list, &text), ["checksums-match"], "{list}\n{text}");
        assert!(name_suggests(&ArtifactPath::new(list)), "{list}");
    }
    assert_eq!(compare("checklist.chk", &format!("{}  a.bin\n", a(Algorithm::Md5))), ["checksums-weak"]);
    assert_eq!(compare("a.bin.md5", &format!("{} a.bin\n", a(Algorithm::Md5))), ["checksums-weak"]);
    for no in ["a.bin", "config.json", "README.md", "checksum.py", "sha256.rs", "summary.txt"] {
        assert!(!name_suggests(&ArtifactPath::new(no)), "{no}");
    }
}

#[test]
fn what_differs_is_named() {
    let a = hex(Algorithm::Sha256, "a.bin");
    let wrong = hex(Algorithm::Sha256, "x");
    assert_eq!(compare("SHA256SUMS", &format!("{wrong}  a.bin\n")), ["checksums-mismatch"]);
    assert_eq!(compare("SHA256SUMS", &format!("{a}  gone.bin\n")), ["checksums-missing-file"]);
    assert_eq!(compare("SHA256SUMS", &format!("{a}  ../a.bin\n")), ["checksums-malformed"]);
    assert_eq!(compare("SHA256SUMS", &format!("{a}  /a.bin\n")), ["checksums-malformed"]);
    assert_eq!(compare("SHA256SUMS", ""), ["checksums-malformed"]);
    assert_eq!(compare("SHA256SUMS", &format!("{a}  a.bin\nhello\n")), ["checksums-malformed"]);
    assert_eq!(
        compare("SHA256SUMS", &format!("{a}  a.bin\n{wrong}  ./a.bin\n")),
        ["checksums-malformed", "checksums-mismatch"]
    );
    let sha1 = "00".repeat(20);
    assert_eq!(compare("SHA1SUMS", &format!("{sha1}  a.bin\n")), ["checksums-unchecked"]);
    assert_eq!(
        algorithms(&ArtifactPath::new("x"), format!("{sha1}  a\n").as_bytes()),
        BTreeSet::from([Algorithm::Sha1])
    );
    // Noise never panics.
    for n in 0..2000_u32 {
        let noise: Vec<u8> = (0..n % 97).map(|at| (n.wrapping_mul(2_654_435_761).rotate_left(at) >> 7) as u8).collect();
        let list = parse(&ArtifactPath::new("SHA256SUMS"), &noise);
        assert!(list.entries.len() + list.malformed.len() <= noise.len());
    }
}

#[test]
fn written_lines_are_read_again() {
    for name in ["a", "a b", "*a", "\\a", "a\nb", "a\rb", " a", "ü"] {
        let path = ArtifactPath::new(name);
        let digest = digest(Algorithm::Sha256, b"x");
        let list = parse(&ArtifactPath::new("SHA256SUMS"), &line(&path, &digest));
        assert_eq!(list.entries.len(), 1, "{name:?}");
        assert_eq!((list.entries[0].name.as_ref(), &list.entries[0].digest), (Some(&path), &digest));
    }
    assert_eq!(
        line(&ArtifactPath::new("a\nb"), &digest(Algorithm::Md5, b"")),
        b"\\d41d8cd98f00b204e9800998ecf8427e  a\\nb\n"
    );
}
