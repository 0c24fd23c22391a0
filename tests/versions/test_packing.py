"""Packed folders: unpacked files are what was packed, or they are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import FileFacts, Manifest, describe_files
from colab_save.errors import ColabSaveError, DigestError, UntrustedError
from colab_save.progress import ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.versions.fetching import fetch
from colab_save.versions.packing import contents, pack, stored, unpack
from colab_save.versions.publishing import publish
from tests.faulty_stores import MemoryStore
from tests.making import V1, digest, manifest, stage

FILES = {
    "saved_model/saved_model.pb": b"graph",
    "saved_model/variables/index": b"index" * 99,
    "sample.npz": b"sample",
}
NAMES = st.text("abc.-_é ", min_size=1, max_size=8).filter(lambda name: name.strip(". ") == name)


@pytest.fixture
def staged(tmp_path):
    """A stage with a packed folder, and its manifest."""
    folder, described = stage(tmp_path / "stage", FILES)
    packed = pack(folder, ["saved_model"])
    return folder, Manifest.from_json(replaced(described, packed).to_json(), "there")


def replaced(described, packed):
    files = tuple(file for file in described.files if not file.path.endswith(".zip"))
    return manifest(files=files, payloads=described.payloads, sample=described.sample, packed=packed)


@pytest.fixture(params=["memory", "local"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "store")


@given(st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=99), min_size=1))
def test_any_folder_is_unpacked_as_it_was(tmp_path_factory, content):
    stage, cache = tmp_path_factory.mktemp("stage"), tmp_path_factory.mktemp("cache")
    for name, data in content.items():
        path = stage / "deep/model" / name
        if not any(parent.is_file() for parent in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    files = describe_files(stage)
    [packed] = pack(stage, ["deep/model"])
    unpack(stage / packed.path, "deep/model", files, cache)
    assert files == describe_files(cache)


def test_a_store_has_one_file_instead_of_the_folder(staged, store):
    folder, described = staged
    publish(store, Place.of_version("cats", V1), folder, described, ignore_steps)
    assert ["manifest.json", "sample.npz", "saved_model.zip"] == store.keys(f"cats/{V1}")
    assert {"sample.npz", "saved_model.zip"} == {file.path for file in stored(described)}


@pytest.mark.parametrize("again", [False, True], ids=["first", "from the cache"])
def test_what_is_fetched_is_the_folder(staged, store, tmp_path, again):
    folder, described = staged
    place, cache = Place.of_version("cats", V1), tmp_path / "cache"
    publish(store, place, folder, described, ignore_steps)
    if again:
        fetch(store, place, described, ["saved_model", "sample.npz"], cache, ignore_steps)
        store.delete(f"cats/{V1}/saved_model.zip")
    found = fetch(store, place, described, ["saved_model", "sample.npz"], cache, ignore_steps)
    assert b"graph" == (found["saved_model"] / "saved_model.pb").read_bytes()
    assert b"index" * 99 == (found["saved_model"] / "variables/index").read_bytes()
    assert [] == list(cache.glob("*.zip"))


@pytest.mark.parametrize("change", ["lost", "cut", "flipped", "another file in it"])
def test_a_pack_that_is_not_what_was_saved_is_refused(staged, store, tmp_path, change):
    folder, described = staged
    publish(store, Place.of_version("cats", V1), folder, described, ignore_steps)
    data = bytearray((folder / "saved_model.zip").read_bytes())
    data[60] ^= 1
    key, file = f"cats/{V1}/saved_model.zip", tmp_path / "changed"
    file.write_bytes({"cut": data[:50], "flipped": data}.get(change, b""))
    if change == "lost":
        store.delete(key)
    else:
        store.put(key, file, lambda count: None)
    with pytest.raises(DigestError, match=r"saved_model\.zip"):
        fetch(store, Place.of_version("cats", V1), described, ["saved_model"], tmp_path / "cache", ignore_steps)


def packed_by_hand(tmp_path, members):
    """A pack that somebody else has made, with its own size and digest."""
    file = tmp_path / "hostile.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


@pytest.mark.parametrize(
    "members",
    [
        {"saved_model/saved_model.pb": b"other"},
        {"saved_model/saved_model.pb": b"longer than it was"},
        {"elsewhere.pb": b"graph"},
        {"../saved_model.pb": b"graph"},
        {"/saved_model.pb": b"graph"},
    ],
    ids=["other bytes", "longer", "missing", "out of the folder", "absolute"],
)
def test_a_hostile_pack_writes_nothing(tmp_path, members):
    file = packed_by_hand(tmp_path, members)
    wanted = [FileFacts("saved_model/saved_model.pb", 5, digest(b"graph"))]
    with pytest.raises((DigestError, UntrustedError)):
        unpack(file, "saved_model", wanted, tmp_path / "cache")
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file() and path != file]


def test_a_manifest_whose_pack_lies_elsewhere_is_refused():
    with pytest.raises(ColabSaveError, match="outside"):
        Manifest.from_json(manifest(packed=(FileFacts("../x.zip", 1, "0" * 64),)).to_json(), "there")


def test_a_manifest_without_packs_is_written_as_before():
    assert "packed" not in manifest().to_json()


def test_the_files_in_a_pack_are_known(staged):
    _, described = staged
    inside = [file.path for file in contents(described, described.packed[0])]
    assert ["saved_model/saved_model.pb", "saved_model/variables/index"] == inside
    assert "saved_model" == Path(described.packed[0].path).stem
