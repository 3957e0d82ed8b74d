use super::*;
use crate::model::{ArtifactPath, Evidence, Limits};
use crate::weigh::{Inspection, Observer};

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn look(bytes: &[u8]) -> Inspection {
    let path = ArtifactPath::new("model.safetensors");
    let limits = Limits::default();
    View::with_bytes(bytes, limits.structure_bytes, |view| {
        let mut scope = Scope::new(&path, &limits);
        let head = view.read_up_to(0, 4096).unwrap();
        if Safetensors.claims(&head, view) {
            Safetensors.inspect(view, &mut scope);
        }
        scope.close()
    })
}

fn fired(bytes: &[u8]) -> Vec<&'static str> {
    let mut rules: Vec<_> = look(bytes).evidence.iter().map(|evidence| evidence.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn each_lie_has_its_rule() {
    let ones = [1u8; 64];
    let cases: &[(&str, usize, &[&str])] = &[
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, &[]),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   "#, 8, &[]),
        (
            r#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"z":{"dtype":"F4","shape":[0],"data_offsets":[4,4]}}"#,
            4,
            &[],
        ),
        ("{}", 0, &[]),
        (r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}"#, 3, &[]),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, &["safetensors-truncated"]),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, &["safetensors-trailing-data"]),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, &["safetensors-hole"]),
        (
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            12,
            &["safetensors-overlap"],
        ),
        (r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, &["safetensors-size-mismatch"]),
        (r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, &["safetensors-size-mismatch"]),
        (
            r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#,
            8,
            &["safetensors-size-mismatch"],
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#,
            8,
            &["safetensors-hole", "safetensors-size-mismatch", "safetensors-trailing-data"],
        ),
        (r#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, &["safetensors-header-malformed"]),
        (r#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, &["safetensors-header-malformed"]),
        (r#"{"a":{"dtype":"F32","shape":[2]}}"#, 0, &["safetensors-header-malformed"]),
        (r#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8, &["safetensors-unknown-dtype"]),
        (r#"{"__metadata__":{"a":1}}"#, 0, &["safetensors-header-malformed"]),
        (r#" {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, &["safetensors-header-malformed"]),
        ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}\0\0", 8, &["safetensors-header-malformed"]),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[[1]]}}"#, 8, &["safetensors-unknown-field"]),
        (r#"{"../a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, &["tensor-name-unsafe"]),
        (r#"{"a\u001b[2J":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, &["tensor-name-unsafe"]),
        (r#"{"__metadata__":{"a":"1","\u0061":"2"}}"#, 0, &["safetensors-duplicate-key"]),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8,
            &["safetensors-duplicate-key"],
        ),
        (r#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, &["safetensors-duplicate-key"]),
    ];
    for (header, data, rules) in cases {
        let fired = fired(&file(header, &ones[..*data]));
        let fired: Vec<_> = fired.into_iter().filter(|rule| *rule != LOADER_DISAGREES.id).collect();
        assert_eq!(&fired, rules, "{header}");
    }
}

#[test]
fn where_the_loader_sees_less_we_say_so() {
    let twice = r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let header = &file(twice, &[0; 4]);
    assert_eq!(fired(header), ["safetensors-duplicate-key", "safetensors-loader-disagrees"]);
}

#[test]
fn lengths_that_lie_are_truncation_and_never_an_allocation() {
    for length in [0, 1, 500, 100_000_001, 1 << 40, u64::MAX] {
        let mut bytes = u64::to_le_bytes(length).to_vec();
        bytes.extend_from_slice(br#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
        assert!(!fired(&bytes).is_empty(), "{length}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    assert_eq!(fired(&file(&deep, &[])), ["safetensors-header-malformed"]);
}

#[test]
fn every_truncation_and_every_changed_byte_ends() {
    let header = r#"{"__metadata__":{"k":"v"},"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[8,12]}}"#;
    let bytes = file(header, &[7; 12]);
    for end in 0..bytes.len() {
        assert!(end < 10 || !fired(&bytes[..end]).is_empty(), "{end}");
    }
    for at in 0..bytes.len() {
        for value in [0, 0x20, 0x22, 0x5c, 0x7d, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x80] {
            let mut changed = bytes.clone();
            changed[at] = value;
            look(&changed);
        }
    }
}

fn statistics(bytes: &[u8], chunk: usize) -> Vec<Evidence> {
    let path = ArtifactPath::new("m");
    let mut evidence = Vec::new();
    for mut observer in look(bytes).observers {
        for (n, piece) in bytes.chunks(chunk).enumerate() {
            Observer::observe(&mut *observer, (n * chunk) as u64, piece);
        }
        evidence.extend(observer.close(&path));
    }
    evidence
}

#[test]
fn numbers_are_the_same_however_the_bytes_come() {
    let header = r#"{"z":{"dtype":"F32","shape":[32,32],"data_offsets":[0,4096]},"n":{"dtype":"BF16","shape":[3],"data_offsets":[4096,4102]},"d":{"dtype":"F64","shape":[2],"data_offsets":[4102,4118]},"e":{"dtype":"F8_E5M2","shape":[3],"data_offsets":[4118,4121]}}"#;
    let mut data = vec![0u8; 4096];
    data[7] = 0x80; // negative zero is zero
    data.extend_from_slice(&[0x80, 0x7f, 0xc0, 0xff, 0x80, 0x3f]);
    data.extend_from_slice(&f64::NEG_INFINITY.to_le_bytes());
    data.extend_from_slice(&1f64.to_le_bytes());
    data.extend_from_slice(&[0x7c, 0x7f, 0x3c]);
    let bytes = file(header, &data);
    let whole = statistics(&bytes, bytes.len());
    let messages: Vec<_> = whole.iter().map(|evidence| evidence.fact.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "n holds 1 NaN and 1 infinite values",
            "d holds 1 infinite values",
            "e holds 1 NaN and 1 infinite values",
            "the matrix z is all zeros"
        ]
    );
    for chunk in [1, 2, 3, 5, 7, 63, 64, 65, 4096] {
        assert_eq!(statistics(&bytes, chunk), whole, "{chunk}");
    }
}
