//! What lockfiles of npm, Composer and Pipenv say beyond names and versions: licences, and what is for development.

use serde_json::Value;

use crate::model::{ArtifactPath, Ecosystem};

use super::{Manifests, Need, declared, npm_license};

impl Manifests {
    pub(super) fn npm(&mut self, path: &ArtifactPath, bytes: &[u8]) {
        let Ok(file) = serde_json::from_slice::<Value>(bytes) else { return };
        for (place, package) in file["packages"].as_object().into_iter().flatten() {
            let folder = place.rsplit("node_modules/").next().filter(|name| !name.is_empty());
            let name = package["name"].as_str().or(folder);
            let (Some(name), Some(version)) = (name, package["version"].as_str()) else { continue };
            self.needed(Ecosystem::Npm, name, version, need(package));
            if let Some(license) = npm_license(package) {
                self.take(Ecosystem::Npm, name, version.to_owned(), declared(license, path));
            }
        }
        if file.get("packages").is_none() {
            self.npm_by_name(&file);
        }
    }

    /// Version 1 of npm's lockfile; how deep it is, the reader of JSON bounds.
    fn npm_by_name(&mut self, file: &Value) {
        let mut open = vec![file];
        while let Some(level) = open.pop() {
            for (name, package) in level["dependencies"].as_object().into_iter().flatten() {
                let version = package["version"].as_str().unwrap_or_default();
                let alias = version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
                let (name, version) = alias.unwrap_or((name, version));
                self.needed(Ecosystem::Npm, name, version, need(package));
                open.push(package);
            }
        }
    }

    pub(super) fn composer(&mut self, path: &ArtifactPath, bytes: &[u8]) {
        let Ok(file) = serde_json::from_slice::<Value>(bytes) else { return };
        let lists = [("packages", Need::Run), ("packages-dev", Need::Development)];
        let lists = lists
            .into_iter()
            .flat_map(|(key, need)| file[key].as_array().into_iter().flatten().map(move |package| (package, need)));
        for (package, need) in lists {
            let (Some(name), Some(version)) = (package["name"].as_str(), package["version"].as_str()) else { continue };
            let licenses: Vec<&str> =
                package["license"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            // Composer's list means that any one of them may be chosen.
            let license = (!licenses.is_empty()).then(|| declared(licenses.join(" OR "), path));
            for version in [version, version.trim_start_matches('v')] {
                self.needed(Ecosystem::Packagist, name, version, need);
                if let Some(license) = &license {
                    self.take(Ecosystem::Packagist, name, version.to_owned(), license.clone());
                }
            }
        }
    }

    pub(super) fn pipfile(&mut self, bytes: &[u8]) {
        let Ok(file) = serde_json::from_slice::<Value>(bytes) else { return };
        for (key, need) in [("default", Need::Run), ("develop", Need::Development)] {
            for (name, package) in file[key].as_object().into_iter().flatten() {
                if let Some(version) = package["version"].as_str() {
                    self.needed(Ecosystem::PyPI, name, version.trim_start_matches('='), need);
                }
            }
        }
    }
}

/// npm's marks: `devOptional` is for what is optional to run and needed to develop.
fn need(package: &Value) -> Need {
    let is = |key: &str| package[key].as_bool() == Some(true);
    match () {
        () if is("dev") => Need::Development,
        () if is("optional") || is("devOptional") => Need::Option,
        () => Need::Run,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_for_development_is_told_apart() {
        let mut all = Manifests::default();
        let file = json!({"packages": {
            "node_modules/a": {"version": "1.0.0", "dev": true},
            "node_modules/b/node_modules/a": {"version": "1.0.0"},
            "node_modules/c": {"version": "1.0.0", "dev": true},
            "node_modules/d": {"version": "1.0.0", "devOptional": true},
        }});
        all.npm(&ArtifactPath::new("package-lock.json"), file.to_string().as_bytes());
        let need = |name: &str| all.needs[&(Ecosystem::Npm, name.to_owned(), "1.0.0".to_owned())];
        assert_eq!([need("a"), need("c"), need("d")], [Need::Run, Need::Development, Need::Option]);
        let mut one = Manifests::default();
        let file = json!({"dependencies": {"x": {"version": "npm:real@2.0.0", "dependencies": {
            "y": {"version": "1.0.0", "dev": true}}}}});
        one.npm(&ArtifactPath::new("package-lock.json"), file.to_string().as_bytes());
        assert_eq!(one.needs[&(Ecosystem::Npm, "y".to_owned(), "1.0.0".to_owned())], Need::Development);
        assert_eq!(one.needs[&(Ecosystem::Npm, "real".to_owned(), "2.0.0".to_owned())], Need::Run);
    }
}
