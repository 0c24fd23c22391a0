"""What --json prints has the fields that the documentation names, and JSON has all of its values."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from colab_save.diagnosing.doctor import PROBES
from colab_save.frontends.demo import Demonstration
from colab_save.frontends.files import Written
from colab_save.reports.cache import Cache, CacheEntry
from colab_save.reports.diagnosis import Diagnosis, Finding
from colab_save.reports.json_fields import round_trip_fields, version_fields
from colab_save.reports.listing import Listing
from colab_save.reports.pending import Pending, PendingSave
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.reports.viewed import Viewed
from colab_save.stores.base import UploadState
from colab_save.versions.curating import Change
from colab_save.viewing.comparison import Comparison
from colab_save.viewing.inside import Inside
from tests.making import manifest, passed

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "terminal.md").read_text("utf-8")
TOLD = dict(re.findall(r"^\| (.+?) \| (.*) \|$", GUIDE.partition("## JSON")[2], re.MULTILINE))

SAVED = SaveReport(manifest(), "models/cats", "local", UploadState.DONE, "", attempts=(passed(),))
LOADED = LoadReport(object(), "cats", "models", "keras", passed(), manifest(), extras={"names": ["a"]})
LEFT = CacheEntry(7, "2026-08-22T10:15:30Z", name="cats@1", state="uploaded")
WAITING = PendingSave("cats@1", 7, None, "2026-08-22T10:15:30Z", "drive", Path("copy"))
DOCUMENTS = {
    "a version": version_fields(manifest()),
    "a round trip": round_trip_fields(passed()),
    "`save`": SAVED.to_json(),
    "`verify`": LOADED.to_json(),
    "`load`": Written(LOADED, "./cats.keras").to_json(),
    "`list`, `restore` without a target": Listing("models", "local", (manifest(),)).to_json(),
    "`inspect`": Inside(manifest()).to_json(),
    "`compare`": Comparison(manifest(), manifest(), "equal").to_json(),
    "`tag`, `delete`, `restore`": Change("cats@1", "is gone", "models", manifest()).to_json(),
    "`pending`, `publish-pending`": Pending((WAITING,)).to_json(),
    "a pending save": WAITING.to_json(),
    "`cache`": Cache("cache", (), (LEFT,), 9, 9).to_json(),
    "an entry of the cache": LEFT.to_json(),
    "`doctor`": Diagnosis({name: Finding("") for name in PROBES}).to_json(),
    "`demo`": Demonstration(SAVED, SAVED, 0.9, 0.9).to_json(),
}


def told_of(document):
    """The fields that the guide names: those of another document, and its own."""
    fields = set(re.findall(r"`(\w+)`", TOLD[document].rpartition("and ")[2]))
    return (
        fields
        | set(DOCUMENTS["a version"] if document == "`save`" else ())
        | (told_of("`verify`") if document == "`load`" else set())
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_has_the_fields_that_the_guide_names(document):
    assert told_of(document) == DOCUMENTS[document].keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_json(document):
    assert DOCUMENTS[document] == json.loads(json.dumps(DOCUMENTS[document]))


def test_a_viewer_tells_where_to_see_a_model():
    viewed = Viewed("cats", "open in Netron", {"": "http://127.0.0.1"}, ("stop it", "netron.stop()"))
    assert ({"": "http://127.0.0.1"}, "netron.stop()") == (viewed.to_json()["where"], viewed.to_json()["line"])
