"""What a save that failed says, on one screen; without TensorFlow."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.facts import LayerFacts
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict, failed, sum_up, told
from colab_save.custom_code.growing import Supply
from colab_save.errors import ColabSaveError, VerifierError
from colab_save.format_table import format_names
from colab_save.formats.base import get_format
from colab_save.frontends.languages import MAGIC, PANEL, PYTHON, TERMINAL
from colab_save.hints import option, render, without
from colab_save.proof.verdicts import verdicts_of
from colab_save.saving.attempts import Attempt
from colab_save.saving.deciding import Decision
from colab_save.saving.examining import Examined
from colab_save.saving.explaining import HINTS, LACKING, MOST_ADVICE, MOST_REASONS, TAKING, advice, refusal
from colab_save.saving.staging import Staged
from colab_save.wording import first_line
from tests import making

SCREEN = 1 + MOST_REASONS + MOST_ADVICE + 2
"""Most lines of an error with its hint."""

WIDTH = 700
"""Most letters of a line, with names of 100."""

KERAS = get_format("keras")

EXAMINED = Examined((), None, Supply([]))
"""Nothing, as it was examined."""


def compared(before, after, part=""):
    """The round trip of a model that came back otherwise, without its outputs."""
    return RoundTrip("keras", verdicts_of(KERAS, before, after), seconds=1.0, part=part)


def attempt(*trips, hint="", is_written=True):
    formats = tuple(get_format(name) for name in dict.fromkeys(trip.format for trip in trips))
    return Attempt(Staged(Path(), formats, {"": SampleFacts()} if is_written else {}), trips, EXAMINED, hint=hint)


def message(*trips):
    return refusal([attempt(*trips)], None).message


def hint(*attempts):
    error = refusal(list(attempts), None)
    error.language = MAGIC
    return error.hint


def network(*names, **changes):
    layers = tuple(LayerFacts(name, "Dense", arguments={"units": 3}) for name in names)
    variables = tuple(making.variable(f"{name}/kernel") for name in names)
    return making.facts(**({"layers": layers, "variables": variables} | changes))


def outputs(reason, outcome=Outcome.FAILED):
    return replace(compared(network(), network()), verdicts={Aspect.OUTPUTS: Verdict(outcome, reason, 1)})


def test_what_explains_the_others_comes_first():
    trip = compared(network("a"), network("a", layers=(), variables=(making.variable("a/kernel", content=b"x"),)))
    verdicts = {Aspect.OUTPUTS: Verdict(Outcome.FAILED, "all differ"), **trip.verdicts}
    lines = replace(trip, verdicts=verdicts).reason.splitlines()
    assert ["structure", "weights, training", "outputs"] == [line.partition(":")[0] for line in lines if line[0] != " "]


def test_weights_of_lost_layers_are_counted_with_the_layers():
    trip = compared(network("a", "b/c", "d"), network("d"))
    assert (
        "structure: a: expected {'class': 'Dense', 'dtype': 'float32', 'units': 3}, got nothing\n"
        "  b/c: expected {'class': 'Dense', 'dtype': 'float32', 'units': 3}, got nothing\n"
        "weights, training: 2 in layers that are missing or new"
    ) == render(trip.reason)


def test_a_lost_weight_is_named_beside_those_of_lost_layers():
    after = network("d", variables=(making.variable("d/kernel", content=b"other"),))
    lines = compared(network("a", "d"), after).reason.splitlines()
    assert ("weights: d/kernel: expected digest", "  1 in layers that are missing or new") == (lines[1][:34], lines[2])


def test_a_weight_of_a_layer_with_another_argument_is_named():
    other = (LayerFacts("a", "Dense", arguments={"units": 4}),)
    trip = compared(network("a"), network("a", layers=other, variables=(making.variable("a/kernel", shape=(2, 4)),)))
    assert "weights: a/kernel: expected float32 [2, 3], got float32 [2, 4]" in trip.reason.splitlines()


def test_where_a_vocabulary_differs_is_shown():
    words = [f"word{number}" for number in range(5000)]
    before, after = ({"vocabulary": [*words[:2500], text, *words]} for text in ("cat", "dog"))
    layers = ((LayerFacts("a", "Lookup", arguments=each),) for each in (before, after))
    trip = compared(*(network("a", layers=each) for each in layers))
    assert "structure: a.vocabulary[2500]: expected 'cat', got 'dog'" == trip.reason


def test_how_many_entries_are_missing_is_shown_first():
    layers = ((LayerFacts("a", "Lookup", arguments={"vocabulary": [*range(size)]}),) for size in (500, 400))
    assert (
        "structure: a.vocabulary: expected 500 entries, got 400 entries\n"
        in compared(*(network("a", layers=each) for each in layers)).reason + "\n"
    )


def test_where_a_long_leaf_differs_is_shown():
    layers = ((LayerFacts("a", "Code", arguments={"body": "x" * 4000 + text + "y" * 999}),) for text in "AB")
    reason = compared(*(network("a", layers=each) for each in layers)).reason
    assert "structure: a.body from character 4000 on: expected …'xxxxxxxxxxxxxxxxAyyy" in reason


def test_a_reason_of_all_aspects_is_told_once_and_without_them():
    assert "Keras said no" == failed("keras", "Keras said no", KERAS.holds).reason


def test_what_the_code_lacks_is_told_once_before_what_follows():
    verdicts = {
        aspect: Verdict(Outcome.FAILED, f"Net is lost\n{reason}\nand 2 more", 3)
        for aspect, reason in ((Aspect.OUTPUTS, "all differ"), (Aspect.STRUCTURE, "no layer"))
    }
    trip = RoundTrip("keras", verdicts)
    assert "Net is lost\nstructure: no layer\n  and 2 more\noutputs: all differ\n  and 2 more" == trip.reason


def test_parts_with_the_same_reasons_share_them():
    trips = [replace(failed("keras", "Keras said no", KERAS.holds), part=f"p{number}") for number in range(5)]
    assert "p0 keras, p1 keras, p2 keras and 2 more: Keras said no" == told(trips, 9)


def test_of_very_many_reasons_each_payload_is_named_or_counted():
    trips = [replace(failed("keras", f"reason {number}", KERAS.holds), part=f"p{number}") for number in range(50)]
    lines = told(trips, 6).splitlines()
    assert (6, "p5 keras, p6 keras, p7 keras and 42 more: failed too") == (len(lines), lines[-1])


def test_reasons_of_parts_are_summed_up_line_by_line():
    trips = [replace(outputs(text), part=text) for text in ("one", "two")]
    assert "one keras: one\ntwo keras: two" == sum_up(trips).verdicts[Aspect.OUTPUTS].reason


def test_each_reason_has_a_line():
    assert (
        "The reloaded model differs from the live one; nothing was published.\nkeras: outputs: all\n    of b\nh5: no"
        == (message(outputs("all\nof b"), failed("h5", "no", KERAS.holds)))
    )


def test_a_model_that_cannot_be_opened_is_not_said_to_differ():
    assert "The model does not come back; nothing was published.\nkeras: no" == message(
        failed("keras", "no", KERAS.holds)
    )


@pytest.mark.parametrize("name", format_names())
def test_a_format_that_has_failed_is_not_recommended(name):
    for aspect in Aspect:
        trip = RoundTrip(name, {aspect: Verdict(Outcome.FAILED, "why", 1)}, seconds=1.0)
        other = failed("saved_model", "no", KERAS.holds)
        assert [] == [
            each for each in (name, "saved_model") if f"--format {each}" in hint(attempt(trip), attempt(other))
        ]


def test_another_format_is_recommended_if_it_was_not_tried():
    assert "Or save with --format saved_model, which writes" in hint(attempt(outputs("why")))


@pytest.mark.parametrize(
    ("aspect", "words"),
    [
        (Aspect.TRAINING, "auto publishes what came back of keras in part, beside saved_model"),
        (Aspect.OUTPUTS, "auto publishes in part saved_model, if that comes back."),
    ],
)
def test_a_format_that_was_named_and_failed_is_told_what_auto_would_publish(aspect, words):
    trip = compared(network(), network())
    verdicts = {**trip.verdicts, Aspect.OUTPUTS: Verdict(Outcome.PASSED), aspect: Verdict(Outcome.FAILED, "why", 1)}
    made = [attempt(replace(trip, verdicts=verdicts))]
    errors = [refusal(made, None, is_automatic=is_automatic).hint for is_automatic in (False, True)]
    assert [True, False] == [words in each for each in errors]


def test_without_a_payload_what_the_code_lacks_is_recommended():
    assert hint(attempt(failed("keras", "no", KERAS.holds))).startswith("A new runtime lacks")


def test_a_constructor_that_takes_too_little_is_told_how_to_take_all():
    reason = "TypeError: Net.__init__() got an unexpected keyword argument 'name'"
    assert "give it **kwargs, and call super()" in hint(attempt(failed("keras", reason, KERAS.holds)))


def test_the_code_to_add_is_the_hint_and_the_alternative_stays():
    shown = hint(attempt(outputs("why"), hint="Add to Net:\n    def get_config(self): ..."))
    assert shown.startswith("Add to Net:\n    def get_config(self): ...\nOr save with --format saved_model, which")


def test_an_alternative_is_recommended_once():
    known = f"Fix get_config(). Or save with {option('formats', 'saved_model')}, which does not need it."
    assert "Fix get_config(). Or save with --format saved_model, which does not need it." == hint(
        attempt(failed("keras", "no", KERAS.holds), hint=known)
    )


def test_code_for_very_many_classes_is_counted():
    code = "\n".join(f"Add to Net{number}:\n    x\n    y" for number in range(9))
    assert "\nand 6 more, in the same way\n" in hint(attempt(outputs("why"), hint=code))


def test_where_all_has_failed_a_hint_remains():
    trips = [failed(name, "no", KERAS.holds) for name in ("keras", "saved_model")]
    only = option("formats", "saved_model")
    assert "Change what is named above, and save again." == hint(attempt(*trips, hint=f"Save with {only}."))


def test_a_process_that_died_is_told_as_that():
    death = VerifierError("It was killed.", "Free some memory.")
    error = refusal([attempt(failed("keras", "why\nIt was killed.", KERAS.holds))], death)
    assert (VerifierError, "It was killed. Nothing was published.") == (type(error), error.message)


NAMES = st.text("ΑΒΓ", min_size=1, max_size=100)
FOREIGN = st.text() | st.lists(NAMES, max_size=60).map(" ".join) | st.lists(st.floats(), max_size=99).map(str)
VALUES = st.recursive(st.integers() | NAMES | NAMES.map(lambda name: name * 99), st.lists, max_leaves=20)


@st.composite
def networks(draw, names):
    kept = [name for name in names if draw(st.booleans())]
    layers = tuple(LayerFacts(name, "Dense", arguments={"value": draw(VALUES)}) for name in kept)
    variables = tuple(making.variable(f"{name}/kernel", content=draw(st.binary(max_size=1))) for name in kept)
    return network(layers=layers, variables=variables)


@st.composite
def failures(draw, name):
    """A failed round trip of a format: not readable, or with differences of which some have the same cause."""
    if draw(st.booleans()):
        reason = draw(FOREIGN.map(lambda text: first_line(ValueError(text))))
        return failed(name, reason, KERAS.holds)
    names = draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    before, after = draw(networks(names)), draw(networks(names))
    trip = RoundTrip(name, verdicts_of(KERAS, before, after), seconds=1.0)
    return trip if trip.outcome is Outcome.FAILED else failed(name, "why", KERAS.holds)


@st.composite
def refusals(draw):
    """What attempts failed, and the error that tells it."""
    names = draw(st.lists(st.sampled_from(format_names()), min_size=1, max_size=3, unique=True))
    parts = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True)) if draw(st.booleans()) else [""]
    blocks = draw(st.lists(NAMES.map("Add to {}:\n    x\n    y".format), max_size=9))
    attempts = [
        attempt(*(replace(draw(failures(name)), part=part) for part in parts), hint="\n".join(blocks)) for name in names
    ]
    return attempts, refusal(attempts, None)


def spoken(error: ColabSaveError):
    """The error as each frontend shows it."""
    for language in (MAGIC, PYTHON, TERMINAL, PANEL):
        error.language = language
        yield str(error)


@given(refusals())
def test_an_error_is_never_larger_than_a_screen(case):
    for text in spoken(case[1]):
        lines = text.split("\n")
        assert (True, []) == (len(lines) <= SCREEN, [line for line in lines if len(line) > WIDTH])


@given(refusals())
def test_no_name_of_a_layer_or_part_is_cut(case):
    attempts, error = case
    trips = [trip for attempt in attempts for trip in attempt.trips]
    known = {name for trip in trips for name in re.findall("[ΑΒΓ]+", render(f"{trip.label} {trip.reason}"))}
    known |= {name for attempt in attempts for name in re.findall("[ΑΒΓ]+", attempt.hint)}
    assert set() == set(re.findall("[ΑΒΓ]+", str(error))) - known


@given(NAMES, st.data())
def test_no_name_of_a_layer_is_cut_in_a_verdict(name, data):
    trip = compared(*(data.draw(networks([name, f"{name}/Γ"])) for _ in range(2)))
    places = re.findall(r"([ΑΒΓ/]+)(?:/kernel|\.value)?[^:ΑΒΓ]*: expected", render(trip.reason))
    assert set() == set(places) - {name, f"{name}/Γ", f"{name}/", f"{name}/Γ/"}


@given(refusals())
def test_every_payload_that_failed_is_named_or_counted(case):
    attempts, error = case
    labels = [trip.label for attempt in attempts for trip in attempt.trips]
    lines = error.message.split("\n")
    named = [label for label in labels if re.search(rf"(?:\n|, ){re.escape(label)}(?:,| and|:)", error.message)]
    counted = [int(count) for line in lines for count in re.findall(r" and (\d+) more: ", line)]
    assert len(labels) <= len(named) + sum(counted)


@given(st.data())
def test_every_difference_is_named_or_counted(data):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    trip = compared(data.draw(networks(names)), data.draw(networks(names)))
    for verdict in trip.verdicts.values():
        counts = map(int, re.findall(r"(\d+) (?:more$|in layers)", verdict.reason, re.MULTILINE))
        assert verdict.differences == verdict.reason.count("expected") + sum(counts)


@given(refusals())
def test_a_failure_tells_all_that_its_verdicts_tell(case):
    for trip in (trip for attempt in case[0] for trip in attempt.trips):
        told = {line.strip().partition(": ")[2] or line.strip() for line in trip.reason.split("\n")}
        known = {line for verdict in trip.verdicts.values() for line in verdict.reason.split("\n") if line}
        assert set() == {line for line in known if not any(line.endswith(each) for each in told)}


@given(refusals())
def test_no_hint_names_a_format_that_has_failed(case):
    attempts, error = case
    formats = {trip.format for attempt in attempts for trip in attempt.trips}
    assert [] == [name for name in formats if option("formats", name) in error.references[1]]


@pytest.mark.parametrize("aspect", Aspect)
def test_advice_on_what_is_published_in_part_never_forces_it(aspect):
    verdicts = {**dict.fromkeys(Aspect, Verdict(Outcome.PASSED)), aspect: Verdict(Outcome.FAILED, "why", 1)}
    made = attempt(RoundTrip("keras", verdicts, seconds=1.0))
    text = advice([made], Decision((made,), made.trips, is_partial=True))
    assert option("force") not in text
    assert (aspect is not Aspect.TRAINING) == bool(text)


@pytest.mark.parametrize("text", [*HINTS.values(), LACKING, TAKING])
def test_an_alternative_is_a_sentence_of_its_own(text):
    saved_model = option("formats", "saved_model")
    assert (text[0], "") == tuple(without(each, [saved_model]) for each in text)
