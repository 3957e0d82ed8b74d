//! Texts that are decoded and run in one breath, and commands that whoever asks a page gives.

use std::collections::BTreeSet;

use super::{Found, Language, Missed, around, is_word};

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
        "await fetch(",
        "await(await fetch(",
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
        "file_get_contents(\"http",
        "file_get_contents('http",
        "curl_exec(",
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
        "Net::HTTP.get",
        "URI.open(",
        "URI(\"http",
        "open(\"http",
        "open('http",
        "get(\"http",
        "get('http",
        "readLines(\"http",
        "readLines('http",
        "download(\"http",
        "HTTP.get(",
    ],
);
static COMPILED: (&[&str], &[&str]) = (
    &["loadstring(", "load(", "evaluate(", "Eval.me(", ".eval(", "exec(", "defineClass(", "os.execute("],
    &["base64", "Base64.getDecoder(", "decodeBase64(", "b64dec", "http.request(", "new URL(\"http", "new URL('http"],
);

/// Bytes between what runs a text and what decodes it.
const NEAR: usize = 60;

/// Bytes of a source in which a name is followed. Bundles are longer, and use a name for many things.
const SHORT: usize = 64 << 10;

/// Names of what is decoded that are followed in one source.
const NAMES: usize = 100;

/// Places of one source that are looked at.
const PLACES: usize = 32_000;

/// What is decoded and run.
pub fn run(language: Language, text: &str, missed: &mut Missed) -> Vec<Found> {
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
    let mut found: Vec<Found> = named(runs, decodes, text, missed).into_iter().collect();
    for run in runs {
        for (number, (at, _)) in text.match_indices(run).enumerate() {
            if number == PLACES {
                missed.push(("calls-of-a-source", PLACES));
                break;
            }
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
                    format!("{run:?} runs what {mark:?} gives")
                };
                found.push(Found { why, at, length: run.len() });
                break;
            }
        }
    }
    found
}

/// A text that is decoded, given a name, and run by that name: `b = atob(…); eval(b)`.
fn named(runs: &[&str], decodes: &[&str], text: &str, missed: &mut Missed) -> Option<Found> {
    if text.len() > SHORT {
        return None;
    }
    let mut known = BTreeSet::new();
    for mark in decodes.iter().filter(|mark| !mark.starts_with("await")) {
        for (at, _) in text.match_indices(mark) {
            let (before, _) = around(text, at, 120, 0);
            let statement = before.rsplit([';', '\n', '{', '}']).next().unwrap_or(before);
            let Some((left, right)) = statement.rsplit_once('=').filter(|(_, right)| right.len() < 40) else {
                continue;
            };
            let left = left.trim_end_matches([' ', ':', '<', '~']);
            let begin = left.trim_end_matches(is_word).len();
            let name = left.get(begin..).unwrap_or_default();
            // One that is compared, or given to a function, is another.
            if name.is_empty() || right.contains([',', '>']) || left.ends_with(['=', '!', '>']) {
                continue;
            }
            // Each name is looked for all over the source, but once.
            if !known.insert(name) {
                continue;
            }
            if known.len() > NAMES {
                missed.push(("names-of-a-source", NAMES));
                return None;
            }
            let run = runs.iter().find_map(|run| {
                let whole = [")", ";", ".", ",", " "].iter().find_map(|end| text.find(&format!("{run}{name}{end}")))?;
                let alone = !text.get(..whole).is_some_and(|before| before.ends_with(|c| is_word(c) || c == '.'));
                alone.then_some((whole, run.trim_end_matches(['(', ' '])))
            });
            if let Some((at, run)) = run {
                let mark = mark.trim_end_matches(['(', '\'', '"', '[', '%']);
                return Some(Found {
                    why: format!("{run:?} runs {name:?}, which {mark:?} gives"),
                    at,
                    length: run.len(),
                });
            }
        }
    }
    None
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
