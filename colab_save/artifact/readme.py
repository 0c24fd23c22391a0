"""The artifact's own README: what this folder is, and how to open it without this package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from colab_save.artifact.collection import ARRAYS, TREE
from colab_save.artifact.manifest import Manifest
from colab_save.format_table import FORMATS

README = "README.md"
"""The file's name in an artifact."""


def readme_of(manifest: Manifest, openings: Mapping[str, str], packed: Collection[str] = ()) -> str:
    """Write the README of an artifact.

    Args:
        manifest: Its description.
        openings: For each format of the artifact, the Python lines that open its payload from this folder, with
            ``{keras}`` for the Keras that the model is made of.
        packed: The payloads that lie there in a zip file of their name.
    """
    facts, environment = manifest.facts, manifest.environment
    lines = [
        f"# {manifest.name}",
        "",
        f"A `{facts.class_name}` with {manifest.parameters:,} parameters, saved {manifest.created} by colab_save.",
        "",
        f"With colab_save: `model = colab_save.load_model({manifest.name!r})`. Without it, from this folder:",
    ]
    kinds = {part.name: part.facts.kind for part in manifest.parts}
    for payload in manifest.payloads:
        folder, _, _ = payload.path.rpartition("/")
        origin = f", from its folder `{folder}`" if folder else ""
        opening = openings[payload.format].format(keras=kinds.get(folder, facts.kind))
        unpacked = f", once `{payload.path}.zip` is unpacked where it lies" if payload.path in packed else ""
        lines += ["", f"`{payload.path}` ({payload.format}){origin}{unpacked}:", "", "```python", opening, "```"]
    if manifest.parts:
        lines += ["", f"What else it held is in `{TREE}` and `{ARRAYS}`: plain JSON and NumPy arrays."]
    if any(file.path == "custom_code.py" for file in manifest.files):
        lines += ["", "The model's own classes and functions are in `custom_code.py`; read it before you import it."]
    if any(FORMATS[payload.format].needs_classes for payload in manifest.payloads):
        models = (facts, *(part.facts for part in manifest.parts))
        made = {name: (arguments, item.kind) for item in models for name, arguments in item.objects.items()}
        lines += [line for name, (arguments, kind) in made.items() for line in _maker(name, arguments, kind)]
    if any(file.path.startswith("extras/") for file in manifest.files):
        lines += ["", "What else was kept is in `extras/collection.json`, its arrays in `extras/collection.npz`."]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(environment.items()))
    lines += ["", f"Made with {versions}. Sizes and SHA-256 digests of all files are in `manifest.json`."]
    if manifest.note:
        lines += ["", manifest.note]
    return "\n".join(lines) + "\n"


def _maker(name: str, arguments: Sequence[str], keras: str) -> list[str]:
    """Give the lines without which plain Keras hands a class the configs of objects instead of the objects."""
    names = ", ".join(f'"{argument}"' for argument in arguments)
    return [
        "",
        f"`{name}` takes objects, and has no `from_config` that makes them. Give it one before you load:",
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
