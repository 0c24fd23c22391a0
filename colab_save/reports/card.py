"""Cards: the content of a report, rendered as text and as HTML.

Reports build cards. Names, notes and reasons can come from anywhere, so HTML is escaped here and control characters
become visible (a terminal would obey them); drawings escape their own texts with `escape`. The references of a text
(`hints`) are rendered here, once. The HTML is self-contained: no script, no asset, no heading (front ends put headings
into the notebook's table of contents).
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from colab_save.artifact.round_trip import Outcome
from colab_save.hints import render
from colab_save.quoting import visible
from colab_save.reports.theme import CARD
from colab_save.types import Html, Json

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.FAILED: "✗",
    Outcome.NOT_HELD: "∅",
    Outcome.SKIPPED: "○",
}
"""A sign for each outcome, beside its word, so that nothing is shown by colour alone."""

SHORT = 24
"""Most characters of a cell that is not broken into lines; a version id has 21."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell with a drawing, as text and as HTML; neither has references."""

    text: str
    html: Html

    def __str__(self) -> str:
        return self.text


Cell = str | Outcome | Drawn


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the first cell of a row is its name. An empty cell is not shown in text."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that the user should know: its topic, the reason, and an outcome if there is one."""

    about: str
    reason: str
    outcome: Outcome | None = None

    @property
    def label(self) -> str:
        """Return the topic with the outcome."""
        return " ".join(filter(None, (self.about, self.outcome)))


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as HTML, and whether it is small enough to be shown unfolded."""

    html: Html
    is_small: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The content of one report; its texts may have references.

    Attributes:
        title: The subject, such as ``cats@20260822T101530Z-3fa2``.
        summary: What happened, in a few words.
        outcome: The outcome of the whole, if there is one.
        facts: Location, size and so on, by label.
        table: See `Table`.
        remarks: What the user should know, in order.
        line: What the line to paste does, and the line.
        picture: The drawing of the model, in HTML only; the facts describe the model in words.
    """

    title: str
    summary: str
    outcome: Outcome | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None
    remarks: tuple[Remark, ...] = ()
    line: tuple[str, str] | None = None
    picture: Picture | None = None

    def __str__(self) -> str:
        return "\n".join(_text(self))

    def to_html(self) -> Html:
        """Return the card as one self-contained element, after its style."""
        label = ": ".join(filter(None, (self.title, self.outcome or self.summary)))
        mark = _cell(self.outcome) if self.outcome else ""
        head = f'<div class="head">{mark}<span class="title">{_html(self.title)}</span>'
        parts = [head, f'<div class="soft">{_html(self.summary)}</div>' if self.summary else "", "</div>"]
        parts += [_table(self.table)] if self.table else []
        parts += [_remark(remark) for remark in self.remarks]
        facts = (f"<dt>{_html(name)}</dt><dd>{_html(value)}</dd>" for name, value in self.facts.items())
        parts += ["<dl>", *facts, "</dl>"] if self.facts else []
        if self.line:
            about, code = map(_html, self.line)
            parts.append(f'<div class="line"><span class="soft">{about}</span>')
            parts.append(f'<pre tabindex="0"><code>{code}</code></pre></div>')
        if self.picture:
            is_open = " open" if self.picture.is_small else ""
            parts.append(f'<details class="picture"{is_open}><summary class="soft">architecture</summary>')
            parts.append(f"{self.picture.html}</details>")
        opening = f'<div class="colab-save {self.outcome or ""}" role="group" aria-label="{_html(label)}">'
        return Html(f"<style>{CARD}</style>{opening}{''.join(parts)}</div>")


class Printer(Protocol):
    """The printer that IPython passes to ``_repr_pretty_``."""

    def text(self, obj: str) -> None:
        """Print a piece of text."""


class Shown(ABC):
    """Base of everything that is shown as a card: in a notebook, in IPython's terminal and by ``print``."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython looks class by class, and would find the `__repr__` of a dataclass before this method of its base.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    @abstractmethod
    def card(self) -> Card:
        """Return the card to show."""

    @abstractmethod
    def to_json(self) -> dict[str, Json]:
        """Return the content for programs, as JSON by stable names, with all references rendered."""

    def __str__(self) -> str:
        return str(self.card())

    def _repr_html_(self) -> Html:
        return self.card().to_html()

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
        printer.text(str(self))


def _text(card: Card) -> Iterator[str]:
    head = f"{card.outcome}  {card.title}: {card.summary}" if card.outcome else f"{card.title}. {card.summary}"
    yield _shown(head.removesuffix(". "))
    for name, value in card.facts.items():
        yield _indent(f"{_shown(name)}: {_shown(value)}")
    table = card.table or Table((), ())
    for row in table.rows:
        cells = (f"{label} {_shown(value)}" for label, value in zip(table.head[1:], row[1:], strict=True) if value)
        yield _indent(f"{_shown(row[0])}: " + ", ".join(cells))
    for remark in card.remarks:
        yield _indent(f"{_shown(remark.label)}: {_shown(remark.reason)}")
    if card.line:
        yield _indent("{}: {}".format(*map(_shown, card.line)))


def aligned(table: Table) -> Iterator[str]:
    """Return a table as lines of text with aligned columns; each cell is one line."""
    rows = [[" ".join(_shown(value).split()) for value in row] for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def escape(text: str) -> Html:
    """Return any text as HTML, with control characters and lone surrogates as escapes."""
    return Html(html.escape(visible(text)))


def _shown(value: Cell) -> str:
    """Return a cell as text, with its references rendered."""
    return visible(value.text if isinstance(value, Drawn) else render(value))


def _html(text: str) -> Html:
    return escape(render(text))


def _indent(text: str) -> str:
    first, *rest = [line.rstrip() for line in text.splitlines()] or [""]
    return "\n".join([f"  {first}", *(f"    {line}" for line in rest)])


def _cell(value: Cell) -> Html:
    if isinstance(value, Outcome):
        return Html(f'<span class="outcome {value}"><span aria-hidden="true">{MARKS[value]}</span> {value}</span>')
    return value.html if isinstance(value, Drawn) else _html(value)


def _table(table: Table) -> Html:
    head = "".join(f'<th scope="col">{_html(label)}</th>' for label in table.head)
    body = "".join(f"<tr>{''.join(_cells(table.head, row))}</tr>" for row in table.rows)
    return Html(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def _cells(head: tuple[str, ...], row: tuple[Cell, ...]) -> Iterator[Html]:
    yield Html(f'<th{_width(row[0])} scope="row">{_cell(row[0])}</th>')
    for label, value in zip(head[1:], row[1:], strict=True):
        yield Html(f'<td{_width(value)} data-label="{_html(label)}">{_cell(value)}</td>')


def _width(value: Cell) -> str:
    """Return the class of a cell that stays on one line."""
    return ' class="short"' if len(_shown(value)) <= SHORT else ""


def _remark(remark: Remark) -> Html:
    """Return a remark; lines after the first are folded."""
    first, _, rest = render(remark.reason).strip().partition("\n")
    label = f'<span class="soft">{_html(remark.about)}</span> {_cell(remark.outcome) if remark.outcome else ""}'
    content = f'{label} <span class="reason">{escape(first)}</span>'
    if rest:
        content = f'<details><summary>{content}</summary><div class="reason">{escape(rest)}</div></details>'
    return Html(f'<div class="remark {remark.outcome or ""}">{content}</div>')
