//! DVC: `FILE.dvc`, a small YAML document that lists outputs with their MD5. Only the lines that DVC itself writes are
//! read, not YAML in general; digests of folders (`….dir`) and other hashes are left alone.

use crate::model::{Algorithm, ArtifactPath};

use super::{Claim, is_hex};

/// The file that DVC would have put beside this one.
pub fn described(path: &ArtifactPath) -> Option<ArtifactPath> {
    path.name().strip_suffix(".dvc").filter(|name| !name.is_empty()).map(|name| path.sibling(name))
}

/// What it says of that file.
pub fn claim(path: &ArtifactPath, text: &str) -> Option<Claim> {
    let target = described(path)?;
    let (mut md5, mut name, mut in_outs) = (None, None, false);
    for line in text.lines() {
        if line.starts_with("outs:") {
            in_outs = true;
        } else if !line.starts_with([' ', '-']) {
            in_outs = false;
        } else if in_outs {
            if line.trim_start().starts_with("- ") {
                (md5, name) = (None, None);
            }
            let field = line.trim_start().trim_start_matches("- ");
            md5 = field.strip_prefix("md5: ").map(str::trim).or(md5);
            name = field.strip_prefix("path: ").map(str::trim).or(name);
            if let Some(hex) = md5.filter(|hex| is_hex(hex, 32) && name == Some(target.name())) {
                let hex = hex.to_owned();
                return Some(Claim { path: target, algorithm: Algorithm::Md5, hex, source: "DVC", certain: true });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_that_name() {
        let path = ArtifactPath::new("data/model.bin.dvc");
        let hex = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "outs:\n- md5: {}\n  path: other\n- md5: {hex}\n  size: 3\n  hash: md5\n  path: model.bin\n",
            "f".repeat(32)
        );
        let claim = claim(&path, &text).unwrap();
        assert_eq!((claim.path.as_str(), claim.hex.as_str()), ("data/model.bin", hex));
        assert_eq!(super::claim(&path, "outs:\n- md5: abc.dir\n  path: model.bin\n"), None);
        assert_eq!(super::claim(&path, &format!("deps:\n- md5: {hex}\n  path: model.bin\n")), None);
        assert_eq!(described(&ArtifactPath::new(".dvc")), None);
    }
}
