use super::*;
use crate::model::{ArtifactPath, Limits};
use crate::weigh::Inspection;

struct Builder {
    bytes: Vec<u8>,
    wide: bool,
}

impl Builder {
    fn new(version: u32, tensors: u64, keys: u64) -> Self {
        let mut builder = Self { bytes: b"GGUF".to_vec(), wide: version > 1 };
        builder.bytes.extend(version.to_le_bytes());
        builder.count(tensors);
        builder.count(keys);
        builder
    }
    fn count(&mut self, number: u64) {
        if self.wide {
            self.bytes.extend(number.to_le_bytes());
        } else {
            self.bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
    }
    fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }
    fn key(mut self, name: &str, kind: u32, value: &[u8]) -> Self {
        self.text(name);
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(value);
        self
    }
    fn string(mut self, name: &str, value: &str) -> Self {
        self.text(name);
        self.bytes.extend(8u32.to_le_bytes());
        self.text(value);
        self
    }
    fn tensor(mut self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Self {
        self.text(name);
        self.bytes.extend(u32::try_from(shape.len()).unwrap().to_le_bytes());
        for dimension in shape {
            self.count(*dimension);
        }
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self
    }
    fn data(mut self, length: usize) -> Vec<u8> {
        self.bytes.resize(self.bytes.len().next_multiple_of(32) + length, 0);
        self.bytes
    }
}

fn look(bytes: &[u8]) -> Inspection {
    let (path, limits) = (ArtifactPath::new("m.gguf"), Limits::default());
    View::with_bytes(bytes, limits.structure_bytes, |view| {
        let mut scope = Scope::new(&path, &limits);
        if Gguf.claims(bytes, view) {
            Gguf.inspect(view, &mut scope);
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
fn good_files_are_quiet() {
    for version in 1..=3 {
        let file = Builder::new(version, 2, 2)
            .string("general.architecture", "x")
            .key("general.alignment", 4, &32u32.to_le_bytes())
            .tensor("a", &[32, 2], 8, 0)
            .tensor("b", &[3], 0, 96)
            .data(128);
        assert_eq!(fired(&file), Vec::<&str>::new(), "{version}");
        let contents = look(&file).contents;
        assert_eq!(contents.metadata["general.architecture"], "x");
        assert_eq!(
            (contents.tensors[0].dtype.as_str(), contents.tensors[0].shape.as_slice()),
            ("Q8_0", &[2u64, 32][..])
        );
    }
    assert_eq!(fired(&Builder::new(3, 0, 1).string("general.architecture", "x").data(0)), Vec::<&str>::new());
}

#[test]
fn each_lie_has_its_rule() {
    let new = |tensors| Builder::new(3, tensors, 1).string("general.architecture", "x");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Builder::new(9, 0, 0).data(0), "gguf-malformed"),
        (Builder::new(3, u64::MAX, 0).data(0), "gguf-malformed"),
        (Builder::new(3, 0, u64::MAX).data(0), "gguf-malformed"),
        (Builder::new(3, 0, 2).string("a", "b").string("a", "c").data(0), "gguf-duplicate"),
        (Builder::new(3, 0, 1).key("a", 99, &[]).data(0), "gguf-malformed"),
        (Builder::new(3, 0, 1).key("a", 8, &u64::MAX.to_le_bytes()).data(0), "gguf-malformed"),
        (
            Builder::new(3, 0, 1).key("a", 9, &[8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0]).data(0),
            "gguf-malformed",
        ),
        (Builder::new(3, 0, 1).key("general.alignment", 4, &0u32.to_le_bytes()).data(0), "gguf-malformed"),
        (Builder::new(3, 0, 1).key("general.alignment", 4, &24u32.to_le_bytes()).data(0), "gguf-malformed"),
        (new(1).tensor("a", &[1; 5], 0, 0).data(32), "gguf-malformed"),
        (new(1).tensor("a", &[8], 0, 4).data(64), "gguf-malformed"),
        (new(1).tensor("a", &[8], 77, 0).data(32), "gguf-unknown-type"),
        (new(1).tensor("a", &[1 << 40, 1 << 40], 0, 0).data(32), "gguf-size-impossible"),
        (new(1).tensor("a", &[31], 8, 0).data(64), "gguf-size-impossible"),
        (new(1).tensor("a", &[800], 0, 0).data(64), "gguf-truncated"),
        (new(1).tensor("a", &[8], 0, u64::MAX - 31).data(64), "gguf-size-impossible"),
        (new(2).tensor("a", &[16], 0, 0).tensor("b", &[16], 0, 32).data(96), "gguf-overlap"),
        (new(2).tensor("a", &[8], 0, 0).tensor("a", &[8], 0, 32).data(64), "gguf-duplicate"),
        (new(1).tensor("a", &[8], 0, 0).data(640), "gguf-hidden-data"),
        (new(1).tensor("../a", &[8], 0, 0).data(32), "tensor-name-unsafe"),
        (Builder::new(3, 0, 1).string("tokenizer.chat_template.x", "{{ ''.__class__ }}").data(0), "template-escape"),
    ];
    for (file, rule) in cases {
        assert!(fired(&file).contains(&rule), "{rule}: {:?}", fired(&file));
    }
    let mut nested = Builder::new(3, 0, 1).key("a", 9, &[]);
    for _ in 0..10_000 {
        nested.bytes.extend([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    }
    assert_eq!(fired(&nested.data(0)), ["gguf-malformed"]);
}

#[test]
fn every_truncation_and_every_changed_byte_ends() {
    let file = Builder::new(3, 2, 2)
        .string("tokenizer.chat_template", "{{ x }}")
        .key("general.alignment", 4, &32u32.to_le_bytes())
        .tensor("a", &[32, 2], 8, 0)
        .tensor("b", &[3], 0, 96)
        .data(128);
    for end in 4..file.len() - 32 {
        assert!(!fired(&file[..end]).is_empty(), "{end}");
    }
    for at in 0..file.len() - 128 {
        for value in [0, 0xff, file[at] ^ 1, file[at] ^ 0x80] {
            let mut changed = file.clone();
            changed[at] = value;
            fired(&changed);
        }
    }
}
