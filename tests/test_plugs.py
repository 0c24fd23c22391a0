"""One record adds a format, and one adds a store: every frontend knows them without any other change.

formats/test_own_format.py and stores/test_own_store.py test that they work.
"""

from __future__ import annotations

import sys

import pytest

from colab_save.artifact.round_trip import Aspect
from colab_save.errors import RequestError, UnknownNameError
from colab_save.format_table import FORMATS
from colab_save.formats.base import get_format
from colab_save.frontends.actions import action_of
from colab_save.frontends.completion import Completer
from colab_save.inspecting.sniffing import look
from colab_save.plugging import plugged
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.store_table import STORES
from colab_save.target import Target
from colab_save.widgets.choices import purpose_in_words, terms_of
from tests.plugs import toy_format, toy_store
from tests.widgets.fake_actions import FakeActions, panel_in


@pytest.fixture(autouse=True)
def _records(monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", toy_format.RECORD)
    monkeypatch.setitem(STORES, "toy", toy_store.RECORD)


class Line:
    """What IPython passes on when the user presses Tab."""

    def __init__(self, text):
        self.text_until_cursor = text


def test_a_record_is_found_by_its_name():
    assert "toy" == get_format("toy").name


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(UnknownNameError) as caught:
        get_format("toys")
    assert "'toy'" in caught.value.hint


def test_the_suffix_of_a_path_names_it():
    assert ("toy", "cats.json") == (Target.parse("cats.json").format, Target.parse("cats.json").path)


def test_a_file_is_recognised_by_its_bytes(tmp_path):
    (tmp_path / "download").write_bytes(toy_format.BEGINNING + b"1}")
    assert "toy" == look(tmp_path / "download").format


def test_help_names_the_format_its_purpose_and_the_store():
    text = " ".join(action_of("save").magic_command.help().split())
    assert "onnx, toy, several with commas, or auto: keras, and if not all of it comes back saved_model" in text
    assert "exchange,teaching}" in text
    assert "or a toy such as toy://shelf;" in text


@pytest.mark.parametrize(("line", "word"), [("%savemodel --format ", "toy"), ("%savemodel --for ", "teaching")])
def test_tab_offers_the_format_and_its_purpose(line, word):
    assert word in Completer({})(Line(line))


def test_its_purpose_is_accepted():
    assert "teaching" == SaveRequest(None, purpose="teaching").purpose


def test_a_misspelt_purpose_gets_a_suggestion():
    with pytest.raises(RequestError) as caught:
        SaveRequest(None, purpose="teachin")
    assert "'teaching'" in caught.value.hint


def test_the_panel_offers_it(fresh_ipython, monkeypatch):
    keras = type(sys)("keras")
    keras.Model = type("Model", (), {})
    monkeypatch.setitem(sys.modules, "keras", keras)
    fresh_ipython.push({"net": keras.Model()})
    panel = panel_in(fresh_ipython, FakeActions())
    panel.save.purpose.value = "pick"
    assert "toy" in panel.save.formats.boxes
    assert "teaching" in [value for _, value in panel.save.purpose.options]
    panel.close()


def test_the_panel_shows_what_it_holds():
    assert "outputs, weights" == terms_of("toy", None).holds
    assert purpose_in_words("teaching", None).startswith("toy holds outputs, weights;")


def test_a_load_takes_its_name():
    assert "toy" == LoadRequest("cats", format="toy").format


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_holds_are_aspects(name):
    assert FORMATS[name].holds <= set(Aspect)


def test_keras_holds_every_aspect():
    assert set(Aspect) == FORMATS["keras"].holds


@pytest.mark.parametrize("table", [FORMATS, STORES], ids=["formats", "stores"])
def test_a_record_stands_under_its_own_name(table):
    assert [*table] == [record.name for record in table.values()]


@pytest.mark.parametrize(
    ("reference", "name"), [("colab_save.target:Target", "Target"), ("colab_save.target:Target.parse", "parse")]
)
def test_a_reference_stands_for_a_class_or_a_method(reference, name):
    assert name == plugged(reference).__name__
