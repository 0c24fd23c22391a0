"""Put a payload of a version at an exact path: it replaces a model of its own kind, and nothing else."""

from __future__ import annotations

import pytest

from colab_save.artifact.manifest import Payload
from colab_save.errors import NotFoundError, TargetError
from colab_save.format_table import FORMATS
from colab_save.progress import ignore_steps
from colab_save.request.request import LoadRequest
from colab_save.stores.opening import open_store
from colab_save.versions.locating import locate
from colab_save.versions.placing import find_obstacle, place_payload
from tests.making import V1, V2, save_version
from tests.plugs import toy_folder

FILES = {
    "keras": {"model.keras": b"model", "sample.npz": b"sample"},
    "saved_model": {"saved_model/saved_model.pb": b"graph", "saved_model/variables/index": b"index"},
    "toy_folder": {"toy/model.json": b"text", "toy/shelf/weights": b"weights"},
}


@pytest.fixture(autouse=True)
def _record(monkeypatch):
    monkeypatch.setitem(FORMATS, "toy_folder", toy_folder.RECORD)


@pytest.fixture(params=FILES)
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path, own_folder):
    """Puts a version of this format at ``out``."""

    def put(version=V1):
        files = FILES[kind]
        payload = Payload(kind, FORMATS[kind].payload)
        save_version(open_store(), tmp_path / "work", version, files, payloads=(payload,))
        place_payload(locate(LoadRequest(f"cats@{version}")), kind, "./out", ignore_steps)
        return own_folder / "out"

    return put


def test_a_payload_is_placed_byte_for_byte(place, kind):
    out = place()
    for name, expected in FILES[kind].items():
        if name.startswith(FORMATS[kind].payload):
            assert expected == (out / name.removeprefix(FORMATS[kind].payload).lstrip("/")).read_bytes()


def test_it_replaces_a_payload_of_the_same_format(place):
    place(V1)
    assert place(V2).exists()


def test_the_version_at_the_path_is_found_there(place, kind):
    place()
    assert (kind,) == locate(LoadRequest("./out")).manifest.formats


def test_a_folder_with_anything_else_in_it_is_never_replaced(place, own_folder):
    (own_folder / "out").mkdir()
    (own_folder / "out" / "mine.txt").touch()
    with pytest.raises(TargetError, match="is a folder"):
        place()


def test_a_format_that_the_version_does_not_have_is_refused(tmp_path):
    save_version(open_store(), tmp_path, V1)
    with pytest.raises(NotFoundError, match="was not saved as h5"):
        place_payload(locate(LoadRequest("cats")), "h5", "./cats.h5", ignore_steps)


@pytest.mark.parametrize("kind", [name for name in FILES if name != "keras"])
def test_a_folder_never_takes_the_place_of_a_file(kind, own_folder):
    (own_folder / "out").write_text("mine")
    assert find_obstacle(open_store("."), "out", kind).endswith("out is a file")
