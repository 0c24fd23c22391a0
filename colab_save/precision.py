"""In which precision a model is rebuilt: as it was made, whatever the notebook's own settings are.

The fresh process and `loading` load under `made_in`. A file records the dtype policies of its layers, and not those of
layers that a model's ``__init__`` makes, of a functional model itself, nor of what ``compile`` adds to an optimizer:
all of these come out of Keras's global policy and ``floatx`` (LOSSES §5; Keras 3.13.2 and 3.15.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from colab_save.dialect import KERAS, import_dialect, plain_policy


@contextmanager
def made_in(policy: str, floatx: str = "", dialect: str = KERAS) -> Iterator[None]:
    """Have Keras make layers, optimizers and metrics in a precision, and give the notebook its own settings back.

    Args:
        policy: A dtype policy; one that is none of Keras's plain ones changes nothing.
        floatx: Keras's ``floatx``; default: the dtype of variables under that policy, as far as it can be told.
        dialect: The Keras that makes them; both have these settings under the same names.
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
