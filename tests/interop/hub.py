"""huggingface_hub fills its cache and a local folder from a small hub on this machine; weighbridge must verify both,
and notice a changed blob. Usage: hub.py PATH-TO-WEIGHBRIDGE"""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

REPOSITORY = "people/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEADER = b'{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + bytes.fromhex("0000803f" * 4)
# Weights are in LFS on a hub, and named by SHA-256; small files are Git blobs.
FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"model_type":"tiny"}', "sub/notes.txt": b"notes\n"}
LARGE = {"model.safetensors"}


def git_blob(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, content, headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_GET(self):
        path = self.path.split("?")[0]
        content = FILES.get(path.partition(f"/{REPOSITORY}/resolve/")[2].partition("/")[2])
        if content is not None:
            name = path.partition("/resolve/")[2].partition("/")[2]
            tag = hashlib.sha256(content).hexdigest() if name in LARGE else git_blob(content)
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
            if name in LARGE:
                headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(len(content))}
            return self.reply(content, headers)
        if path.startswith("/api/models/") and "/tree/" in path:
            tree = [self.entry(name) for name in FILES]
            return self.reply(json.dumps(tree).encode(), {"Content-Type": "application/json"})
        if path.startswith("/api/models/"):
            info = {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "private": False, "tags": [],
                    "siblings": [{"rfilename": name} for name in FILES]}
            return self.reply(json.dumps(info).encode(), {"Content-Type": "application/json"})
        self.send_error(404)

    do_HEAD = do_GET

    @staticmethod
    def entry(name):
        content = FILES[name]
        entry = {"type": "file", "path": name, "size": len(content), "oid": git_blob(content)}
        if name in LARGE:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return entry


def verify(weighbridge, folder, code):
    command = [weighbridge, "verify", str(folder), "--checks", "integrity", "--format", "json"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == code, (folder, ended.returncode, ended.stdout, ended.stderr)
    report = json.loads(ended.stdout)
    matches = sum(f["facts"].get("files", 0) for f in report["findings"] if f["rule"] == "source-digest-match")
    return {f["rule"] for f in report["findings"]}, matches


def main(weighbridge):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        os.environ["HF_HOME"] = str(scratch / "home")
        import huggingface_hub

        snapshot = pathlib.Path(huggingface_hub.snapshot_download(REPOSITORY, cache_dir=scratch / "cache"))
        repository = snapshot.parent.parent
        for folder in [snapshot, repository, scratch / "cache"]:
            rules, matches = verify(weighbridge, folder, 0)
            assert matches == len(FILES), (folder, rules, matches)
        local = scratch / "local"
        huggingface_hub.snapshot_download(REPOSITORY, local_dir=local)
        assert verify(weighbridge, local, 0)[1] == len(FILES)

        blob = (snapshot / "model.safetensors").resolve()
        blob.chmod(0o644)
        for path, folder in [(blob, snapshot), (local / "config.json", local)]:
            path.write_bytes(path.read_bytes()[:-1] + b"!")
            rules, _ = verify(weighbridge, folder, 1)
            assert "source-digest-mismatch" in rules, (folder, rules)
        print(f"huggingface_hub {huggingface_hub.__version__}: cache, repository, snapshot and local folder agree")


main(sys.argv[1])
