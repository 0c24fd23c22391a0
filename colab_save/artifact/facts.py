"""The facts of a model: everything about it that a round trip compares.

`model.examining` takes the facts of the live model and of the reloaded one; `proof.comparing` compares them.
Manifests record the facts, so that a load months later is still compared with the model that was saved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from colab_save.artifact.records import read_record
from colab_save.dialect import is_of_keras
from colab_save.types import Json

DIGEST = "sha256 "
"""What the digest of a long argument begins with, which stands for it in the facts of a layer."""

_GRAPHS = frozenset({"Sequential", "Functional"})
"""The classes of graph models, which have no policy of their own in their config."""

MAX_RANK, MAX_SIZE = 254, 2**62
"""The most dimensions that TensorFlow allows (``TensorShape::MaxDimensions``), and the largest size of one."""


_MADE_UP = re.compile(r"((keras_tensor|input_layer|input)(_\d+)?|.*:\d+)")
"""Names of tensors that nobody gave: Keras numbers them, or they are those of a graph (``dense/BiasAdd:0``)."""

_CLONE = re.compile(r"(_clone|CLONE)*$")
"""What Keras appends to the names of the tensors of a model that is cut out of another (``clone_graph_nodes`` in
``keras/src/models/functional.py``, Keras 3.13.2 and 3.15.1)."""


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """One variable.

    Attributes:
        path: Its place in the object tree, by attribute and layer name; the same before and after.
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
        """Refuse a shape that no variable has: the product of its sizes may be too large a number to print."""
        if len(self.shape) > MAX_RANK or not all(0 <= size <= MAX_SIZE for size in self.shape):
            raise ValueError(f"the variable {self.path[:80]!r} has an impossible shape")


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output: its name, its shape (``None`` = any size) and its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def given_name(name: str) -> str:
    """Return the name that the user gave a tensor; empty for one that was made up, which varies by process."""
    name = _CLONE.sub("", name)
    return "" if _MADE_UP.fullmatch(name) else name


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer.

    Attributes:
        path: Its place in the object tree; empty for the model itself.
        class_name: Its class, without the module.
        trainable: Whether it is trainable.
        dtype: Its dtype policy by name, such as ``mixed_float16``.
        arguments: The arguments of its constructor without defaults, read back from the live object: both configs agree
            even where ``get_config`` drops some (docs/losses.md §4). Also the digest of a vocabulary.
        build: The shapes that it was built for (``get_build_config``), as Keras serialises them.
        shape: The shape of its first output, if a functional model declares it.
        inputs: The paths of the layers that feed it, if a functional model declares them.
    """

    path: str
    class_name: str
    trainable: bool = True
    dtype: str = "float32"
    arguments: Mapping[str, Json] = field(default_factory=dict)
    build: Json = None
    shape: tuple[int | None, ...] | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model.

    Attributes:
        kind: ``keras`` or ``tf_keras`` for a Keras model, ``module`` for any other object with TensorFlow functions.
        class_name: The class, with its module.
        variables: All weights.
        optimizer: All variables of all optimizers, by the optimizer's name, position and the variable's name.
        iterations: Optimizer steps taken; ``None`` without an optimizer.
        compiled: The compile arguments as Keras serialises them; ``None`` for a model that is not compiled.
        layers: All layers, the model itself first.
        inputs: The inputs, if the model declares them.
        outputs: The outputs, if the model declares them.
        losses: The plain attributes of every loss object, by its place in ``compile(loss=…)``: both configs agree even
            where ``get_config`` drops some (docs/losses.md §4).
        metrics: The plain attributes of every metric object, by its place in ``compile``.
        states: The values of the states of recurrent layers by path, see `model.walking.walk_recurrent`; a large one is
            recorded as its digest.
        generators: The values of the states of random generators by path, see `model.walking.walk_generators`.
        held: What a custom ``compile`` stored in attributes, by name, as Keras serialises it.
        trains: For every optimizer in an attribute, and for the model's own where that trains others than the trainable
            weights, by name, the paths of the weights that it trains.
        gone: The weights in ``trains`` that the model has no more: quantising a layer replaces its kernel.
        undecayed: For every optimizer that excludes weights from its weight decay, by name, the paths of these.
        parts: For every attribute of a graph model that is one of its layers, by name, the path of that layer: no
            config holds what was set on a model after it was made.
        custom: The user's own classes and functions that a reload needs, by name.
        objects: For every class whose ``get_config`` drops arguments that are objects, those arguments: the file holds
            their configs, and a reload must rebuild the objects.
        remade: The classes whose objects are made again from their attributes, without their constructor.
        attributes: The names of plain attributes that are not part of the model, see `model.attributes.plain_names`.
        floatx: The dtype of variables without a policy, such as an optimizer's moments; empty without Keras.
        remarks: What code of the user's or of a package raised when a fact was taken, by the place of that fact. It is
            not known then, and stands here as if the model had none.
    """

    kind: str
    class_name: str
    variables: tuple[VariableFacts, ...] = ()
    optimizer: tuple[VariableFacts, ...] = ()
    iterations: int | None = None
    compiled: Mapping[str, Json] | None = None
    layers: tuple[LayerFacts, ...] = ()
    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()
    losses: Mapping[str, Json] = field(default_factory=dict)
    metrics: Mapping[str, Json] = field(default_factory=dict)
    states: Mapping[str, Json] = field(default_factory=dict)
    generators: Mapping[str, Json] = field(default_factory=dict)
    held: Mapping[str, Json] = field(default_factory=dict)
    trains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gone: Mapping[str, TensorFacts] = field(default_factory=dict)
    undecayed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    custom: tuple[str, ...] = ()
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remade: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    floatx: str = ""
    remarks: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> str:
        """The dtype policy of the notebook when the model was made; empty without layers.

        Keras records no policy of a graph model, which tells it therefore; without one the model itself does. Each
        layer in a module has its own in its config.
        """
        if self.kind == "module":
            return ""
        graphs = [layer.dtype for layer in self.layers if layer.class_name in _GRAPHS]
        return next(iter(graphs or [layer.dtype for layer in self.layers[:1]]), "")

    @property
    def parameters(self) -> int:
        """The number of elements of all weights."""
        return sum(math.prod(variable.shape) for variable in self.variables)

    def with_values(self, values: Mapping[str, Json]) -> ModelFacts:
        """Return the facts with long arguments of layers in place of their digests, as far as they are known."""
        return replace(
            self, layers=tuple(replace(layer, arguments=_with(values, layer.arguments)) for layer in self.layers)
        )

    @property
    def trainable(self) -> dict[str, bool]:
        """Whether each layer is trainable, by path; the model itself is ``.``."""
        named = {layer.path or ".": layer.trainable for layer in self.layers}
        return {path: found for path, found in named.items() if f"trainable.{path}" not in self.remarks}

    @property
    def builds(self) -> dict[str, Json]:
        """The `LayerFacts.build` of every layer that has one, by path."""
        return {layer.path: layer.build for layer in self.layers if layer.build}

    def to_json(self) -> dict[str, Json]:
        """Return the facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> ModelFacts:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The value is not such a record; `Manifest.from_json` makes an error of the tree from it.
        """
        return read_record(cls, value)


def precision(facts: ModelFacts) -> str:
    """Return the coarsest floating dtype that a model computes in."""
    return coarsest(*(layer.dtype for layer in facts.layers), *(variable.dtype for variable in facts.variables))


def coarsest(*dtypes: str) -> str:
    """Return the coarsest floating dtype of dtypes and dtype policies."""
    return next((dtype for dtype in ("bfloat16", "float16") if any(name.endswith(dtype) for name in dtypes)), "float32")


def _with(values: Mapping[str, Json], argument: Json) -> Json:
    if isinstance(argument, Mapping):
        return {key: _with(values, item) for key, item in argument.items()}
    if isinstance(argument, (list, tuple)):
        return [_with(values, item) for item in argument]
    return values.get(argument, argument) if isinstance(argument, str) else argument


def comparable(config: Json) -> Json:
    """Return a config without the modules of custom objects, which change by design when the model is reloaded."""
    if isinstance(config, dict):
        if "class_name" in config and "config" in config and not is_of_keras(config.get("module")):
            config = {key: item for key, item in config.items() if key not in {"module", "registered_name"}}
        return {key: comparable(item) for key, item in config.items()}
    return [comparable(item) for item in config] if isinstance(config, list) else config
