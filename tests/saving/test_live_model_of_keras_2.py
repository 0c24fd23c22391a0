"""A save, or a load that fails, leaves a live model of tf_keras as it was, and the random state too."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.errors import ColabSaveError
from colab_save.format_table import FORMATS
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import old_zoo
from tests.saving.test_live_model import attempt, described, random_state, settings
from tests.zoo import rows

pytestmark = pytest.mark.tensorflow

layers = tf_keras.layers


class Normalized(layers.Layer):
    """A pass with ``training=True`` moves its trainable kernel, as spectral normalisation does."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")

    def call(self, inputs, training=False):
        if training:
            self.kernel.assign(self.kernel / tf.norm(self.kernel))
        return inputs @ self.kernel


def moving():
    """What a pass moves: a trainable kernel, statistics."""
    stack = [layers.Input((4,)), Normalized(), layers.BatchNormalization(), layers.Dense(2)]
    return old_zoo.trained(tf_keras.Sequential(stack))


def stateful():
    """The state of a recurrent layer, in the middle of a sequence."""
    stack = [layers.LSTM(3, stateful=True, batch_input_shape=(8, 1, 4)), layers.Dense(2)]
    model = tf_keras.Sequential(stack)
    model.compile("rmsprop", tf_keras.losses.Huber(), metrics=["mae", tf_keras.metrics.RootMeanSquaredError()])
    model.fit(rows(8, 4)[:, None], rows(8, 2), batch_size=8, verbose=0)
    model.predict(rows(8, 4)[:, None], verbose=0)
    return model


def two_outputs():
    """Losses and metrics by the names of the outputs, as strings."""
    given = layers.Input((4,), name="given")
    inner = layers.Dropout(0.5)(layers.Dense(3, activation="relu")(given))
    model = tf_keras.Model(
        given, {"one": layers.Dense(1, name="one")(inner), "two": layers.Dense(2, name="two")(inner)}
    )
    model.compile("adam", {"one": "mse", "two": "mae"}, metrics={"one": ["mae"]}, loss_weights={"one": 2.0})
    model.fit(rows(8, 4), {"one": rows(8, 1), "two": rows(8, 2)}, verbose=0)
    return model


class Counting(tf_keras.Model):
    """Subclassed, notes its calls in attributes, has a tracker and a loss of its own, and no get_config()."""

    def __init__(self):
        super().__init__()
        self.body, self.drop, self.head = layers.Dense(3), layers.Dropout(0.5), layers.Dense(2)
        self.tracker = tf_keras.metrics.Mean(name="tracker")
        self.calls, self.seen, self.sums = 0, [], np.zeros(2)

    def call(self, inputs, training=False):
        self.calls += 1
        self.seen.append(1)
        self.sums += 1
        answer = self.head(self.drop(self.body(inputs), training=training))
        self.add_loss(tf.reduce_mean(answer))
        return answer


def counting():
    return old_zoo.trained(Counting())


MAKERS = [
    old_zoo.sequential,
    old_zoo.nested,
    old_zoo.text,
    old_zoo.frozen,
    old_zoo.of_old_optimizer,
    old_zoo.subclassed,
    moving,
    stateful,
    two_outputs,
    counting,
]


def layers_of(model):
    waiting, seen = [model], {}
    while waiting:
        item = waiting.pop()
        if isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, layers.Layer) and id(item) not in seen:
            seen[id(item)] = item
            waiting += vars(item).values()
    return list(seen.values())


def all_variables(model):
    optimizer = model.optimizer
    own = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    states = [
        state for layer in layers_of(model) for state in getattr(layer, "states", None) or () if state is not None
    ]
    metrics = [variable for metric in model.metrics for variable in metric.variables]
    return [*model.variables, *own, *metrics, *states]


def state_of(model):
    is_compiled = getattr(model, "optimizer", None) is not None
    variables = all_variables(model) if is_compiled else model.variables
    return {
        "variables": [
            np.asarray(tf.convert_to_tensor(item)).tobytes()
            for item in variables
            if getattr(item, "dtype", "string") != "string"
        ],
        **{
            f"{number} {layer.name}.{name}": described(value)
            for number, layer in enumerate(layers_of(model))
            for name, value in vars(layer).items()
        },
        "compiled": str(vars(model._compile_config)) if is_compiled else "",
        "random": random_state(),
        "settings": settings(),
    }


def changed(before, model):
    """Return what has changed since."""
    after = state_of(model)
    return {name: (before.get(name), after.get(name)) for name in before | after if before.get(name) != after.get(name)}


@pytest.mark.parametrize(("make", "format_name"), [*zip(MAKERS, itertools.cycle(sorted(FORMATS)), strict=False)])
def test_a_save_changes_nothing_whatever_the_format(make, format_name):
    model = make()
    before = state_of(model)
    attempt(SaveRequest(model, "cats", formats=(format_name,), verify=False))
    assert {} == changed(before, model)


@pytest.mark.parametrize("make", [moving, two_outputs, counting])
def test_a_proven_save_changes_nothing(make):
    model = make()
    before = state_of(model)
    save(SaveRequest(model, "cats"))
    assert {} == changed(before, model)


def test_a_save_that_fails_in_the_middle_changes_nothing():
    class Odd(layers.Layer):
        def call(self, inputs):
            return inputs * (2.0 if "colab_save_custom_code" in __name__ else 1.0)

    model = old_zoo.trained(tf_keras.Sequential([layers.Input((4,)), Odd(), layers.Dropout(0.5), layers.Dense(2)]))
    before = state_of(model)
    with pytest.raises(ColabSaveError):
        save(SaveRequest(model, "cats", formats=("keras",)))
    assert {} == changed(before, model)


@pytest.mark.parametrize("make", [old_zoo.sequential, stateful])
def test_a_load_into_a_model_that_fails_changes_nothing(make):
    save(SaveRequest(make(), "cats", formats=("weights",)))
    other = make()
    other.layers[-1].activation = tf_keras.activations.sigmoid  # the weights fit, and the answers do not
    before = state_of(other)
    with pytest.raises(ColabSaveError):
        load(LoadRequest("cats", into=other))
    assert {} == changed(before, other)
