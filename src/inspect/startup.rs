//! `.pth` files of Python's `site` module, which have the ending of PyTorch's checkpoints.
//!
//! Source: the documentation of `site`. Each line names a folder, is a comment, or begins with `import` and is then run
//! whenever Python starts. Not looked at: what the folders hold that are named.

use super::{Scope, python};
use crate::weigh::View;

/// Bytes of such a file.
const BYTES: usize = 64 << 10;

/// True for a text of that form: it has lines that are run, lies where Python looks for such files, or names folders in
/// a way that leaves no doubt.
pub fn is_startup(text: &str, path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    if !name.ends_with(".pth") || text.len() > BYTES {
        return false;
    }
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let folder = |line: &str| {
        let drive = line.as_bytes().get(1) == Some(&b':');
        line.starts_with(['/', '.']) || line.contains(".egg") || drive
    };
    let placed = ["site-packages/", "dist-packages/"].iter().any(|place| name.contains(place));
    let length = lines().all(|line| is_run(line) || line.len() < 4096);
    length && (placed || lines().any(is_run) || (lines().next().is_some() && lines().all(folder)))
}

/// Reads the lines that are run.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str());
    if !is_startup(text, path) {
        return;
    }
    let mut code = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if is_run(line) {
            code.push_str(line);
        } else {
            // What is not run is left out without moving what is.
            code.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
    }
    python::inspect(&code, view, scope);
}

fn is_run(line: &str) -> bool {
    line.starts_with("import ") || line.starts_with("import\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_that_are_text_are_something_else() {
        for (path, text) in [
            ("distutils-precedence.pth", "import os; x = 1\n"),
            ("__editable__.demo.pth", "/srv/demo/src\n"),
            ("lib/site-packages/demo.pth", "src\n"),
            ("easy-install.pth", "./demo.egg\r\n# end\r\n"),
        ] {
            assert!(is_startup(text, path), "{path}");
        }
        for (path, text) in
            [("model.pth", "not found\n"), ("model.pth", ""), ("a.py", "import os\n"), ("a.pth", "<html>")]
        {
            assert!(!is_startup(text, path), "{path}");
        }
    }
}
