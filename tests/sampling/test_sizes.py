"""Inputs that are too small are found from shapes, whatever TensorFlow returns: for Keras 3 and tf_keras alike."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.errors import SampleError
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample
from tests import zoo

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"]),
]


def sample_of(model, given=None):
    return take_sample(model, given, run_keras)


def image(size):
    return zoo.rows(2, size, size, 1)


def sequential(dialect, *layers):
    return dialect.Sequential([dialect.layers.Input((None, None, 1)), *layers, dialect.layers.GlobalMaxPooling2D()])


def convolutions(dialect, count=4):
    return [dialect.layers.Conv2D(1, 3, strides=2) for _ in range(count)]


def subclassed(dialect, image_size=None):
    class Deep(dialect.Model):
        def __init__(self):
            super().__init__()
            self.blocks = convolutions(dialect)
            self.pool = dialect.layers.GlobalMaxPooling2D()

        def call(self, inputs):
            for block in self.blocks:
                inputs = block(inputs)
            return self.pool(inputs)

    model = Deep()
    if image_size:
        model(image(image_size))
    return model


def silent(dialect):
    """A convolution that returns an image that is too small, as TensorFlow's does on some processors."""

    class Silent(dialect.layers.Conv2D):
        def call(self, inputs):
            return inputs if inputs.shape[1] in {1, 2} else super().call(inputs)

        def compute_output_shape(self, input_shape):
            return super().compute_output_shape(input_shape)

    return [Silent(1, 3, strides=2) for _ in range(4)]


@pytest.mark.parametrize("layers", [convolutions, silent])
def test_a_graph_gets_an_image_that_reaches_its_last_layer(layers, dialect):
    assert (4, 32, 32, 1) == sample_of(sequential(dialect, *layers(dialect))).inputs.shape


def test_a_nested_graph_gets_an_image_that_reaches_its_last_layer(dialect):
    inner = sequential(dialect, *convolutions(dialect))
    given = dialect.layers.Input((None, None, 1))
    assert (4, 32, 32, 1) == sample_of(dialect.Model(given, dialect.layers.Dense(1)(inner(given)))).inputs.shape


def test_a_pooling_whose_window_is_too_large_never_runs(dialect):
    layers = dialect.layers  # with 8 pixels the pooling is given 2, for which TensorFlow ends the process
    model = sequential(dialect, layers.Conv2D(1, 5, strides=2), layers.MaxPooling2D(3, strides=1))
    assert (4, 32, 32, 1) == sample_of(model).inputs.shape


def test_a_pooling_function_in_a_graph_never_runs_on_too_little(dialect):
    given = dialect.layers.Input((None, 1))
    pooled = keras.ops.max_pool(given, 10, 1) if dialect is keras else tf.nn.max_pool1d(given, 10, 1, "VALID")
    assert (4, 23, 1) == sample_of(dialect.Model(given, pooled)).outputs.shape


def test_a_sequence_is_long_enough_for_a_window_of_256(dialect):
    model = dialect.Sequential([dialect.layers.Input((None, 1)), dialect.layers.Conv1D(1, 256)])
    assert (4, 512, 1) == sample_of(model).inputs.shape


def test_an_image_is_no_larger_than_needed(dialect):
    assert (4, 8, 8, 1) == sample_of(sequential(dialect, *convolutions(dialect, 2))).inputs.shape


@pytest.mark.parametrize("layers", [convolutions, silent])
def test_a_given_image_that_is_too_small_is_refused_with_the_layer_and_its_shape(layers, dialect):
    model = sequential(dialect, *layers(dialect))
    with pytest.raises(SampleError, match=r"too small: the layer (conv2d|silent)_2 is given \[2, 1, 1, 1\]"):
        sample_of(model, image(8))


def test_a_given_image_that_is_too_small_for_a_subclassed_model_is_refused_too(dialect):
    with pytest.raises(SampleError, match=r"too small: the layer blocks/2 is given \[2, 1, 1, 1\]"):
        sample_of(subclassed(dialect, 40), image(8))


def test_a_given_image_that_is_too_small_to_build_a_model_is_refused_with_the_shape(dialect):
    with pytest.raises(SampleError, match=r"[\[(]2, 1, 1, 1[\])]"):  # Keras 3.15 says so itself when it builds
        sample_of(subclassed(dialect), image(8))


def test_a_subclassed_model_gets_the_size_that_it_was_called_with(dialect):
    assert (4, 40, 40, 1) == sample_of(subclassed(dialect, 40)).inputs.shape


def test_a_layer_that_pads_before_it_convolves_is_not_refused(dialect):
    class Padded(dialect.layers.Conv2D):
        def call(self, inputs):
            return super().call(tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]]))

    class Deep(dialect.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Padded(1, 3, strides=2) for _ in range(4)]

        def call(self, inputs):
            for block in self.blocks:
                inputs = block(inputs)
            return inputs

    model = Deep()
    model(image(40))
    assert (2, 1, 1, 1) == sample_of(model, image(8)).outputs.shape


def test_an_output_that_the_model_declares_empty_is_not_refused(dialect):
    given = dialect.layers.Input((None, 3))
    nothing = dialect.layers.Lambda(lambda inputs: inputs[..., :0])(given)
    assert (4, 8, 0) == sample_of(dialect.Model(given, nothing)).outputs.shape


def halves(dialect):
    layers = dialect.layers
    given = layers.Input((None, 4))
    parts = [layers.Dense(3)(given[:, :512]), layers.Dense(3)(given[:, 512:])]
    return dialect.Model(given, layers.Concatenate(axis=1)(parts))


@pytest.mark.parametrize(("given", "length"), [(None, 8), (np.ones((2, 100, 4), "float32"), 100)])
def test_a_slice_of_a_short_sequence_may_be_empty(given, length, dialect):
    assert length == sample_of(halves(dialect), given).outputs.shape[1]


def test_a_cropping_may_leave_nothing(dialect):
    class Cropped(dialect.Model):
        def __init__(self):
            super().__init__()
            self.crop = dialect.layers.Lambda(lambda inputs: inputs[:, 8:], output_shape=lambda shape: (shape[0], 0, 4))

        def call(self, inputs):
            return self.crop(inputs)

    assert (2, 0, 4) == sample_of(Cropped(), np.ones((2, 8, 4), "float32")).outputs.shape


@pytest.mark.parametrize("name", ["Activation", "Conv1D"])
def test_a_layer_given_a_tensor_of_unknown_rank_runs_unchecked(name, dialect):
    class Parsing(dialect.Model):
        def __init__(self):
            super().__init__()
            self.act = dialect.layers.Activation("relu") if name == "Activation" else Unranked(3, 1)

        @tf.function
        def call(self, inputs):
            parsed = tf.io.parse_tensor(tf.io.serialize_tensor(inputs), tf.float32)
            return tf.reshape(self.act(parsed), tf.shape(inputs))

    class Unranked(dialect.layers.Conv1D):
        def __init__(self, *args):
            super().__init__(*args)
            self.input_spec = None
            self.built = True

        def call(self, inputs):
            return tf.nn.relu(inputs)

    assert (3, 4) == sample_of(Parsing(), np.ones((3, 4), "float32")).outputs.shape


@pytest.mark.parametrize("base", ["Layer", "MaxPooling2D"])
def test_a_custom_layer_never_sees_a_symbolic_tensor(base, dialect):
    class Seeing(getattr(dialect.layers, base)):
        def call(self, inputs):
            seen.append(inputs)
            return inputs

    seen = []
    model = sequential(dialect, Seeing())
    seen.clear()  # of the making of the graph
    sample_of(model)
    assert all(isinstance(each, tf.Tensor) and hasattr(each, "numpy") for each in seen)


def test_inputs_without_features_are_not_refused(dialect):
    model = dialect.Sequential([dialect.layers.Input((0,)), dialect.layers.Dense(2)])
    assert (4, 2) == sample_of(model).outputs.shape


def test_an_empty_batch_is_not_refused(dialect):
    class Chosen(dialect.layers.Layer):
        def call(self, inputs):
            return tf.boolean_mask(inputs, inputs[:, 0, 0, 0] > np.inf)

    given = dialect.layers.Input((None, None, 1))
    model = dialect.Model(given, [Chosen()(given), dialect.layers.GlobalMaxPooling2D()(given)])
    assert (0, 8, 8, 1) == sample_of(model).outputs[0].shape


def test_a_call_that_the_user_set_in_a_layer_stays(dialect):
    model = sequential(dialect, layer := dialect.layers.Conv2D(1, 3))
    own = layer.call = tf.function(layer.call)
    sample_of(model)
    assert own is layer.call
