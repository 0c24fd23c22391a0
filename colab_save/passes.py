"""Other forward passes than the one inference on the sample (LOSSES §8).

A branch under ``if training:`` and a decoder that ``call`` does not use may be lost while the plain prediction stays
the same. `sampling` finds which passes a model has, the round trip and `loading` repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TRAINING = "training=True"
"""The pass in training mode; every other is named after the sub-model that answers alone."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One more forward pass.

    Attributes:
        name: `TRAINING`, or the attribute that holds the sub-model.
        inputs: Nested arrays, in a manifest their structure; ``None`` for the sample's own.
        outputs: What the live model answered, likewise.
        is_random: It differs from itself also with fixed seeds.
    """

    name: str
    inputs: Any
    outputs: Any
    is_random: bool = False


def is_structure(value: Any) -> bool:
    """Say whether a value is the structure of nested arrays, as `sample.write_arrays` gives it."""
    match value:
        case None:
            return True
        case {"array": str(), "dtype": str()}:
            return len(value) == 2
        case {"list": list(items)} | {"tuple": list(items)}:
            return len(value) == 1 and all(map(is_structure, items))
        case {"dict": dict(items)}:
            return len(value) == 1 and all(map(is_structure, items.values()))
    return False
