"""The ``saved_model`` format: a TensorFlow program in a folder, which needs none of the user's classes to run.

Keras's own ``export`` refuses nested outputs and names everything ``output_0``, so the program is built here, with
public TensorFlow calls: the model as a callable (nested inputs and outputs as in the notebook), a
``serving_default`` signature with named tensors for TF Serving, the user's own functions, and the weights by path.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from colab_save.answering import call_keras, run_keras, to_arrays
from colab_save.dialect import KERAS_2, dialect_of, import_dialect
from colab_save.errors import RequestError
from colab_save.examining import kind_of
from colab_save.facts import TensorFacts
from colab_save.formats.base import Context, Format, translated
from colab_save.formats.callables import SavedModel, main_function, restore
from colab_save.formats.keras import quiet
from colab_save.round_trip import Aspect
from colab_save.sample import Sample, leaves, map_structure
from colab_save.walking import WEIGHTS_BY_PATH, is_made_up, own_attributes, walk_layers, walk_variables

SERVING = "serving_default"
METADATA = "keras_metadata.pb"
"""What tf_keras writes beside the graph of a model: with it, it makes the model again."""

HINT = "Save as keras, or give the functions to write: --option signatures={'serving_default': my_function}"


@dataclass(frozen=True)
class SavedModelOptions:
    """What the user may set.

    Attributes:
        signatures: Further endpoints: names with `tf.function`s that have an ``input_signature``. One named
            ``serving_default`` replaces ours.
        batch: Rows that the signature accepts; default: any number.
    """

    signatures: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    batch: int | None = None


class SavedModelFormat(Format):
    """TensorFlow's SavedModel (tensorflow.org/guide/saved_model)."""

    name: ClassVar[str] = "saved_model"
    payload: ClassVar[str] = "saved_model"
    keeps: ClassVar[frozenset[Aspect]] = frozenset({Aspect.OUTPUTS, Aspect.WEIGHTS})
    Options: ClassVar[type] = SavedModelOptions
    opening: ClassVar[str] = (
        'import tensorflow as tf\n\nmodel = tf.saved_model.load("saved_model")\n'
        'model.signatures["serving_default"]  # inputs and outputs by name'
    )

    def refusal(self, model: Any) -> str:
        """Refuse a `tf.Module` without any `tf.function`."""
        if kind_of(model) == "module" and main_function(model) is None:
            return "the tf.Module has no method that is a tf.function, so nothing of it could be called"
        return ""

    def specs(self, model: Any) -> Any:
        """Read the inputs of a `tf.Module` from the ``input_signature`` of the function that is called."""
        if kind_of(model) != "module":
            return None
        signature = getattr(main_function(model), "input_signature", None)
        if not signature:
            return None
        named = [
            map_structure(functools.partial(_facts, name=f"inputs_{at}"), item) for at, item in enumerate(signature)
        ]
        return tuple(named) if len(named) > 1 else named[0]

    def save(self, model: Any, folder: Path, sample: Sample, options: SavedModelOptions) -> tuple[str, ...]:
        """Write the folder ``saved_model``."""
        import tensorflow as tf

        for name, function in options.signatures.items():
            _check_signature(name, function)
        with translated("TensorFlow could not write the SavedModel", HINT), quiet():
            specs, notes = _accepted(model, sample, options.batch)
            module = model if kind_of(model) == "module" else _program(model, specs, options)
            main = main_function(module)
            signatures = {SERVING: _serving(main, specs, _output_names(model, sample)), **options.signatures}
            tf.saved_model.save(module, str(folder / self.payload), signatures=signatures)
        return notes

    def load(self, path: Path, context: Context) -> Any:
        """Load it as a callable that also has ``predict``; what tf_keras wrote as a model comes back as that model."""
        with translated(f"TensorFlow could not open the SavedModel {path.name}", "Is the folder complete?"), quiet():
            if (path / METADATA).is_file() and importlib.util.find_spec(KERAS_2) is not None:
                load = import_dialect(KERAS_2).models.load_model
                return load(path, custom_objects=dict(context.custom_objects), compile=context.is_compiled)
            return restore(path)

    def run(self, model: Any, sample: Any) -> Any:
        """Call a live Keras model or `tf.Module`, or a loaded SavedModel."""
        if not isinstance(model, SavedModel) and dialect_of(model):
            return run_keras(model, sample)
        function = model if isinstance(model, SavedModel) else main_function(model)
        return to_arrays(call(function, sample))


def call(function: Any, inputs: Any) -> Any:
    """Call with tensors; a tuple is several arguments."""
    import tensorflow as tf

    tensors = map_structure(tf.convert_to_tensor, inputs)
    return function(*tensors) if isinstance(inputs, tuple) else function(tensors)


def tensor_specs(specs: Any, rows: int | None) -> Any:
    """Turn `TensorFacts` into `tf.TensorSpec`, with the given number of rows (``None`` = any) where it is free."""
    import tensorflow as tf

    def spec(facts: TensorFacts) -> Any:
        batch = tuple(rows if axis is None else axis for axis in facts.shape[:1])
        return tf.TensorSpec((*batch, *facts.shape[1:]), facts.dtype, name=_identifier(facts.name))

    return map_structure(spec, specs)


def _facts(spec: Any, name: str) -> TensorFacts:
    return TensorFacts(spec.name or name, tuple(spec.shape), spec.dtype.name)


def _accepted(model: Any, sample: Sample, batch: int | None) -> tuple[Any, tuple[str, ...]]:
    """Find the specs that the model can be traced with: any number of rows, else as many as the sample has."""
    import tensorflow as tf

    if kind_of(model) == "module":
        return tensor_specs(sample.specs, batch), ()
    specs = tensor_specs(sample.specs, batch)
    try:
        tf.function(lambda inputs: call_keras(model, inputs), autograph=False).get_concrete_function(specs)
    except Exception as error:  # the user's call() may only work with a known batch; then that is what is written
        rows = {len(item) for _, item in leaves(sample.inputs) if item.ndim}
        if batch is not None or len(rows) != 1:
            raise
        count = rows.pop()
        note = (
            f"The SavedModel accepts exactly {count} rows: without a known batch call() fails ({type(error).__name__})."
        )
        return tensor_specs(sample.specs, count), (note,)
    return specs, ()


def _program(model: Any, specs: Any, options: SavedModelOptions) -> Any:
    """Build the module that is written: the callable, the weights by path, the user's functions.

    The model itself is not an attribute: it would bring the optimizer along, three times the size.
    """
    import tensorflow as tf

    module = tf.Module()
    module.state = [variable for variable in model.variables if hasattr(variable, "dtype")]
    module.held = _resources(model) if dialect_of(model) == KERAS_2 else _tracked(model)
    setattr(module, WEIGHTS_BY_PATH, dict(walk_variables(model)))

    is_several = isinstance(specs, tuple)

    @tf.function(input_signature=specs if is_several else [specs], autograph=False)
    def answer(*inputs: Any) -> Any:
        return call_keras(model, inputs if is_several else inputs[0])

    module.__call__ = answer
    for name, function in options.signatures.items():
        if name != SERVING:
            setattr(module, name, function)
    return module


def _tracked(model: Any) -> list[Any]:
    """Give what a Keras 3 model holds and TensorFlow must keep: its layers, and what else it can track."""
    import tensorflow as tf

    trackable = tf.__internal__.tracking.Trackable  # exported by TensorFlow for Keras
    return [*model.layers, *(item for _, item in own_attributes(model) if isinstance(item, trackable))]


def _resources(model: Any) -> list[Any]:
    """Give the tables of a tf_keras model; its layers would be traced with all their functions, which takes minutes."""
    import tensorflow as tf

    resource = tf.saved_model.experimental.TrackableResource
    return [item for _, layer in walk_layers(model) for item in vars(layer).values() if isinstance(item, resource)]


def _serving(function: Any, specs: Any, names: list[str]) -> Any:
    """Make the signature: every input a keyword by its name, every output a named tensor."""
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
            f"Two inputs have one name: {[spec.name for spec in flat]}.", "Name them: keras.Input(..., name='left')"
        )
    return serve.get_concrete_function(**{spec.name: spec for spec in flat})


def _output_names(model: Any, sample: Sample) -> list[str]:
    """Name the outputs: by the keys of a dict, by the names of output layers that the user named, else by number."""
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


def _check_signature(name: str, function: Any) -> None:
    import tensorflow as tf

    if not isinstance(function, tf.types.experimental.GenericFunction):
        raise RequestError(
            f"The signature {name!r} is a {type(function).__name__}, not a tf.function.",
            "Decorate it: @tf.function(input_signature=[tf.TensorSpec([None, 4])])",
        )
