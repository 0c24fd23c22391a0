from __future__ import annotations

import copy
import json
import re
import string
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts, VariableFacts
from colab_save.artifact.manifest import FileFacts, Manifest, Payload, SampleFacts
from colab_save.artifact.records import DEEPEST
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict
from colab_save.artifact.version import new_version
from colab_save.custom_code.signing import is_own, signed
from colab_save.errors import DamagedFileError, UnsafeFileError, UntrustedError
from colab_save.frontends.languages import MAGIC, PANEL, PYTHON, TERMINAL
from colab_save.hints import Plain, action, literal, option, pip, render
from colab_save.target import VERSION
from tests import making

texts = st.text(st.characters(codec="utf-8"), max_size=8)
words = st.text(string.ascii_letters + string.digits + "_ü模", min_size=1, max_size=8)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
numbers = st.floats(allow_nan=False) | st.integers()
shapes = st.lists(st.integers(0, 2**40), max_size=3).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=6,
)
structures = st.recursive(
    st.none() | st.builds(lambda key, dtype: {"array": key, "dtype": dtype}, texts, texts),
    lambda below: (
        st.builds(lambda items: {"list": items}, st.lists(below, max_size=3))
        | st.builds(lambda items: {"tuple": items}, st.lists(below, max_size=3))
        | st.builds(lambda items: {"dict": items}, st.dictionaries(texts, below, max_size=3))
    ),
    max_leaves=6,
)
variables = st.lists(st.builds(VariableFacts, texts, shapes, texts, st.booleans(), digests), max_size=2).map(tuple)
tensors = st.lists(
    st.builds(TensorFacts, texts, st.lists(st.none() | st.integers(), max_size=3).map(tuple), texts), max_size=2
).map(tuple)
layers = st.lists(
    st.builds(
        LayerFacts,
        texts,
        texts,
        trainable=st.booleans(),
        arguments=st.dictionaries(texts, json_values, max_size=2),
        shape=st.none() | shapes,
        inputs=st.lists(texts, max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
model_facts = st.builds(
    ModelFacts,
    kind=texts,
    class_name=texts,
    variables=variables,
    optimizer=variables,
    iterations=st.none() | st.integers(),
    compiled=st.none() | st.dictionaries(texts, json_values, max_size=2),
    layers=layers,
    inputs=tensors,
    outputs=tensors,
    states=st.dictionaries(texts.map("{}/states/0".format), json_values, max_size=2),
    generators=st.dictionaries(texts, json_values, max_size=2),
    custom=st.lists(texts, max_size=2).map(tuple),
)
round_trips = st.builds(
    RoundTrip,
    texts,
    st.dictionaries(
        st.sampled_from(Aspect),
        st.builds(Verdict, st.sampled_from(Outcome), texts.map(literal), st.integers()),
        max_size=3,
    ),
    st.lists(st.builds(OutputError, texts, numbers, numbers), max_size=2).map(tuple),
    numbers,
)


@st.composite
def manifests(draw):
    """Return any manifest that a save could write."""
    tops = draw(st.lists(words.filter(lambda word: word != "manifest"), min_size=1, max_size=3, unique=True))
    paths = [path for top in tops for path in draw(st.sampled_from([[top], [f"{top}/a", f"{top}/b/c.pb"]]))]
    tolerances = st.none() | st.floats(0, 1) | st.integers(0, 3)
    sample_path = draw(st.sampled_from(["", *paths]))
    return Manifest(
        name=draw(texts),
        version=draw(st.sampled_from([making.V1, making.V2])),
        created=draw(texts),
        payloads=tuple(Payload(draw(texts), top) for top in tops),
        files=tuple(FileFacts(path, draw(st.integers(0, 2**63 - 1)), draw(digests)) for path in paths),
        facts=draw(model_facts),
        round_trips=tuple(draw(st.lists(round_trips, max_size=2))),
        is_partial=draw(st.booleans()),
        given_up=tuple(draw(st.lists(round_trips, max_size=1))),
        environment=draw(st.dictionaries(texts, texts, max_size=2)),
        sample=SampleFacts(
            sample_path,
            draw(structures),
            draw(structures),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(tolerances),
            draw(tolerances),
        ),
        metrics=draw(st.dictionaries(texts, numbers, max_size=2)),
        tags=tuple(draw(st.lists(texts, max_size=2))),
        note=draw(texts),
        signature=draw(texts),
    )


def read(value):
    return Manifest.from_json(json.dumps(value), "there")


def written(**changes):
    """Return the JSON value of a manifest, with fields replaced."""
    return {**json.loads(making.manifest().to_json()), **changes}


def nodes(value, path=()):
    """Yield the path of every value inside a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from nodes(value[key], (*path, key))


def changed(value, path, new):
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


NODES = list(nodes(written()))
ODD = [None, True, -1, float("inf"), "../x", "\ud800", ["x"], {}, {"array": 1}, 10**400]
"""One value of each kind, and some that are difficult to read."""


@given(manifests())
def test_any_manifest_comes_back_equal(manifest):
    assert manifest == Manifest.from_json(manifest.to_json(), "there")


@given(manifests())
def test_what_was_read_is_written_as_the_same_text(manifest):
    assert manifest.to_json() == Manifest.from_json(manifest.to_json(), "there").to_json()


REFERENCES = st.one_of(
    st.builds(option, st.sampled_from(["trust", "to"]), st.none() | words),
    st.builds(action, st.sampled_from(["load", "list"]), words),
    st.builds(pip, words),
    st.builds(literal, st.sampled_from(["use trust {}", "a layer {x: 1}", "100 %"])),
    words,
)
"""Pieces of reasons: references to options, actions and packages, and quoted texts."""


def with_reason(reason):
    trip = RoundTrip("keras", {Aspect.OUTPUTS: Verdict(Outcome.FAILED, reason, 1)})
    return making.manifest(round_trips=(trip,))


def reason_in(manifest):
    return manifest.round_trips[0].verdicts[Aspect.OUTPUTS].reason


@given(st.lists(REFERENCES).map(" ".join))
def test_a_manifest_has_plain_reasons_without_references(reason):
    text = with_reason(reason).to_json()
    assert [] == re.findall(r"\{(?:option|action|pip|literal):|%20|%7[BD]", text)


HOSTILE = ["{option:trust}", "{literal:%7B}", "a {action:load|cats} and {pip:evil}", "{literal:", "%7Boption:trust%7D"]


@pytest.mark.parametrize("language", [Plain(), MAGIC, PYTHON, TERMINAL, PANEL])
@pytest.mark.parametrize("reason", HOSTILE)
def test_a_reason_in_a_manifest_of_others_is_shown_as_it_is(reason, language):
    value = written()
    value["round_trips"][0]["verdicts"]["outputs"] = {"outcome": "FAILED", "reason": reason, "differences": 1}
    assert reason == render(reason_in(read(value)), language)


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_reason_in_a_manifest_of_others_is_signed_and_written_as_it_is(reason):
    value = written()
    value["round_trips"][0]["verdicts"]["outputs"] = {"outcome": "FAILED", "reason": reason, "differences": 1}
    assert reason == json.loads(read(value).signed_text())["round_trips"][0]["verdicts"]["outputs"]["reason"]


def test_the_report_of_a_save_still_refers_to_options():
    assert "{option:trust}" == reason_in(with_reason(option("trust")))


def test_a_signature_over_references_holds_after_reading():
    own = signed(with_reason(f"use {option('trust')}: {literal('{x}')}"))
    assert is_own(Manifest.from_json(own.to_json(), "there"))


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_a_wrong_value_anywhere_is_refused_or_read_as_what_it_is(odd):
    whole = written()
    for path in NODES:
        value = changed(whole, path, odd)
        try:
            manifest = read(value)
        except UntrustedError:
            continue
        if path not in {("sample",), ("metrics",)}:  # an empty one has its defaults, or is left out
            assert value == json.loads(manifest.to_json())


def test_a_missing_value_anywhere_is_refused_or_has_its_default():
    whole = json.dumps(written())
    for path in NODES[1:]:
        value = json.loads(whole)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]
        try:
            manifest = read(value)
        except UntrustedError:
            continue
        assert manifest == Manifest.from_json(manifest.to_json(), "there")


@given(st.sampled_from(NODES), json_values)
def test_any_json_anywhere_is_refused_in_one_error_or_read(path, new):
    try:
        manifest = read(changed(written(), path, new))
    except UntrustedError:
        return
    assert manifest == Manifest.from_json(manifest.to_json(), "there")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_damaged_file(content):
    with pytest.raises(DamagedFileError):
        Manifest.from_json(content, "there")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"text"',
        "{}",
        '{"schema": 1}',
        '{"schema": 2}',
        '{"schema": ' + "[" * 900 + "]" * 900 + "}",
        "<html>Sign in</html>",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"schema": 1' + "0" * 10_000 + "}",
        making.manifest().to_json()[:-30],
    ],
    ids=lambda text: text[:20],
)
def test_a_text_that_is_not_a_manifest_is_a_damaged_file(text):
    with pytest.raises(DamagedFileError, match="there"):
        Manifest.from_json(text, "there")


def test_an_unknown_field_is_named():
    with pytest.raises(DamagedFileError, match=r"files\[0\]\.owner is unknown"):
        read(written(files=[{"path": "model.keras", "size": 1, "sha256": "0" * 64, "owner": "me"}]))


def test_a_wrong_type_is_named_with_its_place():
    value = changed(written(), ("facts", "variables", 1, "shape", 0), "2")
    with pytest.raises(DamagedFileError, match=r"facts\.variables\[1\]\.shape\[0\] is str, not a whole number"):
        read(value)


def test_a_manifest_without_metrics_is_written_as_it_was_read():
    old = json.loads(making.manifest(metrics={}).to_json())
    assert "metrics" not in old
    assert old == json.loads(read(old).to_json())
    assert {} == read(old).metrics


def test_a_manifest_of_a_whole_save_is_written_as_it_was_read():
    old = json.loads(making.manifest().to_json())
    assert set() == {"is_partial", "given_up"} & old.keys()
    assert old == json.loads(read(old).to_json())


def test_what_is_published_in_part_is_never_passed():
    assert Outcome.PARTIAL is making.manifest(is_partial=True).outcome


def lost(aspect, differences, places=()):
    trip = making.passed()
    verdict = Verdict(Outcome.FAILED, "why", differences, places=places)
    return replace(trip, verdicts=trip.verdicts | {aspect: verdict})


@pytest.mark.parametrize(
    ("found", "is_told"),
    [
        (lost(Aspect.TRAINING, 3), True),
        (lost(Aspect.TRAINING, 2), True),
        (lost(Aspect.TRAINING, 4), False),
        (lost(Aspect.WEIGHTS, 1), False),
    ],
)
def test_a_part_tells_of_what_was_lost_when_it_was_saved_and_of_no_more(found, is_told):
    manifest = making.manifest(round_trips=(lost(Aspect.TRAINING, 3),))
    assert (is_told, False) == (replace(manifest, is_partial=True).tells_of(found), manifest.tells_of(found))


def test_a_payload_that_answers_otherwise_is_not_the_default():
    payloads = (Payload("keras", "model.keras"), Payload("saved_model", "sample.npz"))
    both = making.manifest(payloads=payloads, round_trips=(lost(Aspect.OUTPUTS, 1),), is_partial=True)
    assert ["saved_model", "keras"] == [item.default.format for item in (both, replace(both, is_partial=False))]


@pytest.mark.parametrize("metrics", [["loss"], {"loss": "low"}, {"loss": None}, {"loss": True}, {"loss": [0.1]}])
def test_metrics_that_are_not_numbers_are_damage(metrics):
    with pytest.raises(DamagedFileError, match="metrics"):
        read(written(metrics=metrics))


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../key",
        "a/../../key",
        "..",
        ".",
        "./model.keras",
        "a//b",
        "a/",
        "",
        "a\\b",
        "..\\key",
        "a\0b",
        "~/../x",
    ],
)
def test_a_file_outside_the_artifact_is_unsafe(path):
    files = [*written()["files"], {"path": path, "size": 1, "sha256": "0" * 64}]
    with pytest.raises(UnsafeFileError, match="outside its artifact"):
        read(written(files=files))


@pytest.mark.parametrize("size", [-1, -(2**70), 2**63, 10**30, 1.0, True, "5", None])
def test_a_size_that_no_file_has_is_refused(size):
    with pytest.raises(DamagedFileError):
        read(changed(written(), ("files", 0, "size"), size))


@pytest.mark.parametrize("sha256", ["", "0" * 63, "0" * 65, "g" * 64, "A" * 64, "0" * 64 + "\n"])
def test_an_invalid_digest_is_refused(sha256):
    with pytest.raises(DamagedFileError):
        read(changed(written(), ("files", 0, "sha256"), sha256))


@pytest.mark.parametrize("version", ["", "v1", "../cats", "20260822T101530Z-XYZ1", making.V1 + "\n"])
def test_an_invalid_version_id_is_refused(version):
    with pytest.raises(DamagedFileError, match="is not a version id"):
        read(written(version=version))


@pytest.mark.parametrize("paths", [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["manifest.json"], ["manifest.json/a"]])
def test_two_files_in_one_place_are_refused(paths):
    files = [{"path": path, "size": 1, "sha256": "0" * 64} for path in ["model.keras", *paths]]
    with pytest.raises(DamagedFileError, match="occurs twice"):
        read(written(files=files, sample={}))


@pytest.mark.parametrize("path", ["other.keras", "", "model", "model.keras/", "sample"])
def test_a_payload_that_is_not_among_the_files_is_refused(path):
    with pytest.raises(DamagedFileError, match="not among the files"):
        read(written(payloads=[{"format": "keras", "path": path}]))


def test_a_payload_may_be_a_folder_of_files():
    files = [{"path": path, "size": 1, "sha256": "0" * 64} for path in ("saved_model/a.pb", "saved_model/variables/b")]
    payloads = [{"format": "saved_model", "path": "saved_model"}]
    assert "saved_model" == read(written(files=files, payloads=payloads, sample={})).payloads[0].path


def test_a_manifest_without_a_payload_is_refused():
    with pytest.raises(DamagedFileError, match="no payload"):
        read(written(payloads=[]))


def test_a_sample_that_is_not_among_the_files_is_refused():
    with pytest.raises(DamagedFileError, match="not among the files"):
        read(changed(written(), ("sample", "path"), "other.npz"))


@pytest.mark.parametrize(
    "structure",
    [
        7,
        "x",
        [],
        ["x"],
        {},
        {"array": "a"},
        {"array": 1, "dtype": "x"},
        {"list": {}},
        {"dict": []},
        {"x": 1},
        {"array": "a", "dtype": "x", "more": 1},
        {"list": [], "tuple": []},
        {"list": [{"tuple": [{"dict": {"a": 5}}]}]},
    ],
    ids=str,
)
def test_a_structure_that_no_sample_has_is_refused(structure):
    with pytest.raises(DamagedFileError, match="invalid structure"):
        read(changed(written(), ("sample", "inputs"), structure))


def nested(depth):
    value = None
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("depth", [DEEPEST, 500, 900])
def test_a_deeply_nested_value_is_a_damaged_file(depth):
    with pytest.raises(DamagedFileError):
        read(changed(written(), ("facts", "compiled"), nested(depth)))


def test_a_path_that_would_take_all_memory_is_refused():
    with pytest.raises(DamagedFileError):
        read(changed(written(), ("files", 0, "path"), "a/" * 1_000_000 + "b"))


def test_the_size_is_the_sum_of_the_files():
    assert 11 == making.manifest().size


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Outcome.SKIPPED),
        ([Outcome.PASSED], Outcome.PASSED),
        ([Outcome.PASSED, Outcome.SKIPPED], Outcome.SKIPPED),
        ([Outcome.SKIPPED, Outcome.FAILED, Outcome.PASSED], Outcome.FAILED),
        ([Outcome.NOT_HELD, Outcome.PASSED], Outcome.PASSED),
    ],
)
def test_the_outcome_is_the_worst_of_the_round_trips(outcomes, expected):
    trips = tuple(RoundTrip("keras", {Aspect.WEIGHTS: Verdict(outcome)}) for outcome in outcomes)
    assert expected is replace(making.manifest(), round_trips=trips).outcome


def test_versions_are_well_formed_and_differ():
    versions = {new_version() for _ in range(20)}
    assert all(VERSION.fullmatch(version) for version in versions)
    assert len(versions) > 15


@given(st.lists(st.datetimes(datetime(2000, 1, 1)), min_size=2, max_size=2))  # noqa: DTZ001 - ids are in UTC anyhow
def test_versions_sort_by_time(moments):
    early, late = sorted(moments)
    assert new_version(early)[:16] <= new_version(late)[:16]


@pytest.mark.parametrize(
    ("differing", "is_told"),
    [(("iterations", "held.rate"), True), (("held.rate",), True), (("iterations", "compile.loss"), False)],
)
def test_a_part_tells_of_the_same_places_and_not_only_of_as_many(differing, is_told):
    known = lost(Aspect.TRAINING, 2, ("iterations", "held.rate"))
    manifest = read(json.loads(making.manifest(round_trips=(known,), is_partial=True).to_json()))
    assert is_told is manifest.tells_of(lost(Aspect.TRAINING, len(differing), differing))


def test_where_not_all_places_are_known_a_part_tells_of_as_many():
    manifest = making.manifest(round_trips=(lost(Aspect.TRAINING, 3, ("iterations",)),), is_partial=True)
    found = lost(Aspect.TRAINING, 2, ("held.rate", "compile.loss"))
    assert (True, False) == (manifest.tells_of(found), manifest.tells_of(lost(Aspect.TRAINING, 4)))
