#![no_main]

/// Seeds begin with the number of the name that they had.
const NAMES: &[&str] = &["build.js", "build.php", "build.rb", "build.go", "tox.ini"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect_one_of(NAMES, bytes))
});
