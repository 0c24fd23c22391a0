"""Histograms of arrays: bars of equal width, range, mean, and the number of values that are not finite.

`viewing.weights` makes one for each weight; `bars` draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from colab_save.types import Array

BINS = 24
"""Bars of a histogram: as many as can be told apart in the width of a table's cell."""

BLOCK = 1 << 20
"""Values that are counted at a time, so that an array is never copied as a whole."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """The distribution of the values of one array.

    Attributes:
        counts: The number of values in each bar, lowest first; one bar if all values are equal, none if there are
            none.
        low: The smallest finite value.
        high: The largest finite value.
        mean: The mean of the finite values.
        nans: The number of values that are NaN.
        infinite: The number of values that are plus or minus infinity.
    """

    counts: tuple[int, ...] = ()
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    nans: int = 0
    infinite: int = 0

    @property
    def edges(self) -> tuple[float, ...]:
        """Return where each bar begins, and where the last one ends."""
        shares = (number / len(self.counts) for number in range(1, len(self.counts)))
        inner = (self.low * (1 - share) + self.high * share for share in shares)
        return (self.low, *inner, self.high) if self.counts else ()


def histogram_of(values: Array) -> Histogram:
    """Return the histogram of an array of real numbers.

    Args:
        values: A NumPy array of any shape and any real dtype, also one of ml_dtypes.
    """
    import numpy as np

    # Converting a signalling NaN warns, and rounding takes the mean of the largest floats out of range.
    with np.errstate(invalid="ignore", over="ignore"):
        return _histogram_of(values)


def _histogram_of(values: Array) -> Histogram:
    import numpy as np

    low, high, total, finite, nans = math.inf, -math.inf, 0.0, 0, 0
    for block in _blocks(values):
        nans += int(np.isnan(block).sum())
        numbers = block[np.isfinite(block)]
        if numbers.size:
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
            total, finite = total + float((numbers / values.size).sum()), finite + numbers.size
    infinite = values.size - nans - finite
    if not finite:
        return Histogram(nans=nans, infinite=infinite)
    mean = min(max(total * (values.size / finite), low), high)
    return Histogram(_count(values, low, high, finite), low, high, mean, nans, infinite)


def _count(values: Array, low: float, high: float, finite: int) -> tuple[int, ...]:
    """Count the values of each bar; with halves, since the whole range may be too large for a float."""
    import numpy as np

    half = high / 2 - low / 2
    if half == 0:
        return (finite,)
    counts = np.zeros(BINS, np.int64)
    for block in _blocks(values):
        numbers = block[np.isfinite(block)]
        places = (numbers / 2 - low / 2) / half * BINS
        counts += np.bincount(np.minimum(places.astype(np.int64), BINS - 1), minlength=BINS)
    return tuple(counts.tolist())


def _blocks(values: Array) -> Iterator[Array]:
    """Yield the values in blocks, as float64."""
    flat = values.reshape(-1)
    return (flat[start : start + BLOCK].astype("float64") for start in range(0, flat.size, BLOCK))
