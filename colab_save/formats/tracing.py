"""Trace the calls of a live Keras model, one TensorFlow function for each set of keyword arguments.

`program` takes the one of inference for a signature, and all of them for a SavedModel, where
``formats/loaded/saved_model.py`` finds them again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from colab_save.artifact.sample import BY_DEFAULT, Sample
from colab_save.formats.loaded.saved_model import BY_ITSELF, INFERRING, argument
from colab_save.hints import literal
from colab_save.nested import leaves
from colab_save.sampling.running import INFERENCE, call_keras
from colab_save.types import Model, Nested
from colab_save.wording import first_line

MOST_FLAGS = 3
"""The most arguments of ``call`` that are true or false, and that are traced both ways."""

FIXED = (
    "Called without training=… the model does not run as predict() does. The exported program always runs with "
    "training=False."
)
"""The note on a program that has one function, that of inference."""

AS_CALLED = (
    "Called without training=… the model does not run as predict() does. What is saved does both, as the model did; "
    "its signature serving_default runs with training=False."
)
"""The note on a program that also has the function of a call without ``training``."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The traced calls of a Keras model.

    Attributes:
        inference: The function with ``training=False``.
        specs: The specs of its inputs, nested as the model takes them.
        others: The functions with other arguments, by their text, see `argument`; that of a call without any has the
            name `BY_ITSELF`.
        notes: Notes for the user, one sentence each.
    """

    inference: Any
    specs: Nested
    others: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def by_itself(self) -> Any:
        """Return the function of a call without keyword arguments."""
        return self.others.get(BY_ITSELF, self.inference)


def trace_inference(model: Model, specs: Callable[[int | None], Nested], sample: Sample, batch: int | None) -> Calls:
    """Trace inference with any number of rows, else with as many as the sample has.

    Args:
        model: A live Keras model.
        specs: Returns the `tf.TensorSpec`s of the inputs, nested, for a number of rows; ``None`` is any.
        sample: The sample, as `program_of` has it.
        batch: The rows that the user wants; ``None`` for any.
    """
    notes = (FIXED,) if _runs_otherwise(sample) else ()
    try:
        return Calls(_traced(model, specs(batch), INFERENCE), specs(batch), {}, notes)
    except Exception as error:  # the user's call() may need a known batch size, which is then written
        rows = {len(item) for _, item in leaves(sample.inputs) if item.ndim}
        if batch is not None or len(rows) != 1:
            raise
        count = rows.pop()
        note = (
            f"The exported program accepts exactly {count} rows: call() fails with an unknown batch size "
            f"({type(error).__name__})."
        )
        return Calls(_traced(model, specs(count), INFERENCE), specs(count), {}, (note, *notes))


def trace_others(model: Model, calls: Calls, sample: Sample) -> Calls:
    """Add the functions of calls with other arguments: ``training``, and those that are true or false.

    One that cannot be traced is left out: its argument is then fixed, and a note says so where that changes what the
    model computes when it is called.
    """
    found, notes = {INFERRING: calls.inference}, [note for note in calls.notes if note != FIXED]
    if _runs_otherwise(sample):
        try:
            found[BY_ITSELF] = _traced(model, calls.specs, {})
            notes.append(AS_CALLED)
        except Exception as error:  # noqa: BLE001 - the user's code runs here, in a way in which it may never have run
            notes.append(f"{FIXED} Traced as it is called, it fails ({literal(first_line(error))}).")
    flags = _flags(model)
    own = {} if BY_ITSELF in found else INFERENCE
    wanted = {"training": (True, {}), **{name: (not value, own) for name, value in flags.items()}}
    for name, (value, beside) in wanted.items():
        try:
            found[argument(name, value)] = _traced(model, calls.specs, {**beside, name: value})
        except Exception:  # noqa: BLE001, S112 - as above; a call with it says what can be called
            continue
        if name in flags:
            found[argument(name, flags[name])] = found.get(BY_ITSELF, calls.inference)
    return replace(calls, others=found, notes=tuple(notes))


def _runs_otherwise(sample: Sample) -> bool:
    return any(each.name == BY_DEFAULT for each in sample.passes)


def _flags(model: Model) -> dict[str, bool]:
    """Return the keyword arguments of ``call`` that are true or false by default, but not ``training``."""
    parameters = inspect.signature(model.call).parameters.values()
    found = {each.name: each.default for each in parameters if isinstance(each.default, bool)}
    return {name: found[name] for name in [name for name in found if name != "training"][:MOST_FLAGS]}


def _traced(model: Model, specs: Nested, named: Mapping[str, object]) -> Any:
    """Return a `tf.function` of the model, traced."""
    import tensorflow as tf

    is_several = isinstance(specs, tuple)

    @tf.function(input_signature=specs if is_several else [specs], autograph=False)
    def answer(*inputs: Any) -> Any:
        return call_keras(model, inputs if is_several else inputs[0], named)

    answer.get_concrete_function()
    return answer
