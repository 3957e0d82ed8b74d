//! `weighbridge sign`: an OpenSSF Model Signing bundle that other tools read, or a Sigstore bundle over one file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{Sign, SignedKind};
use super::exit::Mistake;
use super::progress::Bar;
use super::{assess, key, output, signers, trusting};
use crate::emit::sanitize;
use crate::model::{Algorithm, Artifact, Class, Limits};
use crate::trust::Certificate;
use crate::trust::key::PrivateKey;
use crate::trust::model_signing::{self, Ignored, SignOptions};
use crate::trust::signing::{self, Signable};
use crate::weigh::{Nothing, read_small, weigh};

/// No statement is longer.
const STATEMENT_BYTES: u64 = 64 << 20;

/// Who signs.
enum Signer {
    Key(Box<PrivateKey>, Vec<Certificate>),
    #[cfg(feature = "keyless")]
    Keyless(Box<super::args::Keyless>),
}

impl Signer {
    fn of(args: &Sign) -> Result<Self, Mistake> {
        #[cfg(feature = "keyless")]
        if args.keyless.keyless {
            return Ok(Self::Keyless(Box::new(args.keyless.clone())));
        }
        let Some(path) = &args.key else { return Err(Mistake::new("nobody signs").help("give --key PEM")) };
        let private = key::private(path, &args.unlocking)?;
        let chain = args.certificate.iter().map(|path| signers::certificates(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::Key(Box::new(private), chain.concat()))
    }

    /// The bundle as JSON, and who signed.
    fn sign(&self, signable: &Signable, #[cfg(feature = "keyless")] quiet: bool) -> Result<(String, String), Mistake> {
        match self {
            Self::Key(private, chain) => {
                let bundle = signing::sign(signable, private, chain)
                    .map_err(|error| Mistake::new(format!("nothing was signed: {error}")))?;
                Ok((bundle, format!("{} key {}", private.kind(), private.public().id())))
            }
            #[cfg(feature = "keyless")]
            Self::Keyless(args) => {
                super::keyless::sign(signable, args, quiet).map(|signed| (signed.bundle, signed.who))
            }
        }
    }
}

/// Signs what is asked for. Nothing is signed when a file could not be read.
pub fn run(args: &Sign, quiet: bool) -> Result<ExitCode, Mistake> {
    let signer = Signer::of(args)?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.path, args.content));
    if output.symlink_metadata().is_ok() {
        return Err(Mistake::new(format!("{} exists already", output::shown(&output)))
            .help("remove the old signature first, or choose another name with --output"));
    }
    let (signable, what) = match args.content {
        SignedKind::Statement => {
            (Signable::Statement(read_small(&args.path, STATEMENT_BYTES)?), "the statement".to_owned())
        }
        SignedKind::File => file(args, quiet)?,
        SignedKind::Model => model(args, &output, quiet)?,
    };
    let (bundle, who) = signer.sign(
        &signable,
        #[cfg(feature = "keyless")]
        quiet,
    )?;
    output::new_file(&output, bundle.as_bytes(), 0o644)?;
    if !quiet {
        output::remark(&format!("signed {what}, with {who}\n{}", output::shown(&output)));
    }
    Ok(ExitCode::SUCCESS)
}

/// One file by its SHA-256.
fn file(args: &Sign, quiet: bool) -> Result<(Signable, String), Mistake> {
    if !args.path.is_file() {
        return Err(Mistake::new(format!("{} is not a file", output::shown(&args.path)))
            .help("a folder is signed as a model, without --content"));
    }
    let artifacts = weighed(args, quiet, Algorithm::Sha256, None)?;
    let digest = artifacts.first().and_then(|file| file.digests.get(Algorithm::Sha256));
    let digest = digest.ok_or_else(|| Mistake::new("nothing was signed: the file was not hashed"))?;
    Ok((Signable::File(digest.clone()), summed(&artifacts)))
}

/// Every file of a model, by a manifest.
fn model(args: &Sign, output: &Path, quiet: bool) -> Result<(Signable, String), Mistake> {
    let artifacts = trusting::as_signed(&args.path, weighed(args, quiet, args.hash, args.shard_size)?);
    let options = SignOptions {
        name: assess::subject(&args.path),
        algorithm: args.hash,
        shard_size: args.shard_size,
        ignored: ignored(args, output),
        allow_symlinks: args.reading.allow_symlinks,
    };
    let statement = model_signing::statement(&artifacts, &options)
        .map_err(|error| Mistake::new(format!("nothing was signed: {error}")))?;
    Ok((Signable::Statement(statement), summed(&artifacts)))
}

fn summed(artifacts: &[Artifact]) -> String {
    let bytes: u64 = artifacts.iter().map(|artifact| artifact.size).sum();
    format!("{} file(s), {bytes} bytes", artifacts.len())
}

fn weighed(args: &Sign, quiet: bool, hash: Algorithm, shard: Option<u64>) -> Result<Vec<Artifact>, Mistake> {
    let (mut plan, _) = assess::plan(&args.path, &args.reading, Limits::default());
    plan.keep = Box::new(|_| false);
    plan.shards = shard.map(|size| (size, hash));
    plan.algorithms.extend(shard.is_none().then_some(hash));
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
    Ok(weighing.artifacts)
}

/// `model.sig` in a folder, `FILE.sig` beside a file, `FILE.sigstore.json` beside what is signed as it is.
fn beside(path: &Path, content: SignedKind) -> PathBuf {
    if path.is_dir() {
        return path.join("model.sig");
    }
    let mut name = path.as_os_str().to_owned();
    name.push(if content == SignedKind::Model { ".sig" } else { ".sigstore.json" });
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
