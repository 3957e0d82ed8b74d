//! `weighbridge sign`: an OpenSSF Model Signing bundle that other tools read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::Sign;
use super::exit::Mistake;
use super::progress::Bar;
use super::{assess, key, output, signers, trusting};
use crate::emit::sanitize;
use crate::model::{Artifact, Class, Limits};
use crate::trust::model_signing::{self, Ignored, SignOptions};
use crate::weigh::{Nothing, weigh};

/// Hashes a model and signs its manifest. Nothing is signed when a file could not be read.
pub fn run(args: &Sign, quiet: bool) -> Result<ExitCode, Mistake> {
    let private = key::private(&args.key, &args.unlocking)?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.path));
    if output.symlink_metadata().is_ok() {
        return Err(Mistake::new(format!("{} exists already", output::shown(&output)))
            .help("remove the old signature first, or choose another name with --output"));
    }
    let chain =
        args.certificate.iter().map(|path| signers::certificates(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let (mut plan, _) = assess::plan(&args.path, &args.reading, Limits::default());
    plan.keep = Box::new(|_| false);
    plan.shards = args.shard_size.map(|size| (size, args.hash));
    plan.algorithms.extend(args.shard_size.is_none().then_some(args.hash));
    let weighing = weigh(&args.path, &plan, &Nothing, &Bar::new(quiet))?;
    if let Some(gap) = weighing.evidence.iter().find(|seen| seen.rule.class == Class::Gap) {
        let path = gap.artifact.as_ref().map_or(".", |path| path.as_str());
        return Err(Mistake::new(format!("nothing was signed: {}: {}", sanitize::line(path), gap.fact.message))
            .help("a signature speaks of every file; remove the file, or leave it out with --ignore"));
    }
    if let Some(odd) = weighing.artifacts.iter().find(|file| std::str::from_utf8(file.path.as_bytes()).is_err()) {
        return Err(Mistake::new(format!("nothing was signed: the name of {} is not UTF-8", odd.path))
            .help("a signature is JSON and cannot name it; rename the file, or leave it out with --ignore"));
    }
    let artifacts = trusting::as_signed(&args.path, weighing.artifacts);
    let options = SignOptions {
        name: assess::subject(&args.path),
        algorithm: args.hash,
        shard_size: args.shard_size,
        ignored: ignored(args, &output),
        allow_symlinks: args.reading.allow_symlinks,
    };
    let bundle = model_signing::sign(&artifacts, &options, &private, &chain)
        .map_err(|error| Mistake::new(format!("nothing was signed: {error}")))?;
    output::new_file(&output, bundle.as_bytes(), 0o644)?;
    if !quiet {
        let bytes: u64 = artifacts.iter().map(|artifact: &Artifact| artifact.size).sum();
        output::remark(&format!(
            "signed {} files, {bytes} bytes, with {} key {}\n{}",
            artifacts.len(),
            private.kind(),
            private.public().id(),
            output::shown(&output),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// `model.sig` in a folder, `FILE.sig` beside a file.
fn beside(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.join("model.sig");
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// What git keeps, what the caller leaves out, and the signature itself when it lies in the model.
fn ignored(args: &Sign, output: &Path) -> Ignored {
    let folder = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let inside = folder.canonicalize().ok().zip(args.path.canonicalize().ok()).and_then(|(folder, root)| {
        let below = folder.strip_prefix(root).ok()?.join(output.file_name()?);
        below.to_str().map(str::to_owned)
    });
    let named: Vec<&str> = args.reading.ignore.iter().map(String::as_str).chain(inside.as_deref()).collect();
    Ignored::git().and(&Ignored::of(named))
}
