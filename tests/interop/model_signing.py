#!/usr/bin/env python3
"""Both ways with the reference: `model_signing.py WEIGHBRIDGE`.

Needs `pip install model-signing pyOpenSSL`. Signs trees with the Python library in every curve, hash and method and
checks them with weighbridge, signs with weighbridge and checks with the library, and bends models, statements,
signatures, keys, certificates and times. Both must refuse what was bent. Where the two are known to differ, the case
says so: weighbridge refuses holes of the reference, and never accepts what the reference refuses.
Exits 1 and names the cases if the two disagree with what is expected.
"""

import base64
import datetime
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bending import bent as bends

# This file bears the name of the package it imports.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing import hashing, signing, verifying

CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
DIGESTS = {"p256": hashes.SHA256, "p384": hashes.SHA384, "p521": hashes.SHA512}
TREE = {
    "config.json": b"{}",
    "weights.bin": bytes(range(256)) * 3,
    "a-b/c": b"1",
    "a/b": b"2",
    "a.txt": b"3",
    "with space/ü – ß.txt": "ä".encode(),
    "-dash": b"4",
    "Z": b"5",
    "deep/er/and/deeper": b"6",
}
WORK = Path(tempfile.mkdtemp(prefix="weighbridge-interop-"))
WEIGHBRIDGE = sys.argv[1]
results: list[tuple[str, bool, str]] = []


def case(name: str, wanted: dict, got: dict, note: str = "") -> None:
    results.append((name, all(got[who] == answer for who, answer in wanted.items()), f"wanted {wanted}, got {got} {note}"))


def tree(name: str, files: dict = TREE) -> Path:
    root = WORK / name
    shutil.rmtree(root, ignore_errors=True)
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def pem(key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_pem(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def write(name: str, content: bytes) -> Path:
    (WORK / name).write_bytes(content)
    return WORK / name


def weighbridge(model: Path, signature: Path, *arguments) -> bool:
    """Did it accept the signature? Exit 0 and the assurance itself."""
    command = [WEIGHBRIDGE, "verify", model, "--checks", "signature", "--format", "json", "--signature", signature]
    answer = subprocess.run([*map(str, command), *map(str, arguments)], capture_output=True, text=True)
    if answer.returncode not in (0, 1, 3):
        raise SystemExit(f"weighbridge: exit {answer.returncode}: {answer.stderr}")
    rules = [finding["rule"] for finding in json.loads(answer.stdout)["findings"]]
    return answer.returncode == 0 and "signature-valid" in rules


def reference(model: Path, signature: Path, config) -> bool:
    try:
        config.verify(model, signature)
        return True
    except Exception:
        return False


def by_key(public: Path):
    return verifying.Config().use_elliptic_key_verifier(public_key=public)


def configured(algorithm: str, shard: int | None, ignore=()):
    config = hashing.Config()
    if shard:
        config.use_shard_serialization(hashing_algorithm=algorithm, shard_size=shard)
    else:
        config.use_file_serialization(hashing_algorithm=algorithm)
    return config.set_ignored_paths(paths=list(ignore), ignore_git_paths=True)


def bent(bundle: dict, change, key, curve: str) -> dict:
    """The bundle with its statement changed and signed again: an attacker with the key, or a bad tool."""
    bundle = json.loads(json.dumps(bundle))
    statement = change(base64.b64decode(bundle["dsseEnvelope"]["payload"]).decode())
    payload = statement.encode()
    kind = b"application/vnd.in-toto+json"
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    signature = key.sign(pae, ec.ECDSA(DIGESTS[curve]()))
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return bundle


def with_root(change):
    """Changes the statement as an object and makes the root digest fit again."""

    def apply(text: str) -> str:
        statement = json.loads(text)
        change(statement)
        joined = b"".join(bytes.fromhex(r["digest"]) for r in statement["predicate"]["resources"])
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(joined).hexdigest()
        return json.dumps(statement)

    return apply


def python_signs() -> None:
    for curve, make in CURVES.items():
        key = ec.generate_private_key(make())
        private, public = write(f"{curve}.pem", pem(key)), write(f"{curve}.pub", public_pem(key))
        for algorithm in ("sha256", "blake2", "blake3"):
            for shard in (None, 7, 256, 1 << 20):
                name = f"python {curve} {algorithm} {shard or 'files'}"
                model, signature = tree("model"), WORK / "model.sig"
                config = signing.Config().use_elliptic_key_signer(private_key=private)
                config.set_hashing_config(configured(algorithm, shard)).sign(model, signature)
                check = by_key(public).set_hashing_config(configured(algorithm, shard))
                got = {"weighbridge": weighbridge(model, signature, "--key", public), "reference": reference(model, signature, check)}
                case(name, {"weighbridge": True, "reference": True}, got)
                (model / "weights.bin").write_bytes(TREE["weights.bin"][:-1] + b"x")
                got = {"weighbridge": weighbridge(model, signature, "--key", public), "reference": reference(model, signature, check)}
                case(f"{name}, tampered", {"weighbridge": False, "reference": False}, got)
        single = tree("single", {"model.bin": b"weights" * 100}) / "model.bin"
        signature = WORK / "single.sig"
        signing.Config().use_elliptic_key_signer(private_key=private).sign(single, signature)
        got = {"weighbridge": weighbridge(single, signature, "--key", public), "reference": reference(single, signature, by_key(public))}
        case(f"python {curve} one file", {"weighbridge": True, "reference": True}, got)


def weighbridge_signs() -> None:
    trees = {
        "all": TREE,
        "one": {"only": b"x"},
        "empty file": {"a": b"", "b": b"x"},
        "order": {path: path.encode() for path in ("a", "a.b", "a-b", "b/a", "b-a/a", "b.a", "b/a-c", "b/a/c"[:3] + "_")},
        "unicode": {"é": b"1", "e\u0301": b"2", "😀/x": b"3", "ａ": b"4", "~": b"5"},
    }
    for kind in CURVES:
        private = WORK / f"wb-{kind}-{len(results)}"
        subprocess.run([WEIGHBRIDGE, "key", "generate", private, "--kind", kind, "--unencrypted", "-q"], check=True)
        public = Path(f"{private}.pub")
        for name, files in trees.items():
            model = tree("mine", files)
            subprocess.run([WEIGHBRIDGE, "sign", model, "--key", private, "-q"], check=True)
            signature = model / "model.sig"
            got = {"weighbridge": weighbridge(model, signature, "--key", public), "reference": reference(model, signature, by_key(public))}
            case(f"weighbridge {kind} {name}", {"weighbridge": True, "reference": True}, got)
            payload = json.loads(base64.b64decode(json.loads(signature.read_text())["dsseEnvelope"]["payload"]))
            theirs = WORK / "theirs.sig"
            shutil.copy(signature, WORK / "mine.sig")
            signature.unlink()
            signing.Config().use_elliptic_key_signer(private_key=private).sign(model, theirs)
            other = json.loads(base64.b64decode(json.loads(theirs.read_text())["dsseEnvelope"]["payload"]))
            same = payload["subject"][0]["digest"] == other["subject"][0]["digest"]
            same &= payload["predicate"]["resources"] == other["predicate"]["resources"]
            case(f"weighbridge {kind} {name}, the same root and list", {"same": True}, {"same": same})


def tampered() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = ec.generate_private_key(ec.SECP256R1())
    private, public = write("t.pem", pem(key)), write("t.pub", public_pem(key))
    stranger = write("stranger.pub", public_pem(other))
    model, signature = tree("model"), WORK / "t.sig"
    signing.Config().use_elliptic_key_signer(private_key=private).sign(model, signature)
    good = json.loads(signature.read_text())

    def both(name: str, wanted=(False, False), bundle=None, key_file=public, note=""):
        path = write("bent.sig", json.dumps(bundle).encode() if isinstance(bundle, dict) else bundle) if bundle else signature
        got = {"weighbridge": weighbridge(model, path, "--key", key_file), "reference": reference(model, path, by_key(key_file))}
        case(name, dict(zip(("weighbridge", "reference"), wanted)), got, note)

    both("untouched", (True, True))
    both("another key", key_file=stranger)
    for name, change in {
        "file added": lambda: (model / "extra.py").write_bytes(b"import os"),
        "empty file added": lambda: (model / "deep/__init__.py").write_bytes(b""),
        "file removed": lambda: (model / "Z").unlink(),
        "file renamed": lambda: (model / "Z").rename(model / "Y"),
        "files swapped": lambda: ((model / "Z").write_bytes(b"3"), (model / "a.txt").write_bytes(b"5")),
        "file grown": lambda: (model / "Z").write_bytes(b"5\n"),
        "file emptied": lambda: (model / "weights.bin").write_bytes(b""),
        "link in place of a file": lambda: ((model / "Z").unlink(), (model / "Z").symlink_to("a.txt")),
        "file moved down": lambda: ((model / "x").mkdir(), (model / "Z").rename(model / "x/Z")),
    }.items():
        change()
        both(name)
        tree("model")
    (model / ".github").mkdir()
    (model / ".github/x").write_bytes(b"")
    both("file below .github", (True, True))
    tree("model")

    def changed(path: str, value):
        bundle = json.loads(json.dumps(good))
        at = bundle
        *parts, last = path.split("/")
        for part in parts:
            at = at[int(part)] if part.isdigit() else at[part]
        at[int(last) if last.isdigit() else last] = value
        return bundle

    payload = base64.b64decode(good["dsseEnvelope"]["payload"])
    sig = base64.b64decode(good["dsseEnvelope"]["signatures"][0]["sig"])
    flip = lambda data, at: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
    b64 = lambda data: base64.b64encode(data).decode()
    for at in (5, len(payload) // 2, len(payload) - 2):
        both(f"payload bit {at}", bundle=changed("dsseEnvelope/payload", b64(flip(payload, at))))
    for at in (0, 10, len(sig) - 1):
        both(f"signature bit {at}", bundle=changed("dsseEnvelope/signatures/0/sig", b64(flip(sig, at))))
    both("signature empty", bundle=changed("dsseEnvelope/signatures/0/sig", ""))
    both("no signature", bundle=changed("dsseEnvelope/signatures", []))
    both("payload type", bundle=changed("dsseEnvelope/payloadType", "text/plain"))
    both("media type", bundle=changed("mediaType", "application/json"))
    both("hint of another key", bundle=changed("verificationMaterial/publicKey/hint", "00" * 32))
    both("not JSON", bundle=b"hello")
    both("truncated", bundle=json.dumps(good).encode()[:-20])

    again = lambda change: bent(good, change, key, "p256")
    both("signed again", (True, True), again(lambda text: text))
    for name, old, new in (
        ("statement type", "in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1"),
        ("predicate type", "model_signing/signature/v1.0", "model_signing/signature/v9"),
        ("method", '"files"', '"tensors"'),
    ):
        both(name, bundle=again(lambda text: text.replace(old, new)))
    resource = lambda statement: statement["predicate"]["resources"]
    both("root digest", bundle=again(lambda text: text.replace(json.loads(text)["subject"][0]["digest"]["sha256"], "00" * 32)))
    both("resource missing", bundle=again(with_root(lambda s: resource(s).pop())))
    both("resource added", bundle=again(with_root(lambda s: resource(s).append({"name": "zz", "algorithm": "sha256", "digest": "00" * 32}))))
    both("two subjects", bundle=again(with_root(lambda s: s["subject"].append(s["subject"][0]))))
    both("other order", (True, True), again(with_root(lambda s: s["predicate"].update(resources=sorted(resource(s), key=lambda r: r["name"])))))
    # Holes of the reference: it accepts, weighbridge must not.
    hole = (False, True)
    double = lambda text: text.replace('"_type"', '"predicateType": "x", "_type"', 1)
    both("hole: key twice", hole, again(double))
    both("hole: name twice", hole, again(with_root(lambda s: resource(s).append(dict(resource(s)[0])))))
    both("hole: upper-case digest", hole, again(with_root(lambda s: resource(s)[0].update(digest=resource(s)[0]["digest"].upper()))))
    both("hole: unnormalised name", hole, again(with_root(lambda s: resource(s)[-1].update(name="./" + resource(s)[-1]["name"]))))
    nothing = lambda s: (s["predicate"].update(resources=[]), s["predicate"]["serialization"].update(ignore_paths=["."]))
    both("hole: nothing signed", hole, again(with_root(nothing)))


def differential() -> None:
    """Every field of a bundle and of its statement (signed again) bent in one place; both are asked."""
    from concurrent.futures import ThreadPoolExecutor

    key = ec.generate_private_key(ec.SECP256R1())
    private, public = write("d.pem", pem(key)), write("d.pub", public_pem(key))
    model = tree("bent-model", {"config.json": b"{}", "a/b": b"2", "a-b": b"3"})
    for shard in (None, 64):
        config = signing.Config().use_elliptic_key_signer(private_key=private)
        config.set_hashing_config(configured("sha256", shard)).sign(model, WORK / "d.sig")
        good = json.loads((WORK / "d.sig").read_text())
        texts = [(f"bundle, {how}", new if isinstance(new, str) else json.dumps(new)) for how, new in bends(good)]
        statement = json.loads(base64.b64decode(good["dsseEnvelope"]["payload"]))
        for how, new in bends(statement):
            text = new if isinstance(new, str) else json.dumps(new)
            texts.append((f"statement, {how}", json.dumps(bent(good, lambda _: text, key, "p256"))))
            if isinstance(new, dict):
                try:
                    fitting = with_root(lambda _: None)(text)
                except Exception:
                    continue
                texts.append((f"statement with its root, {how}", json.dumps(bent(good, lambda _: fitting, key, "p256"))))

        def ask(of):
            number, (how, text) = of
            path = write(f"bent-{number}.sig", text.encode())
            check = by_key(public).set_hashing_config(configured("sha256", shard))
            return how, weighbridge(model, path, "--key", public), reference(model, path, check)

        with ThreadPoolExecutor(4) as pool:
            for how, ours, theirs in pool.map(ask, enumerate(texts)):
                case(f"bent {shard or 'files'}: {how}", {"only weighbridge accepts": False}, {"only weighbridge accepts": ours and not theirs})


def certificates() -> None:
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    year = datetime.timedelta(days=365)

    def issue(name, key, issuer_name, issuer_key, ca, begin=start, length=20 * year, usage=None, purposes=None):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + length)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if usage is not None:
            flags = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
            builder = builder.add_extension(x509.KeyUsage(**{**flags, **dict.fromkeys(usage, True)}), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    file = lambda name, *certificates: write(name, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates))
    root_key, int_key, leaf_key = (ec.generate_private_key(ec.SECP384R1()) for _ in range(3))
    root = issue("root", root_key, "root", root_key, True, usage=["key_cert_sign"])
    inter = issue("int", int_key, "root", root_key, True, usage=["key_cert_sign"])
    sign = ["digital_signature"]
    variants = {
        "good": (dict(usage=sign), (True, True)),
        "code signing": (dict(purposes=[ExtendedKeyUsageOID.CODE_SIGNING]), (True, True)),
        "no usage": (dict(), (False, False)),
        "key agreement": (dict(usage=["key_agreement"]), (False, False)),
        "web server": (dict(purposes=[ExtendedKeyUsageOID.SERVER_AUTH]), (False, False)),
        "before its authority": (dict(usage=sign, begin=start - year), (False, False)),
        "digital signature, for web servers": (dict(usage=sign, purposes=[ExtendedKeyUsageOID.SERVER_AUTH]), (False, True)),
    }
    model = tree("model")

    def run(name, leaf, private, chain, trusted, wanted):
        signature = WORK / "c.sig"
        signer = signing.Config().use_certificate_signer(private_key=private, signing_certificate=file("leaf.pem", leaf), certificate_chain=[file("chain.pem", *chain)] if chain else [])
        signer.sign(model, signature)
        roots = file("roots.pem", *trusted)
        check = verifying.Config().use_certificate_verifier(certificate_chain=[roots])
        got = {"weighbridge": weighbridge(model, signature, "--certificate-chain", roots), "reference": reference(model, signature, check)}
        case(f"certificate: {name}", dict(zip(("weighbridge", "reference"), wanted)), got)

    private = write("leaf-key.pem", pem(leaf_key))
    for name, (how, wanted) in variants.items():
        run(name, issue("leaf", leaf_key, "int", int_key, False, **how), private, [inter], [root], wanted)
    leaf = issue("leaf", leaf_key, "int", int_key, False, usage=sign)
    run("intermediate given by the verifier", leaf, private, [root], [root, inter], (True, True))
    run("intermediate missing", leaf, private, [root], [root], (False, False))
    run("only the intermediate trusted", leaf, private, [inter], [inter], (False, False))
    stranger = issue("root", int_key, "root", int_key, True, usage=["key_cert_sign"])
    run("another root of the same name", leaf, private, [inter], [stranger], (False, False))
    weak = issue("weak", int_key, "root", root_key, False, usage=["key_cert_sign"])
    run("issuer that is no authority", issue("leaf", leaf_key, "weak", int_key, False, usage=sign), private, [weak], [root], (False, False))
    mute = issue("mute", int_key, "root", root_key, True, usage=["digital_signature"])
    run("issuer that may not issue", issue("leaf", leaf_key, "mute", int_key, False, usage=sign), private, [mute], [root], (False, False))
    alone = issue("alone", leaf_key, "alone", leaf_key, False, usage=sign)
    run("self-issued and trusted", alone, private, [root], [alone], (True, True))


def main() -> int:
    python_signs()
    weighbridge_signs()
    tampered()
    differential()
    certificates()
    wrong = [(name, why) for name, right, why in results if not right]
    for name, why in wrong:
        print(f"DISAGREE {name}: {why}")
    print(f"{len(results)} cases, {len(wrong)} wrong")
    shutil.rmtree(WORK)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
