"""Where a config names an asset, before and after it is fetched."""

from __future__ import annotations

import pytest

from colab_save.artifact.assets import origins_of, places_of, texts_in, with_paths
from colab_save.artifact.manifest import FileFacts, Manifest
from colab_save.errors import DamagedFileError
from tests.making import manifest

ASSETS = {"/content/vectors.npy": "assets/vectors.npy"}


@pytest.mark.parametrize("named", ["/content/vectors.npy", "assets/vectors.npy", "../assets/vectors.npy"])
def test_each_way_to_name_one_leads_to_its_place(named, tmp_path):
    config = {"config": {"file": named, "others": [named, "mean", 3, None]}}
    place = str(tmp_path / "assets" / "vectors.npy")
    assert {"config": {"file": place, "others": [place, "mean", 3, None]}} == with_paths(
        config, places_of(ASSETS, tmp_path)
    )


def test_what_lies_in_a_folder_is_found_there(tmp_path):
    places = places_of({"/content/data": "assets/data"}, tmp_path)
    assert f"{tmp_path}/assets/data/a.txt" == with_paths("/content/data/a.txt", places)
    assert "/content/database" == with_paths("/content/database", places)


def test_the_way_back_is_exact(tmp_path):
    there = with_paths("/content/vectors.npy", places_of(ASSETS, tmp_path))
    assert "/content/vectors.npy" == with_paths(there, origins_of(ASSETS, tmp_path))


@pytest.mark.parametrize("key", ["name", "class_name", "module", "registered_name", "keras_history"])
def test_names_are_no_paths(key, tmp_path):
    config = {key: "data", "file": "data"}
    assert "data" == with_paths(config, places_of({"data": "assets/data"}, tmp_path))[key]
    assert ["data"] == texts_in(config)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "model.keras", "assets/nothing", "assets"])
def test_a_manifest_names_only_assets_that_it_has(path):
    text = manifest(assets={"vectors.npy": path}).to_json()
    with pytest.raises(DamagedFileError):
        Manifest.from_json(text, "there")


def test_a_manifest_with_assets_is_read_as_it_was_written():
    files = (*manifest().files, FileFacts("assets/vectors.npy", 3, "0" * 64))
    written = manifest(assets=ASSETS, files=files)
    assert ASSETS == Manifest.from_json(written.to_json(), "there").assets


def test_a_manifest_without_any_is_written_as_before():
    assert '"assets"' not in manifest().to_json()
