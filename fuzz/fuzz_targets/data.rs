#![no_main]

use std::sync::LazyLock;

/// Formats of vectors, records and data; the seeds are chosen by the same list.
static FORMATS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("data.txt").lines().collect());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect("model.bin", &FORMATS, bytes))
});
