"""A format of its own, as small as one can be: a Keras model's config and weights as one JSON text.

Its record is added to the table by the tests; nothing else of colab_save knows it.
"""

from __future__ import annotations

import json
from typing import ClassVar

from colab_save.format_table import FILE, FormatRecord
from colab_save.formats.base import Format
from colab_save.inspecting.findings import Findings
from colab_save.inspecting.keras.config import read_json, scan_config
from colab_save.sampling.running import run_keras
from colab_save.wording import translated

BEGINNING = b'{"toy": '

RECORD = FormatRecord(
    name="toy",
    plug=f"{__name__}:ToyFormat",
    payload="model.json",
    suffixes=(".json",),
    containers=(FILE,),
    holds=frozenset({"outputs", "weights"}),
    purpose="teaching",
    recognise=f"{__name__}:is_toy",
    inspect=f"{__name__}:inspect_toy",
    weigh=f"{__name__}:weights_in_toy",
)


class ToyFormat(Format):
    """JSON."""

    opening: ClassVar[str] = (
        "import json\nimport pathlib\n\nimport {keras}\nimport numpy\n\n"
        'held = json.loads(pathlib.Path("model.json").read_text())\n'
        'model = {keras}.models.model_from_json(json.dumps(held["config"]))\n'
        'model.set_weights([numpy.array(values, dtype) for dtype, values in held["weights"]])'
    )

    def refusal(self, model):
        """Refuse what is no Keras model."""
        return "" if hasattr(model, "get_config") else "it holds Keras models only"

    def save(self, model, folder, sample, options):
        """Write ``model.json``."""
        write(model, folder / self.payload)
        return ()

    def load(self, path, context):
        """Make the model from its config, and give it its weights."""
        import keras

        with translated(f"{path.name} could not be read", "Copy it again."):
            held = json.loads(path.read_bytes())
            model = keras.models.model_from_json(json.dumps(held["config"]), dict(context.custom_objects))
            model.set_weights([array for _, _, array in weights_in_toy(path)])
        return model

    def run(self, model, sample):
        """Call it."""
        return run_keras(model, sample)


def write(model, file):
    """Write a model as a file of this format."""
    weights = [(str(weight.dtype), weight.numpy().tolist()) for weight in model.weights]
    file.write_text(json.dumps({"toy": 1, "config": json.loads(model.to_json()), "weights": weights}), "utf-8")


def is_toy(sight):
    """Say whether a file is of this format."""
    return sight.head.startswith(BEGINNING)


def inspect_toy(sight, allowed):
    """Read what the config needs."""
    held = read_json(sight.path.read_bytes(), str(sight.path))
    scan = scan_config(held["config"], str(sight.path), allowed)
    return Findings(sight.format, tuple(sorted(scan.custom_names)), tuple(scan.runs_code))


def weights_in_toy(path):
    """Give the weights one at a time."""
    import numpy as np

    arrays = [np.array(values, dtype) for dtype, values in json.loads(path.read_bytes())["weights"]]
    for number, array in enumerate(arrays):
        yield str(number), sum(each.nbytes for each in arrays), array
