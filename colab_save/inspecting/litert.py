"""Inspect a LiteRT file (``.tflite``): is it complete and consistent, and what would it run.

The table of formats names its functions. An interpreter trusts every number in the file and crashes on a wrong one
(segmentation fault, TF 2.20 and 2.21). Fields are numbered as in ``tensorflow/compiler/mlir/lite/schema/schema.fbs``.
"""

from __future__ import annotations

from collections.abc import Collection

from colab_save.errors import DamagedFileError
from colab_save.inspecting.findings import Findings
from colab_save.inspecting.flatbuffer import Buffer, Table
from colab_save.inspecting.sight import Sight
from colab_save.inspecting.tensorflow.operations import CHECKPOINT_OPERATIONS, TABLE_OPERATIONS, UNSAFE_OPERATIONS

IDENTIFIER = b"TFL3"
"""The bytes 4 to 7 of every LiteRT file."""

_FLEX = "Flex"
"""The prefix of TensorFlow's own operations, which some interpreters support."""

_CODES, _GRAPHS, _BUFFERS, _SIGNATURES = 1, 2, 4, 7
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS = 0, 1, 2, 3
_AGAIN = "Download or copy it again, or load another version."


def is_litert(sight: Sight) -> bool:
    """Return whether a file is a LiteRT model."""
    return sight.head[4:8] == IDENTIFIER


def inspect_litert(sight: Sight, _: frozenset[str]) -> Findings:
    """Check every part of a LiteRT file, and list the operations that would touch files or run code.

    Raises:
        DamagedFileError: It is cut off, or its parts contradict each other.
    """
    data = sight.path.read_bytes()
    try:
        return Findings(sight.format, runs_code=_scan(Buffer(data).root()))
    except ValueError as error:
        raise DamagedFileError(
            f"{sight.path} is a LiteRT model that is cut off or damaged: {error}. It has {len(data):,} bytes.",
            _AGAIN,
        ) from None


def _scan(model: Table) -> tuple[str, ...]:
    custom = [code.text(1) for code in model.tables(_CODES)]
    buffers = sum(_check_buffer(buffer) for buffer in model.tables(_BUFFERS))
    tensors = [_check_graph(graph, len(custom), buffers) for graph in model.tables(_GRAPHS)]
    if not tensors:
        raise ValueError("it has no graph")
    for signature in model.tables(_SIGNATURES):
        graph = signature.number(4)
        _check("signature", [graph], len(tensors), "graph")
        for side in (0, 1):
            _check("signature", [item.number(1) for item in signature.tables(side)], tensors[graph], "tensor")
    unsafe = UNSAFE_OPERATIONS | CHECKPOINT_OPERATIONS | TABLE_OPERATIONS
    return tuple(sorted({name for name in custom if name.removeprefix(_FLEX) in unsafe}))


def _check_buffer(buffer: Table) -> int:
    buffer.vector(0)
    start = buffer.number(1, "<Q")
    if start > 1:  # beyond the flatbuffer, in files above 2 GB
        buffer.buffer.check(start, buffer.number(2, "<Q"))
    return 1


def _check_graph(graph: Table, codes: int, buffers: int) -> int:
    """Check the references of a graph's tensors and operators, and return how many tensors it has."""
    count = 0
    for tensor in graph.tables(_TENSORS):
        _check("tensor", [tensor.number(2)], buffers, "buffer")
        count += 1
    for side in (_INPUTS, _OUTPUTS):
        _check("graph", graph.numbers(side), count, "tensor")
    for operator in graph.tables(_OPERATORS):
        _check("operator", [operator.number(0)], codes, "operation")
        for side in (1, 2, 8):
            _check("operator", [at for at in operator.numbers(side) if at != -1], count, "tensor")
    return count


def _check(who: str, named: Collection[int], count: int, what: str) -> None:
    wrong = [at for at in named if not 0 <= at < count]
    if wrong:
        raise ValueError(f"a {who} refers to {what} {wrong[0]} of {count}")
