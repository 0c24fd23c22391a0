"""Check the place of a plain save: it may replace a model of the same format, and nothing else.

`resolving` calls `with_free_places` once the store is open; nothing is written.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.errors import TargetError
from colab_save.saving.plan import Choice, Destination
from colab_save.versions.placing import find_obstacle


def with_free_places(choice: Choice, destination: Destination) -> Choice:
    """Drop the attempts of a plain save whose place is occupied; a save by name always goes to a new place.

    Raises:
        TargetError: No attempt is left: the save would overwrite something that is not such a model.
    """
    if not destination.key:
        return choice
    reasons = {
        plug.name: find_obstacle(destination.store, destination.exact(plug.name), plug.name)
        for formats in choice.attempts
        for plug in formats
    }
    left = tuple(formats for formats in choice.attempts if not any(reasons[plug.name] for plug in formats))
    taken = {name: reason for name, reason in reasons.items() if reason}
    if not left:
        raise TargetError(f"{'; '.join(taken.values())}.", "Give another path: a save replaces nothing but a model.")
    return replace(choice, attempts=left, refusals={**choice.refusals, **taken})
