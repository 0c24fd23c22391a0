"""The other forward passes of a model, and the recorded outputs of its layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from colab_save.artifact.sample import TRAINING
from colab_save.request.request import SaveRequest
from colab_save.sampling.running import layers_recorded, run_keras, run_pass
from colab_save.sampling.sampling import take_passes, take_sample
from colab_save.saving.pipeline import save
from tests import zoo
from tests.saving.test_losses import TrainingBranch, called, decoded

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings(r"ignore:`build\(\)` was called on layer:UserWarning"),
]


def passes_of(model):
    return take_passes(model, take_sample(model, None, run_keras)).passes


def test_a_model_that_is_the_same_in_training_has_no_other_pass():
    assert () == passes_of(zoo.untrained())


def test_a_branch_in_training_is_a_pass_of_its_own():
    model = called(TrainingBranch(), zoo.rows(2, 4), training=True)
    assert [TRAINING] == [each.name for each in passes_of(model)]


def test_dropout_is_compared_with_fixed_seeds_and_to_the_number():
    model = keras.Sequential([keras.Input((40,)), keras.layers.Dropout(0.5)])
    [found] = passes_of(model)
    assert (TRAINING, False) == (found.name, found.is_random)


def test_every_public_sub_model_is_a_pass_of_its_own():
    assert ["decoder", "encoder"] == [each.name for each in passes_of(decoded())]


def test_the_pass_of_a_sub_model_has_its_usual_outputs():
    model = decoded()
    [decoder, _] = passes_of(model)
    np.testing.assert_array_equal(model.decode(decoder.inputs).numpy(), decoder.outputs)


def test_a_private_sub_model_is_not_a_pass():
    model = decoded()
    model._decoder = model.decoder
    del model.decoder
    assert ["encoder"] == [each.name for each in passes_of(model)]


def test_training_changes_no_statistics_of_the_model():
    model = zoo.sequential()
    before = [variable.numpy() for variable in model.variables]
    passes_of(model)
    for expected, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(expected, variable.numpy())


def test_a_pass_can_be_run_again():
    model = zoo.subclassed()
    sample = take_passes(model, take_sample(model, None, run_keras))
    [head] = [each for each in sample.passes if each.name == "head"]
    np.testing.assert_array_equal(head.outputs, run_pass(model, "head", head.inputs))


def test_layers_are_recorded_in_the_order_of_their_calls_and_left_unchanged():
    model = zoo.untrained()
    layer = model.layers[0]
    with layers_recorded(model) as seen:
        answer = run_keras(model, zoo.rows(2, 4))
    assert (["dense"], False) == ([path for path, _ in seen], "call" in vars(layer))
    np.testing.assert_array_equal(answer.ravel(), seen[0][1])


class Sampler(keras.Model):
    """An autoencoder that draws: its encoder has a generator of its own, and is a part that can be called alone."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), zoo.Sampling()])
        self.decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])

    def call(self, inputs):
        return self.decoder(self.encoder(inputs))

    def get_config(self):
        return super().get_config()


def test_a_part_that_draws_is_seeded_by_its_place_in_the_whole_and_no_failure():
    report = save(SaveRequest(called(Sampler(), zoo.rows(2, 4)), "cats"))
    assert ("keras", True) == (report.manifest.payloads[0].format, report.manifest.round_trips[0].is_passed)
    parts = {each.name: each.is_random for each in report.manifest.sample.passes if each.name != TRAINING}
    assert {"encoder": False, "decoder": False} == parts
