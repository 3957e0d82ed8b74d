use super::*;
use crate::model::{ArtifactPath, Limits};
use crate::weigh::Inspection;

fn number(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

/// A field with a length; numbers of fields above 15 take two bytes.
fn long(field: u32, bytes: &[u8]) -> Vec<u8> {
    let tag = field << 3 | 2;
    let mut out = if tag < 128 { vec![tag as u8] } else { vec![(tag & 0x7f | 0x80) as u8, (tag >> 7) as u8] };
    assert!(bytes.len() < 128 * 128);
    out.extend([(bytes.len() & 0x7f) as u8 | 0x80, (bytes.len() >> 7) as u8]);
    out.extend(bytes);
    out
}

/// A node that takes `x` and gives `y`.
fn node(domain: &str, operator: &str) -> Vec<u8> {
    [long(1, b"x"), long(2, b"y"), long(4, operator.as_bytes()), long(7, domain.as_bytes())].concat()
}

/// Operator sets of the standard and of `own`, `com.microsoft`, `evil` and `ai.onnx.contrib`.
fn opsets() -> Vec<u8> {
    let domains = ["", "own", "com.microsoft", "evil", "ai.onnx.contrib"];
    domains.iter().flat_map(|domain| long(8, &[long(1, domain.as_bytes()), number(2, 17)].concat())).collect()
}

/// A model whose graph takes `x` and gives `y`.
fn model(graph: &[u8], rest: &[u8]) -> Vec<u8> {
    let graph = [
        graph,
        &long(2, b"g"),
        &long(11, &[long(1, b"x"), long(2, &long(1, &number(1, 1)))].concat()),
        &long(12, &long(1, b"y")),
    ]
    .concat();
    [number(1, 8), long(2, b"pytorch"), long(7, &graph), opsets(), rest.to_vec()].concat()
}

fn external(location: &str) -> Vec<u8> {
    let entry = [long(1, b"location"), long(2, location.as_bytes())].concat();
    [number(1, 2), number(2, 1), long(8, b"w"), long(13, &entry), number(14, 1)].concat()
}

fn look(bytes: &[u8]) -> Inspection {
    let (path, limits) = (ArtifactPath::new("m.onnx"), Limits::default());
    View::with_bytes(bytes, limits.structure_bytes, |view| {
        let mut scope = Scope::new(&path, &limits);
        if Onnx.claims(&bytes[..bytes.len().min(4096)], view) {
            scope.recognise(Onnx.format());
            Onnx.inspect(view, &mut scope);
        }
        scope.close()
    })
}

fn fired(bytes: &[u8]) -> Vec<&'static str> {
    let seen = look(bytes);
    assert!(!seen.formats.is_empty(), "not recognised");
    let mut rules: Vec<_> = seen.evidence.iter().map(|evidence| evidence.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn each_lie_has_its_rule() {
    let good = [number(1, 2), number(2, 1), long(8, b"w"), long(9, &[0; 8])].concat();
    let bad = [number(1, 3), number(2, 1), long(8, b"w"), long(9, &[0; 8])].concat();
    let neg = long(1, &node("", "Neg"));
    let with = |tensor: &[u8]| model(&[neg.clone(), long(5, tensor)].concat(), &[]);
    let inner = [long(1, &node("", "Neg")), long(2, b"b"), long(5, &external("/etc/passwd")), long(12, &long(1, b"y"))];
    let body = long(5, &[long(1, b"body"), long(6, &inner.concat()), vec![0xa0, 0x01, 5]].concat());
    let function = |name: &str, domain: &str, calls: &str| {
        let ends = [long(4, b"x"), long(5, b"y")].concat();
        [
            &long(1, name.as_bytes())[..],
            &ends,
            &long(10, domain.as_bytes()),
            &long(7, &node("own", calls)),
            &long(9, &number(2, 17)),
        ]
        .concat()
    };
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (with(&good), &[]),
        (model(&long(1, &node("com.microsoft", "Gelu")), &[]), &[]),
        (with(&external("weights.bin")), &[]),
        (with(&bad), &["onnx-malformed"]),
        (with(&external("../secret")), &["onnx-external-path"]),
        (model(&long(1, &[node("", "Loop"), body].concat()), &[]), &["onnx-external-path", "onnx-malformed"]),
        (model(&long(1, &node("evil", "Run")), &[]), &["onnx-custom-operator"]),
        (model(&long(1, &node("ai.onnx.contrib", "PyOp")), &[]), &["onnx-custom-operator"]),
        (model(&long(1, &node("own", "F")), &long(25, &function("F", "own", "G"))), &["onnx-custom-operator"]),
        (
            model(&neg, &[long(25, &function("F", "own", "G")), long(25, &function("G", "own", "F"))].concat()),
            &["onnx-malformed"],
        ),
        (
            model(&neg, &long(25, &function("Add", "ai.onnx", "Add"))),
            &["onnx-custom-operator", "onnx-function-shadows"],
        ),
        (model(&[], &[]), &["onnx-malformed"]),
        (model(&[neg.clone(), neg.clone()].concat(), &[]), &["onnx-malformed"]),
        (model(&long(1, &node("", "Negate")), &[]), &["onnx-custom-operator"]),
        (model(&long(1, &node("", "Add")), &[]), &["onnx-malformed"]),
    ];
    for (n, (file, rules)) in cases.iter().enumerate() {
        assert_eq!(&fired(file), rules, "case {n}");
    }
}

#[test]
fn every_truncation_and_every_changed_byte_ends() {
    let graph = [long(1, &node("", "Neg")), long(5, &external("w.bin"))].concat();
    let file = model(&graph, &long(14, &[long(1, b"k"), long(2, b"v")].concat()));
    for end in 1..file.len() {
        look(&file[..end]);
    }
    for at in 0..file.len() {
        for value in [0, 0xff, file[at] ^ 1, file[at] ^ 0x80] {
            let mut changed = file.clone();
            changed[at] = value;
            look(&changed);
        }
    }
    let deep = (0..200).fold(Vec::new(), |inner, _| long(1, &long(5, &long(6, &inner))));
    assert_eq!(fired(&model(&deep[..deep.len().min(16_000)], &[])), ["onnx-malformed"]);
}
