//! Fixtures as recipes: `testdata/<rule>/<case>.toml` says in readable parts which bytes to make, and beside them what
//! weighbridge must say about them. No opaque file needs to be trusted or committed.

// Each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod corpus;
pub mod pickle;
mod proto;
mod tar;
mod words;
mod zip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;

/// A case: bytes, and what must be said of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Ids of rules: exactly those of class defect and gap that must be raised; assurances if they are listed.
    #[serde(default)]
    pub fires: Vec<String>,
    /// No defect and no gap at all.
    #[serde(default)]
    pub silent: bool,
    /// The verdict under the development policy.
    pub verdict: Option<String>,
    /// What to run in place of `verify {dir}`, such as `["attest", "verify", …]`.
    pub verb: Option<Vec<String>>,
    /// Further arguments; `{dir}` is the folder that was made, `{keys}` a folder beside it, `{case}` the folder of
    /// the recipe.
    #[serde(default)]
    pub args: Vec<String>,
    /// Calls of weighbridge before that, to make keys and signatures. Their exit codes do not matter.
    #[serde(default)]
    pub run: Vec<Vec<String>>,
    /// Files that are written or replaced (`remove = true` removes one) after those calls.
    #[serde(default)]
    pub then: Vec<File>,
    /// The files.
    #[serde(default, rename = "file")]
    pub files: Vec<File>,
}

/// One file to make.
#[derive(Debug, Deserialize)]
pub struct File {
    /// Where.
    pub path: String,
    /// What to put there, by one of the builders.
    #[serde(flatten)]
    pub content: toml::Table,
}

impl Recipe {
    /// Reads a recipe.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Makes the files below `folder`. `case` is where the recipe lies.
    pub fn build(&self, folder: &Path, case: &Path) {
        self.files.iter().for_each(|file| file.write(folder, case));
        if !self.run.is_empty() {
            fs::create_dir_all(keys(folder)).unwrap();
        }
        for call in &self.run {
            let output = weighbridge().args(fill(call, folder, case)).output().unwrap();
            assert_ne!(output.status.code(), Some(2), "{call:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        self.then.iter().for_each(|file| file.write(folder, case));
    }

    /// Runs `weighbridge verify`, or what the recipe asks for, and returns the report, with exit code.
    pub fn verify(&self, folder: &Path, case: &Path) -> Result<(Value, i32), String> {
        let mut command = weighbridge();
        match &self.verb {
            Some(verb) => command.args(fill(verb, folder, case)),
            None => command.arg("verify").arg(folder),
        };
        command.args(["--format", "json"]);
        if self.verb.is_none() && !self.args.iter().any(|argument| argument == "--policy") {
            command.args(["--policy", "development"]);
        }
        let output = command.args(fill(&self.args, folder, case)).output().unwrap();
        let report = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok((report, output.status.code().ok_or("ended by a signal")?))
    }

    /// What the report says that the recipe does not, or the other way round.
    pub fn compare(&self, report: &Value, code: i32) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut raised: Vec<(&str, &str)> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| (finding["rule"].as_str().unwrap(), finding["class"].as_str().unwrap()))
            .collect();
        raised.sort_unstable();
        raised.dedup();
        let bad: Vec<&str> =
            raised.iter().filter(|(_, class)| ["defect", "gap"].contains(class)).map(|(id, _)| *id).collect();
        for id in &self.fires {
            if !raised.iter().any(|(raised, _)| raised == id) {
                wrong.push(format!("`{id}` was not raised"));
            }
        }
        for id in bad {
            if self.silent || (!self.fires.is_empty() && !self.fires.iter().any(|fires| fires == id)) {
                wrong.push(format!("`{id}` was raised"));
            }
        }
        let verdict = report["verdict"].as_str().unwrap();
        if self.verdict.as_deref().is_some_and(|wanted| wanted != verdict) {
            wrong.push(format!("the verdict is {verdict}"));
        }
        let expected = match verdict {
            "pass" => 0,
            "fail" => 1,
            _ => 3,
        };
        if code != expected {
            wrong.push(format!("the verdict is {verdict}, but the exit code {code}"));
        }
        if !self.silent && self.fires.is_empty() {
            wrong.push("the recipe expects nothing: set `fires` or `silent`".to_owned());
        }
        wrong
    }
}

impl File {
    fn write(&self, folder: &Path, case: &Path) {
        let path = folder.join(&self.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(target) = self.content.get("link") {
            std::os::unix::fs::symlink(target.as_str().unwrap(), &path).unwrap();
        } else if self.content.contains_key("remove") {
            fs::remove_file(path).unwrap();
        } else if self.content.contains_key("pipe") {
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        } else {
            let bytes = content(&self.content, case).unwrap_or_else(|error| panic!("{}: {error}", self.path));
            fs::write(&path, bytes).unwrap();
        }
    }
}

/// Where the calls of a recipe put what is not part of the model.
fn keys(folder: &Path) -> PathBuf {
    folder.with_extension("keys")
}

fn fill(arguments: &[String], folder: &Path, case: &Path) -> Vec<String> {
    let keys = keys(folder);
    let places = [("{dir}", folder), ("{keys}", keys.as_path()), ("{case}", case)];
    let fill = |argument: &String| {
        places.iter().fold(argument.clone(), |text, (name, path)| text.replace(name, path.to_str().unwrap()))
    };
    arguments.iter().map(fill).collect()
}

/// The program under test in a scrubbed environment.
pub fn weighbridge() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
    command.env_clear().env("SOURCE_DATE_EPOCH", "1790000000").stdin(std::process::Stdio::null());
    command
}

/// Standard output as text, after a run that must end with that code.
pub fn stdout(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(code), "{}{said}", String::from_utf8_lossy(&stdout));
    String::from_utf8(stdout).unwrap()
}

/// Every recipe of the repository, with the rule its folder is named after.
pub fn all() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for rule in fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let id = rule.file_name().unwrap().to_str().unwrap().to_owned();
        for case in fs::read_dir(&rule).unwrap().map(|entry| entry.unwrap().path()) {
            let name = case.file_name().unwrap().to_str().unwrap();
            if name.ends_with(".toml") && (name.starts_with("bad-") || name.starts_with("good-")) {
                found.push((id.clone(), case));
            }
        }
    }
    found.sort();
    found
}

/// `testdata/`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The bytes that one builder of a table makes. `case` is the folder of the recipe.
pub fn content(table: &toml::Table, case: &Path) -> Result<Vec<u8>, String> {
    let text = |value: &toml::Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is not text"));
    let number = |value: &toml::Value| value.as_integer().ok_or_else(|| format!("{value} is not a number"));
    let mut bytes = Vec::new();
    for (builder, value) in table {
        match builder.as_str() {
            "text" => bytes.extend(text(value)?.into_bytes()),
            "hex" => {
                let digits: String = text(value)?.split_whitespace().collect();
                bytes.extend(hex::decode(digits).map_err(|error| error.to_string())?);
            }
            "zeros" => bytes.resize(bytes.len() + usize::try_from(number(value)?).unwrap(), 0),
            "byte" => {
                let times = table.get("times").map_or(Ok(1), number)?;
                bytes.extend(std::iter::repeat_n(
                    u8::try_from(number(value)?).unwrap(),
                    usize::try_from(times).unwrap(),
                ));
            }
            "u8" => bytes.push(u8::try_from(number(value)?).unwrap()),
            "u16le" => bytes.extend(u16::try_from(number(value)?).unwrap().to_le_bytes()),
            "u32le" => bytes.extend(u32::try_from(number(value)?).unwrap().to_le_bytes()),
            "u64le" => bytes.extend(number(value)?.to_le_bytes()),
            "f32le" => bytes.extend((value.as_float().ok_or("not a float")? as f32).to_le_bytes()),
            "from" => bytes.extend(fs::read(case.join(text(value)?)).map_err(|error| error.to_string())?),
            "parts" => {
                for part in value.as_array().ok_or("`parts` is a list")? {
                    bytes.extend(content(part.as_table().ok_or("a part is a table")?, case)?);
                }
            }
            "pickle" => bytes.extend(pickle::assemble(&text(value)?)?),
            "proto" => bytes.extend(proto::encode(&text(value)?)?),
            "words" => bytes.extend(words::encode(&text(value)?)?),
            "tar" => bytes.extend(tar::build(value, &|table| content(table, case))?),
            "gzip" | "zlib" | "base64" => {
                bytes.extend(packed(builder, &content(value.as_table().ok_or("a table")?, case)?)?);
            }
            "safetensors" => bytes.extend(safetensors(value)?),
            "zip" => bytes.extend(zip::build(value, &|table| content(table, case))?),
            // Builders are called by name, so that these two find what `from`, `parts` or `hex` made.
            "keep" => bytes.truncate(usize::try_from(number(value)?).unwrap()),
            "set" => {
                for change in value.as_array().ok_or("`set` is a list")? {
                    let change = change.as_table().ok_or("a change is a table")?;
                    let at = usize::try_from(change.get("at").map_or(Ok(0), number)?).unwrap();
                    let new = hex::decode(change.get("to").and_then(toml::Value::as_str).ok_or("`to` is missing")?);
                    let new = new.map_err(|error| error.to_string())?;
                    bytes.get_mut(at..at + new.len()).ok_or("`at` is outside")?.copy_from_slice(&new);
                }
            }
            "path" | "times" => {}
            unknown => return Err(format!("no builder is called {unknown:?}")),
        }
    }
    Ok(bytes)
}

fn packed(how: &str, plain: &[u8]) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    use std::io::Write as _;
    let (level, out) = (flate2::Compression::default(), Vec::new());
    let packed = match how {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(out, level);
            encoder.write_all(plain).and_then(|()| encoder.finish())
        }
        "zlib" => {
            let mut encoder = flate2::write::ZlibEncoder::new(out, level);
            encoder.write_all(plain).and_then(|()| encoder.finish())
        }
        _ => Ok(base64::engine::general_purpose::STANDARD.encode(plain).into_bytes()),
    };
    packed.map_err(|error| error.to_string())
}

/// `{ header = 'JSON', data = 32 }`: a length, that header, and so many bytes counting up from 0.
fn safetensors(value: &toml::Value) -> Result<Vec<u8>, String> {
    let header = value.get("header").and_then(toml::Value::as_str).ok_or("`header` is missing")?;
    let data = value.get("data").and_then(toml::Value::as_integer).ok_or("`data` is missing")?;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend((0..data).map(|byte| (byte % 100) as u8));
    Ok(bytes)
}
