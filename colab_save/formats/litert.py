"""The ``litert`` format: one ``.tflite`` file for phones and small devices, converted from our own SavedModel.

It holds the forward pass only: the converter folds weights into constants and names them itself, so that only outputs
can be compared.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS, import_dialect
from colab_save.errors import FormatError
from colab_save.formats.base import SERVING, Context
from colab_save.formats.loaded.litert import LiteRTModel, open_interpreter
from colab_save.formats.program import INSTEAD, Program, program_of
from colab_save.formats.saved_model import SavedModelFormat, SavedModelOptions, check_signature
from colab_save.hints import option
from colab_save.model.walking import walk_states, walk_variables
from colab_save.quieting import native_silence, quiet
from colab_save.types import Json, Model, Nested
from colab_save.wording import first_line, translated

NESTING = "nesting.json"
"""The file beside the payload with the nesting of the live model's inputs and outputs; in the payload they are flat."""


class LiteRTFormat(SavedModelFormat):
    """A LiteRT file (ai.google.dev/edge/litert), formerly TensorFlow Lite, of the program that `saved_model` writes."""

    scratch: ClassVar[float] = 1.2  # the SavedModel that is converted
    differing: ClassVar[str] = (
        f"LiteRT rounds differently from TensorFlow. Accept small differences with {option('rtol', '1e-3')}. Or save "
        f"with {option('formats', 'saved_model')}, which TensorFlow itself runs."
    )
    opening: ClassVar[str] = (
        "import tensorflow as tf\n\n"
        'interpreter = tf.lite.Interpreter("model.tflite")  # or that of the package ai-edge-litert\n'
        'model = interpreter.get_signature_runner("serving_default")\n'
        "interpreter.get_signature_list()  # inputs and outputs by name"
    )

    def save(self, model: Model, folder: Path, sample: Sample, options: SavedModelOptions) -> tuple[str, ...]:
        """Write ``model.tflite``, and beside it the nesting of its inputs and outputs."""
        for name, function in options.signatures.items():
            check_signature(name, function)
        if sample.is_seeded and not sample.is_random:
            raise FormatError(
                "The model is random at inference, and a LiteRT interpreter draws other numbers than TensorFlow.",
                f"Save only the part that is not random, or the whole model with {option('formats', 'saved_model')}.",
            )
        with translated("The model could not be converted to LiteRT", INSTEAD), quiet():
            program = program_of(model, sample, options.batch, options.signatures)
            data = _convert(_holder(program, model), {SERVING: program.signature, **options.signatures}, folder)
        (folder / self.payload).write_bytes(data)
        if program.outputs is not None and SERVING not in options.signatures:
            text = json.dumps({"inputs": program.inputs, "outputs": program.outputs})
            (folder / NESTING).write_text(text, encoding="utf-8")
        return program.notes

    def load(self, path: Path, context: Context) -> Model:
        """Open it with an interpreter, as a callable that also has ``predict``."""
        with translated(f"The LiteRT interpreter could not open {path.name}", "Copy or download the file again."):
            return open_interpreter(path, _read_nesting((context.beside or path.parent) / NESTING))

    def run(self, model: Model, sample: Nested) -> Nested:
        """Call a live Keras model or `tf.Module`, or a loaded LiteRT file."""
        return model.predict(sample) if isinstance(model, LiteRTModel) else super().run(model, sample)


def _holder(program: Program, model: Model) -> Model:
    """Return a module that holds a program together with the TensorFlow variables inside its Keras variables.

    The converter treats a variable that is tracked only through Keras's own object as one without a value, and such a
    file outputs whatever happens to be in memory (TF 2.20 and 2.21, Keras 3.13.2 and 3.15.1).
    """
    import tensorflow as tf

    holder = tf.Module()
    holder.module = program.module
    kind = import_dialect(KERAS).Variable
    found = [*walk_variables(model), *walk_states(model)]
    holder.values = [variable.value for _, variable in found if isinstance(variable, kind)]
    return holder


def _convert(holder: Model, signatures: Mapping[str, Any], folder: Path) -> bytes:
    """Convert a program by way of a temporary SavedModel."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory(dir=folder) as work:
        tf.saved_model.save(holder, work, signatures=dict(signatures))
        converter = tf.lite.TFLiteConverter.from_saved_model(work, signature_keys=[*signatures])
        try:
            with native_silence():
                data: bytes = converter.convert()
        except Exception as error:  # ConverterError is not public, and the converter raises others too
            raise _in_words(error) from error
    return data


def _in_words(error: Exception) -> FormatError:
    """Find in pages of compiler output what LiteRT cannot convert."""
    lacking = sorted(set(re.findall(r"'tf\.(\w+)' op", str(error))))
    if any(name.startswith("TensorList") for name in lacking):
        return FormatError(
            "LiteRT cannot convert a loop over a sequence, as in a recurrent layer, with a variable number of rows.",
            f"Fix the number of rows per call: {option('options', 'batch=1')}.",
        )
    if lacking:
        return FormatError(
            f"LiteRT has no operation for {', '.join(lacking)} as the model calls it.",
            "Remove the layers that call it (often text or half precision) from the model for the device. A LiteRT "
            f"file could hold TensorFlow's operations, but no Python interpreter runs them to prove it. {INSTEAD}",
        )
    return FormatError(f"The model could not be converted to LiteRT ({first_line(error)}).", INSTEAD)


def _read_nesting(file: Path) -> Json:
    """Read the nesting of inputs and outputs; ``None`` without a readable file."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
