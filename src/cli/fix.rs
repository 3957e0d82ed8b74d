//! `audit --fix`: the commands that would clear what has a fix. They are printed and never run.

use std::collections::{BTreeMap, BTreeSet};

use crate::deps::{self, Kind};
use crate::emit::sanitize;
use crate::model::{ArtifactPath, Class, Finding, Report};

/// One package to move.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Move<'r> {
    name: &'r str,
    from: &'r str,
    to: &'r str,
    direct: bool,
}

/// A shell script by lockfile, with what nothing can be done about as comments.
pub fn commands(report: &Report) -> String {
    let mut moves: BTreeMap<&ArtifactPath, BTreeSet<Move<'_>>> = BTreeMap::new();
    let mut stuck: BTreeMap<&ArtifactPath, BTreeSet<String>> = BTreeMap::new();
    let flaws = report.findings.iter().filter(|finding| finding.evidence.rule.class == Class::Defect);
    for (path, finding) in flaws.filter_map(|one| Some((one.evidence.artifact.as_ref()?, one))) {
        match step(finding) {
            Some(Ok(step)) => {
                moves.entry(path).or_default().insert(step);
            }
            Some(Err(why)) => {
                stuck.entry(path).or_default().insert(why);
            }
            None => {}
        }
    }
    let paths: BTreeSet<&ArtifactPath> = moves.keys().chain(stuck.keys()).copied().collect();
    let mut text = String::from("\n# Commands that would clear what has a fix; nothing was run.\n");
    for path in &paths {
        text.push_str(&format!("# {}\n", sanitize::line(path.as_str())));
        let steps = moves.get(path).into_iter().flatten();
        steps.for_each(|step| text.push_str(&format!("{}\n", command(path, step))));
        let stuck = stuck.get(path).into_iter().flatten();
        stuck.for_each(|why| text.push_str(&format!("# {}\n", sanitize::line(why))));
    }
    if paths.is_empty() {
        text.push_str("# There is nothing to clear.\n");
    }
    text
}

fn step(finding: &Finding) -> Option<Result<Move<'_>, String>> {
    let advisory = finding.evidence.advisory.as_deref()?;
    let (name, from) = (advisory.name.as_str(), advisory.version.as_str());
    let Some(to) = &advisory.upgrade else {
        return Some(Err(format!("{name} {from}: {} has no fix that is known", advisory.id)));
    };
    // Words that a shell would read as more than words come from a hostile lockfile.
    if ![name, from, to].iter().all(|word| plain(word)) {
        return Some(Err(format!("{name} {from}: not a name or version that a command can be made of")));
    }
    Some(Ok(Move { name, from, to, direct: advisory.direct != Some(false) }))
}

fn plain(word: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || "@/._-+:~!".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(ok)
}

/// The command of the package manager that wrote the lockfile, run in its folder.
fn command(path: &ArtifactPath, step: &Move<'_>) -> String {
    let Move { name, from, to, direct } = step;
    let enter = if path.parent().is_empty() {
        String::new()
    } else {
        format!("cd '{}' && ", path.parent().replace('\'', "'\\''"))
    };
    let below =
        |command: String| format!("{command}  # asked for by another package: if it stays, override it to {to}");
    let line = match (deps::recognise(path), path.name()) {
        (Some(Kind::CargoLock), _) => format!("cargo update -p {name}@{from} --precise {to}"),
        (Some(Kind::Npm), _) if *direct => format!("npm install {name}@{to}"),
        (Some(Kind::Npm), _) => below(format!("npm update {name}")),
        (Some(Kind::Pnpm), _) if *direct => format!("pnpm update {name}@{to}"),
        (Some(Kind::Pnpm), _) => below(format!("pnpm update --depth Infinity {name}")),
        (Some(Kind::Yarn), _) => format!("yarn upgrade {name}@{to}  # Yarn 2 and later: yarn up {name}@{to}"),
        (Some(Kind::Bun), _) => format!("bun add {name}@{to}"),
        (Some(Kind::PythonToml), "uv.lock") => format!("uv lock --upgrade-package '{name}=={to}'"),
        (Some(Kind::PythonToml), "poetry.lock") if *direct => format!("poetry add '{name}=={to}'"),
        (Some(Kind::PythonToml), "poetry.lock") => below(format!("poetry update {name}")),
        (Some(Kind::PythonToml), "pdm.lock") => format!("pdm update --unconstrained '{name}=={to}'"),
        (Some(Kind::Pipfile), _) => format!("pipenv upgrade '{name}=={to}'"),
        (Some(Kind::Requirements), file) => {
            format!("pip install '{name}=={to}'  # and pin it in {}", sanitize::line(file))
        }
        (Some(Kind::CondaLock), _) => format!("conda-lock --update {name}"),
        (Some(Kind::GoMod | Kind::GoSum), _) => format!("go get {name}@v{}", to.trim_start_matches('v')),
        (Some(Kind::Gemfile), _) => format!("bundle update {name} --conservative"),
        (Some(Kind::Composer), _) => format!("composer update {name}:{to}"),
        _ => return format!("# {name} {from}: move it to {to} where it is declared"),
    };
    format!("{enter}{line}")
}
