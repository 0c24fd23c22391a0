"""The models that are measured with. Each has a small twin, for a run that is about correctness only."""

from __future__ import annotations

from typing import Any


def make_model(name: str, *, is_small: bool) -> Any:
    """Make one of the models of a session: ``demo``, ``dense`` or ``resnet50``."""
    import keras

    if name == "demo":
        from colab_save.frontends.demo import load_digits, train

        return train(load_digits())
    if name == "dense":
        return dense(8 if is_small else 2500, 4)
    if is_small:
        return keras.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)
    return keras.applications.ResNet50(weights=None)


def dense(units: int, layers: int, *, use_bias: bool = True) -> Any:
    """Make a model of equal dense layers, uncompiled."""
    import keras

    stack = [keras.layers.Dense(units, use_bias=use_bias) for _ in range(layers)]
    return keras.Sequential([keras.Input((units,)), *stack])


def arrays_of(model: Any) -> list[Any]:
    """Return the weights of a model as arrays."""
    import numpy as np

    return [np.asarray(variable.numpy()) for variable in model.weights]


def weight_of(model: Any) -> int:
    """Return the bytes of a model's weights."""
    return sum(array.nbytes for array in arrays_of(model))
