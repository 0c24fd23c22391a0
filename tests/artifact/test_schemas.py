"""Manifests of older schemas are upgraded, and written as the text that was signed; a newer one names its release."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.manifest import Manifest, SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, Verdict
from colab_save.artifact.schemas import SCHEMA, UPGRADES, upgraded
from colab_save.errors import DamagedFileError, UntrustedError
from tests import making
from tests.artifact.test_manifest import json_values, manifests

OWN = metadata.version("colab_save")


def in_schema_1(manifest):
    """Return the JSON of a manifest as the release of schema 1 wrote it."""
    value = {**json.loads(manifest.to_json()), "schema": 1}
    del value["is_export"]
    for facts in (value["facts"], *(part["facts"] for part in value.get("parts", ()))):
        facts["states"] = facts.get("states", {}) | facts.pop("generators", {})
    for trip in value["round_trips"]:
        for verdict in trip["verdicts"].values():
            if verdict["outcome"] == "NOT_HELD":
                verdict["outcome"] = "NOT_KEPT"
    return value


def text_of(value):
    """Return the text that every release writes for the JSON of a manifest."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


older = manifests().map(lambda manifest: replace(manifest, sample=replace(manifest.sample, is_by_place=False)))
"""Any manifest that a release of schema 1 could have written."""


def not_held():
    trip = making.passed("weights")
    verdicts = {**trip.verdicts, Aspect.TRAINING: Verdict(Outcome.NOT_HELD, "the format weights does not hold it")}
    return making.manifest(round_trips=(replace(trip, verdicts=verdicts),))


def read(value):
    return Manifest.from_json(json.dumps(value), "there")


def test_there_is_an_upgrade_for_every_older_schema():
    assert [*range(1, SCHEMA)] == [*UPGRADES]


@given(older)
def test_an_older_manifest_is_upgraded_to_what_is_written_today(manifest):
    assert json.loads(manifest.to_json()) == upgraded(in_schema_1(manifest), "there")


@given(older)
def test_an_older_manifest_is_read_as_todays(manifest):
    assert manifest == read(in_schema_1(manifest))


@given(older)
def test_an_older_manifest_that_was_read_is_written_as_the_same_text(manifest):
    value = in_schema_1(manifest)
    assert text_of(value) == read(value).to_json()


@pytest.mark.parametrize(
    ("formats", "is_export"),
    [
        (["litert"], True),
        (["onnx"], True),
        (["onnx", "litert"], True),
        (["saved_model", "litert"], True),
        (["saved_model"], False),  # `auto` may have fallen back to it
        (["keras", "litert"], False),
        (["weights"], False),
    ],
)
@pytest.mark.parametrize("schema", [1, 2])
def test_an_older_manifest_is_that_of_an_export_if_its_formats_tell(schema, formats, is_export):
    payloads = [{"format": name, "path": f"payload/{name}"} for name in formats]
    files = [{"path": item["path"], "size": 0, "sha256": "0" * 64} for item in payloads]
    old = {**in_schema_1(making.manifest(sample=SampleFacts())), "schema": schema, "payloads": payloads, "files": files}
    assert is_export is read(old).is_export


def test_what_schema_1_called_not_kept_is_not_held():
    (trip,) = read(in_schema_1(not_held())).round_trips
    assert Outcome.NOT_HELD is trip.verdicts[Aspect.TRAINING].outcome


def test_todays_schema_refuses_not_kept():
    with pytest.raises(DamagedFileError, match="'NOT_KEPT', not one of"):
        read({**in_schema_1(not_held()), "schema": SCHEMA})


def test_an_older_manifest_that_is_changed_is_written_in_todays_schema():
    changed = replace(read(in_schema_1(not_held())), note="another note")
    assert replace(not_held(), note="another note").to_json() == changed.to_json()


def test_an_unknown_field_of_an_older_manifest_is_named():
    with pytest.raises(DamagedFileError, match="owner is unknown"):
        read({**in_schema_1(making.manifest()), "owner": "me"})


@given(st.sampled_from(["round_trips", "verdicts", "training", "outcome"]), json_values)
def test_any_json_where_an_upgrade_looks_is_refused_in_one_error_or_read(place, new):
    value = in_schema_1(not_held())
    (trip,) = value["round_trips"]
    holder = {"round_trips": value, "verdicts": trip, "training": trip["verdicts"]}.get(
        place, trip["verdicts"]["training"]
    )
    holder[place] = new
    try:
        manifest = read(value)
    except UntrustedError:
        return
    assert manifest == Manifest.from_json(manifest.to_json(), "there")


@pytest.mark.parametrize("schema", [0, True, 1.0, "1", None, [1], {"a": 1}], ids=repr)
def test_an_invalid_schema_number_is_a_damaged_file(schema):
    with pytest.raises(DamagedFileError, match=r"schema must be a whole number of at least 1, not \w+"):
        read({**in_schema_1(making.manifest()), "schema": schema})


def test_a_newer_schema_names_the_release_that_reads_it():
    with pytest.raises(DamagedFileError, match=rf"written by colab_save 7\.3\.0, and this is {OWN}\.") as caught:
        read({"schema": SCHEMA + 1, "environment": {"colab_save": "7.3.0"}, "all": "different"})
    assert "pip install -U 'colab_save>=7.3.0'" == caught.value.hint


@pytest.mark.parametrize(
    "environment",
    [
        None,
        [],
        {},
        {"colab_save": None},
        {"colab_save": "7' --index-url http://evil 'x"},
        {"colab_save": "x7"},
        {"colab_save": "7" * 41},
        {"colab_save": OWN},
    ],
    ids=str,
)
def test_a_newer_schema_without_a_valid_release_asks_for_the_newest_one(environment):
    with pytest.raises(DamagedFileError, match="written by a newer colab_save") as caught:
        read({"schema": SCHEMA + 1, "environment": environment})
    assert "pip install -U colab_save" == caught.value.hint
