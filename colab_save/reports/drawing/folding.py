"""Fold the graph of a model into few boxes: repeated blocks become one with a count, long rests become one box.

`picture` draws the result. Facts can come from anywhere: cycles in a graph are cut, and ten thousand layers take a
fraction of a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from colab_save.artifact.facts import LayerFacts
from colab_save.reports.layer_tree import LayerTree

SHOWN = 16
"""Most layers that are shown without folding."""

MOST = 40
"""Most boxes of a picture; on average each has at most three lines."""

LONGEST_CHAIN = 12
"""Most layers of a chain in one box."""

LONGEST_BLOCK = 20
"""Most layers of a block that is checked for repetition."""


@dataclass(frozen=True, slots=True)
class Box:
    """One or more layers.

    Attributes:
        layers: Its layers in order; of a repeated block those of the first repetition.
        end: Its last layer; of a repeated block that of the last repetition.
        times: How often it repeats, one after the other.
        parameters: The elements of all its weights, repetitions included.
        is_bundle: Whether its layers are not a chain.
    """

    layers: tuple[LayerFacts, ...]
    end: LayerFacts
    times: int = 1
    parameters: int = 0
    is_bundle: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes, the edges between them, and the blocks that repeat.

    Attributes:
        boxes: The boxes, each after all that feed it.
        edges: Pairs of positions: which box feeds which.
        frames: First and last position of each repeated block, and how often it repeats.
        count: The number of layers.
    """

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    frames: tuple[tuple[int, int, int], ...] = ()
    count: int = 0


def fold(tree: LayerTree, path: str = "") -> Diagram:
    """Return the layers directly below a model as at most `MOST` boxes.

    Args:
        tree: The layers of the whole model.
        path: The path of the model in it. Default: the whole model.
    """
    layers = tree.below(path)
    index = {layer.path: number for number, layer in enumerate(layers)}
    before = [[index[name] for name in dict.fromkeys(layer.inputs) if name in index] for layer in layers]
    order = in_order(before)
    place = {number: at for at, number in enumerate(order)}
    feeds = [tuple(sorted(place[item] for item in before[old] if place[item] < place[old])) for old in order]
    folded = _Folding(tree, [layers[number] for number in order], feeds)
    if len(layers) > SHOWN:
        for step in (folded.repeat, folded.chain, folded.gather, folded.shorten):
            step()
            if folded.is_clear():
                break
    return folded.diagram()


@dataclass(slots=True)
class _Block:
    """Positions of layers that are one box, how often they repeat, and the frame that the box is in."""

    places: list[int]
    times: int = 1
    frame: int = -1
    period: int = 0
    is_bundle: bool = False


class _Folding:
    """Ordered layers on their way into few boxes; each step works on the boxes of the step before."""

    def __init__(self, tree: LayerTree, line: list[LayerFacts], feeds: list[tuple[int, ...]]) -> None:
        self._tree = tree
        self._line = line
        self._feeds = feeds
        self._is_cut = cuts(feeds)
        self.blocks = [_Block([place]) for place in range(len(line))]
        self._frames: list[int] = []

    def repeat(self) -> None:
        """Fold blocks of the same classes that repeat, between places where the whole model is one tensor."""
        self.blocks, self._frames = [], []
        place = 0
        signs = [
            (layer.class_name, tuple(place - item for item in feeds) if place else (1,), is_cut)
            for place, (layer, feeds, is_cut) in enumerate(zip(self._line, self._feeds, self._is_cut, strict=True))
        ]
        found = runs(signs, LONGEST_BLOCK)
        while place < len(self._line):
            period, times = self._best(found, place)
            if times == 1:
                self.blocks.append(_Block([place]))
            else:
                frame = -1 if period == 1 else len(self._frames)
                self._frames += [] if period == 1 else [times]
                inside = range(place, place + period)
                self.blocks += [_Block([item], times, frame, period) for item in inside]
            place += period * times

    def _best(self, found: list[list[int]], place: int) -> tuple[int, int]:
        """Return the length of the block that saves most boxes here, and how often it repeats."""
        best, saved = (1, 1), 1
        if place and not self._is_cut[place - 1]:
            return best
        for period in range(1, min(LONGEST_BLOCK, len(self._line) - place) + 1):
            times = 1 + found[period - 1][place] // period
            if self._is_cut[place + period - 1] and (times - 1) * period > saved:
                best, saved = (period, times), (times - 1) * period
        return best

    def chain(self) -> None:
        """Merge layers that each feed only the next into one box."""
        fed = Counter(source for feeds in self._feeds for source in feeds)
        blocks: list[_Block] = []
        for block in self.blocks:
            last = blocks[-1] if blocks else None
            place = block.places[0]
            is_next = last is not None and self._feeds[place] == (last.places[-1],) and fed[last.places[-1]] == 1
            is_input = last is not None and self._line[last.places[-1]].class_name == "InputLayer"
            is_full = last is not None and len(last.places) + len(block.places) > LONGEST_CHAIN
            if last is not None and is_next and not is_input and not is_full and last.frame == block.frame:
                last.places += block.places
            else:
                blocks.append(block)
        self.blocks = blocks

    def gather(self) -> None:
        """Merge everything between two places where the whole model is one tensor into one box."""
        blocks: list[_Block] = []
        for block in self.blocks:
            last = blocks[-1] if blocks else None
            is_beside = last is not None and not self._is_cut[last.places[-1]] and not self._is_cut[block.places[0]]
            if last is not None and is_beside and last.frame == block.frame:
                last.places += block.places
                last.is_bundle = True
            else:
                blocks.append(block)
        self.blocks = blocks

    def shorten(self) -> None:
        """Merge the middle into one box if there are still too many."""
        half = (MOST - 1) // 2
        if len(self.blocks) <= MOST:
            return
        middle = [place for block in self.blocks[half:-half] for place in self._all_of(block)]
        self.blocks = [*self.blocks[:half], _Block(middle, is_bundle=True), *self.blocks[-half:]]

    def _all_of(self, block: _Block) -> Iterator[int]:
        for time in range(block.times):
            yield from (place + time * block.period for place in block.places)

    def is_clear(self) -> bool:
        """Return whether there are few enough boxes and lines."""
        return len(self.blocks) <= MOST and len(self._pairs()) <= 3 * MOST

    def _pairs(self) -> list[tuple[int, int]]:
        """Return which box feeds which; edges that lead back are repetitions of a block, and left out."""
        box_of = {place: number for number, block in enumerate(self.blocks) for place in self._all_of(block)}
        pairs = {(box_of[source], box_of[place]) for place, feeds in enumerate(self._feeds) for source in feeds}
        return sorted((source, target) for source, target in pairs if source < target)

    def diagram(self) -> Diagram:
        """Return the result."""
        frames = self._framed()
        inside = {number for first, last, _ in frames for number in range(first, last + 1)}
        boxes = []
        for number, block in enumerate(self.blocks):
            places = list(self._all_of(block))
            parameters = sum(self._tree.parameters[self._line[place].path] for place in places)
            layers = tuple(self._line[place] for place in block.places)
            times = 1 if number in inside else block.times
            boxes.append(Box(layers, self._line[places[-1]], times, parameters, block.is_bundle))
        return Diagram(tuple(boxes), tuple(self._pairs()), frames, len(self._line))

    def _framed(self) -> tuple[tuple[int, int, int], ...]:
        """Return the repeated blocks that are more than one box."""
        spans: dict[int, list[int]] = {}
        for number, block in enumerate(self.blocks):
            if block.frame >= 0:
                spans.setdefault(block.frame, []).append(number)
        return tuple((span[0], span[-1], self._frames[frame]) for frame, span in spans.items() if len(span) > 1)


Feeds = Sequence[Sequence[int]]


def in_order(before: Feeds) -> list[int]:
    """Return an order in which each node follows those that feed it and branches stay together; cycles are cut.

    Args:
        before: For each node the positions of those that feed it.
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
    """Return for each place whether everything goes through it: no edge passes, begins or ends beside it."""
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
    """Return for each block length and place how many places in a row equal those one length further on."""
    number = {sign: index for index, sign in enumerate(dict.fromkeys(signs))}
    line = [number[sign] for sign in signs]
    found = []
    for period in range(1, longest + 1):
        run = [0] * (len(line) + 1)
        for place in range(len(line) - period - 1, -1, -1):
            run[place] = run[place + 1] + 1 if line[place] == line[place + period] else 0
        found.append(run)
    return found
