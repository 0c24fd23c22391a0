"""Compare two sets of outputs for the same sample, within tolerances by dtype; pure.

`verdicts` turns the differences into a verdict.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence

from colab_save.artifact.round_trip import OutputError
from colab_save.nested import leaves
from colab_save.types import Array, Nested

TOLERANCES = {"float64": 1e-7, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
"""Relative tolerance by the coarsest floating dtype involved; integers, booleans and strings must be equal.

Two processes on the same CPU agree within a few units in the last place; a GPU that rounds convolutions to TF32 or sums
in another order needs these.
"""


def compare_outputs(
    expected: Nested, actual: Nested, rtol: float | None, atol: float | None, precision: str = "float32"
) -> tuple[list[OutputError], list[str]]:
    """Compare two sets of outputs for the same sample.

    Args:
        expected: Nested arrays, from the live model.
        actual: Nested arrays, from the reloaded one.
        rtol: Relative tolerance; ``None`` = by dtype, see `TOLERANCES`.
        atol: Absolute tolerance; ``None`` = a tenth of the relative one.
        precision: The coarsest dtype that the model computes in (``float16`` under a mixed policy).

    Returns:
        The largest error of each output, and in words each output that differs by more than the tolerance.
    """
    wanted, got = dict(leaves(expected)), dict(leaves(actual))
    errors: list[OutputError] = []
    found = [f"output{where} is missing" for where in wanted.keys() - got.keys()]
    found += [f"output{where} was not there before" for where in got.keys() - wanted.keys()]
    for where in wanted.keys() & got.keys():
        error, difference = _compare_arrays(f"output{where}", wanted[where], got[where], rtol, atol, precision)
        errors += [error] if error else []
        found += [difference] if difference else []
    return sorted(errors, key=lambda error: error.name), sorted(found)


class Cause(enum.IntEnum):
    """What makes two outputs of equal models differ; a higher one outweighs a lower one."""

    ROUNDING = 0
    """The model turns tiny differences of its weights and inputs into differences as large as these."""

    UNDECIDED = 1
    """It turns them into so large ones that a comparison decides nothing."""

    LOSS = 2
    """Neither."""


MULTIPLE, DECIDING = 16, 0.01
"""A difference of rounding is at most this multiple of what a move by one part in a million causes; one that causes
more than this share of the range of an output leaves it undecided."""


def cause_of(expected: Nested, actual: Nested, moved: Sequence[Nested]) -> Cause:
    """Return why the outputs of two models with equal weights differ; pure.

    Args:
        expected: Nested arrays, from the live model.
        actual: Nested arrays, from the reloaded one.
        moved: Those of the model reloaded once more: unmoved, then after moves of its weights and inputs by about one
            part in a million.
    """
    wanted, got, others = dict(leaves(expected)), dict(leaves(actual)), [dict(leaves(tree)) for tree in moved]
    if wanted.keys() != got.keys() or any(other.keys() != got.keys() for other in others):
        return Cause.LOSS
    return max(
        (_cause_of_one(wanted[at], got[at], [other[at] for other in others]) for at in wanted), default=Cause.LOSS
    )


def _cause_of_one(expected: Array, actual: Array, moved: list[Array]) -> Cause:
    import numpy as np

    if any((item.shape, item.dtype) != (actual.shape, actual.dtype) for item in (expected, *moved)):
        return Cause.LOSS
    if expected.dtype.kind not in "fcV":  # a class that is as likely as another
        unsure = np.any([item != moved[0] for item in moved], axis=0)
        return Cause.ROUNDING if bool(np.all((expected == actual) | unsure)) else Cause.LOSS
    wide = "complex128" if expected.dtype.kind == "c" else "float64"
    with np.errstate(invalid="ignore", over="ignore"):
        before, after = expected.astype(wide), actual.astype(wide)
        gap = _largest(np.abs(before - after))
        moves = max(_largest(np.abs(item.astype(wide) - moved[0].astype(wide))) for item in moved)
        span = _largest(np.abs(after - after.flat[0])) if after.size else 0.0
    if not math.isfinite(gap + moves):
        return Cause.ROUNDING if np.array_equal(before, after, equal_nan=True) else Cause.LOSS
    if gap and moves > DECIDING * span:
        return Cause.UNDECIDED
    return Cause.ROUNDING if gap <= MULTIPLE * moves else Cause.LOSS


def compare_shapes(expected: Nested, actual: Nested) -> list[str]:
    """Compare structure, shapes and dtypes only, as for a model whose outputs are random."""
    described = [
        {where: f"{item.dtype.name} {list(item.shape)}" for where, item in leaves(tree)} for tree in (expected, actual)
    ]
    places = sorted(described[0].keys() | described[1].keys())
    return [
        f"output{where} is {described[1].get(where, 'missing')}, expected {described[0].get(where, 'nothing')}"
        for where in places
        if described[0].get(where) != described[1].get(where)
    ]


def _compare_arrays(
    name: str, expected: Array, actual: Array, rtol: float | None, atol: float | None, precision: str
) -> tuple[OutputError | None, str]:
    import numpy as np

    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return None, (
            f"{name} is {actual.dtype.name} {list(actual.shape)}, expected {expected.dtype.name} {list(expected.shape)}"
        )
    if expected.dtype.kind not in "fcV":  # whole numbers, booleans, strings
        different = int(np.sum(expected != actual))
        return OutputError(name, float(different > 0), float(different > 0)), (
            f"{different} of {expected.size} values of {name} differ" if different else ""
        )
    relative = _tolerance(expected.dtype.name, precision) if rtol is None else rtol
    absolute = relative / 10 if atol is None else atol
    wide = "complex128" if expected.dtype.kind == "c" else "float64"
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        before, after = expected.astype(wide), actual.astype(wide)
        same = (before == after) | (np.isnan(before) & np.isnan(after))
        gaps = np.where(same, 0.0, np.abs(after - before))
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        ratios = np.where(same, 0.0, gaps / np.abs(before))
        bad = ~same & ~(np.isfinite(gaps) & (gaps <= absolute + relative * np.abs(before)))
    error = OutputError(name, _largest(gaps), _largest(ratios))
    if not bad.any():
        return error, ""
    first = tuple(int(index) for index in np.argwhere(bad)[0])
    return error, (
        f"{int(bad.sum())} of {bad.size} values of {name} differ, by up to {error.absolute:.3g}; "
        f"first at {list(first)}: expected {before[first]:.6g}, got {after[first]:.6g}"
    )


def _tolerance(dtype: str, precision: str) -> float:
    own = TOLERANCES.get(dtype, TOLERANCES["float32"])
    return own if dtype == "float64" else max(own, TOLERANCES.get(precision, 0.0))


def _largest(values: Array) -> float:
    largest = float(values.max()) if values.size else 0.0
    return largest if math.isfinite(largest) else math.inf
