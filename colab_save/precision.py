"""In which precision a model is rebuilt: as it was made, whatever the notebook's own settings are.

The fresh process and `loading` load under `made_in`. A file records the dtype policies of its layers, and not those of
layers that a model's ``__init__`` makes, of a functional model itself, nor of what ``compile`` adds to an optimizer:
all of these come out of Keras's global policy and ``floatx`` (LOSSES §5; Keras 3.13.2 and 3.15.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from colab_save.dialect import KERAS, import_dialect

POLICY = re.compile(r"(mixed_b?float16|b?float16|float32|float64)$")
"""The policies that a model can be made under, also at the end of those that it has got since: ``int8_from_float32``,
``map_mixed_float16``."""


def plain_policy(name: str) -> str:
    """Give the policy under which a model with this one was made; empty for what is none."""
    found = POLICY.search(name)
    return found[1] if found else ""


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
