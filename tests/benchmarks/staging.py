"""How long one `.keras` file takes to stage, and Keras's own to save, beside a raw write of the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.models import arrays_of, make_model
from tests.benchmarks.timing import rounds, seconds


def stage_models(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield both ratios for each model. Every file is new, and is written into the page cache: nothing is flushed."""
    from colab_save.artifact.sample import Sample
    from colab_save.formats.base import get_format

    plug, none = get_format("keras"), Sample(inputs=None, outputs=None, specs=None)
    for kind in ("dense", "resnet50"):
        model = make_model(kind, is_small=is_small)
        arrays = arrays_of(model)
        plug.save(model, Path(), none, plug.Options())  # what is imported at first is imported now
        for _ in rounds(is_small=is_small):
            for file in Path().glob("*"):
                file.unlink()
            write = seconds(write_raw, arrays)
            yield kind, seconds(plug.save, model, Path(), none, plug.Options()) / write
            yield f"{kind}_keras", seconds(model.save, "own.keras") / write


def write_raw(arrays: list[Any]) -> None:
    """Write arrays one after the other, as they lie in memory."""
    with Path("raw").open("wb", buffering=0) as file:
        file.writelines(arrays)
