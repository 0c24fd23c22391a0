"""Which of the notebook's models was trained last, as far as the steps of their optimizers tell.

The panel looks after each cell, and offers that model first.
"""

from __future__ import annotations

from collections.abc import Mapping

from colab_save.taking import Taking
from colab_save.types import Model


class Trained:
    """The model that was trained last.

    Attributes:
        name: Its variable; ``None`` if no model has taken a step.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._steps: dict[str, tuple[int, int]] = {}

    def look(self, models: Mapping[str, Model]) -> bool:
        """Look which models have taken steps since the last look, and return whether any has.

        Of several, the one that was defined last counts. A model that is bound to the name of another one is new.

        Args:
            models: The models by variable, in the order of their definition.
        """
        steps = {name: (id(model), steps_of(model)) for name, model in models.items()}
        moved = [name for name, seen in steps.items() if seen[1] and seen != self._steps.get(name)]
        self._steps = steps
        if moved:
            self.name = moved[-1]
        elif self.name not in models:
            self.name = None
        return bool(moved)


def steps_of(model: Model) -> int:
    """Return how many steps the optimizer of a model has taken; 0 where that is not known."""
    import numpy as np

    return Taking().fact("the steps", lambda: int(np.asarray(model.optimizer.iterations)), 0)
