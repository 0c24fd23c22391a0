"""Check the place of a plain save: it may replace a model of the same format, and nothing else.

`resolving` calls `with_free_places` once the store is open, the pipeline `where_to_put` once it is decided what is
published; nothing is written.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.errors import TargetError
from colab_save.saving.deciding import Decision
from colab_save.saving.plan import Choice, Destination, Plan
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


def where_to_put(plan: Plan, decision: Decision) -> Destination:
    """Return where to publish: a PARTIAL plain save goes beside a file that it would replace, unless it is forced.

    Raises:
        TargetError: Something else stands there.
    """
    destination, name = plan.destination, decision.attempts[0].formats[0].name
    if not (destination.key and decision.is_partial) or plan.rules.is_forced:
        return destination
    store, exact = destination.store, destination.exact(name)
    if not (store.has(exact) or store.keys(exact)):
        return destination
    beside = destination.beside(name)
    if obstacle := find_obstacle(store, beside.key, name):
        raise TargetError(f"{obstacle}.", "Give another path: a save replaces nothing but a model.")
    return beside
