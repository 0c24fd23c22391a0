"""The ``onnx`` format: one ``.onnx`` file for other runtimes and frameworks; tf2onnx converts, ONNX Runtime runs it.

It holds the forward pass only: the converter folds weights into constants and names them itself, so that only outputs
can be compared. tf2onnx is imported in this module and nowhere else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from colab_save.artifact.sample import Sample
from colab_save.dialect import classes, size_of
from colab_save.errors import FormatError, RequestError
from colab_save.formats.base import Context
from colab_save.formats.loaded.onnx import NESTING, OnnxModel, open_session
from colab_save.formats.program import INSTEAD, Program, program_of
from colab_save.formats.saved_model import SavedModelFormat
from colab_save.hints import literal, option
from colab_save.model.walking import walk_layers
from colab_save.quantities import size_in_words
from colab_save.quieting import native_silence, quiet
from colab_save.types import Model, Nested
from colab_save.wording import translated

OPSETS = range(14, 19)
"""Versions of the operator set that tf2onnx 1.17 is tested with; its default is 15."""

LARGEST = 2**31 - 1
"""Bytes that a file may have: ONNX is protobuf, which has this limit (protobuf.dev/programming-guides/proto-limits)."""

NOT_IN_ONNX = ("Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "TextVectorization")
"""Layers of Keras whose operations have no counterpart: buckets, hashes, tables of numbers, regular expressions."""


@dataclass(frozen=True)
class OnnxOptions:
    """What the user may set.

    Attributes:
        opset: The version of ONNX's operator set, 14 to 18. Default: that of tf2onnx, 15.
    """

    opset: int | None = None

    def __post_init__(self) -> None:
        """Refuse a version that tf2onnx does not write."""
        if self.opset is not None and (type(self.opset) is not int or self.opset not in OPSETS):
            raise RequestError(
                f"opset must be one of {', '.join(map(str, OPSETS))}, not {literal(repr(self.opset))}.",
                "Give one of these, or leave it out: the default is 15.",
            )


class OnnxFormat(SavedModelFormat):
    """An ONNX file (onnx.ai), of the same program that `saved_model` writes."""

    differing: ClassVar[str] = (
        f"ONNX Runtime rounds differently from TensorFlow. Accept small differences with {option('rtol', '1e-3')}. Or "
        f"save with {option('formats', 'saved_model')}, which TensorFlow itself runs."
    )
    Options: ClassVar[type] = OnnxOptions
    opening: ClassVar[str] = (
        "import onnxruntime\n\n"
        'session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])\n'
        "names = [item.name for item in session.get_inputs()]  # then session.run(None, dict(zip(names, arrays)))"
    )

    def refusal(self, model: Model) -> str:
        """Refuse a model without a function to call, one too large for protobuf, and bfloat16."""
        if reason := super().refusal(model):
            return reason
        size = size_of(SimpleNamespace(variables=getattr(model, "variables", ())))
        if size > LARGEST:
            return f"its weights are {size_in_words(size)}, and an ONNX file holds {size_in_words(LARGEST)} at most"
        for path, layer in walk_layers(model):
            if isinstance(layer, tuple(item for name in NOT_IN_ONNX for item in classes(f"layers.{name}"))):
                return f"ONNX has no operators for {path}, a {type(layer).__name__}"
            if getattr(layer, "compute_dtype", "") == "bfloat16":
                return "it computes in bfloat16, which ONNX Runtime does not support on a CPU"
        return ""

    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.onnx``."""
        if sample.is_seeded and not sample.is_random:
            raise FormatError(
                "The model is random at inference, and ONNX Runtime draws other numbers than TensorFlow.",
                f"Save only the part that is not random, or the whole model with {option('formats', 'saved_model')}.",
            )
        with translated("The model could not be converted to ONNX", INSTEAD), quiet():
            program = program_of(model, sample)
            # TensorFlow 2.20 reports each session, whatever TF_CPP_MIN_LOG_LEVEL says
            with native_silence(), _unlogged():
                made = _convert(program, options.opset)
        if lacking := sorted(_unknown_operations(made.graph)):
            raise FormatError(f"The model calls {', '.join(lacking)}, for which ONNX has no operator.", INSTEAD)
        if program.outputs is not None:
            nesting = json.dumps({"inputs": program.inputs, "outputs": program.outputs})
            made.metadata_props.add(key=NESTING, value=nesting)
        with translated(f"{self.payload} could not be written", INSTEAD):
            data = made.SerializeToString()
        (folder / self.payload).write_bytes(data)
        return program.notes

    def load(self, path: Path, context: Context) -> Model:
        """Open it with ONNX Runtime, as a callable that also has ``predict``."""
        with translated(f"ONNX Runtime could not open {path.name}", "Copy or download the file again."):
            return open_session(path)

    def run(self, model: Model, sample: Nested) -> Nested:
        """Call a live Keras model or `tf.Module`, or a loaded ONNX file."""
        if not isinstance(model, OnnxModel):
            return super().run(model, sample)
        return model(*sample) if isinstance(sample, tuple) else model(sample)


def _convert(program: Program, opset: int | None) -> Any:
    """Convert a program as ``tf2onnx.convert`` converts a SavedModel (1.17), but without writing one first.

    tf2onnx's own ``from_function`` treats constants that a function captures, such as those of a Normalization layer,
    as inputs, and does not support tables.
    """
    import tensorflow as tf
    from tf2onnx import optimizer, tf_loader, tfonnx

    signature = program.signature
    captured = {tensor.name for tensor in signature.graph.internal_captures}
    inputs = [tensor.name for tensor in signature.inputs if tensor.name not in captured]
    outputs = {tensor.name: name for name, tensor in signature.structured_outputs.items()}
    specs = tf.nest.flatten(signature.structured_input_signature)
    names = {**dict(zip(inputs, [spec.name for spec in specs], strict=True)), **outputs}
    with tf.device("/cpu:0"):
        frozen, tables = tf_loader.from_trackable(program.module, signature, inputs, [*outputs], large_model=False)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            found = tfonnx.process_tf_graph(
                graph,
                continue_on_error=True,  # what stays unconverted is named by `_unknown_operations`
                opset=opset,
                input_names=inputs,
                output_names=[*outputs],
                tensors_to_rename=names,
                initialized_tables=tables,
                custom_op_handlers={"Erfc": (_write_erfc, [])},
            )
            return optimizer.optimize_graph(found).make_model("made by colab_save")


def _write_erfc(graph: Any, node: Any, name: str, _: Any) -> None:
    """Write erfc(x) as 1 - erf(x): Keras's exact GELU calls erfc, and tf2onnx 1.17 cannot convert it."""
    import numpy as np
    from tf2onnx import utils

    [shape], [dtype], [output] = node.output_shapes, node.output_dtypes, node.output
    erf = graph.make_node("Erf", node.input, shapes=[shape], dtypes=[dtype])
    one = graph.make_const(utils.make_name(name), np.array(1, utils.map_onnx_to_numpy_type(dtype)))
    graph.remove_node(name)
    graph.make_node("Sub", [one.output[0], erf.output[0]], name=name, outputs=[output], shapes=[shape], dtypes=[dtype])


def _unknown_operations(graph: Any) -> Iterator[str]:
    """Yield the operations of a graph and its subgraphs that ONNX does not define."""
    from onnx import defs

    pending = [graph]
    found: dict[str, None] = {}
    while pending:
        for node in pending.pop().node:
            if not defs.has(node.op_type, node.domain):
                found[node.op_type] = None
            pending += [each for item in node.attribute for each in (*item.graphs, item.g) if each.node]
    yield from found


@contextmanager
def _unlogged() -> Iterator[None]:
    """Silence tf2onnx (1.17), which logs partly to the root logger and would configure it by doing so."""
    root, handler = logging.getLogger(), logging.NullHandler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
