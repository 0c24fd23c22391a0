"""The ``weights`` format: one ``.weights.h5`` file, with the architecture beside it so that it can be proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.assets import with_paths
from colab_save.artifact.sample import Sample
from colab_save.dialect import import_dialect
from colab_save.errors import FormatError, UnbuiltModelError
from colab_save.formats.base import Context
from colab_save.formats.keras import KerasFormat, lost_vocabulary
from colab_save.hints import action, option
from colab_save.quieting import quiet
from colab_save.types import Json, Model
from colab_save.wording import translated

BUILD = "build_config"
"""The key in ``architecture.json`` of the shapes that the model was built for."""


class WeightsFormat(KerasFormat):
    """Keras 3's weights file; Keras matches weights by class and position, so a load always compares them by path."""

    is_remade: ClassVar[bool] = True
    opening: ClassVar[str] = (
        "import pathlib\n\nimport {keras}\n\n"
        'model = {keras}.models.model_from_json(pathlib.Path("architecture.json").read_text())\n'
        'model.load_weights("model.weights.h5")'
    )

    def refusal(self, model: Model) -> str:
        """Refuse everything but Keras models, and a vocabulary that would be lost."""
        if reason := super().refusal(model):
            return reason
        path = lost_vocabulary(model)
        return f"it cannot hold the vocabulary of {path}" if path else ""

    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.weights.h5`` and ``architecture.json``."""
        if isinstance(sample.missing, UnbuiltModelError):
            raise sample.missing
        hint = f"Fix get_config(). Or save with {option('formats', 'saved_model')}, which does not need it."
        with translated("Keras could not write model.weights.h5", hint), quiet():
            model.save_weights(folder / self.payload)
            architecture = json.loads(model.to_json())
            architecture.setdefault(BUILD, model.get_build_config())  # tf_keras leaves it out
            (folder / self.record.architecture).write_text(json.dumps(architecture, default=str), encoding="utf-8")
        return ()

    def load(self, path: Path, context: Context) -> Model:
        """Load the weights into ``context.into``, else into a model built from the architecture beside the file."""
        model = context.into
        with translated(f"Keras could not load {path.name}", "Load it into a model of the same architecture."), quiet():
            if model is None:
                rebuild = import_dialect(context.dialect).models.model_from_json
                written = _architecture((context.beside or path.parent) / self.record.architecture, path)
                architecture = json.dumps(with_paths(json.loads(written), context.assets))
                model = rebuild(architecture, custom_objects=dict(context.custom_objects))
                if not model.built and (shapes := json.loads(architecture).get(BUILD)):
                    model.build_from_config(shapes)
            model.load_weights(path)
        return model

    def read_config(self, file: Path) -> Json:
        """Return the architecture beside the file."""
        return json.loads(file.with_name(self.record.architecture).read_text("utf-8"))

    def write_config(self, file: Path, config: Json, target: Path) -> None:
        """Write the architecture beside the target, which is the payload itself."""
        target.with_name(self.record.architecture).write_text(json.dumps(config), encoding="utf-8")


def _architecture(file: Path, path: Path) -> str:
    if not file.is_file():
        raise FormatError(
            f"{path.name} holds weights only, and there is no {file.name} beside it.",
            f"Build the model first, and load into it: {action('load', 'PATH', into='model')}.",
        )
    return file.read_text(encoding="utf-8")
