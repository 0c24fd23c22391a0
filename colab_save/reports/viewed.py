"""The report on a version that an external viewer shows: where to see it, the line to run, and notes.

`viewing.netron` and `viewing.tensorboard` return it; every frontend shows it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

from colab_save.errors import MissingPackageError
from colab_save.hints import literal, pip, render
from colab_save.reports.card import Card, Drawn, Remark, Shown, Table, escape
from colab_save.types import Html, Json


@dataclass(frozen=True, slots=True)
class Viewed(Shown):
    """A version that an external viewer shows.

    Attributes:
        name: The full name of the version.
        summary: What was done, in a few words.
        where: The page or folder of each model by its name; the name of a single model is empty.
        line: What the line to paste does, and the line.
        notes: What the user should know.
    """

    name: str
    summary: str
    where: Mapping[str, str]
    line: tuple[str, str]
    notes: tuple[str, ...] = ()

    def card(self) -> Card:
        """Return a card with a row for each model and its link, or with the folder."""
        rows = tuple((literal(model or self.name), _link(url)) for model, url in self.where.items() if _is_page(url))
        return Card(
            title=literal(self.name),
            summary=self.summary,
            table=Table(("model", "see it at"), rows) if rows else None,
            facts={literal(model or "folder"): literal(url) for model, url in self.where.items() if not _is_page(url)},
            remarks=tuple(Remark("note", note) for note in self.notes),
            line=self.line,
        )

    def to_json(self) -> dict[str, Json]:
        """Return where to see each model, and the line to paste."""
        return {
            "name": self.name,
            "summary": self.summary,
            "where": dict(self.where),
            "line": self.line[1],
            "notes": list(map(render, self.notes)),
        }


def require(package: str) -> None:
    """Refuse if a package is not installed.

    Args:
        package: The package, and the extra of colab_save that installs it.

    Raises:
        MissingPackageError: It is not installed.
    """
    if importlib.util.find_spec(package) is None:
        raise MissingPackageError(f"{package} is not installed.", pip(f"colab_save[{package}]"))


def _is_page(place: str) -> bool:
    return place.startswith("http://")


def _link(url: str) -> Drawn:
    return Drawn(url, Html(f'<a href="{escape(url)}" target="_blank" rel="noreferrer">{escape(url)}</a>'))
