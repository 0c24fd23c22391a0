"""The metrics of the last training are read from the live model, and only where Keras records them."""

from __future__ import annotations

import types

import numpy as np
import pytest

from colab_save.model.history import metrics_of


def model_with(history):
    return types.SimpleNamespace(history=types.SimpleNamespace(history=history))


def test_the_last_value_of_each_is_taken():
    assert {"loss": 0.25, "auc": 0.5} == metrics_of(
        {"": model_with({"loss": [1.0, 0.25], "auc": [np.float32(0.5)]})}, {}
    )


def test_metrics_that_the_user_gives_take_precedence():
    assert {"loss": 0.1, "f1": 0.9} == metrics_of({"": model_with({"loss": [1.0]})}, {"loss": 0.1, "f1": 0.9})


def test_in_a_collection_each_name_begins_with_the_part():
    models = {"actor": model_with({"loss": [1.0]}), "critic": model_with({"loss": [2.0]})}
    assert {"actor/loss": 1.0, "critic/loss": 2.0} == metrics_of(models, {})


@pytest.mark.parametrize(
    "model",
    [
        object(),
        types.SimpleNamespace(history=[1, 2]),
        types.SimpleNamespace(history=None),
        model_with([1.0]),
        model_with({"loss": []}),
        model_with({"loss": 1.0, 7: [1.0], "\ud800": [1.0], "confusion": [np.ones((2, 2))], "note": ["good"]}),
    ],
    ids=["no model", "a list", "none", "a list of numbers", "no epoch", "odd names and values"],
)
def test_anything_else_of_that_name_is_not_a_metric(model):
    assert {} == metrics_of({"": model}, {})


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_keras_records_its_metrics_in_the_model(name):
    keras = pytest.importorskip(name)
    model = keras.Sequential(
        [keras.layers.Dense(1, input_shape=(2,))] if name == "tf_keras" else [keras.layers.Dense(1)]
    )
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    data = np.ones((4, 2)), np.zeros((4, 1))
    assert {} == metrics_of({"": model}, {})
    fitted = model.fit(*data, epochs=2, validation_data=data, verbose=0).history
    assert {"loss", "mae", "val_loss", "val_mae"} <= fitted.keys()
    assert {key: values[-1] for key, values in fitted.items()} == metrics_of({"": model}, {})
