"""Take facts of the user's objects one by one, so that what their code raises costs the one fact that it was asked for.

``model/examining.py`` takes the facts of a model, on both sides of a round trip: what could not be taken becomes a
remark there, is not compared by ``proof/comparing.py``, and is named by the report. Whoever else looks at objects that
may raise anything, such as the variables of a notebook, asks here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from colab_save.hints import render
from colab_save.wording import first_line

NAMED = 3
"""Facts that a sentence names."""

Fact = TypeVar("Fact")
Other = TypeVar("Other")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Taking:
    """One look at a model, or at other objects.

    Attributes:
        remarks: What was raised, by the place of the fact that it was raised for.
    """

    remarks: dict[str, str] = field(default_factory=dict)

    def fact(self, place: str, read: Callable[[], Fact], otherwise: Other) -> Fact | Other:
        """Return a fact, or another value where reading it raises, with a remark.

        Args:
            place: Where `compare` finds a difference of this fact.
            read: Read it from the model, which may run any code of the user's and of installed packages.
            otherwise: What stands for a fact that could not be taken.
        """
        try:
            return read()
        except Exception as error:  # noqa: BLE001 - the code is not ours and may raise anything; the remark says what
            self.remarks[place] = render(first_line(error))
            return otherwise

    def facts(
        self, place: str, items: Callable[[], Iterable[tuple[str, Item]]], read: Callable[[Item], Fact]
    ) -> dict[str, Fact]:
        """Return facts by their name, each taken on its own; those that could not be taken are left out.

        Args:
            place: The place of all of them; that of one is followed by its name.
            items: Find what has the facts, by name.
            read: Read the fact of one.
        """
        found: dict[str, Fact] = {}
        for name, item in self.fact(place, lambda: list(items()), ()):
            found |= self.fact(f"{place}.{name}", partial(_named, name, read, item), {})
        return found


def in_words(remarks: Mapping[str, str]) -> tuple[str, ...]:
    """Return the remarks for the user, one sentence for all facts for which the same was raised."""
    places: dict[str, list[str]] = {}
    for place, raised in remarks.items():
        places.setdefault(raised, []).append(place)
    return tuple(
        f"The proof leaves out {_listed(named)}, which could not be read ({raised})."
        for raised, named in places.items()
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _named(name: str, read: Callable[[Item], Fact], item: Item) -> dict[str, Fact]:
    return {name: read(item)}
