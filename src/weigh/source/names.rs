//! Stores that name files by their digest: Ollama (`blobs/sha256-HEX`), OCI image layouts (`blobs/sha256/HEX`, image
//! specification 1.1), and torch.hub (`NAME-HEX.pth`, at least the first eight digits).

use crate::model::{Algorithm, ArtifactPath};

use super::{Claim, is_hex};

/// What the name of a file says of it.
pub fn claim(path: &ArtifactPath) -> Option<Claim> {
    let claim = |algorithm, hex: &str, source, certain| {
        Some(Claim { path: path.clone(), algorithm, hex: hex.to_owned(), source, certain })
    };
    let name = path.name();
    let folder = |name: &str| path.parent() == name || path.parent().ends_with(&format!("/{name}"));
    match name.strip_prefix("sha256-") {
        Some(hex) if is_hex(hex, 64) && folder("blobs") => {
            return claim(Algorithm::Sha256, hex, "the Ollama store", true);
        }
        _ => {}
    }
    for (parent, algorithm) in [("blobs/sha256", Algorithm::Sha256), ("blobs/sha512", Algorithm::Sha512)] {
        if folder(parent) && is_hex(name, 2 * algorithm.digest_len()) {
            return claim(algorithm, name, "the OCI image layout", true);
        }
    }
    // A date or the hash of a commit may stand in the same place, so this alone is not certain. All digits are a date.
    let (_, hex) = name.strip_suffix(".pth").or_else(|| name.strip_suffix(".pt"))?.rsplit_once('-')?;
    let torch = (8..=64).contains(&hex.len()) && is_hex(hex, hex.len()) && hex.bytes().any(|c| c.is_ascii_lowercase());
    if torch { claim(Algorithm::Sha256, hex, "the name that torch.hub gave it", hex.len() == 64) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Option<&'static str> {
        claim(&ArtifactPath::new(path)).map(|claim| claim.source)
    }

    #[test]
    fn stores_are_told_by_folder_and_name() {
        let hex = "0123456789abcdef".repeat(4);
        assert_eq!(source(&format!("models/blobs/sha256-{hex}")), Some("the Ollama store"));
        assert_eq!(source(&format!("blobs/sha256/{hex}")), Some("the OCI image layout"));
        assert_eq!(source(&format!("blobs/sha512/{hex}{hex}")), Some("the OCI image layout"));
        assert_eq!(source("resnet50-0676ba61.pth"), Some("the name that torch.hub gave it"));
        assert_eq!(source("model-20240101.pth"), None);
        assert_eq!(source(&format!("other/sha256-{hex}")), None);
        assert_eq!(source(&format!("notblobs/sha256/{}", &hex[1..])), None);
    }
}
