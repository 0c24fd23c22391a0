"""Makes facts, manifests, stages and committed versions for tests; nothing here needs TensorFlow."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts, VariableFacts
from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import FileFacts, Manifest, Payload, SampleFacts, describe_files
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict
from colab_save.progress import ignore_steps
from colab_save.versions.publishing import publish

V1, V2, V3 = "20260822T101530Z-0001", "20260823T101530Z-0002", "20260824T101530Z-0003"
"""Version ids, oldest first."""


def digest(content):
    return hashlib.sha256(content).hexdigest()


def variable(path="dense/kernel", *, shape=(2, 3), dtype="float32", trainable=True, content=b"weights"):
    return VariableFacts(path, shape, dtype, trainable, digest(content))


def facts(**changes):
    known = ModelFacts(
        kind="keras",
        class_name="keras.Sequential",
        variables=(variable(), variable("dense/bias", shape=(3,))),
        optimizer=(variable("0:adam/m"), variable("1:adam/v")),
        iterations=7,
        compiled={"loss": "mse", "metrics": ["mae", {"class_name": "AUC", "config": {"bins": 3}}]},
        layers=(LayerFacts("dense", "Dense", arguments={"units": 3}),),
        inputs=(TensorFacts("x", (None, 2), "float32"),),
        outputs=(TensorFacts("y", (None, 3), "float32"),),
    )
    return replace(known, **changes)


def passed(format="keras"):
    verdicts = {aspect: Verdict(Outcome.PASSED) for aspect in Aspect}
    return RoundTrip(format, verdicts, (OutputError("output", 0.0, 0.0),), 1.5)


def manifest(**changes):
    """A manifest of two files, model.keras and sample.npz."""
    known = Manifest(
        name="cats",
        version=V1,
        created="2026-08-22T10:15:30Z",
        payloads=(Payload("keras", "model.keras"),),
        files=(FileFacts("model.keras", 5, digest(b"model")), FileFacts("sample.npz", 6, digest(b"sample"))),
        facts=facts(),
        round_trips=(passed(),),
        environment={"python": "3.12.0", "keras": "3.13.2"},
        sample=SampleFacts(
            "sample.npz",
            {"dict": {"x": {"array": "inputs_0", "dtype": "float32"}}},
            {"tuple": [{"array": "outputs_1", "dtype": "float32"}, None]},
        ),
        metrics={"accuracy": 0.9, "loss": 1},
        tags=("best",),
        note="a note",
    )
    return replace(known, **changes)


def export(**changes):
    """A manifest of an export, as ``--for mobile`` writes it."""
    return manifest(**{"payloads": (Payload("litert", "model.keras"),), "is_export": True, **changes})


def hdf5_bytes(arrays):
    """An HDF5 file with arrays by path."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path, array in arrays.items():
            file.create_dataset(path, data=array)
    return buffer.getvalue()


def keras_bytes(arrays):
    """A ``.keras`` file of an empty Sequential model with these weights by path."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": []}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.13.2"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", hdf5_bytes(arrays))
    return buffer.getvalue()


def stage(folder, files, **changes):
    """Write files, by path, as a stage of their own; gives the folder and the manifest that describes them."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=folder)) / "artifact"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    first = min(files).split("/")[0]
    changes = {"payloads": (Payload("keras", first),), "sample": SampleFacts(), **changes}
    return folder, manifest(files=describe_files(folder), **changes)


class Staged(NamedTuple):
    """A version that can be published, as often as it is asked for."""

    place: Place
    folder: Path
    manifest: Manifest

    def publish(self, store):
        publish(store, self.place, self.folder, self.manifest, ignore_steps)
        return self.manifest


def stage_version(folder, version=V1, files=None, *, name="cats", key="", **changes):
    """Stage a version: of an artifact of a name, or with a key of a plain save."""
    place = Place.of_plain(key, version) if key else Place.of_version(name, version)
    files = files if files is not None else {"model.keras": f"model {version}".encode(), "sample.npz": b"sample"}
    return Staged(place, *stage(folder / version, files, version=version, name=name, **changes))


def save_version(store, folder, version=V1, files=None, **changes):
    """Stage a version and publish it; gives its manifest."""
    return stage_version(folder, version, files, **changes).publish(store)
