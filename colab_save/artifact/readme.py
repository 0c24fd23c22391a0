"""The README of an artifact: what its folder holds, and how to open it without this package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from colab_save.artifact.collection import ARRAYS, TREE
from colab_save.artifact.layout import STATE
from colab_save.artifact.manifest import Manifest
from colab_save.format_table import FORMATS

README = "README.md"
"""The file's name in an artifact."""


def readme_of(manifest: Manifest, openings: Mapping[str, str], packed: Collection[str] = ()) -> str:
    """Write the README of an artifact.

    Args:
        manifest: Its manifest.
        openings: For each format of the artifact, the Python lines that open its payload from this folder, with
            ``{keras}`` for the dialect of the model.
        packed: The payloads that are published as a zip file of their name.
    """
    facts, environment = manifest.facts, manifest.environment
    target = f"{manifest.name}@{manifest.version}" if manifest.is_export else manifest.name
    kind = facts.class_name.rpartition(".")[2]
    lines = [
        f"# {manifest.name}",
        "",
        f"A `{kind}` with {manifest.parameters:,} parameters, saved {manifest.created} by colab_save.",
        "",
        f"With colab_save: `model = colab_save.load_model({target!r})`. Without it, from this folder:",
    ]
    kinds = {part.name: part.facts.kind for part in manifest.parts}
    for payload in manifest.payloads:
        folder, _, _ = payload.path.rpartition("/")
        origin = f", from its folder `{folder}`" if folder else ""
        opening = openings[payload.format].format(keras=kinds.get(folder, facts.kind))
        unpacked = f", after unpacking `{payload.path}.zip` where it is" if payload.path in packed else ""
        lines += ["", f"`{payload.path}` ({payload.format}){origin}{unpacked}:", "", "```python", opening, "```"]
    if manifest.parts:
        lines += ["", f"All other values of it are in `{TREE}` and `{ARRAYS}`, as plain JSON and NumPy arrays."]
    if any(file.path == "custom_code.py" for file in manifest.files):
        how = "read it before you import it, and give Keras `custom_objects=custom_code.CUSTOM_OBJECTS` when it loads"
        lines += ["", f"The custom classes and functions are in `custom_code.py`: {how}."]
    lines += _files_to_read(manifest)
    if any(FORMATS[payload.format].needs_classes for payload in manifest.payloads):
        models = (facts, *(part.facts for part in manifest.parts))
        made = {name: (arguments, item.kind) for item in models for name, arguments in item.objects.items()}
        lines += [line for name, (arguments, kind) in made.items() for line in _maker(name, arguments, kind)]
    lines += _others(manifest)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(environment.items()))
    lines += ["", f"Made with {versions}. The sizes and SHA-256 digests of all files are in `manifest.json`."]
    if manifest.is_partial:
        trips = [trip for trip in (*manifest.round_trips, *manifest.given_up) if trip.failed]
        lost = (f"- {trip.label}: {', '.join(trip.failed)}" for trip in trips)
        lines += ["", "Saved in part. What did not come back, of each payload that was tried:", "", *lost]
    if manifest.note:
        lines += ["", manifest.note]
    return "\n".join(lines) + "\n"


def _files_to_read(manifest: Manifest) -> list[str]:
    """Return the lines about the files that the models read while they are made."""
    if not manifest.assets:
        return []
    files = ", ".join(f"`{path}`" for path in manifest.assets.values())
    where = "the folder of its part" if manifest.parts else "this folder"
    return ["", f"The model reads {files} while it is made: open it with {where} as the working folder."]


def _others(manifest: Manifest) -> list[str]:
    """Return the lines on the files with what no payload has."""
    lines, paths = [], [file.path for file in manifest.files]
    if any(path.rpartition("/")[2] == STATE for path in paths):
        without = "Keras alone merges LoRA adapters into their kernels, and leaves out the state of some optimizers"
        lines += ["", f"`{STATE}` has the variables that Keras does not write as they are. {without}."]
    if any(path.startswith("extras/") for path in paths):
        lines += ["", "The extras are in `extras/collection.json`, and their arrays in `extras/collection.npz`."]
    return lines


def _maker(name: str, arguments: Sequence[str], keras: str) -> list[str]:
    """Return the lines that make plain Keras pass objects to a class, instead of the configs of objects."""
    names = ", ".join(f'"{argument}"' for argument in arguments)
    return [
        "",
        f"`{name}` takes objects, and has no `from_config` that makes them. Define one before you load:",
        "",
        "```python",
        f"import {keras}",
        "",
        "import custom_code",
        "",
        "",
        "def from_config(cls, config):",
        f"    made = {{key: {keras}.saving.deserialize_keras_object(config[key]) for key in [{names}]}}",
        "    return cls(**{**config, **made})",
        "",
        "",
        f"custom_code.{name}.from_config = classmethod(from_config)",
        "```",
    ]
