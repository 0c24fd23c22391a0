"""Artifacts behind URLs, without a server: in memory, and in a folder that fsspec opens."""

from __future__ import annotations

import itertools

import pytest

from tests.stores.remote_contract import HastyStore, RemoteContract

NUMBERS = itertools.count()


class TestMemory(RemoteContract):
    @pytest.fixture
    def store(self):
        return HastyStore(f"memory://models-{next(NUMBERS)}/below")


class TestFilesBehindAUrl(RemoteContract):
    @pytest.fixture
    def store(self, tmp_path):
        return HastyStore(f"file://{tmp_path}/models")
