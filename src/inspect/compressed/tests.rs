use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::inspect::{Scope, inspect_content};
use crate::model::{ArtifactPath, Limits, Severity};
use crate::weigh::{Inspection, View};

fn inspected(bytes: &[u8]) -> (Inspection, u64) {
    let (path, limits) = (ArtifactPath::new("a"), Limits::default());
    let mut scope = Scope::new(&path, &limits);
    let left = View::with_bytes(bytes, limits.structure_bytes, |view| {
        let before = view.unpackable();
        inspect_content(view, &mut scope);
        before - view.unpackable()
    });
    (scope.close(), left)
}

fn limited(seen: &Inspection) -> bool {
    seen.evidence.iter().any(|evidence| evidence.rule.id == "limit-reached")
}

/// Blocks of 128 KiB in four bytes each, and a frame that readers pass over.
fn zeros_of_zstd(blocks: u32, passed: u32) -> Vec<u8> {
    let mut bytes = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    for block in 1..=blocks {
        let header = 131_072u32 << 3 | 1 << 1 | u32::from(block == blocks);
        bytes.extend(&header.to_le_bytes()[..3]);
        bytes.push(b'A');
    }
    bytes.extend(b"\x50\x2a\x4d\x18");
    bytes.extend(passed.to_le_bytes());
    bytes.resize(bytes.len() + passed as usize, 0);
    bytes
}

#[test]
fn what_is_passed_over_lets_nothing_more_out() {
    let (seen, unpacked) = inspected(&zeros_of_zstd(4000, 20 << 20));
    assert!(limited(&seen));
    assert!(unpacked < 257 << 20, "{unpacked}");
    let (seen, unpacked) = inspected(&zeros_of_zstd(100, 1 << 20));
    assert!(!limited(&seen));
    assert_eq!(unpacked, 100 << 17);
}

#[test]
fn a_hundred_bytes_give_no_more_than_a_mebibyte() {
    let (seen, unpacked) = inspected(&zeros_of_zstd(20, 0));
    assert!(limited(&seen));
    assert!(unpacked <= 1100 << 10, "{unpacked}");
}

#[test]
fn nesting_multiplies_nothing() {
    let mut bytes = vec![0; 64 << 20];
    for _ in 0..3 {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        // Streams one behind the other give what all of them hold.
        packed.write_all(&bytes).unwrap();
        bytes = packed.finish().unwrap().repeat(40);
    }
    let length = bytes.len() as u64;
    let (seen, unpacked) = inspected(&bytes);
    assert!(limited(&seen));
    assert!(unpacked <= (length * 20 + (257 << 20)).max(1 << 20), "{unpacked} of {length}");
}

#[test]
fn one_byte_over_and_over_is_a_bomb_and_a_packed_array_of_zeros_is_none() {
    let bomb = |seen: &Inspection| {
        seen.evidence.iter().any(|seen| seen.rule.id == "compression-malformed" && seen.severity() == Severity::High)
    };
    let packed = |head: &[u8], zeros: usize| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(head).unwrap();
        packed.write_all(&vec![0; zeros]).unwrap();
        inspected(&packed.finish().unwrap()).0
    };
    assert!(bomb(&packed(b"", 192 << 20)));
    assert!(!bomb(&packed(b"", 8 << 20)));
    let header = format!("{:<117}\n", "{'descr': '|u1', 'fortran_order': False, 'shape': (201326592,), }");
    let array = packed(&[b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes()].concat(), 192 << 20);
    assert!(limited(&array) && !bomb(&array));
}
