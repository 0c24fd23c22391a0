"""Trace a live model into a TensorFlow program, which `saved_model` writes and `litert` and `onnx` convert.

Keras's own ``export`` refuses nested outputs and names everything ``output_0``, so the program is built here with
public TensorFlow calls: the model as a callable (inputs and outputs nested as in the notebook), a signature with named
tensors, the user's functions, and the weights by path.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colab_save.artifact.composites import Composite
from colab_save.artifact.facts import TensorFacts
from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS_2, dialect_of, kind_of
from colab_save.errors import FormatError, RequestError, UnbuiltModelError
from colab_save.formats.base import SERVING
from colab_save.formats.loaded.saved_model import CALLS_BY_ARGUMENT, functions_of, main_function
from colab_save.formats.tracing import Calls, trace_inference, trace_others
from colab_save.hints import option
from colab_save.model.walking import (
    GENERATORS_BY_PATH,
    WEIGHTS_BY_PATH,
    is_made_up,
    own_attributes,
    walk_generators,
    walk_layers,
    walk_variables,
)
from colab_save.nested import leaves, map_structure
from colab_save.types import Model, Nested, Specs, Tensor

INSTEAD = (
    f"Save with {option('formats', 'keras')}, which holds every operation. "
    f"Or save with {option('formats', 'saved_model')}, which does too."
)
"""The hint for a program that cannot be converted."""


@dataclass(frozen=True, slots=True)
class Program:
    """A model as TensorFlow functions.

    Attributes:
        module: The `tf.Module` with the model as a callable.
        signature: A concrete function: every input a keyword by its name, every output a named tensor.
        inputs: The names of the inputs, nested as the model takes them.
        outputs: The names of the outputs, nested as the model returns them; ``None`` if some are not plain tensors.
        notes: Notes for the user, one sentence each.
    """

    module: Model
    signature: Any
    inputs: Nested
    outputs: Nested
    notes: tuple[str, ...]


def program_of(
    model: Model,
    sample: Sample,
    batch: int | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    *,
    is_whole: bool = False,
) -> Program:
    """Trace a model.

    Args:
        model: A live Keras model, or a `tf.Module`.
        sample: Its sample inputs and outputs.
        batch: Rows that the signature accepts. Default: any number.
        functions: The user's `tf.function`s, which become attributes of the module.
        is_whole: Also trace calls of a Keras model with other arguments than those of inference, and have the module
            itself called as the model is called by itself.
    """
    if sample.missing:
        reason, hint = sample.missing.references
        error = UnbuiltModelError if isinstance(sample.missing, UnbuiltModelError) else FormatError
        raise error(f"A model is traced on inputs that it accepts, and none are known. {reason}", hint)
    if composite := next((item for _, item in leaves(sample.inputs) if isinstance(item, Composite)), None):
        kind = type(composite).__name__.lower()
        raise FormatError(f"An input is {kind}, and the signature of a program takes plain tensors only.", INSTEAD)
    calls = _calls(model, sample, batch, is_whole=is_whole)
    module = _by_path(model) if kind_of(model) == "module" else _module(model, calls, functions or {})
    specs, names = calls.specs, _output_names(model, sample)
    signature = _serving(calls.inference, specs, names)
    places = {id(item): name for (_, item), name in zip(leaves(sample.outputs), names, strict=True)}
    is_plain = set(names) == signature.structured_outputs.keys()
    outputs = map_structure(lambda item: places[id(item)], sample.outputs) if is_plain else None
    return Program(module, signature, map_structure(lambda spec: spec.name, specs), outputs, calls.notes)


def facts_of_signature(signature: Sequence[Nested]) -> Specs:
    """Return the inputs of a `tf.Module` as nested `TensorFacts`, from the ``input_signature`` of its main function."""
    named = [map_structure(functools.partial(_facts, name=f"inputs_{at}"), item) for at, item in enumerate(signature)]
    return tuple(named) if len(named) > 1 else named[0]


def _tensor_specs(specs: Specs, rows: int | None) -> Nested:
    """Turn `TensorFacts` into `tf.TensorSpec`; an open batch axis gets the given number of rows (``None`` = any)."""
    import tensorflow as tf

    def spec(facts: TensorFacts) -> Any:
        batch = tuple(rows if axis is None else axis for axis in facts.shape[:1])
        return tf.TensorSpec((*batch, *facts.shape[1:]), facts.dtype, name=_identifier(facts.name))

    return map_structure(spec, specs)


def _facts(spec: Tensor, name: str) -> TensorFacts:
    return TensorFacts(spec.name or name, tuple(spec.shape), spec.dtype.name)


def _calls(model: Model, sample: Sample, batch: int | None, *, is_whole: bool) -> Calls:
    """Return the functions of a model; a `tf.Module` has its own."""
    specs = functools.partial(_tensor_specs, sample.specs)
    if kind_of(model) == "module":
        return Calls(main_function(model), specs(batch), {})
    calls = trace_inference(model, specs, sample, batch)
    return trace_others(model, calls, sample) if is_whole else calls


def _module(model: Model, calls: Calls, functions: Mapping[str, Callable[..., Any]]) -> Model:
    """Build the module that is written: the callable, the weights by path, the user's functions.

    The model itself is not an attribute: its optimizer would triple the size.
    """
    import tensorflow as tf

    module = tf.Module()
    module.state = [variable for variable in model.variables if hasattr(variable, "dtype")]
    module.held = _resources(model) if dialect_of(model) == KERAS_2 else _tracked(model)
    setattr(module, WEIGHTS_BY_PATH, dict(walk_variables(model)))
    setattr(module, GENERATORS_BY_PATH, dict(walk_generators(model)))
    setattr(module, CALLS_BY_ARGUMENT, dict(calls.others))
    module.__call__ = calls.by_itself
    for name, function in functions.items():
        if name != SERVING:
            setattr(module, name, function)
    return module


def _by_path(module: Model) -> Model:
    """Return a `tf.Module` of the user's with its weights by path, if it holds a Keras layer; otherwise itself.

    In a SavedModel the attributes of a Keras layer have other names than in the live one, so the weights in it would
    not be found again. The live module gets no attribute: another one has all that TensorFlow writes of it.
    """
    import tensorflow as tf

    if next(walk_layers(module), None) is None:
        return module
    written = tf.Module()
    for name, item in {**tf.train.TrackableView.children(module), **functions_of(module)}.items():
        setattr(written, name, item)
    setattr(written, WEIGHTS_BY_PATH, dict(walk_variables(module)))
    setattr(written, GENERATORS_BY_PATH, dict(walk_generators(module)))
    return written


def _tracked(model: Model) -> list[Any]:
    """Return what TensorFlow must track of a Keras 3 model: its layers, and its other trackable attributes."""
    import tensorflow as tf

    trackable = tf.__internal__.tracking.Trackable  # exported by TensorFlow for Keras
    return [*model.layers, *(item for _, item in own_attributes(model) if isinstance(item, trackable))]


def _resources(model: Model) -> list[Any]:
    """Return the tables of a tf_keras model; tracking its layers would trace all their functions, for minutes."""
    import tensorflow as tf

    resource = tf.saved_model.experimental.TrackableResource
    return [item for _, layer in walk_layers(model) for item in vars(layer).values() if isinstance(item, resource)]


def _serving(function: Any, specs: Nested, names: list[str]) -> Any:
    """Return the signature: every input a keyword by its name, every output a named tensor."""
    import tensorflow as tf

    flat = [spec for _, spec in leaves(specs)]

    @tf.function(autograph=False)
    def serve(**tensors: Any) -> dict[str, Any]:
        inputs = map_structure(lambda spec: tensors[spec.name], specs)
        answer = function(*inputs) if isinstance(inputs, tuple) else function(inputs)
        found = [item for _, item in leaves(answer)]
        return dict(zip(names if len(names) == len(found) else _numbered(len(found)), found, strict=True))

    if len({spec.name for spec in flat}) != len(flat):
        raise RequestError(
            f"Two inputs have the same name: {', '.join(spec.name for spec in flat)}.",
            "Give each input a name of its own: keras.Input(..., name='left').",
        )
    return serve.get_concrete_function(**{spec.name: spec for spec in flat})


def _output_names(model: Model, sample: Sample) -> list[str]:
    """Name the outputs by the keys of a dict, by the output layers that the user named, else by number."""
    places = [where for where, _ in leaves(sample.outputs)]
    if any("'" in where for where in places):
        names = [_identifier(where) for where in places]
        return names if len(set(names)) == len(names) else _numbered(len(names))
    named = list(getattr(model, "output_names", None) or ())
    numbered = _numbered(len(places))
    if len(set(named)) != len(places):
        return numbered
    made_up = {layer.name for layer in model.layers if is_made_up(layer)}
    return [number if name in made_up else _identifier(name) for name, number in zip(named, numbered, strict=True)]


def _numbered(count: int) -> list[str]:
    return [f"output_{index}" for index in range(count)]


def _identifier(name: str) -> str:
    """Turn a name or a place such as ``['score'][0]`` into an argument name."""
    text = re.sub(r"\W+", "_", name).strip("_") or "inputs"
    return f"_{text}" if text[0].isdigit() else text
