"""Signatures that `weighbridge sign` cannot make: with certificates, and with Sigstore's log.

`python3 testdata/make_signatures.py` (needs `cryptography`) writes testdata/certificates/ and testdata/sigstore/ anew.
Keys are made on the spot and thrown away, so every run gives other bytes that mean the same. All names are invented.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage, NameOID

HERE = pathlib.Path(__file__).parent
CERTIFICATES, SIGSTORE = HERE / "certificates", HERE / "sigstore"
CONFIG = b'{"model_type":"bert"}'
WEIGHTS = b"weights\n"
SIGNER, ISSUER = "someone@example.org", "https://accounts.example.org"
SHA256 = hashes.SHA256()


def b64(data): return base64.b64encode(data).decode()
def sha256(data): return hashlib.sha256(data).digest()
def day(year, month=1, date=1): return datetime.datetime(year, month, date, tzinfo=datetime.timezone.utc)
def key(): return ec.generate_private_key(ec.SECP256R1())
def sign(private, message): return private.sign(message, ec.ECDSA(SHA256))
def name(common): return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def spki(private):
    return private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(certificate): return certificate.public_bytes(serialization.Encoding.PEM)
def der(certificate): return certificate.public_bytes(serialization.Encoding.DER)


def certificate(subject, private, issuer, authority, begin, end, usage=None, extensions=()):
    """An authority's certificate without `usage`, else a leaf for that purpose."""
    leaf = usage is not None
    built = (
        x509.CertificateBuilder(serial_number=1 + leaf, public_key=private.public_key())
        .subject_name(name(subject)).issuer_name(name(issuer)).not_valid_before(begin).not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(leaf, False, False, False, False, not leaf, False, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )
    if leaf:
        built = built.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    for extension, critical in extensions:
        built = built.add_extension(extension, critical)
    return built.sign(authority, SHA256)


def model_signature(private, leaf, root=None):
    """A model signature over a folder with one config.json; `root` is what it claims in place of the true root."""
    digest = sha256(CONFIG)
    payload = json.dumps({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": (root or sha256(digest)).hex()}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False,
                              "ignore_paths": ["model.sig"]},
            "resources": [{"name": "config.json", "algorithm": "sha256", "digest": digest.hex()}],
        },
    }).encode()
    kind = b"application/vnd.in-toto+json"
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "x509CertificateChain": {"certificates": [{"rawBytes": b64(der(leaf))}]}, "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": b64(payload), "payloadType": kind.decode(),
            "signatures": [{"sig": b64(sign(private, message)), "keyid": ""}],
        },
    }


def write(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def certificates():
    authority, other, private = key(), key(), key()
    root = certificate("Example CA", authority, "Example CA", authority, day(2020), day(2120))
    (CERTIFICATES / "ca.pem").write_bytes(pem(root))
    (CERTIFICATES / "other-ca.pem").write_bytes(
        pem(certificate("Example CA", other, "Example CA", other, day(2020), day(2120))))

    def leaf(begin, end, usage=Usage.CODE_SIGNING):
        return certificate("signer", private, "Example CA", authority, begin, end, usage)

    century, expired = leaf(day(2020), day(2120)), leaf(day(2020), day(2021))
    write(CERTIFICATES / "century.sig", model_signature(private, century))
    write(CERTIFICATES / "expired.sig", model_signature(private, expired))
    write(CERTIFICATES / "web-server.sig", model_signature(private, leaf(day(2020), day(2120), Usage.SERVER_AUTH)))
    write(CERTIFICATES / "other-root.sig", model_signature(private, century, bytes(32)))


def promised(build, authority, log):
    """The certificate that `build` makes of extensions, with the promise of a certificate log in it (RFC 6962 3.3)."""
    tbs = build(()).tbs_certificate_bytes
    time = struct.pack(">Q", int(day(2026, 2, 1).timestamp()) * 1000)
    entry = struct.pack(">H", 1) + sha256(spki(authority)) + struct.pack(">I", len(tbs))[1:] + tbs
    signature = sign(log, b"\0\0" + time + entry + b"\0\0")
    promise = b"\0" + sha256(spki(log)) + time + b"\0\0" + b"\4\3" + struct.pack(">H", len(signature)) + signature
    listed = struct.pack(">HH", len(promise) + 2, len(promise)) + promise
    octets = b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed
    return build(((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), octets), False),))


def logged(private, leaf, log, notary=None, timed=True):
    """A bundle with an entry of Rekor 1. `notary` signs the tree head in place of the log."""
    signature = sign(private, WEIGHTS)
    body = json.dumps({
        "apiVersion": "0.0.1", "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": sha256(WEIGHTS).hex()}},
            "signature": {"content": b64(signature), "publicKey": {"content": b64(pem(leaf))}},
        },
    }, separators=(",", ":"), sort_keys=True).encode()
    log_id, root = sha256(spki(log)), sha256(b"\0" + body)
    note = f"log.example.org\n1\n{b64(root)}\n"
    head = f"{note}\n\u2014 log.example.org {b64(log_id[:4] + sign(notary or log, note.encode()))}\n"
    time = int(day(2026, 2, 1).timestamp()) + 60
    promise = {"body": b64(body), "integratedTime": time, "logID": log_id.hex(), "logIndex": 0}
    promise = json.dumps(promise, separators=(",", ":"), sort_keys=True).encode()
    entry = {
        "logIndex": "0", "logId": {"keyId": b64(log_id)}, "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": str(time),
        "inclusionProof": {"logIndex": "0", "rootHash": b64(root), "treeSize": "1", "hashes": [],
                           "checkpoint": {"envelope": head}},
        "canonicalizedBody": b64(body),
    }
    if timed:
        entry["inclusionPromise"] = {"signedEntryTimestamp": b64(sign(log, promise))}
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": b64(der(leaf))}, "tlogEntries": [entry]},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": b64(sha256(WEIGHTS))}, "signature": b64(signature),
        },
    }


def sigstore():
    authority, log, other, private = key(), key(), key(), key()
    root = certificate("Example Fulcio", authority, "Example Fulcio", authority, day(2026), day(2036))
    issuer = bytes([12, len(ISSUER)]) + ISSUER.encode()
    extensions = (
        (x509.SubjectAlternativeName([x509.RFC822Name(SIGNER)]), True),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), issuer), False),
    )
    begin = day(2026, 2, 1)

    def build(more):
        end = begin + datetime.timedelta(minutes=10)
        return certificate("", private, "Example Fulcio", authority, begin, end, Usage.CODE_SIGNING, extensions + more)

    leaf = promised(build, authority, log)
    known = {
        "baseUrl": "https://log.example.org", "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": b64(spki(log)), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                      "validFor": {"start": "2026-01-01T00:00:00Z"}},
        "logId": {"keyId": b64(sha256(spki(log)))},
    }
    write(SIGSTORE / "trusted_root.json", {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [known], "ctlogs": [known], "timestampAuthorities": [],
        "certificateAuthorities": [{
            "subject": {"organization": "example.org", "commonName": "Example Fulcio"},
            "uri": "https://fulcio.example.org", "certChain": {"certificates": [{"rawBytes": b64(der(root))}]},
            "validFor": {"start": "2026-01-01T00:00:00Z"},
        }],
    })
    write(SIGSTORE / "logged.json", logged(private, leaf, log))
    write(SIGSTORE / "forged-head.json", logged(private, leaf, log, notary=other))
    write(SIGSTORE / "untimed.json", logged(private, leaf, log, timed=False))


certificates()
sigstore()
