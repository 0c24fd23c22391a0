"""The values of each measure, their median and spread, the machine and the date; as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.measures import Measure

HEADER = ("measure", "of", "median", "least to most", "goal")


@dataclass(frozen=True, slots=True)
class Result:
    """The values of one measure, at least one."""

    measure: Measure
    values: Sequence[float]

    @property
    def median(self) -> float:
        """Return the median of the values."""
        return statistics.median(self.values)

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `HEADER`."""
        measure, least, most = self.measure, min(self.values), max(self.values)
        goal = "" if measure.goal is None else f"≤ {measure.goal:g} {measure.unit}".strip()
        spread = f"{in_digits(least)} to {in_digits(most)}" if len(self.values) > 1 else ""
        return measure.title, measure.subject, f"{in_digits(self.median)} {measure.unit}".strip(), spread, goal

    def to_json(self) -> dict[str, Any]:
        """Return the measure with its values."""
        summary = {"median": self.median, "least": min(self.values), "most": max(self.values)}
        return {**asdict(self.measure), **summary, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command.

    Attributes:
        date: The day it was, in ISO 8601.
        machine: See `machine.describe_machine`.
        results: One for each measure, in the order of the table.
        is_small: Whether the models were small, so that the figures mean nothing.
    """

    date: str
    machine: Mapping[str, str]
    results: Sequence[Result]
    is_small: bool

    def to_markdown(self) -> str:
        """Return the machine, the date and the table."""
        machine = dict(self.machine)
        words = [machine.pop("processor"), f"{machine.pop('cores')} cores", f"{machine.pop('memory')} of memory"]
        words += [f"a load of {machine.pop('load')} at the start", machine.pop("system")]
        words += [" ".join(pair) for pair in machine.items()]
        remark = "\n\nThe models are small: the figures mean nothing." if self.is_small else ""
        rows = [HEADER, *(result.row() for result in self.results)]
        return f"Measured on {self.date}: {', '.join(words)}.{remark}\n\n" + "\n".join(table(rows))

    def to_json(self) -> dict[str, Any]:
        """Return everything, with every value."""
        measures = [result.to_json() for result in self.results]
        return {"date": self.date, "machine": dict(self.machine), "is_small": self.is_small, "measures": measures}


def in_digits(value: float) -> str:
    """Return a number with two digits that count, or three; a whole number as it is."""
    places = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:,.{places}f}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table whose columns stand below each other; the first row is its header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "| " + " | ".join("-" * width for width in widths) + " |"
