"""Run a live model on a sample: in inference mode, left as it was, and with fixed seeds if it is random.

`sampling` runs the user's model, ``proof/verdicts.py`` and ``loading/converting.py`` run the reloaded one, all in the
same way.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

from colab_save.artifact.composites import Composite, Ragged, Sparse
from colab_save.artifact.sample import BY_DEFAULT, TRAINING, Sample
from colab_save.dialect import classes, tensorflow_classes
from colab_save.errors import SampleError
from colab_save.hints import option
from colab_save.model.walking import walk_layers
from colab_save.nested import leaves, map_structure
from colab_save.sampling.guarding import untouched
from colab_save.sampling.seeding import fix_seeds
from colab_save.types import Array, Layer, Model, Nested, Specs, Tensor

MOST_CALLS, MOST_VALUES = 4000, 100_000
"""The largest numbers of recorded calls of layers, and of values of each."""

REFERENCE_DEVICE = "CPU:0"
"""Where expected answers are computed."""

INFERENCE: Mapping[str, object] = MappingProxyType({"training": False})
"""The keyword arguments of a call in inference mode."""

MODES: Mapping[str, Mapping[str, object]] = MappingProxyType({TRAINING: {"training": True}, BY_DEFAULT: {}})
"""The keyword arguments of the passes that call the whole model."""

Run = Callable[[Model, Nested], Nested]
"""How a format runs a model: the model and nested arrays in, nested arrays out."""


def record_outputs(model: Model, inputs: Nested, specs: Specs, run: Run) -> Sample:
    """Return a sample with the live model's outputs: run twice, and again with fixed seeds if the outputs differ."""
    with untouched(model), reference_arithmetic():  # between the two, no random state goes back
        first, second = (run(model, inputs) for _ in range(2))
    if is_same(first, second):
        return Sample(inputs, first, specs)
    first, second = (run_as(run, model, inputs, is_seeded=True) for _ in range(2))
    return Sample(inputs, first, specs, is_random=not is_same(first, second), is_seeded=True)


def run_as(run: Run, model: Model, inputs: Nested, *, is_seeded: bool, is_by_place: bool = True) -> Nested:
    """Run a model in reference arithmetic, and restore it afterwards.

    Args:
        run: How to run it.
        model: The model.
        inputs: Nested arrays.
        is_seeded: Fix the seeds first, as they were for the recorded outputs.
        is_by_place: See `SampleFacts.is_by_place`.
    """
    with untouched(model), reference_arithmetic():
        if is_seeded:
            if any(not layer.built for _, layer in walk_layers(model)):
                run(model, inputs)  # a layer that is built by its first call draws numbers then, and only then
            fix_seeds(model, is_by_place=is_by_place)
        return run(model, inputs)


def is_same(first: Nested, second: Nested) -> bool:
    """Return whether two outputs are exactly equal, NaN equal to NaN."""
    import numpy as np

    before, after = dict(leaves(first)), dict(leaves(second))
    return before.keys() == after.keys() and all(
        np.array_equal(before[key], after[key], equal_nan=before[key].dtype.kind in "fc") for key in before
    )


@contextmanager
def reference_arithmetic() -> Iterator[None]:
    """Have TensorFlow compute on the CPU, and without TensorFloat-32, as a fresh process does; restored afterwards.

    A GPU rounds the operands of matrix products and convolutions to 10 bits of mantissa where that is enabled, which is
    the default, and sums in another order. An operation that has no kernel for the CPU stays on its device (`placing`).
    """
    import tensorflow as tf

    config = tf.config.experimental
    is_enabled = config.tensor_float_32_execution_enabled()
    config.enable_tensor_float_32_execution(enabled=False)
    try:
        with tf.device(REFERENCE_DEVICE):
            yield
    finally:
        config.enable_tensor_float_32_execution(is_enabled)


def run_keras(model: Model, inputs: Nested) -> Nested:
    """Call a Keras model in inference mode.

    Args:
        model: The model.
        inputs: Nested arrays; strings as object arrays.

    Returns:
        Nested arrays; ragged and sparse outputs by their components.
    """
    return to_arrays(call_keras(model, map_structure(to_tensor, inputs)))


def run_pass(model: Model, name: str, inputs: Nested) -> Nested:
    """Run another forward pass of a Keras model, see `Pass`: nested arrays in, nested arrays out."""
    if name not in MODES:
        return run_keras(getattr(model, name), inputs)
    return to_arrays(call_keras(model, map_structure(to_tensor, inputs), MODES[name]))


def call_keras(model: Model, inputs: Nested, named: Mapping[str, object] = INFERENCE) -> Nested:
    """Call a Keras model with tensors; a tuple is passed as several arguments where ``call`` takes several.

    Args:
        model: The model.
        inputs: Nested tensors.
        named: Keyword arguments that are no inputs.
    """
    if isinstance(inputs, tuple) and len(inputs) <= len(arguments_of(model)):
        return model(*inputs, **named)
    return model(inputs, **named)


def may_not_infer(model: Model) -> bool:
    """Return whether a Keras model that is called without ``training`` may run in another mode than inference.

    A ``call`` has ``training=True`` as its default, or a layer of a functional model was called with it: what
    ``predict()`` does, and each call that says ``training=False``, is then another thing.
    """
    return any(map(_says_training, (layer for _, layer in walk_layers(model))))


def _says_training(layer: Layer) -> bool:
    with suppress(TypeError, ValueError):  # a callable without a signature
        default = inspect.signature(layer.call).parameters.get("training")
        if default is not None and default.default is True:
            return True
    nodes = getattr(layer, "_inbound_nodes", ())  # a private attribute of both Kerases; without it nothing is known
    arguments = (getattr(getattr(node, "arguments", None), "kwargs", {}) for node in nodes)
    return any(named.get("training") is True for named in arguments)


@contextmanager
def layers_recorded(model: Model) -> Iterator[list[tuple[str, Array]]]:
    """Record the output of each layer of a Keras model, in the order of the calls.

    Yields the list to which each call adds the layer's path and its first output, a flat array of at most
    `MOST_VALUES`.
    """
    seen: list[tuple[str, Array]] = []
    layers = [(path, layer) for path, layer in walk_layers(model) if path]
    with calls_wrapped(layers, lambda path, layer: _recording(layer.call, path, seen)):
        yield seen


@contextmanager
def calls_wrapped(
    layers: Sequence[tuple[str, Layer]], wrap: Callable[[str, Layer], Callable[..., Any]]
) -> Iterator[None]:
    """Replace each layer's ``call`` by a wrapper within the context.

    Args:
        layers: Paths and layers, each layer once.
        wrap: Makes the wrapper from the path and the layer, whose ``call`` is still the original then.
    """
    own = [(layer, layer.__dict__.get("call")) for _, layer in layers]
    for path, layer in layers:
        layer.__dict__["call"] = wrap(path, layer)
    try:
        yield
    finally:
        for layer, call in own:
            layer.__dict__.pop("call")
            if call is not None:  # one that the user set, such as a tf.function
                layer.__dict__["call"] = call


def _recording(call: Callable[..., Any], path: str, seen: list[tuple[str, Array]]) -> Callable[..., Any]:
    @functools.wraps(call)
    def recorded(*inputs: Any, **named: Any) -> Any:
        outputs = call(*inputs, **named)
        first = next((item for _, item in leaves(outputs) if hasattr(item, "numpy") and hasattr(item, "dtype")), None)
        if first is not None and len(seen) < MOST_CALLS:
            seen.append((path, first.numpy().ravel()[:MOST_VALUES]))
        return outputs

    return recorded


def arguments_of(model: Model, *, is_required: bool = False) -> list[str]:
    """Return the names of the positional arguments of ``call``, without ``training`` and ``mask``, which Keras passes.

    Args:
        model: A Keras model.
        is_required: Leave out those with a default.
    """
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    parameters = inspect.signature(model.call).parameters.values()
    given = [p for p in parameters if p.kind in kinds and p.name not in {"training", "mask"}]
    return [p.name for p in given if not is_required or p.default is inspect.Parameter.empty]


def to_tensor(item: Array | Composite) -> Tensor:
    """Return an array as a tensor, also as a sparse or a ragged one."""
    import tensorflow as tf

    if isinstance(item, Sparse):
        return tf.SparseTensor(item.indices, tf.convert_to_tensor(item.values), item.sizes)
    if isinstance(item, Ragged):
        return tf.RaggedTensor.from_nested_row_splits(tf.convert_to_tensor(item.values), item.splits)
    return tf.convert_to_tensor(item)


def is_without_call(model: Model) -> bool:
    """Return whether a model cannot be called: its class has only the ``call`` of Keras's base classes, or none."""
    if isinstance(model, tensorflow_classes("train.Checkpoint")):
        return True
    bases = (*classes("Model"), *classes("layers.Layer"))
    if not isinstance(model, bases) or "call" in vars(model):
        return False
    return type(model).call in [base.call for base in bases]


def to_arrays(value: Nested) -> Nested:
    """Turn nested tensors into nested arrays; a ragged or sparse tensor into a dict of its components.

    Raises:
        SampleError: The outputs contain something other than tensors.
    """
    import numpy as np
    import tensorflow as tf

    def convert(item: Any) -> Any:
        if isinstance(item, tf.RaggedTensor):
            return {"values": np.asarray(item.flat_values), "splits": [np.asarray(s) for s in item.nested_row_splits]}
        if isinstance(item, tf.SparseTensor):
            return {"indices": np.asarray(item.indices), "values": np.asarray(item.values)}
        if isinstance(item, (bool, int, float, complex, np.generic, np.ndarray)) or hasattr(item, "numpy"):
            return np.asarray(item)
        raise SampleError(
            f"The model returns a {type(item).__module__}.{type(item).__qualname__}, which cannot be compared.",
            f"Let call() return tensors, or save with {option('verify', value=False)}.",
        )

    return map_structure(convert, value)
