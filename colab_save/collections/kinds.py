"""Find out what a value in a collection is: a model, an object of Keras, a variable or a tensor.

`splitting` and `joining` call it. It imports nothing, since a framework that is not loaded has no objects.
"""

from __future__ import annotations

from colab_save.dialect import KERAS, classes, kind_of, tensorflow_classes
from colab_save.errors import UnsupportedError

OPTIMIZERS = ("optimizers.Optimizer", "optimizers.legacy.Optimizer")
"""The classes of optimizers; tf_keras also has the legacy ones."""


def is_model(value: object) -> bool:
    """Return whether a value can be a part; metrics of tf_keras, which are layers, cannot."""
    if is_configured(value):
        return False
    try:
        kind_of(value)
    except UnsupportedError:
        return False
    return True


def is_layer(value: object) -> bool:
    """Return whether a value is a layer of Keras, or a model."""
    return isinstance(value, classes("layers.Layer"))


def is_optimizer(value: object) -> bool:
    """Return whether a value is an optimizer of Keras."""
    return isinstance(value, tuple(kind for name in OPTIMIZERS for kind in classes(name)))


def is_metric(value: object) -> bool:
    """Return whether a value is a metric of Keras."""
    return isinstance(value, classes("metrics.Metric"))


def is_loss(value: object) -> bool:
    """Return whether a value is a loss of Keras."""
    return isinstance(value, classes("losses.Loss"))


def is_configured(value: object) -> bool:
    """Return whether a value is an optimizer, metric, loss or schedule of Keras, which its config rebuilds."""
    is_schedule = isinstance(value, classes("optimizers.schedules.LearningRateSchedule"))
    return is_schedule or is_optimizer(value) or is_metric(value) or is_loss(value)


def maker_of(value: object) -> str:
    """Return whose variable a value is, ``keras`` or ``tensorflow``; empty for anything else."""
    if isinstance(value, classes("Variable")):
        return KERAS
    return "tensorflow" if isinstance(value, tensorflow_classes("Variable")) else ""


def is_tensor(value: object) -> bool:
    """Return whether a value is a tensor with known values."""
    return isinstance(value, tensorflow_classes("Tensor")) and hasattr(value, "numpy")
