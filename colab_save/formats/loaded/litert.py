"""A loaded LiteRT file: a callable with ``predict`` and ``signatures``, run by an interpreter.

The interpreter is that of ``ai_edge_litert`` if it is installed, else the one in TensorFlow.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.errors import MissingPackageError
from colab_save.formats.base import SERVING
from colab_save.formats.loaded.flat import FlatModel
from colab_save.hints import pip
from colab_save.quieting import native_silence, quiet
from colab_save.types import Array, Json
from colab_save.wording import translated

PACKAGE = "ai_edge_litert"
"""The package with the interpreter alone (ai.google.dev/edge/litert/migration)."""


class LiteRTModel(FlatModel):
    """One signature of a loaded LiteRT file.

    Attributes:
        program: The interpreter.
        name: The signature; empty in a file without any, whose inputs and outputs have the names of their tensors.
    """

    def __init__(self, program: Any, name: str, nesting: Json = None) -> None:
        self.name = name
        self._runner = program.get_signature_runner(name) if name else _Tensors(program)
        takes, gives = self._runner.get_input_details(), self._runner.get_output_details()
        super().__init__(program, _facts(takes), _facts(gives), nesting)

    @property
    def signatures(self) -> Mapping[str, LiteRTModel]:
        """Return the signatures by name, each a callable like this one."""
        return {name: LiteRTModel(self.program, name) for name in self.program.get_signature_list()}

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Any]:
        """Run the interpreter on arrays by input name; return arrays by output name."""
        with translated("The LiteRT interpreter could not run the model", "Pass inputs whose shapes fit each other."):
            return dict(self._runner(**arrays))


class _Tensors:
    """Run a file without signatures, as old converters wrote it, as if it had one."""

    def __init__(self, program: Any) -> None:
        self._program = program

    def get_input_details(self) -> dict[str, Any]:
        return _named(self._program.get_input_details())

    def get_output_details(self) -> dict[str, Any]:
        return _named(self._program.get_output_details())

    def __call__(self, **arrays: Array) -> dict[str, Array]:
        program, places = self._program, {name: item["index"] for name, item in self.get_input_details().items()}
        for name, at in places.items():
            program.resize_tensor_input(at, arrays[name].shape)
        program.allocate_tensors()
        for name, at in places.items():
            program.set_tensor(at, arrays[name])
        program.invoke()
        return {name: program.get_tensor(item["index"]) for name, item in self.get_output_details().items()}


def open_interpreter(path: Path, nesting: Json) -> LiteRTModel:
    """Open a LiteRT file; it is read into memory, since a file that an interpreter maps must never change or vanish.

    Args:
        path: The file.
        nesting: See `FlatModel`.
    """
    interpreter = interpreter_class()
    with quiet(), native_silence():
        program = interpreter(model_content=path.read_bytes())
        program.allocate_tensors()
    names = [*program.get_signature_list()]
    return LiteRTModel(program, SERVING if SERVING in names else next(iter(names), ""), nesting)


def interpreter_class() -> Any:
    """Return the interpreter class; TensorFlow's own warns that it will be removed (2.20 and 2.21).

    Raises:
        MissingPackageError: Neither package has one.
    """
    if importlib.util.find_spec(PACKAGE) is not None:
        return importlib.import_module(f"{PACKAGE}.interpreter").Interpreter
    import tensorflow as tf

    found = getattr(tf.lite, "Interpreter", None)
    if found is None:
        raise MissingPackageError(
            f"TensorFlow {tf.__version__} no longer has an interpreter of LiteRT models.", pip("ai-edge-litert")
        )
    return found


def _facts(details: Mapping[str, Any]) -> dict[str, TensorFacts]:
    """Describe tensors; a size of -1 means any."""
    import numpy as np

    return {
        name: TensorFacts(
            name,
            tuple(None if size < 0 else int(size) for size in item["shape_signature"]),
            "string" if item["dtype"] is np.bytes_ else np.dtype(item["dtype"]).name,
        )
        for name, item in details.items()
    }


def _named(details: list[dict[str, Any]]) -> dict[str, Any]:
    """Return tensors by their names, or by number if two share a name."""
    names = [item["name"] for item in details]
    is_clear = len(set(names)) == len(names) and all(names)
    keys = names if is_clear else [f"tensor_{at}" for at in range(len(names))]
    return dict(zip(keys, details, strict=True))
