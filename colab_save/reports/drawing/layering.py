"""The layout of a drawing: boxes in levels from top to bottom, with few crossings and straight lines.

`picture` passes the sizes of the boxes, each after all that feed it, and draws the result. A line that passes a level
gets a spot of its own there, so that it runs around the boxes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = 22.0
"""Pixels between boxes beside each other."""

RISE = 30.0
"""Pixels between levels."""

SWEEPS = 8
"""How often the levels are ordered and straightened."""

STRAIGHT = 8.0
"""The weight of a line from box to box, or past boxes, relative to one that turns."""

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spot:
    """One place in a level: a box, or a line that passes.

    Attributes:
        x: The middle, in pixels.
        y: The top, in pixels.
        width: The width of the box; 0 for a line.
        height: The height of the box; for a line the height of the level.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """The positions of all boxes and lines.

    Attributes:
        spots: The boxes in their given order, then the places where lines pass.
        lines: For each edge the spots that it goes through, from box to box.
        levels: The level of each box, from the top.
        rows: The spots of each level, from left to right.
        width: The width of the drawing, in pixels.
        height: The height of the drawing, in pixels.
    """

    spots: tuple[Spot, ...]
    lines: tuple[tuple[int, ...], ...]
    levels: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    width: float
    height: float


def arrange(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Return the layout of boxes.

    Args:
        sizes: Width and height of each box, in pixels.
        edges: Pairs of positions, the smaller one first: which box feeds which.
    """
    levels = _levels(len(sizes), edges)
    boxes = list(sizes)
    owner = list(levels)
    lines = []
    for source, target in edges:
        passing = range(levels[source] + 1, levels[target])
        lines.append((source, *range(len(boxes), len(boxes) + len(passing)), target))
        boxes += [(0.0, 0.0)] * len(passing)
        owner += passing
    rows: list[list[int]] = [[] for _ in range(max(owner, default=-1) + 1)]
    for spot, level in enumerate(owner):
        rows[level].append(spot)
    links = [pair for line in lines for pair in itertools.pairwise(line)]
    _order(rows, links, len(boxes))
    middles = _straighten(rows, links, [width for width, _ in boxes], len(sizes))
    tops, heights = [], []
    y = 0.0
    for row in rows:
        tops.append(y)
        heights.append(max(boxes[spot][1] for spot in row))
        y += heights[-1] + RISE
    left = min((middle - width / 2 for middle, (width, _) in zip(middles, boxes, strict=True)), default=0.0)
    spots = []
    for spot, (width, height) in enumerate(boxes):
        level = owner[spot]
        tall = height if spot < len(sizes) else heights[level]
        spots.append(Spot(middles[spot] - left, tops[level] + (heights[level] - tall) / 2, width, tall))
    right = max((spot.x + spot.width / 2 for spot in spots), default=0.0)
    return Layout(tuple(spots), tuple(lines), levels, tuple(map(tuple, rows)), right, max(y - RISE, 0.0))


def _levels(count: int, edges: Sequence[Edge]) -> tuple[int, ...]:
    """Return the level of each box: below all that feed it; one that nothing feeds is just above the first it feeds."""
    levels = [0] * count
    fed, first = set(), dict[int, int]()
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        levels[target] = max(levels[target], levels[source] + 1)
        fed.add(target)
    for source, target in edges:
        first[source] = min(first.get(source, count), levels[target])
    for box in set(range(count)) - fed:
        levels[box] = max(first.get(box, 0) - 1, 0)
    return tuple(levels)


def _order(rows: list[list[int]], links: Iterable[Edge], count: int) -> None:
    """Sort each level by the middles of its neighbours, and use the order with the fewest crossings."""
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        above[target].append(source)
        below[source].append(target)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        neighbours, turn = (above, rows) if sweep % 2 == 0 else (below, rows[::-1])
        place = {spot: float(index) for row in rows for index, spot in enumerate(row)}
        for row in turn:
            middle = {
                spot: sum(place[item] for item in neighbours[spot]) / len(neighbours[spot])
                if neighbours[spot]
                else place[spot]
                for spot in row
            }
            row.sort(key=lambda spot: middle[spot])
            place.update((spot, float(index)) for index, spot in enumerate(row))
        if (crossings := _crossings(rows, below)) < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _crossings(rows: list[list[int]], below: list[list[int]]) -> int:
    """Count the pairs of lines between two levels that cross."""
    found = 0
    for row, following in itertools.pairwise(rows):
        place = {spot: index for index, spot in enumerate(following)}
        ends = [end for spot in row for end in sorted(place[item] for item in below[spot])]
        found += sum(one > other for one, other in itertools.combinations(ends, 2))
    return found


def _straighten(rows: list[list[int]], links: Iterable[Edge], widths: Sequence[float], boxes: int) -> list[float]:
    """Return the middle of each spot: as near to the middle of its neighbours as the others in its level allow.

    A spot that is alone in its level is in the middle of the drawing. Otherwise box below box weighs most, and a line
    that passes levels.
    """
    neighbours: list[list[tuple[int, float]]] = [[] for _ in widths]
    for source, target in links:
        weight = 1.0 if (source < boxes) != (target < boxes) else STRAIGHT
        neighbours[source].append((target, weight))
        neighbours[target].append((source, weight))
    offsets = [_offsets(row, widths) for row in rows]
    middles = [0.0] * len(widths)
    for row, places in zip(rows, offsets, strict=True):
        for spot, place in zip(row, places, strict=True):
            middles[spot] = place - places[-1] / 2
    turns = [(row, places) for row, places in zip(rows, offsets, strict=True) if len(row) > 1]
    for _ in range(SWEEPS):
        for row, places in (*turns, *turns[::-1]):
            wanted = []
            for spot, place in zip(row, places, strict=True):
                weight = sum(weight for _, weight in neighbours[spot])
                pulled = sum(middles[other] * weight for other, weight in neighbours[spot])
                firm = STRAIGHT if spot < boxes else 1.0
                wanted.append(((pulled / weight if weight else middles[spot]) - place, firm))
            for spot, start, place in zip(row, _ascending(wanted), places, strict=True):
                middles[spot] = start + place
    return middles


def _offsets(row: Sequence[int], widths: Sequence[float]) -> list[float]:
    """Return the middles of spots that are as close as allowed, the first at 0."""
    found = [0.0]
    for one, other in itertools.pairwise(row):
        found.append(found[-1] + (widths[one] + widths[other]) / 2 + GAP)
    return found[: len(row)]


def _ascending(wanted: Iterable[tuple[float, float]]) -> list[float]:
    """Return the ascending numbers nearest to the wanted ones, by weight (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for number, firm in wanted:
        total, weight, count = number * firm, firm, 1
        while pools and pools[-1][0] / pools[-1][1] > total / weight:
            before, heavy, size = pools.pop()
            total, weight, count = total + before, weight + heavy, count + size
        pools.append((total, weight, count))
    return [total / weight for total, weight, count in pools for _ in range(count)]
