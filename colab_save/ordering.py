"""The order of what feeds each other, as numbers alone; pure.

`folding` asks: what comes after what, where everything goes through one place, and where the same comes again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain

Feeds = Sequence[Sequence[int]]


def in_order(before: Feeds) -> list[int]:
    """Put each after those that feed it, a branch in one piece; where they feed each other in a ring, cut it.

    Args:
        before: For each the positions of those that feed it.
    """
    after: list[list[int]] = [[] for _ in before]
    for number, found in enumerate(before):
        for other in found:
            after[other].append(number)
    waits = [len(found) for found in before]
    placed: dict[int, None] = {}
    ready = [number for number in reversed(range(len(before))) if not waits[number]]
    unseen: Iterator[int] = iter(range(len(before)))
    while len(placed) < len(before):
        number = ready.pop() if ready else next(item for item in unseen if item not in placed)
        if number in placed:
            continue
        placed[number] = None
        for other in reversed(after[number]):
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return list(placed)


def cuts(feeds: Feeds) -> list[bool]:
    """Say for each place of a line whether everything goes through it: nothing passes it, begins or ends beside it."""
    size = len(feeds)
    passes = [0] * (size + 1)
    ends = set(range(size)) - set(chain.from_iterable(feeds))
    edges = [(source, place) for place, found in enumerate(feeds) for source in found]
    edges += [(-1, place) for place, found in enumerate(feeds) if not found]
    edges += [(place, size) for place in ends]
    for source, place in edges:
        passes[source + 1] += 1
        passes[place] -= 1
    found, above = [], 0
    for place in range(size):
        above += passes[place]
        found.append(above == 0)
    return found


def runs(signs: Sequence[Hashable], longest: int) -> list[list[int]]:
    """Give for each length of a block, and each place, how many places are as those one length further on."""
    number = {sign: index for index, sign in enumerate(dict.fromkeys(signs))}
    line = [number[sign] for sign in signs]
    found = []
    for period in range(1, longest + 1):
        run = [0] * (len(line) + 1)
        for place in range(len(line) - period - 1, -1, -1):
            run[place] = run[place + 1] + 1 if line[place] == line[place + period] else 0
        found.append(run)
    return found
