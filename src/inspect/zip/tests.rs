use super::*;
use crate::model::{ArtifactPath, Limits};
use crate::weigh::Inspection;

#[path = "../../../tests/recipe/zip.rs"]
mod recipe;

fn content(table: &toml::Table) -> Result<Vec<u8>, String> {
    if let Some(inner) = table.get("zip") {
        return recipe::build(inner, &content);
    }
    if let Some(count) = table.get("zeros").and_then(toml::Value::as_integer) {
        return Ok(vec![0; usize::try_from(count).unwrap()]);
    }
    Ok(table.get("text").and_then(toml::Value::as_str).unwrap_or_default().as_bytes().to_vec())
}

fn archive(recipe: &str) -> Vec<u8> {
    let table: toml::Table = toml::from_str(&format!("zip = {recipe}")).unwrap();
    recipe::build(&table["zip"], &content).unwrap()
}

fn look(bytes: &[u8]) -> Inspection {
    let (path, limits) = (ArtifactPath::new("model.zip"), Limits::default());
    View::with_bytes(bytes, limits.structure_bytes, |view| {
        let mut scope = Scope::new(&path, &limits);
        let claimed = crate::inspect::inspect_content(view, &mut scope);
        crate::inspect::claim::compare(&claimed, view, &mut scope);
        scope.close()
    })
}

fn fired(bytes: &[u8], chunk: usize) -> Vec<&'static str> {
    let seen = look(bytes);
    let mut rules: Vec<_> = seen.evidence.iter().map(|evidence| evidence.rule.id).collect();
    for mut observer in seen.observers {
        for (n, piece) in bytes.chunks(chunk).enumerate() {
            observer.observe((n * chunk) as u64, piece);
        }
        rules.extend(observer.close(&ArtifactPath::new("m")).iter().map(|evidence| evidence.rule.id));
    }
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn each_lie_has_its_rule() {
    let cases: &[(&str, &[&str])] = &[
        ("[]", &[]),
        ("[{name='a', text='b'}, {name='d/', text=''}, {name='c', text='dddddddddddddddd', method='deflate'}]", &[]),
        ("[{name='a', text='b', descriptor=true}, {name='c', text='d', method='deflate', descriptor=true}]", &[]),
        ("{members=[{name='a', text='b'}], zip64=true}", &[]),
        ("{members=[{name='a', text='b'}], comment='6869'}", &[]),
        ("[{name='a', text='b', crc=1}]", &["zip-crc-mismatch"]),
        ("[{name='a', text='b', method='deflate', crc=1}]", &["zip-crc-mismatch"]),
        ("[{name='a', text='b', local-crc=1}]", &["zip-headers-disagree"]),
        ("[{name='a', local-name='z', text='b'}]", &["zip-headers-disagree"]),
        (
            "[{name='a', text='bb', method='deflate', local-method=0}]",
            &["member-not-inspected", "zip-headers-disagree"],
        ),
        ("[{name='a', text='b', flags=1}]", &["zip-encrypted"]),
        ("[{name='a', text='b', central-flags=1}]", &["zip-encrypted", "zip-headers-disagree"]),
        ("[{name='a', text='b'}, {name='a', text='c'}]", &["zip-duplicate-member"]),
        ("[{name='a', text='b'}, {name='A', text='c'}]", &["zip-duplicate-member"]),
        ("[{name='../a', text='b'}]", &["archive-path-escape"]),
        ("[{name='C:/a', text='b'}]", &["archive-path-escape"]),
        ("[{name='a', text='/etc/passwd', mode=41471}]", &["archive-link"]),
        ("[{name='a', text='b', unlisted=true}, {name='c', text='d'}]", &["zip-hidden-data"]),
        ("[{name='a', text='b'}, {name='c', text='d', unlisted=true}]", &["zip-hidden-data"]),
        ("{members=[{name='a', text='b'}], prefix='00ff'}", &["zip-hidden-data"]),
        ("{members=[{name='a', text='b'}], prefix='00ff', shifted=true}", &["zip-hidden-data"]),
        ("{members=[{name='a', text='b'}], suffix='00'}", &["zip-hidden-data"]),
        ("{members=[{name='a', text='b'}], count=9}", &["zip-malformed"]),
        ("{members=[{name='a', text='b'}], comment-length=9}", &["zip-malformed"]),
        ("[{name='a', text='b', offset=7}]", &["zip-hidden-data", "zip-malformed"]),
        ("[{name='a', text='b', compressed=99999}]", &["zip-malformed"]),
        ("[{name='a', text='b', method=97}]", &["member-not-inspected"]),
        ("[{name='a/', text='b'}]", &["zip-malformed"]),
        ("[{name='a', text='b', before='0000'}]", &["zip-hidden-data"]),
        (
            "[{name='a', zeros=70000000, method='deflate'}]",
            &["compression-malformed", "limit-reached", "member-not-inspected"],
        ),
        ("[{name='n', zip=[{name='../x', text='y'}]}]", &["archive-path-escape"]),
    ];
    for (recipe, rules) in cases {
        let bytes = archive(recipe);
        assert_eq!(&fired(&bytes, 7), rules, "{recipe}");
        assert_eq!(&fired(&bytes, 1000), rules, "{recipe}");
    }
}

#[test]
fn a_second_archive_in_the_comment_is_seen() {
    let inner: String = archive("[{name='x', text='y'}]").iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = archive(&format!("{{members=[{{name='a', text='b'}}], comment='{inner}'}}"));
    assert!(fired(&bytes, 9).contains(&"zip-ambiguous-end"), "{:?}", fired(&bytes, 9));
}

#[test]
fn archives_are_told_by_their_members() {
    let formats = |recipe: &str| {
        let names: Vec<_> = look(&archive(recipe)).formats.iter().map(|format| format.name().to_owned()).collect();
        names.join(" ")
    };
    assert_eq!(formats("[{name='m/data.pkl', text='b'}, {name='m/data/0', text='\\u0000'}]"), "zip pytorch-zip");
    assert_eq!(formats("[{name='m/data.pkl', text='b'}, {name='m/code/a.py', text='b'}]"), "zip torchscript");
    assert_eq!(formats("[{name='a.npy', text='b'}]"), "zip npz");
    assert_eq!(formats("[{name='config.json', text='{}'}, {name='metadata.json', text='{}'}]"), "zip keras");
}

#[test]
fn every_truncation_and_every_changed_byte_ends() {
    let bytes = archive(
        "{members=[{name='m/data.pkl', text='b'}, {name='c', text='dddddddddddd', method='deflate', descriptor=true}], zip64=true, comment='00'}",
    );
    for end in 1..bytes.len() {
        assert!(!fired(&bytes[..end], 64).is_empty(), "{end}");
    }
    for at in 0..bytes.len() {
        for value in [0, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x80] {
            let mut changed = bytes.clone();
            changed[at] = value;
            fired(&changed, 64);
        }
    }
}
