"""The random state of a notebook: restore it after a model has run, and fix it before one runs.

`running` fixes it alike for the live model and the reloaded one. Every generator of a model starts from a number that
its place in the model decides, since a format may hold the state of some and not of others (docs/losses.md §5).
"""

from __future__ import annotations

import importlib
import random
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from colab_save.dialect import KERAS, KERAS_2, import_dialect
from colab_save.model.walking import walk_generators
from colab_save.types import Model, Variable

SEED = 20260822
"""The seed of derived samples, and of models that run with fixed seeds."""

HOLDS_KERNELS = "tensorflow_text"
"""A library whose tokenizers are what the kernels of eager operations hold."""

_KERAS_SEEDS = ("global_seed_generator", "global_random_seed")
"""What ``keras.utils.set_random_seed`` sets, which has no counterpart that reads it (``keras/src/utils/rng_utils.py``
and ``keras/src/random/seed_generator.py``, 3.8 to 3.15; the second name is that of 3.11 and later)."""


@contextmanager
def seeds_restored() -> Iterator[None]:
    """Restore the random state of Python, NumPy, TensorFlow and both Kerases after the block."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (the legacy state is what user code uses)
    with ExitStack() as stack:
        for restored in (_tensorflow_restored, _keras_restored, _keras_2_restored):
            stack.enter_context(restored())
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def fix_seeds(model: Model, *, is_by_place: bool) -> None:
    """Fix the global seeds, and those of a model's generators; the caller restores them.

    Args:
        model: A Keras model, or any other object with TensorFlow functions.
        is_by_place: Also set every generator of the model to a number that its path decides.
    """
    import numpy as np

    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002
    _set_tensorflow_seed(SEED)
    if not is_by_place:
        return
    if state := _keras_state():  # not left to Keras, which draws its first state from Python's generator
        generator = import_dialect(KERAS).random.SeedGenerator(SEED, name="colab_save")
        for name, value in zip(_KERAS_SEEDS, (generator, SEED), strict=True):
            state.set_global_attribute(name, value)
    if generator := _tensorflow_generator():
        generator.state.assign(_started(generator.state, ""))
    for path, state in walk_generators(model):
        state.assign(_started(state, path))


def _set_tensorflow_seed(seed: int) -> None:
    """Set TensorFlow's global seed.

    ``tf.random.set_seed`` also ends every kernel that eager operations have made, so that random ones start anew
    (``_set_global_seed`` in ``tensorflow/python/eager/context.py``, 2.16 to 2.21). A tokenizer of tensorflow_text goes
    with its kernel: "Resource … does not exist" at its next call. Where that library is loaded, kernels are left.
    """
    import tensorflow as tf

    context: Any = _context() if HOLDS_KERNELS in sys.modules else None
    if hasattr(context, "_seed"):
        context._seed, context._rng = seed, random.Random(seed)  # noqa: SLF001, S311 - as TensorFlow does
    else:
        tf.random.set_seed(seed)


def _context() -> Any:
    module = _private("tensorflow.python.eager.context")
    return module.context() if module is not None else None


def _started(state: Variable, path: str) -> Any:
    """Return the state with which the generator at a path starts."""
    import numpy as np

    first = np.zeros(state.shape, str(getattr(state.dtype, "name", state.dtype)))
    first.flat[0] = zlib.crc32(f"{SEED}{path}".encode()) >> 1  # a seed of Keras is an int32 on some devices
    return first


def _private(name: str) -> Any:
    """Import a private module; ``None`` where a release has moved it: its state then moves on, and tests fail."""
    with suppress(ImportError):
        return importlib.import_module(name)
    return None


@contextmanager
def _tensorflow_restored() -> Iterator[None]:
    """Restore TensorFlow's global seed, and its count of the operations that have drawn from it.

    Both are private (``tensorflow/python/eager/context.py``, 2.16 to 2.21); ``tf.random.set_seed`` only sets the first,
    and starts the second anew.
    """
    context = _context()
    seed, drawn = getattr(context, "_seed", None), getattr(context, "_rng", None)
    state = drawn.getstate() if drawn is not None else None
    generator = _tensorflow_generator()
    before = generator.state.value() if generator is not None else None
    try:
        yield
    finally:
        if hasattr(context, "_seed"):
            context._seed, context._rng = seed, drawn  # noqa: SLF001
        if drawn is not None:
            drawn.setstate(state)
        if generator is not None:
            generator.state.assign(before)


def _tensorflow_generator() -> Any:
    """Return TensorFlow's global generator; ``None`` before the first use, at which the public function makes it.

    It is private (``tensorflow/python/ops/stateful_random_ops.py``, 2.16 to 2.21).
    """
    return getattr(_private("tensorflow.python.ops.stateful_random_ops"), "global_generator", None)


@contextmanager
def _keras_restored() -> Iterator[None]:
    """Restore the global generator of Keras 3, from which random functions without a seed draw."""
    state = _keras_state()
    if state is None:
        yield
        return
    held = {name: state.get_global_attribute(name) for name in _KERAS_SEEDS}
    generator = held[_KERAS_SEEDS[0]]
    before = None if generator is None else generator.state.value * 1
    try:
        yield
    finally:
        if generator is not None:
            generator.state.assign(before)
        for name, value in held.items():
            state.set_global_attribute(name, value)


def _keras_state() -> Any:
    """Return the module that holds the global state of Keras 3; ``None`` where that is not loaded."""
    return _private("keras.src.backend.common.global_state") if KERAS in sys.modules else None


@contextmanager
def _keras_2_restored() -> Iterator[None]:
    """Restore the generator from which the layers of tf_keras draw their seeds, once ``set_random_seed`` has made it.

    It is private (``tf_keras/src/backend.py``, 2.16 to 2.21).
    """
    backend = sys.modules.get(f"{KERAS_2}.src.backend")
    generator = getattr(getattr(backend, "_SEED_GENERATOR", None), "generator", None)
    state = generator.getstate() if generator is not None else None
    try:
        yield
    finally:
        if generator is not None:
            generator.setstate(state)
