"""Models whose constructors cannot be called again come back from their attributes, and go on training as they were."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import functools
import json
import re
import sys
import threading
import types
import warnings
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from hypothesis import example, given
from hypothesis import strategies as st

from colab_save.artifact.round_trip import Outcome
from colab_save.custom_code.remaking import Remaking
from colab_save.custom_code.running import load_custom_code
from colab_save.errors import RoundTripError, UntrustedCodeError
from colab_save.inspecting.keras.arguments import MADE_OF_ATTRIBUTES
from colab_save.loading.pipeline import load
from colab_save.model.attribute_configs import _own_weights, attribute_config
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.constructions import construction_of
from colab_save.sampling.notebook import Notebook
from colab_save.saving.pipeline import save
from tests.zoo import rows

pytestmark = [
    pytest.mark.tensorflow,
    # What Keras says of cells and blocks as notebooks write them.
    pytest.mark.filterwarnings("ignore:`build\\(\\)` was called on layer:UserWarning"),
]


class Mode(enum.Enum):
    """A member of it is an attribute."""

    LINEAR = "linear"
    DOUBLE = "double"


@dataclasses.dataclass
class Sizes:
    """Arguments in one object, as many notebooks have them."""

    units: int = 4
    rates: tuple = (0.1, 0.2)
    mode: Mode = Mode.DOUBLE


Span = collections.namedtuple("Span", "first last")  # noqa: PYI024 - notebooks write it so


def scaled(x, by=2.0):
    return x * by


class Plain(keras.Model):
    """The plainest class of all."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(4, activation="relu")
        self.head = keras.layers.Dense(2)

    def call(self, inputs):
        return self.head(self.hidden(inputs))


class Block(keras.layers.Layer):
    """Its arguments are in no attribute."""

    def __init__(self, units, rate):
        super().__init__()
        self.dense, self.dropout = keras.layers.Dense(units), keras.layers.Dropout(rate)

    def call(self, inputs, training=False):
        return self.dropout(self.dense(inputs), training=training)


class Stack(keras.Model):
    """Layers of the notebook in a list, made from numbers in a list that no attribute holds."""

    def __init__(self, outputs, widths):
        super().__init__()
        self.blocks = [Block(width, 0.0) for width in widths]
        self.head = keras.layers.Dense(outputs)

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs, training=training)
        return self.head(inputs)


class Rich(keras.Model):
    """Attributes of all kinds."""

    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        self.function = functools.partial(scaled, by=3.0)
        self.activation = lambda x: tf.nn.relu(x) * sizes.units
        self.array = np.arange(6, dtype="float32").reshape(2, 3)
        self.constant = tf.constant([1.0, 2.0])
        self.span = Span(1, 2.5)
        self.names = {"x": 1, 3: (4, 5), "s": {1, 2}}
        self.raw = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="raw")
        self.traced = tf.function(self.inner)
        self.parts = {"a": keras.layers.Dense(2), "b": [keras.layers.Dense(2)]}
        self.alias = self.parts["a"]
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1, 2], [10.0, 20.0]), 1.0)

    def inner(self, inputs):
        return tf.matmul(inputs, self.raw)

    def call(self, inputs):
        outputs = self.activation(self.function(self.traced(self.parts["b"][0](self.alias(inputs)))))
        more = tf.reduce_sum(self.array) + self.table.lookup(tf.constant(2)) + len(self.names)
        return outputs + self.constant * self.span.last + more if self.sizes.mode is Mode.DOUBLE else outputs


class OwnWeights(keras.layers.Layer):
    """Weights that the constructor makes, and others that build makes."""

    def __init__(self, count):
        super().__init__()
        self.scales = [self.add_weight(shape=(), initializer="ones", name=f"scale_{i}") for i in range(int(count))]
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel", regularizer="l2")
        self.late = keras.layers.Dense(3, name="late")

    def call(self, inputs):
        return self.late(tf.matmul(inputs, self.kernel)) * tf.add_n(self.scales) + self.seen


class Gained(keras.layers.Dense):
    """A layer of Keras with another constructor."""

    def __init__(self, gain):
        super().__init__(3, activation="relu")
        self.twice = float(gain) * 2

    def call(self, inputs):
        return super().call(inputs) * self.twice


class OwnSequential(keras.Sequential):
    """A Sequential that makes its layers."""

    def __init__(self, units):
        super().__init__([keras.layers.Dense(int(units)), keras.layers.Dense(2)])


class OwnFunctional(keras.Model):
    """A functional model that makes its layers."""

    def __init__(self, units):
        inputs = keras.Input((4,))
        super().__init__(inputs, keras.layers.Dense(2)(keras.layers.Dense(int(units))(inputs)))
        self.extra = {"units": int(units)}


class Tied(keras.Model):
    """An embedding that is used twice, and held three times."""

    def __init__(self, size):
        super().__init__()
        self.embedding = keras.layers.Embedding(int(size), 4)
        self.held = [self.embedding, {"again": self.embedding}]

    def call(self, inputs):
        return tf.matmul(self.held[1]["again"](inputs), self.embedding.embeddings, transpose_b=True)


class Cell(keras.layers.Layer):
    """A cell of a recurrent layer, whose layer Keras does not build when it loads."""

    def __init__(self, units):
        super().__init__()
        self.state_size, self.dense = units, keras.layers.Dense(units)

    def call(self, inputs, states):
        hidden = tf.tanh(self.dense(tf.concat([inputs, states[0]], -1)))
        return hidden, [hidden]


class Squared(keras.losses.Loss):
    """Its argument is in no attribute, and it takes no reduction."""

    def __init__(self, weight):
        super().__init__(name="squared")
        self.twice = weight * 2

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) * self.twice


class Child(keras.layers.Layer):
    """It knows its model."""

    def __init__(self, parent):
        super().__init__()
        self.size, self.dense = 3, keras.layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)


class Parent(keras.Model):
    """A model that hands itself to its layer."""

    def __init__(self):
        super().__init__()
        self.child, self.scale = Child(self), tf.Variable(2.0)

    def call(self, inputs):
        return self.child(inputs) * self.scale


class Masking(keras.layers.Layer):
    """It says that it supports masks."""

    def __init__(self, *sizes):
        super().__init__()
        self.supports_masking, self.sizes = True, sizes

    def call(self, inputs, mask=None):
        return inputs if mask is None else inputs * tf.cast(mask[..., None], inputs.dtype)


class Alternating(keras.Model):
    """A loop fills its lists in turn, so that its layers stand in another order than in its attributes."""

    def __init__(self, widths):
        super().__init__()
        self.inner, self.outer = [], {}
        for at, width in enumerate(widths.split()):
            self.inner.append([keras.layers.Dense(int(width), use_bias=False)])
            self.outer[f"layer_{at}"] = keras.layers.Dense(4, use_bias=False)
        self.head = keras.layers.Dense(2)

    def call(self, inputs):
        for (inner,), outer in zip(self.inner, self.outer.values(), strict=True):
            inputs = outer(inner(inputs))
        return self.head(inputs)


class OldKeras(tf_keras.Model):
    """A model of Keras 2."""

    def __init__(self, widths):
        super().__init__()
        self.dense = [tf_keras.layers.Dense(width) for width in widths]
        self.names = {"a": [1, (2, 3)]}

    def build(self, shape):
        self.scale = self.add_weight("scale", shape=(shape[-1],), initializer="ones")
        super().build(shape)

    def call(self, inputs):
        inputs = inputs * self.scale
        for layer in self.dense:
            inputs = layer(inputs)
        return inputs


@contextmanager
def run_eagerly():
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        tf.config.run_functions_eagerly(False)


def whole_numbers(*shape):
    return np.arange(np.prod(shape)).reshape(shape) % 7


def recurrent():
    return keras.Sequential([keras.Input((5, 4)), keras.layers.RNN(Cell(4)), keras.layers.Dense(2)])


def around(*layers):
    return lambda: keras.Sequential([keras.Input((4,)), *(make() for make in layers), keras.layers.Dense(2)])


def masked():
    return keras.Sequential([keras.layers.Embedding(7, 3, mask_zero=True), Masking(1, 2), keras.layers.LSTM(2)])


def frozen():
    model = keras.Sequential([keras.Input((4,)), OwnWeights("2"), keras.layers.Dense(2)])
    model.layers[0].trainable = False
    return model


@dataclasses.dataclass
class Kind:
    """One kind of model: how it is made, what it is trained on, and its loss."""

    make: object
    inputs: object
    targets: object
    loss: object = "mse"

    def train(self, model):
        """Train one more step, in inference mode as far as layers are concerned; return the loss."""
        with run_eagerly():
            return model.fit(self.inputs, self.targets, verbose=0).history["loss"]

    def trained(self):
        keras.utils.set_random_seed(1)  # with other weights no unit may be alive on two rows, and no step move anything
        model = self.make()
        model.compile("adam", self.loss)
        self.train(model)
        return model


FOUR, TWO = rows(8, 4), rows(8, 2, seed=1)
KINDS = {
    "a constructor without arguments": Kind(Plain, FOUR, TWO),
    "arguments in no attribute": Kind(lambda: Stack(2, [4, 3]), FOUR, TWO),
    "attributes of all kinds": Kind(lambda: Rich(Sizes(5)), rows(8, 2), TWO),
    "weights of constructor and build": Kind(around(lambda: OwnWeights("2")), FOUR, TWO),
    "frozen weights": Kind(frozen, FOUR, TWO),
    "a layer of Keras": Kind(around(lambda: Gained("2")), FOUR, TWO),
    "a Sequential": Kind(lambda: OwnSequential("5"), FOUR, TWO),
    "a functional model": Kind(lambda: OwnFunctional("5"), FOUR, TWO),
    "a layer held three times": Kind(lambda: Tied("7"), whole_numbers(8, 5), rows(8, 5, 7)),
    "a recurrent cell, and a loss": Kind(recurrent, rows(8, 5, 4), TWO, Squared(1.5)),
    "a layer that knows its model": Kind(Parent, FOUR, rows(8, 3)),
    "a layer that supports masks": Kind(masked, whole_numbers(8, 5), TWO),
    "lists that a loop fills in turn": Kind(lambda: Alternating("4 4"), FOUR, TWO),
    "lists that a loop fills with layers of many sizes": Kind(lambda: Alternating("3 5"), FOUR, TWO),
    "Keras 2": Kind(lambda: OldKeras([3, 2]), FOUR, TWO),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture(scope="module")
def model(kind):
    return kind.trained()


@pytest.fixture(scope="module")
def before(model):
    """The attributes of the live model before it was saved."""
    return dict(vars(model))


@pytest.fixture(scope="module")
def report(model, before, tmp_path_factory):
    return save(SaveRequest(model, "cats", to=str(tmp_path_factory.mktemp("store"))))


@pytest.fixture(scope="module")
def other(report):
    """The model loaded again."""
    return load(LoadRequest("cats", source=report.where.rpartition("/cats/")[0])).model


def test_it_is_saved_whole(report):
    (trip,) = report.manifest.round_trips
    assert ("keras", {Outcome.PASSED}) == (trip.format, {each.outcome for each in trip.verdicts.values()})


def test_its_live_model_stays_as_it_was(model, before, report):
    assert report.manifest.facts.kind
    now = vars(model)
    assert (before.keys(), []) == (now.keys(), [name for name, value in before.items() if now[name] is not value])


def test_it_goes_on_training_as_it_was(kind, model, other):
    assert [kind.train(model) for _ in range(2)] == [pytest.approx(kind.train(other), rel=1e-5) for _ in range(2)]


def test_it_opens_with_keras_and_its_custom_code_alone(kind, report):
    folder = Path(report.where)
    custom = load_custom_code(folder / "custom_code.py", "opened_alone")
    keras_of_it = tf_keras if report.manifest.facts.kind == "tf_keras" else keras
    opened = keras_of_it.saving.load_model(folder / "model.keras", custom_objects=custom, compile=False)
    assert opened(kind.inputs[:2]).shape[0] == 2


class Counted(keras.layers.Layer):
    """What it adds is in an object that no file can hold."""

    def __init__(self, lock, amount):
        super().__init__()
        self.held = {lock: amount}

    def call(self, inputs):
        return inputs + sum(self.held.values())


def test_an_attribute_that_is_lost_and_that_the_outputs_need_is_a_failure(tmp_path):
    model = Kind(around(lambda: Counted(threading.Lock(), 3.0)), FOUR, TWO).trained()
    with pytest.raises(RoundTripError, match="the attribute held of Counted is not saved: it is a lock"):
        save(SaveRequest(model, "cats", to=str(tmp_path), formats=("keras",)))


class Unneeded(keras.layers.Layer):
    """It holds an object that no file can hold, and that nothing needs."""

    def __init__(self, sizes):
        super().__init__()
        self.lock, self.twice = threading.Lock(), sizes.units

    def call(self, inputs):
        return inputs * self.twice


def test_an_attribute_that_is_lost_and_that_nothing_needs_is_told(tmp_path):
    model = Kind(around(lambda: Unneeded(Sizes(2))), FOUR, TWO).trained()
    report = save(SaveRequest(model, "cats", to=str(tmp_path)))
    assert "The attribute lock of Unneeded is not saved: it is a lock, which a config cannot hold." in report.notes


NESTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | st.floats(allow_nan=False)
    | st.sampled_from(Mode)
    | st.builds(Span, st.integers(0, 9), st.text(max_size=2))
    | st.builds(Sizes, st.integers(0, 9), st.tuples(st.floats(0, 1)), st.sampled_from(Mode)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 9), inner, max_size=3)
        | st.sets(st.integers(0, 9), max_size=3)
        | st.frozensets(st.text(max_size=2), max_size=3)
    ),
    max_leaves=12,
)


class Holder(keras.layers.Layer):
    """Holds one value."""


def text_of(value):
    """The text of a value, with its types; equal sets, whose order may differ, have one text."""
    match value:
        case set() | frozenset():
            return f"{type(value).__name__} of {sorted(map(repr, value))}"
        case list() | tuple():
            return f"{type(value).__name__} of [{', '.join(map(text_of, value))}]"
        case dict():
            return f"dict of [{', '.join(f'{text_of(key)}: {text_of(item)}' for key, item in value.items())}]"
        case _:
            return repr(value)


@given(NESTED)
@example(frozenset({"\x1c", "\u00d0\U000e1840"}))
def test_a_value_comes_back_with_its_type(value):
    layer = Holder(name="holder")
    vars(layer)["value"] = value
    written = attribute_config(layer, lambda item: item.__name__)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(written.config)))
    with keras.saving.custom_object_scope({"Mode": Mode, "Span": Span, "Sizes": Sizes}):
        reading = Remaking(Holder)
        found = {name: reading.read(held) for name, held in config[Remaking.KEY]["attributes"]}
    assert (value, text_of(value), {}) == (found["value"], text_of(found["value"]), written.lost)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype="int16").reshape(2, 3),
        np.array(["a", "bc"]),
        np.float32(1.5),
        np.ones((2, 0)),
        tf.constant([1, 2], tf.bfloat16),
        tf.constant("text"),
        tf.float16,
        tf.TensorShape([None, 3]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_array_comes_back_with_its_dtype(value):
    layer = Holder(name="holder")
    vars(layer)["value"] = value
    config = json.loads(json.dumps(attribute_config(layer, str).config))
    reading = Remaking(Holder)
    found = reading.read(dict(config[Remaking.KEY]["attributes"])["value"])
    assert (type(value), str(value)) == (type(found), str(found))


@pytest.mark.parametrize("value", [threading.Lock(), np.zeros((1 << 22) + 1), np.array([object()]), iter([])])
def test_what_no_config_holds_is_named(value):
    layer = Holder(name="holder")
    vars(layer)["value"] = value
    assert ["value"] == [*attribute_config(layer, str).lost]


def test_inspection_knows_the_key_of_the_config():
    assert MADE_OF_ATTRIBUTES == Remaking.KEY


def test_a_dunder_attribute_in_a_file_is_not_set():
    config = {"base": {}, "is_derived": False, "weights": [], "frozen": [], "built": False}
    made = Remaking(Holder).make({**config, "attributes": [["__class__", 1], ["size", 2]]})
    assert (Holder, 2) == (type(made), made.size)


def test_the_private_lists_of_weights_are_where_they_were():
    layer, old = OwnWeights("2"), tf_keras.layers.Dense(2)
    layer.build((None, 4))
    old.build((None, 4))
    assert ([3, 1], [2, 0]) == (
        [len(each) for each in _own_weights(layer)],
        [len(each) for each in _own_weights(old)],
    )


@pytest.mark.parametrize(
    "held",
    [
        {"method": [{"method": [{"self": True}, "build_from_config"]}, "__globals__"]},
        {"method": [{"list": []}, "clear"]},
        {"member": [{"dict": [["a", 1]]}, "a"]},
        {"made": [{"self": True}, []]},
        {"partial": ["print", [], {"dict": []}]},
        {"bound": [{"method": [{"self": True}, "build_from_config"]}, {"self": True}]},
    ],
    ids=[
        "the globals of a method",
        "a method of a list",
        "an item of a dict",
        "no class",
        "a partial of a text",
        "a method",
    ],
)
def test_what_no_save_writes_is_refused(held):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        Remaking(Holder).read(held)


class Own(dict):
    """A container of the notebook."""


class Items(list):
    """Another one."""


class Text(str):
    """A text of the notebook, with more than its letters."""

    __slots__ = ("language",)


@pytest.mark.parametrize(
    "value",
    [
        collections.defaultdict(list, a=[1]),
        collections.OrderedDict(b=(1, 2), a=None),
        collections.Counter("hello"),
        collections.deque([1, 2], 3),
        types.SimpleNamespace(units=3, mode=Mode.DOUBLE),
        argparse.Namespace(rate=0.5),
        range(1, 7, 2),
        re.compile("[a-z]+", re.IGNORECASE),
        Path("data") / "words.txt",
        Own(a=1, b=[2]),
        Items([1, (2, 3)]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_container_of_a_class_comes_back_with_its_type_and_items(value):
    layer = Holder(name="holder")
    vars(layer)["value"] = value
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(attribute_config(layer, name_of).config)))
    with keras.saving.custom_object_scope({"Mode": Mode, "Own": Own, "Items": Items}):
        found = Remaking(Holder).read(dict(config[Remaking.KEY]["attributes"])["value"])
    assert (type(value), value, repr(value)) == (type(found), found, repr(found))


def name_of(item):
    return item.__name__


@pytest.mark.parametrize("value", [collections.defaultdict(lambda: 3), Text("a"), threading.local()])
def test_a_container_of_another_class_is_not_written_as_a_plain_one(value):
    layer = Holder(name="holder")
    vars(layer)["value"] = value
    assert ["value"] == [*attribute_config(layer, str).lost]


@pytest.mark.parametrize(
    ("name", "value", "is_lost"),
    [
        ("api_key", "0123456789abcdef", True),
        ("settings", {"a": "hf_" + "x" * 30}, True),
        ("pad_token", "[PAD]", False),
        ("key_dim", 64, False),
        ("start_token", "<start>", False),
    ],
)
def test_a_secret_is_not_written(name, value, is_lost):
    layer = Holder(name="holder")
    vars(layer)[name] = value
    written = attribute_config(layer, str)
    assert (is_lost, not is_lost) == (
        name in written.lost,
        repr(value) in repr(dict(written.config[Remaking.KEY]["attributes"])),
    )


def test_a_file_of_somebody_else_sets_no_attributes_of_the_notebooks_classes(tmp_path, monkeypatch):
    report = save(SaveRequest(KINDS["attributes of all kinds"].trained(), "cats", to=str(tmp_path)))
    assert ("Rich",) == report.manifest.facts.remade
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another_user"))
    main = sys.modules["__main__"]
    for each in (Rich, Sizes, Mode, Span, scaled):
        monkeypatch.setattr(main, each.__name__, each, raising=False)
    with pytest.raises(UntrustedCodeError):
        load(LoadRequest("cats", source=str(tmp_path)))


def test_a_functional_model_loads_where_its_class_is_live(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "OwnFunctional", OwnFunctional, raising=False)
    save(SaveRequest(Kind(lambda: OwnFunctional("5"), FOUR, TWO).trained(), "cats"))
    loaded = [load(LoadRequest("cats")).model for _ in range(2)]
    assert [OwnFunctional, OwnFunctional] == list(map(type, loaded))


class Around(keras.Model):
    """It takes another layer or an initializer."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner


@pytest.mark.parametrize(
    ("argument", "is_taken"),
    [
        ("keras.initializers.RandomNormal(0.5)", True),
        ("keras.layers.Dense(3)", True),
        ("layer", True),
        ("keras.Sequential([layer])", False),
        ("keras.layers.TimeDistributed(layer=layer)", False),
        ("{'all': keras.Sequential([keras.Input((2,)), layer])}", False),
    ],
)
def test_no_call_is_repeated_that_calls_a_live_layer(argument, is_taken):
    variables = {"keras": keras, "Around": Around, "layer": keras.layers.Dense(2)}
    cell = f"net = Around({argument})"
    exec(cell, variables)
    calls = len(variables["layer"]._inbound_nodes)
    assert is_taken is (construction_of(variables["net"], Notebook(variables, [cell])) is not None)
    assert calls == len(variables["layer"]._inbound_nodes)
