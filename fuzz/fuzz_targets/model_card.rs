#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect("README.md", &["text"], bytes))
});
