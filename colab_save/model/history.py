"""Take from live models what their last training has measured; `saving` records it beside what the user gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.artifact.metrics import is_name, number_of


def metrics_of(models: Mapping[str, Any], given: Mapping[str, float]) -> dict[str, float]:
    """Give the last value of everything that the last training has recorded, and what was given.

    `fit` leaves its `History` in the model's attribute ``history``, public in Keras 2 and 3; it grows at the end of
    each epoch. Of several models each name has the part's before it.

    Args:
        models: The live models by the name of the part; a single model has the empty name.
        given: What the user has measured, which wins.
    """
    trained = {
        f"{part}/{name}".lstrip("/"): value for part, model in models.items() for name, value in _last_values(model)
    }
    return {**trained, **given}


def _last_values(model: Any) -> Iterator[tuple[str, float]]:
    """Give the last number of each list; an attribute of that name may be the user's own, and anything."""
    recorded = getattr(vars(model).get("history") if hasattr(model, "__dict__") else None, "history", None)
    for name, values in recorded.items() if isinstance(recorded, Mapping) else ():
        value = number_of(values[-1]) if is_name(name) and isinstance(values, list) and values else None
        if value is not None:
            yield name, value
