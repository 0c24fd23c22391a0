"""No exception of the user's classes ends a save: it costs one fact, which the report names, or is an error of ours."""

from __future__ import annotations

import contextlib
import itertools
import os

import keras
import numpy as np
import pytest

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import ColabSaveError, FormatError, RoundTripError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo
from tests.model.test_examining_foreign_code import Gone

pytestmark = pytest.mark.tensorflow


class UsersError(Exception):
    """An exception of the user's own, without a text."""

    def __str__(self):
        raise RuntimeError("no text")


class Words(keras.layers.Layer):
    """A layer whose vocabulary is no list."""

    def get_vocabulary(self):
        return {"a": 0, "b": 1}.keys()

    def call(self, inputs):
        return inputs


class WordsOfLanguage(Words):
    """A layer whose vocabulary needs an argument."""

    def get_vocabulary(self, language):
        return [language]


class NoWordsYet(Words):
    """A layer whose vocabulary is not there yet, as tokenizers say it."""

    def get_vocabulary(self):
        raise ValueError("No vocabulary has been set.")


class Fickle(Words):
    """A layer whose vocabulary cannot be read, and that answers otherwise in another process."""

    def get_vocabulary(self):
        raise KeyError("words")

    def call(self, inputs):
        return inputs * (1.0 + zoo.elsewhere())


class Scale(keras.layers.Layer):
    """A layer with a weight, whose methods are made to raise below."""

    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain


def with_layer(layer):
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    return zoo.trained(model, zoo.rows(4, 3), zoo.rows(4, 1))


@pytest.mark.parametrize(("kind", "named"), [(Words, ""), (WordsOfLanguage, "TypeError"), (NoWordsYet, "ValueError")])
def test_a_vocabulary_that_cannot_be_read_costs_no_format(kind, named, tmp_path):
    report = save(SaveRequest(with_layer(kind(name="words")), "cats", to=str(tmp_path)))
    notes = [note for note in report.notes if "words.vocabulary, which could not be read" in note]
    assert ("keras", Outcome.PASSED, bool(named)) == (
        report.manifest.payloads[0].format,
        report.manifest.outcome,
        any(named in note for note in notes if named),
    )
    assert Outcome.PASSED is load(LoadRequest("cats", source=str(tmp_path))).round_trip.outcome


def test_a_loss_beside_a_fact_that_could_not_be_read_still_fails(tmp_path):
    model = with_layer(Fickle())
    with pytest.raises(RoundTripError):
        save(SaveRequest(model, "cats", to=str(tmp_path), formats=("keras",)))


METHODS = (
    *("get_config", "get_build_config", "compute_mask", "compute_output_shape", "compute_output_spec", "count_params"),
    *("output", "input", "trainable", "dtype_policy", "dtype", "variables", "weights", "trainable_variables", "path"),
    *("losses", "metrics", "input_spec", "supports_masking", "compute_dtype"),
)
RAISED = (
    TypeError("odd"),
    ValueError("odd"),
    AttributeError("odd"),
    RuntimeError("odd"),
    KeyError("odd"),
    UsersError(),
)


def made_to_raise(name, error, armed):
    """A class of layers in which one method or property raises once it is armed."""

    def read(self, *arguments, **named):
        if armed:
            raise error
        found = getattr(Scale, name, None)
        return found.fget(self) if isinstance(found, property) else found(self, *arguments, **named)

    own = getattr(Scale, name)
    return type("Scale", (Scale,), {name: property(read, own.fset) if isinstance(own, property) else read})


@pytest.mark.parametrize(("name", "error"), list(zip(METHODS, itertools.cycle(RAISED), strict=False)), ids=repr)
def test_whatever_a_method_raises_a_save_ends_in_a_report_or_an_error_of_ours(name, error, tmp_path):
    armed = []
    model = with_layer(made_to_raise(name, error, armed)(name="scale"))
    before = model(zoo.rows(2, 3)).numpy()
    armed.append(True)
    with contextlib.suppress(ColabSaveError):
        report = save(SaveRequest(model, "cats", to=str(tmp_path)))
        outputs = report.manifest.round_trips[0].verdicts[Aspect.OUTPUTS]
        assert Outcome.PASSED is outputs.outcome or "The model accepts none of the samples" in outputs.reason
    armed.clear()
    assert np.array_equal(before, model(zoo.rows(2, 3)).numpy())


class Breaking(keras.Model):
    """A model whose call raises where the machine is another than that of the save."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        if "COLAB_SAVE_TEST_ELSEWHERE" in os.environ and not isinstance(inputs, keras.KerasTensor):
            raise UsersError
        return self.dense(inputs)


def test_what_a_class_raises_when_its_model_is_loaded_is_an_error_of_ours(tmp_path, monkeypatch):
    model = Breaking()
    model(zoo.rows(2, 3))
    save(SaveRequest(model, "cats", to=str(tmp_path), formats=("keras",)))
    monkeypatch.setenv("COLAB_SAVE_TEST_ELSEWHERE", "1")
    with pytest.raises(FormatError, match="could not be compared with what was saved"):
        load(LoadRequest("cats", source=str(tmp_path)))


class Unbuildable(Scale):
    """A layer that raises an error without a text when it is built again."""

    def build_from_config(self, config):
        raise UsersError


def test_an_error_without_a_text_does_not_end_the_fresh_process(tmp_path):
    report = save(SaveRequest(with_layer(Unbuildable()), "cats", to=str(tmp_path)))
    assert "could not open model.keras (UsersError)" in report.attempts[0].reason


class Asked:
    """An object that answers every question with an exception."""

    __slots__ = ()

    def __getattr__(self, name):
        raise KeyError(name)


@pytest.mark.parametrize("kind", [Asked, Gone])
def test_an_odd_object_in_an_attribute_costs_no_format(kind, tmp_path):
    model = with_layer(Scale())
    model.odd = kind()
    assert "keras" == save(SaveRequest(model, "cats", to=str(tmp_path))).manifest.payloads[0].format
