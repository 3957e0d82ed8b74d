//! The files that are there against the list that was signed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::scene::{SIGNATURE_UNCHECKED, Scene};
use super::super::settings::SignatureFile;
use super::manifest::{Manifest, Resource};
use super::paths::Ignored;
use crate::model::{Artifact, ArtifactPath, Class, Digest, Evidence, Rule, Severity};

/// The list is not what the subject stands for.
pub static ROOT_DIGEST_MISMATCH: Rule = Rule {
    id: "root-digest-mismatch",
    summary: "the digest over a model signature's list is not the one it names as its subject",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/root-digest-mismatch.md"),
    frameworks: &["CWE-354"],
};

/// A file is not what was signed.
pub static DIGEST_MISMATCH: Rule = Rule {
    id: "digest-mismatch",
    summary: "a file does not have the digest that a signature lists for it",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/digest-mismatch.md"),
    frameworks: &["CWE-354", "CWE-494"],
};

/// A file that nobody signed.
pub static UNSIGNED_FILE: Rule = Rule {
    id: "unsigned-file",
    summary: "a file is not listed by the model's signature",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/unsigned-file.md"),
    frameworks: &["CWE-353"],
};

/// A signed file that is gone.
pub static MISSING_FILE: Rule = Rule {
    id: "missing-file",
    summary: "a file that the model's signature lists is not there",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/missing-file.md"),
    frameworks: &["CWE-354"],
};

/// A file that nobody signed, where that is allowed.
pub static IGNORED_FILE: Rule = Rule {
    id: "ignored-file",
    summary: "a file is not covered by the model's signature because its path is ignored",
    severity: Severity::Low,
    class: Class::Inventory,
    page: include_str!("../../rules/ignored-file.md"),
    frameworks: &["CWE-353"],
};

/// A file that the signer chose not to sign.
pub static EXCLUDED_FILE: Rule = Rule {
    id: "excluded-file",
    summary: "a file is not covered by the model's signature because the signer left it out",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/excluded-file.md"),
    frameworks: &["CWE-353"],
};

impl Manifest {
    /// One piece of evidence for each file that differs. None means that all is as signed.
    pub fn compare(&self, scene: &Scene<'_>) -> Vec<Evidence> {
        let mut found = Found { scene, evidence: Vec::new(), counts: BTreeMap::new() };
        let files: BTreeMap<&str, &Artifact> =
            scene.subject.artifacts.iter().map(|artifact| (artifact.path.as_str(), artifact)).collect();
        let left_out = Ignored::of(scene.settings.ignore.iter().map(String::as_str));
        let mut listed = BTreeSet::new();
        for resource in &self.resources {
            let path = self.local(resource, scene);
            listed.insert(path);
            let shown = shown(resource);
            if left_out.covers(path) && path != "." {
                let message = format!("{shown} is signed, but this check was told to ignore it");
                found.add(&MISSING_FILE, path, message);
                continue;
            }
            match files.get(path) {
                Some(artifact) => self.one(resource, artifact, &mut found),
                None => found.add(&MISSING_FILE, path, format!("{shown} is signed, but it is not there")),
            }
        }
        if self.shard_size.is_some() {
            self.uncovered(&files, &mut found);
        }
        let ignored = Ignored::git().and(&left_out);
        let is = |file: &SignatureFile<'_>, path: &str| file.path.as_ref().is_some_and(|own| own.as_str() == path);
        for path in files.keys().filter(|path| !listed.contains(*path)) {
            if is(scene.file, path) {
                continue;
            }
            // Whoever signs beside others leaves their signatures out.
            let signature = scene.files.iter().any(|file| is(file, path));
            if ignored.covers(path) || (signature && self.ignored.covers(path)) {
                found.add(&IGNORED_FILE, path, "it is not signed, and its path is ignored".to_owned());
            } else if self.ignored.covers(path) {
                found.add(&EXCLUDED_FILE, path, "it is not signed: the signature names it as left out".to_owned());
            } else if scene.settings.ignore_unsigned {
                found.add(&IGNORED_FILE, path, "it is not signed, and unsigned files are ignored".to_owned());
            } else {
                found.add(&UNSIGNED_FILE, path, format!("it is not among the {} signed files", listed.len()));
            }
        }
        found.close()
    }

    /// A model that is one file is named `.` by the reference and by its own name in the specification.
    fn local<'m>(&'m self, resource: &'m Resource, scene: &Scene<'_>) -> &'m str {
        let single = scene.subject.single().is_some() && resource.path == scene.subject.name;
        if single { "." } else { &resource.path }
    }

    fn one(&self, resource: &Resource, artifact: &Artifact, found: &mut Found<'_, '_>) {
        let path = artifact.path.as_str();
        let computed: Option<&Digest> = match resource.range {
            None => artifact.digests.get(self.algorithm),
            Some((start, end)) => {
                // A file of another length is cut at other places: the last shard ends where the file does.
                let ends = self.shard_size.map_or(end, |size| start.saturating_add(size).min(artifact.size));
                if end != ends {
                    let message = format!("{} is signed, but the file has {} bytes", shown(resource), artifact.size);
                    return found.add(&DIGEST_MISMATCH, path, message);
                }
                let shard = artifact.shards.iter().find(|shard| shard.range == (start..end));
                let whole = artifact.digests.get(self.algorithm).filter(|_| start == 0 && end == artifact.size);
                shard.map(|shard| &shard.digest).filter(|digest| digest.algorithm() == self.algorithm).or(whole)
            }
        };
        match computed {
            None => {
                let message = format!("its {} digest of {} was not computed", self.algorithm, shown(resource));
                found.add(&SIGNATURE_UNCHECKED, path, message);
            }
            Some(computed) if *computed == resource.digest => {}
            Some(computed) => {
                let message = format!("{} is signed as {}, but it is {computed}", shown(resource), resource.digest);
                found.add(&DIGEST_MISMATCH, path, message);
            }
        }
    }

    /// Shards must cover each file to its end. A file that grew has bytes that nobody signed.
    fn uncovered(&self, files: &BTreeMap<&str, &Artifact>, found: &mut Found<'_, '_>) {
        let mut covered: BTreeMap<&str, u64> = BTreeMap::new();
        for resource in &self.resources {
            let (start, end) = resource.range.unwrap_or_default();
            let path = self.local(resource, found.scene);
            // No range is listed twice and each begins at a multiple of the size, so lengths add up to coverage.
            let sum = covered.entry(path).or_default();
            *sum = sum.saturating_add(end.saturating_sub(start));
        }
        for (path, bytes) in covered {
            if let Some(artifact) = files.get(path).filter(|artifact| artifact.size > bytes) {
                let message = format!("only {bytes} of its {} bytes are signed", artifact.size);
                found.add(&DIGEST_MISMATCH, path, message);
            }
        }
    }
}

fn shown(resource: &Resource) -> String {
    match resource.range {
        None => format!("{:?}", resource.path),
        Some((start, end)) => format!("{:?} from {start} to {end}", resource.path),
    }
}

/// Evidence about files; after [`crate::model::Limits::repeats`] of one rule the rest is counted.
struct Found<'a, 's> {
    scene: &'a Scene<'s>,
    evidence: Vec<Evidence>,
    counts: BTreeMap<&'static str, u64>,
}

impl Found<'_, '_> {
    fn add(&mut self, rule: &'static Rule, path: &str, message: String) {
        let count = self.counts.entry(rule.id).or_default();
        *count += 1;
        if *count <= self.scene.settings.limits.repeats {
            let evidence =
                Evidence::new(rule, message).of(&ArtifactPath::new(path)).with("signature", self.scene.name());
            self.evidence.push(evidence);
        }
    }

    fn close(mut self) -> Vec<Evidence> {
        for (rule, count) in self.counts {
            let more = count.saturating_sub(self.scene.settings.limits.repeats);
            if more > 0
                && let Some(last) = self.evidence.iter_mut().rev().find(|evidence| evidence.rule.id == rule)
            {
                last.fact.message.push_str(&format!(" (and {more} more files like this)"));
                last.fact.details.insert("more".to_owned(), more.into());
            }
        }
        self.evidence
    }
}
