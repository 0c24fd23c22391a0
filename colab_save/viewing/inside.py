"""Look inside a saved version without building the model: its picture, its layers, and histograms of its weights.

The picture and the layers come from the manifest, the weights from a payload, which is inspected before it is read.
Every frontend calls `inspect_model` or `look_inside`; `netron` and `tensorboard` call `reach` for the payloads.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colab_save.artifact.facts import LayerFacts, ModelFacts
from colab_save.artifact.manifest import Manifest
from colab_save.custom_code.origins import packages_of
from colab_save.errors import FormatError, UntrustedError
from colab_save.hints import literal, render
from colab_save.inspecting.inspection import inspect
from colab_save.progress import OnStep, ignore_steps
from colab_save.quantities import count_in_words
from colab_save.reports.bars import Bars, draw_weights, oddities_in_words
from colab_save.reports.card import Card, Cell, Remark, Shown, Table
from colab_save.reports.drawing.picture import picture_of
from colab_save.reports.glance import glance_at
from colab_save.reports.histogram import Histogram
from colab_save.reports.json_fields import version_fields
from colab_save.reports.layer_tree import LayerTree
from colab_save.request.request import LoadRequest
from colab_save.versions.locating import Found, choose_payload, fetch_payload, locate
from colab_save.viewing.weights import Weight, weigh

HEAD = ("layer", "class", "output", "parameters", "dtype", "trains", "weights")
"""The columns for each layer."""

PLAIN_HEAD = ("weight", "dtype", "values")
"""The columns for each weight of a plain file."""

MOST = 400
"""Rows of a table; nobody reads a page with more."""

NAMED = 6
"""Weights with NaN or infinite values that are listed above the table."""


@dataclass(frozen=True, slots=True)
class Inside(Shown):
    """What is inside a saved version, or a plain file.

    Attributes:
        manifest: The manifest of the version; ``None`` for a plain file.
        weights: The weights of each model by the model's name; a single model has the empty name.
        notes: Why weights were not read.
        name: The title. Default: the name and version.
    """

    manifest: Manifest | None
    weights: Mapping[str, Sequence[Weight]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = ""

    def card(self) -> Card:
        """Return the card: the model in words and as a picture, then a row for each layer with its weights."""
        rows = [*self._rows()]
        remarks = [Remark("weights", note) for note in (*self.notes, *self._odd())]
        if len(rows) > MOST:
            remarks.append(Remark("note", f"{len(rows) - MOST} more rows are left out."))
        manifest = self.manifest
        return Card(
            title=literal(self.name or (f"{manifest.name}@{manifest.version}" if manifest else "")),
            summary="" if manifest else "a plain file without a manifest",
            facts=dict(self._facts()),
            table=Table(HEAD if manifest else PLAIN_HEAD, tuple(rows[:MOST])) if rows else None,
            remarks=tuple(remarks),
            picture=picture_of(manifest) if manifest else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the layers and weights of each model; a single model has the empty name."""
        models = self.models()
        return {
            "name": self.name or (f"{self.manifest.name}@{self.manifest.version}" if self.manifest else ""),
            "version": version_fields(self.manifest) if self.manifest else None,
            "models": {
                name: {
                    "layers": [_layer_fields(layer) for layer in (models[name].layers if name in models else ())],
                    "weights": [
                        {"path": weight.path, "shape": list(weight.shape), "dtype": weight.dtype}
                        for weight in self.weights.get(name, ())
                    ],
                }
                for name in {**models, **self.weights}
            },
            "notes": [render(note) for note in (*self.notes, *self._odd())],
        }

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.manifest is None:
            yield "weights", self._size()
        else:
            yield from ((label, literal(text)) for label, text in glance_at(self.manifest))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        if self.manifest is None:
            for weight in self.weights.get("", ()):
                yield (
                    literal(weight.path),
                    literal(weight.dtype),
                    draw_weights([Bars("", weight.shape, weight.histogram)]),
                )
        for name, facts in self.models().items():
            yield from _rows_of(name, facts, self.weights.get(name, ()))

    def models(self) -> dict[str, ModelFacts]:
        """Return the facts of each model by its name; none for a plain file."""
        if self.manifest is None:
            return {}
        return {part.name: part.facts for part in self.manifest.parts} or {"": self.manifest.facts}

    def spreads(self, model: str) -> Iterator[tuple[str, Histogram]]:
        """Yield the path and histogram of each weight: the path in the model, or in the file without a manifest."""
        if self.manifest is None:
            yield from ((weight.path, weight.histogram) for weight in self.weights.get(model, ()))
            return
        known = {weight.digest: weight.histogram for weight in self.weights.get(model, ())}
        variables = self.models()[model].variables
        yield from ((item.path, known[item.digest]) for item in variables if item.digest in known)

    def _odd(self) -> Iterator[str]:
        """Name the weights with values that are NaN or infinite."""
        found = [
            literal(f"{model}/{name}: {odd}".lstrip("/"))
            for model in self.weights
            for name, spread in self.spreads(model)
            if (odd := oddities_in_words(spread))
        ]
        if found:
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            yield f"not all values are finite numbers: {'; '.join(found[:NAMED])}{more}"

    def _size(self) -> str:
        values = sum(sum(weight.histogram.counts) for weights in self.weights.values() for weight in weights)
        count = sum(map(len, self.weights.values()))
        return f"{count_in_words(count, 'array')}, {count_in_words(values, 'value')}"


def inspect_model(target: str, *, source: str | None = None) -> Inside:
    """Look inside a saved version, or a plain model file, without building the model.

    The histograms are those of the first payload, whose weights are read one at a time.

    Args:
        target: A name, ``name@tag``, ``name@version-prefix``, a path or a URL.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Raises:
        NotFoundError: There is no such version.
        UntrustedError: A plain file is damaged, unsafe, or not a model.
    """
    return look_inside(target, source, ignore_steps)


def look_inside(target: str, source: str | None = None, on_step: OnStep = ignore_steps) -> Inside:
    """Do what `inspect_model` does, and report the bytes that are fetched and read."""
    request = LoadRequest(target, source=source)
    found = locate(request)
    weights: dict[str, Sequence[Weight]] = {}
    notes = []
    with tempfile.TemporaryDirectory(prefix="colab_save_") as work:
        for name, part in (found.parts or {"": found}).items():
            try:
                path, payload_format = reach(part, request, Path(work), on_step)
                weights[name] = tuple(weigh(path, payload_format, on_step))
            except (UntrustedError, FormatError) as error:
                if found.manifest is None:
                    raise
                notes.append(f"not read: {error.references[0]}")
    return Inside(found.manifest, weights, tuple(notes), found.name)


def reach(found: Found, request: LoadRequest, work: Path, on_step: OnStep) -> tuple[Path, str]:
    """Fetch a payload, and inspect it before anything opens it.

    Args:
        found: Where it is.
        request: Which payload is wanted.
        work: A folder for copies.
        on_step: Called with the bytes fetched.

    Returns:
        The file or folder, and its format.

    Raises:
        UntrustedError: It is damaged, unsafe, or not what was saved.
        NotFoundError: It is not there, or was not saved in that format.
    """
    payload = fetch_payload(found, choose_payload(found, request), work, on_step).payload
    # The packages that a manifest names are trusted here, since no class of theirs is looked up.
    return payload, inspect(payload, packages_of(found.manifest)).format


def _rows_of(model: str, facts: ModelFacts, weights: Sequence[Weight]) -> Iterator[tuple[Cell, ...]]:
    tree = LayerTree.of(facts)
    spread = {weight.digest: weight.histogram for weight in weights}
    held: defaultdict[str, list[Bars]] = defaultdict(list)
    for item in facts.variables:
        above = tree.nearest(item.path)
        held[above].append(Bars(item.path.removeprefix(above).lstrip("/"), item.shape, spread.get(item.digest)))
    for layer in facts.layers:
        if layer.path or held[""]:
            size = tree.parameters[layer.path]
            yield (
                literal(f"{model}/{layer.path}".strip("/") or "the model itself"),
                literal(layer.class_name),
                _shape(layer),
                f"{size:,}" if size else "",
                literal(layer.dtype),
                "yes" if layer.trainable else "no",
                draw_weights(held[layer.path]) if held[layer.path] else "",
            )


def _shape(layer: LayerFacts) -> str:
    return " x ".join("?" if size is None else str(size) for size in layer.shape) if layer.shape else ""


def _layer_fields(layer: LayerFacts) -> dict[str, Any]:
    return {"path": layer.path, "class": layer.class_name, "dtype": layer.dtype, "trainable": layer.trainable}
