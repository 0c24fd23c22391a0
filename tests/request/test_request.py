from __future__ import annotations

import contextlib
import math
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import RequestError, TargetError
from colab_save.format_table import purposes
from colab_save.frontends.actions import ACTIONS
from colab_save.request.option import options_of
from colab_save.request.request import AUTO, LoadRequest, SaveRequest

MODEL = object()
ANYTHING = {"model", "sample", "into", "verify", "strict", "full", "force", "trust", "check"}
"""Fields that hold any object, or only whether it is true."""

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.lists(st.none() | st.text(max_size=3) | st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.builds(Path),
)


def checked(request):
    return [item.name for item in fields(request) if item.name not in ANYTHING]


@given(st.sampled_from(checked(SaveRequest)), anything)
def test_any_value_in_any_field_is_accepted_or_a_request_error(name, value):
    try:
        request = SaveRequest(MODEL, **{name: value})
    except RequestError:
        return
    assert isinstance(request.formats, tuple)
    assert isinstance(request.tags, tuple)


@given(st.sampled_from(checked(LoadRequest)), anything)
def test_any_value_in_any_field_of_a_load_is_accepted_or_a_request_error(name, value):
    with contextlib.suppress(RequestError):
        assert value is getattr(LoadRequest(**{"target": "cats", name: value}), name)


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        (AUTO, (AUTO,)),
        ("", (AUTO,)),
        ((), (AUTO,)),
        ("keras", ("keras",)),
        ("keras, h5 ,keras", ("keras", "h5")),
        (["keras", "saved_model"], ("keras", "saved_model")),
        (("keras,h5",), ("keras", "h5")),
    ],
)
def test_formats_are_a_tuple_however_they_were_given(formats, expected):
    assert expected == SaveRequest(MODEL, formats=formats).formats


def test_auto_with_another_format_contradicts_itself():
    with pytest.raises(RequestError, match="auto"):
        SaveRequest(MODEL, formats="auto,keras")


@pytest.mark.parametrize(("tags", "expected"), [("best", ("best",)), (["a", "b", "a"], ("a", "b")), ((), ())])
def test_tags_are_a_tuple_however_they_were_given(tags, expected):
    assert expected == SaveRequest(MODEL, tags=tags).tags


@pytest.mark.parametrize("tags", ["latest", "2026", ["a/b"], ["ok", ""], None, 7, [7]])
def test_tags_that_nobody_could_find_are_refused(tags):
    with pytest.raises(RequestError):
        SaveRequest(MODEL, tags=tags)


@pytest.mark.parametrize(("extra", "expected"), [("names", ("names",)), (["a", "b", "a"], ("a", "b")), ((), ())])
def test_extra_names_are_a_tuple_however_they_were_given(extra, expected):
    assert expected == SaveRequest(MODEL, extra=extra).extra


@pytest.mark.parametrize("extra", ["a b", "model.names", "class", "_hidden", ["ok", ""], None, 7, {"names": [1]}])
def test_extra_names_that_no_attribute_can_have_are_refused(extra):
    with pytest.raises(RequestError, match="extra"):
        SaveRequest(MODEL, extra=extra)


@pytest.mark.parametrize("note", [None, 7, "half a character: \ud800", b"bytes"])
def test_a_note_that_no_file_can_hold_is_refused(note):
    with pytest.raises(RequestError, match="note"):
        SaveRequest(MODEL, note=note)


@pytest.mark.parametrize("name", ["rtol", "atol", "timeout"])
@pytest.mark.parametrize("value", [-1, -0.1, math.nan, True, "1", [1]])
def test_a_number_that_is_none_or_negative_is_refused(name, value):
    with pytest.raises(RequestError, match=name):
        SaveRequest(MODEL, **{name: value})


@pytest.mark.parametrize("name", ["verify", "unpacked", "strict", "force", "flush"])
@pytest.mark.parametrize("value", ["yes", "no", 1, None], ids=repr)
def test_a_switch_is_true_or_false(name, value):
    with pytest.raises(RequestError, match=f"{name} must be True or False"):
        SaveRequest(MODEL, **{name: value})


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("cats.kers", "Did you mean cats.keras?"),
        ("./runs/cats.onx", "Did you mean ./runs/cats.onnx?"),
        ("cats.pt", "Use the name cats, or the path ./cats.keras."),
    ],
)
def test_a_misspelt_or_foreign_suffix_is_no_part_of_a_name(target, hint):
    with pytest.raises(TargetError) as caught:
        SaveRequest(MODEL, target)
    assert hint == caught.value.hint


@pytest.mark.parametrize("target", ["net.v2", "cats-1.5", "./runs.2024/cats", ".hidden/cats", "./cats.keras", "a.b.c"])
def test_a_dot_is_allowed_in_a_name(target):
    assert target == SaveRequest(MODEL, target).target


@pytest.mark.parametrize("value", [-1, math.nan, True, "1"])
def test_a_time_that_is_none_is_refused_for_a_load_too(value):
    with pytest.raises(RequestError, match="timeout"):
        LoadRequest("cats", timeout=value)


def test_a_version_is_no_target_of_a_save_and_the_hint_says_how_to_tag():
    with pytest.raises(RequestError, match="cats@best") as caught:
        SaveRequest(MODEL, "cats@best")
    assert "tags=best" in caught.value.hint


def test_model_and_target_in_the_wrong_order_say_so():
    with pytest.raises(TargetError, match="object") as caught:
        SaveRequest("cats", MODEL)
    assert "Pass the model first" in caught.value.hint


@pytest.mark.parametrize("purpose", purposes())
def test_a_purpose_alone_is_accepted(purpose):
    assert purpose == SaveRequest(MODEL, purpose=purpose).purpose


def test_an_unknown_purpose_is_answered_with_the_nearest():
    with pytest.raises(RequestError) as caught:
        SaveRequest(MODEL, purpose="servin")
    assert "serving" in caught.value.hint


def test_a_purpose_and_a_format_contradict_each_other():
    with pytest.raises(RequestError, match="both choose"):
        SaveRequest(MODEL, purpose="training", formats="h5")


@pytest.mark.parametrize("options", [None, 7, [("a", 1)], "a=1", {7: 1}, {None: 1}])
def test_options_that_are_no_dict_are_refused(options):
    with pytest.raises(RequestError, match="options"):
        SaveRequest(MODEL, options=options)


@pytest.mark.parametrize("target", ["", "a/\0", None, 7])
def test_a_load_without_a_target_is_refused(target):
    with pytest.raises(TargetError):
        LoadRequest(target)


@pytest.mark.parametrize("request_type", [SaveRequest, LoadRequest])
def test_every_field_is_an_option_in_the_same_order(request_type):
    assert [item.name for item in fields(request_type)] == [option.name for option in options_of(request_type)]


@pytest.mark.parametrize("request_type", [SaveRequest, LoadRequest])
def test_every_option_has_a_flag_of_its_own_and_a_sentence_of_help(request_type):
    options = list(options_of(request_type))
    assert len(options) == len({option.flag for option in options})
    assert [] == [option.name for option in options if not option.help.endswith(".")]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_help_tells_every_default(action):
    needed = {item.name for item in [item for item in action.options if item.is_positional][: action.needs]}
    values = [item for item in action.options if item.name not in needed and not item.is_flag]
    assert [] == [item.name for item in values if "default: " not in item.help]


def test_a_request_cannot_be_changed():
    with pytest.raises(AttributeError):
        SaveRequest(MODEL).note = "later"
