"""The schemas of manifests: JSON of an older schema goes in, JSON of the current one comes out.

A change that older manifests do not fit gets a new schema number, and a function here that upgrades the schema before
it. A new field with a default needs neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from colab_save.artifact.environment import environment
from colab_save.errors import DamagedFileError
from colab_save.hints import pip
from colab_save.types import Json

SCHEMA = 3
"""The schema that is written."""

_RELEASE = re.compile(r"\d[\w.+!-]{0,39}", re.ASCII)
"""The form of a release number; nothing else from a manifest may get into a command that the user is told to run."""


def _not_held(value: Json) -> Json:
    """Call ``NOT_HELD`` what schema 1 called ``NOT_KEPT``."""

    def renamed(verdict: Json) -> Json:
        return {**verdict, "outcome": "NOT_HELD"} if verdict["outcome"] == "NOT_KEPT" else verdict

    trips = [
        {**trip, "verdicts": {aspect: renamed(verdict) for aspect, verdict in trip["verdicts"].items()}}
        for trip in value["round_trips"]
    ]
    return {**value, "round_trips": trips}


_ONLY_EXPORTED = {"litert", "onnx"}
"""The formats of exports in schema 2 that ``auto`` did not write."""


_RECURRENT = re.compile(r"/states/\d+$")
"""The paths of the states of recurrent layers in schema 2; its other states are those of random generators."""


def _with_generators(facts: Json) -> Json:
    """Separate the states of random generators from those of recurrent layers."""
    states = facts.get("states", {})
    generators = {path: state for path, state in states.items() if not _RECURRENT.search(path)}
    recurrent = {path: state for path, state in states.items() if path not in generators}
    return {**facts, "states": recurrent, "generators": generators}


def _is_export(value: Json) -> bool:
    """Return whether it is an export, which schema 2 does not say; ``auto`` may have fallen back to a SavedModel."""
    formats = {payload["format"] for payload in value["payloads"]}
    return bool(formats & _ONLY_EXPORTED) and formats <= {*_ONLY_EXPORTED, "saved_model"}


def _with_exports_and_generators(value: Json) -> Json:
    """Mark the exports, and separate the states of random generators from others, neither of which schema 2 does."""
    parts = [{**part, "facts": _with_generators(part["facts"])} for part in value.get("parts", [])]
    facts = _with_generators(value["facts"])
    return {**value, "is_export": _is_export(value), "facts": facts, "parts": parts}


UPGRADES: Mapping[int, Callable[[Json], Json]] = {1: _not_held, 2: _with_exports_and_generators}
"""For each older schema, the function that upgrades its JSON to the next schema; the JSON may come from anywhere."""


def upgraded(value: Json, where: str) -> Json:
    """Return the JSON of a manifest, upgraded to the current schema.

    Args:
        value: Its JSON.
        where: Its path, for the error.

    Raises:
        DamagedFileError: It has a newer schema; the hint installs the release that reads it.
        ValueError: It has no schema number, or does not fit its schema.
    """
    schema = value.get("schema") if isinstance(value, dict) else None
    if type(schema) is not int or schema < 1:
        what = str(schema)[:40] if isinstance(schema, int) else type(schema).__name__
        raise ValueError(f"its schema must be a whole number of at least 1, not {what}")
    if schema > SCHEMA:
        raise _newer(value, where)
    try:
        while schema < SCHEMA:
            value, schema = UPGRADES[schema](value), schema + 1
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"it does not fit schema {schema}, {type(error).__name__}: {error}") from error
    return {**value, "schema": SCHEMA}


def _newer(value: Json, where: str) -> DamagedFileError:
    recorded, own = value.get("environment"), environment().get("colab_save", "")
    release = str(recorded.get("colab_save", "")) if isinstance(recorded, dict) else ""
    is_known = _RELEASE.fullmatch(release) and release != own
    writer = f"colab_save {release}" if is_known else "a newer colab_save"
    return DamagedFileError(
        f"The manifest {where} has schema {str(value['schema'])[:40]}; this colab_save reads schemas 1 to {SCHEMA}. "
        f"It was written by {writer}, and this is {own or 'a build without a version'}.",
        pip(f"colab_save>={release}" if is_known else "colab_save", upgrade=True),
    )
