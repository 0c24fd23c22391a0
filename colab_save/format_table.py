"""The table of formats: all that there is to know of one without importing what writes and reads it.

Requests, targets, inspection, viewers, reports and frontends read it when they are asked, so that a record added later
counts everywhere. What a format *does* is its class, see `formats.base.Format`. Adding one is its file, one record
here and one test class.
"""

from __future__ import annotations

from dataclasses import dataclass

from colab_save.protobuf import GRAPH

FOLDER, FILE, ZIP, HDF5, PREFIX = "folder", "file", "zip", "hdf5", "prefix"
"""What bytes are packed in; a prefix is what the names of several files begin with, and no file itself."""

_EVERYTHING = frozenset({"outputs", "weights", "training", "structure", "code"})
"""The aspects of a round trip, as `artifact.round_trip.Aspect` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRecord:
    """One format. What is called a hook is a ``module:function``, see `plugging`.

    Attributes:
        name: What the user types, and what manifests call it.
        recognise: Hook ``(Sight) -> bool``: whether a file or folder is of this format, by its bytes. The formats are
            asked in the order of the table.
        inspect: Hook ``(Sight, allowed) -> Findings``: what opening it would need and run; raises where no model is so.
        containers: What it is packed in: `FOLDER`, `FILE`, `ZIP`, `HDF5`, `PREFIX`; it is asked about nothing else.
        plug: The `Format` class as ``module:Class``; empty for what is recognised and cannot be opened as a model.
        payload: The conventional name of the file or folder in an artifact.
        suffixes: What ends the name of a plain file of it, the usual one first; none for a folder.
        contents: What a folder of it holds at its top, where it is one, folders with a trailing slash; a plain save
            takes the place of such a folder and of no other.
        holds: The aspects that survive in it; a round trip must pass all of them.
        requires: Packages that must be installed to write it, by import name.
        opens_with: Those of them that it takes to open it.
        extra: The extra of this package that brings them; empty where it requires them itself.
        purpose: What it suits, as ``--for`` takes it; empty for no purpose.
        is_automatic: Whether ``auto`` tries it; what it tries first stands first in the table.
        needs_classes: Whether it opens only with the user's own classes at hand.
        fills: Whether it is weights alone, which can also be loaded into a model that is there.
        architecture: The file beside a payload from which Keras makes the model; empty without one.
        has_config: Whether Keras makes the model from a config in it, in ways that differ by Keras's version.
        undated: The version of Keras that is meant where a config in it names none.
        is_native: Whether native code alone opens it, which dies of what does not fit together.
        weigh: Hook ``(path) -> iterator of (name, bytes of all, array)``: its weights one at a time, without building
            the model; empty where they are constants of a graph.
        graph: Hook ``(path) -> tf.compat.v1.GraphDef``, for TensorBoard; empty where it has none.
        netron: The name of the file that Netron draws: the payload's, or that of a file in its folder; empty for none.
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


_KERAS = FormatRecord(
    name="keras",
    plug="colab_save.formats.keras:KerasFormat",
    payload="model.keras",
    suffixes=(".keras",),
    containers=(ZIP,),
    holds=_EVERYTHING,
    purpose="training",
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
    undated="2",  # every .h5 of Keras 3 names the version that wrote it; the oldest ones do not
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
    holds=_EVERYTHING - {"training"},
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
    containers=(FOLDER, FILE, PREFIX),
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
"""The formats by name: what keeps most first, and of what could be either the one that is surer of its bytes."""


def format_names() -> tuple[str, ...]:
    """Name the formats that a model can be saved in."""
    return tuple(record.name for record in FORMATS.values() if record.plug)


def purposes() -> dict[str, tuple[str, ...]]:
    """Name what a model can be used for, each with the formats that suit it."""
    found: dict[str, tuple[str, ...]] = {}
    for record in FORMATS.values():
        if record.purpose:
            found[record.purpose] = (*found.get(record.purpose, ()), record.name)
    return found


def suffixes() -> tuple[str, ...]:
    """Give every suffix that names a format, those of the format that keeps most first."""
    return tuple(suffix for record in FORMATS.values() for suffix in record.suffixes)


def format_of_path(path: str) -> FormatRecord | None:
    """Find the format that the suffix of a path names: the longest one, since ``.weights.h5`` also ends in ``.h5``."""
    named = [
        (len(suffix), record)
        for record in FORMATS.values()
        for suffix in record.suffixes
        if path.lower().endswith(suffix)
    ]
    return max(named, key=lambda item: item[0])[1] if named else None


def fills(name: str) -> bool:
    """Say whether a format is weights alone, which can be loaded into a model; one that nobody knows is not."""
    return name in FORMATS and FORMATS[name].fills
