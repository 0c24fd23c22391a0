"""Whatever looks for a name without a store looks in the store of the settings."""

from __future__ import annotations

import pytest

from colab_save.errors import RequestError
from colab_save.request.request import LoadRequest
from colab_save.settings import Origin, change
from colab_save.stores.local import LocalStore
from colab_save.versions.curating import delete_version, restore_version, tag_version
from colab_save.versions.listing import list_deleted, list_models
from colab_save.versions.locating import locate
from tests.making import V1, V2, save_version


@pytest.fixture
def experiments(own_folder, tmp_path, monkeypatch):
    """A store with two versions of cats, one of them deleted; the environment names it."""
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    store = LocalStore(own_folder / "experiments")
    for version in (V1, V2):
        save_version(store, tmp_path, version)
    delete_version(f"cats@{V2}", source="./experiments")
    return store


@pytest.mark.parametrize(
    ("look", "found"),
    [
        (lambda: list_models().manifests[0].version, V1),
        (lambda: list_deleted().manifests[0].version, V2),
        (lambda: locate(LoadRequest("cats")).manifest.version, V1),
        (lambda: tag_version("cats", "best").manifest.version, V1),
        (lambda: delete_version("cats").manifest.version, V1),
        (lambda: restore_version("cats").manifest.version, V2),
    ],
    ids=["list", "list deleted", "load", "tag", "delete", "restore"],
)
def test_a_call_without_a_store_finds_it(experiments, look, found):
    assert found == look()


def test_a_store_that_is_named_wins(experiments):
    assert () == list_models(source="./models").manifests


def test_a_path_is_where_it_says(experiments, own_folder):
    (own_folder / "cats.keras").write_bytes(b"a model")
    assert own_folder == locate(LoadRequest("./cats.keras")).store.root


def test_a_bad_setting_is_refused_where_it_is_needed():
    change({"to": 5}, Origin.IPYTHON)
    with pytest.raises(RequestError, match="to must be drive, a folder or a URL"):
        list_models()
    assert () == list_models(source="./models").manifests
