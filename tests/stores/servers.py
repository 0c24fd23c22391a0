"""Real servers of object stores, from the package index, on loopback: started once for each test module."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time

SECONDS = 60
"""How long a server may take to start."""


@contextlib.contextmanager
def served(*command):
    """Run a server whose last argument is its port; gives the port once it answers."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, *command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port, server)
            yield port
        finally:
            server.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, server):
    limit = time.monotonic() + SECONDS
    while True:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        with contextlib.suppress(OSError):
            ask(port, "GET", "/")
            return
        assert time.monotonic() < limit, f"the server does not answer within {SECONDS} s"
        time.sleep(0.05)


def ask(port, method, path, body=None):
    """Make one plain request; gives status and body."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as server:
        server.request(method, path, body)
        answer = server.getresponse()
        return answer.status, answer.read()
