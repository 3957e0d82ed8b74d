#![no_main]

/// What lies beside the graph of a TensorFlow model.
const FORMATS: &[&str] = &[
    "checkpoint-index",
    "keras-metadata",
    "metagraph",
    "savedmodel-fingerprint",
    "tensorflow-debug-info",
    "tensorflow-snapshot",
    "tensorflow-structure",
    "tfhub-module",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect("variables.index", FORMATS, bytes))
});
