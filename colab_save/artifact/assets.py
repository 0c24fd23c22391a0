"""Assets: the files that a model reads when it is made, which lie in its artifact and not where they were.

`saving` copies them into a stage; the fresh process and `loading` put their new places where a config names the old.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from colab_save.types import Json

ASSETS = "assets"
"""The folder in an artifact."""

PROGRAM = "TFSMLayer"
"""The layer that loads a SavedModel from a path."""

STRUCTURE = frozenset(
    {"class_name", "input_layers", "keras_history", "module", "name", "output_layers", "package", "registered_name"}
)
"""The keys of a config whose texts are names, and no paths."""


def places_of(assets: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the place on this disk for each text that may stand for an asset in a config.

    Args:
        assets: The path in the artifact for each path as the notebook spelled it.
        folder: The folder of the artifact, or any folder with its assets.
    """
    places: dict[str, str] = {}
    for spelled, path in assets.items():
        local = str(folder / path)
        places |= dict.fromkeys((spelled, path, f"../{path}"), local)
    return places


def origins_of(assets: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the path as the notebook spelled it, for each place of an asset on this disk."""
    return {str(folder / path): spelled for spelled, path in assets.items()}


def with_paths(value: Json, paths: Mapping[str, str]) -> Json:
    """Return JSON with the texts that are such a path replaced, and with those of what lies in such a folder."""
    if not paths:
        return value
    if isinstance(value, str):
        return _replaced(value, paths)
    if isinstance(value, Mapping):
        return {key: item if key in STRUCTURE else with_paths(item, paths) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_paths(item, paths) for item in value]
    return value


def _replaced(text: str, paths: Mapping[str, str]) -> str:
    if text in paths:
        return paths[text]
    folder = next((path for path in paths if text.startswith(f"{path.rstrip(os.sep)}{os.sep}")), None)
    return text if folder is None else f"{paths[folder].rstrip(os.sep)}{text.removeprefix(folder.rstrip(os.sep))}"


def texts_in(value: Json) -> list[str]:
    """Return the texts of a config that may be paths, each once."""
    found: dict[str, None] = {}
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            found[item] = None
        elif isinstance(item, Mapping):
            pending += [each for key, each in item.items() if key not in STRUCTURE]
        elif isinstance(item, (list, tuple)):
            pending += item
    return list(found)


def runs_a_program(config: Json) -> bool:
    """Return whether a config names a layer that loads a program from a path, which Keras refuses in safe mode."""
    pending = [config]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            if item.get("class_name") == PROGRAM:
                return True
            pending += item.values()
        elif isinstance(item, (list, tuple)):
            pending += item
    return False


def is_asset(path: str) -> bool:
    """Return whether a path in an artifact is one of an asset."""
    return path.startswith(f"{ASSETS}/")
