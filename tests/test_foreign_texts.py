"""Texts of others in messages are shown as they were given, however much they look like references."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.metrics import check_metrics
from colab_save.artifact.round_trip import Aspect
from colab_save.errors import ColabSaveError
from colab_save.formats.base import get_format, read_options
from colab_save.frontends.languages import MAGIC, PANEL, PYTHON, TERMINAL
from colab_save.hints import Plain, render
from colab_save.inspecting.findings import unsafe
from colab_save.proof.verdicts import first_difference, judge_outputs, verdicts_of
from colab_save.request.request import LoadRequest
from colab_save.stores.base import check_key, expect
from colab_save.stores.local import LocalStore
from colab_save.stores.opening import open_folder_of, reopen
from colab_save.target import Target, check_tag
from colab_save.versions.curating import delete_version, restore_version, tag_version
from colab_save.versions.locating import locate
from tests import making

TEXT = "{option:trust}"
QUOTED = "{literal:%7Bx%7D}"


@dataclass(frozen=True)
class Options:
    level: int = 1


CALLS = {
    "the target of a load": lambda text: locate(LoadRequest(text)),
    "the selector of a load": lambda text: locate(LoadRequest(f"cats@{text}")),
    "the path of a load": lambda text: locate(LoadRequest(f"./{text}")),
    "a path beside a store": lambda text: locate(LoadRequest(f"./{text}", source="there")),
    "a path with a null character": lambda text: Target.parse(f"./{text}\0"),
    "the folder of a load": lambda text: locate(LoadRequest("cats", source=f"./{text}")),
    "a tag": check_tag,
    "the target of tags": lambda text: tag_version(text, "best"),
    "the target of a deletion": delete_version,
    "the path of a deletion": lambda text: delete_version(f"./{text}"),
    "the target of a restoring": restore_version,
    "the folder of a restoring": lambda text: restore_version("cats", source=f"./{text}"),
    "the name of a metric": lambda text: check_metrics({text: "y"}),
    "the value of a metric": lambda text: check_metrics({"loss": text}),
    "metrics": check_metrics,
    "an option of a format": lambda text: read_options({"keras": Options}, {f"nope{text}": 1}),
    "a format": get_format,
    "a key": lambda text: check_key(f"../{text}"),
    "a moved key": lambda text: LocalStore(Path("there")).move(text, "other"),
    "the place of a damaged file": lambda text: expect(text, 1, "", 2, ""),
    "the address of a store": reopen,
    "a path without a file": lambda text: open_folder_of(f"./{text}/.."),
}


@pytest.mark.parametrize("text", [TEXT, QUOTED])
def test_what_makes_a_file_unsafe_is_shown_as_it_is(text):
    message = unsafe("cats.keras", f"the member {text!r} has an absolute path").references[0]
    assert f"cats.keras: the member {text!r} has an absolute path." == render(message, MAGIC)


@pytest.mark.parametrize("text", [TEXT, QUOTED])
@pytest.mark.parametrize("call", CALLS)
def test_a_message_shows_a_text_as_it_was_given(call, text):
    with pytest.raises(ColabSaveError) as caught:
        CALLS[call](text)
    shown = [render(caught.value.references[0], spoken) for spoken in (Plain(), MAGIC, PYTHON, TERMINAL, PANEL)]
    assert [] == [message for message in shown if text not in message]


KERAS = get_format("keras")


def reason_of_weights(text):
    expected, actual = (making.facts(variables=(making.variable(f"b{text}", content=each),)) for each in (b"1", b"2"))
    return verdicts_of(KERAS, expected, actual)[Aspect.WEIGHTS].reason


def reason_of_arguments(text):
    expected, actual = making.facts(compiled={text: text}), making.facts(compiled={})
    return verdicts_of(KERAS, expected, actual)[Aspect.TRAINING].reason


def reason_of_outputs(text):
    return judge_outputs(SampleFacts(), {"": {text: np.ones(2)}}, {"": {text: np.zeros(2)}}, "float32")[1].reason


def first_layer(text):
    before, after = ([[np.array(f"b{text}"), np.full(2, value)]] for value in (1.0, 2.0))
    return first_difference(before, after)


def other_layer(text):
    return first_difference([[np.array("a"), np.ones(2)]], [[np.array(f"b{text}"), np.ones(2)]])


REASONS = [reason_of_weights, reason_of_arguments, reason_of_outputs, first_layer, other_layer]


@pytest.mark.parametrize("text", [TEXT, QUOTED])
@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_shows_a_name_as_it_is(reason, text):
    shown = [render(reason(text), spoken) for spoken in (Plain(), MAGIC, PYTHON, TERMINAL, PANEL)]
    assert [] == [message for message in shown if text not in message]
