"""Models are found among a notebook's variables without importing anything; expressions fail in words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from colab_save.errors import AmbiguousModelError, NoModelError, RequestError, UnknownNameError
from colab_save.frontends.namespace import evaluate, find_models, only_model, pick_model
from colab_save.request.command import Expression


class Model:
    """Stands for `keras.Model`: the loaded module named ``keras`` decides what a model is."""


class Layer:
    pass


class Module:
    pass


class OldLayer(Module, Layer):
    """As in Keras 2, where every layer is a `tf.Module`."""


class OldModel(OldLayer):
    pass


def module(name, **names):
    made = type(sys)(name)
    vars(made).update(names)
    return made


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """A process in which small modules of these names are loaded."""
    monkeypatch.setitem(sys.modules, "keras", module("keras", Model=Model))
    layers = module("tf_keras.layers", Layer=Layer)
    monkeypatch.setitem(sys.modules, "tf_keras", module("tf_keras", Model=OldModel, layers=layers))
    monkeypatch.setitem(sys.modules, "tensorflow", module("tensorflow", Module=Module))


def typed(source, **rest):
    return Expression(source, source, "MODEL", **rest)


@pytest.mark.parametrize("kind", [Model, OldModel, Module])
def test_models_of_each_kind_are_found(kind):
    model = kind()
    assert {"a": model} == find_models({"x": 1, "a": model})


@pytest.mark.parametrize("value", [Model, OldLayer(), [Model()], 1, None])
def test_other_objects_are_no_models(value):
    assert {} == find_models({"a": value})


def test_an_object_with_two_names_counts_once_by_its_first():
    model = Model()
    assert ["b"] == list(find_models({"b": model, "a": model}))


def test_the_notebooks_history_and_private_names_do_not_count():
    assert {} == find_models({"_": Model(), "_7": Model(), "__": Model(), "_own": Model()})


def test_without_tensorflow_there_are_no_models_and_none_is_imported(monkeypatch):
    script = (
        "import sys; from colab_save.frontends.namespace import find_models\n"
        "print(find_models({'a': 1, 'b': object()}), {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "{} set()" == answer.stdout.strip()


def test_the_only_model_is_given_with_its_name():
    model = Model()
    assert ("net", model) == only_model({"x": 1, "net": model})


def test_no_model_is_an_error():
    with pytest.raises(NoModelError, match="no model"):
        only_model({"x": 1})


def test_several_models_are_listed():
    with pytest.raises(AmbiguousModelError, match=r"a \(Model\), b \(OldModel\)"):
        only_model({"a": Model(), "b": OldModel()})


def test_a_variable_gives_the_target_its_name():
    model = Model()
    assert (model, "net") == pick_model(typed("net"), None, {"net": model})


def test_an_expression_gives_no_name():
    model = Model()
    assert (model, None) == pick_model(typed("nets['a']"), None, {"nets": {"a": model}})


@pytest.mark.parametrize(("source", "target"), [("both", "both"), ("{'a': a, 'b': b}", None)])
def test_what_holds_several_models_is_saved_where_it_is_named(source, target):
    a, b = Model(), Model()
    held = {"a": a, "b": b}
    assert (held, target) == pick_model(typed(source), None, {**held, "both": held})


def test_a_target_that_was_given_is_taken():
    model = Model()
    assert (model, "cats") == pick_model(typed("net"), "cats", {"net": model})


def test_without_words_the_only_model_is_saved_under_its_name():
    model = Model()
    assert (model, "net") == pick_model(None, None, {"net": model})


@pytest.mark.parametrize("word", ["cats", "my cats", "./cats.keras", "/content/drive/MyDrive/cats", "cats.keras"])
def test_a_word_that_names_nothing_is_the_target_of_the_only_model(word):
    model = Model()
    assert (model, word) == pick_model(typed(word), None, {"net": model})


def test_a_word_that_names_nothing_is_an_error_where_there_are_several_models():
    with pytest.raises(UnknownNameError, match="no variable 'nett'") as caught:
        pick_model(typed("nett"), None, {"net": Model(), "other": Model()})
    assert "Did you mean 'net'?" == caught.value.hint


def test_a_path_alone_where_there_are_several_models_asks_which():
    with pytest.raises(AmbiguousModelError):
        pick_model(typed("./cats.keras"), None, {"net": Model(), "other": Model()})


def test_a_path_alone_where_there_is_no_model_says_that():
    with pytest.raises(NoModelError):
        pick_model(typed("./cats.keras"), None, {})


def test_a_failing_expression_is_never_taken_for_a_target():
    with pytest.raises(RequestError, match="KeyError"):
        pick_model(typed("nets['b']"), None, {"nets": {}, "net": Model()})


def test_a_misspelt_model_beside_a_target_is_an_error():
    with pytest.raises(UnknownNameError) as caught:
        pick_model(typed("modle"), "cats", {"model": Model()})
    assert "Did you mean 'model'?" == caught.value.hint


@pytest.mark.parametrize(("source", "value"), [("x + 1", 3), ("[x for _ in range(x)]", [2, 2]), ("(lambda: x)()", 2)])
def test_an_expression_is_evaluated_among_the_variables(source, value):
    assert value == evaluate(typed(source), {"x": 2})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x +", "MODEL x + is not a Python expression."),
        ("y", "MODEL y: there is no variable 'y'."),
        ("x / 0", "MODEL x / 0 failed with ZeroDivisionError: division by zero."),
        ("x.shape", "MODEL x.shape failed with AttributeError: 'int' object has no attribute 'shape'."),
    ],
)
def test_a_failing_expression_says_which_option_and_why(source, message):
    with pytest.raises(RequestError) as caught:
        evaluate(typed(source), {"x": 2})
    assert message == caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("source", ["serve", "two words", "v1.2-final"])
def test_the_value_of_a_pair_that_names_nothing_is_its_text(source):
    assert source == evaluate(typed(source, may_be_word=True), {})


def test_the_value_of_a_pair_that_names_something_is_that():
    assert 2 == evaluate(typed("x", may_be_word=True), {"x": 2})


def test_a_misspelt_variable_is_answered_with_the_right_one_although_there_are_models():
    with pytest.raises(UnknownNameError) as caught:
        evaluate(typed("xtrain"), {"x_train": 1, "model": Model()})
    assert "Did you mean 'x_train'?" == caught.value.hint
