//! Python's lockfiles.

use super::read;

const HASH: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn poetry() {
    let text = format!(
        r#"# by hand
[[package]]
name = "Typing_Extensions"
version = "4.0.1"
files = [
    {{file = "a.whl", hash = "{HASH}"}},
]

[package.dependencies]
torch = {{version = ">=2", optional = true}}

[[package]]
name = "torch"
version = "2.1.0+cu118"

[package.source]
type = "legacy"
url = "https://download.pytorch.org/whl/cu118"
reference = "torch"

[[package]]
name = "gitty"
version = "0.1"

[package.source]
type = "git"
url = "https://example.org/gitty.git"
reference = "main"
resolved_reference = "0123"

[metadata]
lock-version = "2.0"
"#
    );
    assert_eq!(
        read("poetry.lock", &text),
        [
            "2 Typing_Extensions 4.0.1 public 1 -> pkg:pypi/torch@2.1.0%2Bcu118?repository_url=https:%2F%2Fdownload.pytorch.org%2Fwhl%2Fcu118",
            "12 torch 2.1.0+cu118 registry:https://download.pytorch.org/whl/cu118 0",
            "21 gitty 0.1 git:git+https://example.org/gitty.git@0123 0",
        ]
    );
    let old = format!(
        "[[package]]\nname = \"a\"\nversion = \"1\"\n\n[metadata.files]\na = [{{file = \"a\", hash = \"{HASH}\"}}]\n"
    );
    assert_eq!(read("poetry.lock", &old), ["1 a 1 public 1"]);
}

#[test]
fn uv() {
    let text = format!(
        r#"version = 1

[[package]]
name = "app"
version = "0.1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "numpy", version = "2.0.0", source = {{ registry = "https://pypi.org/simple" }} }},
    {{ name = "vcs" }},
]

[[package]]
name = "numpy"
version = "1.0.0"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "https://files.pythonhosted.org/numpy.tar.gz", hash = "{HASH}", size = 1 }}

[[package]]
name = "numpy"
version = "2.0.0"
source = {{ registry = "https://pypi.org/simple/" }}

[[package]]
name = "vcs"
version = "0.1"
source = {{ git = "https://example.org/vcs?rev=main#0123" }}
"#
    );
    assert_eq!(
        read("uv.lock", &text),
        [
            "3 app 0.1.0 local 0 -> pkg:pypi/numpy@2.0.0 pkg:pypi/vcs@0.1?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fvcs%400123",
            "12 numpy 1.0.0 public 1",
            "18 numpy 2.0.0 public 0",
            "23 vcs 0.1 git:git+https://example.org/vcs?rev=main#0123 0",
        ]
    );
}

#[test]
fn pdm_and_pep_751() {
    let pdm = "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"b[x]>=1; python_version>'3'\"]\n\n[[package]]\nname = \"b\"\nversion = \"2\"\ngit = \"https://example.org/b\"\nrevision = \"0123\"\n";
    assert_eq!(
        read("pdm.lock", pdm),
        [
            "1 a 1 public 0 -> pkg:pypi/b@2?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fb%400123",
            "6 b 2 git:git+https://example.org/b@0123 0"
        ]
    );
    let digits = HASH.trim_start_matches("sha256:");
    let pylock = format!(
        "lock-version = '1.0'\n\n[[packages]]\nname = 'a'\nversion = '1'\nindex = 'https://pypi.org/simple'\nwheels = [{{ name = 'a.whl', hashes = {{ sha256 = '{digits}' }} }}]\n\n[[packages]]\nname = 'b'\nversion = '1'\n[packages.vcs]\ntype = 'git'\nurl = 'https://example.org/b'\ncommit-id = '0123'\n"
    );
    assert_eq!(read("pylock.toml", &pylock), ["3 a 1 public 1", "9 b 1 git:git+https://example.org/b@0123 0"]);
}

#[test]
fn pipfile() {
    let text = format!(
        r#"{{
    "_meta": {{"sources": [{{"name": "pypi", "url": "https://pypi.org/simple"}}, {{"name": "own", "url": "https://own.example/simple"}}]}},
    "default": {{
        "a": {{
            "hashes": ["{HASH}"],
            "version": "==1.0"
        }},
        "b": {{"index": "own", "version": "==2.0"}},
        "c": {{"git": "https://example.org/c", "ref": "0123"}}
    }},
    "develop": {{}}
}}"#
    );
    assert_eq!(
        read("Pipfile.lock", &text),
        [
            "4 a 1.0 public 1",
            "8 b 2.0 registry:https://own.example/simple 0",
            "9 c  git:git+https://example.org/c@0123 0"
        ]
    );
}

#[test]
fn requirements() {
    let text = format!(
        "# comment\n--index-url https://pypi.org/simple\n-r other.txt\na==1.0 ; python_version > '3' # why\nb[x,y] == 2.0 \\\n    --hash={HASH} \\\n    --hash={HASH}\nc>=1\nd\ne==1.*\nf===1.0.post1\ng @ https://example.org/g-1.2-py3-none-any.whl\ngit+https://example.org/h.git@v1#egg=h\n-e ./local\ni (==3)\nj==1,!=2\n?\n"
    );
    assert_eq!(
        read("requirements.txt", &text),
        [
            "4 a 1.0 public 0",
            "5 b 2.0 public 1",
            "8 c  public 0",
            "9 d  public 0",
            "10 e  public 0",
            "11 f 1.0.post1 public 0",
            "12 g 1.2 archive:https://example.org/g-1.2-py3-none-any.whl 0",
            "13 h  git:git+https://example.org/h.git@v1 0",
            "14 local  local 0",
            "15 i 3 public 0",
            "16 j 1 public 0",
            "include-not-read: other.txt is included; it is not among the files that are read",
            "lockfile-malformed: not a requirement: ?",
            "requirement-unpinned: c is required without an exact version",
            "requirement-unpinned: d is required without an exact version",
            "requirement-unpinned: e is required without an exact version",
        ]
    );
}

#[test]
fn an_include_that_is_read_too_is_no_gap() {
    use crate::model::{ArtifactPath, Limits};
    let (one, two) = (ArtifactPath::new("a/requirements.txt"), ArtifactPath::new("constraints.txt"));
    let files = [(&one, Some(b"-c ../constraints.txt\nx==1".as_slice())), (&two, Some(b"x==1".as_slice()))];
    assert!(super::read_all(files, &Limits::default()).evidence.iter().all(super::about_sources));
}
