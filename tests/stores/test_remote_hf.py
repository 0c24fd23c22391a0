"""Artifacts on the Hugging Face Hub, against a small one of ours, with a proxy between that misbehaves."""

from __future__ import annotations

import itertools

import pytest

from tests.stores.fake_hub import REPOSITORY, FakeHub
from tests.stores.faulty_proxy import FaultyProxy
from tests.stores.remote_contract import HastyStore, ObjectContract

pytest.importorskip("huggingface_hub", reason="hf:// needs huggingface_hub")

pytestmark = pytest.mark.outside

NUMBERS = itertools.count()

TOKEN = "token-of-the-test"


@pytest.fixture(scope="module")
def hub():
    return FakeHub(TOKEN)


@pytest.fixture(scope="module")
def proxy(hub):
    return FaultyProxy(hub.port)


@pytest.fixture(autouse=True)
def environment(proxy, monkeypatch):
    from fsspec.config import conf

    proxy.clear()
    monkeypatch.setitem(conf, "hf", {"endpoint": proxy.url, "token": TOKEN})


class TestHuggingFace(ObjectContract):
    URL = f"hf://{REPOSITORY}"
    PUT = "POST"
    PART = "/commit/"

    test_a_server_that_stays_broken_is_given_up_and_still_has_the_old_bytes = (
        None  # the client itself waits for a minute
    )
    test_a_large_file_travels_in_parts_with_progress_and_side_by_side = None  # a file is one commit

    CALLS_OF_A_PUT = frozenset({"put_file"})

    @pytest.fixture
    def store(self, proxy):
        return HastyStore(f"hf://{REPOSITORY}/{next(NUMBERS)}/below")
