"""Make sample inputs that a model may accept, from its input specs and from the vocabularies of its layers.

`sampling` tries them on the live model, the likeliest first.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from colab_save.artifact.composites import Composite, Ragged, Sparse
from colab_save.artifact.facts import TensorFacts
from colab_save.dialect import classes
from colab_save.model.describing import vocabulary_of
from colab_save.model.walking import is_graph, walk_layers
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.sampling.seeding import SEED
from colab_save.sampling.specs import composite_inputs
from colab_save.taking import Taking
from colab_save.types import Array, Layer, Model, Nested, Specs

if TYPE_CHECKING:
    from numpy.random import Generator

ROWS = 4
"""Rows of a derived sample: more than one, so that batch axes show (docs/losses.md §8)."""

FREE_SIZES = (8, 32, 224, 1, 512)
"""Sizes to try for all free axes: 8 is enough for sequences, deep convolutions and frames of sound need more."""

LONG_SIZE = 2048
"""The last size to try, where each input has one free axis only: for a deep stack of dilated convolutions."""

RATIOS = (2, 4, 3)
"""How many times as long as the others a free axis is made, where axes may depend on each other."""

MOST_AXES = 4
"""Free axes that are made longer in every combination; of more, each is made longer alone."""

OTHER_ROWS = (1, 8, 16, 32)
"""Other numbers of rows, for a model that reshapes its batch."""

MOST_CANDIDATES = 64
"""The largest number of samples that are made for a model."""

WORDS = ("the", "model", "came", "back", "as", "it", "was", "saved")

Sizes = dict[str, tuple[int, ...]]
"""The size of each axis of each input, by its place."""


def candidates(model: Model, specs: Specs) -> Iterator[Nested]:
    """Yield sample inputs that a model may accept, the likeliest first, at most `MOST_CANDIDATES`.

    A subclassed model declares no dtypes: words are tried first when it has a layer that reads text, whole numbers
    when it has an embedding.
    """
    import numpy as np

    reading, composites = _Reading.of(model), composite_inputs(model)
    places = {id(spec): at for at, spec in leaves(specs)}
    for sizes, values in itertools.islice(_tries(specs, reading), MOST_CANDIDATES):
        make = functools.partial(reading.make, sizes=sizes, places=places, values=values)
        made = map_structure(functools.partial(make, random=np.random.default_rng(SEED)), specs)
        yield _composed(made, composites) if composites else made


def _composed(made: Nested, composites: Mapping[str, type[Sparse | Ragged]]) -> Nested:
    """Return a sample with sparse and ragged tensors where the model declares them."""
    places = {id(item): at for at, item in leaves(made)}

    def compose(item: Array) -> Array | Composite:
        kind = composites.get(places[id(item)])
        return item if kind is None else kind.of(item)

    return map_structure(compose, made)


@dataclass(frozen=True, slots=True)
class _Values:
    """What the values of a sample are like.

    Attributes:
        kind: Their dtype, or ``declared`` for that of the specs.
        are_fractions: Numbers lie in [0, 1), whole numbers are 0 or 1.
        are_shares: Numbers lie in [0, 1], and those of a row add up to 1.
        are_sorted: Numbers grow along the last axis.
        indices: The places of the inputs that are rows of another one by their number, whatever the kind.
    """

    kind: str
    are_fractions: bool = False
    are_shares: bool = False
    are_sorted: bool = False
    indices: tuple[str, ...] = ()

    def of(self, numbers: Array, *, is_whole: bool) -> Array:
        """Return numbers that are like this, made from any in [0, 1) or from whole ones."""
        import numpy as np

        if is_whole and (self.are_fractions or self.are_shares):
            numbers = numbers % 2
        elif self.are_shares:
            numbers = numbers / numbers.sum(-1, keepdims=True) if numbers.ndim > 1 else numbers
        return np.sort(numbers, -1) if self.are_sorted and numbers.ndim > 1 else numbers


def _tries(specs: Specs, reading: _Reading) -> Iterator[tuple[Sizes, _Values]]:
    """Yield sizes with kinds of values, the likeliest first."""
    kinds = [_Values(kind) for kind in reading.kinds]
    likely = kinds[0]
    fractions = replace(likely, are_fractions=True)
    others = [fractions, replace(fractions, are_sorted=True), replace(likely, are_shares=True)]
    others.append(replace(likely, are_sorted=True))
    others += [_Values("int64", are_fractions=True)] if "int64" in reading.kinds[1:] else []
    free = [(at, axis) for at, spec in leaves(specs) for axis in range(1, len(spec.shape)) if spec.shape[axis] is None]
    usual = [_sizes(specs, dict.fromkeys(free, size)) for size in (FREE_SIZES if free else FREE_SIZES[:1])]
    yield from itertools.product(usual[:1], kinds)
    yield from itertools.product(usual[:1], [*others, *(_indexing(specs) if len(kinds) > 1 else ())])
    yield from itertools.product(usual[1:], kinds)
    if free:
        yield from ((_sizes(specs, dict.fromkeys(free, ROWS)), values) for values in (likely, fractions))
    yield from ((_sizes(specs, longer), likely) for longer in _unequal(free))
    yield from itertools.product(usual[1:2], others)
    yield from ((_sizes(specs, dict.fromkeys(free, FREE_SIZES[0]), rows), likely) for rows in OTHER_ROWS)
    if free and len(free) == len({at for at, _ in free}):
        yield _sizes(specs, dict.fromkeys(free, LONG_SIZE)), likely


def _indexing(specs: Specs) -> Iterator[_Values]:
    """Yield values where some of several inputs of unknown dtype are indices, as the edges of a graph are."""
    places = [at for at, _ in leaves(specs)]
    some = range(1, len(places)) if len(places) <= MOST_AXES else ()
    for count in some:
        yield from (_Values("declared", indices=chosen) for chosen in itertools.combinations(places[::-1], count))


def _unequal(free: list[tuple[str, int]]) -> Iterator[dict[tuple[str, int], int]]:
    """Yield sizes where some of the free axes are longer than the others: by a ratio, or by one."""
    base = FREE_SIZES[0]
    some = range(1, len(free)) if len(free) <= MOST_AXES else (1,)
    for longer in (base * RATIOS[0], *(base * ratio for ratio in RATIOS[1:]), base + 1):
        for chosen in itertools.chain.from_iterable(itertools.combinations(free, count) for count in some):
            yield {axis: longer if axis in chosen else base for axis in free}


def _sizes(specs: Specs, free: dict[tuple[str, int], int], rows: int = ROWS) -> Sizes:
    """Return the sizes of all axes, with those of the free ones and a number of rows."""
    found = {}
    for at, spec in leaves(specs):
        sizes = {0: rows, **{axis: size for (where, axis), size in free.items() if where == at}}
        found[at] = tuple(sizes[axis] if size is None else size for axis, size in enumerate(spec.shape))
    return found


class _Reading:
    """The kinds of values that the layers of a model read: words, whole numbers below a limit, or plain numbers."""

    def __init__(self, words: list[str], limit: int, *, is_declared: bool) -> None:
        self.words = words
        self.limit = limit
        order = ["string"] if words else []
        order += ["int64"] if limit else []
        others = [*order, "declared", *(kind for kind in ("int64", "string") if kind not in order)]
        self.kinds = ["declared"] if is_declared else others

    @classmethod
    def of(cls, model: Model) -> _Reading:
        if not isinstance(model, classes("Model")):
            return cls([], 0, is_declared=True)
        take, words, limits = Taking().fact, list[str](), list[int]()
        for _, layer in walk_layers(model):
            words = words or take("words", functools.partial(_words, layer), [])
            limits += take("limits", functools.partial(_limits, layer), [])
        return cls(words, min(limits, default=0), is_declared=is_graph(model))

    def make(
        self, spec: TensorFacts, sizes: Sizes, places: dict[int, str], values: _Values, random: Generator
    ) -> Array:
        """Make one array, never all zeros or ones, with rows that differ."""
        at = places[id(spec)]
        dtype, shape = spec.dtype if values.kind == "declared" else values.kind, sizes[at]
        if at in values.indices:
            return random.integers(0, ROWS, shape)
        if dtype == "string":
            return self._text(shape, random)
        if dtype == "bool":
            return random.random(shape) < 0.5
        if dtype.startswith(("int", "uint")):
            return values.of(random.integers(0, self.limit or 10, shape), is_whole=True).astype(dtype)
        is_ranged = values.are_fractions or values.are_shares
        numbers = random.random(shape) if is_ranged else random.standard_normal(shape)
        return values.of(numbers, is_whole=False).astype(numpy_dtype(dtype))

    def _text(self, shape: tuple[int, ...], random: Generator) -> Array:
        import numpy as np

        words = self.words or list(WORDS)
        picked = random.choice(np.array(words, dtype=object), size=(*shape, 3))
        return np.array([" ".join(row) for row in picked.reshape(-1, 3)], dtype=object).reshape(shape)


def _words(layer: Layer) -> list[str]:
    """Return some words of a layer's vocabulary, and one that is not in it; none for a layer without one."""
    words = vocabulary_of(layer)
    return [] if words is None else [*filter(str.strip, words[:64]), "unheard"]


def _limits(layer: Layer) -> list[int]:
    """Return the number that the whole numbers of a layer's inputs must be below, if there is one."""
    if isinstance(layer, classes("layers.Embedding")):
        return [int(layer.input_dim)]
    return [int(layer.num_tokens)] if isinstance(layer, classes("layers.CategoryEncoding")) else []
