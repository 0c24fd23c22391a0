"""The formats by name; adding one is its file, one line here and one test class."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from colab_save.errors import UnknownNameError
from colab_save.wording import did_you_mean

if TYPE_CHECKING:
    from colab_save.formats.base import Format

FORMATS = {
    "keras": "colab_save.formats.keras:KerasFormat",
    "h5": "colab_save.formats.h5:H5Format",
    "weights": "colab_save.formats.weights:WeightsFormat",
    "saved_model": "colab_save.formats.saved_model:SavedModelFormat",
    "litert": "colab_save.formats.litert:LiteRTFormat",
    "onnx": "colab_save.formats.onnx:OnnxFormat",
}


def get_format(name: str) -> Format:
    """Make the format of that name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in FORMATS:
        raise UnknownNameError(f"There is no format {name!r}.", did_you_mean(name, FORMATS))
    module, _, attribute = FORMATS[name].partition(":")
    made: Format = getattr(importlib.import_module(module), attribute)()
    return made
