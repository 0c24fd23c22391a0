"""What a report shows, before anyone decides how: a `Card`, rendered as text and as HTML with the same content.

`report` builds cards; only here is anything escaped, and what `picture` draws. Names, notes and reasons may come from
anywhere, so control characters are made visible (a terminal would obey them) and HTML is escaped. The HTML is
self-contained: no script, no asset, no heading (front ends put headings into the notebook's table of contents).
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from colab_save.artifact.round_trip import Outcome
from colab_save.hints import render
from colab_save.reports.theme import CARD
from colab_save.types import Html

MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_HELD: "∅", Outcome.SKIPPED: "○"}
"""A sign for each outcome, beside its word, so that nothing is told by colour alone."""

SHORT = 24
"""Characters of a cell that is not broken into lines; a version id has 21."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell that is drawn: as text, and as HTML, escaped by who drew it."""

    text: str
    html: str

    def __str__(self) -> str:
        return self.text


Cell = str | Outcome | Drawn


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the first cell of a row names it. An empty cell says that there is nothing to tell."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that should be known: what it is about, an outcome where there is one, and why."""

    about: str
    reason: str
    outcome: Outcome | None = None

    @property
    def label(self) -> str:
        """Say what it is about, with the outcome in words."""
        return " ".join(filter(None, (self.about, self.outcome)))


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as HTML, escaped by who drew it, and whether it is small enough to be shown unfolded."""

    html: str
    is_small: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The content of one report.

    Attributes:
        title: What it is about, such as ``cats@20260822T101530Z-3fa2``.
        summary: What happened, in a few words.
        outcome: The whole in one word, where there is one.
        facts: Where it is, how large, and so on, by label.
        table: See `Table`.
        remarks: What should be known, in order.
        line: The one line to paste, and what it does.
        picture: Of the model, in HTML only; the facts say in words what it is.
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

    def to_html(self) -> str:
        """Render the card as one self-contained element, behind its style."""
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
        return f"<style>{CARD}</style>{opening}{''.join(parts)}</div>"


class Printer(Protocol):
    """What IPython hands to ``_repr_pretty_``."""

    def text(self, obj: str) -> None:
        """Print a piece of text."""


class Shown(ABC):
    """Anything that doors show as a card: in a notebook, in IPython's terminal, and by ``print``."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython asks class by class, and would find the `__repr__` of a dataclass before this method of its base.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    @abstractmethod
    def card(self) -> Card:
        """Give what is shown."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the same for a program: values that JSON has, by names that stay."""

    def __str__(self) -> str:
        return str(self.card())

    def _repr_html_(self) -> str:
        return self.card().to_html()

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
        printer.text(str(self))


def _text(card: Card) -> Iterator[str]:
    said = f"{card.outcome}  {card.title}: {card.summary}" if card.outcome else f"{card.title}. {card.summary}"
    yield _shown(said.removesuffix(". "))
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
    """Give a table as lines of text with its columns under each other; each cell is one line."""
    rows = [[" ".join(_shown(value).split()) for value in row] for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def visible(text: str) -> str:
    r"""Return a text with control characters and lone surrogates as escapes (``\x1b``)."""
    return "".join(c if c.isprintable() or c in "\n\u200d" else ascii(c)[1:-1] for c in text)


def escape(text: str) -> Html:
    """Return any text as HTML, with control characters and lone surrogates as escapes."""
    return Html(html.escape(visible(text)))


def _shown(value: Cell) -> str:
    """Return a text of a card with its references rendered; a drawing has none."""
    return visible(value.text if isinstance(value, Drawn) else render(value))


def _html(text: str) -> Html:
    return escape(render(text))


def _indent(text: str) -> str:
    first, *rest = [line.rstrip() for line in text.splitlines()] or [""]
    return "\n".join([f"  {first}", *(f"    {line}" for line in rest)])


def _cell(value: Cell) -> str:
    if isinstance(value, Outcome):
        return f'<span class="outcome {value}"><span aria-hidden="true">{MARKS[value]}</span> {value}</span>'
    return value.html if isinstance(value, Drawn) else _html(value)


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_html(label)}</th>' for label in table.head)
    body = "".join(f"<tr>{''.join(_cells(table.head, row))}</tr>" for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(head: tuple[str, ...], row: tuple[Cell, ...]) -> Iterator[str]:
    yield f'<th scope="row">{_cell(row[0])}</th>'
    for label, value in zip(head[1:], row[1:], strict=True):
        short = ' class="short"' if len(_shown(value)) <= SHORT else ""
        yield f'<td{short} data-label="{_html(label)}">{_cell(value)}</td>'


def _remark(remark: Remark) -> str:
    """Show a reason of one line as it is, and fold what follows the first line of a longer one."""
    first, _, rest = render(remark.reason).strip().partition("\n")
    label = f'<span class="soft">{_html(remark.about)}</span> {_cell(remark.outcome) if remark.outcome else ""}'
    said = f'{label} <span class="reason">{escape(first)}</span>'
    if rest:
        said = f'<details><summary>{said}</summary><div class="reason">{escape(rest)}</div></details>'
    return f'<div class="remark {remark.outcome or ""}">{said}</div>'
