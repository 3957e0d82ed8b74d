#!/usr/bin/env python3
"""Validates CycloneDX files, JSON and XML, with cyclonedx-python-lib, strictly: `cyclonedx.py FILE…`.

Needs `pip install 'cyclonedx-python-lib[validation]'`. Beyond the schema it reads a JSON document into the library's
own model (which refuses broken references) and checks that the serial number and all references are unique.
"""

import json
import re
import sys
from pathlib import Path

# This file bears the name of the package it imports.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator


def troubles(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".xml":
        version = SchemaVersion.from_version(re.search(r"cyclonedx\.org/schema/bom/([0-9.]+)", text)[1])
        return [str(error) for error in XmlValidator(version).validate_str(text, all_errors=True) or []]
    document = json.loads(text)
    version = SchemaVersion.from_version(document["specVersion"])
    found = [str(error) for error in JsonStrictValidator(version).validate_str(text, all_errors=True) or []]
    if not found:
        Bom.from_json(document)
    listed = document.get("components", []) + document.get("services", [])
    references = [one["bom-ref"] for one in listed]
    found += [f"reference twice: {one}" for one in {one for one in references if references.count(one) > 1}]
    known = {*references, document.get("metadata", {}).get("component", {}).get("bom-ref")}
    for dependency in document.get("dependencies", []):
        ends = {dependency["ref"], *dependency.get("dependsOn", [])}
        found += [f"dependency leads nowhere: {end}" for end in sorted(ends - known)]
    return found


def main() -> int:
    bad = 0
    for path in map(Path, sys.argv[1:]):
        found = troubles(path)
        bad += bool(found)
        print(f"{path}: {'ok' if not found else 'INVALID'}")
        for trouble in found:
            print(f"  {trouble}")
    return 1 if bad or len(sys.argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
