"""The ``h5`` format: one HDF5 file of the old kind, for tools that still ask for it; functional models only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from colab_save.examining import is_graph
from colab_save.formats.base import Context, translated
from colab_save.formats.keras import KerasFormat, quiet, whole_compile_config
from colab_save.sample import Sample

ALIASES = ("mse", "mae", "mape", "msle", "kld", "bce")
"""Short names of losses and metrics that Keras writes to HDF5 and then cannot find again (LOSSES §6)."""


class H5Format(KerasFormat):
    """Keras's legacy HDF5 file."""

    name: ClassVar[str] = "h5"
    payload: ClassVar[str] = "model.h5"
    requires: ClassVar[tuple[str, ...]] = ("h5py",)

    def refusal(self, model: Any) -> str:
        """Refuse what is no functional or Sequential Keras model."""
        if reason := super().refusal(model):
            return reason
        return "" if is_graph(model) else "it holds Sequential and functional models only; a subclassed one needs keras"

    def save(self, model: Any, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.h5``."""
        with translated("Keras could not write model.h5", "--format keras is its own format today."):
            with quiet(), whole_compile_config(model):
                model.save(folder / self.payload)
        return ()

    def load(self, path: Path, context: Context) -> Any:
        """Read it, compiled as it was; the short names of losses are given to Keras, which forgot them."""
        import keras

        known = {name: keras.losses.get(name) for name in ALIASES}
        return super().load(path, Context({**known, **context.custom_objects}))
