"""What was measured of a model: numbers by name, and which of two is the better one.

`request` checks what the user gives, `manifest` keeps it, `pruning` and the lists ask which version is the best.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import SupportsFloat

from colab_save.errors import RequestError

LONGEST = 100
"""Letters of a metric's name."""

SHOWN = 6
"""Metrics that are shown; what was measured on validation data comes first."""

_FALLING = re.compile(r"loss|error|entropy|divergence|perplexity|hinge|deviance|distance|false_")
_FALLING_WORDS = {"mae", "mse", "mape", "msle", "rmse", "rmsle", "nll", "bce", "kld", "ppl", "wer", "cer", "fid"}
_SIGN = {"min": False, "max": True}


@dataclass(frozen=True, slots=True)
class Best:
    """A metric, and whether more of it is better.

    Attributes:
        metric: Its name.
        is_rising: A higher value is the better one.
    """

    metric: str
    is_rising: bool

    @classmethod
    def parse(cls, text: str) -> Best:
        """Read ``val_loss``, ``min:val_loss`` or ``max:score``.

        Without a prefix lower is better for what sounds like an error: ``loss``, ``error``, ``mae``, ``mse``.
        """
        sign, colon, metric = text.partition(":")
        if colon and sign in _SIGN:
            return cls(metric, _SIGN[sign])
        words = re.findall(r"[a-z]+", text.lower())
        return cls(text, not (_FALLING.search(text.lower()) or _FALLING_WORDS.intersection(words)))

    def rank(self, metrics: Mapping[str, float]) -> tuple[bool, float]:
        """Give what grows with how good something is; without the metric, or with no number, it is the worst."""
        value = metrics.get(self.metric, math.nan)
        if value != value:  # a whole number of JSON may be too large for `math.isnan`
            return (False, 0)
        return (True, value if self.is_rising else -value)


def check_metrics(value: object) -> dict[str, float]:
    """Give metrics as plain numbers by name.

    Args:
        value: A mapping; NumPy's and TensorFlow's numbers are numbers too.

    Raises:
        RequestError: Names what is none.
    """
    if not isinstance(value, Mapping):
        raise RequestError(f"metrics is {value!r}.", "Give a dict of names and numbers, such as {'accuracy': 0.93}.")
    for name in value:
        if not is_name(name):
            raise RequestError(f"{str(name)[:40]!r} cannot name a metric.", "Give a name such as val_accuracy.")
    return {name: _checked(name, item) for name, item in value.items()}


def is_name(name: object) -> bool:
    """Say whether a metric can have this name."""
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= LONGEST


def _checked(name: str, value: object) -> float:
    number = number_of(value)
    if number is None:
        raise RequestError(
            f"The metric {name} is {str(value)[:60]!r}, which is no number.", f"Give one, such as {name}=0.93."
        )
    return number


def number_of(value: object) -> float | None:
    """Give a number as a plain one; ``None`` for what is no single number."""
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):  # an array of several, a tensor of text, 10**400
        return None


def metrics_in_words(metrics: Mapping[str, float], most: int = SHOWN) -> str:
    """Say what was measured, on one line.

    Args:
        metrics: Numbers by name; they may come from anywhere.
        most: How many are named; the others are counted.
    """
    names = sorted(metrics, key=lambda name: (not name.startswith("val_"), name))
    said = [f"{name[:LONGEST]} {_rounded(metrics[name])}" for name in names[:most]]
    return ", ".join(said) + (f" and {len(names) - most} more" if len(names) > most else "")


def _rounded(value: float) -> str:
    """Give four digits; a whole number of JSON may be larger than any float."""
    if abs(value) > sys.float_info.max:
        return "∞" if value > 0 else "-∞"
    return f"{value:.4g}"
