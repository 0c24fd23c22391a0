"""The layers of a model as a tree, with the parameters below each; made from facts alone.

`folding` and `picture` use it. Facts can come from anywhere: paths are followed to a limited depth, and everything here
takes time in proportion to the number of layers and variables.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from colab_save.artifact.facts import LayerFacts, ModelFacts

DEEPEST = 32
"""Most levels of a path that are followed."""


@dataclass(frozen=True, slots=True)
class LayerTree:
    """The layers of a model, by their paths.

    Attributes:
        layers: Every layer by path; the path of the model itself is empty.
        children: The layers directly below each, in their order.
        parameters: The number of elements of all weights below each.
        signs: A number for each; equal for layers of the same class, size and content.
    """

    layers: dict[str, LayerFacts] = field(default_factory=dict)
    children: dict[str, list[LayerFacts]] = field(default_factory=dict)
    parameters: Counter[str] = field(default_factory=Counter)
    signs: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: ModelFacts) -> LayerTree:
        """Return the tree of a model's facts."""
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
        """Put the input of a Sequential before its layers, since Keras does not list it among them."""
        line = self.below("")
        if self.is_model("") and len(facts.inputs) == 1 and not any(item.class_name == "InputLayer" for item in line):
            name = facts.inputs[0].name or "input"
            if line and name not in self.layers:
                line[0] = replace(line[0], inputs=(name,))
                line.insert(0, LayerFacts(name, "InputLayer", shape=facts.inputs[0].shape))

    def below(self, path: str) -> list[LayerFacts]:
        """Return the layers directly below one."""
        return self.children.get(path, [])

    def nearest(self, path: str) -> str:
        """Return the path of the nearest layer above a path; that of the model itself if there is no other."""
        return next((prefix for prefix in _prefixes(path) if prefix in self.layers), "")

    def is_graph(self, path: str) -> bool:
        """Return whether the connections of the layers directly below one are known; a single layer needs none."""
        parts = self.below(path)
        return any(layer.inputs for layer in parts) or (len(parts) == 1 and self.is_model(path))

    def is_model(self, path: str) -> bool:
        """Return whether this is a Sequential or Functional model of Keras."""
        return path in self.layers and self.layers[path].class_name in {"Sequential", "Functional"}

    def graphs(self) -> Iterator[str]:
        """Yield the path of every model whose connections are known, the model itself first."""
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
    """Yield the paths above a path, the nearest first."""
    ends = [index for index, letter in enumerate(path[:1024]) if letter == "/"][:DEEPEST]
    return (path[:end] for end in reversed(ends))
