"""What a value is, for a collection: a model, an object of Keras, a variable, or an object of the user's own.

`dividing` and `joining` ask here. Nothing is imported: of a framework that is not loaded there is no object.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from colab_save.custom_code.origins import is_own_module
from colab_save.dialect import kind_of
from colab_save.errors import UnsupportedError


def is_model(value: object) -> bool:
    """Say whether a value is what one part is made of."""
    try:
        kind_of(value)
    except UnsupportedError:
        return False
    return True


def is_plain_object(value: object) -> bool:
    """Say whether a value is an object of the user's own, with attributes that may be models."""
    if isinstance(value, (type, FunctionType, ModuleType)) or not hasattr(value, "__dict__"):
        return False
    return is_own_module(type(value).__module__) and not is_model(value) and not is_layer(value)


def is_layer(value: object) -> bool:
    """Say whether a value is a layer of Keras, or a model."""
    return _is_a(value, "keras.layers", "Layer")


def is_optimizer(value: object) -> bool:
    """Say whether a value is an optimizer of Keras."""
    return _is_a(value, "keras.optimizers", "Optimizer")


def is_metric(value: object) -> bool:
    """Say whether a value is a metric of Keras."""
    return _is_a(value, "keras.metrics", "Metric")


def is_loss(value: object) -> bool:
    """Say whether a value is a loss of Keras."""
    return _is_a(value, "keras.losses", "Loss")


def is_configured(value: object) -> bool:
    """Say whether a value is an object of Keras that its config makes again: one of the above, or a schedule."""
    is_schedule = _is_a(value, "keras.optimizers.schedules", "LearningRateSchedule")
    return is_schedule or is_optimizer(value) or is_metric(value) or is_loss(value)


def maker_of(value: object) -> str:
    """Say whose variable a value is, ``keras`` or ``tensorflow``; empty for anything else."""
    if _is_a(value, "keras", "Variable"):
        return "keras"
    return "tensorflow" if _is_a(value, "tensorflow", "Variable") else ""


def is_tensor(value: object) -> bool:
    """Say whether a value is a tensor with a value."""
    return _is_a(value, "tensorflow", "Tensor") and hasattr(value, "numpy")


def _is_a(value: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)
