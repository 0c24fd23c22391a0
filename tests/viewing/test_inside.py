"""What is inside a saved version: its layers from the manifest, its weights from a payload; no model is built."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from colab_save.artifact.facts import LayerFacts
from colab_save.artifact.manifest import Part, Payload
from colab_save.errors import DamagedFileError, NotFoundError
from colab_save.stores.local import LocalStore
from colab_save.viewing.inside import HEAD, MOST, Inside, inspect_model
from tests.making import V1, facts, hdf5_bytes, keras_bytes, manifest, passed, save_version, variable

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


KERNEL, BIAS = np.arange(6, dtype="float32").reshape(2, 3), np.array([1, np.nan, np.inf], "float32")
ARRAYS = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS}
"""As Keras names them, which is not as the model does."""

KNOWN = (
    variable("dense/kernel", shape=(2, 3), content=KERNEL.tobytes()),
    variable("dense/bias", shape=(3,), content=BIAS.tobytes()),
)


def rows_of(**changes):
    return Inside(manifest(facts=facts(**changes))).card().table.rows


def as_text(rows):
    return [tuple(map(str, row)) for row in rows]


def test_each_layer_is_told_with_its_shapes_parameters_dtype_and_whether_it_trains():
    dense = ("dense", "Dense", "? x 3", "9", "mixed_float16", "yes", "\nkernel [2, 3]\nbias [3]")
    frozen = ("frozen", "Embedding", "", "14", "float32", "no", "\ne [7, 2]")
    assert [dense, frozen] == as_text(rows_of(layers=LAYERS, variables=WEIGHTS))


def test_weights_that_no_layer_holds_are_those_of_the_model_itself():
    rows = as_text(rows_of(layers=LAYERS[:2], variables=(*WEIGHTS[:2], variable("blocks/0/w", shape=(4,)))))
    assert [("the model itself", "\nblocks/0/w [4]"), "dense"] == [(rows[0][0], rows[0][-1]), rows[1][0]]


def test_a_model_without_layers_has_no_table():
    assert Inside(manifest(facts=facts(layers=()))).card().table is None


def test_a_table_of_very_many_layers_is_cut_and_says_so():
    layers = tuple(LayerFacts(f"layer_{number}", "Dense") for number in range(MOST + 7))
    card = Inside(manifest(facts=facts(layers=layers))).card()
    assert MOST == len(card.table.rows)
    assert "7 more rows are left out." in str(card)


def test_names_of_layers_are_text_and_never_markup():
    shown = Inside(manifest(facts=facts(layers=(LayerFacts("<b>", "<i>"),)))).card().to_html()
    assert "<b>" not in shown
    assert "<i>" not in shown


@pytest.fixture
def store(own_folder):
    return LocalStore(own_folder / "models")


@pytest.fixture
def save(store, tmp_path):
    """Save a version with one payload."""

    def make(payload, path="model.keras", format="keras", **changes):
        changes = {"facts": facts(layers=LAYERS, variables=KNOWN), **changes}
        return save_version(store, tmp_path, files={path: payload}, payloads=(Payload(format, path),), **changes)

    return make


def weights_of(layer, inside):
    return str(next(row[HEAD.index("weights")] for row in inside.card().table.rows if row[0] == layer))


def test_a_version_is_looked_into_by_its_name(save):
    save(keras_bytes(ARRAYS))
    assert V1 == inspect_model("cats").manifest.version
    with pytest.raises(NotFoundError):
        inspect_model("dogs")


@pytest.mark.parametrize(
    ("path", "format", "make"),
    [("model.keras", "keras", keras_bytes), ("model.weights.h5", "weights", hdf5_bytes)],
)
def test_each_weight_has_its_histogram_under_the_name_that_the_model_has_for_it(save, path, format, make):
    save(make(ARRAYS), path, format)
    said = weights_of("dense", inspect_model("cats"))
    assert re.search(r"^kernel \[2, 3\] [▁-█ ]+ 0 to 5, mean 2.5$", said, re.MULTILINE)
    assert re.search(r"^bias \[3\] [▁-█ ]+ all 1 \(! 1 NaN, 1 infinite\)$", said, re.MULTILINE)


def test_weights_that_are_no_finite_numbers_are_named_above_all_layers(save):
    save(keras_bytes(ARRAYS))
    said = "weights: not all values are finite numbers: dense/bias: 1 NaN, 1 infinite"
    assert said in str(inspect_model("cats"))


def test_of_several_models_each_has_its_own_weights(store, tmp_path):
    other = facts(layers=LAYERS, variables=(replace(KNOWN[0], digest=variable(content=(-KERNEL).tobytes()).digest),))
    parts = (Part("d", other), Part("g", facts(layers=LAYERS, variables=KNOWN[:1])))
    files = {"d/model.keras": keras_bytes({"vars/0": -KERNEL}), "g/model.keras": keras_bytes({"vars/0": KERNEL})}
    payloads = tuple(Payload("keras", path) for path in files)
    trips = tuple(replace(passed(), part=part.name) for part in parts)
    save_version(store, tmp_path, files=files, parts=parts, payloads=payloads, round_trips=trips)
    inside = inspect_model("cats")
    assert ("-5 to" in weights_of("d/dense", inside), "0 to 5" in weights_of("g/dense", inside)) == (True, True)


def test_a_damaged_payload_leaves_the_layers_and_says_why(save):
    save(keras_bytes(ARRAYS)[:-100])
    inside = inspect_model("cats")
    assert "weights: not read: " in str(inside)
    assert "cut off" in str(inside)
    assert "\nkernel [2, 3]\nbias [3]" == weights_of("dense", inside)


def test_a_payload_that_was_changed_is_not_read(save, store):
    saved = save(keras_bytes(ARRAYS))
    store.path(f"cats/{saved.version}/model.keras").write_bytes(keras_bytes({"vars/0": KERNEL}))
    assert "weights: not read: " in str(inspect_model("cats"))


def test_a_file_that_nobody_recorded_is_told_in_its_own_names(own_folder):
    (own_folder / "old.weights.h5").write_bytes(hdf5_bytes(ARRAYS))
    rows = as_text(inspect_model("./old.weights.h5").card().table.rows)
    assert [(path, "float32") for path in ARRAYS] == [row[:2] for row in rows]
    assert "0 to 5, mean 2.5" in rows[0][-1]


def test_a_foreign_file_is_inspected_before_anything_opens_it(own_folder):
    (own_folder / "old.keras").write_bytes(keras_bytes(ARRAYS)[:-100])
    with pytest.raises(DamagedFileError):
        inspect_model("./old.keras")


def test_a_plain_save_is_looked_into_by_its_path(store, tmp_path, own_folder):
    payloads, changes = (Payload("keras", "cats.keras"),), {"facts": facts(layers=LAYERS, variables=KNOWN)}
    files = {"cats.keras": keras_bytes(ARRAYS)}
    save_version(LocalStore(own_folder), tmp_path, files=files, key="cats.keras", payloads=payloads, **changes)
    assert "0 to 5, mean 2.5" in weights_of("dense", inspect_model("./cats.keras"))
