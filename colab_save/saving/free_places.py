"""Check the place of a plain save: it may replace a model of the same format, and nothing else.

`resolving` calls `with_free_places` once the store is open; nothing is written.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.errors import TargetError
from colab_save.format_table import FORMATS
from colab_save.saving.plan import Choice, Destination


def with_free_places(choice: Choice, destination: Destination) -> Choice:
    """Drop the attempts of a plain save whose place is occupied; a save by name always goes to a new place.

    Raises:
        TargetError: No attempt is left: the save would overwrite something that is not such a model.
    """
    if not destination.key:
        return choice
    reasons = {plug.name: _occupied(destination, plug.name) for formats in choice.attempts for plug in formats}
    left = tuple(formats for formats in choice.attempts if not any(reasons[plug.name] for plug in formats))
    taken = {name: reason for name, reason in reasons.items() if reason}
    if not left:
        raise TargetError(f"{'; '.join(taken.values())}.", "Give another path: a save replaces nothing but a model.")
    return replace(choice, attempts=left, refusals={**choice.refusals, **taken})


def _occupied(destination: Destination, format_name: str) -> str:
    """Return what occupies the place of a plain save; empty if it is free or has a model of that format."""
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
