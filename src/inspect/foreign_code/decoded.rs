//! Texts that are decoded and run in one breath, and commands that whoever asks a page gives.

use super::{Found, Language, around, is_word};

/// What runs a text, and what decodes one, by language.
static JAVASCRIPT: (&[&str], &[&str]) = (
    &["eval(", "Function(", "runInThisContext(", "runInNewContext(", "runInContext(", "_compile(", "execSync("],
    &[
        "atob(",
        "Buffer.from(",
        "Buffer(",
        "unescape(\"%",
        "unescape('%",
        "inflateSync(",
        "gunzipSync(",
        "brotliDecompressSync(",
    ],
);
static PHP: (&[&str], &[&str]) = (
    &["eval(", "assert(", "create_function(", "system(", "shell_exec(", "passthru(", "include(", "call_user_func("],
    &[
        "base64_decode(",
        "gzinflate(",
        "gzuncompress(",
        "gzdecode(",
        "str_rot13(",
        "hex2bin(",
        "convert_uudecode(",
        "$_GET[",
        "$_POST[",
        "$_REQUEST[",
        "$_COOKIE[",
        "php://input",
        "$_SERVER['HTTP_",
    ],
);
static SCRIPTED: (&[&str], &[&str]) = (
    &[
        "eval(",
        "eval ",
        "instance_eval(",
        "class_eval(",
        "system(",
        "exec(",
        "source(",
        "include_string(",
        "parse(text",
        "loadstring(",
        "load(",
    ],
    &[
        "Base64.decode64(",
        "Base64.strict_decode64(",
        ".unpack(\"m",
        ".unpack('m",
        ".unpack1(\"m",
        ".unpack1('m",
        "decode_base64(",
        "MIME::Base64",
        "base64decode(",
        "base64_dec(",
        "base64Decode(",
        "base64_decode(",
        "rawToChar(base64",
        "unpack(\"u",
        "unpack('u",
        "pack(\"H",
        "pack('H",
        "Zlib::Inflate",
        "memDecompress(",
    ],
);
static COMPILED: (&[&str], &[&str]) = (
    &["loadstring(", "load(", "evaluate(", "Eval.me(", ".eval(", "exec(", "defineClass(", "os.execute("],
    &["base64", "Base64.getDecoder(", "decodeBase64(", "b64dec", "http.request("],
);

/// Bytes between what runs a text and what decodes it.
const NEAR: usize = 60;

/// Places of one source that are looked at.
const PLACES: usize = 2000;

/// What is decoded and run.
pub fn run(language: Language, text: &str) -> Vec<Found> {
    let (runs, decodes) = match language {
        Language::JavaScript => JAVASCRIPT,
        Language::Php => PHP,
        Language::Scripted | Language::Commands => SCRIPTED,
        Language::Compiled => COMPILED,
    };
    // Hardly any source holds both.
    if !decodes.iter().any(|mark| text.contains(mark)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for run in runs {
        for (at, _) in text.match_indices(run).take(PLACES) {
            let (before, rest) = around(text, at, 200, run.len() + NEAR);
            let line = before.rsplit('\n').next().unwrap_or(before);
            let given = rest.get(run.len()..).unwrap_or_default();
            let given = given.split([';', '\n', '}']).next().unwrap_or(given);
            let other = before.ends_with(is_word) && !run.starts_with('.');
            // A method of that name of something else, as `regexp.exec` is.
            let method = before.ends_with(['.', ':']) && matches!(*run, "exec(" | "eval " | "load(" | "parse(text");
            if other || method || language.is_comment(line) {
                continue;
            }
            let mark = decodes.iter().find(|mark| within(given, mark));
            if let Some(mark) = mark {
                let (run, mark) = (run.trim_end_matches(['(', ' ']), mark.trim_end_matches(['(', '\'', '"', '[', '%']));
                let why = if mark.starts_with("$_") || mark.starts_with("php:") {
                    format!("{run:?} runs what whoever asks the page writes ({mark:?})")
                } else {
                    format!("{run:?} runs what {mark:?} decodes")
                };
                found.push(Found { why, at, length: run.len() });
                break;
            }
        }
    }
    found
}

/// True if the mark stands in what is given, and nothing before it begins a function or a text: `eval(f(atob(x)))` is
/// one, `eval("atob(x)")` and `eval(function () { atob(x)` are others.
fn within(given: &str, mark: &str) -> bool {
    given.find(mark).is_some_and(|at| {
        let before = given.get(..at).unwrap_or_default();
        let apart = before.contains("function") || before.contains("=>") || before.matches(')').count() > 1;
        let name = before.trim_start_matches(['(', ' ', '"', '\'', '@', '$', '`', '[']);
        !apart && name.len() < 40 && !before.contains(',')
    })
}
