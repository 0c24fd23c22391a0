"""Models are found among a notebook's variables without importing anything; expressions fail in words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from colab_save.errors import AmbiguousModelError, NoModelError, RequestError, UnknownNameError, UnsupportedError
from colab_save.frontends.languages import MAGIC
from colab_save.frontends.namespace import (
    check_before,
    check_variable,
    evaluate,
    explained,
    find_models,
    only_model,
    pick_model,
)
from colab_save.hints import speaking
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


@pytest.mark.parametrize("word", ["./cats.keras", "/content/drive/MyDrive/cats", "cats.keras", "s3://bucket/cats"])
def test_a_path_alone_is_the_target_of_the_only_model(word):
    model = Model()
    assert (model, word) == pick_model(typed(word), None, {"net": model})


def refused(source, variables):
    """Return the error for a word alone, in the language of the magics."""
    with speaking(MAGIC), pytest.raises(UnknownNameError) as caught:
        pick_model(typed(source), None, variables)
    caught.value.language = MAGIC
    return caught.value


@pytest.mark.parametrize("word", ["discriminator", "my cats", "my-cats", "v1.2", "2024 cats"])
def test_a_word_alone_that_is_no_variable_never_saves_another_model(word):
    error = refused(word, {"generator": Model()})
    assert f"There is no variable '{word}', and a name alone does not say which model to save." == error.message


def test_the_hint_names_the_only_model_and_the_whole_line():
    error = refused("discriminator", {"generator": Model()})
    assert (
        "The only model is generator; to save it under that name, run %savemodel generator discriminator." == error.hint
    )


def test_a_name_with_spaces_is_quoted_in_that_line():
    assert '%savemodel net "my cats"' in refused("my cats", {"net": Model()}).hint


def test_the_hint_names_all_models_where_there_are_several():
    error = refused("nett", {"net": Model(), "other": OldModel()})
    assert (
        "Did you mean 'net'? The models are net (Model), other (OldModel); to save one under that name, name both, as "
        "in %savemodel net nett." == error.hint
    )


def test_the_hint_names_a_screenful_of_models():
    assert "m7 (Model) and 2 more;" in refused("cats", {f"m{number}": Model() for number in range(10)}).hint


def test_the_hint_names_a_similar_variable_that_holds_models():
    assert "Did you mean 'agent'?" == refused("agnet", {"agent": {"online": 1}}).hint


def test_without_a_model_the_hint_says_to_make_one():
    assert "Make the model first, then run %savemodel model cats." == refused("cats", {"x": 1}).hint


def test_a_path_that_begins_like_a_variable_is_no_attribute_of_it():
    with speaking(MAGIC), pytest.raises(RequestError, match="AttributeError") as caught:
        pick_model(typed("net.keras"), None, {"net": Model()})
    caught.value.language = MAGIC
    assert "The only model is net; to save it to that path, run %savemodel net net.keras." == caught.value.hint


def test_a_path_alone_where_there_are_several_models_asks_which_with_the_whole_line():
    with pytest.raises(AmbiguousModelError) as caught:
        pick_model(typed("./cats.keras"), None, {"net": Model(), "other": Model()})
    assert "Choose one of them, for example save net ./cats.keras." == caught.value.hint


def test_a_path_alone_where_there_is_no_model_says_that():
    with pytest.raises(NoModelError):
        pick_model(typed("./cats.keras"), None, {})


def test_a_failing_expression_is_never_taken_for_a_target():
    with pytest.raises(RequestError, match="KeyError"):
        pick_model(typed("nets['b']"), None, {"nets": {}, "net": Model()})


def test_an_attribute_that_there_is_not_may_have_been_meant_as_a_name():
    with pytest.raises(RequestError, match="AttributeError") as caught:
        pick_model(typed("net.v2"), None, {"net": Model()})
    assert caught.value.hint.endswith("The only model is net; to save it under that name, run save net net.v2.")


def test_a_misspelt_model_beside_a_target_is_an_error():
    with pytest.raises(UnknownNameError) as caught:
        pick_model(typed("modle"), "cats", {"model": Model()})
    assert "Did you mean 'model'?" == caught.value.hint


def explain(source, variables, **line):
    with pytest.raises(UnsupportedError) as caught, explained({"model": typed(source), **line}, variables):
        raise UnsupportedError("It holds no model.", "Pass one.")
    caught.value.language = MAGIC
    return caught.value


def test_a_variable_that_is_no_model_may_have_been_meant_as_a_name():
    error = explain("cats", {"cats": [1], "net": Model()})
    assert "cats is no model. It holds no model." == error.message
    assert "Pass one. The only model is net; to save it under that name, run %savemodel net cats." == error.hint


@pytest.mark.parametrize(("source", "line"), [("net", {}), ("cats", {"target": "dogs"}), ("cats[0]", {})])
def test_another_refusal_is_not_explained(source, line):
    assert "Pass one." == explain(source, {"cats": [1], "net": Model()}, **line).hint


def made_by(line, cell, variables=None):
    check_before(line, cell, {"net": Model(), **(variables or {})})


@pytest.mark.parametrize(
    "line",
    [
        {"model": typed("cats")},
        {"model": typed("my cats")},
        {"model": typed("nett"), "target": "cats"},
        {"model": typed("nets['a']"), "target": "cats"},
        {"model": typed("net"), "sample": typed("xs")},
    ],
)
def test_what_a_cell_cannot_make_is_refused_before_it_runs(line):
    with pytest.raises(UnknownNameError, match="no variable"):
        made_by(line, "net.fit(x)")


def test_what_is_no_expression_is_refused_before_the_cell_runs():
    with pytest.raises(RequestError, match="is not a Python expression"):
        made_by({"model": typed("net +"), "target": "cats"}, "net +")


def reached():
    global hidden  # noqa: PLW0603 - as in a notebook
    hidden = Model()


@pytest.mark.parametrize(
    ("source", "cell"),
    [
        ("cats", "cats = Model()"),
        ("cats", "from pets import *"),
        ("cats", "%run make.py"),
        ("cats", "exec(made)"),
        ("hidden", "reached()"),
        ("net", "pass"),
        ("./cats.keras", "pass"),
        ("[each for each in [net]][0]", "pass"),
        ("(lambda made: made)(net)", "pass"),
    ],
)
def test_what_a_cell_may_make_is_left_to_it(source, cell):
    made_by({"model": typed(source)}, cell, {"reached": reached})


def test_nothing_is_evaluated_before_the_cell_runs():
    made_by({"model": typed("net.fit()")}, "pass")


def test_a_pair_that_names_nothing_is_its_text_before_the_cell_too():
    made_by({"options": {"title": typed("first", may_be_word=True)}}, "pass")


@pytest.mark.parametrize("name", ["net", "model", "x", "_own", "cats", "Input", None])
def test_a_model_may_be_assigned_to_a_new_name_or_an_ordinary_variable(name):
    assert name == check_variable(name, {"net": Model(), "x": 1})


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("2nd", "cannot be a variable"),
        ("class", "cannot be a variable"),
        ("list", "is a builtin of Python"),
        ("print", "is a builtin of Python"),
        ("np", "is the module numpy"),
        *(
            (name, "is one of IPython's own names")
            for name in ("In", "Out", "_", "__", "_i", "_oh", "_dh", "_7", "_i7")
        ),
        *((name, "is one of IPython's own names") for name in ("exit", "get_ipython", "display", "__name__")),
    ],
)
def test_a_name_that_a_model_must_not_replace_is_refused(name, what):
    with pytest.raises(RequestError) as caught:
        check_variable(name, {"np": module("numpy"), "In": []})
    assert f"{name!r} {what}" in caught.value.message


def test_the_hint_never_names_what_was_refused():
    with pytest.raises(RequestError) as caught:
        check_variable("model", {"model": module("model")})
    caught.value.language = MAGIC
    assert "Give a name such as --as loaded." == caught.value.hint


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


def test_a_comma_after_the_model_makes_no_tuple():
    model = Model()
    with pytest.raises(RequestError) as caught:
        pick_model(Expression("model,", "model,", "MODEL"), "cats", {"model": model})
    assert "Leave it out: save model cats." == caught.value.hint
