"""Saves from request to report: every kind of model proven, every refusal early, nothing lost when anything fails."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.dialect import is_compiled
from colab_save.errors import (
    ColabSaveError,
    NoSpaceError,
    ReadOnlyStoreError,
    RequestError,
    RoundTripError,
    TargetError,
    UnbuiltModelError,
    UnknownNameError,
    UnsupportedError,
    VerifierError,
)
from colab_save.format_table import FORMATS, format_names
from colab_save.formats.base import get_format
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.progress import Step
from colab_save.reports.report import SaveReport
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.saving.preparing import SPARE
from colab_save.saving.resolving import resolve
from colab_save.store_table import STORES
from colab_save.stores.local import LocalStore
from colab_save.versions.listing import list_models
from tests import zoo

pytestmark = pytest.mark.tensorflow


class Secret(keras.layers.Layer):
    """A constant that is in neither config nor weights nor attributes: another process multiplies by another number."""

    def call(self, inputs):
        return inputs * (1.0 + zoo.elsewhere())


def secretive():
    """A model whose layer answers otherwise in a fresh process."""
    return keras.Sequential([keras.Input((3,)), Secret()])


def quick(model, target="cats", **fields):
    return save(SaveRequest(model, target, verify=False, **fields))


AUTOGRAPH = ("__autograph_generated_file", "__pycache__")
"""Files of TensorFlow's, which go when Python does (``autograph/pyct/loader.py``; 2.21.0), and their bytecode."""


@dataclass
class Saved:
    """A model, what it was before its save, the report, the steps that were told, and what was left behind.

    Without a report the save has failed.
    """

    model: Any
    before: ModelFacts
    store: str
    report: SaveReport | None = None
    error: ColabSaveError | None = None
    steps: list[Step] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)


def saved(tmp_path_factory, model, target, **fields):
    done = Saved(model, examine(model), str(tmp_path_factory.mktemp("store")))
    temporary = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        try:
            done.report = save(SaveRequest(model, target, to=done.store, **fields), done.steps.append)
        except ColabSaveError as error:
            done.error = error
    done.left = [path for path in temporary.iterdir() if not path.name.startswith(AUTOGRAPH)]
    return done


@pytest.fixture(scope="module", params=zoo.MODELS)
def proven(request, tmp_path_factory):
    """A model of a kind, saved in every format that can hold it."""
    model = zoo.MODELS[request.param]()
    known = [name for name in format_names() if name != "litert"]  # what it lacks operations for, only converting tells
    able = [name for name in known if not get_format(name).refusal(model)]
    done = saved(tmp_path_factory, model, "cats", formats=able)
    assert (None, able) == (done.error, [payload.format for payload in done.report.manifest.payloads])
    return done


@pytest.fixture(scope="module")
def rejected(tmp_path_factory):
    """A save in a format that loses what the model is."""
    return saved(tmp_path_factory, secretive(), "cats", formats="keras")


def test_every_kind_of_model_is_proven_in_every_format_that_can_hold_it(proven):
    for trip in proven.report.manifest.round_trips:
        held = get_format(trip.format).holds
        had = set(Aspect) - (set() if is_compiled(proven.model) else {Aspect.STEP})
        assert {a: Outcome.PASSED if a in held else Outcome.NOT_HELD for a in had} == {
            aspect: verdict.outcome for aspect, verdict in trip.verdicts.items()
        }
        assert Outcome.PASSED is trip.outcome, str(proven.report)
        assert load(LoadRequest("cats", source=proven.store, format=trip.format)).is_proven


def test_the_live_model_is_untouched_by_a_save(proven):
    assert proven.before == examine(proven.model)


def test_progress_goes_through_the_steps_in_order(proven):
    assert ["resolve", "stage", "verify", "publish"] == list(dict.fromkeys(step.stage for step in proven.steps))


def test_nothing_is_left_in_the_temporary_folder(proven):
    assert [] == proven.left


def test_a_save_that_fails_leaves_nothing_in_the_temporary_folder(rejected):
    assert ([], None) == (rejected.left, rejected.report)


def test_a_subclassed_model_is_proven_by_its_captured_code_and_trains_on():
    model = zoo.subclassed()
    report = save(SaveRequest(model, "cats", formats="keras,weights,saved_model"))
    assert Outcome.PASSED is report.outcome, str(report)
    loaded = load(LoadRequest("cats")).model
    expected = model.fit(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0, shuffle=False).history["loss"]
    assert expected == pytest.approx(
        loaded.fit(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0, shuffle=False).history["loss"], rel=1e-5
    )


def test_a_module_is_saved_as_saved_model_though_nobody_said_so():
    report = save(SaveRequest(zoo.Counter(), "counter"))
    assert (["saved_model"], Outcome.PASSED) == ([p.format for p in report.manifest.payloads], report.outcome)
    assert "keras" in report.notes[0]
    assert 4.0 == float(load(LoadRequest("counter")).model([[1.0, 0.0]])["y"][0, 0])


@pytest.mark.parametrize(
    ("formats", "notes"),
    [
        ("auto", ("The option batch was not used: it is one of saved_model, and keras was saved.",)),
        (("keras", "saved_model"), ()),
    ],
)
def test_an_option_that_no_saved_format_has_is_noted(formats, notes):
    report = save(SaveRequest(zoo.untrained(), "cats", formats=formats, options={"batch": 2}, verify=False))
    assert notes == report.notes


def test_auto_publishes_saved_model_beside_what_came_back_of_keras_and_says_why():
    report = save(SaveRequest(secretive(), "cats"))
    trips = report.manifest.round_trips
    outcomes = {trip.format: trip.outcome for trip in trips}
    assert {"keras": Outcome.FAILED, "saved_model": Outcome.PASSED} == outcomes
    assert (Outcome.PARTIAL, True) == (report.outcome, "output" in trips[0].reason)


def test_a_format_that_was_asked_for_and_fails_publishes_nothing(rejected):
    assert isinstance(rejected.error, RoundTripError)
    assert re.search(r"nothing was published\.\nkeras: outputs", str(rejected.error))
    assert () == list_models(source=rejected.store).manifests


def test_force_publishes_what_failed_and_says_so():
    report = save(SaveRequest(secretive(), "cats", formats="keras", force=True))
    assert Outcome.FAILED is report.outcome
    assert Outcome.FAILED is list_models().manifests[0].outcome


def test_models_that_are_random_at_inference_are_proven():
    tracked = keras.Sequential([keras.Input((3,)), zoo.Sampling()])
    report = save(SaveRequest(tracked, "cats"))
    assert ("keras", Outcome.PASSED) == (report.manifest.payloads[0].format, report.outcome)


def test_a_model_whose_layer_hangs_or_dies_in_the_fresh_process_is_no_save(tmp_path):
    class Deadly(keras.layers.Layer):
        def call(self, inputs):
            import os

            if "colab_save_custom_code" in __name__:
                os._exit(7)
            return inputs

    model = keras.Sequential([keras.Input((3,)), Deadly()])
    with pytest.raises(RoundTripError, match="ended with status 7"):
        save(SaveRequest(model, "cats", formats="keras"))
    assert () == list_models().manifests


def test_a_fresh_process_that_is_killed_is_no_reason_to_save_in_a_format_that_holds_less():
    class Heavy(keras.layers.Layer):
        def call(self, inputs):
            import os

            if "colab_save_custom_code" in __name__:
                os.kill(os.getpid(), 9)  # as Linux does when memory runs out
            return inputs

    model = keras.Sequential([keras.Input((3,)), Heavy()])
    with pytest.raises(VerifierError, match=r"was killed by signal 9.*Nothing was published"):
        save(SaveRequest(model, "cats"))
    assert () == list_models().manifests


def test_the_round_trip_has_a_time_limit():
    class Slow(keras.layers.Layer):
        def call(self, inputs):
            import time

            if "colab_save_custom_code" in __name__:
                time.sleep(600)
            return inputs

    model = keras.Sequential([keras.Input((3,)), Slow()])
    with pytest.raises(VerifierError, match="did not answer within 6") as caught:
        save(SaveRequest(model, "cats", formats="keras", timeout=6))
    assert "timeout=900" in caught.value.hint


def test_a_path_that_ends_in_a_slash_is_saved_and_loaded_without_it(own_folder):
    report = save(SaveRequest(zoo.untrained(), "./cats/", verify=False))
    assert ("{action:load|./cats.keras&name=model}", True) == (report.load_line, Path("cats.keras").is_file())


def test_a_save_without_verification_says_that_it_is_not_proven():
    assert Outcome.SKIPPED is quick(zoo.untrained()).outcome


def test_an_artifact_holds_what_the_design_says():
    report = quick(zoo.untrained(), metrics={"f1": 0.5}, tags=("best",), note="first")
    names = {path.name for path in Path(report.where).iterdir()}
    assert {"model.keras", "sample.npz", "README.md", "manifest.json"} == names
    assert ({"f1": 0.5}, ("best",), "first") == (report.manifest.metrics, report.manifest.tags, report.manifest.note)


def test_older_versions_go_after_the_commit_and_the_report_names_them():
    model = zoo.untrained()
    first = quick(model, metrics={"score": 1})
    second = quick(model, keep=1, keep_best="score")
    third = quick(model, metrics={"score": 2}, keep_best="score")
    assert ((), (first.manifest.version, second.manifest.version)) == (second.pruned, third.pruned)
    assert f"pruned: 2 older versions: {first.manifest.version}, {second.manifest.version}" in str(third)
    assert "This version has no metric 'score'" in second.notes[-1]
    assert [third.manifest] == list(list_models().manifests)


def test_the_default_name_is_the_models_own():
    model = zoo.untrained()
    assert model.name == save(SaveRequest(model, verify=False)).manifest.name


@pytest.mark.parametrize(
    ("target", "fields", "expected"),
    [
        ("./out/my_model", {}, "my_model.keras"),
        ("./out/cats.keras", {}, "cats.keras"),
        ("./out/cats.h5", {}, "cats.h5"),
        ("./out/cats.weights.h5", {}, "cats.weights.h5"),
        ("./out/cats.onnx", {}, "cats.onnx"),
        ("./out/served", {"formats": "saved_model"}, "served"),
        ("./out/served/1", {"formats": "saved_model"}, "served/1"),
        ("./out/served/2", {"purpose": "serving"}, "served/2"),
    ],
)
def test_a_plain_save_lies_at_exactly_its_place_and_loads(target, fields, expected):
    model = zoo.sequential()
    report = quick(model, target, **fields)
    assert Path("out", expected).absolute() == Path(report.where)
    loaded = load(LoadRequest(target))
    assert loaded.is_proven
    assert [".keras" in expected and "my_model" in target] == [bool(report.notes)]
    np.testing.assert_allclose(
        model.predict(zoo.rows(3, 4), verbose=0), loaded.model.predict(zoo.rows(3, 4)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("target", ["out/cats.keras", "out/cats.h5"])
def test_keras_itself_opens_a_plain_save(target):
    quick(zoo.untrained(), target)
    assert keras.saving.load_model(target, compile=False).built


def test_tensorflow_itself_opens_a_plain_saved_model():
    quick(zoo.untrained(), "./out/served/1", formats="saved_model")
    signature = tf.saved_model.load("out/served/1").signatures["serving_default"]
    assert (3, 2) == signature(inputs=tf.ones((3, 4)))["output_0"].shape


@pytest.mark.parametrize(("target", "fields"), [("out/cats.keras", {}), ("out/served", {"formats": "saved_model"})])
def test_a_plain_save_replaces_the_one_before(target, fields):
    quick(zoo.untrained(), target, **fields)
    newer = zoo.untrained()
    quick(newer, target, **fields)
    loaded = load(LoadRequest(target))
    assert loaded.is_proven
    sidecar = Path(f"{target}.colab_save")
    assert 1 == len(list(sidecar.iterdir()))


def test_a_failed_plain_save_leaves_the_old_file_to_the_byte():
    quick(zoo.untrained(), "out/cats.keras")
    before = Path("out/cats.keras").read_bytes()
    with pytest.raises(RoundTripError):
        save(SaveRequest(secretive(), "out/cats.keras"))
    assert before == Path("out/cats.keras").read_bytes()
    assert load(LoadRequest("out/cats.keras")).is_proven


@pytest.mark.parametrize(
    ("model", "target", "fields", "error"),
    [
        ("not a model", "cats", {}, UnsupportedError),
        (keras.layers.Dense(1), "cats", {}, UnsupportedError),
        (tf.Module(), "cats", {}, UnsupportedError),
        (zoo.Counter(), "cats", {"formats": "keras"}, UnsupportedError),
        (keras.Sequential([keras.layers.Dense(1)]), "cats", {"formats": "saved_model"}, UnbuiltModelError),
        (keras.Sequential([keras.layers.Dense(1)]), "cats", {"formats": "weights"}, UnbuiltModelError),
        (zoo.untrained(), "cats", {"formats": "kers"}, UnknownNameError),
        (zoo.untrained(), "cats", {"options": {"signature": {}}}, UnknownNameError),
        (zoo.untrained(), "../cats\0.keras", {}, TargetError),
        (zoo.untrained(), "..", {}, ColabSaveError),
        (zoo.untrained(), "out/cats.keras", {"formats": "h5"}, RequestError),
        (zoo.untrained(), "out/cats.keras", {"to": "elsewhere"}, RequestError),
        (zoo.untrained(), "out/cats", {"formats": "keras,h5"}, RequestError),
        (zoo.untrained(), "nowhere://bucket/cats", {}, UnknownNameError),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(own_folder, model, target, fields, error):
    with pytest.raises(error) as caught:
        quick(model, target, **fields)
    assert caught.value.hint
    assert [] == [path for path in own_folder.rglob("*") if path.is_file()]


def test_a_model_that_is_not_built_is_saved_without_weights_and_stays_so():
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile("adam", "mse")
    report = save(SaveRequest(model, "cats", sample=zoo.rows(2, 4)))
    verdicts = report.manifest.round_trips[0].verdicts
    assert "saved, not built yet: no weights" in str(report).splitlines()[0]
    assert {Aspect.STRUCTURE, Aspect.TRAINING, Aspect.CODE} == {
        aspect for aspect, verdict in verdicts.items() if verdict.outcome is Outcome.PASSED
    }
    assert "not built yet: it has no weights" in verdicts[Aspect.WEIGHTS].reason
    back = load(LoadRequest("cats")).model
    assert (False, False, "Adam") == (model.built, back.built, type(back.optimizer).__name__)


def test_a_store_without_room_is_refused_before_anything_is_staged(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10))
    with pytest.raises(NoSpaceError, match="10 bytes are free"):
        quick(zoo.untrained())


@pytest.mark.parametrize(
    ("format", "expectation"),
    [("keras", contextlib.nullcontext()), ("litert", pytest.raises(NoSpaceError, match=r"needs 3\d.* and 3\d"))],
    ids=["keras", "litert"],
)
def test_room_for_what_a_format_writes_on_its_way_is_asked_for(monkeypatch, format, expectation):
    model = keras.Sequential([keras.Input((500,)), keras.layers.Dense(500)])  # a megabyte
    free = SPARE + 1_500_000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - free, free))
    with expectation:
        resolve(SaveRequest(model, "cats", formats=format))


@pytest.mark.parametrize("value", [np.ones(10), np.ones(250_000), bytes(2_000_000)], ids=["few", "array", "bytes"])
def test_room_for_extras_is_asked_for(monkeypatch, value):
    free = SPARE + 1_500_000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - free, free))
    monkeypatch.setattr(sys.modules["__main__"], "beside", value, raising=False)
    expectation = pytest.raises(NoSpaceError, match=r"needs 3\d") if len(value) > 10 else contextlib.nullcontext()
    with expectation:
        resolve(SaveRequest(zoo.untrained(), "cats", extra=("beside",)))


def test_a_read_only_store_is_refused(own_folder, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(ReadOnlyStoreError):
        quick(zoo.untrained(), to=str(own_folder / "readonly"))


class FaultyStore(LocalStore):
    """A folder that fails at the Nth call."""

    countdown = 10**9

    def _count(self):
        FaultyStore.countdown -= 1
        if FaultyStore.countdown == 0:
            raise OSError(5, "Input/output error")

    def put(self, *args):
        self._count()
        super().put(*args)
        self._count()

    def get(self, key):
        self._count()
        return super().get(key)

    def keys(self, folder=""):
        self._count()
        return super().keys(folder)

    def delete(self, key):
        self._count()
        super().delete(key)


@pytest.mark.parametrize("calls", range(1, 22))
def test_an_exception_at_any_store_call_leaves_the_previous_version(monkeypatch, calls):
    model = zoo.untrained()
    first = quick(model).manifest.version
    monkeypatch.setitem(STORES, "local", replace(STORES["local"], open=f"{__name__}:FaultyStore.at"))
    monkeypatch.setitem(sys.modules, __name__, sys.modules[FaultyStore.__module__])
    monkeypatch.setattr(FaultyStore, "countdown", calls)
    failed = False
    try:
        quick(model)
    except OSError:
        failed = True
    FaultyStore.countdown = 10**9
    versions = [manifest.version for manifest in list_models().manifests]
    assert first in versions
    assert len(versions) == 1 or not failed or versions[-1] == first
    assert load(LoadRequest("cats")).is_proven
    assert quick(model).manifest.version == list_models().manifests[0].version


class FaultyFormat(get_format("keras").__class__):
    """A format that fails where it is told to, after half of the file is written."""

    fails_at = ""

    def save(self, model, folder, sample, options):
        super().save(model, folder, sample, options)
        if self.fails_at == "save":
            (folder / self.payload).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        return ()

    def run(self, model, sample):
        if self.fails_at == "run":
            raise MemoryError("too large")
        return super().run(model, sample)

    def refusal(self, model):
        if self.fails_at == "refusal":
            raise RuntimeError("unexpected")
        return super().refusal(model)


@pytest.mark.parametrize("at", ["save", "run", "refusal"])
def test_an_exception_at_any_format_call_leaves_the_previous_version(monkeypatch, at):
    model = zoo.untrained()
    first = quick(model).manifest.version
    monkeypatch.setitem(FORMATS, "keras", replace(FORMATS["keras"], plug=f"{__name__}:FaultyFormat"))
    monkeypatch.setitem(sys.modules, __name__, sys.modules[FaultyFormat.__module__])
    monkeypatch.setattr(FaultyFormat, "fails_at", at)
    with pytest.raises((OSError, ColabSaveError, RuntimeError)):
        quick(model, formats="keras", sample=zoo.rows(2, 4))
    monkeypatch.setattr(FaultyFormat, "fails_at", "")
    assert [first] == [manifest.version for manifest in list_models().manifests]
    assert load(LoadRequest("cats")).is_proven


PROGRAM = """
import sys
from colab_save.fresh_process.child import NOT_NEEDED, import_keras
keras = import_keras(NOT_NEEDED)
from colab_save.request.request import SaveRequest
from colab_save.saving.pipeline import save
def tell(step):
    print(step.stage, flush=True)
    if step.stage == sys.argv[1]:
        import time
        time.sleep(60) if sys.argv[2] == "hold" else None
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
save(SaveRequest(model, "cats"), tell)
"""


@pytest.mark.parametrize("stage", ["stage", "verify", "publish"])
def test_a_process_killed_at_any_stage_leaves_the_previous_version(stage):
    model = zoo.untrained()
    first = quick(model).manifest.version
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, stage, "hold"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with child:
        for line in child.stdout:
            if line.strip() == stage:
                child.kill()
    assert [first] == [manifest.version for manifest in list_models().manifests]
    assert load(LoadRequest("cats")).is_proven
    assert Outcome.SKIPPED is quick(model).outcome
