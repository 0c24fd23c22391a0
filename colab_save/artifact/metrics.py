"""Metrics of a model: numbers by name, and which of two values is better.

`request` checks the metrics of the user, manifests record them, and `versions.pruning` and `reports.listing` find the
best version with them.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import SupportsFloat

from colab_save.errors import RequestError
from colab_save.hints import literal

LONGEST = 100
"""Most letters of a metric's name."""

SHOWN = 6
"""How many metrics are shown; those of validation data come first."""

_FALLING = re.compile(r"loss|error|entropy|divergence|perplexity|hinge|deviance|distance|false_")
_FALLING_WORDS = {"mae", "mse", "mape", "msle", "rmse", "rmsle", "nll", "bce", "kld", "ppl", "wer", "cer", "fid"}
_SIGN = {"min": False, "max": True}


@dataclass(frozen=True, slots=True)
class Best:
    """A metric, and whether to maximise it.

    Attributes:
        metric: Its name.
        is_rising: Whether a higher value is better.
    """

    metric: str
    is_rising: bool

    @classmethod
    def parse(cls, text: str) -> Best:
        """Parse ``val_loss``, ``min:val_loss`` or ``max:score``.

        Without a prefix, a metric whose name contains loss, error, mae, mse or a similar word is minimised; all others
        are maximised.
        """
        sign, colon, metric = text.partition(":")
        if colon and sign in _SIGN:
            return cls(metric, _SIGN[sign])
        words = re.findall(r"[a-z]+", text.lower())
        return cls(text, not (_FALLING.search(text.lower()) or _FALLING_WORDS.intersection(words)))

    def rank(self, metrics: Mapping[str, float]) -> tuple[bool, float]:
        """Return a sort key that is highest for the best value; a missing metric or NaN comes last."""
        value = metrics.get(self.metric, math.nan)
        if value != value:  # a JSON integer may be too large for `math.isnan`
            return (False, 0)
        return (True, value if self.is_rising else -value)


def check_metrics(value: object) -> dict[str, float]:
    """Return metrics as plain numbers by name.

    Args:
        value: A mapping; its values may also be numbers of NumPy or TensorFlow.

    Raises:
        RequestError: It is not a mapping of names to numbers.
    """
    if not isinstance(value, Mapping):
        raise RequestError(
            f"metrics must be a dict of names and numbers, not {literal(repr(value))}.",
            "Pass a dict such as {'accuracy': 0.93}.",
        )
    for name in value:
        if not is_name(name):
            raise RequestError(
                f"{literal(repr(str(name)[:40]))} cannot be the name of a metric.",
                f"Use printable text of at most {LONGEST} letters, such as val_accuracy.",
            )
    return {name: _checked(name, item) for name, item in value.items()}


def is_name(name: object) -> bool:
    """Return whether a metric can have this name."""
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= LONGEST


def _checked(name: str, value: object) -> float:
    number = number_of(value)
    if number is None:
        raise RequestError(
            f"The metric {literal(name)} must be a number, not {literal(repr(str(value)[:60]))}.",
            f"Pass a number, such as {literal(name)}=0.93.",
        )
    return number


def number_of(value: object) -> float | None:
    """Return a number as a float; ``None`` for anything that is not a single number."""
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):  # an array of several, a tensor of text, 10**400
        return None


def metrics_in_words(metrics: Mapping[str, float], most: int = SHOWN) -> str:
    """Return metrics on one line.

    Args:
        metrics: Numbers by name, perhaps from an untrusted manifest.
        most: How many to show; the others are counted.
    """
    names = sorted(metrics, key=lambda name: (not name.startswith("val_"), name))
    shown = [f"{name[:LONGEST]} {_rounded(metrics[name])}" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def _rounded(value: float) -> str:
    """Return a number with four digits; a JSON integer may be larger than any float."""
    if abs(value) > sys.float_info.max:
        return "∞" if value > 0 else "-∞"
    return f"{value:.4g}"
