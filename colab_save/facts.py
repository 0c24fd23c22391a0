"""What a model *is*, comparably.

`examining` takes the facts of a live model (parent) and of a reloaded one (child); `compare` is pure.
Manifests keep the facts, so that a load months later is compared with the model that was saved.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from colab_save.records import read_record
from colab_save.round_trip import Aspect


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


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output: its name, its shape (``None`` = any size) and its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model is.

    Attributes:
        kind: ``keras`` for a Keras model, ``module`` for anything else made of TensorFlow functions.
        class_name: The class, with its module.
        variables: Every weight.
        optimizer: Every variable of the optimizer, by position and name.
        iterations: Optimizer steps taken; ``None`` without an optimizer.
        compiled: The compile arguments as Keras serialises them; ``None`` for a model that is not compiled.
        trainable: For every layer, by path, whether it is trainable.
        inputs: The inputs, where the model declares them.
        outputs: The outputs, likewise.
        compute_dtypes: The dtypes that the layers compute in, sorted.
        builds: For every built layer, by path, the shapes that it was built for (``get_build_config``).
        losses: For every loss object, by its place in ``compile(loss=…)``, its plain attributes: ``get_config`` drops
            some (LOSSES §4), and then both configs agree.
    """

    kind: str
    class_name: str
    variables: tuple[VariableFacts, ...] = ()
    optimizer: tuple[VariableFacts, ...] = ()
    iterations: int | None = None
    compiled: Mapping[str, Any] | None = None
    trainable: Mapping[str, bool] = field(default_factory=dict)
    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()
    compute_dtypes: tuple[str, ...] = ()
    builds: Mapping[str, Any] = field(default_factory=dict)
    losses: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Count the elements of all weights."""
        return sum(_size(variable.shape) for variable in self.variables)

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


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two models differ: where, and both values in words."""

    where: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.actual}"


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for dimension in shape:
        size *= dimension
    return size


def compare_weights(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Compare every weight by path and digest, and never by count."""
    return list(_compare_variables(expected.variables, actual.variables))


def compare_training(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Compare what training goes on from: compile arguments, optimizer, iterations, trainable map.

    An optimizer that has never stepped has no slot variables yet, while Keras creates them (zeros) when
    it loads: variables that only the reloaded optimizer has are therefore no difference.
    """
    found = list(_compare_maps("compile", expected.compiled, actual.compiled))
    found += _compare_maps("loss", expected.losses, actual.losses)
    if expected.iterations != actual.iterations:
        found.append(Difference("iterations", str(expected.iterations), str(actual.iterations)))
    known = {variable.path for variable in expected.optimizer}
    found += _compare_variables(expected.optimizer, tuple(item for item in actual.optimizer if item.path in known))
    found += _compare_maps("trainable", expected.trainable, actual.trainable)
    return found


COMPARISONS = {Aspect.WEIGHTS: compare_weights, Aspect.TRAINING: compare_training}


def compare(expected: ModelFacts, actual: ModelFacts) -> dict[Aspect, list[Difference]]:
    """Compare two models in every aspect that facts alone decide (outputs need the sample)."""
    return {aspect: function(expected, actual) for aspect, function in COMPARISONS.items()}


def _compare_variables(expected: tuple[VariableFacts, ...], actual: tuple[VariableFacts, ...]) -> Iterator[Difference]:
    wanted = {variable.path: variable for variable in expected}
    got = {variable.path: variable for variable in actual}
    for path in sorted(wanted.keys() | got.keys()):
        before, after = wanted.get(path), got.get(path)
        if before is None or after is None or (before.shape, before.dtype) != (after.shape, after.dtype):
            yield Difference(path, _describe(before), _describe(after))
        elif before.digest != after.digest:
            yield Difference(path, f"digest {before.digest[:12]}", f"digest {after.digest[:12]}")


def _describe(variable: VariableFacts | None) -> str:
    return "nothing" if variable is None else f"{variable.dtype} {list(variable.shape)}"


def _compare_maps(where: str, expected: Any, actual: Any) -> Iterator[Difference]:
    """Walk two JSON values and name each leaf that differs."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in sorted(expected.keys() | actual.keys(), key=str):
            yield from _compare_maps(f"{where}.{key}", expected.get(key), actual.get(key))
    elif isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        for index, (left, right) in enumerate(itertools.zip_longest(expected, actual)):
            yield from _compare_maps(f"{where}[{index}]", left, right)
    elif expected != actual and repr(expected) != repr(actual):  # NaN is not equal to itself
        yield Difference(where, _shorten(expected), _shorten(actual))


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
