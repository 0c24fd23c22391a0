"""The contract of training that goes on: a model of four inputs and two outputs, trained, saved and loaded again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import keras
import pytest
import tensorflow as tf

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.dialect import value_of
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.model.walking import walk_variables
from colab_save.proof.comparing import compare
from colab_save.reports.report import SaveReport
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests.zoo import rows

FOUR, TWO = rows(8, 4), rows(8, 2, seed=1)


def train(model, **given):
    """Take one step of eight rows, and return all that it reports."""
    keras.utils.set_random_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(FOUR, TWO, batch_size=8, shuffle=False, verbose=0, **given).history
    return {name: values[0] for name, values in history.items()}


def weights(model):
    return [value_of(variable) for _, variable in walk_variables(model)]


@dataclass(frozen=True)
class Continued:
    """A model that was saved and loaded again.

    Attributes:
        model: The live model.
        before: Its facts before the save.
        report: The report of the save.
        other: The model loaded again.
    """

    model: Any
    before: ModelFacts
    report: SaveReport
    other: Any

    @classmethod
    def after_two_steps(cls, model, folder):
        """Train a new model two steps, then save it and load it again."""
        train(model)
        train(model)
        return cls.of(model, folder)

    @classmethod
    def of(cls, model, folder):
        before = examine(model)
        report = save(SaveRequest(model, "cats", to=str(folder)))
        return cls(model, before, report, load(LoadRequest("cats", source=str(folder))).model)


class ContractOfContinuing:
    """What holds for every ``continued``, a fixture of the subclass's module."""

    def test_it_is_saved_whole(self, continued):
        (trip,) = continued.report.manifest.round_trips
        assert ("keras", {}, Outcome.PASSED) == (trip.format, trip.failed, trip.verdicts[Aspect.TRAINING].outcome)

    def test_the_live_model_stays_as_it_was(self, continued):
        assert continued.before == examine(continued.model)

    def test_its_facts_are_those_of_the_live_model(self, continued):
        before = continued.before
        assert {aspect: [] for aspect in compare(before, before)} == compare(before, examine(continued.other))

    def test_as_many_weights_are_trainable(self, continued):
        both = (continued.model, continued.other)
        wanted, got = ([item.trainable for _, item in walk_variables(each)] for each in both)
        assert wanted == got

    def test_its_next_steps_are_those_of_the_live_model(self, continued):
        model, other = continued.model, continued.other
        assert [pytest.approx(train(model), rel=1e-5) for _ in range(2)] == [train(other) for _ in range(2)]
        for one, two in zip(weights(model), weights(other), strict=True):
            tf.debugging.assert_near(tf.cast(one, "float64"), tf.cast(two, "float64"), rtol=1e-4, atol=1e-5)
