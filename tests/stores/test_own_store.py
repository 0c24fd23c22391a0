"""A store that is added by one record does what every store does: the contract, saves, lists, loads."""

from __future__ import annotations

import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.store_table import STORES
from colab_save.stores.opening import open_folder_of, open_store
from colab_save.versions.listing import list_models
from tests.making import V1, save_version
from tests.plugs.toy_store import RECORD, ToyStore
from tests.stores.contract import StoreContract


@pytest.fixture(autouse=True)
def _record(monkeypatch):
    monkeypatch.setitem(STORES, RECORD.name, RECORD)


class TestToyStore(StoreContract):
    @pytest.fixture
    def store(self):
        return ToyStore("toy://shelf")


def test_its_scheme_opens_it():
    store = open_store("toy://shelf")
    assert (ToyStore, "toy://shelf") == (type(store), store.location)


def test_a_file_at_an_exact_place_of_it_is_a_key_of_its_folder():
    store, key = open_folder_of("toy://shelf/a/cats.keras")
    assert (ToyStore, "toy://shelf/a", "cats.keras") == (type(store), store.location, key)


def test_other_places_are_those_of_the_other_stores():
    assert ["remote", "local"] == [open_store(location).kind for location in ("memory://shelf", "./toy")]


def test_what_is_in_it_is_listed(tmp_path):
    save_version(open_store("toy://shelf"), tmp_path)
    listing = list_models(source="toy://shelf")
    assert ("toy", [V1]) == (listing.store, [manifest.version for manifest in listing.manifests])


@pytest.mark.tensorflow
def test_a_model_that_was_saved_there_is_listed_and_comes_back():
    from tests.zoo import untrained

    report = save(SaveRequest(untrained(), "cats", to="toy://shelf"))
    assert (Outcome.PASSED, "on the shelf") == (report.outcome, report.card().facts["upload"])
    assert [report.manifest] == list(list_models(source="toy://shelf").manifests)
    assert load(LoadRequest("cats", source="toy://shelf")).is_proven


@pytest.mark.tensorflow
def test_a_plain_file_is_saved_there_and_comes_back():
    from tests.zoo import untrained

    save(SaveRequest(untrained(), "toy://shelf/cats.keras", verify=False))
    assert load(LoadRequest("toy://shelf/cats.keras")).is_proven
