from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.manifest import FileFacts, Manifest, Part, Payload, SampleFacts
from colab_save.artifact.parts import RESERVED, each_part, of_part, part_name
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict, failed, sum_up
from colab_save.errors import DamagedFileError
from colab_save.reports.listing import Listing
from colab_save.reports.report import SaveReport
from colab_save.stores.base import UploadState
from tests.making import digest, facts, manifest, passed


def file(path):
    return FileFacts(path, len(path), digest(path.encode()))


def gan(**changes):
    """Return the manifest of a collection of two models."""
    paths = ["g/model.keras", "g/saved_model/a.pb", "g/sample.npz", "d/model.keras", "collection.json"]
    formats = [("keras", "g/model.keras"), ("saved_model", "g/saved_model"), ("keras", "d/model.keras")]
    trips = [replace(passed(), part="g"), replace(passed("saved_model"), part="g"), replace(passed(), part="d")]
    known = manifest(
        payloads=tuple(Payload(*pair) for pair in formats),
        files=tuple(map(file, paths)),
        facts=facts(kind="several", variables=()),
        sample=SampleFacts(),
        parts=(Part("g", facts(), SampleFacts("sample.npz")), Part("d", facts(variables=facts().variables[:1]))),
        round_trips=(*trips, RoundTrip("collection", {Aspect.TRAINING: Verdict(Outcome.PASSED)})),
    )
    return replace(known, **changes)


def test_a_part_has_a_manifest_of_its_own():
    part = of_part(gan(), "g")
    assert (["model.keras", "saved_model"], ["model.keras", "saved_model/a.pb", "sample.npz"]) == (
        [payload.path for payload in part.payloads],
        [file.path for file in part.files],
    )
    assert (["keras", "saved_model"], "sample.npz", facts()) == (
        [trip.format for trip in part.round_trips],
        part.sample.path,
        part.facts,
    )
    assert part == Manifest.from_json(part.to_json(), "there")


def test_a_single_model_is_its_only_part():
    assert {"": manifest()} == each_part(manifest())
    assert ["g", "d"] == list(each_part(gan()))


def test_a_manifest_of_several_models_is_read_as_it_was_written():
    assert gan() == Manifest.from_json(gan().to_json(), "there")
    assert (9 + 6, ("keras", "saved_model")) == (gan().parameters, gan().formats)


def test_the_outcome_of_a_collection_is_the_worst_of_its_parts():
    bad = replace(failed("keras", "outputs differ", frozenset(Aspect)), part="d")
    assert (Outcome.PASSED, Outcome.FAILED) == (
        gan().outcome,
        gan(round_trips=(*gan().round_trips, bad)).outcome,
    )


@pytest.mark.parametrize("name", ["", ".", "..", "g/x", "/g", "a\\b", "g\0", "other", "d"])
def test_a_part_without_a_folder_of_payloads_is_refused(name):
    value = json.loads(gan().to_json())
    value["parts"][0]["name"] = name
    with pytest.raises(DamagedFileError, match="parts"):
        Manifest.from_json(json.dumps(value), "there")


def test_a_sample_outside_the_folder_of_its_part_is_refused():
    value = json.loads(gan().to_json())
    value["parts"][1]["sample"]["path"] = "sample.npz"
    with pytest.raises(DamagedFileError, match="not among the files"):
        Manifest.from_json(json.dumps(value), "there")


def test_the_round_trips_of_parts_are_summed_up_aspect_by_aspect():
    odd = {Aspect.OUTPUTS: Verdict(Outcome.FAILED, "2 of 3 values differ", 2), Aspect.CODE: Verdict(Outcome.PASSED)}
    whole = sum_up([replace(passed(), part="g"), RoundTrip("keras", odd, (), 1.0, "d")])
    assert (Verdict(Outcome.FAILED, "d keras: 2 of 3 values differ", 2), Verdict(Outcome.PASSED)) == (
        whole.verdicts[Aspect.OUTPUTS],
        whole.verdicts[Aspect.CODE],
    )
    assert ("keras", 2.5, "g keras: output") == (whole.format, whole.seconds, whole.errors[0].name)
    assert passed() == sum_up([passed()])


@given(st.lists(st.lists(st.text(max_size=5) | st.sampled_from(["g", "G", "_g", "a.keras", *RESERVED]), max_size=2)))
def test_every_part_has_a_folder_of_its_own_whatever_its_place(places):
    names = []
    for place in places:
        names.append(part_name(place, names))
    folders = [name.casefold() for name in names]
    assert len(places) == len(set(folders) - {name.casefold() for name in RESERVED})
    assert all("/" not in name and name.strip(". ") == name for name in names)


def test_a_part_is_named_after_its_place():
    assert ["critics.0", "model", "part-1"] == [
        part_name(["_critics", "0"], []),
        part_name(["_model"], []),
        part_name(["a/b"], []),
    ]


def test_a_collection_is_reported_with_its_models_and_listed_with_each_format_once():
    report = SaveReport(gan(name="gan"), "models/gan", "local", UploadState.DONE, "%loadmodel gan")
    text = str(report)
    assert "models: g: Sequential, 9 parameters; d: Sequential, 6 parameters\n  collection: Sequential" in text
    assert "g saved_model: outputs PASSED" in text
    assert "  collection: training PASSED, size 15 bytes" in text
    assert "keras, saved_model  PASSED" in str(Listing("models", "local", (gan(),)))
