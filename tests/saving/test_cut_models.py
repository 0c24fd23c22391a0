"""A model that is cut out of another is what lies between its inputs and outputs, in both Kerases."""

from __future__ import annotations

import warnings

import keras
import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_structure
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"]),
]


class Penalty(keras.layers.Layer):
    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        self.add_loss(self.scale * keras.ops.mean(inputs))
        return inputs


class OldPenalty(tf_keras.layers.Layer):
    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        return inputs * self.scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def whole(dialect):
    """Return a model that ends in a layer of the user's."""
    inputs = dialect.layers.Input((3,), name="pixels")
    hidden = dialect.layers.Dense(4, name="hidden")(inputs)
    outputs = dialect.layers.Dense(2, name="scores")(hidden)
    model = dialect.Model(inputs, (Penalty if dialect is keras else OldPenalty)(0.5)(outputs))
    return zoo.trained(model, zoo.rows(4, 3), zoo.rows(4, 2))


CUTS = {
    "body": lambda dialect, model: dialect.Model(model.inputs, model.get_layer("scores").output),
    "head": lambda dialect, model: dialect.Model(model.get_layer("hidden").output, model.get_layer("scores").output),
    "features": lambda dialect, model: dialect.Model(
        model.inputs, [model.get_layer(name).output for name in ("hidden", "scores")]
    ),
}


@pytest.mark.parametrize("cut", CUTS)
def test_it_comes_back_whole(cut, dialect):
    report = save(SaveRequest(CUTS[cut](dialect, whole(dialect)), "cut"))
    assert (("keras",), Outcome.PASSED) == (tuple(item.format for item in report.manifest.payloads), report.outcome)
    assert load(LoadRequest("cut")).is_proven


@pytest.mark.parametrize("cut", CUTS)
def test_a_layer_outside_it_is_no_part_of_it(cut, dialect):
    assert [] == find_custom_objects(CUTS[cut](dialect, whole(dialect)))


def test_a_layer_inside_it_is(dialect):
    model = whole(dialect)
    cut = dialect.Model(model.get_layer("scores").output, model.outputs)
    assert ["Penalty" if dialect is keras else "OldPenalty"] == [item.__name__ for item in find_custom_objects(cut)]


def test_a_cut_at_another_layer_is_a_difference(dialect):
    model = whole(dialect)
    here, there = (dialect.Model(model.inputs, model.get_layer(name).output) for name in ("scores", "hidden"))
    assert "scores" in {item.where for item in compare_structure(examine(here), examine(there))}
