#!/usr/bin/env python3
"""Validates SARIF files against the OASIS schema, and what the schema cannot say: `sarif.py SCHEMA FILE…`.

Needs `pip install jsonschema`. SCHEMA is sarif-schema-2.1.0.json of https://github.com/oasis-tcs/sarif-spec.
"""

import json
import sys
from pathlib import Path

from jsonschema import validators


def troubles(document: dict, validator) -> list[str]:
    found = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(document)]
    for run in document["runs"]:
        rules = run["tool"]["driver"].get("rules", [])
        taxonomies = run.get("taxonomies", [])
        prints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
        found += ["fingerprint twice"] if len(set(prints)) < len(prints) else []
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                found.append(f"ruleIndex of {result['ruleId']}")
            for location in result["locations"]:
                place = location["physicalLocation"]["artifactLocation"]
                if "index" in place and run["artifacts"][place["index"]]["location"]["uri"] != place["uri"]:
                    found.append(f"artifact index of {place['uri']}")
            for taxon in result.get("taxa", []):
                if taxonomies[taxon["toolComponent"]["index"]]["taxa"][taxon["index"]]["id"] != taxon["id"]:
                    found.append(f"taxon {taxon['id']}")
    return found


def main() -> int:
    schema = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    kind = validators.validator_for(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    bad = 0
    for path in map(Path, sys.argv[2:]):
        found = troubles(json.loads(path.read_text(encoding="utf-8")), validator)
        bad += bool(found)
        print(f"{path}: {'ok' if not found else 'INVALID'}")
        for trouble in found:
            print(f"  {trouble}")
    return 1 if bad or len(sys.argv) < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
