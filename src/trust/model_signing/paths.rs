//! Names in a signature, and paths that need none.

use crate::model::ArtifactPath;

/// Paths that the reference never signs unless told to.
const GIT: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Paths that are left out with all below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// The paths of a git checkout: `.git`, `.gitattributes`, `.github`, `.gitignore`, at the top.
    #[must_use]
    pub fn git() -> Self {
        Self(GIT.iter().map(|path| (*path).to_owned()).collect())
    }

    /// These paths, relative to the model. As with Python's paths, empty components and `.` mean nothing; a path that
    /// is absolute or climbs with `..` leaves out nothing.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        Self(paths.into_iter().filter_map(normal).collect())
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// True if the path is one of these or lies below one.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.0.iter().any(|ignored| {
            ignored == "."
                || path.strip_prefix(ignored.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The paths in order, each once.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.0.iter().map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

fn normal(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return None;
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// Why a name in a signature is refused, if it is. `.` alone stands for a model that is one file.
pub fn refuse(name: &str) -> Option<&'static str> {
    if name == "." {
        return None;
    }
    if name.starts_with('/') {
        return Some("is absolute");
    }
    if name.contains('\0') {
        return Some("holds a zero byte");
    }
    if name.split('/').any(|part| part == "..") {
        return Some("climbs out of the model");
    }
    name.split('/').any(|part| part.is_empty() || part == ".").then_some("is not in its shortest form")
}

/// The reference's order: by components, not by the text, so `a/b` comes before `a-b/c`.
pub fn by_components(one: &ArtifactPath, other: &ArtifactPath) -> std::cmp::Ordering {
    one.components().cmp(other.components())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_folder_hides_all_below_it_and_nothing_beside_it() {
        let ignored = Ignored::of(["a", "./b//c/", "/etc", "../x", "d/../e"]);
        for path in ["a", "a/b", "b/c", "b/c/d"] {
            assert!(ignored.covers(path), "{path}");
        }
        for path in ["ab", "a.txt", "b", "b/cd", "etc", "x", "e", "d"] {
            assert!(!ignored.covers(path), "{path}");
        }
        assert!(Ignored::of(["."]).covers("anything"));
        assert!(!Ignored::git().covers("sub/.git"));
    }

    #[test]
    fn names_that_mean_another_file_are_refused() {
        for bad in ["", "/a", "../a", "a/../b", "a//b", "./a", "a/", "a/.", "..", "a\0"] {
            assert!(refuse(bad).is_some(), "{bad}");
        }
        for good in [".", "a", "a/b", "...", ".a", "a b/ü", "a\\b", "-"] {
            assert!(refuse(good).is_none(), "{good}");
        }
    }
}
