"""Rebuild a model in the precision in which it was made, whatever the notebook's settings are.

The fresh process and `loading` load models under `made_in`. A file records the dtype policies of its layers. It does
not record those of layers that ``__init__`` makes, of a functional model itself, or of the variables of an optimizer;
Keras takes these from its global policy and ``floatx`` (docs/losses.md §5; Keras 3.13.2 and 3.15.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from colab_save.dialect import KERAS, import_dialect, plain_policy


@contextmanager
def made_in(policy: str, floatx: str = "", dialect: str = KERAS) -> Iterator[None]:
    """Make Keras create layers, optimizers and metrics in a precision; restore the notebook's settings afterwards.

    Args:
        policy: A dtype policy; if it derives from no plain one, nothing changes.
        floatx: Keras's ``floatx``; default: ``float64`` under that policy, else ``float32``.
        dialect: The Keras to set; both have these settings under the same names.
    """
    policy = plain_policy(policy)
    floatx = floatx or ("float64" if policy == "float64" else "float32")
    if not policy:
        yield
        return
    keras: Any = import_dialect(dialect)
    own_policy, own_floatx = keras.mixed_precision.global_policy(), keras.backend.floatx()
    keras.mixed_precision.set_global_policy(policy)
    keras.backend.set_floatx(floatx)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(own_policy)
        keras.backend.set_floatx(own_floatx)
