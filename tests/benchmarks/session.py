"""A session with a model: its first proven save, later ones and loads, beside what Keras does in the same process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.models import make_model
from tests.benchmarks.timing import rounds, seconds

NAME = "model"


def run_session(kind: str, *, is_small: bool) -> Iterator[tuple[str, float]]:
    """Save and load a model as its user does, and as Keras does.

    The process is new, and nothing that it could share with other processes is there before its first save.

    Args:
        kind: Which model; see `make_model`.
        is_small: Whether to take its small twin, once.

    Yields:
        The names in `measures.SESSION`, with their values.
    """
    import keras

    import colab_save

    model = make_model(kind, is_small=is_small)
    yield "first", (first := seconds(save, model, NAME))
    yield "files", sum(path.is_file() for path in Path("models").rglob("*"))
    for number in rounds(is_small=is_small):
        keras_save = seconds(model.save, "own.keras")
        keras_load = seconds(keras.saving.load_model, "own.keras")
        began = time.perf_counter()
        report = save(model, NAME)
        again, proof = time.perf_counter() - began, report.seconds["verify"]
        load = seconds(colab_save.load_model, NAME)
        new = seconds(save, model, f"{NAME}_{number}")
        both = keras_save + keras_load
        if number == 0:
            yield from {"second": again, "second_to_first": again / first, "first_to_keras": first / both}.items()
        yield from {"again_to_keras": again / both, "new_to_keras": new / both, "keras": both}.items()
        yield from {"load": load, "load_to_keras": load / keras_load, "proof_to_keras": proof / keras_load}.items()


def save(model: Any, name: str) -> Any:
    """Save a model in ``./models``, and return the report; what is not proven is not measured."""
    import colab_save

    report = colab_save.save_model(model, name)
    assert report.outcome == "PASSED", report
    return report
