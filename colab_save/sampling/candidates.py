"""Make sample inputs that a model may accept, from its input specs and from the vocabularies of its layers.

`sampling` tries them on the live model, the likeliest first.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from colab_save.artifact.facts import TensorFacts
from colab_save.dialect import classes
from colab_save.model.walking import is_graph, walk_layers
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.sampling.seeding import SEED
from colab_save.types import Array, Model, Nested, Specs

if TYPE_CHECKING:
    from numpy.random import Generator

ROWS = 4
"""Rows of a derived sample: more than one, so that batch axes show (docs/losses.md §8)."""

FREE_SIZES = (8, 32, 224, 1, 512)
"""Sizes to try for an axis of free size: 8 is enough for sequences, deep convolutions and frames of sound need more."""

WORDS = ("the", "model", "came", "back", "as", "it", "was", "saved")


def candidates(model: Model, specs: Specs) -> Iterator[Nested]:
    """Yield sample inputs that a model may accept, the likeliest first.

    A subclassed model declares no dtypes: words are tried first when it has a layer that reads text, whole numbers
    when it has an embedding.
    """
    import numpy as np

    reading = _Reading.of(model)
    kinds = ["declared"] if reading.is_declared else reading.kinds
    for size, kind in itertools.product(FREE_SIZES, kinds):
        make = functools.partial(reading.make, size=size, kind=kind, random=np.random.default_rng(SEED))
        yield map_structure(make, specs)
        if not any(None in spec.shape[1:] for _, spec in leaves(specs)) and kind == kinds[-1]:
            return


class _Reading:
    """The kinds of values that the layers of a model read: words, whole numbers below a limit, or plain numbers."""

    def __init__(self, words: list[str], limit: int, *, is_declared: bool) -> None:
        self.words = words
        self.limit = limit
        self.is_declared = is_declared
        order = ["string"] if words else []
        order += ["int64"] if limit else []
        self.kinds = [*order, "declared", *(kind for kind in ("int64", "string") if kind not in order)]

    @classmethod
    def of(cls, model: Model) -> _Reading:
        if not isinstance(model, classes("Model")):
            return cls([], 0, is_declared=True)
        words: list[str] = []
        limits = []
        for _, layer in walk_layers(model):
            if hasattr(layer, "get_vocabulary") and not words:
                words = [str(word) for word in layer.get_vocabulary()[:64] if str(word).strip()] + ["unheard"]
            if isinstance(layer, classes("layers.Embedding")):
                limits.append(int(layer.input_dim))
            if isinstance(layer, classes("layers.CategoryEncoding")):
                limits.append(int(layer.num_tokens))
        return cls(words, min(limits, default=0), is_declared=is_graph(model))

    def make(self, spec: TensorFacts, size: int, kind: str, random: Generator) -> Array:
        """Make one array, never all zeros or ones, with rows that differ."""
        dtype = spec.dtype if kind == "declared" else kind
        rows = tuple(ROWS if axis is None else axis for axis in spec.shape[:1])
        shape = (*rows, *(size if axis is None else axis for axis in spec.shape[1:]))
        if dtype == "string":
            return self._text(shape, random)
        if dtype == "bool":
            return random.random(shape) < 0.5
        if dtype.startswith(("int", "uint")):
            return random.integers(0, self.limit or 10, shape).astype(dtype)
        return random.standard_normal(shape).astype(numpy_dtype(dtype))

    def _text(self, shape: tuple[int, ...], random: Generator) -> Array:
        import numpy as np

        words = self.words or list(WORDS)
        picked = random.choice(np.array(words, dtype=object), size=(*shape, 3))
        return np.array([" ".join(row) for row in picked.reshape(-1, 3)], dtype=object).reshape(shape)
