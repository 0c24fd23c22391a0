"""What a value is, for a collection: a model, an object of Keras, a variable or a tensor.

`splitting` and `joining` ask here. Nothing is imported: of a framework that is not loaded there is no object.
"""

from __future__ import annotations

from colab_save.dialect import KERAS, classes, kind_of, tensorflow_classes
from colab_save.errors import UnsupportedError

OPTIMIZERS = ("optimizers.Optimizer", "optimizers.legacy.Optimizer")
"""The classes of optimizers; tf_keras has kept those that it had before."""


def is_model(value: object) -> bool:
    """Say whether a value is what one part is made of; tf_keras makes its metrics of layers."""
    if is_configured(value):
        return False
    try:
        kind_of(value)
    except UnsupportedError:
        return False
    return True


def is_layer(value: object) -> bool:
    """Say whether a value is a layer of Keras, or a model."""
    return isinstance(value, classes("layers.Layer"))


def is_optimizer(value: object) -> bool:
    """Say whether a value is an optimizer of Keras."""
    return isinstance(value, tuple(kind for name in OPTIMIZERS for kind in classes(name)))


def is_metric(value: object) -> bool:
    """Say whether a value is a metric of Keras."""
    return isinstance(value, classes("metrics.Metric"))


def is_loss(value: object) -> bool:
    """Say whether a value is a loss of Keras."""
    return isinstance(value, classes("losses.Loss"))


def is_configured(value: object) -> bool:
    """Say whether a value is an object of Keras that its config makes again: one of the above, or a schedule."""
    is_schedule = isinstance(value, classes("optimizers.schedules.LearningRateSchedule"))
    return is_schedule or is_optimizer(value) or is_metric(value) or is_loss(value)


def maker_of(value: object) -> str:
    """Say whose variable a value is, ``keras`` or ``tensorflow``; empty for anything else."""
    if isinstance(value, classes("Variable")):
        return KERAS
    return "tensorflow" if isinstance(value, tensorflow_classes("Variable")) else ""


def is_tensor(value: object) -> bool:
    """Say whether a value is a tensor with a value."""
    return isinstance(value, tensorflow_classes("Tensor")) and hasattr(value, "numpy")
