"""A save that is stopped while it works: it ends at once, and costs no committed version."""

from __future__ import annotations

import time

import keras
import pytest

from colab_save.errors import CancelledError
from colab_save.progress import Stage
from colab_save.request.request import SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models

pytestmark = pytest.mark.tensorflow


@keras.saving.register_keras_serializable("tests")
class Slow(keras.layers.Layer):
    """Takes a second to build, in a fresh process too."""

    def build(self, _):
        time.sleep(1)

    def call(self, inputs):
        return inputs


def cancel_when(is_due):
    """Listen to a save or load, and stop it at the first step that is due; afterwards count the seconds."""
    told = {}

    def on_step(step):
        if is_due(step):
            told["at"] = time.monotonic()
            raise CancelledError("Cancelled.", "Save again.")

    return on_step, told


def second_beat():
    """Return whether a stage is reported again while it waits."""
    seen = []

    def is_due(step):
        seen.append(step.stage)
        return seen.count(Stage.VERIFY) > 1

    return is_due


@pytest.mark.parametrize(
    "is_due",
    [second_beat(), lambda step: step.stage is Stage.STAGE, lambda step: step.stage is Stage.PUBLISH and step.done],
    ids=["in the fresh process", "before staging", "between two bytes"],
)
def test_it_leaves_nothing_behind_and_ends_at_once(own_folder, is_due):
    on_step, told = cancel_when(is_due)
    model = keras.Sequential([keras.Input((2,)), Slow(), keras.layers.Dense(1)])
    with pytest.raises(CancelledError):
        save(SaveRequest(model, "cats"), on_step)
    assert time.monotonic() - told["at"] < 2
    assert () == list_models().manifests
    assert [] == [path for path in own_folder.rglob("*") if path.is_file()]
