"""A Sigstore instance on this machine, for tests: Fulcio, a certificate log, Rekor 1. Everything with keys made here."""

import base64
import datetime
import hashlib
import http.server
import json
import struct
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME, ISSUER = "someone@example.org", "https://accounts.example.org"
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
b64 = lambda data: base64.b64encode(data).decode()
sha256 = lambda data: hashlib.sha256(data).digest()
spki = lambda key: key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
sign = lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA256()))
canonical = lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def token(name: str = NAME) -> str:
    """An identity token; nobody checks its signature here."""
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    claims = {"iss": ISSUER, "sub": "subject", "aud": "sigstore", "email": name, "email_verified": True, "iat": now, "exp": now + 600}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.c2ln"


class Services:
    def __init__(self) -> None:
        self.authority, self.log = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example Fulcio"),
                               x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "example.org")])
        now = datetime.datetime.now(datetime.timezone.utc)
        self.root = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(self.name).public_key(self.authority.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )
        services = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = services.certify if self.path.startswith("/api/v2/signingCert") else services.integrate
                self.answer(201, answer(body, self.headers.get("Authorization", "")))

            def do_GET(self):
                self.answer(200, {"authorization_endpoint": f"{services.url}/none", "token_endpoint": f"{services.url}/none"})

            def answer(self, status, value):
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"

    def certify(self, body: dict, bearer: str) -> dict:
        claims = bearer.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        request = x509.load_pem_x509_csr(base64.b64decode(body["certificateSigningRequest"]))
        assert request.is_signature_valid
        now = datetime.datetime.now(datetime.timezone.utc)

        def build(promise=None):
            built = (
                x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.name).public_key(request.public_key())
                .serial_number(int.from_bytes(sha256(request.public_bytes(DER))[:15]) | 1)
                .not_valid_before(now - datetime.timedelta(seconds=30)).not_valid_after(now + datetime.timedelta(minutes=10))
                .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
                .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()), critical=False)
                .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(claims["email"])]), critical=True)
                .add_extension(x509.UnrecognizedExtension(
                    x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), claims["iss"].encode()), critical=False)
                .add_extension(x509.UnrecognizedExtension(
                    x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"),
                    bytes([12, len(claims["iss"])]) + claims["iss"].encode()), critical=False)
            )
            if promise:
                oid = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
                built = built.add_extension(x509.UnrecognizedExtension(oid, promise), critical=False)
            return built.sign(self.authority, hashes.SHA256())

        tbs = build().tbs_certificate_bytes
        time = struct.pack(">Q", int(now.timestamp() * 1000))
        entry = struct.pack(">H", 1) + sha256(spki(self.authority)) + struct.pack(">I", len(tbs))[1:] + tbs
        signature = sign(self.log, b"\0\0" + time + entry + b"\0\0")
        promise = b"\0" + sha256(spki(self.log)) + time + b"\0\0\4\3" + struct.pack(">H", len(signature)) + signature
        listed = struct.pack(">HH", len(promise) + 2, len(promise)) + promise
        octets = b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed
        chain = [c.public_bytes(PEM).decode() for c in (build(octets), self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def integrate(self, body: dict, _bearer: str) -> dict:
        if body["kind"] == "dsse":
            proposed = body["spec"]["proposedContent"]
            envelope = json.loads(proposed["envelope"])
            hashed = lambda data: {"algorithm": "sha256", "value": sha256(data).hex()}
            body["spec"] = {
                "envelopeHash": hashed(proposed["envelope"].encode()),
                "payloadHash": hashed(base64.b64decode(envelope["payload"])),
                "signatures": [{"signature": envelope["signatures"][0]["sig"], "verifier": proposed["verifiers"][0]}],
            }
        else:
            body["spec"]["data"] = {"hash": {k: body["spec"]["data"]["hash"][k] for k in ("algorithm", "value")}}
        body = canonical({key: body[key] for key in ("apiVersion", "kind", "spec")})
        log_id = sha256(spki(self.log))
        other, own = sha256(b"\0another entry"), sha256(b"\0" + body)
        root = sha256(b"\1" + other + own)
        note = f"log.example.org\n2\n{b64(root)}\n"
        head = f"{note}\n\u2014 log.example.org {b64(log_id[:4] + sign(self.log, note.encode()))}\n"
        time = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
        promised = {"body": b64(body), "integratedTime": time, "logID": log_id.hex(), "logIndex": 1}
        return {"00ff": {**promised, "verification": {
            "signedEntryTimestamp": b64(sign(self.log, canonical(promised))),
            "inclusionProof": {"checkpoint": head, "hashes": [other.hex()], "logIndex": 1, "rootHash": root.hex(), "treeSize": 2},
        }}}

    def trusted_root(self) -> dict:
        since = {"start": "2020-01-01T00:00:00Z"}
        log = {
            "baseUrl": self.url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(sha256(spki(self.log)))},
            "publicKey": {"rawBytes": b64(spki(self.log)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since},
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log], "ctlogs": [log], "timestampAuthorities": [],
            "certificateAuthorities": [{
                "subject": {"organization": "example.org", "commonName": "Example Fulcio"}, "uri": self.url,
                "certChain": {"certificates": [{"rawBytes": b64(self.root.public_bytes(DER))}]}, "validFor": since,
            }],
        }
