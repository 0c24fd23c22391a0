"""The texts on the boxes of a picture: classes, shape and parameters, with their width and height.

`picture` draws them. Texts can come from anywhere and have any length: they are cut here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from colab_save.artifact.facts import LayerFacts
from colab_save.quantities import count_in_words
from colab_save.reports.drawing.folding import Box
from colab_save.reports.layer_tree import LayerTree
from colab_save.wording import cut, letters_in

TIMES = "\N{MULTIPLICATION SIGN}"

LONGEST = 34
"""Most letters of a line in a box."""

MOST_LINES = 4
"""Most lines of classes in a box."""

LETTER, DETAIL_LETTER, LINE = 6.7, 6.0, 15.0
"""Pixels: the width of a letter, and the height of a line; generous, since no font is measured."""

LONGEST_RUN = 8
"""Most classes in a sequence that is checked for repetition."""

SHORT = {"BatchNormalization": "BatchNorm", "LayerNormalization": "LayerNorm", "InputLayer": "Input"}
"""Short names for classes with long names."""


@dataclass(frozen=True, slots=True)
class Label:
    """The texts of one box.

    Attributes:
        titles: One or more lines with the classes.
        detail: One line with the output shape and the number of parameters.
        tip: All of it in words.
        kind: ``input``, ``model``, ``frozen``, or empty.
    """

    titles: tuple[str, ...]
    detail: str
    tip: str
    kind: str

    @property
    def size(self) -> tuple[float, float]:
        """Return the width and the height of the texts in pixels."""
        widths = [LETTER * letters_in(title) for title in self.titles] + [DETAIL_LETTER * letters_in(self.detail)]
        return max(widths), LINE * (len(self.titles) + bool(self.detail))


def label_of(box: Box, tree: LayerTree) -> Label:
    """Return the texts of a box."""
    first = box.layers[0]
    times = f" {TIMES}{box.times}" if box.times > 1 else ""
    if box.is_bundle:
        classes = Counter(map(class_in_words, box.layers))
        listed = [f"{name} {TIMES}{count}" if count > 1 else name for name, count in classes.most_common(12)]
        titles = (count_in_words(len(box.layers), "layer") + times, *_wrapped(listed, ", ", MOST_LINES - 1))
    elif len(box.layers) == 1:
        name = "" if _is_made_up(first) or times else f"{first.path.rpartition('/')[2]}: "
        titles = (cut(f"{name}{class_in_words(first)}{times}"),)
    else:
        runs = _runs(list(map(class_in_words, box.layers)))
        pieces = [f"({runs[0]}", *runs[1:-1], f"{runs[-1]}){times}"] if times and len(runs) > 1 else runs
        titles = tuple(_wrapped(pieces, " → ", MOST_LINES))
    inside = sum(map(tree.count, (layer.path for layer in box.layers))) if len(box.layers) == 1 else 0
    below = count_in_words(inside, "layer") if tree.is_graph(first.path) and inside else ""
    is_frozen = box.parameters > 0 and not any(layer.trainable for layer in box.layers)
    detail = [below, _shapes(box), _amount(box.parameters), "frozen" if is_frozen else ""]
    kind = "input" if first.class_name == "InputLayer" else "model" if below else "frozen" if is_frozen else ""
    return Label(titles, cut(" · ".join(filter(None, detail)), 2 * LONGEST), _tip(box), kind)


def layer_words(layer: LayerFacts, tree: LayerTree, times: int) -> str:
    """Return one line on a layer that occurs a number of times in a row."""
    inside = tree.count(layer.path)
    words = [
        f"{TIMES}{times}" if times > 1 else "",
        cut(layer.path),
        count_in_words(inside, "layer") + " in it" if inside else "",
        count_in_words(times * tree.parameters[layer.path], "parameter") if tree.parameters[layer.path] else "",
        "" if layer.trainable else "frozen",
    ]
    return " · ".join(filter(None, words))


def class_in_words(layer: LayerFacts) -> str:
    """Return the class of a layer; for an activation its function."""
    function = layer.arguments.get("activation") if layer.class_name == "Activation" else None
    return cut(
        function if isinstance(function, str) and function else SHORT.get(layer.class_name, layer.class_name), 28
    )


def _is_made_up(layer: LayerFacts) -> bool:
    """Return whether a name only repeats the class, like the names that Keras generates."""
    name = layer.path[-200:].rpartition("/")[2].rstrip("0123456789_").replace("_", "").lower()
    return name in {layer.class_name.lower(), "kerastensor"}


def _shapes(box: Box) -> str:
    """Return the output shape; if it differs between repetitions, the first and the last."""
    first, last = _shape(box.layers[-1]), _shape(box.end)
    return first if first == last else f"{first} … {last}"


def _shape(layer: LayerFacts) -> str:
    sizes = (layer.shape or ())[1:]
    return TIMES.join("?" if size is None else str(size) for size in sizes)


def _amount(parameters: int) -> str:
    if not parameters:
        return ""
    for unit, size in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if parameters >= size:
            return f"{parameters / size:.3g}{unit} params"
    return f"{parameters} param{'s' if parameters > 1 else ''}"


def _tip(box: Box) -> str:
    names = ", ".join(cut(layer.path or "the model", 40) for layer in box.layers[:12])
    more = f" and {len(box.layers) - 12} more" if len(box.layers) > 12 else ""
    times = f", {box.times} times in a row" if box.times > 1 else ""
    return f"{names}{more}{times}: {count_in_words(box.parameters, 'parameter')}"


def _runs(names: Sequence[str]) -> list[str]:
    """Return the names with each repeated sequence once, ``(Conv2D → BatchNorm)``, and its count."""
    found, place = [], 0
    while place < len(names):
        period, times = max(
            ((period, _times(names, place, period)) for period in range(1, LONGEST_RUN + 1)),
            key=lambda pair: ((pair[1] - 1) * pair[0], -pair[0]),
        )
        run = names[place : place + period]
        if times == 1:
            found.append(names[place])
        else:
            found.append(f"{run[0]} {TIMES}{times}" if period == 1 else f"({' → '.join(run)}) {TIMES}{times}")
        place += period * times if times > 1 else 1
    return found


def _times(names: Sequence[str], place: int, period: int) -> int:
    run, times = names[place : place + period], 1
    while names[place + times * period : place + (times + 1) * period] == run:
        times += 1
    return times


def _wrapped(pieces: Sequence[str], joint: str, most: int) -> list[str]:
    """Return pieces joined into lines; those beyond the last line are counted."""
    lines: list[list[str]] = [[]]
    for number, piece in enumerate(pieces):
        if lines[-1] and len(joint.join([*lines[-1], piece])) > LONGEST:
            if len(lines) == most:
                lines[-1].append(f"… {len(pieces) - number} more")
                break
            lines.append([])
        lines[-1].append(cut(piece, 2 * LONGEST))
    texts = [joint.join(line) for line in lines]
    return [f"{text}{joint.rstrip()}" for text in texts[:-1]] + texts[-1:]
