#!/usr/bin/env python3
"""Validates SPDX files: `spdx.py [--schema SCHEMA] FILE…`.

Version 2.3 is read and validated by spdx-tools (`pip install spdx-tools`). Version 3.0.1 is held against the official
JSON schema, given with --schema (`pip install jsonschema`); its addresses are checked to lead somewhere.
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def third(document: dict, schema: dict | None) -> list[str]:
    found = []
    if schema is not None:
        found += [error.message[:300] for error in Draft202012Validator(schema).iter_errors(document)]
    graph = document["@graph"]
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
