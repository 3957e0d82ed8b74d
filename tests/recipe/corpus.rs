//! `tests/corpus`: files by class, as tables of recipes.
//!
//! `CLASS-*.toml` holds one table for each case, named by what it shows. Its keys are a builder, and `path` where the
//! name matters; or `file`, a list of such tables, where several files make the case. Files that the real libraries
//! wrote lie in `benign/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What must be said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Some finding of severity high or critical.
    Malicious,
    /// Some finding of severity medium or above, or the verdict unknown.
    Malformed,
    /// No finding above low, and no gap.
    Benign,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Malicious, Self::Malformed, Self::Benign];

    /// The beginning of its files' names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malicious => "malicious",
            Self::Malformed => "malformed",
            Self::Benign => "benign",
        }
    }
}

/// The files of one case, by path.
pub type Files = Vec<(String, Vec<u8>)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every case of a kind, by name.
pub fn cases(kind: Kind) -> BTreeMap<String, Files> {
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with(&format!("{}-", kind.name())) || !name.ends_with(".toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let tables: BTreeMap<String, toml::Table> = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (case, table) in tables {
            let made = files(&table).unwrap_or_else(|error| panic!("{name}: {case}: {error}"));
            assert!(cases.insert(case.clone(), made).is_none(), "{case:?} occurs twice");
        }
    }
    if kind == Kind::Benign {
        for entry in fs::read_dir(folder().join("benign")).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            cases.insert(name.clone(), vec![(name, fs::read(path).unwrap())]);
        }
    }
    cases
}

fn files(table: &toml::Table) -> Result<Files, String> {
    let one = |table: &toml::Table| {
        let path = table.get("path").and_then(toml::Value::as_str).unwrap_or("model.pkl");
        Ok((path.to_owned(), super::content(table, &folder().join("files"))?))
    };
    match table.get("file").and_then(toml::Value::as_array) {
        Some(list) => list.iter().map(|file| one(file.as_table().ok_or("a file is a table")?)).collect(),
        None => Ok(vec![one(table)?]),
    }
}

/// Writes every case below `target/KIND/NAME/`, and returns where.
pub fn lay(kind: Kind, target: &Path) -> Vec<(String, PathBuf)> {
    let mut laid = Vec::new();
    for (n, (case, files)) in cases(kind).into_iter().enumerate() {
        let plain: String = case.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let folder = target.join(kind.name()).join(format!("{n:03}-{plain}"));
        for (path, bytes) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        laid.push((case, folder));
    }
    laid
}
