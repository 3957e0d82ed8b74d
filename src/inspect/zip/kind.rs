//! What an archive is, by the names of its members.

use crate::model::Format;

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `torch.save` since 1.6: `*/data.pkl` and storages beside it.
    Pytorch,
    /// `torch.jit.save`: as before, with `code/` or `constants.pkl`.
    Torchscript,
    /// `torch.export.save` since 2.8: `*/archive_format`, a graph in JSON, and weights in files of their own.
    Export,
    /// `torch.package`: `*/.data/extern_modules`, modules, pickles, and storages in `*/.data/`.
    Package,
    /// `numpy.savez`: members end in `.npy`.
    Npz,
    /// Keras 3: `config.json` with `metadata.json`.
    Keras,
    /// Anything else.
    Plain,
}

impl Kind {
    /// The kind, and the folder that everything lies in where the kind has one.
    pub fn of(names: &[String]) -> (Self, String) {
        let root = |name: &str| {
            let root = names.iter().find_map(|known| known.strip_suffix(name).filter(|root| !root.contains('/')));
            root.map(str::to_owned)
        };
        let torch = |root: String| {
            let scripted = has(&root, "/code/", names) || has(&root, "/constants.pkl", names);
            (if scripted { Self::Torchscript } else { Self::Pytorch }, root)
        };
        if let Some(root) = root("/data.pkl") {
            return torch(root);
        }
        for (mark, kind) in [("/archive_format", Self::Export), ("/.data/extern_modules", Self::Package)] {
            if let Some(root) = root(mark) {
                return (kind, root);
            }
        }
        if let Some(root) = root("/version").filter(|root| is_torch(root, names)) {
            return torch(root);
        }
        let named = |name: &str| names.iter().any(|known| known == name);
        let kind = if named("config.json") && named("metadata.json") {
            Self::Keras
        } else if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
            Self::Npz
        } else {
            Self::Plain
        };
        (kind, String::new())
    }

    /// What it is called in reports.
    pub fn format(self) -> Option<Format> {
        Some(Format::named(match self {
            Self::Pytorch => "pytorch-zip",
            Self::Torchscript => "torchscript",
            Self::Export => "torch-export",
            Self::Package => "torch-package",
            Self::Npz => "npz",
            Self::Keras => "keras",
            Self::Plain => return None,
        }))
    }

    /// True for archives that PyTorch's own reader opens.
    pub const fn is_torch(self) -> bool {
        matches!(self, Self::Pytorch | Self::Torchscript | Self::Export | Self::Package)
    }

    /// True for members that hold the raw bytes of a tensor and nothing else.
    pub fn is_storage(self, root: &str, name: &str) -> bool {
        let Some(below) = name.strip_prefix(root).and_then(|name| name.strip_prefix('/')) else { return false };
        let (folder, file) = below.rsplit_once('/').unwrap_or(("", below));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            // Those of the lite interpreter have an ending.
            Self::Pytorch | Self::Torchscript => {
                matches!(folder, "data" | "constants" | "tensors")
                    && digits(file.strip_suffix(".storage").unwrap_or(file))
            }
            Self::Export => {
                let raw = file.strip_prefix("weight_").or_else(|| file.strip_prefix("tensor_"));
                matches!(folder, "data/weights" | "data/constants") && raw.is_some_and(digits)
            }
            Self::Package => folder == ".data" && file.strip_suffix(".storage").is_some_and(digits),
            _ => false,
        }
    }
}

/// True if what lies in the folder beside a version is PyTorch's, although no `data.pkl` does. Before PyTorch 1.4 TorchScript
/// had `model.json` in its place.
fn is_torch(root: &str, names: &[String]) -> bool {
    let storage = names.iter().any(|name| name.strip_prefix(root) == Some("/data/0"));
    let script = has(root, "/model.json", names) && has(root, "/code/", names);
    let records = ["/byteorder", "/constants.pkl", "/code/__torch__", "/.data/serialization_id"];
    storage || script || records.iter().any(|name| has(root, name, names))
}

/// True if a name begins with the folder and goes on like this.
fn has(root: &str, name: &str, names: &[String]) -> bool {
    names.iter().any(|known| known.strip_prefix(root).is_some_and(|below| below.starts_with(name)))
}
