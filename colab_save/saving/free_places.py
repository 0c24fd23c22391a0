"""Where a plain save may go: it takes the place of a model of its own kind, and never of what somebody keeps there.

`resolving` asks here, once the store is open; nothing is written.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.errors import TargetError
from colab_save.format_table import FORMATS
from colab_save.saving.plan import Choice, Destination


def with_free_places(choice: Choice, destination: Destination) -> Choice:
    """Leave the attempts whose place is free, or holds what a plain save may replace; any other save has a new place.

    Raises:
        TargetError: None is left: the save would cost what somebody else keeps there.
    """
    if not destination.key:
        return choice
    reasons = {plug.name: _occupied(destination, plug.name) for formats in choice.attempts for plug in formats}
    left = tuple(formats for formats in choice.attempts if not any(reasons[plug.name] for plug in formats))
    taken = {name: reason for name, reason in reasons.items() if reason}
    if not left:
        raise TargetError(f"{'; '.join(taken.values())}.", "Give a path that is free; a save replaces only a model.")
    return replace(choice, attempts=left, refusals={**choice.refusals, **taken})


def _occupied(destination: Destination, format_name: str) -> str:
    """Say what stands where a plain save would go, unless it is a model of that kind or nothing; empty when none."""
    store, key = destination.store, destination.exact(format_name)
    names = store.keys(key)
    place = f"{store.location}/{key}"
    contents = FORMATS[format_name].contents
    if not contents:
        return f"{place} is a folder" if names else ""
    if not names:
        return f"{place} is a file" if store.has(key) else ""
    others = sorted(set(names) - contents)
    return f"{place} is a folder with {others[0]} in it" if others else ""
