"""Examining is total: what a class of the user's raises costs one fact, which is then not compared."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import weakref

import keras
import pytest
import tensorflow as tf

from colab_save.artifact.facts import ModelFacts
from colab_save.errors import FormatError
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare
from tests import zoo

pytestmark = pytest.mark.tensorflow


class UsersError(Exception):
    """An exception of the user's own, without a text."""

    def __str__(self):
        raise RuntimeError("no text")


RAISED = [
    TypeError("odd"),
    ValueError("odd"),
    AttributeError("odd"),
    RuntimeError("odd"),
    KeyError("odd"),
    UsersError(),
]


class Words(keras.layers.Layer):
    """A layer each of whose methods can be made to raise."""

    raises: tuple[str, Exception] = ("", Exception())

    def __init__(self, words=("a", "b"), **kwargs):
        super().__init__(**kwargs)
        self.words = words

    def _may(self, name):
        if self.raises[0] == name:
            raise self.raises[1]

    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain

    def get_vocabulary(self):
        self._may("get_vocabulary")
        return self.words

    def get_build_config(self):
        self._may("get_build_config")
        return super().get_build_config()

    def get_config(self):
        self._may("get_config")
        return {**super().get_config(), "words": self.words}

    @property
    def output(self):
        self._may("output")
        return super().output

    @property
    def trainable(self):
        self._may("trainable")
        return super().trainable

    @trainable.setter
    def trainable(self, value):
        keras.layers.Layer.trainable.fset(self, value)

    @property
    def dtype_policy(self):
        self._may("dtype_policy")
        return super().dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        keras.layers.Layer.dtype_policy.fset(self, value)

    @property
    def weights(self):
        self._may("weights")
        return super().weights


CONFIG = "the connections of the model"
ASKED_BY_GET_CONFIG = {"dtype_policy", "get_build_config", "trainable"}

PLACES = {
    "get_vocabulary": "words.vocabulary",
    "get_build_config": "the build config of words",
    "get_config": CONFIG,
    "output": "the output of words",
    "trainable": "trainable.words",
    "dtype_policy": "words.dtype",
    "weights": "the weights that no attribute holds",
}
QUIET = {("output", AttributeError), ("output", ValueError), ("output", RuntimeError), ("weights", AttributeError)}
"""What Keras itself raises where there is no such thing, or asks about."""


def with_words(words=("a", "b")):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(Words(words, name="words")(inputs)))
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", PLACES)
def test_a_method_that_raises_costs_one_fact(method, error):
    model = with_words()
    whole = examine(model)
    model.get_layer("words").raises = (method, error)
    facts = examine(model)
    expected = set() if (method, type(error)) in QUIET else {PLACES[method]}
    assert expected == facts.remarks.keys() - ({CONFIG} if method in ASKED_BY_GET_CONFIG else set())
    assert [] == [item for items in compare(facts, whole).values() for item in items]


@pytest.mark.parametrize("make", zoo.MODELS.values(), ids=lambda make: make.__name__)
def test_beside_a_layer_that_raises_all_other_facts_of_every_model_are_taken(make):
    model = make()
    layer = Words(name="words")
    layer.build((None, 4))
    model.words_of_mine = layer
    whole = examine(model)
    layer.raises = ("get_vocabulary", UsersError())
    facts = examine(model)
    path = next(item.path for item in facts.layers if item.class_name == "Words")
    layers = tuple(
        dataclasses.replace(item, arguments={**item.arguments, "vocabulary": whole.layers[at].arguments["vocabulary"]})
        if item.path == path
        else item
        for at, item in enumerate(facts.layers)
    )
    assert {f"{path}.vocabulary"} == set(facts.remarks)
    assert whole == dataclasses.replace(facts, layers=layers, remarks={})


def test_what_only_the_reloaded_model_fails_to_tell_is_a_difference():
    model = with_words()
    whole = examine(model)
    model.get_layer("words").raises = ("get_vocabulary", TypeError("odd"))
    differences = [str(item) for items in compare(whole, examine(model)).values() for item in items]
    assert ["words.vocabulary: expected"] == [text[:26] for text in differences]


def test_a_loss_beside_a_remark_is_still_a_difference():
    model = with_words()
    model.get_layer("words").raises = ("get_vocabulary", TypeError("odd"))
    before = examine(model)
    model.get_layer("words").gain.assign_add([0.0, 0.0, 0.0, 1e-3])
    model.get_layer("words").words = ("a", "b", "c")
    model.layers[-1].trainable = False
    found = {item.where for items in compare(before, examine(model)).values() for item in items}
    assert {"words/gain", "words.words", "trainable.dense"} == found


@pytest.mark.parametrize(
    "words", [{"a": 0, "b": 1}.keys(), ["a", "b"], {"a": 0, "b": 1}, (word for word in "ab"), {"b", "a"}]
)
def test_a_vocabulary_may_be_anything_that_has_words(words):
    model = with_words()
    model.get_layer("words").get_vocabulary = lambda: words
    expected = examine(with_words()).layers[2].arguments["vocabulary"]
    assert expected == examine(model).layers[2].arguments["vocabulary"]


@pytest.mark.parametrize(
    "read", [lambda: None, lambda: 7, lambda size: ["a"], 3], ids=["none", "number", "needs", "no method"]
)
def test_a_vocabulary_that_is_none_is_a_remark(read):
    model = with_words()
    model.get_layer("words").get_vocabulary = read
    assert ("words.vocabulary",) == tuple(examine(model).remarks)


def test_remarks_come_back_from_json():
    model = with_words()
    model.get_layer("words").raises = ("get_vocabulary", KeyError("odd"))
    facts = examine(model)
    assert facts == ModelFacts.from_json(json.loads(json.dumps(facts.to_json())))


class Asked:
    """An object that has no attribute and raises what `hasattr` lets through."""

    def __getattr__(self, name):
        raise KeyError(name)


class Slotted:
    __slots__ = ("held",)


class Gone(collections.abc.Mapping):
    """A mapping whose file is closed."""

    def __getitem__(self, key):
        raise OSError("closed")

    def __iter__(self):
        raise OSError("closed")

    def __len__(self):
        return 1


class Nameless:
    @property
    def name(self):
        raise RuntimeError("no name")

    def __repr__(self):
        raise RuntimeError("no text")


class Bare:
    pass


def dead():
    item = Bare()
    return weakref.proxy(item)


@pytest.mark.parametrize("make", [Asked, Slotted, Gone, Nameless, dead, lambda: {Nameless()}, lambda: "\ud800"])
@pytest.mark.parametrize("holder", ["model", "layer"])
def test_an_odd_object_in_an_attribute_ends_nothing(make, holder):
    model = with_words()
    whole = examine(model)
    vars(model if holder == "model" else model.get_layer("words"))["odd"] = make()
    assert whole.variables == examine(model).variables


def test_a_weight_without_a_value_is_an_error_of_ours():
    model = with_words()
    model.words_of_mine = [Unreadable(1.0, name="lost")]
    with pytest.raises(FormatError, match="words_of_mine/0 has no value that could be read"):
        examine(model)


class Unreadable(keras.Variable):
    def __tf_tensor__(self, dtype=None, name=None):
        raise tf.errors.FailedPreconditionError(None, None, "not initialised")
