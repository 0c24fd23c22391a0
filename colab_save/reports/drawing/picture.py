"""Draw the architecture of a model from its facts alone: boxes and arrows as inline SVG, or the layers as a tree.

Reports put the picture into their card. If the connections of layers are not recorded, no arrow is drawn. Facts can
come from anywhere: every text is cut and escaped here, and ten thousand layers give a page as small as forty.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import Manifest
from colab_save.reports.card import Picture, escape
from colab_save.reports.drawing.folding import MOST, Diagram, fold
from colab_save.reports.drawing.labels import LINE, TIMES, Label, label_of, layer_words
from colab_save.reports.drawing.layering import Layout, Spot, arrange
from colab_save.reports.layer_tree import LayerTree
from colab_save.types import Html
from colab_save.wording import cut

SMALL = 5
"""Most boxes of a picture that is shown unfolded."""

NESTED = 6
"""Most models in the model that get their own picture."""

PARTS = 6
"""Most parts of a collection that are drawn."""

DEEPEST = 4
"""Most levels of a tree of layers."""

TOP, SIDE = 5.0, 9.0
"""Pixels between the edge of a box and its text."""

MARGIN = 10.0
"""Pixels around everything, and between a repeated block and its frame."""

BADGE = 30.0
"""Pixels for the count beside the frame of a repeated block."""

SMALLEST = 0.75
"""The smallest scale of a picture in a narrow page; below that it scrolls."""

DESCRIBED = 600
"""Most letters of the description for screen readers."""

UNKNOWN = "Layers by attribute; a subclassed model does not record how they are connected."


def picture_of(manifest: Manifest) -> Picture | None:
    """Draw the model or collection of a manifest; ``None`` if nothing is known of its layers."""
    parts = {part.name: part.facts for part in manifest.parts}
    return draw_all(parts) if parts else draw(manifest.facts)


def draw_all(parts: Mapping[str, ModelFacts]) -> Picture | None:
    """Draw the first few of several models, each under its name."""
    drawn = [(name, draw(facts)) for name, facts in itertools.islice(parts.items(), PARTS)]
    html = (f'<div class="soft">{escape(cut(name))}</div>{picture.html}' for name, picture in drawn if picture)
    return Picture(Html("".join(html)), is_small=False) if any(picture for _, picture in drawn) else None


def draw(facts: ModelFacts) -> Picture | None:
    """Draw a model; ``None`` if nothing is known of its layers."""
    tree = LayerTree.of(facts)
    if not tree.below(""):
        return None
    parts, size = [], 0
    if not tree.is_graph(""):
        rows = list(_rows(tree, frozenset(facts.custom)))
        parts.append(f'<div class="soft">{UNKNOWN}</div>{_tree(rows)}')
        size += len(rows)
    unlike = {tree.signs[path]: path for path in reversed(list(tree.graphs()))}
    for path in itertools.islice((path for path in tree.graphs() if unlike[tree.signs[path]] == path), 1 + NESTED):
        diagram = fold(tree, path)
        size += len(diagram.boxes)
        caption = f'<div class="soft">{escape(cut(path))}</div>' if path else ""
        parts.append(f'{caption}<div class="wide">{_svg(tree, diagram, path)}</div>')
    return Picture(Html("".join(parts)), size <= SMALL)


def _svg(tree: LayerTree, diagram: Diagram, path: str) -> Html:
    labels = [label_of(box, tree) for box in diagram.boxes]
    sizes = [(width + 2 * SIDE, height + 2 * TOP) for width, height in (label.size for label in labels)]
    layout = arrange(sizes, diagram.edges)
    name = escape(cut(path or tree.layers[""].class_name if "" in tree.layers else path))
    width, height = layout.width + 2 * MARGIN + (BADGE if diagram.frames else 0), layout.height + 2 * MARGIN
    view = f"{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}"
    parts = [
        f'<svg role="img" width="{width:.0f}" style="min-width: {SMALLEST * width:.0f}px" viewBox="{view}">',
        f"<title>Architecture of {name}</title><desc>{_description(labels, diagram)}</desc>",
        *(_frame(layout, frame) for frame in diagram.frames),
        _lines(layout),
        *(_box(label, spot) for label, spot in zip(labels, layout.spots, strict=False)),
        "</svg>",
    ]
    return Html("".join(parts))


def _box(label: Label, spot: Spot) -> Html:
    left, top = spot.x - spot.width / 2, spot.y
    texts = [(title, "") for title in label.titles] + ([(label.detail, ' class="detail"')] if label.detail else [])
    lines = (
        f'<text{kind} x="{spot.x:.1f}" y="{top + TOP + (row + 0.75) * LINE:.1f}">{escape(text)}</text>'
        for row, (text, kind) in enumerate(texts)
    )
    rect = f'<rect x="{left:.1f}" y="{top:.1f}" width="{spot.width:.1f}" height="{spot.height:.1f}" rx="4"/>'
    return Html(f'<g class="box {label.kind}"><title>{escape(label.tip)}</title>{rect}{"".join(lines)}</g>')


def _frame(layout: Layout, frame: tuple[int, int, int]) -> Html:
    """Draw the frame of a repeated block; no other box is in its levels."""
    first, last, times = frame
    rows = layout.rows[layout.levels[first] : layout.levels[last] + 1]
    spots = [layout.spots[spot] for row in rows for spot in row]
    left = min(spot.x - spot.width / 2 for spot in spots) - MARGIN
    right = max(spot.x + spot.width / 2 for spot in spots) + MARGIN
    top, bottom = min(spot.y for spot in spots) - MARGIN, max(spot.bottom for spot in spots) + MARGIN
    return Html(
        f'<rect class="frame" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
        f' rx="6"/><text class="times" x="{right + 5:.1f}" y="{(top + bottom) / 2 + 4:.1f}">{TIMES}{times}</text>'
    )


def _lines(layout: Layout) -> Html:
    """Draw all lines as one path, and their heads as another."""
    drawn, heads = [], []
    for line in layout.lines:
        spots = [layout.spots[number] for number in line]
        x, y = spots[0].x, spots[0].bottom
        drawn.append(f"M{x:.1f} {y:.1f}")
        for spot in spots[1:]:
            middle = (y + spot.y) / 2
            drawn.append(f"C{x:.1f} {middle:.1f} {spot.x:.1f} {middle:.1f} {spot.x:.1f} {spot.y:.1f}")
            x, y = spot.x, spot.y
            if spot.width == 0:
                y = spot.bottom
                drawn.append(f"V{y:.1f}")
        heads.append(f"M{x - 3.5:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}L{x + 3.5:.1f} {y - 6:.1f}Z")
    return Html(f'<path class="edge" d="{"".join(drawn)}"/><path class="head" d="{"".join(heads)}"/>')


def _description(labels: Sequence[Label], diagram: Diagram) -> Html:
    """Return what a picture shows, in words."""
    before: dict[int, list[str]] = {}
    for source, target in diagram.edges:
        before.setdefault(target, []).append(" ".join(labels[source].titles))
    sentences = (
        " ".join(label.titles) + (f" after {' and '.join(before[number])}" if number in before else "")
        for number, label in enumerate(labels)
    )
    return escape(cut("; ".join(sentences), DESCRIBED))


def _rows(tree: LayerTree, custom: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the lines of a tree: level, class and description; equal layers in a row are one line.

    Layers inside a class of Keras are left out, and so are those of a model whose graph is known, which has a picture.
    """
    waiting = [(0, "", list(group)) for group in _alike(tree, "")][::-1]
    shown = 0
    while waiting and shown < MOST:
        level, _, group = waiting.pop()
        first = tree.layers[group[0]]
        shown += 1
        yield level, first.class_name, layer_words(first, tree, len(group))
        if first.class_name in custom and level + 1 < DEEPEST and not tree.is_graph(first.path):
            waiting += [(level + 1, "", list(below)) for below in _alike(tree, first.path)][::-1]
    if waiting:
        yield 0, "…", "and more"


def _alike(tree: LayerTree, path: str) -> Iterator[tuple[str, ...]]:
    below = (layer.path for layer in tree.below(path))
    return (tuple(group) for _, group in itertools.groupby(below, key=tree.signs.__getitem__))


def _tree(rows: Sequence[tuple[int, str, str]]) -> Html:
    lines = (
        f'<li style="margin-left: {level * 18}px"><span>{escape(cut(name))}</span> '
        f'<span class="soft">{escape(words)}</span></li>'
        for level, name, words in rows
    )
    return Html(f'<ul class="tree">{"".join(lines)}</ul>')
