"""Read the metrics of a model's last training; ``saving/describing.py`` records them with those that the user gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from colab_save.artifact.metrics import is_name, number_of
from colab_save.types import Model


def metrics_of(models: Mapping[str, Model], given: Mapping[str, float]) -> dict[str, float]:
    """Return the last value of every metric that the last training recorded, and the metrics that the user gives.

    `fit` leaves its `History` in the model's attribute ``history``, which is public in Keras 2 and 3 and grows at the
    end of each epoch. In a collection the name of the part precedes that of the metric.

    Args:
        models: The live models by the name of the part; a single model has the empty name.
        given: Metrics that the user gives; they take precedence.
    """
    trained = {
        f"{part}/{name}".lstrip("/"): value for part, model in models.items() for name, value in _last_values(model)
    }
    return {**trained, **given}


def _last_values(model: Model) -> Iterator[tuple[str, float]]:
    """Yield the last number of each list; the attribute may be the user's and hold anything."""
    recorded = getattr(vars(model).get("history") if hasattr(model, "__dict__") else None, "history", None)
    for name, values in recorded.items() if isinstance(recorded, Mapping) else ():
        value = number_of(values[-1]) if is_name(name) and isinstance(values, list) and values else None
        if value is not None:
            yield name, value
