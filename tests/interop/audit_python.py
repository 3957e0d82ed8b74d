#!/usr/bin/env python3
"""Holds `weighbridge audit` on Python lockfiles against an independent matcher.

    audit_python.py WEIGHBRIDGE DATABASE LOCKFILES

DATABASE is a checkout of the PyPA advisory database (with its folder vulns/), LOCKFILES a folder with one folder for
each lockfile. Versions are compared by `packaging`, the library pip itself uses; records are read by PyYAML. Besides
the lockfiles, hand-made edge records are tried, and a sample of every package and version the database names.
Exits 1 on any disagreement. Needs: packaging, PyYAML.
"""

import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def load(database):
    """Records by normalised package name; withdrawn ones are left out."""
    records = collections.defaultdict(list)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # Versions are text, whatever they look like.
    loader = type("Text", (loader,), {"yaml_implicit_resolvers": {}})
    for path in sorted(pathlib.Path(database).glob("vulns/*/*.yaml")):
        record = yaml.load(path.read_text(), loader)
        if record.get("withdrawn"):
            continue
        for affected in record.get("affected") or []:
            package = affected.get("package") or {}
            if package.get("ecosystem", "").split(":")[0] == "PyPI":
                records[normal(package["name"])].append((record, affected))
    return records


def parse(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def public(version, bound):
    """A local version is a build of the public one, unless the boundary is local too."""
    if version.local and not bound.local:
        return Version(version.public)
    return version


def in_range(version, events):
    """The OSV schema's evaluation; None when a boundary is no version."""
    steps, limits = [], []
    for event in events:
        for kind, text in event.items():
            if kind == "limit":
                limits.append(text)
                continue
            bound = None if kind == "introduced" and text == "0" else parse(text)
            if bound is None and not (kind == "introduced" and text == "0"):
                return None
            steps.append((bound, kind))
    for text in limits:
        if text != "*" and parse(text) is None:
            return None
    if limits and not any(text == "*" or public(version, parse(text)) < parse(text) for text in limits):
        return False
    steps.sort(key=lambda step: (step[0] is not None, step[0] or Version("0")))
    inside = False
    for bound, kind in steps:
        if bound is None:
            inside = True
            continue
        own = public(version, bound)
        if kind == "introduced" and own >= bound:
            inside = True
        elif kind == "fixed" and own >= bound:
            inside = False
        elif kind == "last_affected" and own > bound:
            inside = False
    return inside


def affects(affected, text):
    """True, False, or None when it cannot be told."""
    version = parse(text)
    for listed in affected.get("versions") or []:
        other = parse(listed)
        if listed == text or (version and other and public(version, other) == other):
            return True
    answer = False
    for entry in affected.get("ranges") or []:
        if entry["type"] == "GIT":
            continue
        events = entry.get("events") or []
        if events == [{"introduced": "0"}]:
            return True
        inside = in_range(version, events) if version else None
        if inside:
            return True
        if inside is None:
            answer = None
    return answer


def expected(records, packages):
    found = set()
    for name, version in packages:
        for record, affected in records.get(normal(name), []):
            if affects(affected, version):
                found.add((normal(name), version, record["id"]))
    return found


def pinned(path):
    """Name and version of every entry of a lockfile that names both and comes from an index."""
    text = path.read_text()
    if path.name in ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"):
        tables = tomllib.loads(text)
        for entry in tables.get("package") or tables.get("packages") or []:
            source = entry.get("source") or {}
            local = {"editable", "virtual", "directory", "path"} & set(source) or "directory" in entry
            if "version" in entry and not local:
                yield entry["name"], entry["version"]
    elif path.name == "Pipfile.lock":
        for group, entries in json.loads(text).items():
            for name, entry in entries.items() if group != "_meta" else []:
                if "version" in entry:
                    yield name, entry["version"].lstrip("=")
    else:
        text = re.sub(r"\\\n", " ", text)
        for line in text.splitlines():
            line = re.sub(r"(^|\s)#.*$", "", line).strip()
            line = re.sub(r"\s--hash\S*", "", line)
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            for clause in requirement.specifier:
                if clause.operator in ("==", "===") and not clause.version.endswith(".*"):
                    yield requirement.name, clause.version


def imported(weighbridge, source, target):
    subprocess.run([weighbridge, "db", "import", str(source), "--db", str(target), "--quiet"], check=True)
    return target


def told(weighbridge, folder, database):
    """What weighbridge says of an imported database: package, version, and every identifier of the finding."""
    command = [weighbridge, "audit", str(folder), "--db", str(database), "--offline", "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command)}\nexit {run.returncode}: {run.stderr}")
    found = {}
    for finding in json.loads(run.stdout)["findings"]:
        if finding["rule"] in ("vulnerable-package", "malicious-package"):
            advisory, package = finding["advisory"], finding["package"]
            ids = {advisory["id"], *advisory["aliases"]}
            found.setdefault((normal(package["name"]), package["version"]), []).append(ids)
    return found


def compare(label, wanted, found):
    """Every wanted identifier must be told, and every finding must hold one that is wanted."""
    wrong = []
    by_package = collections.defaultdict(set)
    for name, version, record in wanted:
        by_package[name, version].add(record)
        if not any(record in ids for ids in found.get((name, version), [])):
            wrong.append(f"{label}: {name} {version} {record} is not told")
    for (name, version), findings in found.items():
        for ids in findings:
            if not ids & by_package[name, version]:
                wrong.append(f"{label}: {name} {version} {sorted(ids)} is told and not wanted")
    return wrong


EDGES = [
    # events, listed versions, version: one hand-made record each
    ([{"introduced": "0"}, {"fixed": "1.0"}], [], version)
    for version in ("0", "0.9", "1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.0", "1.0.post1", "1.0+local", "1!0.1")
] + [
    ([{"introduced": "1.0"}, {"last_affected": "2.0"}], [], version)
    for version in ("1.0rc1", "1.0", "1.0+l", "1.5", "2.0", "2.0.0", "2.0+cu118", "2.0.post1", "2.0.1", "2.1.dev1")
] + [
    ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.5"}], [], version)
    for version in ("0.1", "1.0", "1.9", "2.0rc1", "2.0", "2.4.9", "2.5", "3")
] + [
    ([{"fixed": "2.5"}, {"introduced": "2.0"}], [], version) for version in ("1.9", "2.0", "2.4", "2.5")
] + [
    ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.0"}, {"fixed": "2.0"}], [], version)
    for version in ("0.5", "1.0", "1.5", "2.0")
] + [
    ([{"introduced": "0"}, {"limit": "2.0"}], [], version) for version in ("1.9", "2.0", "2.0rc1", "3")
] + [
    ([], ["1.0", "1.1rc1", "2004d", "1.2+ubuntu1"], version)
    for version in ("1.0", "1.0.0", "1.0.1", "1.1rc1", "1.1.rc.1", "2004d", "1.2", "1.2+ubuntu1", "1.2+ubuntu2", "1.0+x")
] + [
    ([{"introduced": "0"}, {"fixed": "1.0"}], ["1.0"], version) for version in ("0.9", "1.0", "1.1")
] + [
    ([{"introduced": "0"}], [], version) for version in ("0.0.1", "2004d", "999999999999.0")
] + [
    ([{"introduced": "0"}, {"fixed": "not-a-version"}], [], version) for version in ("1.0", "2.0")
] + [
    ([{"introduced": "1!1.0"}, {"fixed": "1!2.0"}], [], version) for version in ("1.5", "1!1.5", "1!2.0", "2!0")
]


def edges(weighbridge):
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "tree").mkdir()
        lines, wanted, records = [], set(), collections.defaultdict(list)
        for number, (events, versions, version) in enumerate(EDGES):
            name = f"edge-{number}"
            affected = {"package": {"ecosystem": "PyPI", "name": name}, "versions": versions}
            if events:
                affected["ranges"] = [{"type": "ECOSYSTEM", "events": events}]
            record = {"id": f"PYSEC-{number}", "modified": "2024-01-01T00:00:00Z", "affected": [affected]}
            path = folder / "vulns" / name / f"PYSEC-{number}.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(yaml.safe_dump(record))
            records[name].append((record, affected))
            lines.append(f"{name}=={version}")
            wanted |= expected(records, [(name, version)])
        (folder / "tree" / "requirements.txt").write_text("\n".join(lines) + "\n")
        database = imported(weighbridge, folder, folder / "edges.db")
        wrong += compare("edge records", wanted, told(weighbridge, folder / "tree", database))
    return len(EDGES), wrong


def sample(weighbridge, database, records, seed=20240101, size=20000):
    """Versions the database itself names, and their neighbours, one requirements file for all."""
    pairs = set()
    for name, entries in records.items():
        for _, affected in entries:
            pairs.update((name, version) for version in affected.get("versions") or [])
            for entry in affected.get("ranges") or []:
                for event in entry.get("events") or []:
                    pairs.update((name, text) for text in event.values() if text != "0" and parse(text))
    chosen = random.Random(seed).sample(sorted(pairs), min(size, len(pairs)))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "requirements.txt"
        path.write_text("".join(f"{name}==={version}\n" for name, version in chosen))
        return len(chosen), compare("sample", expected(records, chosen), told(weighbridge, folder, database))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    weighbridge, database, lockfiles = sys.argv[1:]
    count, wrong = edges(weighbridge)
    print(f"edge records: {count}, {len(wrong)} disagreements")
    records = load(database)
    scratch = tempfile.TemporaryDirectory()
    database = imported(weighbridge, database, pathlib.Path(scratch.name) / "advisories.db")
    for folder in sorted(path for path in pathlib.Path(lockfiles).iterdir() if path.is_dir()):
        packages = sorted({pair for path in folder.iterdir() for pair in pinned(path)})
        wanted = expected(records, packages)
        differ = compare(folder.name, wanted, told(weighbridge, folder, database))
        print(f"{folder.name}: {len(packages)} packages, {len(wanted)} advisories, {len(differ)} disagreements")
        wrong += differ
    count, differ = sample(weighbridge, database, records)
    print(f"sample: {count} packages, {len(differ)} disagreements")
    wrong += differ
    print("\n".join(wrong[:50]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
