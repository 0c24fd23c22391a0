"""How a saved model is lost without an error, sections 2 to 6: wrong places, dropped arguments, state, files.

One process writes, loads, repairs and compares, as a save and a load do; the rows that need all of a save are saved.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import DigestError, FormatError, RoundTripError
from colab_save.formats.base import Context, get_format
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair
from colab_save.proof.comparing import compare, compare_weights
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.sampling import take_sample
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow


def there_and_back(model, folder, format="keras", custom=None, sample=None):
    """Write a model, read it back and repair it; the facts of what was saved, and the model that came back."""
    plug = get_format(format)
    facts = examine(model)
    plug.save(model, folder, take_sample(model, sample, plug.run), plug.Options())
    back = plug.load(folder / plug.payload, Context(custom or {}))
    notes = repair(back, folder / plug.payload, Record.of(facts), custom or {})
    return facts, back, " ".join(notes)


def lost(facts, model):
    """Every difference, by its place."""
    return [found.where for differences in compare(facts, examine(model)).values() for found in differences]


class InASet(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.held = {keras.layers.Dense(2, name="in_a_set")}

    def call(self, inputs):
        return next(iter(self.held))(inputs)


def test_a_layer_in_a_set_is_never_lost_without_a_word(tmp_path):
    """Keras 3.13.2 tracks it, 3.15.1 does not."""
    model = InASet()
    model(zoo.rows(2, 3))
    facts, back, _ = there_and_back(model, tmp_path, custom={"InASet": InASet})
    outputs = np.array_equal(model(zoo.rows(2, 3)), back(zoo.rows(2, 3)))
    assert outputs is (compare_weights(facts, examine(back)) == [])


class Offset(keras.layers.Layer):
    """It has a constant that is in neither its config nor its weights, only in an attribute."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.offset = tf.constant(np.random.default_rng().standard_normal(3).astype("float32"))

    def call(self, inputs):
        return inputs + self.offset


class Elsewhere(Offset):
    """It answers otherwise in another process."""

    def call(self, inputs):
        return super().call(inputs) + zoo.elsewhere()


def test_a_constant_that_is_only_in_an_attribute_comes_back():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), Offset(name="offset")])
    assert Outcome.PASSED is save(SaveRequest(model, "constant", formats="keras")).outcome


def test_a_constant_that_is_nowhere_in_the_model_is_caught_by_its_layer():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), Elsewhere(name="offset")])
    with pytest.raises(RoundTripError, match=r"outputs: .*the first layer whose output differs is offset"):
        save(SaveRequest(model, "constant", formats="keras"))


class ByName(keras.Model):
    """Its layers sit in a dict, whose order Keras goes by."""

    def __init__(self, names=("left", "right"), **kwargs):
        super().__init__(**kwargs)
        self.names = list(names)
        self.parts = {name: keras.layers.Dense(3) for name in self.names}

    def call(self, inputs):
        return self.parts["left"](inputs) - self.parts["right"](inputs)


def test_weights_of_layers_that_changed_places_are_told_apart_by_path(tmp_path):
    """Keras goes by the order in the dict, and says nothing."""
    model, other = ByName(), ByName(("right", "left"))
    for each in (model, other):
        each(zoo.rows(2, 4))
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    is_swapped = np.array_equal(model.parts["left"].kernel, other.parts["right"].kernel)
    differing = {found.where.split("/")[1] for found in compare_weights(examine(model), examine(other))}
    assert ({"left", "right"} if is_swapped else set()) == differing


def test_weights_of_a_larger_model_are_never_taken_for_those_of_a_smaller_one():
    larger = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(4)])
    smaller = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    save(SaveRequest(larger, "larger", formats="weights", verify=False))
    with pytest.raises((RoundTripError, FormatError)):
        load(LoadRequest("larger", into=smaller))


def test_two_classes_under_one_registered_name_are_told_apart(tmp_path):
    @keras.saving.register_keras_serializable("twice")
    class Named(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    first = Named
    model = keras.Sequential([keras.Input((3,)), first(name="one")])

    @keras.saving.register_keras_serializable("twice", "Named")
    class Other(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 3.0

    facts, back, _ = there_and_back(model, tmp_path)
    assert "one.class" in lost(facts, back)


DROPPED = {
    "the sparse output of an encoding": (
        lambda: [keras.Input((3,), dtype="int64"), keras.layers.CategoryEncoding(4, "multi_hot", sparse=True)],
        {"sparse": True},
        np.array([[0, 1, 2], [1, 2, 3]]),
    ),
    "the output padding of a transposed convolution": (
        lambda: [keras.Input((4, 4, 1)), keras.layers.Conv2DTranspose(2, 3, 2, "same", output_padding=1)],
        {"output_padding": (1, 1)},
        None,
    ),
    "the layout of images": (
        lambda: [keras.Input((1, 6, 6)), keras.layers.Resizing(3, 3, data_format="channels_first")],
        {"data_format": "channels_first"},
        None,
    ),
}


@pytest.mark.parametrize("case", DROPPED)
def test_an_argument_that_get_config_drops_of_a_layer_comes_back(case, tmp_path):
    make, expected, sample = DROPPED[case]
    model = keras.Sequential(make())
    facts, back, _ = there_and_back(model, tmp_path, sample=sample)
    [layer] = back.layers
    assert (expected, []) == ({name: getattr(layer, name) for name in expected}, lost(facts, back))


def test_an_argument_that_could_not_be_put_back_is_caught(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_regularizer="l2")])
    facts, back, _ = there_and_back(model, tmp_path)
    back.layers[0].kernel_regularizer = None
    assert ["dense.kernel_regularizer"] == lost(facts, back)


class Gan(keras.Model):
    """Its compile takes two optimizers, as the GANs of the guides do."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator, self.discriminator = keras.layers.Dense(2), keras.layers.Dense(1)

    def compile(self, d_opt, g_opt, loss_fn):
        super().compile()
        self.d_opt, self.g_opt, self.loss_fn = d_opt, g_opt, loss_fn

    def call(self, inputs):
        return self.discriminator(self.generator(inputs))

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape(persistent=True) as tape:
            loss = self.loss_fn(targets, self(inputs))
        for optimizer, part in ((self.d_opt, self.discriminator), (self.g_opt, self.generator)):
            optimizer.apply_gradients(
                zip(tape.gradient(loss, part.trainable_variables), part.trainable_variables, strict=True)
            )
        return {"loss": loss}


def test_the_optimizers_of_a_custom_compile_come_back_with_their_state_and_train_on(tmp_path):
    model = Gan()
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.RMSprop(0.002), keras.losses.Huber(2.0))
    data = zoo.rows(8, 4), zoo.rows(8, 1)
    model.fit(*data, epochs=2, verbose=0)
    facts, back, notes = there_and_back(model, tmp_path, custom={"Gan": Gan})
    assert ([], True) == (lost(facts, back), "d_opt, g_opt, loss_fn" in notes)
    expected, actual = (each.fit(*data, epochs=3, shuffle=False, verbose=0).history["loss"] for each in (model, back))
    np.testing.assert_allclose(expected, actual, rtol=1e-6)


def test_what_is_random_goes_on_where_it_stood(tmp_path):
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    zoo.trained(model, zoo.rows(8, 30), zoo.rows(8, 1))
    _, back, _ = there_and_back(model, tmp_path, "h5")
    inputs = zoo.rows(2, 30)
    np.testing.assert_array_equal(model(inputs, training=True), back(inputs, training=True))


def test_recurrent_state_goes_on_where_it_stood(tmp_path):
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), keras.layers.LSTM(4, stateful=True)])
    model(zoo.rows(2, 5, 3))
    facts, back, _ = there_and_back(model, tmp_path)
    assert [] == lost(facts, back)
    np.testing.assert_allclose(model(zoo.rows(2, 5, 3, seed=1)), back(zoo.rows(2, 5, 3, seed=1)), rtol=1e-6)


def test_a_compiled_model_that_was_never_fitted_is_no_failure(tmp_path):
    facts, back, _ = there_and_back(zoo.compiled_untrained(), tmp_path)
    assert [] == lost(facts, back)


def test_averages_that_an_optimizer_keeps_come_back(tmp_path):
    model = zoo.untrained()
    zoo.trained(model, zoo.rows(8, 4), zoo.rows(8, 2), keras.optimizers.SGD(0.1, use_ema=True))
    facts, back, _ = there_and_back(model, tmp_path)
    assert ([], True) == (lost(facts, back), any("average" in item.path for item in facts.optimizer))


def test_quantized_weights_come_back_as_they_are(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.layers[0].quantize("int8")
    facts, back, _ = there_and_back(model, tmp_path)
    assert ([], True) == (lost(facts, back), "int8" in {item.dtype for item in facts.variables})


def test_adapters_that_keras_melts_into_the_kernel_are_caught(tmp_path):
    """After that they would have no gradient."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.layers[0].enable_lora(2)
    facts, back, _ = there_and_back(model, tmp_path)
    assert "dense/lora_kernel_a" in lost(facts, back)


@pytest.mark.parametrize("loss", ["mse", "mae", "kld"])
def test_short_names_of_losses_come_back_from_h5(loss, tmp_path):
    model = zoo.untrained()
    model.compile("sgd", loss)
    facts, back, _ = there_and_back(model, tmp_path, "h5")
    assert [] == lost(facts, back)


@pytest.mark.parametrize("format", ["h5", "weights"])
def test_a_format_without_a_place_for_a_vocabulary_refuses_it(format):
    assert "vocabulary of text_vectorization" in get_format(format).refusal(zoo.text())


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5"])
def test_one_flipped_byte_is_caught_by_the_digest(name, tmp_path):
    formats = {"model.keras": "keras", "model.h5": "h5", "model.weights.h5": "weights"}
    report = save(SaveRequest(zoo.untrained(), "flipped", formats=formats[name], verify=False))
    file = tmp_path.cwd() / "models" / "flipped" / report.manifest.version / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(DigestError):
        load(LoadRequest("flipped"))
