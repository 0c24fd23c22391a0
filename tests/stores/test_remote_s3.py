"""Artifacts on S3, against moto's server, with a proxy between that misbehaves."""

from __future__ import annotations

import itertools
import os

import pytest

from tests.stores import servers
from tests.stores.faulty_proxy import FaultyProxy
from tests.stores.remote_contract import HastyStore, ObjectContract

pytest.importorskip("s3fs", reason="s3:// needs s3fs; on Colab's exact versions none can be installed (wrapt)")
pytest.importorskip("moto", reason="moto is the S3 server")

BUCKET = "models"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def proxy():
    with servers.served("-m", "moto.server", "-H", "127.0.0.1", "-p") as port:
        assert 200 == servers.ask(port, "PUT", f"/{BUCKET}")[0]
        yield FaultyProxy(port)


ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key-of-the-test",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.fixture(autouse=True)
def environment(proxy, monkeypatch):
    proxy.clear()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)


class TestS3(ObjectContract):
    URL = f"s3://{BUCKET}"

    @pytest.fixture
    def store(self, proxy):
        return HastyStore(f"s3://{BUCKET}/{next(NUMBERS)}/below")

    def check_no_parts_are_left(self, store):
        found = store._caller.call("call_s3", "list_multipart_uploads", Bucket=BUCKET)
        assert [] == found.get("Uploads", [])
