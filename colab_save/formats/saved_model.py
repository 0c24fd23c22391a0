"""The ``saved_model`` format: a TensorFlow program in a folder, which runs without the user's classes.

It writes the program that `formats.program` traces from a model, with a ``serving_default`` signature for TF Serving.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.libraries import write_libraries
from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS_2, dialect_of, import_dialect, kind_of
from colab_save.errors import RequestError
from colab_save.formats.base import SERVING, Context, Format
from colab_save.formats.libraries import libraries_of
from colab_save.formats.loaded.saved_model import SavedModel, main_function, restore
from colab_save.formats.program import facts_of_signature, program_of
from colab_save.hints import literal, option
from colab_save.nested import map_structure
from colab_save.quieting import quiet
from colab_save.sampling.running import MODES, run_keras, to_arrays, to_tensor
from colab_save.types import Model, Nested, Specs
from colab_save.wording import translated

METADATA = "keras_metadata.pb"
"""What tf_keras writes beside the graph of a model, and rebuilds the model from."""

_SIGNATURES = option("options", "signatures={'serving_default': my_function}")
HINT = f"Save with {option('formats', 'keras')}. Or name the functions to write, as {_SIGNATURES}."


@dataclass(frozen=True)
class SavedModelOptions:
    """What the user may set.

    Attributes:
        signatures: Further endpoints: `tf.function`s with an ``input_signature``, by name. One named
            ``serving_default`` replaces ours.
        batch: Rows that the signature accepts. Default: any number.
    """

    signatures: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    batch: int | None = None


class SavedModelFormat(Format):
    """TensorFlow's SavedModel (tensorflow.org/guide/saved_model)."""

    Options: ClassVar[type] = SavedModelOptions
    opening: ClassVar[str] = (
        'import tensorflow as tf\n\nmodel = tf.saved_model.load("saved_model")\n'
        'model.signatures["serving_default"]  # inputs and outputs by name'
    )

    def refusal(self, model: Model) -> str:
        """Refuse a `tf.Module` without any `tf.function`."""
        if kind_of(model) == "module" and main_function(model) is None:
            return f"the {type(model).__name__} has no tf.function as a method, so it could not be called after a load"
        return ""

    def specs(self, model: Model) -> Specs:
        """Read the inputs of a `tf.Module` from the ``input_signature`` of its main function."""
        if kind_of(model) != "module":
            return None
        signature = getattr(main_function(model), "input_signature", None)
        if not signature:
            return None
        return facts_of_signature(signature)

    def save(self, model: Model, folder: Path, sample: Sample, options: SavedModelOptions) -> tuple[str, ...]:
        """Write the folder ``saved_model``, with a record of the libraries that its graph needs."""
        import tensorflow as tf

        for name, function in options.signatures.items():
            check_signature(name, function)
        with translated("TensorFlow could not write the SavedModel", HINT), quiet():
            for is_whole in (True, False):
                program = program_of(model, sample, options.batch, options.signatures, is_whole=is_whole)
                signatures = {SERVING: program.signature, **options.signatures}
                try:
                    tf.saved_model.save(program.module, str(folder / self.payload), signatures=signatures)
                    break
                except Exception:  # what only training uses may be what TensorFlow cannot write
                    if not is_whole:
                        raise
            write_libraries(folder / self.payload, libraries_of(folder / self.payload))
        return program.notes

    def load(self, path: Path, context: Context) -> Model:
        """Load it as a callable that also has ``predict``; a model that tf_keras wrote comes back as such a model."""
        with (
            translated(f"TensorFlow could not open the SavedModel {path.name}", "Copy the whole folder again."),
            quiet(),
        ):
            if (path / METADATA).is_file() and importlib.util.find_spec(KERAS_2) is not None:
                load = import_dialect(KERAS_2).models.load_model
                return load(path, custom_objects=dict(context.custom_objects), compile=context.is_compiled)
            return restore(path)

    def run(self, model: Model, sample: Nested) -> Nested:
        """Call a live Keras model or `tf.Module`, or a loaded SavedModel, in inference mode."""
        if not isinstance(model, SavedModel) and dialect_of(model):
            return run_keras(model, sample)
        function = model.infer if isinstance(model, SavedModel) else main_function(model)
        return to_arrays(call(function, sample))

    def runs(self, model: Model, name: str) -> bool:
        """Return whether a model of Keras is asked, or a loaded one that can be called by itself in that mode."""
        return (
            model.takes(**MODES[name]) if isinstance(model, SavedModel) and name in MODES else super().runs(model, name)
        )

    def run_pass(self, model: Model, name: str, inputs: Nested) -> Nested:
        """Run another forward pass of a Keras model, or of a loaded SavedModel."""
        if not isinstance(model, SavedModel):
            return super().run_pass(model, name, inputs)
        return to_arrays(call(functools.partial(model, **MODES[name]), inputs))


def call(function: Callable[..., Any], inputs: Nested) -> Nested:
    """Call a function with tensors; a tuple means several arguments."""
    tensors = map_structure(to_tensor, inputs)
    return function(*tensors) if isinstance(inputs, tuple) else function(tensors)


def check_signature(name: str, function: object) -> None:
    """Check that an endpoint is a `tf.function`.

    Raises:
        RequestError: It is something else.
    """
    import tensorflow as tf

    if not isinstance(function, tf.types.experimental.GenericFunction):
        raise RequestError(
            f"The signature {literal(repr(name))} is a {type(function).__name__}, not a tf.function.",
            "Decorate it: @tf.function(input_signature=[tf.TensorSpec([None, 4])]).",
        )
