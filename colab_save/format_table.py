"""The table of formats: everything about a format that can be known without importing its class.

Requests, targets, inspection, viewers, reports and frontends look records up when they need one, so a new record counts
everywhere. What a format *does* is in its class, a subclass of `formats.base.Format`. A new format is one file, one
record here and one test class.
"""

from __future__ import annotations

from dataclasses import dataclass

from colab_save.protobuf import GRAPH

FOLDER, FILE, ZIP, HDF5, PREFIX = "folder", "file", "zip", "hdf5", "prefix"
"""The containers of models; a prefix is the common beginning of the names of several files."""

OBJECT = "object.json"
"""The file in a checkpoint of ours with the attributes that make the object again."""

TRAINING = "training"
"""The purpose of a format in which a model goes on training."""

_EVERYTHING = frozenset({"outputs", "weights", "training", "step", "structure", "code"})
"""All aspects of a round trip, by the values of `artifact.round_trip.Aspect`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRecord:
    """One format. A hook is a function named as ``module:function``, see `plugging`.

    Attributes:
        name: Its name in options and manifests.
        recognise: Hook ``(Sight) -> bool``: whether a file or folder is of this format, by its bytes. The formats are
            asked in table order.
        inspect: Hook ``(Sight, allowed) -> Findings``: what opening it would need and run; raises if it is damaged or
            unsafe.
        containers: Its possible containers: `FOLDER`, `FILE`, `ZIP`, `HDF5`, `PREFIX`; ``recognise`` sees no others.
        plug: The `Format` class as ``module:Class``; empty if it is recognised but cannot be opened as a model.
        payload: The name of the file or folder in an artifact.
        suffixes: The suffixes of plain files, the usual one first; none for a folder.
        contents: If it is a folder, the names at its top, folders with a trailing slash; a plain save replaces such a
            folder and no other.
        holds: The aspects that survive in it; a round trip must pass all of them.
        requires: The packages that writing it needs, by import name.
        opens_with: Those of them that opening it needs.
        extra: The extra of this package that installs them; empty if this package requires them itself.
        purpose: The purpose that it suits, a value of the option ``purpose``; empty for none. A version in formats of
            other purposes than training is an export.
        is_automatic: Whether ``auto`` tries it; ``auto`` follows the order of the table.
        needs_classes: Whether opening it needs the user's own classes.
        fills: Whether it is weights alone, which can also be loaded into an existing model.
        architecture: The file beside the payload from which Keras rebuilds the model; empty for none.
        has_config: Whether Keras rebuilds the model from a config in it, which depends on the version of Keras.
        undated: The version of Keras to assume if a config names none.
        is_native: Whether only native code opens it, which crashes on contradictory files.
        weigh: Hook ``(path) -> iterator of (name, bytes of all, array)``: its weights one at a time, without building
            the model; empty if they are constants of a graph.
        graph: Hook ``(path) -> tf.compat.v1.GraphDef``, for TensorBoard; empty for none.
        netron: The file that Netron draws: the payload or a file in its folder; empty for none.
    """

    name: str
    recognise: str
    inspect: str
    containers: tuple[str, ...]
    plug: str = ""
    payload: str = ""
    suffixes: tuple[str, ...] = ()
    contents: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    opens_with: tuple[str, ...] = ()
    extra: str = ""
    purpose: str = ""
    is_automatic: bool = False
    needs_classes: bool = True
    fills: bool = False
    architecture: str = ""
    has_config: bool = False
    undated: str = ""
    is_native: bool = False
    weigh: str = ""
    graph: str = ""
    netron: str = ""

    @property
    def is_folder(self) -> bool:
        """Return whether its payload is a folder."""
        return bool(self.contents)

    @property
    def is_for_export(self) -> bool:
        """Return whether it is for other programs than the notebook that trains."""
        return self.purpose not in {"", TRAINING}


_KERAS = FormatRecord(
    name="keras",
    plug="colab_save.formats.keras:KerasFormat",
    payload="model.keras",
    suffixes=(".keras",),
    containers=(ZIP,),
    holds=_EVERYTHING,
    purpose=TRAINING,
    is_automatic=True,
    has_config=True,
    recognise="colab_save.inspecting.keras.files:is_keras",
    inspect="colab_save.inspecting.keras.files:inspect_keras",
    weigh="colab_save.viewing.weights:weights_in_keras",
    netron="model.keras",
)
_H5 = FormatRecord(
    name="h5",
    plug="colab_save.formats.h5:H5Format",
    payload="model.h5",
    suffixes=(".h5", ".hdf5"),
    containers=(HDF5,),
    holds=_EVERYTHING,
    requires=("h5py",),
    has_config=True,
    undated="2",  # every .h5 of Keras 3 names the version that wrote it; the oldest files do not
    recognise="colab_save.inspecting.keras.files:is_h5",
    inspect="colab_save.inspecting.keras.files:inspect_h5",
    weigh="colab_save.viewing.weights:weights_in_hdf5",
    netron="model.h5",
)
_WEIGHTS = FormatRecord(
    name="weights",
    plug="colab_save.formats.weights:WeightsFormat",
    payload="model.weights.h5",
    suffixes=(".weights.h5",),
    containers=(HDF5,),
    holds=_EVERYTHING - {"training", "step"},
    requires=("h5py",),
    fills=True,
    architecture="architecture.json",
    recognise="colab_save.inspecting.keras.files:is_weights",
    inspect="colab_save.inspecting.keras.files:inspect_h5",
    weigh="colab_save.viewing.weights:weights_in_hdf5",
    netron="model.weights.h5",
)
_SAVED_MODEL = FormatRecord(
    name="saved_model",
    plug="colab_save.formats.saved_model:SavedModelFormat",
    payload="saved_model",
    contents=frozenset({GRAPH, "keras_metadata.pb", "fingerprint.pb", "variables/", "assets/", "assets.extra/"}),
    containers=(FOLDER,),
    holds=frozenset({"outputs", "weights"}),
    purpose="serving",
    is_automatic=True,
    needs_classes=False,
    recognise="colab_save.inspecting.tensorflow.saved_model:is_saved_model",
    inspect="colab_save.inspecting.tensorflow.saved_model:inspect_saved_model",
    weigh="colab_save.viewing.weights:weights_in_saved_model",
    graph="colab_save.viewing.tensorboard:graph_in_saved_model",
    netron=GRAPH,
)
_CHECKPOINT = FormatRecord(
    name="checkpoint",
    plug="colab_save.formats.checkpoint:CheckpointFormat",
    payload="checkpoint",
    contents=frozenset({"checkpoint", OBJECT, "ckpt.index", "ckpt.data-00000-of-00001"}),
    containers=(FOLDER, FILE, PREFIX),
    holds=_EVERYTHING - {"step"},
    is_automatic=True,
    fills=True,
    recognise="colab_save.inspecting.tensorflow.checkpoint:is_checkpoint",
    inspect="colab_save.inspecting.tensorflow.checkpoint:inspect_checkpoint",
    weigh="colab_save.viewing.weights:weights_in_checkpoint",
)
_LITERT = FormatRecord(
    name="litert",
    plug="colab_save.formats.litert:LiteRTFormat",
    payload="model.tflite",
    suffixes=(".tflite",),
    containers=(FILE,),
    holds=frozenset({"outputs"}),
    purpose="mobile",
    needs_classes=False,
    is_native=True,
    recognise="colab_save.inspecting.litert:is_litert",
    inspect="colab_save.inspecting.litert:inspect_litert",
    netron="model.tflite",
)
_ONNX = FormatRecord(
    name="onnx",
    plug="colab_save.formats.onnx:OnnxFormat",
    payload="model.onnx",
    suffixes=(".onnx",),
    containers=(FILE,),
    holds=frozenset({"outputs"}),
    requires=("tf2onnx", "onnx", "onnxruntime"),
    opens_with=("onnxruntime",),
    extra="onnx",
    purpose="exchange",
    needs_classes=False,
    is_native=True,
    recognise="colab_save.inspecting.onnx:is_onnx",
    inspect="colab_save.inspecting.onnx:inspect_onnx",
    netron="model.onnx",
)

FORMATS = {record.name: record for record in (_KERAS, _H5, _WEIGHTS, _SAVED_MODEL, _CHECKPOINT, _LITERT, _ONNX)}
"""The formats by name: those that hold most aspects first; of two that may claim a file, the more certain one first."""


def format_names() -> tuple[str, ...]:
    """Return the formats that a model can be saved in."""
    return tuple(record.name for record in FORMATS.values() if record.plug)


def purposes() -> dict[str, tuple[str, ...]]:
    """Return each purpose with the formats that suit it."""
    found: dict[str, tuple[str, ...]] = {}
    for record in FORMATS.values():
        if record.purpose:
            found[record.purpose] = (*found.get(record.purpose, ()), record.name)
    return found


def suffixes() -> tuple[str, ...]:
    """Return every suffix that names a format, in table order."""
    return tuple(suffix for record in FORMATS.values() for suffix in record.suffixes)


def format_of_path(path: str) -> FormatRecord | None:
    """Return the format that the suffix of a path names; the longest suffix counts (``.weights.h5`` before ``.h5``)."""
    named = [
        (len(suffix), record)
        for record in FORMATS.values()
        for suffix in record.suffixes
        if path.lower().endswith(suffix)
    ]
    return max(named, key=lambda item: item[0])[1] if named else None


def fills(name: str) -> bool:
    """Return whether a format is weights alone, which can be loaded into a model; false for an unknown format."""
    return name in FORMATS and FORMATS[name].fills
