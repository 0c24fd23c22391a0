"""Check that all calls in the graph of a functional model's config can be made.

`config` calls it for each model that it finds. Keras makes a call once its inputs exist. If they never do, Keras 3.13.2
loops forever and 3.15.1 raises (``functional_from_config`` in ``keras/src/models/functional.py``). That happens with
nested models that Keras 2 wrote, which counts a model's own inputs as a call.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from colab_save.types import Json

Call = tuple[str, int]
"""The name of a layer, and the index of one of its calls."""


def unmade_call(config: Json) -> str:
    """Return the first layer whose inputs never exist and what it waits for, in words; empty if there is none.

    Args:
        config: The ``config`` of a model; only functional models have calls.
    """
    layers = _layers(config)
    calls = dict(layers)
    if len(calls) < len(layers):
        return "two layers have the same name"
    made = {name: 0 if nodes else 1 for name, nodes in calls.items()}  # an input exists without a call
    waiting: defaultdict[Call, list[str]] = defaultdict(list)
    lacking: dict[str, Call] = {}
    pending = deque(calls)
    while pending:
        name = pending.popleft()
        lacking.pop(name, None)
        while made[name] < len(calls[name]):
            needed = [call for call in _inputs(calls[name][made[name]]) if made.get(call[0], call[1] + 1) <= call[1]]
            if needed:
                waiting[needed[0]].append(name)
                lacking[name] = needed[0]
                break
            made[name] += 1
            pending.extend(waiting.pop((name, made[name] - 1), ()))
    return next((f"{name!r} waits for call {at} of {of!r}" for name, (of, at) in lacking.items()), "")


def _layers(config: Json) -> list[tuple[str, list[Json]]]:
    """Return the name of each layer and its calls as they are written."""
    layers = config.get("layers") if isinstance(config, dict) else None
    named = [item for item in layers if isinstance(item, dict)] if isinstance(layers, list) else []
    return [
        (item["name"], item["inbound_nodes"])
        for item in named
        if isinstance(item.get("name"), str) and isinstance(item.get("inbound_nodes"), list)
    ]


def _inputs(call: Json) -> Iterator[Call]:
    """Yield the calls that feed one call: Keras 3 writes tensors with a history, Keras 2 wrote lists."""
    histories = call if isinstance(call, list) else []
    pending: list[Json] = [call] if isinstance(call, dict) else []
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            history = value.get("keras_history")
            histories += [history] if history is not None else []
        below = value.values() if isinstance(value, dict) else value
        pending += [item for item in below if isinstance(item, dict | list)]
    for history in histories:
        match history:
            case [str(name), int(at), *_]:
                yield name, at
