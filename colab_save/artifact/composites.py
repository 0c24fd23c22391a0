"""Sparse and ragged tensors as arrays: leaves of a sample's inputs that are recorded as they are.

`sampling.reading` makes them from what the user has, `sample` writes and reads them, and `sampling.running` makes the
tensors from them that a model is called with.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from colab_save.types import Array

MOST_ELEMENTS = 2**31
"""The most elements that a sparse tensor of an artifact may have when it is made dense: a layer may do that."""


@dataclass(frozen=True, slots=True, eq=False)
class Composite(ABC):
    """A tensor that is made of several arrays.

    Attributes:
        values: The values.
    """

    values: Array

    @property
    @abstractmethod
    def shape(self) -> tuple[int | None, ...]:
        """Return the sizes of the axes; ``None`` for one that varies."""

    @property
    @abstractmethod
    def arrays(self) -> dict[str, Any]:
        """Return the arrays by name, in nested lists."""

    @property
    def dtype(self) -> Any:
        """Return the dtype of the values."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    def astype(self, dtype: Any) -> Self:
        """Return it with values of another dtype."""
        return replace(self, values=self.values.astype(dtype))


@dataclass(frozen=True, slots=True, eq=False)
class Sparse(Composite):
    """A sparse tensor.

    Attributes:
        indices: The place of each value: an array of shape (values, axes), sorted by rows.
        sizes: The sizes of the axes when it is dense.
    """

    indices: Array
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no sparse tensor: TensorFlow does not look before it reads and writes memory."""
        import numpy as np

        is_table = self.indices.shape == (len(self.values), len(self.sizes)) and self.values.ndim == 1
        if not is_table or self.indices.dtype.kind != "i" or min(self.sizes, default=0) < 0:
            raise ValueError("a sparse tensor has indices of another shape")
        if math.prod(self.sizes) > MOST_ELEMENTS or not ((self.indices >= 0) & (self.indices < self.sizes)).all():
            raise ValueError("a sparse tensor has impossible sizes or indices")
        if len(self.values) and (np.diff(np.ravel_multi_index(tuple(self.indices.T), self.sizes)) < 0).any():
            raise ValueError("the indices of a sparse tensor are not sorted")

    @classmethod
    def of(cls, dense: Array) -> Self:
        """Make one with every second value of a dense array."""
        import numpy as np

        indices = np.argwhere(np.indices(dense.shape).sum(0) % 2 == 0)
        return cls(dense[tuple(indices.T)], indices, dense.shape)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Return the sizes of the axes."""
        return self.sizes

    @property
    def arrays(self) -> dict[str, Any]:
        """Return the arrays by name."""
        import numpy as np

        return {"values": self.values, "indices": self.indices, "sizes": np.array(self.sizes, "int64")}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Self:
        """Make one from `arrays` that come from anywhere.

        Raises:
            ValueError: They are no sparse tensor.
        """
        return cls(arrays["values"], arrays["indices"], tuple(map(int, arrays["sizes"])))


@dataclass(frozen=True, slots=True, eq=False)
class Ragged(Composite):
    """A ragged tensor.

    Attributes:
        splits: For each ragged axis, from the outermost on, where its rows begin in what is below, and where the last
            one ends.
    """

    splits: tuple[Array, ...]

    def __post_init__(self) -> None:
        """Refuse what is no ragged tensor: TensorFlow does not look before it reads memory."""
        import numpy as np

        if not self.splits:
            raise ValueError("a ragged tensor has no row splits")
        lengths = [*(len(split) - 1 for split in self.splits[1:]), len(self.values)]
        for split, length in zip(self.splits, lengths, strict=True):
            is_whole = split.ndim == 1 and split.dtype.kind == "i" and len(split) > 0
            if not is_whole or split[0] != 0 or split[-1] != length or (np.diff(split) < 0).any():
                raise ValueError("a ragged tensor has impossible row splits")

    @classmethod
    def of(cls, dense: Array) -> Self:
        """Make one from a dense array: each row is shorter than the one before, but never empty."""
        import numpy as np

        lengths = [max(1, dense.shape[1] - row) for row in range(len(dense))]
        rows = [row[:length] for row, length in zip(dense, lengths, strict=True)]
        return cls(np.concatenate(rows), (np.cumsum([0, *lengths]),))

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Return the sizes of the axes; ``None`` for a ragged one."""
        return (len(self.splits[0]) - 1, *(None for _ in self.splits), *self.values.shape[1:])

    @property
    def arrays(self) -> dict[str, Any]:
        """Return the arrays by name."""
        return {"values": self.values, "splits": list(self.splits)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Self:
        """Make one from `arrays` that come from anywhere.

        Raises:
            ValueError: They are no ragged tensor.
        """
        return cls(arrays["values"], tuple(arrays["splits"]))


COMPOSITES: Mapping[str, type[Sparse | Ragged]] = {"sparse": Sparse, "ragged": Ragged}
"""The kinds by the word that a structure has for them."""
