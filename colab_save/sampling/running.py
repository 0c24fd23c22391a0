"""Let a live model answer a sample: in inference mode, with its state put back, with fixed seeds where it is random.

`sampling` asks the user's model, the fresh process and `loading` ask the reloaded one, all in this one way.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from colab_save.artifact.sample import TRAINING, Sample
from colab_save.errors import SampleError
from colab_save.hints import option
from colab_save.model.walking import walk_layers, walk_states
from colab_save.nested import leaves, map_structure

SEED = 20260822
"""The seed of derived samples, and of models that are random at inference."""

MOST_CALLS, MOST_VALUES = 4000, 100_000
"""Calls of layers that are noted, and values of each."""

Run = Callable[[Any, Any], Any]
"""How a format runs a model: the model and nested arrays in, nested arrays out."""


def answer(model: Any, inputs: Any, specs: Any, run: Run) -> Sample:
    """Let the live model answer, twice: one that differs from itself is asked again with fixed seeds."""
    first, second = (run_as(run, model, inputs, is_seeded=False) for _ in range(2))
    if same(first, second):
        return Sample(inputs, first, specs)
    first, second = (run_as(run, model, inputs, is_seeded=True) for _ in range(2))
    return Sample(inputs, first, specs, is_random=not same(first, second), is_seeded=True)


def run_as(run: Run, model: Any, inputs: Any, *, is_seeded: bool) -> Any:
    """Let a reloaded model answer under the conditions of the live one's answer."""
    if not is_seeded:
        with state_kept(model):
            return run(model, inputs)
    with state_kept(model), seeds_fixed():
        return run(model, inputs)


def same(first: Any, second: Any) -> bool:
    """Say whether two answers are equal to the bit, NaN equal to NaN."""
    import numpy as np

    before, after = dict(leaves(first)), dict(leaves(second))
    return before.keys() == after.keys() and all(
        np.array_equal(before[key], after[key], equal_nan=before[key].dtype.kind in "fc") for key in before
    )


@contextmanager
def state_kept(model: Any) -> Iterator[None]:
    """Put back what a run changes: seeds, recurrent state, anything that is not trained.

    A tensor read from a variable shares its memory until the variable changes, so a frozen model is not copied.
    """
    import tensorflow as tf

    trained = {id(variable) for variable in getattr(model, "trainable_variables", ())}
    recurrent = [variable for _, variable in walk_states(model)] if hasattr(model, "layers") else []
    kept = [
        (variable, tf.convert_to_tensor(variable))
        for variable in [*getattr(model, "variables", ()), *recurrent]
        if id(variable) not in trained and str(getattr(variable, "dtype", "resource")) not in {"string", "resource"}
    ]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


@contextmanager
def seeds_fixed() -> Iterator[None]:
    """Fix the seeds of Python, NumPy and TensorFlow, and give Python and NumPy their state back.

    TensorFlow has no public way to read its global seed, so it is left reseeded from the system's entropy.
    """
    import random
    import secrets

    import numpy as np
    import tensorflow as tf

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (the legacy state is what user code uses)
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002
    tf.random.set_seed(SEED)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        tf.random.set_seed(secrets.randbits(31))


def run_keras(model: Any, inputs: Any) -> Any:
    """Call a Keras model in inference mode.

    Args:
        model: The model.
        inputs: Nested arrays; strings as object arrays.

    Returns:
        Nested arrays; ragged and sparse answers by their components.
    """
    import tensorflow as tf

    return to_arrays(call_keras(model, map_structure(tf.convert_to_tensor, inputs)))


def run_pass(model: Any, name: str, inputs: Any) -> Any:
    """Make one of the other forward passes of a Keras model, see `Pass`: nested arrays in, nested arrays out."""
    import tensorflow as tf

    if name != TRAINING:
        return run_keras(getattr(model, name), inputs)
    return to_arrays(call_keras(model, map_structure(tf.convert_to_tensor, inputs), training=True))


def call_keras(model: Any, inputs: Any, *, training: bool = False) -> Any:
    """Call a Keras model with tensors; a tuple is several arguments where ``call`` takes several."""
    if isinstance(inputs, tuple) and len(inputs) <= len(arguments_of(model)):
        return model(*inputs, training=training)
    return model(inputs, training=training)


@contextmanager
def layers_recorded(model: Any) -> Iterator[list[tuple[str, Any]]]:
    """Note what each layer of a Keras model answers, in the order of the calls.

    Gives the list that is filled: the layer's path, and its first output as a flat array of at most `MOST_VALUES`.
    """
    seen: list[tuple[str, Any]] = []
    layers = [(path, layer) for path, layer in walk_layers(model) if path]
    with calls_wrapped(layers, lambda path, layer: _noting(layer.call, path, seen)):
        yield seen


@contextmanager
def calls_wrapped(layers: Sequence[tuple[str, Any]], wrap: Callable[[str, Any], Callable[..., Any]]) -> Iterator[None]:
    """Have something called in place of each layer's ``call`` meanwhile.

    Args:
        layers: Paths and layers, each layer once.
        wrap: Makes it, of the path and the layer; its ``call`` is still its own then.
    """
    own = [(layer, vars(layer).get("call")) for _, layer in layers]
    for path, layer in layers:
        vars(layer)["call"] = wrap(path, layer)
    try:
        yield
    finally:
        for layer, call in own:
            vars(layer).pop("call")
            if call is not None:  # one that the user has put there, such as a tf.function
                vars(layer)["call"] = call


def _noting(call: Callable[..., Any], path: str, seen: list[tuple[str, Any]]) -> Callable[..., Any]:
    @functools.wraps(call)
    def noted(*inputs: Any, **named: Any) -> Any:
        answer = call(*inputs, **named)
        first = next((item for _, item in leaves(answer) if hasattr(item, "numpy") and hasattr(item, "dtype")), None)
        if first is not None and len(seen) < MOST_CALLS:
            seen.append((path, first.numpy().ravel()[:MOST_VALUES]))
        return answer

    return noted


def arguments_of(model: Any, *, is_required: bool = False) -> list[str]:
    """Name what ``call`` takes by position, in order; ``training`` and ``mask`` are Keras's business.

    Args:
        model: A Keras model.
        is_required: Leave out what has a default.
    """
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    parameters = inspect.signature(model.call).parameters.values()
    given = [p for p in parameters if p.kind in kinds and p.name not in {"training", "mask"}]
    return [p.name for p in given if not is_required or p.default is inspect.Parameter.empty]


def to_arrays(value: Any) -> Any:
    """Turn nested tensors into nested arrays; a ragged or sparse tensor into a dict of its components.

    Raises:
        SampleError: An answer that is made of no tensors.
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
            f"The model answers with a {type(item).__module__}.{type(item).__qualname__}, which cannot be compared.",
            f"Let call() return tensors, or save with {option('verify', value=False)}.",
        )

    return map_structure(convert, value)
