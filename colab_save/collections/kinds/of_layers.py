"""The kind of a layer of Keras 3, and of a FeatureSpace: what Keras writes into a ``.keras`` file, taken apart.

The file itself differs each time, by its date and as HDF5 does; its config, its arrays and its assets do not.
"""

from __future__ import annotations

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.collections.kinds.kind import Making, Parts
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.dialect import KERAS, classes, dialect_of
from colab_save.errors import FormatError, UntrustedCodeError
from colab_save.hints import option
from colab_save.types import Json
from colab_save.wording import first_line

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
"""The files of such a file; all others are assets."""


def is_layer(value: Any) -> bool:
    """Return whether a value is a layer of Keras 3 itself, and no model, metric or loss."""
    others = (*classes("Model"), *classes("metrics.Metric"))
    return isinstance(value, classes("layers.Layer")) and not isinstance(value, others) and dialect_of(value) == KERAS


def layer_apart(value: Any) -> Parts:
    """Return what Keras writes of a layer.

    Raises:
        FormatError: It needs classes or functions of the user's, or Keras cannot write it.
    """
    import numpy as np

    if own := [getattr(item, "__name__", str(item)) for item in find_custom_objects(value)]:
        raise FormatError(f"needs {', '.join(own[:4])}, which is defined in the notebook", "")
    with zipfile.ZipFile(io.BytesIO(_file_of(value))) as held:
        files = {name: held.read(name) for name in held.namelist() if name != METADATA}
    arrays = _arrays(files.pop(WEIGHTS))
    config = _without_ids(json.loads(files.pop(CONFIG)))
    assets = {name: np.frombuffer(data, dtype="uint8") for name, data in files.items()}
    return {"config": config, "arrays": arrays, "assets": assets}


def _without_ids(config: Json) -> Json:
    """Return a config without the places in memory by which Keras tells which objects of a graph are one."""
    if isinstance(config, dict):
        return {key: _without_ids(item) for key, item in config.items() if key != "shared_object_id"}
    return [_without_ids(item) for item in config] if isinstance(config, list) else config


def _file_of(value: Any) -> bytes:
    import keras

    with tempfile.TemporaryDirectory(prefix="colab_save_layer_") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is not built, which is as it is saved
        file = Path(folder, "layer.keras")
        try:
            keras.saving.save_model(value, file)
        except Exception as error:
            raise FormatError(f"cannot be written by Keras ({first_line(error)})", "") from error
        return file.read_bytes()


def _arrays(file: bytes) -> dict[str, Any]:
    """Return the arrays of an HDF5 file by their paths."""
    import h5py

    found: dict[str, Any] = {}
    with h5py.File(io.BytesIO(file), "r") as held:
        held.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def layer_together(parts: Mapping[str, Any], making: Making) -> Any:
    """Return a layer of what Keras has written.

    Raises:
        UntrustedCodeError: The file is not trusted.
    """
    if not making.is_trusted:
        raise UntrustedCodeError(
            "A layer of Keras is made only from a file of your own, or one that you trust.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    import h5py
    import keras

    weights = io.BytesIO()
    with h5py.File(weights, "w") as held:
        for name, array in parts["arrays"].items():
            held[name] = array
    files = {CONFIG: json.dumps(parts["config"]).encode(), WEIGHTS: weights.getvalue()}
    files |= {METADATA: json.dumps({"keras_version": keras.__version__, "date_saved": ""}).encode()}
    files |= {name: data.tobytes() for name, data in parts["assets"].items()}
    with tempfile.TemporaryDirectory(prefix="colab_save_layer_") as folder:
        file = Path(folder, "layer.keras")
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return keras.saving.load_model(file, safe_mode=True)
