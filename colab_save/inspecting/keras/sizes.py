"""An upper bound on the number of values that a Keras config declares, without the input shapes of its layers.

`config` adds each object that it finds. A file that declares far more than it stores would take all memory, or hours
for an orthogonal matrix, before Keras notices that its weights are missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from colab_save.types import Json

_AXES = ("units", "filters", "output_dim", "value_dim", "key_dim")
_SHAPES = ("batch_shape", "batch_input_shape", "target_shape")
_WEIGHTS = ("units", "filters", "kernel_size", "num_heads", "key_dim", "value_dim", "depth_multiplier", "output_shape")


@dataclass(slots=True)
class Sizes:
    """The sizes that the layers of a config declare.

    Attributes:
        kernels: The values of all convolutions per input channel.
        columns: The values of all other layers per input value.
        tables: The values of all embeddings.
        widest: The longest output axis of a layer.
        flat: The most values of one input or reshaped tensor, which flattening puts into one axis.
        is_flattened: Whether a layer flattens or reshapes.
    """

    kernels: int = 0
    columns: int = 0
    tables: int = 0
    widest: int = 1
    flat: int = 1
    is_flattened: bool = False

    @property
    def total(self) -> int:
        """The most values that all weights together can have."""
        widest = max(self.widest, self.flat) if self.is_flattened else self.widest
        return self.kernels * self.widest + self.columns * widest + self.tables

    def add(self, value: Json) -> None:
        """Add one object of a config."""
        config = value["config"]
        if not isinstance(config, dict):
            return
        self.is_flattened = self.is_flattened or value["class_name"] in {"Flatten", "Reshape"}
        self.widest = max(self.widest, *(_product(config.get(key)) for key in _AXES))
        self.flat = max(self.flat, *(_product(config.get(key)) for key in _SHAPES))
        if "input_dim" in config:
            self.tables += _product(config["input_dim"]) * _product(config.get("output_dim"))
        elif "kernel_size" in config:
            self.kernels += math.prod(_product(config.get(key)) for key in _WEIGHTS)
        elif any(key in config for key in _WEIGHTS):
            self.columns += math.prod(_product(config.get(key)) for key in _WEIGHTS)


def _product(value: Json) -> int:
    """Return a size, or the product of a list of sizes; a free size or anything else counts as 1."""
    sizes = value if isinstance(value, list) else [value]
    return math.prod(max(1, int(abs(size))) for size in sizes if isinstance(size, int | float))
