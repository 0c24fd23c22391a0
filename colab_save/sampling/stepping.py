"""Take the loss of one training step, and find or make the data for it.

``saving/examining.py`` calls `step_of` on the live model, which computes a loss and its gradients and stays as it was;
the fresh process computes the same with `loss_of`, and then trains its own copy.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from colab_save.artifact.sample import Origin, Sample, Step
from colab_save.custom_code.origins import is_users_module
from colab_save.dialect import KERAS, dialect_of, is_compiled, keras_of, size_of
from colab_save.memory import available_memory, is_out_of_memory
from colab_save.model.compiling import compile_given, is_built, trained_by
from colab_save.model.walking import walk_variables
from colab_save.nested import leaves, map_structure
from colab_save.quieting import quiet
from colab_save.sampling.guarding import untouched
from colab_save.sampling.notebook import STEP_ROWS, Notebook, training_data
from colab_save.sampling.reading import belong_together, fit
from colab_save.sampling.running import reference_arithmetic, to_tensor
from colab_save.sampling.seeding import fix_seeds
from colab_save.sampling.specs import declared_inputs
from colab_save.sampling.targets import made_targets
from colab_save.types import Array, Model, Nested, Variable
from colab_save.wording import first_line

FEWEST = 2
"""The fewest rows of a step. With one row, or three, the gradient of some convolutions corrupts the memory of a process
(TensorFlow 2.20 and 2.21 with oneDNN, on a CPU with AVX512; eagerly and traced), which would end the user's kernel."""

MOST_SECONDS = 5.0
"""Seconds after which no further data is tried on a model that has trained on none."""

NO_SAMPLE = "no data is known that the model could train on"
NOTHING_TRAINABLE = "the model has no variable that it trains"
NOTHING_MOVES = "it gives no finite loss, or moves no variable, on two rows and on eight"
OUTGROWN = "its optimizer was built for fewer variables than are trainable now: compile() it again to train all"
NO_MEMORY = "there is too little memory for a training step"


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of a model for one batch.

    Attributes:
        value: The loss.
        reached: The paths of the trainable variables that its gradients reach.
        is_moving: Whether one of these gradients is not zero.
    """

    value: float
    reached: tuple[str, ...]
    is_moving: bool


def step_of(model: Model, sample: Sample, notebook: Notebook) -> Step | None:
    """Return a training step of a compiled model, as the live model takes it; ``None`` for any other.

    Args:
        model: The live model; it is not changed.
        sample: Its sample, from which data is made where the notebook has none.
        notebook: Where data is looked for.
    """
    if not is_compiled(model):
        return None
    try:
        return _step_of(model, sample, notebook)
    except Exception as error:  # noqa: BLE001 - classes of the user's may raise anything when they are looked into
        return Step(missing=f"the model could not be asked for a step ({first_line(error)})")


def _step_of(model: Model, sample: Sample, notebook: Notebook) -> Step:
    if not model.trainable_weights:
        return Step(missing=NOTHING_TRAINABLE)
    if not has_memory(model):
        return Step(missing=NO_MEMORY)
    if not has_own_step(model) and _is_outgrown(model):
        return Step(missing=OUTGROWN)
    found = ((_fitted(data, model), Origin.FOUND) for data in training_data(notebook, model))
    made = ((data, Origin.MADE) for data in _made(model, sample))
    tried = ((_even(data), origin) for pairs in (found, made) for data, origin in pairs)
    if has_own_step(model):
        data, origin = next(tried, (None, Origin.MADE))
        if data is None:
            return Step(missing=NO_SAMPLE)
        return Step(data, FEWEST if _has_rows(data) else None, origin=origin)
    return _checked(model, tried)


def _checked(model: Model, tried: Iterator[tuple[Nested, Origin]]) -> Step:
    """Return the step on the first data on which the live model trains."""
    first, is_still, began = "", False, time.monotonic()
    for data, _ in tried:
        for rows in (FEWEST, None) if _has_rows(data) else (None,):
            try:
                loss = live_loss(model, some_rows(data, rows))
            except Exception as error:  # noqa: BLE001 - data that does not fit may raise anything; the next is tried
                first = first or first_line(error)
                if is_out_of_memory(error):
                    return Step(missing=NO_MEMORY)
                continue
            if math.isfinite(loss.value) and loss.is_moving:
                return Step(data, rows, loss.value, loss.reached, Origin.CHECKED)
            is_still = True
        if time.monotonic() - began > MOST_SECONDS:
            break
    if is_still:
        return Step(missing=NOTHING_MOVES)
    return Step(missing=f"the live model trains on none of the data that was tried ({first})" if first else NO_SAMPLE)


def _is_outgrown(model: Model) -> bool:
    """Return whether the optimizer was built for fewer variables than are trainable now, and takes no others."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or dialect_of(model) != KERAS or not is_built(optimizer):
        return False
    known = {id(variable) for variable in trained_by(optimizer, ()) or ()}
    return any(id(variable) not in known for variable in model.trainable_variables)


def has_own_step(model: Model) -> bool:
    """Return whether a model has a ``train_step`` of its own."""
    return "train_step" in vars(model) or type(model).train_step is not keras_of(model).Model.train_step


def has_memory(model: Model) -> bool:
    """Return whether there is memory for gradients, the variables before the step, and what lies between layers."""
    return available_memory() > 2 * size_of(model)


def live_loss(model: Model, data: Nested) -> Loss:
    """Return the loss of the live model for a batch; it stays as it was, and so does what its loss uses."""
    with untouched([model, *_used_by(model)]), quiet():
        return loss_of(model, data)


def loss_of(model: Model, data: Nested) -> Loss:
    """Return the loss of a model for a batch, and run its metrics, in reference arithmetic and with fixed seeds.

    Args:
        model: A compiled model, whose metrics and random state change.
        data: What ``train_step`` takes, in nested arrays.
    """
    import tensorflow as tf

    with reference_arithmetic():
        fix_seeds(model, is_by_place=True)
        x, y, weights = keras_of(model).utils.unpack_x_y_sample_weight(map_structure(to_tensor, data))
        how = {"training": True} if "training" in inspect.signature(model.compute_loss).parameters else {}
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = model.compute_loss(x, y, outputs, weights, **how)
        trained = list(model.trainable_weights)
        gradients = tape.gradient(loss, trained)
        model.compute_metrics(x, y, outputs, weights)
    reached = [
        (variable, gradient) for variable, gradient in zip(trained, gradients, strict=True) if gradient is not None
    ]
    return Loss(
        float(loss), _paths(model, [variable for variable, _ in reached]), any(_moves(each) for _, each in reached)
    )


def _paths(model: Model, variables: list[Variable]) -> tuple[str, ...]:
    wanted = {id(variable) for variable in variables}
    return tuple(sorted(path for path, variable in walk_variables(model) if id(variable) in wanted))


def _moves(gradient: Any) -> bool:
    import numpy as np

    return bool(np.any(np.asarray(getattr(gradient, "values", gradient))))  # that of an embedding is sparse


def some_rows(data: Nested, rows: int | None) -> Nested:
    """Return the first rows of data; ``None`` for all."""
    return data if rows is None else map_structure(lambda item: item[:rows], data)


def _even(data: Nested) -> Nested:
    """Return data with an even number of rows, see `FEWEST`: one row twice, or all but the last."""
    import numpy as np

    if not _has_rows(data):
        return data
    count = min(len(item) for _, item in leaves(data))
    places = np.arange(FEWEST) % count if count < FEWEST else np.arange(count - count % 2)
    return map_structure(lambda item: item[places], data)


def _has_rows(data: Nested) -> bool:
    """Return whether the first rows of data are data."""
    import numpy as np

    arrays = [item for _, item in leaves(data)]
    return all(isinstance(item, np.ndarray) and item.ndim for item in arrays) and not belong_together(data)


def _fitted(data: Nested, model: Model) -> Nested:
    """Return data that was found, with its inputs in the dtypes that the model declares."""
    specs = declared_inputs(model)
    if isinstance(data, tuple):
        return (fit(data[0], specs), *data[1:])
    return fit(data, specs)


def _made(model: Model, sample: Sample) -> Iterator[Nested]:
    """Yield data made from the sample: its inputs, and targets for its outputs."""
    if sample.missing is not None:
        return
    is_fixed = any(spec.shape and spec.shape[0] is not None for _, spec in leaves(sample.specs))
    inputs, outputs = sample.inputs, sample.outputs
    inputs, outputs = (inputs, outputs) if is_fixed else _eight(inputs, outputs)
    for targets in made_targets(model, outputs):
        is_alone = targets is None and not isinstance(inputs, (tuple, list))
        yield inputs if is_alone else (inputs,) if targets is None else (inputs, targets)


def _eight(inputs: Nested, outputs: Nested) -> tuple[Nested, Nested]:
    """Return inputs and outputs repeated or cut to eight rows, where each of their rows stands for itself."""
    import numpy as np

    both = (inputs, outputs)
    lengths = {item.shape[0] if isinstance(item, np.ndarray) and item.ndim else None for _, item in leaves(both)}
    count = lengths.pop() if len(lengths) == 1 else None
    if not count or belong_together(inputs):
        return both

    def eight(item: Array) -> Array:
        return item[np.arange(STEP_ROWS) % count]

    return map_structure(eight, inputs), map_structure(eight, outputs)


def _used_by(model: Model) -> list[Any]:
    """Return the live values that the user's losses, metrics and calls use beside the model, such as another model."""
    given = compile_given(model)
    kinds = (getattr(model, "loss", None), given.get("metrics"), given.get("weighted_metrics"))
    called = [item for kind in kinds for _, item in leaves(kind)]
    methods = [getattr(type(item), name, None) for item in called for name in ("call", "__call__", "update_state")]
    own = [getattr(type(model), name, None) for name in ("call", "compute_loss", "compute_metrics")]
    waiting, seen = [*called, *methods, *own], dict[int, Any]()
    while waiting:
        item = waiting.pop()
        function = inspect.unwrap(item) if callable(item) and hasattr(item, "__wrapped__") else item
        if id(item) not in seen and isinstance(function, FunctionType) and is_users_module(function.__module__):
            waiting += _values_in(function)
        seen[id(item)] = item
    return list(seen.values())


def _values_in(function: FunctionType) -> Iterator[Any]:
    """Yield the values of the global names and of the closure that a function uses."""
    names = dict.fromkeys(name for code in _codes_in(function.__code__) for name in code.co_names)
    yield from (function.__globals__[name] for name in names if name in function.__globals__)
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty
            yield cell.cell_contents


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function, and that of the functions and generator expressions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)
