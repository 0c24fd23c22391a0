"""Artifacts on Google Cloud Storage, against an emulator, with a proxy between that misbehaves."""

from __future__ import annotations

import itertools
import os

import pytest

from tests.stores import servers
from tests.stores.faulty_proxy import FaultyProxy
from tests.stores.remote_contract import HastyStore, ObjectContract

os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"  # gcsfs 2026 else asks by gRPC, which the emulator lacks
pytest.importorskip("gcsfs", reason="gs:// needs gcsfs")
pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is the server")

pytestmark = [
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),  # gcsfs gives aiohttp bytes
]

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def proxy():
    with servers.gs() as port:
        yield FaultyProxy(port)


@pytest.fixture(autouse=True)
def environment(proxy, monkeypatch):
    from fsspec.config import conf

    proxy.clear()
    monkeypatch.setitem(conf, "gs", {"endpoint_url": proxy.url, "token": "anon"})


class TestGoogleCloudStorage(ObjectContract):
    URL = f"gs://{servers.BUCKET}"
    PUT = "POST"
    PART = "upload_id="

    @pytest.fixture
    def store(self, proxy):
        return HastyStore(f"gs://{servers.BUCKET}/{next(NUMBERS)}/below")
