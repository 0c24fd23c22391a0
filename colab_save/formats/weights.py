"""The ``weights`` format: one ``.weights.h5`` file, with the architecture beside it so that it can be proven."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from colab_save.errors import FormatError
from colab_save.formats.base import Context, translated
from colab_save.formats.keras import KerasFormat, lost_vocabulary, quiet
from colab_save.round_trip import Aspect
from colab_save.sample import Sample

ARCHITECTURE = "architecture.json"


class WeightsFormat(KerasFormat):
    """Keras 3's weights file; it addresses by class and position, so what is loaded is always compared by path."""

    name: ClassVar[str] = "weights"
    payload: ClassVar[str] = "model.weights.h5"
    keeps: ClassVar[frozenset[Aspect]] = frozenset(Aspect) - {Aspect.TRAINING}
    requires: ClassVar[tuple[str, ...]] = ("h5py",)
    opening: ClassVar[str] = (
        "import pathlib\n\nimport keras\n\n"
        'model = keras.models.model_from_json(pathlib.Path("architecture.json").read_text())\n'
        'model.load_weights("model.weights.h5")'
    )

    def refusal(self, model: Any) -> str:
        """Refuse what is no Keras model, and a vocabulary that would be lost."""
        if reason := super().refusal(model):
            return reason
        path = lost_vocabulary(model)
        return f"it has no place for the vocabulary of {path}" if path else ""

    def save(self, model: Any, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.weights.h5`` and ``architecture.json``."""
        hint = "--format saved_model needs no get_config()."
        with translated("Keras could not write model.weights.h5", hint), quiet():
            model.save_weights(folder / self.payload)
            (folder / ARCHITECTURE).write_text(model.to_json(), encoding="utf-8")
        return ()

    def load(self, path: Path, context: Context) -> Any:
        """Load the weights into ``context.into``, else into a model built from the architecture beside the file."""
        import keras

        model = context.into
        with translated(f"Keras could not load {path.name}", "Is it the same architecture?"), quiet():
            if model is None:
                model = keras.models.model_from_json(
                    _architecture(path, context.beside), custom_objects=dict(context.custom_objects)
                )
            model.load_weights(path)
        return model


def _architecture(path: Path, beside: Path | None) -> str:
    file = (beside or path.parent) / ARCHITECTURE
    if not file.is_file():
        raise FormatError(
            f"{path.name} holds weights only, and no {ARCHITECTURE} lies beside it.",
            "Make the model first and load into it: %loadmodel PATH --into model",
        )
    return file.read_text(encoding="utf-8")
