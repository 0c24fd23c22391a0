"""One part of an artifact that holds several models, seen as an artifact of its own in a folder.

So each part is located, fetched, opened and compared as a single model is; `locating` and the reports ask here.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.manifest import FileFacts, Manifest, Payload


def of_part(manifest: Manifest, name: str) -> Manifest:
    """Give the manifest of one part; its paths begin in the part's folder."""
    part = next(part for part in manifest.parts if part.name == name)
    folder = f"{name}/"
    return replace(
        manifest,
        payloads=tuple(
            Payload(item.format, item.path.removeprefix(folder))
            for item in manifest.payloads
            if item.path.startswith(folder)
        ),
        files=tuple(
            FileFacts(file.path.removeprefix(folder), file.size, file.sha256)
            for file in manifest.files
            if file.path.startswith(folder)
        ),
        facts=part.facts,
        sample=part.sample,
        round_trips=tuple(trip for trip in manifest.round_trips if trip.part == name),
        parts=(),
        signature="",
    )


def each_part(manifest: Manifest) -> dict[str, Manifest]:
    """Give the manifest of each part by its name; that of a single model is its own, without a name."""
    return {part.name: of_part(manifest, part.name) for part in manifest.parts} or {"": manifest}
