#!/usr/bin/env python3
"""Both ways with sigstore-python, offline: `sigstore_python.py WEIGHBRIDGE [CONFORMANCE-FOLDER]`.

1. sigstore-python signs files and statements against services on this machine (services.py); weighbridge verifies.
2. weighbridge signs files, statements and models there, keyless; sigstore-python and model_signing verify.
3. Every field of these bundles, and of real ones, is removed, emptied, doubled, changed in kind or in value, and both
   are asked. Nothing that sigstore-python refuses may be accepted. Where weighbridge refuses what sigstore-python
   accepts, that is counted and listed by kind.
"""

import base64
import hashlib
import json
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sigstore import hashes as sigstore_hashes
from sigstore._internal.fulcio import FulcioClient
from sigstore._internal.rekor.client import RekorClient
from sigstore.dsse import DigestSet, Envelope, Statement, StatementBuilder, Subject
from sigstore.models import Bundle, TrustedRoot
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier, policy
from sigstore_models.common import v1 as common

from bending import bent
from services import ISSUER, NAME, Services, token

# A file beside this one bears the name of a package.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

logging.disable(logging.CRITICAL)
WEIGHBRIDGE = sys.argv[1]
WORK = Path(tempfile.mkdtemp(prefix="weighbridge-sigstore-"))
failures: list[str] = []
# Bundles that the official suite says must be accepted.
REFERENCE_IS_WRONG = {
    "intoto-with-custom-trust-root": "sigstore-python 4.5 reads no entries of the kind intoto",
    "trust-root-tsa-validity-end-inclusive": "sigstore-python takes the end of a validity for its first second outside",
}
count = Counter()


def expect(name: str, wanted: bool, got: bool) -> None:
    count["cases"] += 1
    if wanted != got:
        failures.append(f"{name}: wanted {'accepted' if wanted else 'refused'}")


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([WEIGHBRIDGE, *map(str, arguments)], capture_output=True, text=True)


def weighbridge(subject, bundle: Path, identity: str, issuer: str, root: Path | None) -> bool:
    more = ["--trusted-root", root] if root else []
    ran = run("verify", subject, "--checks", "signature", "--format", "json", "--signature", bundle,
              "--identity", identity, "--issuer", issuer, *more)
    if ran.returncode not in (0, 1, 3) or "internal error" in ran.stderr:
        raise SystemExit(f"weighbridge: exit {ran.returncode}: {ran.stderr}")
    return ran.returncode == 0 and any(f["rule"] == "signature-valid" for f in json.loads(ran.stdout)["findings"])


def python(verifier: Verifier, digest: bytes, text: str, identity: str, issuer: str) -> bool:
    """As its command line does."""
    try:
        bundle = Bundle.from_json(text)
        who = policy.Identity(identity=identity, issuer=issuer)
        hashed = sigstore_hashes.Hashed(algorithm=common.HashAlgorithm.SHA2_256, digest=digest)
        if bundle._dsse_envelope:
            kind, payload = verifier.verify_dsse(bundle, who)
            return kind == Envelope._TYPE and Statement(payload)._matches_digest(hashed)
        verifier.verify_artifact(hashed, bundle, who)
        return True
    except Exception:
        return False


def signed_by_both(services: Services, root: Path) -> dict[str, tuple[Path, str]]:
    """Name of each bundle: the file it is over, and its text."""
    trusted = TrustedRoot.from_file(str(root))
    verifier = Verifier(trusted_root=trusted)
    context = SigningContext(fulcio=FulcioClient(services.url), rekor=RekorClient(services.url), trusted_root=trusted)
    bundles = {}
    for n, content in enumerate([b"weights\n", b"", bytes(range(256)) * 4096]):
        file = WORK / f"file {n} \u00fc.bin"
        file.write_bytes(content)
        digest = hashlib.sha256(content).digest()
        statement = (StatementBuilder().subjects([Subject(name=file.name, digest=DigestSet(root={"sha256": digest.hex()}))])
                     .predicate_type("https://example.org/p").predicate({"n": n}).build())
        with context.signer(IdentityToken(token())) as signer:
            theirs = {"file": signer.sign_artifact(content), "statement": signer.sign_dsse(statement)}
        (WORK / "statement.json").write_bytes(statement._contents)
        for kind, bundle in theirs.items():
            bundles[f"python {kind} {n}"] = (file, bundle.to_json())
        for kind, path in {"file": file, "statement": WORK / "statement.json"}.items():
            output = WORK / f"weighbridge-{kind}-{n}.json"
            ran = run("sign", path, "--keyless", "--content", kind, "--identity-token", token(), "--fulcio-url", services.url,
                      "--rekor-url", services.url, "--trusted-root", root, "--output", output, "--quiet")
            if ran.returncode:
                raise SystemExit(f"weighbridge sign: {ran.stderr}")
            bundles[f"weighbridge {kind} {n}"] = (file, output.read_text())
    other = WORK / "other.bin"
    other.write_bytes(b"other")
    for name, (file, text) in bundles.items():
        path = WORK / "bundle.json"
        path.write_text(text)
        for what, subject, identity, issuer, wanted in (
            ("", file, NAME, ISSUER, True), (", other file", other, NAME, ISSUER, False),
            (", other name", file, "other@example.org", ISSUER, False), (", other issuer", file, NAME, "https://example.com", False),
        ):
            expect(f"{name}{what}: weighbridge", wanted, weighbridge(subject, path, identity, issuer, root))
            digest = hashlib.sha256(subject.read_bytes()).digest()
            expect(f"{name}{what}: sigstore-python", wanted, python(verifier, digest, text, identity, issuer))
    return bundles


def models(services: Services, root: Path) -> None:
    """Models signed keyless by weighbridge under model_signing, and the other way round."""
    from model_signing import signing, verifying

    service = lambda url: [{"url": url, "majorApiVersion": 1, "operator": "x", "validFor": {"start": "2020-01-01T00:00:00Z"}}]
    config = WORK / "trust_config.json"
    config.write_text(json.dumps({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": services.trusted_root(),
        "signingConfig": {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": service(services.url),
            "oidcUrls": service(services.url), "rekorTlogUrls": service(services.url), "tsaUrls": [],
            "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"},
        },
    }))
    model = WORK / "model"
    (model / "a-b").mkdir(parents=True)
    for name in ("config.json", "a-b/c", "weights.bin", "with space"):
        (model / name).write_bytes(name.encode())

    def theirs(signature: Path) -> bool:
        try:
            verifying.Config().use_sigstore_verifier(identity=NAME, oidc_issuer=ISSUER, trust_config=config).verify(model, signature)
            return True
        except Exception:
            return False

    mine, other = WORK / "mine.sig", WORK / "theirs.sig"
    ran = run("sign", model, "--keyless", "--identity-token", token(), "--fulcio-url", services.url, "--rekor-url",
              services.url, "--trusted-root", root, "--output", mine, "--quiet")
    if ran.returncode:
        raise SystemExit(f"weighbridge sign: {ran.stderr}")
    signing.Config().use_sigstore_signer(identity_token=token(), trust_config=config).sign(model, other)
    for change, wanted in ((None, True), ("weights.bin", False)):
        if change:
            (model / change).write_bytes(b"changed")
        for name, signature in (("weighbridge", mine), ("model_signing", other)):
            expect(f"model by {name}, {change} changed: weighbridge", wanted, weighbridge(model, signature, NAME, ISSUER, root))
            expect(f"model by {name}, {change} changed: model_signing", wanted, theirs(signature))


def differential(name: str, file: Path, text: str, verifier: Verifier, identity: str, issuer: str, root: Path | None) -> None:
    digest = hashlib.sha256(file.read_bytes()).digest()
    cases = [(how, new if isinstance(new, str) else json.dumps(new)) for how, new in bent(json.loads(text))]

    def ask(case):
        number, (how, text) = case
        path = WORK / f"bent-{number}.json"
        path.write_text(text)
        return how, weighbridge(file, path, identity, issuer, root), python(verifier, digest, text, identity, issuer)

    with ThreadPoolExecutor(4) as pool:
        for how, ours, theirs in pool.map(ask, enumerate(cases)):
            count["bent"] += 1
            if ours and not theirs:
                failures.append(f"{name}: {how}: accepted by weighbridge, refused by sigstore-python")
            if theirs and not ours:
                count[f"stricter: {how.split('/')[0].rsplit(' ', 1)[0]}"] += 1
            count["accepted by both"] += ours and theirs


def conformance(folder: Path) -> None:
    """Real bundles, and what the two say of each."""
    identity = ("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
                "extremely-dangerous-oidc-beacon.yml@refs/heads/main")
    issuer = "https://token.actions.githubusercontent.com"
    bend = {"happy-path-v0.3", "happy-path-v0.1", "rekor2-happy-path", "rekor2-dsse-happy-path"}
    for case in sorted(path for path in (folder / "bundle-verify").iterdir() if path.is_dir()):
        if (case / "key.pub").exists():
            continue  # sigstore-python does not verify by keys
        text_of = lambda name, default: (case / name).read_text().strip() if (case / name).exists() else default
        root = case / "trusted_root.json" if (case / "trusted_root.json").exists() else None
        file = case / "artifact" if (case / "artifact").exists() else folder / "a.txt"
        who, by = text_of("identity", identity), text_of("issuer", issuer)
        try:
            verifier = Verifier(trusted_root=TrustedRoot.from_file(str(root))) if root else Verifier.production(offline=True)
        except Exception:
            continue  # a root that it does not read
        text = (case / "bundle.sigstore.json").read_text()
        try:
            ran = weighbridge(file, case / "bundle.sigstore.json", who, by, root)
        except SystemExit:
            ran = False  # a root that weighbridge does not read
        theirs = python(verifier, hashlib.sha256(file.read_bytes()).digest(), text, who, by)
        count["real"] += 1
        if ran and not theirs and case.name not in REFERENCE_IS_WRONG:
            failures.append(f"{case.name}: accepted by weighbridge, refused by sigstore-python")
        if case.name in bend:
            differential(case.name, file, text, verifier, who, by, root)


def main() -> int:
    services = Services()
    root = WORK / "trusted_root.json"
    root.write_text(json.dumps(services.trusted_root()))
    bundles = signed_by_both(services, root)
    models(services, root)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(root)))
    for name in ("python file 0", "weighbridge statement 0"):
        file, text = bundles[name]
        differential(name, file, text, verifier, NAME, ISSUER, root)
    if len(sys.argv) > 2:
        conformance(Path(sys.argv[2]))
    for failure in failures:
        print(f"DISAGREE {failure}")
    print(", ".join(f"{number} {name}" for name, number in sorted(count.items())) + f"; {len(failures)} wrong")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
