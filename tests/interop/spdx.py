#!/usr/bin/env python3
"""Validates SPDX files: `spdx.py [--schema SCHEMA] FILE…`.

Version 2.3 is read and validated by spdx-tools (`pip install spdx-tools`). Version 3.0.1 is held against the official
JSON schema, given with --schema (`pip install jsonschema`), ten elements of each shape; all its addresses are checked
to lead somewhere.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from jsonschema import Draft202012Validator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def distinct(graph: list[dict], most: int = 10) -> list[dict]:
    """Elements without more than so many of one class with the same keys: each is held against every class of the
    schema, which takes minutes for a bill of some hundred packages."""
    seen: Counter[tuple] = Counter()
    kept = []
    for element in graph:
        shape = (element.get("type"), *sorted(element))
        seen[shape] += 1
        if seen[shape] <= most:
            kept.append(element)
    return kept


def third(document: dict, schema: dict | None) -> list[str]:
    found = []
    graph = document["@graph"]
    if schema is not None:
        part = {**document, "@graph": distinct(graph)}
        found += [error.message[:300] for error in Draft202012Validator(schema).iter_errors(part)]
    known = {element.get("spdxId") or element.get("@id") for element in graph}
    for element in graph:
        for key in ("from", "to", "element", "rootElement", "subject", "createdBy", "createdUsing", "suppliedBy"):
            ends = element.get(key, [])
            ends = [ends] if isinstance(ends, str) else ends
            found += [f"{element['type']}.{key} leads nowhere: {end}" for end in ends if end not in known]
    return found


def troubles(path: Path, schema: dict | None) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    if "@graph" in document:
        return third(document, schema)
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]


def main() -> int:
    files, schema = sys.argv[1:], None
    if files[:1] == ["--schema"]:
        schema, files = json.loads(Path(files[1]).read_text(encoding="utf-8")), files[2:]
    bad = 0
    for path in map(Path, files):
        found = troubles(path, schema)
        bad += bool(found)
        print(f"{path}: {'ok' if not found else 'INVALID'}")
        for trouble in found:
            print(f"  {trouble}")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
