"""What a viewer of somebody else's was given to show: where to see it, the line that does, and what is to be known.

`serving` and `charting` give it, the panel shows it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colab_save.errors import MissingPackageError
from colab_save.hints import literal, pip, render
from colab_save.reports.card import Card, Drawn, Remark, Shown, Table, escape


@dataclass(frozen=True, slots=True)
class Viewed(Shown):
    """A version that a viewer can show.

    Attributes:
        name: Which.
        summary: What was done, in a few words.
        where: The page, or the folder, of each model, by its name; a single one has none.
        line: The one line to paste, and what it does.
        notes: What the user should know.
    """

    name: str
    summary: str
    where: Mapping[str, str]
    line: tuple[str, str]
    notes: tuple[str, ...] = ()

    def card(self) -> Card:
        """Give what is shown: a row for each model with its link, or the folder."""
        rows = tuple((literal(model or self.name), _link(url)) for model, url in self.where.items() if _is_page(url))
        return Card(
            title=literal(self.name),
            summary=self.summary,
            table=Table(("model", "see it at"), rows) if rows else None,
            facts={literal(model or "folder"): literal(url) for model, url in self.where.items() if not _is_page(url)},
            remarks=tuple(Remark("note", note) for note in self.notes),
            line=self.line,
        )

    def to_json(self) -> dict[str, Any]:
        """Return where to see each model, and the line to paste."""
        return {
            "name": self.name,
            "summary": self.summary,
            "where": dict(self.where),
            "line": self.line[1],
            "notes": list(map(render, self.notes)),
        }


def require(package: str) -> None:
    """Refuse where an extra is not installed.

    Args:
        package: The package, and the extra that brings it.

    Raises:
        MissingPackageError: It is not there.
    """
    if importlib.util.find_spec(package) is None:
        raise MissingPackageError(f"{package} is not installed.", pip(f"colab_save[{package}]"))


def _is_page(place: str) -> bool:
    return place.startswith("http://")


def _link(url: str) -> Drawn:
    return Drawn(url, f'<a href="{escape(url)}" target="_blank" rel="noreferrer">{escape(url)}</a>')
