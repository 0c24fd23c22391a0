"""Real servers of object stores, from the package index, on loopback: started once for each test module."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time

SECONDS = 60
"""How long a server may take to start."""

BUCKET = "models"

AS_AWS = {
    "AWS_ACCESS_KEY_ID": "key-of-the-test",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Where a client finds its credentials, so that it looks nowhere else."""


ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that Azurite has, as its manual says."""


@contextlib.contextmanager
def s3():
    """Run moto's S3 with one bucket; gives its port."""
    with served("-m", "moto.server", "-H", "127.0.0.1", "-p") as port:
        assert 200 == ask(port, "PUT", f"/{BUCKET}")[0]
        yield port


@contextlib.contextmanager
def gs():
    """Run the emulator of Google Cloud Storage with one bucket, in memory; gives its port."""
    command = ("start", "-q", "-M", "-H", "127.0.0.1", "--default-bucket", BUCKET, "--port")
    with served("-m", "gcp_storage_emulator", *command) as port:
        yield port


@contextlib.contextmanager
def az():
    """Run Azurite with one container, in memory; gives its port."""
    options = ("--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--blobPort")
    with served(*options, program="azurite-blob") as port:
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(as_azure(f"http://127.0.0.1:{port}")) as service:
            service.create_container(BUCKET)
        yield port


def as_azure(url):
    """How a client of Azure finds the server and its account."""
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={url}/{ACCOUNT};"


@contextlib.contextmanager
def served(*command, program=sys.executable):
    """Run a server whose last argument is its port; gives the port once it answers."""
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([program, *command, str(port)], **quiet) as server:
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
