"""What a model *is*, comparably.

`examining` takes the facts of a live model (parent) and of a reloaded one (child); `comparing` compares them.
Manifests keep the facts, so that a load months later is compared with the model that was saved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from colab_save.artifact.records import read_record
from colab_save.dialect import is_of_keras
from colab_save.types import Json

MAX_RANK, MAX_SIZE = 254, 2**62
"""Dimensions of a tensor, as TensorFlow allows (``TensorShape::MaxDimensions``), and the size of one."""


_MADE_UP = re.compile(r"(keras_tensor|input_layer|input)(_\d+)?")


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """One variable.

    Attributes:
        path: Where it sits in the object tree, by attribute and layer name: the same before and after.
        shape: Its dimensions.
        dtype: Its element type, as NumPy or ml_dtypes names it.
        trainable: Whether training changes it.
        digest: SHA-256 of its bytes in C order.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    digest: str

    def __post_init__(self) -> None:
        """Refuse a shape that no variable has: its product may be too long a number to be written."""
        if len(self.shape) > MAX_RANK or not all(0 <= size <= MAX_SIZE for size in self.shape):
            raise ValueError(f"the variable {self.path[:80]!r} has a shape that none can have")


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output: its name, its shape (``None`` = any size) and its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def given_name(name: str) -> str:
    """Give the name that the user gave a tensor; empty for one that Keras made up, which counts up in a process."""
    return "" if _MADE_UP.fullmatch(name) else name


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer.

    Attributes:
        path: Where it sits in the object tree; empty for the model itself.
        class_name: Its class, without the module.
        trainable: Whether it is trainable.
        dtype: Its dtype policy by name, such as ``mixed_float16``.
        arguments: What its constructor was given, read back from the live object, defaults left out: ``get_config``
            drops some, and then both configs agree (LOSSES §4). Also the digest of a vocabulary.
        build: The shapes that it was built for (``get_build_config``), as Keras serialises them.
        shape: The shape of its first output, where a graph model declares it.
        inputs: The paths of the layers that feed it, likewise.
    """

    path: str
    class_name: str
    trainable: bool = True
    dtype: str = "float32"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    build: Any = None
    shape: tuple[int | None, ...] | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model is.

    Attributes:
        kind: ``keras`` or ``tf_keras`` for a Keras model, ``module`` for anything else made of TensorFlow functions.
        class_name: The class, with its module.
        variables: Every weight.
        optimizer: Every variable of every optimizer, by the optimizer's name, position and the variable's name.
        iterations: Optimizer steps taken; ``None`` without an optimizer.
        compiled: The compile arguments as Keras serialises them; ``None`` for a model that is not compiled.
        layers: Every layer, the model itself first.
        inputs: The inputs, where the model declares them.
        outputs: The outputs, likewise.
        losses: For every loss object, by its place in ``compile(loss=…)``, its plain attributes: ``get_config`` drops
            some (LOSSES §4), and then both configs agree.
        metrics: For every metric object, by its place, likewise.
        states: The values of what is no weight and changes the next answer, by path, see `walking.walk_states`: what
            is random or recurrent goes on where it stood. One with very many values is kept as its digest.
        held: What a ``compile`` of the user's own has put into attributes, by name, as Keras serialises it.
        trains: For every optimizer in an attribute, by name, the paths of the weights that it trains.
        custom: The user's own classes and functions that a reload needs, by name.
        objects: For every class whose ``get_config`` drops arguments that are objects, those arguments: they are in
            the file, and a reload must make them of their configs.
        attributes: The names of what hangs on the model and is no part of it, see `attributes.plain_names`.
        floatx: The dtype in which Keras made what has no policy, such as an optimizer's moments; empty without Keras.
    """

    kind: str
    class_name: str
    variables: tuple[VariableFacts, ...] = ()
    optimizer: tuple[VariableFacts, ...] = ()
    iterations: int | None = None
    compiled: Mapping[str, Any] | None = None
    layers: tuple[LayerFacts, ...] = ()
    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()
    losses: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    trains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom: tuple[str, ...] = ()
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    floatx: str = ""

    @property
    def policy(self) -> str:
        """Give the dtype policy of the model itself; empty without layers."""
        return self.layers[0].dtype if self.layers else ""

    @property
    def parameters(self) -> int:
        """Count the elements of all weights."""
        return sum(math.prod(variable.shape) for variable in self.variables)

    @property
    def trainable(self) -> dict[str, bool]:
        """Say for every layer, by path, whether it is trainable; the model itself is ``.``."""
        return {layer.path or ".": layer.trainable for layer in self.layers}

    @property
    def builds(self) -> dict[str, Any]:
        """Give for every layer that has one, by path, its `LayerFacts.build`."""
        return {layer.path: layer.build for layer in self.layers if layer.build}

    def to_json(self) -> dict[str, Any]:
        """Give the facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> ModelFacts:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The value is not such a record; `Manifest.from_json` words it.
        """
        return read_record(cls, value)


def precision(facts: ModelFacts) -> str:
    """Name the coarsest floating dtype that a model computes in."""
    return coarsest(*(layer.dtype for layer in facts.layers), *(variable.dtype for variable in facts.variables))


def coarsest(*dtypes: str) -> str:
    """Name the coarsest floating dtype of some dtypes and dtype policies."""
    return next((dtype for dtype in ("bfloat16", "float16") if any(name.endswith(dtype) for name in dtypes)), "float32")


def comparable(config: Json) -> Json:
    """Drop from a serialised config where a custom object was defined: that changes by design when it is reloaded."""
    if isinstance(config, dict):
        if "class_name" in config and "config" in config and not is_of_keras(config.get("module")):
            config = {key: item for key, item in config.items() if key not in {"module", "registered_name"}}
        return {key: comparable(item) for key, item in config.items()}
    return [comparable(item) for item in config] if isinstance(config, list) else config
