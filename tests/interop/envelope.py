#!/usr/bin/env python3
"""Verifies DSSE envelopes with securesystemslib and writes their payloads beside them: `envelope.py KEY FILE…`.

`x.dsse.json` gives `x.json`. A changed payload must be refused.
"""

import base64
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey


def main() -> None:
    key = SSlibKey.from_crypto(load_pem_public_key(Path(sys.argv[1]).read_bytes()))
    for path in map(Path, sys.argv[2:]):
        wire = json.loads(path.read_text())
        for signature in wire["signatures"]:
            signature["keyid"] = key.keyid
        envelope = Envelope.from_dict(wire)
        envelope.verify([key], 1)
        payload = envelope.payload
        envelope.payload = payload.replace(b"Statement", b"statement")
        try:
            envelope.verify([key], 1)
            sys.exit(f"{path}: a changed payload was accepted")
        except VerificationError:
            pass
        path.with_name(path.name.replace(".dsse.json", ".json")).write_bytes(payload)
        print(f"{path.name}: ok")
        assert base64.b64decode(wire["payload"]) == payload


main()
