"""The parts of a collection, each as an artifact of its own in a folder.

So each part is located, fetched, opened and compared like a single model. `versions`, `loading` and `reports` use this.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from colab_save.artifact.assets import ASSETS
from colab_save.artifact.collection import ARRAYS, COLLECTION, TREE
from colab_save.artifact.layout import CODE_ARRAYS, CUSTOM_CODE, EXTRAS, is_in
from colab_save.artifact.manifest import MANIFEST, FileFacts, Manifest, Payload
from colab_save.artifact.readme import README
from colab_save.errors import TargetError
from colab_save.hints import literal
from colab_save.target import check_name

RESERVED = (ARRAYS, ASSETS, CODE_ARRAYS, CUSTOM_CODE, EXTRAS, MANIFEST, README, TREE)
"""The names beside the folders of the parts."""


def part_name(place: Sequence[str], others: Iterable[str]) -> str:
    """Return a name for a part and its folder: its place, or a number if that is not allowed or already taken.

    Args:
        place: The keys and attributes that lead to the part.
        others: The names of the parts before it.
    """
    taken = [name.casefold() for name in (*others, *RESERVED)]
    numbered = (f"part-{number}" for number in itertools.count(len(taken) - len(RESERVED) + 1))
    names = itertools.chain([".".join(place).strip("_")], numbered)
    return next(name for name in names if _is_folder(name) and name.casefold() not in taken)


def _is_folder(name: str) -> bool:
    try:
        check_name(name, name)
    except TargetError:
        return False
    return True


def collection_with(names: Collection[str]) -> str:
    """Return what a collection is called in a message, with the names of its parts."""
    return f"a collection with {len(names)} model{'s' * (len(names) != 1)}: {literal(', '.join(names))}"


def of_part(manifest: Manifest, name: str) -> Manifest:
    """Return the manifest of one part; its paths are relative to the part's folder."""
    part = next(part for part in manifest.parts if part.name == name)
    folder = f"{name}/"
    return replace(
        manifest,
        payloads=tuple(
            Payload(item.format, item.path.removeprefix(folder))
            for item in manifest.payloads
            if item.path.startswith(folder)
        ),
        files=_below(folder, manifest.files),
        packed=_below(folder, manifest.packed),
        facts=part.facts,
        sample=part.sample,
        round_trips=tuple(trip for trip in manifest.round_trips if trip.part == name),
        given_up=tuple(trip for trip in manifest.given_up if trip.part == name),
        parts=(),
        signature="",
    )


def _below(folder: str, files: tuple[FileFacts, ...]) -> tuple[FileFacts, ...]:
    inside = (file for file in files if file.path.startswith(folder))
    return tuple(FileFacts(file.path.removeprefix(folder), file.size, file.sha256) for file in inside)


def each_part(manifest: Manifest) -> dict[str, Manifest]:
    """Return the manifest of each part by its name; a single model has its own manifest under an empty name."""
    return {part.name: of_part(manifest, part.name) for part in manifest.parts} or {"": manifest}


def payload_sizes(manifest: Manifest) -> dict[str, int]:
    """Return the bytes of each payload by its label, and those of the collection's own files."""
    found = {}
    for payload in manifest.payloads:
        part = payload.path.rpartition("/")[0] if manifest.parts else ""
        files = (file for file in manifest.files if is_in(file.path, payload.path))
        found[f"{part} {payload.format}".strip()] = sum(file.size for file in files)
    if manifest.parts:
        found[COLLECTION] = sum(file.size for file in manifest.files if file.path in {TREE, ARRAYS})
    return found
