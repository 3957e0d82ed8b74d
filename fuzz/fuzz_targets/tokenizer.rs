#![no_main]

/// Seeds begin with the number of the name that they had.
const NAMES: &[&str] = &[
    "tokenizer.json",
    "tokenizer.model",
    "vocab.txt",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer_config.json",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect_one_of(NAMES, bytes))
});
