"""A model whose call() is not inference: what it answers by itself is proven, in every format that can answer so."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.artifact.sample import BY_DEFAULT
from colab_save.errors import RoundTripError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

X = zoo.rows(3, 4)


class Doubling(keras.layers.Layer):
    """Doubles where nobody says whether it trains."""

    def call(self, inputs, training=True):
        return inputs * 2.0 if training else inputs


class Forgetful(keras.layers.Layer):
    """Doubles in the notebook, and triples in a fresh process, where nobody says whether it trains."""

    def call(self, inputs, training=True):
        return inputs * (3.0 if "colab_save_custom_code" in __name__ else 2.0) if training else inputs


def holding(layer):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), layer])


@pytest.mark.parametrize("formats", ["keras", "saved_model"])
def test_what_a_call_gave_is_what_the_loaded_one_gives(formats):
    model = holding(Doubling())
    report = save(SaveRequest(model, "cats", formats=formats))
    loaded = load(LoadRequest(f"cats@{report.manifest.version}", trust=True)).model
    np.testing.assert_allclose(model(X), loaded(X), rtol=1e-5)


def test_the_default_is_a_pass_of_the_proof():
    [trip] = save(SaveRequest(holding(Doubling()), "cats", formats="saved_model")).manifest.round_trips
    names = {error.name.partition(":")[0] for error in trip.errors}
    assert (Outcome.PASSED, True) == (trip.outcome, BY_DEFAULT in names)


def test_another_default_in_the_fresh_process_fails():
    with pytest.raises(RoundTripError, match=BY_DEFAULT):
        save(SaveRequest(holding(Forgetful()), "cats", formats="keras"))


def test_extras_are_attributes_of_a_loaded_program():
    model = holding(keras.layers.Dense(2))
    model.class_names = ["cat", "dog"]
    report = save(SaveRequest(model, "cats", formats="saved_model", extra=("class_names",)))
    loaded = load(LoadRequest(f"cats@{report.manifest.version}"))
    assert (["cat", "dog"], ()) == (loaded.model.class_names, loaded.notes)
