"""A loaded ONNX file: a callable with ``predict``, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.formats.loaded.flat import FlatModel
from colab_save.types import Array, Json
from colab_save.wording import translated

NESTING = "colab_save"
"""The property of a file (``metadata_props`` in ``onnx.proto``) with the nesting of the live model's inputs and outputs
in JSON, which are flat in the file; other readers ignore it."""

ONLY_ERRORS = 3
"""The lowest severity that ONNX Runtime logs (``SessionOptions.log_severity_level``)."""

DTYPES = {"float": "float32", "double": "float64"}
"""NumPy's names of the element types that ONNX Runtime names differently."""


class OnnxModel(FlatModel):
    """A loaded ONNX file: call it, or ``predict`` with it.

    Attributes:
        program: The `onnxruntime.InferenceSession`.
    """

    def __init__(self, program: Any) -> None:
        nesting = program.get_modelmeta().custom_metadata_map.get(NESTING, "null")
        super().__init__(program, _facts(program.get_inputs()), _facts(program.get_outputs()), _read(nesting))

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Any]:
        """Run the session on arrays by input name; return values by output name."""
        given = {name: _exchanged(item, _decoded) for name, item in arrays.items()}
        with translated("ONNX Runtime could not run the model", "Pass inputs whose shapes fit each other."):
            answers = self.program.run([*self.outputs], given)
        return {name: _exchanged(item, _encoded) for name, item in zip(self.outputs, answers, strict=True)}


def open_session(path: Path) -> OnnxModel:
    """Open an ONNX file on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ONLY_ERRORS
    return OnnxModel(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))


def _read(nesting: str) -> Json:
    try:
        return json.loads(nesting)
    except (ValueError, RecursionError):
        return None


def _facts(tensors: Iterable[Any]) -> dict[str, TensorFacts]:
    """Describe inputs or outputs; the dtype of one that is not a tensor (a list, a map) is its whole type."""
    found = {}
    for item in tensors:
        kind = item.type.removeprefix("tensor(").removesuffix(")") if item.type.startswith("tensor(") else item.type
        shape = tuple(size if isinstance(size, int) else None for size in item.shape or ())
        found[item.name] = TensorFacts(item.name, shape, DTYPES.get(kind, kind))
    return found


def _exchanged(item: Any, change: Callable[[Any], Any]) -> Any:
    """Change each text in an array: TensorFlow uses `bytes`, ONNX Runtime `str`."""
    import numpy as np

    if not isinstance(item, np.ndarray) or item.dtype != object:
        return item
    return np.array([change(text) for text in item.ravel().tolist()], dtype=object).reshape(item.shape)


def _decoded(text: Any) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _encoded(text: Any) -> bytes:
    return str(text).encode("utf-8", "replace")
