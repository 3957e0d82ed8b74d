"""Runs other scanners and weighbridge over the corpus, one case at a time, and prints a table.

    pip install picklescan==1.0.5 modelscan==0.8.8 fickling==0.1.12 typing_extensions modelaudit==0.2.54
    WEIGHBRIDGE_CORPUS=/tmp/corpus cargo test --test corpus -- --ignored
    python3 tests/corpus/peers.py /tmp/corpus --weighbridge target/release/weighbridge [--bin FOLDER]… [--only NAME]

Judged by the exit code at default settings, as a pipeline would: 1 flags a case (Python's own 1 after a crash, too). Other
codes say that the scan failed; they count for malformed cases alone, and modelscan's 3, nothing was looked at, never.
weighbridge is judged by its report: a malicious case needs a finding of severity high
or critical, a malformed one medium or above or the verdict unknown, a benign one is flagged by either.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ORDER = ["info", "low", "medium", "high", "critical"]
PEERS = {
    "picklescan": ["picklescan", "--path"],
    "modelscan": ["modelscan", "scan", "--path"],
    "fickling": ["fickling", "--check-safety"],
    "modelaudit": ["modelaudit", "scan"],
}
QUIET = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1", "DO_NOT_TRACK": "1", "CI": "1"}


def peer(command, found, kind, case):
    files = [file for file in sorted(case.rglob("*")) if file.is_file()]
    seconds, flagged = 0.0, False
    # A folder is scanned file by file where the peer takes files alone.
    for target in files:
        begin = time.monotonic()
        try:
            # Some of them write reports to where they are started.
            with tempfile.TemporaryDirectory() as folder:
                call = [found, *command[1:], str(target.resolve())]
                run = subprocess.run(call, capture_output=True, timeout=60, env=os.environ | QUIET, cwd=folder)
            code = run.returncode
        except subprocess.TimeoutExpired:
            code = 124
        seconds += time.monotonic() - begin
        flagged |= code == 1 or (kind == "malformed" and code != 0 and (command[0], code) != ("modelscan", 3))
    return flagged, seconds


def ours(binary, kind, case):
    files = [file for file in sorted(case.rglob("*")) if file.is_file()]
    begin = time.monotonic()
    target = files[0] if len(files) == 1 else case
    run = subprocess.run([binary, "scan", str(target), "--format", "json"], capture_output=True)
    seconds = time.monotonic() - begin
    report = json.loads(run.stdout)
    found = [f for f in report["findings"] if f["class"] in ("defect", "gap")]
    worst = max([ORDER.index(f["severity"]) for f in found], default=0)
    flagged = worst >= 3 if kind == "malicious" else worst >= 2 or report["verdict"] == "unknown"
    return flagged, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--weighbridge", default="weighbridge")
    parser.add_argument("--bin", action="append", default=[])
    parser.add_argument("--only")
    parser.add_argument("--every", type=int, default=1, help="look at one case in so many")
    parser.add_argument("--misses", type=pathlib.Path)
    options = parser.parse_args()
    path = os.pathsep.join([*options.bin, os.environ["PATH"]])
    kinds = ["malicious", "malformed", "benign"]
    cases = {kind: sorted((options.corpus / kind).iterdir())[:: options.every] for kind in kinds}
    print("| scanner | " + " | ".join(f"{kind} flagged (of {len(cases[kind])})" for kind in kinds) + " | seconds |")
    print("|---|---|---|---|---|")
    for name, command in {**PEERS, "weighbridge": []}.items():
        if options.only and name != options.only:
            continue
        found = shutil.which(name, path=path)
        if not found and name != "weighbridge":
            continue
        cells, seconds = [], 0.0
        for kind in kinds:
            def look(case, kind=kind):
                return ours(options.weighbridge, kind, case) if name == "weighbridge" else peer(command, found, kind, case)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                results = list(pool.map(look, cases[kind]))
            seconds += sum(result[1] for result in results)
            flagged = sum(result[0] for result in results)
            cells.append(f"{100 * flagged / len(results):.1f} %")
            if options.misses:
                wrong = [case.name for case, result in zip(cases[kind], results) if result[0] == (kind == "benign")]
                with open(options.misses, "a") as log:
                    log.writelines(f"{name}\t{kind}\t{case}\n" for case in wrong)
        print(f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |", flush=True)


main()
