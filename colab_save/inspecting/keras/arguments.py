"""Inspect the arguments of one object in a Keras config: would they run code, read a file, or take all memory.

`config` calls these functions for each object that it finds.
"""

from __future__ import annotations

import math
import re

from colab_save.inspecting.limits import MAX_DIMENSION
from colab_save.inspecting.tensorflow.operations import UNSAFE_OPERATIONS
from colab_save.types import Json

MADE_OF_ATTRIBUTES = "made_of_attributes"
"""The key in the config of an object that is made from its attributes, see ``custom_code/remaking.py``."""

_LOOKUPS = {"IntegerLookup", "StringLookup", "TextVectorization"}
_TENSORFLOW_CALLS = {"ClassMethod", "InstanceMethod", "SlicingOpLambda", "TFOpLambda"}
_FILE_SYMBOLS = re.compile(
    r"(^|\.)(read_file|write_file|matching_files|py_func|py_function|numpy_function|gfile|print|load|save|load_library"
    r"|load_op_library|saved_model|summary)(\.|$)"
)
_SIZES = {
    "batch_input_shape", "batch_shape", "filters", "input_dim", "input_length", "input_shape", "key_dim",
    "kernel_size", "max_tokens", "num_bins", "num_heads", "num_tokens", "output_dim", "output_sequence_length", "shape",
    "size", "target_shape", "units", "value_dim",
}  # fmt: skip


def code_in(value: Json, place: str) -> list[str]:
    """Return what making this object would run, each with its place.

    Keras 3 writes a lambda as an object of its own. Keras 2 wrote bytecode into the Lambda layer, and calls and nodes
    of TensorFlow into special layers.
    """
    name, config = value["class_name"], value["config"]
    if name == "__lambda__":
        return [f"{place}: Python bytecode (a lambda)"]
    if not isinstance(config, dict):
        return []
    if name == "Lambda":
        keys = ("function", "output_shape", "mask")
        found = [key for key in keys if config.get(f"{key}_type") == "lambda"]
        if not found and isinstance(config.get("function"), list):
            found = ["function"]
        return [f"{place}.{key}: Python bytecode (a Lambda layer of Keras 2)" for key in found]
    if name in _TENSORFLOW_CALLS:
        symbols = [config.get(key) for key in ("function", "method_name", "attr_name", "cls_symbol")]
        return [f"{place}: a call of tf.{it}" for it in symbols if isinstance(it, str) and _FILE_SYMBOLS.search(it)]
    if name == "TensorFlowOpLayer":
        words = re.findall(r"[A-Za-z0-9]+", str(config.get("node_def")))
        return [f"{place}: the operation {word}" for word in words if word in UNSAFE_OPERATIONS]
    return []


def refused_argument(value: Json, allowed: frozenset[str], *, is_keras: bool) -> str:
    """Return the argument for which this object must not be made, in words; empty if there is none.

    Args:
        value: The object.
        allowed: The files that it may read.
        is_keras: Whether its class belongs to Keras; a class of the user may use the same argument names otherwise.
    """
    name, config = value["class_name"], value["config"]
    if not isinstance(config, dict):
        return ""
    vocabulary = config.get("vocabulary")
    if isinstance(vocabulary, str) and vocabulary not in allowed and (is_keras or name in _LOOKUPS):
        return f"a vocabulary that Keras would read from the file {vocabulary!r}"
    for key in sorted(_SIZES & config.keys()):
        for size in config[key] if isinstance(config[key], list) else [config[key]]:
            if isinstance(size, int | float) and not abs(size) <= MAX_DIMENSION:  # this form also refuses NaN
                return f"the size {str(size)[:40]} ({key})"
    return ""


def policy_of(value: Json) -> str:
    """Return the dtype policy of a layer or model; Keras 3 writes an object, Keras 2 wrote an object or the name."""
    dtype = value["config"].get("dtype") if isinstance(value["config"], dict) else None
    named = dtype.get("config") if isinstance(dtype, dict) else None
    name = named.get("name") if isinstance(named, dict) else dtype
    return name if isinstance(name, str) else ""


def count_parameters(value: Json) -> int:
    """Return the size of the largest weight that this object would create, as far as its config shows."""
    config, built = value["config"], value.get("build_config")
    if not isinstance(config, dict):
        return 0
    if isinstance(made := config.get(MADE_OF_ATTRIBUTES), dict):
        return max(map(_values_of, _dicts(made.get("weights"))), default=0)
    shape = built.get("input_shape") if isinstance(built, dict) else None
    last = shape[-1] if isinstance(shape, list) and shape else None
    is_table = value["class_name"] == "Embedding"
    rows, columns = (config.get("input_dim"), config.get("output_dim")) if is_table else (config.get("units"), last)
    return rows * columns if isinstance(rows, int) and isinstance(columns, int) else 0


def _dicts(value: Json) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _values_of(weight: Json) -> int:
    """Return the number of values of a weight that an object makes as its config says."""
    shape = weight.get("shape")
    return math.prod(abs(size) for size in shape if isinstance(size, int)) if isinstance(shape, list) else 0
