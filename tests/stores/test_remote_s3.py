"""Artifacts on S3, against moto's server, with a proxy between that misbehaves."""

from __future__ import annotations

import itertools

import pytest

from colab_save.errors import StoreUnavailableError
from colab_save.stores.remote.remote import RemoteStore
from tests.stores import servers
from tests.stores.faulty_proxy import FaultyProxy
from tests.stores.remote_contract import HastyStore, ObjectContract

pytest.importorskip("s3fs", reason="s3:// needs s3fs; on Colab's exact versions none can be installed (wrapt)")
pytest.importorskip("moto", reason="moto is the S3 server")

pytestmark = pytest.mark.outside

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def proxy():
    with servers.s3() as port:
        yield FaultyProxy(port)


@pytest.fixture(autouse=True)
def environment(proxy, monkeypatch):
    proxy.clear()
    for name, value in {**servers.AS_AWS, "AWS_ENDPOINT_URL": proxy.url}.items():
        monkeypatch.setenv(name, value)


class TestS3(ObjectContract):
    URL = f"s3://{servers.BUCKET}"

    @pytest.fixture
    def store(self, proxy):
        return HastyStore(f"s3://{servers.BUCKET}/{next(NUMBERS)}/below")

    def test_without_credentials_the_hint_says_how_to_log_in(self, proxy, monkeypatch):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        with pytest.raises(StoreUnavailableError, match="not permitted") as caught:
            RemoteStore("s3://models/a").prepare(1)
        assert "AWS_ACCESS_KEY_ID" in caught.value.hint
        assert [] == proxy.seen

    def check_no_parts_are_left(self, store):
        found = store._caller.call("call_s3", "list_multipart_uploads", Bucket=servers.BUCKET)
        assert [] == found.get("Uploads", [])
