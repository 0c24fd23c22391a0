"""What is inside a saved version, told from its manifest."""

from __future__ import annotations

import pytest

from colab_save.errors import NotFoundError
from colab_save.facts import LayerFacts
from colab_save.looking import MOST, Inside, inspect_model
from colab_save.stores.local import LocalStore
from tests.making import V1, facts, manifest, save_version, variable

LAYERS = (
    LayerFacts("", "Sequential"),
    LayerFacts("dense", "Dense", shape=(None, 3), dtype="mixed_float16"),
    LayerFacts("frozen", "Embedding", trainable=False),
)
WEIGHTS = (
    variable("dense/kernel", shape=(2, 3)),
    variable("dense/bias", shape=(3,)),
    variable("frozen/e", shape=(7, 2)),
)


def rows_of(**changes):
    return Inside(manifest(facts=facts(**changes))).card().table.rows


def test_each_layer_is_told_with_its_shapes_parameters_dtype_and_whether_it_trains():
    dense = ("dense", "Dense", "? x 3", "9", "[2, 3], [3]", "mixed_float16", "yes")
    frozen = ("frozen", "Embedding", "", "14", "[7, 2]", "float32", "no")
    assert (dense, frozen) == rows_of(layers=LAYERS, variables=WEIGHTS)


def test_a_model_without_layers_has_no_table():
    assert Inside(manifest(facts=facts(layers=()))).card().table is None


def test_a_table_of_very_many_layers_is_cut_and_says_so():
    layers = tuple(LayerFacts(f"layer_{number}", "Dense") for number in range(MOST + 7))
    card = Inside(manifest(facts=facts(layers=layers))).card()
    assert MOST == len(card.table.rows)
    assert "7 more layers are left out." in str(card)


def test_names_of_layers_are_text_and_never_markup():
    shown = Inside(manifest(facts=facts(layers=(LayerFacts("<b>", "<i>"),)))).card().to_html()
    assert "<b>" not in shown
    assert "<i>" not in shown


def test_a_version_is_looked_into_by_its_name(own_folder, tmp_path):
    save_version(LocalStore(own_folder / "models"), tmp_path, facts=facts(layers=LAYERS))
    assert V1 == inspect_model("cats").manifest.version
    with pytest.raises(NotFoundError):
        inspect_model("dogs")
