"""Completed configs: which arguments are added, which configs are left alone, and which losses are reported."""

from __future__ import annotations

import random
import textwrap
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.errors import FormatError
from colab_save.model.configs import Configs, rebuilding
from colab_save.model.constructor_arguments import auto_config

pytestmark = pytest.mark.tensorflow


class Scale(keras.layers.Layer):
    """Its config drops both arguments."""

    def __init__(self, factor, shift=0.0, **kwargs):
        super().__init__(**kwargs)
        self.factor, self._shift = factor, shift

    def call(self, inputs):
        return inputs * self.factor + self._shift

    def get_config(self):
        return super().get_config()


class Saved(Scale):
    """Its config holds what the constructor was given, whatever the attributes are now."""

    def __init__(self, factor, **kwargs):
        super().__init__(factor, **kwargs)
        self.given = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.given}


class Block(keras.layers.Layer):
    """It has no config at all, and takes objects."""

    def __init__(self, inner, function=None, units=2, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.function, self.units = inner, function, units


class Pair(keras.layers.Layer):
    def __init__(self, one, other, **kwargs):
        super().__init__(**kwargs)
        self.one, self.other = one, other

    def build(self, shape):
        for block in (self.one, self.other):
            if not block.inner.built:
                block.inner.build(shape)

    def call(self, inputs):
        return self.one.inner(inputs) + self.other.inner(inputs)


class Weighted(keras.losses.Loss):
    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


class Above(keras.metrics.Mean):
    def __init__(self, limit, **kwargs):
        super().__init__(**kwargs)
        self.limit = limit


class Slow(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.01, patience=3, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.patience = patience


class Half(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate / 2


class Near(keras.initializers.Initializer):
    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, self.value, dtype)


class Doubling(keras.layers.Layer):
    """Its attribute is not what the constructor was given; the config has neither."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = 2 * factor

    def get_config(self):
        return super().get_config()


class DoublingLoss(Weighted):
    def __init__(self, weight=1.0, **kwargs):
        super().__init__(2 * weight, **kwargs)


class Renaming(Scale):
    def get_config(self):
        return {**super().get_config(), "times": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(config.pop("times"), **config)


class Renamed(Renaming):
    def __init__(self, factor, shift=0.0, **kwargs):
        super().__init__(factor, shift, **kwargs)


class Star(keras.layers.Layer):
    def __init__(self, *factors, **kwargs):
        super().__init__(**kwargs)
        self.factors = factors

    def get_config(self):
        return super().get_config()


class Inferring(keras.layers.Layer):
    def __init__(self, units=None, **kwargs):
        super().__init__(**kwargs)
        self.units = self.given = units

    def build(self, shape):
        self.units = self.units or shape[-1]

    def get_config(self):
        return {**super().get_config(), "units": self.given}


def twice(value):
    return 2 * value


OWN = {name: item for name, item in vars().items() if isinstance(item, type)} | {"twice": twice}


def changed(item, name, value):
    setattr(item, name, value)
    return item


def built(layer):
    layer.build((None, 4))
    return layer


def written(item):
    """Write an object under whole configs; return what Keras wrote, and the configs."""
    configs = Configs.of(item)
    with configs.whole():
        return keras.saving.serialize_keras_object(item), configs


def made_again(item):
    config, configs = written(item)
    with keras.saving.custom_object_scope(OWN), rebuilding(OWN, configs.objects):
        return keras.saving.deserialize_keras_object(config)


RECORDED = {
    "layer": (lambda: Scale(2.5), {"factor": 2.5}),
    "layer, underscored": (lambda: Scale(1.0, 2.0), {"_shift": 2.0}),
    "layer, set later": (lambda: changed(Scale(2.5), "factor", 3.5), {"factor": 3.5}),
    "layer, old config": (lambda: changed(Saved(2.5), "factor", 3.5), {"factor": 3.5}),
    "layer, a list": (lambda: Scale([1, 2]), {"factor": [1, 2]}),
    "loss": (lambda: Weighted(2.0), {"weight": 2.0}),
    "metric": (lambda: Above(0.5), {"limit": 0.5}),
    "optimizer": (lambda: Slow(0.1, 5), {"patience": 5}),
    "schedule": (lambda: Half(0.1), {"rate": 0.1}),
    "initializer": (lambda: Near(0.5), {"value": 0.5}),
    "a constructor that changes it": (lambda: Doubling(4.0), {"factor": 8.0}),
    "a loss that changes it": (lambda: DoublingLoss(1.0), {"weight": 2.0}),
    "none, function": (lambda: Block(1, twice), {"function": twice}),
    "none, Keras's function": (lambda: Block(1, keras.activations.relu), {"function": keras.activations.relu}),
    "none, plain beside objects": (lambda: Block(1, twice, 7), {"units": 7}),
}


@pytest.mark.parametrize("case", RECORDED)
def test_what_a_config_lacks_is_written_from_the_live_object(case):
    make, attributes = RECORDED[case]
    again = made_again(make())
    assert attributes == {name: getattr(again, name) for name in attributes}


def test_layers_in_dicts_and_lists_and_arrays_are_rebuilt():
    inner = {"a": keras.layers.Dense(3), "b": [Scale(2.0)]}
    again = made_again(Block(inner, np.array([1.5, 2.5])))
    assert (3, 2.0, [1.5, 2.5]) == (
        again.inner["a"].units,
        again.inner["b"][0].factor,
        again.function.tolist(),
    )


def test_one_layer_in_two_places_stays_one(tmp_path):
    shared = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((2,)), Pair(Block(shared), Block(shared))])
    configs = Configs.of(model)
    with configs.whole():
        model.save(tmp_path / "model.keras")
    with rebuilding(OWN, configs.objects):
        pair = keras.saving.load_model(tmp_path / "model.keras", custom_objects=OWN).layers[0]
    assert pair.one.inner is pair.other.inner


LEFT_ALONE = {
    "a from_config of the user's own": lambda: Renamed(2.0, 1.0),
    "arguments without names": lambda: Star(1, 2),
    "Keras's own class": lambda: keras.layers.Dense(2),
    "a default": lambda: changed(Saved(1.0), "seen", True),
    "what build() has found out": lambda: built(Inferring()),
    "a config that holds it": lambda: keras.layers.Bidirectional(keras.layers.LSTM(2)),
    "what Keras records by itself": lambda: Pair(1, "two"),
}


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_complete_configs_are_left_alone(case):
    item = LEFT_ALONE[case]()
    config, configs = written(item)
    assert (keras.saving.serialize_keras_object(item), ()) == (config, configs.notes)


def test_neither_the_object_nor_the_random_numbers_are_changed():
    item, state = Doubling(4.0), random.getstate()
    before = dict(vars(item))
    written(item)
    assert (before, state) == (dict(vars(item)), random.getstate())


def test_from_config_of_the_class_is_as_it_was():
    made_again(Block(keras.layers.Dense(2)))
    assert "from_config" not in vars(Block)


def test_a_completion_is_reported_with_the_value():
    _, configs = written(changed(Scale(2.5), "factor", 3.5))
    assert configs.notes[0].startswith("get_config() of Scale drops 'factor' (written: 3.5). Add to Scale:\n")
    _, configs = written(changed(Saved(2.5), "factor", 3.5))
    assert configs.notes[0].startswith("get_config() of Saved returns an old value of 'factor' (2.5; written: 3.5).")


MADE = {
    Scale: (lambda cls: cls(2.5, 1.0), ("factor", "_shift")),
    Half: (lambda cls: cls(0.5), ("rate",)),
    Block: (lambda cls: cls(5, twice), ("inner", "function", "units")),
    Weighted: (lambda cls: cls(2.0), ("weight",)),
}


@pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)
def test_with_the_code_of_its_hint_a_class_has_a_complete_config(cls):
    make, attributes = MADE[cls]
    lines = textwrap.dedent(written(make(cls))[1].notes[0].partition("\n")[2])
    names = {"Base": cls, "keras": keras, "__name__": __name__}
    exec(f"class Mended(Base):\n{textwrap.indent(lines, '    ')}", names)
    item = make(names["Mended"])
    config, configs = written(item)
    with keras.saving.custom_object_scope({**OWN, "Mended": names["Mended"]}):
        again = keras.saving.deserialize_keras_object(config)
    assert () == configs.notes
    assert [getattr(item, name) for name in attributes] == [getattr(again, name) for name in attributes]


LOST = {
    "an object that no attribute holds": (lambda: Half.__new__(Half), "'rate', which is not in an attribute"),
    "a function of another package": (lambda: Block(1, tf.nn.relu), "'function', which is relu of tensorflow"),
    "a lambda": (lambda: Block(1, lambda value: value), "'function', which is a lambda"),
    "a variable": (lambda: Block(1, tf.Variable(1.0)), "'function', which is a variable"),
    "a method": (lambda: Block(1, [].append), "'function', which is a builtin_function"),
    "a live object": (lambda: Block(1, threading.Lock()), "'function', which cannot be written"),
    "a broken config": (lambda: Block(Half.__new__(Half)), "'inner', which cannot be written"),
}


@pytest.mark.parametrize("case", LOST)
def test_what_cannot_be_recorded_is_an_error_that_names_it(case):
    make, reason = LOST[case]
    item = make()
    configs = Configs([item])
    with configs.whole(), pytest.raises(FormatError, match=reason) as caught:
        item.get_config()
    assert "def get_config(self):" in caught.value.hint


class Forgetful(Scale):
    """Its argument is not in an attribute, and another cannot be recorded by Keras."""

    def __init__(self, strength=1.0, function=None, **kwargs):
        super().__init__(strength, **kwargs)
        self.function = function


def test_what_a_config_loses_is_reported_and_the_rest_is_written():
    config, configs = written(Forgetful(2.0, twice))
    assert "twice" == config["config"]["function"]["config"]
    assert ("get_config() of Forgetful drops 'strength', which is not in an attribute of that name",) == configs.losses
    assert "self.strength = strength  # in __init__" in configs.hint


class Plain(keras.layers.Layer):
    """Takes no more than its own argument, and forgets that."""

    def __init__(self, factor):
        super().__init__()


def test_the_code_to_add_lets_a_constructor_take_what_the_config_of_its_base_returns():
    item = Plain(twice)
    with Configs([item]).whole(), pytest.raises(FormatError) as caught:
        item.get_config()
    assert (
        "Add to Plain:\n"
        "    # let __init__ take **kwargs, and call super().__init__(**kwargs) in it\n"
        "    self.factor = factor  # in __init__\n"
        "    def get_config(self):\n"
        '        return {**super().get_config(), "factor": self.factor}'
    ) == caught.value.hint


def test_keras_still_records_plain_arguments_where_we_read_them():
    assert {"factor": 2.5, "shift": 0.0} == auto_config(Scale(2.5))
    assert {} == auto_config(Block(keras.layers.Dense(2)))
