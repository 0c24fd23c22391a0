"""Look inside a saved version: its picture and a table of its layers, from the manifest alone; no model is built.

The panel and scripts call `inspect_model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from colab_save.card import Card, Cell, Remark, Shown, Table
from colab_save.facts import LayerFacts, ModelFacts
from colab_save.finding import find
from colab_save.glance import glance_at
from colab_save.layer_tree import LayerTree
from colab_save.manifest import Manifest
from colab_save.picture import picture_of
from colab_save.stores import open_store
from colab_save.target import Target

HEAD = ("layer", "class", "output", "parameters", "weights", "dtype", "trains")
"""What is told of each layer."""

MOST = 400
"""Layers in a table; a page of more is of no use to anybody."""


@dataclass(frozen=True, slots=True)
class Inside(Shown):
    """What is inside a saved version.

    Attributes:
        manifest: The version.
    """

    manifest: Manifest

    def card(self) -> Card:
        """Give what is shown: the model in words and as a picture, then a row for each layer."""
        models = {part.name: part.facts for part in self.manifest.parts} or {"": self.manifest.facts}
        rows = [row for name, facts in models.items() for row in _rows(name, facts)]
        remarks = (Remark("note", f"{len(rows) - MOST} more layers are left out."),) if len(rows) > MOST else ()
        return Card(
            title=f"{self.manifest.name}@{self.manifest.version}",
            summary="",
            facts=dict(glance_at(self.manifest)),
            table=Table(HEAD, tuple(rows[:MOST])) if rows else None,
            remarks=remarks,
            picture=picture_of(self.manifest),
        )


def inspect_model(target: str, *, source: str | None = None) -> Inside:
    """Look inside a saved version without building the model.

    Args:
        target: A name, ``name@tag`` or ``name@version-prefix``.
        source: The store. Default: Drive in Colab, ``./models`` elsewhere.

    Raises:
        NotFoundError: There is no such version.
    """
    return Inside(find(open_store(source), Target.parse(target))[1])


def _rows(model: str, facts: ModelFacts) -> Iterator[tuple[Cell, ...]]:
    tree = LayerTree.of(facts)
    for layer in facts.layers:
        if layer.path:
            name = f"{model}/{layer.path}" if model else layer.path
            size = tree.parameters[layer.path]
            shapes = [list(item.shape) for item in facts.variables if item.path.rpartition("/")[0] == layer.path]
            yield (
                name,
                layer.class_name,
                _shape(layer),
                f"{size:,}" if size else "",
                ", ".join(map(str, shapes)),
                layer.dtype,
                "yes" if layer.trainable else "no",
            )


def _shape(layer: LayerFacts) -> str:
    return " x ".join("?" if size is None else str(size) for size in layer.shape) if layer.shape else ""
