"""The choices of the panel in words: the models of a notebook, the purposes, the formats.

What a format holds and needs comes from the table of formats; the size is an estimate from the live model.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from types import SimpleNamespace

from colab_save.artifact.round_trip import Aspect
from colab_save.dialect import size_of
from colab_save.format_table import FORMATS, TRAINING, purposes
from colab_save.quantities import count_in_words, size_in_words
from colab_save.request.request import AUTO
from colab_save.types import Model

WORDS = {
    TRAINING: "Go on training",
    "serving": "Serve it",
    "mobile": "Put it on a phone",
    "exchange": "Exchange it",
}
"""What the user wants to do, by purpose; a purpose that is not here is shown by its name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a live model without running it.

    Attributes:
        kind: Its class.
        parameters: The number of elements of all its variables.
        weights: The bytes of its variables.
        optimizer: The bytes of its optimizer's variables.
    """

    kind: str
    parameters: int
    weights: int
    optimizer: int

    def __str__(self) -> str:
        if not self.parameters:
            return f"{self.kind}, no weights yet"
        return f"{self.kind}, {count_in_words(self.parameters, 'parameter')}, {size_in_words(self.weights)}"


def offer_of(model: Model) -> Offer:
    """Describe a live model."""
    variables = getattr(model, "variables", ())
    parameters = sum(math.prod(variable.shape) for variable in variables)
    optimizer = getattr(getattr(model, "optimizer", None), "variables", ())
    weights, trained = (size_of(SimpleNamespace(variables=found)) for found in (variables, optimizer))
    return Offer(type(model).__name__, parameters, weights, trained)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a format means for a model, in words: what it holds and drops, which packages it needs, its size."""

    holds: str
    drops: str
    needs: str
    size: str

    def __str__(self) -> str:
        dropped = f"drops {self.drops}" if self.drops else "drops nothing"
        needed = f"needs {self.needs}" if self.needs else "needs no other package"
        return f"holds {self.holds}; {dropped}; {needed}; {self.size}"


def terms_of(name: str, offer: Offer | None) -> Terms:
    """Return what a format means for a model.

    Args:
        name: The format.
        offer: The model, if there is one.
    """
    record = FORMATS[name]
    size = (offer.weights + offer.optimizer * (Aspect.TRAINING in record.holds)) if offer else 0
    missing = [package for package in record.requires if importlib.util.find_spec(package) is None]
    needs = ", ".join(record.requires) + (" (not installed yet)" if missing else "")
    dropped = ", ".join(aspect for aspect in Aspect if aspect not in record.holds)
    return Terms(
        ", ".join(aspect for aspect in Aspect if aspect in record.holds),
        "all but the forward pass" if record.holds == {Aspect.OUTPUTS} else dropped,
        needs,
        f"about {size_in_words(size)}" if size else "as large as the weights",
    )


def purpose_in_words(purpose: str | None, offer: Offer | None) -> str:
    """Return what a purpose means, in one line; ``None`` is the default, ``auto``."""
    if purpose is None:
        first, *others = [record.name for record in FORMATS.values() if record.is_automatic]
        return f"{AUTO}: {first}, or {' or '.join(others)} if its round trip fails; the report says why."
    export = " An export: the name still means its newest model." if purpose != TRAINING else ""
    return " ".join(f"{name} {terms_of(name, offer)}." for name in purposes()[purpose]) + export
