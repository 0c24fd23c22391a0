"""Where a plain save may go: it replaces a model, and never anything else."""

from __future__ import annotations

import pytest

from colab_save.errors import TargetError
from colab_save.formats.base import get_format
from colab_save.saving.free_places import with_free_places
from colab_save.saving.plan import Choice, Destination
from colab_save.stores.local import LocalStore


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def allowed(root):
    """The formats that may be saved to a key, and why the others may not."""

    def ask(key, *attempts):
        plugs = tuple(tuple(get_format(name) for name in names) for names in attempts)
        choice = with_free_places(Choice(plugs, {}, {}), Destination(LocalStore(root), key, key, path=f"./{key}"))
        return [plug.name for formats in choice.attempts for plug in formats], choice.refusals

    return ask


def write(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")


@pytest.mark.parametrize(
    ("key", "format"), [("cats.keras", "keras"), ("cats", "keras"), ("cats.h5", "h5"), ("cats", "saved_model")]
)
def test_a_free_place(allowed, key, format):
    assert ([format], {}) == allowed(key, (format,))


@pytest.mark.parametrize(("key", "format"), [("cats.keras", "keras"), ("cats.h5", "h5"), ("cats", "saved_model")])
def test_an_empty_folder_is_a_free_place(allowed, root, key, format):
    (root / key).mkdir(parents=True)
    assert ([format], {}) == allowed(key, (format,))


def test_a_file_takes_the_place_of_a_file(allowed, root):
    write(root / "cats.keras")
    assert (["keras"], {}) == allowed("cats.keras", ("keras",))


def test_a_saved_model_takes_the_place_of_a_saved_model(allowed, root):
    for name in ("saved_model.pb", "fingerprint.pb", "variables/variables.index", "assets/vocabulary.txt"):
        write(root / "cats" / name)
    assert (["saved_model"], {}) == allowed("cats", ("saved_model",))


@pytest.mark.parametrize("name", ["notes.txt", "20260822T101530Z-3fa2/manifest.json", "variables.txt", ".hidden"])
def test_a_folder_with_anything_else_in_it_is_never_replaced(allowed, root, name):
    write(root / "models/saved_model.pb")
    write(root / "models" / name)
    with pytest.raises(TargetError, match=f"is a folder with {name.partition('/')[0]}"):
        allowed("models", ("saved_model",))


def test_a_file_never_takes_the_place_of_a_folder(allowed, root):
    write(root / "cats.keras/saved_model.pb")
    with pytest.raises(TargetError, match="is a folder"):
        allowed("cats.keras", ("keras",))


def test_a_folder_never_takes_the_place_of_a_file(allowed, root):
    write(root / "cats")
    with pytest.raises(TargetError, match="is a file"):
        allowed("cats", ("saved_model",))


def test_auto_goes_on_with_the_format_whose_place_is_free(allowed, root):
    write(root / "cats/photo.png")
    formats, refusals = allowed("cats", ("keras",), ("saved_model",))
    assert (["keras"], {"saved_model"}) == (formats, set(refusals))
