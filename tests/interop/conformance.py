#!/usr/bin/env python3
"""Every bundle of the official Sigstore conformance suite through its own command line protocol:
`conformance.py WEIGHBRIDGE FOLDER`, where FOLDER holds `a.txt` and `bundle-verify`.

Each bundle is verified twice, for the file and for its digest alone, as the suite does. A folder ending in `_fail`
must be refused. What the suite does not ask: a crash is no refusal, so the exit code must be 1, 2 or 3, and a panic
in the output is a failure.
"""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ADAPTER = Path(__file__).with_name("sigstore-conformance")
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"


def ask(case: Path, digest: bool) -> tuple[str, int, str]:
    def text(name: str, default: str) -> str:
        return (case / name).read_text().strip() if (case / name).exists() else default

    artifact = case / "artifact" if (case / "artifact").exists() else case.parent / "a.txt"
    subject = str(artifact)
    if digest:
        subject = "sha256:" + hashlib.sha256(artifact.read_bytes()).hexdigest()
    command = [str(ADAPTER), "verify-bundle", "--bundle", str(case / "bundle.sigstore.json")]
    if (case / "key.pub").exists():
        command += ["--key", str(case / "key.pub")]
    else:
        command += ["--certificate-identity", text("identity", IDENTITY)]
        command += ["--certificate-oidc-issuer", text("issuer", ISSUER)]
    if (case / "trusted_root.json").exists():
        command += ["--trusted-root", str(case / "trusted_root.json")]
    ran = subprocess.run([*command, subject], capture_output=True, text=True)
    return f"{case.name} ({'digest' if digest else 'file'})", ran.returncode, ran.stdout + ran.stderr


def main() -> int:
    os.environ["WEIGHBRIDGE"] = str(Path(sys.argv[1]).resolve())
    cases = sorted(path for path in (Path(sys.argv[2]) / "bundle-verify").iterdir() if path.is_dir())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda of: ask(*of), [(case, digest) for case in cases for digest in (False, True)]))
    wrong = 0
    for name, code, said in answers:
        refused = code in (1, 2, 3) and "internal error" not in said
        if (refused if "_fail " in name else code == 0):
            continue
        wrong += 1
        print(f"WRONG {name}: exit {code}\n{said}")
    print(f"{len(answers)} answers about {len(cases)} bundles, {wrong} wrong")
    return int(wrong > 0 or len(cases) < 70)


if __name__ == "__main__":
    sys.exit(main())
