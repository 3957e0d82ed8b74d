#!/usr/bin/env python3
"""Holds `weighbridge audit` on Cargo.lock files against cargo-audit, with one database, in one run.

    audit_rust.py WEIGHBRIDGE DATABASE LOCKFILES [CARGO-AUDIT]

DATABASE is a checkout of the RustSec advisory database, LOCKFILES a folder that is searched for files named
Cargo.lock. weighbridge audits against the same database, imported by `db import`; times are the best of three runs of
each. Identifiers, packages, versions and kinds (vulnerability, unmaintained, unsound, notice) must be equal.
Hand-made lockfiles follow where cargo-audit is silent or gives up; there weighbridge must say what is expected, and
what cargo-audit does is printed beside it. Without cargo-audit only those are tried, and that is said. Exits 1 on any
disagreement. The peer is cargo-audit 0.22.2 (`cargo install cargo-audit --version 0.22.2 --locked`).
"""

import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

KINDS = {
    "vulnerable-package": "vulnerability",
    "malicious-package": "vulnerability",
    "unmaintained-package": "unmaintained",
    "unsound-package": "unsound",
    "advisory-notice": "notice",
}


def timed(command):
    start = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True)
    return run, (time.perf_counter() - start) * 1000


def peer(cargo_audit, lockfile, database):
    """What cargo-audit finds, or None with its words when it gives up."""
    command = [cargo_audit, "audit", "--no-fetch", "--no-yanked", "--json", "--db", database, "-f", str(lockfile)]
    run, took = timed(command)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        return None, run.stderr.strip().splitlines()[-1:], took
    found = set()
    for entry in report["vulnerabilities"]["list"]:
        found.add(("vulnerability", entry["advisory"]["id"], entry["package"]["name"], entry["package"]["version"]))
    for kind, entries in report["warnings"].items():
        for entry in entries:
            if entry.get("advisory"):
                found.add((kind, entry["advisory"]["id"], entry["package"]["name"], entry["package"]["version"]))
    return found, [], took


def ours(weighbridge, folder, database):
    """What weighbridge finds in the code of the public registry, and the rules of everything it says."""
    run, took = timed([weighbridge, "audit", str(folder), "--db", database, "--offline", "--format", "json"])
    if run.returncode not in (0, 1, 3):
        sys.exit(f"weighbridge, exit {run.returncode}: {run.stderr}")
    found, rules = set(), set()
    report = json.loads(run.stdout)
    for finding in report["findings"]:
        rules.add(finding["rule"])
        if finding["rule"] in KINDS and finding["assurance"] == "verified":
            package = finding["package"]
            found.add((KINDS[finding["rule"]], finding["advisory"]["id"], package["name"], package["version"]))
    return found, rules, report["verdict"], took


INDEX = "registry+https://github.com/rust-lang/crates.io-index"


def entry(name, version, source=INDEX, more=""):
    source = f'source = "{source}"\n' if source else ""
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}{more}\n'


HAND = {
    # lockfile, verdict, a rule that must be raised
    "sparse crates.io": (entry("smallvec", "1.6.0", "sparse+https://index.crates.io/"), "fail", "vulnerable-package"),
    "git": (entry("smallvec", "1.6.0", "git+https://example.org/s#" + "0" * 40), "fail", "package-not-audited"),
    "other registry": (entry("smallvec", "1.6.0", "sparse+https://own.example/"), "fail", "package-not-audited"),
    "unknown scheme": (entry("smallvec", "1.6.0") + entry("a", "1.0.0", "odd+x://y"), "fail", "vulnerable-package"),
    "empty": ("version = 4\n", "unknown", "lockfile-empty"),
    "no bytes": ("", "unknown", "lockfile-empty"),
    "truncated": (entry("smallvec", "1.6.0") + '[[package]]\nname = "x', "fail", "lockfile-malformed"),
    "not UTF-8": (b"# \xff\n" + entry("smallvec", "1.6.0").encode(), "fail", "lockfile-malformed"),
    "twice": (entry("smallvec", "1.6.0") * 2, "fail", "package-duplicate"),
    "pre-release": (entry("smallvec", "1.6.1-alpha"), "fail", "vulnerable-package"),
    "path": (entry("smallvec", "1.6.0", None), "pass", "package-local"),
    "bad version": (entry("smallvec", "1.6") + entry("smallvec", "1.6.0"), "fail", "vulnerable-package"),
    "cyclic": (
        entry("a", "1.0.0", more='dependencies = [\n "smallvec",\n]\n')
        + entry("smallvec", "1.6.0", more='dependencies = [\n "a",\n]\n'),
        "fail",
        "vulnerable-package",
    ),
    "flaw of the toolchain": (entry("cargo", "0.81.0", more='checksum = "' + "0" * 64 + '"\n'), "pass", "audit-clean"),
    "dangling": (entry("smallvec", "1.6.0", more='dependencies = [\n "nobody",\n]\n'), "fail", "lockfile-malformed"),
}


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    weighbridge, database, lockfiles = sys.argv[1:4]
    cargo_audit = sys.argv[4] if len(sys.argv) > 4 else shutil.which("cargo-audit")
    scratch = tempfile.TemporaryDirectory()
    imported = str(pathlib.Path(scratch.name) / "advisories.db")
    subprocess.run([weighbridge, "db", "import", database, "--db", imported, "--quiet"], check=True)
    wrong = by_hand(weighbridge, imported, cargo_audit, database)
    if cargo_audit:
        wrong += side_by_side(weighbridge, imported, cargo_audit, database, lockfiles)
    else:
        print("NOT COMPARED: cargo-audit is not installed; " + __doc__.split("The peer is ")[1])
    print("\n".join(wrong[:50]))
    sys.exit(1 if wrong else 0)


def side_by_side(weighbridge, imported, cargo_audit, database, lockfiles):
    wrong, told, times = [], 0, []
    files = sorted(pathlib.Path(lockfiles).rglob("Cargo.lock"))
    for path in files:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(path, pathlib.Path(folder) / "Cargo.lock")
            runs = [peer(cargo_audit, pathlib.Path(folder) / "Cargo.lock", database) for _ in range(3)]
            theirs, words, their_time = min(runs, key=lambda run: run[2])
            own, _, _, own_time = min((ours(weighbridge, folder, imported) for _ in range(3)), key=lambda run: run[3])
        times.append((own_time, their_time))
        if theirs is None:
            wrong.append(f"{path}: cargo-audit gives up: {words}")
            continue
        told += len(theirs)
        wrong += [f"{path}: only cargo-audit: {one}" for one in sorted(theirs - own)]
        wrong += [f"{path}: only weighbridge: {one}" for one in sorted(own - theirs)]
    medians = [statistics.median(side) for side in zip(*times)] if times else [0, 0]
    print(f"{len(files)} lockfiles, {told} advisories, {len(wrong)} disagreements")
    ratios = sorted(own / other for own, other in times)
    print(f"median time: weighbridge {medians[0]:.1f} ms, cargo-audit {medians[1]:.1f} ms")
    print(f"their ratio: {ratios[0]:.2f} to {ratios[-1]:.2f}" if ratios else "no lockfile")
    return wrong


def by_hand(weighbridge, imported, cargo_audit, database):
    wrong = []
    for name, (text, verdict, rule) in HAND.items():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "Cargo.lock"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            theirs, words, _ = peer(cargo_audit, path, database) if cargo_audit else (None, ["not installed"], 0)
            _, rules, own_verdict, _ = ours(weighbridge, folder, imported)
        said = "gives up: " + " ".join(words) if theirs is None else f"{len(theirs)} findings"
        print(f"  {name}: weighbridge {own_verdict}, {rule if rule in rules else 'WITHOUT ' + rule}; cargo-audit {said}")
        if own_verdict != verdict or rule not in rules:
            wrong.append(f"{name}: {own_verdict} {sorted(rules)}, expected {verdict} with {rule}")
    return wrong


if __name__ == "__main__":
    main()
