"""What a loaded SavedModel answers: calls with other arguments, wrong inputs, and what only a model has."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.sample import BY_DEFAULT, TRAINING
from colab_save.errors import NoSuchAttributeError, RequestError
from colab_save.formats.base import Context, get_format
from colab_save.formats.saved_model import SavedModelOptions
from colab_save.formats.tracing import AS_CALLED, FIXED
from colab_save.frontends.languages import MAGIC
from colab_save.hints import render
from colab_save.sampling.running import run_as
from colab_save.sampling.sampling import take_passes, take_sample
from tests import zoo

pytestmark = pytest.mark.tensorflow

X = zoo.rows(3, 4)


class MonteCarlo(keras.Model):
    """Drops units unless it is told not to, as for predictions with an uncertainty."""

    def __init__(self):
        super().__init__()
        self.dense, self.drop = keras.layers.Dense(50), keras.layers.Dropout(0.5)

    def call(self, inputs, training=True, twice=False):
        outputs = self.drop(self.dense(inputs), training=training)
        return (outputs, outputs) if twice else outputs


def monte_carlo():
    model = MonteCarlo()
    model(X)
    return model


def always_dropping():
    inputs = keras.Input((4,))
    outputs = keras.layers.Dropout(0.5)(keras.layers.Dense(50)(inputs), training=True)
    return keras.Model(inputs, outputs)


def normalising():
    layers = [keras.layers.Dense(5), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((4,)), *layers])


def written(model, folder):
    plug = get_format("saved_model")
    sample = take_passes(model, take_sample(model, None, plug.run, plug.specs(model)))
    notes = plug.save(model, folder, sample, SavedModelOptions())
    return plug.load(folder / plug.payload, Context({})), notes


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return written(zoo.sequential(), tmp_path_factory.mktemp("program"))[0]


@pytest.fixture(scope="module")
def dropping(tmp_path_factory):
    model = monte_carlo()
    return model, *written(model, tmp_path_factory.mktemp("dropping"))


@pytest.mark.parametrize("name", ["layers", "fit", "compile", "summary", "evaluate", "save", "optimizer", "get_config"])
def test_what_only_a_model_has_is_told_in_one_sentence(program, name):
    with pytest.raises(NoSuchAttributeError) as caught:
        getattr(program, name)
    said = f"A loaded SavedModel has no {name}: it is a program that computes, without layers, training or a config."
    assert (said, True) == (caught.value.message, "--format keras" in render(caught.value.references[1], MAGIC))


def test_to_python_it_has_no_such_attribute(program):
    assert (False, None) == (hasattr(program, "layers"), getattr(program, "optimizer", None))


@pytest.mark.parametrize(
    ("inputs", "given"),
    [
        ((np.ones((2, 5), "float32"),), "float32 [2, 5]"),
        ((np.ones(4, "float32"),), "float32 [4]"),
        ((X, X), "float32 [3, 4], float32 [3, 4]"),
        ((), "nothing"),
    ],
)
def test_wrong_inputs_are_told_in_one_sentence(program, inputs, given):
    with pytest.raises(RequestError) as caught:
        program(*inputs)
    said = f"The program does not take these inputs: it takes float32 [None, 4], and was given {given}."
    assert said == caught.value.message


def test_predict_tells_of_wrong_inputs_as_a_call_does(program):
    with pytest.raises(RequestError, match=r"it takes float32 .None, 4., and was given float32 .2, 5."):
        program.predict(np.ones((2, 5), "float32"))


def test_values_that_it_cannot_compute_are_told_in_one_sentence(tmp_path):
    model = keras.Sequential([keras.Input((2,), dtype="int32"), keras.layers.Embedding(3, 2)])
    loaded, _ = written(model, tmp_path)
    with pytest.raises(RequestError, match=r"cannot compute these inputs .*is not in"):
        loaded(np.full((1, 2), 7, "int32"))


def test_training_is_an_argument_as_in_the_model(tmp_path):
    model = normalising()
    loaded, _ = written(model, tmp_path)
    np.testing.assert_allclose(model(X, training=True), loaded(X, training=True), rtol=1e-5, atol=1e-5)


def test_training_moves_the_variables_of_the_program(tmp_path):
    loaded, _ = written(normalising(), tmp_path)
    before = [variable.numpy() for variable in loaded.variables]
    loaded(X, training=True)
    assert any(not np.array_equal(old, new) for old, new in zip(before, loaded.variables, strict=True))


def test_a_pass_that_trains_leaves_a_loaded_program_as_it_was(tmp_path):
    loaded, _ = written(normalising(), tmp_path)
    before = [variable.numpy() for variable in loaded.variables]
    plug = get_format("saved_model")
    run_as(lambda model, inputs: plug.run_pass(model, TRAINING, inputs), loaded, X, is_seeded=True)
    np.testing.assert_equal(before, [variable.numpy() for variable in loaded.variables])


def test_gradients_reach_the_variables(tmp_path):
    loaded, _ = written(normalising(), tmp_path)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(X, training=True) ** 2)
    assert any(gradient is not None for gradient in tape.gradient(loss, loaded.variables))


def test_an_argument_that_was_not_traced_is_told_with_those_that_were(program):
    with pytest.raises(RequestError, match="not traced with mask=1, only with each of training=False, training=True"):
        program(X, mask=1)


@pytest.mark.parametrize("made", [monte_carlo, always_dropping])
def test_called_by_itself_it_runs_as_the_model_does(tmp_path, made):
    loaded, notes = written(made(), tmp_path)
    assert (False, (AS_CALLED,)) == (np.array_equal(loaded(X), loaded(X)), notes)


def test_predict_and_the_signature_run_in_inference_mode(dropping):
    model, loaded, _ = dropping
    expected = model.predict(X, verbose=0)
    served = loaded.signatures["serving_default"](tf.constant(X))["output_0"]
    for answer in (loaded.predict(X), served, loaded(X, training=False)):
        np.testing.assert_allclose(expected, answer, rtol=1e-5, atol=1e-5)


def test_an_argument_that_is_true_or_false_was_traced_both_ways(dropping):
    _, loaded, _ = dropping
    assert (2, (3, 50)) == (len(loaded(X, twice=True)), loaded(X, twice=False).shape)


def test_both_other_modes_are_proven(dropping):
    model, loaded, _ = dropping
    plug = get_format("saved_model")
    sample = take_passes(model, take_sample(model, None, plug.run))
    assert {TRAINING: True, BY_DEFAULT: True} == {each.name: plug.runs(loaded, each.name) for each in sample.passes}


def test_a_plain_model_has_no_pass_by_default():
    model = normalising()
    sample = take_sample(model, None, get_format("keras").run)
    assert [TRAINING] == [each.name for each in take_passes(model, sample).passes]


def test_what_training_alone_cannot_have_written_costs_the_argument_only(tmp_path):
    class Noisy(keras.layers.Layer):
        def call(self, inputs, training=False):
            return inputs + keras.random.normal((4,)) if training else inputs  # of a generator that no model holds

    model = keras.Sequential([keras.Input((4,)), Noisy()])
    loaded, _ = written(model, tmp_path)
    np.testing.assert_array_equal(X, loaded(X))
    with pytest.raises(RequestError, match="training=True"):
        loaded(X, training=True)


@pytest.mark.parametrize("name", ["litert", "onnx"])
def test_a_program_with_one_function_says_that_it_infers(tmp_path, name):
    pytest.importorskip("tf2onnx" if name == "onnx" else "tensorflow")
    model, plug = monte_carlo(), get_format(name)
    sample = take_passes(model, take_sample(model, None, plug.run, plug.specs(model)))
    assert (FIXED,) == plug.save(model, tmp_path, sample, plug.Options())


def test_the_live_model_is_left_as_it_was(tmp_path):
    model = normalising()
    before = [variable.numpy() for variable in model.variables]
    written(model, tmp_path)
    np.testing.assert_equal(before, [variable.numpy() for variable in model.variables])
