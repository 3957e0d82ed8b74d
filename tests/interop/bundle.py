#!/usr/bin/env python3
"""Reads Sigstore bundles with sigstore's own models and verifies their envelopes: `bundle.py KEY FILE…`.

A bundle that a key of one's own signed stands in no log, so sigstore's verifier, which asks for one, has no verdict on
it; its models hold the form, and securesystemslib the signature.
"""

import base64
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from sigstore_models.bundle.v1 import Bundle


def main() -> None:
    key = SSlibKey.from_crypto(load_pem_public_key(Path(sys.argv[1]).read_bytes()))
    for path in map(Path, sys.argv[2:]):
        bundle = Bundle.from_json(path.read_text())
        assert bundle.media_type == "application/vnd.dev.sigstore.bundle.v0.3+json", bundle.media_type
        signed = bundle.dsse_envelope
        text = lambda value: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        wire = {
            "payload": text(signed.payload),
            "payloadType": signed.payload_type,
            "signatures": [{"keyid": key.keyid, "sig": text(one.sig)} for one in signed.signatures],
        }
        Envelope.from_dict(wire).verify([key], 1)
        print(f"{path.name}: ok")


main()
