"""A functional model's graph, in a Keras config: can all its calls be made.

`config` asks for each model that it finds. Keras makes the calls in rounds, each when what feeds it is there, and
Keras 3.13.2 goes on for ever when that never happens (``functional_from_config`` in ``keras/src/models/functional.py``;
3.15.1 raises): so it does with a model in a model that Keras 2 wrote, which counts a model's own inputs as a call.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

Call = tuple[str, int]
"""A layer's name, and which call of it is meant."""


def unmade_call(config: Any) -> str:
    """Name the first layer whose inputs never come to be, and what it waits for; empty when every call can be made.

    Args:
        config: The ``config`` of a model; one that is no functional model has no calls.
    """
    layers = _layers(config)
    calls = dict(layers)
    if len(calls) < len(layers):
        return "two layers have the same name"
    made = {name: 0 if nodes else 1 for name, nodes in calls.items()}  # an input is there without a call
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


def _layers(config: Any) -> list[tuple[str, list[Any]]]:
    """Give each layer's name and its calls, as they are written."""
    layers = config.get("layers") if isinstance(config, dict) else None
    named = [item for item in layers if isinstance(item, dict)] if isinstance(layers, list) else []
    return [
        (item["name"], item["inbound_nodes"])
        for item in named
        if isinstance(item.get("name"), str) and isinstance(item.get("inbound_nodes"), list)
    ]


def _inputs(call: Any) -> Iterator[Call]:
    """Give what feeds one call: Keras 3 writes tensors with a history, Keras 2 wrote lists."""
    histories = call if isinstance(call, list) else []
    pending: list[Any] = [call] if isinstance(call, dict) else []
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
