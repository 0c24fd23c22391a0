"""Note the layers of a model that compute on another device than the CPU, though they are asked to run there.

TensorFlow leaves an operation without a kernel for the CPU on its device, as cuDNN's recurrent layers on a GPU. Such
answers may be rounded otherwise than the fresh process rounds, and the report says where. `sampling` notes it while the
live model runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from colab_save.dialect import dialect_of
from colab_save.model.walking import walk_layers
from colab_save.nested import leaves
from colab_save.sampling.running import REFERENCE_DEVICE, calls_wrapped
from colab_save.types import Model


@contextmanager
def devices_noted(model: Model) -> Iterator[dict[str, str]]:
    """Note where the layers of a Keras model compute within the context; nothing where there is one device only.

    Yields:
        The devices, such as ``GPU:0``, of the layers whose outputs lie there, by path.
    """
    import tensorflow as tf

    noted: dict[str, str] = {}
    is_alone = not dialect_of(model) or len(tf.config.list_logical_devices()) == 1
    layers = [] if is_alone else [*walk_layers(model)]
    with calls_wrapped(layers, lambda path, layer: _noting(layer.call, path, noted)) if layers else nullcontext():
        yield noted


def _noting(call: Callable[..., Any], path: str, noted: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(call)
    def noting(*inputs: Any, **named: Any) -> Any:
        outputs = call(*inputs, **named)
        devices = {str(getattr(item, "device", "") or "").rpartition("device:")[2] for _, item in leaves(outputs)}
        is_around = bool(noted) if not path else any(other.startswith(f"{path}/") for other in noted)
        if (elsewhere := devices - {"", REFERENCE_DEVICE}) and not is_around:  # a layer is told, not all around it
            noted[path] = min(elsewhere)
        return outputs

    return noting
