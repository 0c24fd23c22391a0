"""Whatever happens to the bytes of a good model, a load refuses it or returns an equal model.

Where nothing in a file can tell (the values in plain HDF5, the constants in a SavedModel's graph), the load says that
nothing was proven. Each kind of file is hit as often as `CASES` says, more than 500 times together.
"""

from __future__ import annotations

import random
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from colab_save.errors import ColabSaveError
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_weights
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

FORMATS = ("keras", "h5", "weights", "saved_model")

ARTIFACT = {
    "model.keras": 30,
    "model.h5": 30,
    "model.weights.h5": 30,
    "architecture.json": 20,
    "saved_model/saved_model.pb": 20,
    "saved_model/variables/variables.index": 20,
    "saved_model/variables/variables.data-00000-of-00001": 20,
    "sample.npz": 20,
    "custom_code.py": 20,
    "manifest.json": 30,
}
"""How often each file of a committed artifact is hit; its digest tells."""

KEPT = {
    "model.keras": 80,
    "exported/variables/variables.index": 10,
    "exported/variables/variables.data-00000-of-00001": 10,
}
"""How often each plain file is hit that has checksums of its own."""

UNKNOWABLE = {"model.h5": 40, "model.weights.h5": 40, "exported/saved_model.pb": 20}
"""How often each plain file is hit that has none."""

NO_MODELS = {"sample.npz": 20, "manifest.json": 20, "custom_code.py": 20}
"""How often each file is hit that is no model at all."""

CASES = sum(sum(table.values()) for table in (ARTIFACT, KEPT, UNKNOWABLE, NO_MODELS))


class Files:
    """A good model as a committed artifact and as plain files, each brought back after it was hit."""

    def __init__(self, folder: Path) -> None:
        inputs = keras.Input((4,))
        self.model = keras.Model(inputs, keras.layers.Dense(2)(zoo.Scale(2.0)(inputs)))
        self.rows = zoo.rows(3, 4)
        self.facts, self.outputs = examine(self.model), np.asarray(self.model(self.rows))
        self.store = str(folder / "models")
        report = save(SaveRequest(self.model, "cats", to=self.store, formats=FORMATS, verify=False))
        self.artifact, self.plain = Path(report.where), folder / "plain"
        self.plain.mkdir()
        self.model.save(self.plain / "model.keras")
        self.model.save(self.plain / "model.h5")
        self.model.save_weights(self.plain / "model.weights.h5")
        self.model.export(self.plain / "exported", verbose=False)
        for name in NO_MODELS:
            (self.plain / name).write_bytes((self.artifact / name).read_bytes())

    def is_equal(self, report):
        """Return whether a loaded model has the weights, by digest, and the outputs of the model."""
        answer = np.asarray(report.model(self.rows))
        is_whole = report.format == "saved_model" or not compare_weights(self.facts, examine(report.model))
        return is_whole and np.allclose(self.outputs, answer, rtol=1e-6, atol=0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("random_bytes"))


@pytest.fixture
def own_classes(monkeypatch):
    """The notebook has the model's class."""
    import __main__

    monkeypatch.setattr(__main__, "Scale", zoo.Scale, raising=False)


def hit(path, times, request):
    """Cut and flip the bytes of a file; return what each load ended in: a report, or an error of ours."""
    good, ends = path.read_bytes(), []

    @settings(max_examples=times, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.integers(0, 2**32))
    def run(seed):
        path.write_bytes(damaged(good, random.Random(seed)))
        try:
            ends.append(load(request()))
        except ColabSaveError as error:
            ends.append(error)

    try:
        run()
    finally:
        path.write_bytes(good)
    assert times == len(ends)
    return [end for end in ends if not isinstance(end, ColabSaveError)]


def damaged(data, dice):
    """Cut, or flip one bit or a few, anywhere alike; what hypothesis draws itself is mostly near the beginning."""
    if dice.random() < 0.25:
        return data[: dice.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 8])):
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def request_of(files, name):
    """Ask for a plain file, or for the folder that it is in."""
    into = keras.models.clone_model(files.model) if name.endswith(".weights.h5") else None
    return LoadRequest(str(files.plain / name.partition("/")[0]), into=into)


def test_there_are_at_least_500_cases():
    assert 500 <= CASES


@pytest.mark.parametrize("name", ARTIFACT)
def test_an_artifact_is_refused_or_comes_back_equal(files, name):
    payloads = {
        "saved_model": "saved_model",
        "model.h5": "h5",
        "model.weights.h5": "weights",
        "architecture.json": "weights",
    }
    payload = payloads.get(name.partition("/")[0], "keras")
    request = LoadRequest("cats", source=files.store, format=payload, trust=True)
    loaded = hit(files.artifact / name, ARTIFACT[name], lambda: request)
    assert all(report.is_proven and files.is_equal(report) for report in loaded)


@pytest.mark.parametrize("name", KEPT)
def test_a_plain_file_with_checksums_is_refused_or_comes_back_equal(files, own_classes, name):
    loaded = hit(files.plain / name, KEPT[name], lambda: request_of(files, name))
    assert all(files.is_equal(report) for report in loaded)


@pytest.mark.parametrize("name", UNKNOWABLE)
def test_a_plain_file_without_checksums_is_refused_or_not_called_proven(files, own_classes, name):
    loaded = hit(files.plain / name, UNKNOWABLE[name], lambda: request_of(files, name))
    assert not any(report.is_proven for report in loaded)


@pytest.mark.parametrize("name", NO_MODELS)
def test_what_is_no_model_is_refused(files, name):
    assert [] == hit(files.plain / name, NO_MODELS[name], lambda: request_of(files, name))


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_a_changed_value_in_plain_hdf5_is_nothing_that_anybody_can_know_and_the_report_says_so(
    files, own_classes, name
):
    kernel = files.model.layers[-1].kernel.numpy()
    path, good = files.plain / name, (files.plain / name).read_bytes()
    path.write_bytes(good.replace(kernel.tobytes(), (kernel + 1).tobytes()))
    try:
        report = load(request_of(files, name))
    finally:
        path.write_bytes(good)
    assert (False, False) == (report.is_proven, files.is_equal(report))
    assert "loaded, not proven" in str(report)
