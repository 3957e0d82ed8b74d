#![no_main]

/// Seeds begin with the number of the name that they had.
const NAMES: &[&str] = &[
    ".vscode/tasks.json",
    ".devcontainer/devcontainer.json",
    "package.json",
    ".github/workflows/build.yml",
    ".git/hooks/post-checkout",
    "start.desktop",
    "Makefile",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> weighbridge_fuzz::Corpus {
    weighbridge_fuzz::soon(|| weighbridge_fuzz::inspect_one_of(NAMES, bytes))
});
