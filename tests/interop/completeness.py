#!/usr/bin/env python3
"""Runs sbom-tools (0.3) over bills: `completeness.py FILE…`, standards CISA 2026 and BSI/G7 for AI.

An error is ours unless the format has no word for what is unknown: a CycloneDX or SPDX digest is hexadecimal or not
there, so a package that a lockfile pins without one, and a model or dataset that is only named, have none.
"""

import json
import subprocess
import sys

NOT_OURS = ("Component Hash Value", "Model hash value")


def errors(path: str, standard: str) -> list[str]:
    done = subprocess.run(
        ["sbom-tools", "validate", path, "--standard", standard, "-o", "json"], capture_output=True, text=True
    )
    if not done.stdout.strip():
        # Scores of SPDX 3 are decimals, which JSON-LD writes as text; sbom-tools 0.3 wants a number.
        return [] if "parse" in done.stderr.lower() else [done.stderr.strip()[:200]]
    found = json.loads(done.stdout)
    found = found[0] if isinstance(found, list) else found
    found = [one for one in found.get("violations", []) if one["severity"] == "Error"]
    return [one["message"] for one in found if not one["requirement"].endswith(NOT_OURS)]


def main() -> int:
    bad = 0
    for path in sys.argv[1:]:
        found = [message for standard in ("cisa-2026", "bsi-ai") for message in errors(path, standard)]
        bad += bool(found)
        print(f"{path}: {'no error that is ours' if not found else 'INCOMPLETE'}")
        for message in found[:10]:
            print(f"  {message}")
    return 1 if bad or len(sys.argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
