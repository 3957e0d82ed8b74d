//! Names in a checkpoint that its loader imports and calls, although the pickle itself imports nothing: `_instantiator` of
//! Lightning, and the class paths that it, jsonargparse and Hydra keep beside it.
//!
//! Sources: `lightning/pytorch/core/saving.py` (`_load_state`; CVE-2026-58659), jsonargparse, Hydra. Not looked at: names
//! that are put together by the program that reads the checkpoint.

use super::machine::Machine;
use super::text::KEY;
use super::value::Value;
use crate::inspect::callable::{Standing, judge, leads_out};
use crate::inspect::hydra::HYDRA_TARGET;
use crate::inspect::pickle::Lists;
use crate::model::{Evidence, Severity};

/// The key behind which Lightning keeps the function that makes the model.
const INSTANTIATOR: &str = "_instantiator";

/// The key behind which the metadata of a distributed checkpoint keeps the name of a file.
const BESIDE: &str = "relative_path";

/// Keys behind which a class or a function is named, or a file.
const KEYS: [&str; 6] = [INSTANTIATOR, "_class_path", "class_path", "_target_", "_component_", BESIDE];

/// Places of such keys that are remembered.
const KEPT: usize = 4096;

/// Modules of the standard library beside those by which every configuration is judged: no package of a model is called so.
const STANDARD: [&str; 22] = [
    "antigravity",
    "code",
    "codeop",
    "imp",
    "pkgutil",
    "zipimport",
    "multiprocessing",
    "threading",
    "asyncio",
    "concurrent",
    "urllib",
    "ftplib",
    "smtplib",
    "telnetlib",
    "tempfile",
    "commands",
    "popen2",
    "_posixsubprocess",
    "pydoc",
    "doctest",
    "bdb",
    "idlelib",
];

impl Machine<'_, '_, '_> {
    /// Remembers where a text stands that is one of the keys.
    #[inline]
    pub fn note_key(&mut self, at: u64, text: &[u8]) {
        if matches!(text.len(), 8 | 10 | 11 | 13) && is_key(text) {
            if self.keys.len() < KEPT {
                self.keys.insert(at);
            } else if !self.keys.contains(&at) {
                self.scope.limit("keys of callables", KEPT as u64, self.view);
            }
        }
    }

    /// The value of such a key.
    pub fn check_target(&mut self, key: &str, value: Value) {
        let Some(name) = self.key_text(value) else {
            if matches!(value, Value::Text { .. }) {
                self.scope.limit("bytes of the name of a callable", KEY.into(), self.view);
            }
            return;
        };
        if key == BESIDE {
            return crate::inspect::pytorch::distributed::names(&name, self.view, self.scope);
        }
        let Some(severity) = severity(key, &name, self.lists) else { return };
        let message = format!("the checkpoint names {name:?} under {key:?}, which its loader imports and calls");
        let place = self.view.place(self.range.clone());
        let evidence = Evidence::new(&HYDRA_TARGET, message).rated(severity).at(place);
        self.scope.add(evidence.showing(self.view.excerpt(self.range.clone())));
    }
}

/// True for one of these keys.
pub fn is_key(text: &[u8]) -> bool {
    KEYS.iter().any(|key| key.as_bytes() == text)
}

/// How bad it is that a name stands behind the key; `None` if it is what checkpoints have there.
fn severity(key: &str, name: &str, lists: &Lists) -> Option<Severity> {
    let standing = judge(name, lists);
    if key == INSTANTIATOR {
        // Lightning writes functions of its own alone.
        return match standing {
            Standing::Known => None,
            Standing::Foreign => Some(Severity::High),
            Standing::Dangerous => Some(Severity::Critical),
        };
    }
    let standard = name.split('.').next().is_some_and(|top| STANDARD.contains(&top));
    let hostile = leads_out(name, lists) || (standard && standing == Standing::Dangerous);
    hostile.then_some(Severity::Critical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lightning_and_its_users_write_is_let_through() {
        let judged = |key, name| severity(key, name, Lists::built_in());
        for (key, name) in [
            (INSTANTIATOR, "lightning.pytorch.cli.instantiate_module"),
            (INSTANTIATOR, "pytorch_lightning.cli.instantiate_module"),
            ("_class_path", "my_project.models.Net"),
            ("class_path", "torch.optim.Adam"),
            ("_target_", "src.models.mnist_module.MNISTLitModule"),
            ("class_path", "datasets.MyData"),
        ] {
            assert_eq!(judged(key, name), None, "{key} {name}");
        }
        for (key, name) in [
            (INSTANTIATOR, "subprocess.Popen"),
            (INSTANTIATOR, "antigravity.x"),
            (INSTANTIATOR, "my_project.make"),
            ("_class_path", "os.system"),
            ("_target_", "builtins.exec"),
            ("class_path", "code.interact"),
        ] {
            assert!(judged(key, name).is_some_and(|severity| severity >= Severity::High), "{key} {name}");
        }
    }
}
