#![no_main]

const FORMATS: &[&str] = &[
    "avro",
    "bmp",
    "crfsuite",
    "faiss",
    "fasttext",
    "feather",
    "ggml",
    "hnswlib",
    "idx",
    "matlab",
    "netpbm",
    "ocdbt",
    "orc",
    "ort",
    "paddle-parameters",
    "sqlite",
    "stata",
    "tfrecord",
    "tiff",
    "word2vec",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect("model.bin", FORMATS, bytes))
});
