"""What earlier releases have saved still loads, proven, and answers as the live model did; see README.md."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save import list_models, load_model
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import UntrustedCodeError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = pytest.mark.tensorflow

CORPUS = Path(__file__).parent
MANIFESTS = sorted(CORPUS.glob("[0-9]*/**/manifest.json"))
OF_A_MACHINE = re.compile(rb"site-packages|/(home|root|Users|tmp|work|usr|opt|mnt|content)/|\\Users\\")
"""What the path of a file on somebody's machine has in it."""

ASKED = np.array([[0.5, -1.0, 2.0, 0.25]], "float32")
ASKED_OF_TEXT = np.array([["the cat ran"]])

TRAINING = {Aspect.TRAINING}
ALL_BUT_OUTPUTS = set(Aspect) - {Aspect.OUTPUTS, Aspect.STEP}

# Release, entry, format, what it does not keep, what the live model answered when it was saved
ENTRIES = [
    ("0.1.0", "trained@first", "keras", set(), [-1.0702828, -0.4199756]),
    ("0.1.0", "trained@best", "keras", set(), [0.6774405, -0.8697907]),
    ("0.1.0", "trained", "keras", set(), [0.6774405, -0.8697907]),
    ("0.1.0", "own_classes", "keras", set(), [-0.2118098, 0.3296973]),
    ("0.1.0", "weights_only", "weights", TRAINING, [-0.7713950, 1.1193451]),
    ("0.1.0", "service", "saved_model", ALL_BUT_OUTPUTS - {Aspect.WEIGHTS}, [0.9278900, -0.2697012]),
    ("0.1.0", "phone", "litert", ALL_BUT_OUTPUTS, [0.8343557, -0.9920894]),
    ("0.1.0", "text", "keras", set(), [-0.0013032, 0.0091795, 0.0091368]),
    ("0.1.0", "keras_2", "keras", set(), [0.2298414, 2.3412111]),
    ("0.1.0", "plain/cats.keras", "keras", set(), [-0.1225795, -0.2346547]),
    ("0.1.0", "plain/cats.h5", "h5", set(), [-0.1225795, -0.2346547]),
    ("0.1.0", "plain/cats.weights.h5", "weights", TRAINING, [-0.1225795, -0.2346547]),
]

# Newest first: name, formats, tags, metrics, note
LISTED = {
    "0.1.0": [
        ("agent", ("keras",), (), {"score": 12}, ""),
        ("keras_2", ("keras",), ("old",), {"loss": 3.6429, "mae": 1.5283}, ""),
        ("text", ("keras",), (), {}, ""),
        ("phone", ("litert",), (), {}, ""),
        ("service", ("saved_model",), (), {}, ""),
        ("weights_only", ("weights",), (), {"loss": 0.8045, "mae": 0.7420}, ""),
        ("own_classes", ("keras",), (), {"loss": 0.8544, "mae": 0.8544}, ""),
        (
            "trained",
            ("keras",),
            ("best", "to keep"),
            {"f1": 0.75, "loss": 0.4732, "mae": 0.5540},
            "With all that can be said.",
        ),
        ("trained", ("keras",), ("first",), {"loss": 0.8435, "mae": 0.8430}, "A first try."),
    ]
}


@pytest.fixture
def copied(tmp_path):
    """Copy an entry, so that nothing writes into the corpus; gives the fields of a request to load it."""

    def copy(release, entry):
        folder = re.split("[@/]", entry)[0]
        shutil.copytree(CORPUS / release / folder, tmp_path / folder)
        where = {"target": str(tmp_path / entry)} if "/" in entry else {"target": entry, "source": str(tmp_path)}
        return {**where, "trust": folder == "own_classes"}  # the key that signed it is not ours

    return copy


def answered(model, asked=ASKED):
    ask = model if isinstance(model, keras.Model | tf_keras.Model) else model.predict
    return np.asarray(ask(tf.constant(asked))).ravel()


@pytest.mark.parametrize(("release", "entry", "format", "not_kept", "answer"), ENTRIES)
def test_an_entry_comes_back_proven_and_answers_as_the_live_model_did(release, entry, format, not_kept, answer, copied):
    report = load(LoadRequest(**copied(release, entry)))
    assert (format, Outcome.PASSED, ()) == (report.format, report.round_trip.outcome, report.passed_over)
    known = set(Aspect) - {Aspect.STEP}  # a release before the first step
    expected = {aspect: Outcome.NOT_HELD if aspect in not_kept else Outcome.PASSED for aspect in known}
    for trip in (report.round_trip, *report.manifest.round_trips):
        assert expected == {aspect: verdict.outcome for aspect, verdict in trip.verdicts.items()}
    assert (entry == "keras_2") == isinstance(report.model, tf_keras.Model)
    assert () == tuple(note for note in report.notes if "no weights" in note)
    asked = ASKED_OF_TEXT if entry == "text" else ASKED
    np.testing.assert_allclose(answered(report.model, asked), answer, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("release", LISTED)
def test_every_version_is_listed_with_all_that_was_said_of_it(release, tmp_path):
    shutil.copytree(CORPUS / release, tmp_path / release)
    listing = list_models(source=str(tmp_path / release))
    assert ((), ()) == (listing.damaged, listing.unfinished)
    names, metrics = [], []
    for name, formats, tags, measured, note in LISTED[release]:
        names.append((name, formats, tags, note, Outcome.PASSED))
        metrics.append(pytest.approx(measured, abs=1e-4))
    assert names == [(m.name, m.formats, m.tags, m.note, m.outcome) for m in listing.manifests]
    assert metrics == [manifest.metrics for manifest in listing.manifests]


@pytest.mark.parametrize(("release", "exports"), [("0.1.0", {"phone"})])
def test_an_export_is_told_from_a_model_where_its_formats_tell(release, exports, tmp_path):
    shutil.copytree(CORPUS / release, tmp_path / release)
    listing = list_models(source=str(tmp_path / release))
    assert exports == {manifest.name for manifest in listing.manifests if manifest.is_export}


def test_the_extras_are_attributes_and_values_again(copied):
    report = load(LoadRequest(**copied("0.1.0", "trained")))
    assert ["small", "größer"] == report.model.class_names
    assert {"class_names": ["small", "größer"], "threshold": 0.8} == report.extras


def test_the_training_goes_on_where_it_stood(copied):
    model = load_model(**copied("0.1.0", "trained"))
    assert ("adam", 1) == (model.optimizer.name, int(model.optimizer.iterations))
    model.fit(ASKED, np.ones((1, 2)), verbose=0)
    assert 2 == int(model.optimizer.iterations)


def test_code_that_came_with_an_entry_runs_only_where_it_is_trusted(copied):
    asked = copied("0.1.0", "own_classes")
    with pytest.raises(UntrustedCodeError, match="class Classifier"):
        load_model(**{**asked, "trust": False})
    model = load_model(**asked)
    assert ("Classifier", 3.0) == (type(model).__name__, model.blocks[1].factor)


def test_weights_go_into_a_model_that_is_there(copied):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert model is load_model(**copied("0.1.0", "weights_only"), into=model)
    np.testing.assert_allclose(answered(model), [-0.7713950, 1.1193450], rtol=1e-4)


def test_several_models_come_back_with_what_held_them(copied):
    report = load(LoadRequest(**copied("0.1.0", "agent")))
    assert {Outcome.PASSED} == {verdict.outcome for verdict in report.round_trip.verdicts.values()}
    assert ["online keras", "target keras", "collection"] == [trip.label for trip in report.round_trips]
    agent = report.model
    np.testing.assert_allclose(answered(agent["online"]), [0.6704856, -1.0111159], rtol=1e-4)
    np.testing.assert_allclose(answered(agent["target"]), [-1.1660509, 0.6771123], rtol=1e-4)
    assert (0.125, [(1, 0.5), (2, None)], {"left": 0, "right": 1}) == tuple(
        map(agent.get, ("epsilon", "replay", "names"))
    )
    assert (3, [0, 1, 2]) == (int(agent["step"]), agent["mean"].tolist())
    variables = agent["online"].trainable_variables
    agent["optimizer"].apply_gradients([(tf.ones_like(variable), variable) for variable in variables])
    # The gradient was 1 before too: momentum 0.9 makes the step 0.1 * 1.9
    steps = 0.19 * (1 + ASKED.sum())
    np.testing.assert_allclose(answered(agent["online"]), [0.6704856 - steps, -1.0111159 - steps], rtol=1e-4)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: str(path.parent.relative_to(CORPUS)))
def test_no_file_of_an_entry_is_missing_or_another_one(manifest):
    folder = manifest.parent
    known = {file["path"]: file["sha256"] for file in json.loads(manifest.read_bytes())["files"]}
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert manifest == found.pop("manifest.json")
    if folder.parent.suffix == ".colab_save":  # a plain save has its payload beside the folder
        (payload,) = known.keys() - found.keys()
        found[payload] = folder.parent.with_suffix("")
    assert known == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


def test_nothing_in_the_corpus_names_a_folder_of_the_machine_that_made_it():
    found = [path for path in CORPUS.glob("[0-9]*/**/*") if path.is_file()]
    assert MANIFESTS
    assert [] == [str(path) for path in found if any(map(OF_A_MACHINE.search, contents_of(path)))]


def contents_of(path):
    """The bytes of a file, and of a zip file those of its members, which are compressed."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from map(archive.read, archive.namelist())
