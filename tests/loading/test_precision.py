"""A model comes back in the precision that it was made in, whatever the notebook has set since."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import keras
import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.dialect import plain_policy
from colab_save.inspecting.inspection import inspect
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.precision import made_in
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

SETTINGS = [("mixed_float16", "float32"), ("float64", "float64"), ("float32", "float64")]


@contextmanager
def notebook_set_to(policy, floatx):
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(floatx)
    try:
        yield
        assert (policy, floatx) == (keras.config.dtype_policy().name, keras.config.floatx())
    finally:
        keras.config.set_dtype_policy("float32")
        keras.config.set_floatx("float32")


def functional():
    """A model whose own policy is in no file, with an optimizer."""
    inputs = keras.Input((4,))
    return compiled(keras.Model(inputs, keras.layers.Dense(2)(inputs)))


class OwnLayers(keras.Model):
    """A model that makes its layers itself, so that their policies are in no file."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def own_layers():
    model = OwnLayers()
    model(zoo.rows(2, 4))
    return compiled(model)


def compiled(model):
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.mark.parametrize(
    ("make", "policy", "floatx"), [(functional, "mixed_float16", "float32"), (own_layers, "float64", "float64")]
)
def test_what_was_made_under_other_settings_is_proven_and_comes_back_so(make, policy, floatx):
    with notebook_set_to(policy, floatx):
        model = make()
        report = save(SaveRequest(model, "cats", formats="keras"))
    assert Outcome.PASSED is report.outcome, str(report)
    assert [policy] == sorted({layer.dtype_policy.name for layer in load(LoadRequest("cats")).model.layers})


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_loaded_under_other_settings_is_proven(setting):
    save(SaveRequest(functional(), "cats", formats="keras", verify=False))
    with notebook_set_to(*setting):
        assert load(LoadRequest("cats")).is_proven


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(
    ("make", "name"), [(functional, "theirs.keras"), (functional, "theirs.h5"), (own_layers, "theirs.keras")]
)
def test_a_plain_file_comes_back_as_it_was_made(monkeypatch, setting, make, name):
    import __main__

    monkeypatch.setattr(__main__, "OwnLayers", OwnLayers, raising=False)
    model = make()
    model.save(name)
    with notebook_set_to(*setting):
        loaded = load(LoadRequest(f"./{name}")).model
    expected, actual = examine(model), examine(loaded)
    assert [layer.dtype for layer in expected.layers] == [layer.dtype for layer in actual.layers]
    assert (expected.variables, expected.optimizer) == (actual.variables, actual.optimizer)


@pytest.mark.parametrize("policy", ["mixed_float16", "float32", "float64"])
@pytest.mark.parametrize("make", [functional, zoo.untrained])
def test_the_policy_is_read_from_the_file(policy, make):
    with notebook_set_to(policy, "float32"):
        model = make()
    for name in ("theirs.keras", "theirs.h5"):
        model.save(name)
        assert policy == inspect(Path(name)).policy


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("float32", "float32"),
        ("mixed_bfloat16", "mixed_bfloat16"),
        ("int8_from_mixed_bfloat16", "mixed_bfloat16"),
        ("map_float32", "float32"),
        ("int64", ""),
        ("string", ""),
        ("float99", ""),
    ],
)
def test_the_plain_policy_of_any_other(name, expected):
    assert expected == plain_policy(name)


def test_a_policy_that_is_none_changes_nothing():
    with notebook_set_to("mixed_float16", "float32"), made_in("string"):
        assert "mixed_float16" == keras.config.dtype_policy().name
