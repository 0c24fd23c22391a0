"""A small Hugging Face Hub on loopback: one repository whose files are in memory, each write one commit.

What its clients ask (huggingface_hub 1.27 and 2.4): the repository, a level of its tree, facts of paths, what kind of
upload a file wants (small ones and large ones alike: in the commit itself), the commit, and the file.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import threading
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "someone/models"

API = re.compile(
    rf"/api/models/{REPOSITORY}(/(?P<what>revision|tree|paths-info|preupload|commit)/main(/(?P<path>.*))?)?"
)
FILE = re.compile(rf"/{REPOSITORY}/resolve/main/(?P<path>.+)")


class FakeHub(http.server.ThreadingHTTPServer):
    """Serves one repository.

    Attributes:
        files: Path and bytes.
        commits: How many there are.
        token: Who may write.
    """

    daemon_threads = True

    def __init__(self, token):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token, self.files, self.commits, self.lock = token, {}, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def facts(self, path):
        """Return the entry of a file or a folder, or nothing."""
        if path in self.files:
            content = self.files[path]
            return {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        if any(name.startswith(f"{path}/") for name in self.files):
            return {"type": "directory", "path": path, "oid": hashlib.sha1(path.encode()).hexdigest()}
        return None

    def level(self, folder):
        """List a folder."""
        below = f"{folder}/" if folder else ""
        names = {below + path.removeprefix(below).split("/")[0] for path in self.files if path.startswith(below)}
        return [self.facts(name) for name in sorted(names)]

    def commit(self, lines):
        """Apply a commit, completely or not at all."""
        with self.lock:
            files = dict(self.files)
            for line in lines:
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
                elif line["key"] != "header":
                    raise KeyError(line["key"])
            self.files, self.commits = files, self.commits + 1


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer, which is sent in two, waits 40 ms

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if found := FILE.fullmatch(path):
            self.send_file(found["path"])
        elif found := API.fullmatch(path):
            self.send_facts(found["what"], found["path"] or "")
        else:
            self.fail(404, "RepoNotFound")

    do_HEAD = do_GET  # noqa: N815 - the base calls it so

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))  # as the proxy sends all of them
        found = API.fullmatch(unquote(urlsplit(self.path).path))
        if found is None:
            self.fail(404, "RepoNotFound")
        elif found["what"] == "paths-info":
            asked = parse_qs(body.decode())["paths"]
            self.answer([facts for path in asked if (facts := self.server.facts(path))])
        elif self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self.fail(403, "")
        elif found["what"] == "preupload":
            files = [{"path": file["path"], "uploadMode": "regular"} for file in json.loads(body)["files"]]
            self.answer({"files": [{**file, "shouldIgnore": False, "oid": None} for file in files]})
        else:
            self.commit(body)

    def commit(self, body):
        try:
            self.server.commit([json.loads(line) for line in body.splitlines()])
        except KeyError:
            self.fail(404, "EntryNotFound")
            return
        url = f"http://127.0.0.1:{self.server.port}/{REPOSITORY}/commit/{self.server.commits:040x}"
        self.answer({"success": True, "commitOid": f"{self.server.commits:040x}", "commitUrl": url})

    def send_facts(self, what, path):
        if what == "tree":
            level = self.server.level(path)
            if path and not level:
                self.fail(404, "EntryNotFound")
            else:
                self.answer(level)
        else:
            self.answer({"id": REPOSITORY, "sha": f"{self.server.commits:040x}", "siblings": []})

    def send_file(self, path):
        content = self.server.files.get(path)
        if content is None:
            self.fail(404, "EntryNotFound")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = (int(asked[1]), int(asked[2] or len(content) - 1)) if asked else (0, len(content) - 1)
        part = content[first : last + 1]
        span = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"} if asked else {}
        etag = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": f"{self.server.commits:040x}"}
        self.send(206 if asked else 200, part, {"Content-Type": "application/octet-stream", **etag, **span})

    def answer(self, value):
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def fail(self, status, code):
        self.send(status, b'{"error": "refused"}', {"Content-Type": "application/json", "X-Error-Code": code})

    def send(self, status, content, headers):
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
