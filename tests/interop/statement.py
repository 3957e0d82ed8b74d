#!/usr/bin/env python3
"""Validates in-toto Statements: `statement.py FILE…` (JSON, not yet in an envelope).

Needs `pip install in-toto-attestation`: the statement is read by the project's own protobuf binding. The binding of
the SLSA summary is behind the specification (it takes `verifiedLevels` for one string), so the rules of the prose
(SLSA 1.2, "Verification Summary Attestation") are checked here, and those of the in-toto predicates it has no binding
for.
"""

import json
import re
import sys
from datetime import datetime
from pathlib import Path

from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

URI = re.compile(r"^[a-z][a-z0-9+.-]*:\S+$")

def resource(value: dict) -> list[str]:
    found = [] if value.keys() & {"uri", "digest", "content"} else ["resource without uri, digest or content"]
    for algorithm, digest in value.get("digest", {}).items():
        if not re.fullmatch(r"[0-9a-f]{40,128}", digest):
            found.append(f"{algorithm} digest {digest!r}")
    return found


def time(value: str) -> list[str]:
    try:
        return [] if datetime.fromisoformat(value).tzinfo else [f"time without zone: {value}"]
    except ValueError:
        return [f"no time: {value}"]


def summary(predicate: dict) -> list[str]:
    found = [f"no {key}" for key in ("verifier", "timeVerified", "resourceUri", "policy", "verificationResult",
                                     "verifiedLevels") if key not in predicate]
    if found:
        return found
    found += time(predicate["timeVerified"]) + resource(predicate["policy"])
    found += [] if URI.match(predicate["verifier"]["id"]) else ["verifier.id is no URI"]
    found += [] if "uri" in predicate["policy"] else ["policy without uri"]
    levels = predicate["verifiedLevels"]
    if predicate["verificationResult"] == "FAILED":
        found += [] if levels == ["FAILED"] else [f"failed with levels {levels}"]
    elif predicate["verificationResult"] == "PASSED":
        found += [f"level {level}" for level in levels if level == "FAILED" or level.startswith("SLSA_")]
    else:
        found.append(f"result {predicate['verificationResult']}")
    for one in predicate.get("inputAttestations", []):
        found += resource(one) + ([] if "digest" in one else ["input without digest"])
    known = {"verifier", "timeVerified", "resourceUri", "policy", "inputAttestations", "verificationResult",
             "verifiedLevels", "dependencyLevels", "slsaVersion"}
    return found + [f"extension {key} is no URI" for key in predicate.keys() - known if not URI.match(key)]


def result(predicate: dict) -> list[str]:
    found = [] if predicate.get("result") in ("PASSED", "WARNED", "FAILED") else ["no result"]
    for one in predicate.get("configuration", [{}]):
        found += resource(one)
    lists = [set(predicate.get(key, [])) for key in ("passedTests", "warnedTests", "failedTests")]
    return found + [f"{name} twice" for a, b in ((0, 1), (0, 2), (1, 2)) for name in lists[a] & lists[b]]


def simple(predicate: dict) -> list[str]:
    found = time(predicate["timeCreated"])
    found += [] if isinstance(predicate["verifier"]["policies"], list) else ["verifier.policies is no list"]
    return found + [name for name in predicate["properties"] if not re.fullmatch(r"WEIGHBRIDGE_[A-Z0-9_]+", name)]


def vulnerabilities(predicate: dict) -> list[str]:
    found = time(predicate["scanner"]["db"]["lastUpdate"])
    found += time(predicate["metadata"]["scanStartedOn"]) + time(predicate["metadata"]["scanFinishedOn"])
    return found + [str(one) for one in predicate["scanner"]["result"] if not one["id"] or not one["severity"]]


def reference(predicate: dict) -> list[str]:
    found = [] if URI.match(predicate["attester"]["id"]) else ["attester.id is no URI"]
    for one in predicate["references"]:
        found += resource(one) + [f"reference without {key}" for key in ("downloadLocation", "mediaType") if key not in one]
        found += [] if URI.match(one.get("downloadLocation", "")) else ["downloadLocation is no URI"]
    return found + ([] if predicate["references"] else ["no reference"])


def exploitability(predicate: dict) -> list[str]:
    found = [f"no {key}" for key in ("@context", "@id", "author", "timestamp", "version", "statements") if key not in predicate]
    statuses = {"not_affected", "affected", "fixed", "under_investigation"}
    return found + [f"status {one['status']}" for one in predicate["statements"] if one["status"] not in statuses]


RULES = {
    "https://slsa.dev/verification_summary/v1": summary,
    "https://in-toto.io/attestation/test-result/v0.1": result,
    "https://in-toto.io/attestation/svr/v0.2": simple,
    "https://in-toto.io/attestation/vulns/v0.2": vulnerabilities,
    "https://in-toto.io/attestation/reference/v0.1": reference,
    "https://openvex.dev/ns/v0.2.0": exploitability,
}


def troubles(path: Path) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    Statement.copy_from_pb(ParseDict(document, statement_pb2.Statement())).validate()
    found = [line for subject in document["subject"] for line in resource(subject)]
    kind, predicate = document["predicateType"], document["predicate"]
    if kind not in RULES:
        return found + [f"unknown predicate {kind}"]
    if kind == "https://in-toto.io/attestation/test-result/v0.1":
        ParseDict(predicate, test_result_pb2.TestResult())
    return found + RULES[kind](predicate)


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
