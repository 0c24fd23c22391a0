"""Artifacts on Azure's blob storage, against Azurite, with a proxy between that misbehaves."""

from __future__ import annotations

import itertools
import shutil

import pytest

from tests.stores import servers
from tests.stores.faulty_proxy import FaultyProxy
from tests.stores.remote_contract import HastyStore, ObjectContract

pytest.importorskip("adlfs", reason="az:// needs adlfs")

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not shutil.which("azurite-blob"), reason="azurite is the server (npm install --global azurite)"),
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),  # adlfs gives aiohttp bytes
]

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def proxy():
    with servers.az() as port:
        yield FaultyProxy(port)


@pytest.fixture(autouse=True)
def environment(proxy, monkeypatch):
    proxy.clear()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", servers.as_azure(proxy.url))


class TestAzure(ObjectContract):
    URL = f"az://{servers.BUCKET}"
    PART = "comp=block&"
    LARGE = (64 << 20) + 1  # up to 64 MiB a blob is one request

    @pytest.fixture
    def store(self, proxy):
        return HastyStore(f"az://{servers.BUCKET}/{next(NUMBERS)}/below")
