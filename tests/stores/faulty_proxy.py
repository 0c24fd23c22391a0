"""A small HTTP proxy on loopback before a real server, which misbehaves on request.

Each request that matches takes the next fault of the list; when the list is empty, the proxy only passes on.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import struct
import threading
import time
from dataclasses import dataclass

UNREPEATED = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


@dataclass(frozen=True)
class Fault:
    """One misbehaviour.

    Attributes:
        kind: ``reset`` before or ``lost`` after the server has done it, a ``status``, ``truncated`` or ``slow`` body,
            ``hang``.
        method: The requests it is for; empty means all.
        status: For ``status``.
        path: A part of the paths that it is for.
    """

    kind: str
    method: str = ""
    status: int = 503
    path: str = ""

    def is_for(self, method, path):
        return self.method in {"", method} and self.path in path


class FaultyProxy(http.server.ThreadingHTTPServer):
    """Passes requests on to a port of this machine.

    Attributes:
        faults: What happens to the next requests.
        seen: Method and path of each request.
        busy: How many requests of a method were there at the same time at most.
    """

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.lock = threading.Lock()
        self.clear()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def clear(self, *faults):
        self.faults, self.seen, self.now, self.busy = list(faults), [], {}, {}

    def enter(self, method, path):
        """Note a request, and give its fault."""
        with self.lock:
            self.seen.append((method, path))
            self.now[method] = self.now.get(method, 0) + 1
            self.busy[method] = max(self.busy.get(method, 0), self.now[method])
            fault = next((fault for fault in self.faults if fault.is_for(method, path)), Fault(""))
            if fault.kind:
                self.faults.remove(fault)
            return fault

    def leave(self, method):
        with self.lock:
            self.now[method] = self.now.get(method, 1) - 1

    def handle_error(self, request, client_address):
        """Print nothing: broken connections are expected."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer, which is sent in two, waits 40 ms

    def log_message(self, *arguments):
        pass

    def pass_on(self):
        fault = self.server.enter(self.command, self.path)
        try:
            body = self.received()
            if fault.kind == "reset":
                self.reset()
            elif fault.kind == "hang":
                time.sleep(3)
                self.reset()
            elif fault.kind == "status":
                self.answer(fault.status, [], b"busy")
            else:
                status, headers, content = self.asked(body)
                if fault.kind == "lost":
                    self.reset()
                else:
                    self.answer(status, headers, content, fault.kind)
        finally:
            self.server.leave(self.command)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on  # noqa: N815 - the base calls them so

    def received(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            blocks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                blocks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(blocks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def asked(self, body):
        """Ask the server, as the client did."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)) as server:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in UNREPEATED:
                    server.putheader(name, value)
            server.putheader("Content-Length", str(len(body)))
            server.endheaders(body)
            answer = server.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def answer(self, status, headers, content, fault=""):
        self.send_response_only(status)
        lengths = {value for name, value in headers if self.command == "HEAD" and name.lower() == "content-length"}
        for name, value in headers:
            if name.lower() not in UNREPEATED:
                self.send_header(name, value)
        self.send_header("Content-Length", lengths.pop() if lengths else str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        if fault == "truncated":
            self.reset()
            return
        if fault == "slow":
            time.sleep(0.5)
        self.wfile.write(content[half:])

    def reset(self):
        """End the connection at once, so that the other side gets ECONNRESET."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
