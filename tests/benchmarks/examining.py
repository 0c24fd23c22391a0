"""How long a model is examined, digests included, and what memory that takes, beside SHA-256 of the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.memory import peak_of
from tests.benchmarks.models import arrays_of, dense, weight_of
from tests.benchmarks.timing import rounds, seconds

GB = 1e9


def examine_models(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Examine a large model, and one of 500 variables."""
    from colab_save.model.examining import examine

    large, layers = dense(8 if is_small else 8192, 4), dense(64, 5 if is_small else 250)
    arrays = arrays_of(large)
    for _ in rounds(is_small=is_small):
        alone, whole = seconds(digest, arrays), seconds(examine, large)
        yield "dense", whole / (weight_of(large) / GB)
        yield "dense_to_sha256", whole / alone
        yield "layers", 1000 * seconds(examine, layers) / len(layers.weights)
    yield "dense_memory", peak_of(examine, large) / weight_of(large)


def digest(arrays: list[Any]) -> list[str]:
    """Return the digests of arrays as they lie in memory."""
    return [hashlib.sha256(array).hexdigest() for array in arrays]
