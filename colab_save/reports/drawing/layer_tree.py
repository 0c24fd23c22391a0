"""The layers of a model as a tree, with what each holds in all; made of facts alone.

`folding` and `picture` ask it. Facts may come from anywhere: paths are followed a bounded number of levels down, and
everything here takes time in proportion to the number of layers and variables.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from colab_save.artifact.facts import LayerFacts, ModelFacts

DEEPEST = 32
"""Levels of a path that are followed."""


@dataclass(frozen=True, slots=True)
class LayerTree:
    """The layers of a model, by their paths.

    Attributes:
        layers: Every layer by path; the model itself has the empty one.
        children: The layers right below each, in their order.
        parameters: The number of elements of all weights below each.
        signs: A number for each; layers of one class and size, with the same in them, have the same.
    """

    layers: dict[str, LayerFacts] = field(default_factory=dict)
    children: dict[str, list[LayerFacts]] = field(default_factory=dict)
    parameters: Counter[str] = field(default_factory=Counter)
    signs: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: ModelFacts) -> LayerTree:
        """Take the tree of a model's facts."""
        tree = cls({layer.path: layer for layer in facts.layers})
        for path, layer in tree.layers.items():
            if path:
                tree.children.setdefault(tree.nearest(path), []).append(layer)
        for variable in facts.variables:
            size = math.prod(variable.shape)
            tree.parameters[""] += size
            for prefix in _prefixes(variable.path):
                if prefix and prefix in tree.layers:
                    tree.parameters[prefix] += size
        tree._sign()
        tree._begin(facts)
        return tree

    def _sign(self) -> None:
        known: dict[tuple[object, ...], int] = {}
        for path in sorted(self.layers, key=len, reverse=True):
            within = tuple(self.signs[layer.path] for layer in self.below(path))
            sign = (self.layers[path].class_name, self.parameters[path], *within)
            self.signs[path] = known.setdefault(sign, len(known))

    def _begin(self, facts: ModelFacts) -> None:
        """Put the input of a Sequential before its layers: Keras does not count it among them."""
        line = self.below("")
        if self.is_model("") and len(facts.inputs) == 1 and not any(item.class_name == "InputLayer" for item in line):
            name = facts.inputs[0].name or "input"
            if line and name not in self.layers:
                line[0] = replace(line[0], inputs=(name,))
                line.insert(0, LayerFacts(name, "InputLayer", shape=facts.inputs[0].shape))

    def below(self, path: str) -> list[LayerFacts]:
        """Give the layers right below one."""
        return self.children.get(path, [])

    def nearest(self, path: str) -> str:
        """Give the layer that a path lies below, the nearest; the model itself where there is no other."""
        return next((prefix for prefix in _prefixes(path) if prefix in self.layers), "")

    def is_graph(self, path: str) -> bool:
        """Say whether it is known which of the layers right below one feed which; a single one needs no feeding."""
        parts = self.below(path)
        return any(layer.inputs for layer in parts) or (len(parts) == 1 and self.is_model(path))

    def is_model(self, path: str) -> bool:
        """Say whether Keras has put this together of layers: its class is one of Keras's own for that."""
        return path in self.layers and self.layers[path].class_name in {"Sequential", "Functional"}

    def graphs(self) -> Iterator[str]:
        """Give the path of every model whose layers feed each other, the model itself first."""
        return (path for path in self.layers if self.is_graph(path))

    def count(self, path: str) -> int:
        """Count the layers below one."""
        waiting, found = [path], 0
        while waiting:
            parts = self.below(waiting.pop())
            found += len(parts)
            waiting += [layer.path for layer in parts]
        return found


def _prefixes(path: str) -> Iterator[str]:
    """Give what a path may lie below, the nearest first."""
    ends = [index for index, letter in enumerate(path[:1024]) if letter == "/"][:DEEPEST]
    return (path[:end] for end in reversed(ends))
