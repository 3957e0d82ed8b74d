#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::advisory("crates/demo/RUSTSEC-2024-0001.md", bytes))
});
