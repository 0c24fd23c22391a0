"""Compare two versions side by side: their models, sizes, outputs for the same sample, and environments.

Every frontend calls `compare_versions`. No model is built: all of it is read from the manifests and the recorded
samples.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colab_save.artifact.composites import Composite
from colab_save.artifact.facts import precision
from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import metrics_in_words
from colab_save.artifact.parts import each_part
from colab_save.artifact.round_trip import Aspect
from colab_save.artifact.sample import read_arrays
from colab_save.errors import UntrustedError
from colab_save.hints import literal, render
from colab_save.inspecting.inspection import inspect_npz
from colab_save.nested import leaves, map_structure
from colab_save.progress import ignore_steps
from colab_save.proof.comparing import Difference, compare
from colab_save.proof.tolerances import compare_outputs
from colab_save.quantities import size_in_words
from colab_save.reports.card import Card, Remark, Shown, Table
from colab_save.reports.json_fields import version_fields
from colab_save.stores.base import Store
from colab_save.stores.opening import open_store
from colab_save.target import Target
from colab_save.types import Array, Nested
from colab_save.versions.fetching import fetch
from colab_save.versions.finding import find


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """Two versions side by side.

    Attributes:
        first: The manifest of the first version.
        second: The manifest of the second version.
        outputs: In words, how far apart their outputs for the same sample are.
    """

    first: Manifest
    second: Manifest
    outputs: str

    def card(self) -> Card:
        """Return the card: a table of short values, then the differences inside the models."""
        names = [literal(f"{item.name}@{item.version}") for item in (self.first, self.second)]
        rows = [(label, *values) for label, values in _rows(self.first, self.second)]
        equal = (Remark(f"{part}equal", ", ".join(aspects)) for part, aspects in self._equal().items())
        return Card(
            title=" and ".join(names),
            summary="",
            table=Table(("", "first", "second"), tuple(rows)),
            remarks=(Remark("outputs", self.outputs), *self._differences(), *equal),
        )

    def to_json(self) -> dict[str, Any]:
        """Return both versions, their differences in words, and the aspects in which their models are equal."""
        return {
            "first": version_fields(self.first),
            "second": version_fields(self.second),
            "outputs": render(self.outputs),
            "differences": [
                {"about": render(item.about), "reason": render(item.reason)} for item in self._differences()
            ],
            "equal": [render(part) + aspect for part, aspects in self._equal().items() for aspect in aspects],
        }

    def _differences(self) -> Iterator[Remark]:
        """Yield a remark for each aspect in which the models differ, and one for models that only one version has."""
        for part, found_in in self._compared():
            for aspect, found in found_in.items():
                if found:
                    reason = (f"{len(found)} places differ, first " if len(found) > 1 else "") + literal(str(found[0]))
                    yield Remark(f"{part}{aspect}", reason)
        if odd := sorted(each_part(self.first).keys() ^ each_part(self.second).keys()):
            yield Remark("models", f"only one of the two has: {literal(', '.join(n or 'a single model' for n in odd))}")

    def _equal(self) -> dict[str, list[Aspect]]:
        """Return the aspects that are equal, by part; a part without any is left out."""
        equal = {part: [aspect for aspect, found in in_.items() if not found] for part, in_ in self._compared()}
        return {part: aspects for part, aspects in equal.items() if aspects}

    def _compared(self) -> Iterator[tuple[str, dict[Aspect, list[Difference]]]]:
        """Yield the beginning of a label for each part that both have, and the differences by aspect."""
        first, second = each_part(self.first), each_part(self.second)
        for name in first:
            if name in second:
                yield literal(f"{name} ".lstrip()), compare(first[name].facts, second[name].facts)


def compare_versions(first: str, second: str, *, source: str | None = None) -> Comparison:
    """Compare two saved versions without building either model.

    Args:
        first: A name, ``name@tag`` or ``name@version-prefix``.
        second: The same for the other version.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Raises:
        NotFoundError: There is no such version.
    """
    store = open_store(source)
    (place, one), (other_place, other) = find(store, Target.parse(first)), find(store, Target.parse(second))
    return Comparison(one, other, _compare_outputs(store, (place, one), (other_place, other)))


def _rows(first: Manifest, second: Manifest) -> Iterator[tuple[str, tuple[str, str]]]:
    for label, value in (
        ("saved", lambda item: item.created.replace("T", " ").removesuffix("Z")),
        ("outcome", lambda item: str(item.outcome)),
        ("model", lambda item: item.facts.class_name.rpartition(".")[2]),
        ("parameters", lambda item: f"{item.parameters:,}"),
        ("size", lambda item: size_in_words(item.size)),
        ("formats", lambda item: ", ".join(item.formats)),
        ("iterations", lambda item: f"{item.facts.iterations:,}" if item.facts.iterations is not None else ""),
        ("metrics", lambda item: metrics_in_words(item.metrics)),
        ("tags", lambda item: ", ".join(item.tags)),
        ("note", lambda item: item.note),
    ):
        yield label, (literal(value(first)), literal(value(second)))
    yield from _differing(first.environment, second.environment)


def _differing(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            yield literal(name), (literal(first.get(name, "")), literal(second.get(name, "")))


def _compare_outputs(store: Store, first: tuple[Place, Manifest], second: tuple[Place, Manifest]) -> str:
    """Return in words how far apart the recorded outputs are, if both samples have the same inputs."""
    if first[1].sample.inputs is None or second[1].sample.inputs is None:
        return "not compared: one of the versions has no recorded sample"
    with tempfile.TemporaryDirectory(prefix="colab_save_") as folder:
        try:
            (inputs, outputs), (other_inputs, other_outputs) = (
                _recorded(store, place, manifest, Path(folder, str(number)))
                for number, (place, manifest) in enumerate((first, second))
            )
        except UntrustedError as error:
            return f"not compared: {error.references[0]}"
    if not _are_equal(inputs, other_inputs):
        return "not compared: their samples have different inputs"
    errors, differences = compare_outputs(outputs, other_outputs, None, None, precision(first[1].facts))
    if not differences:
        return "equal for the same sample, within tolerance"
    worst = max(errors, key=lambda error: error.absolute, default=None)
    return f"the largest difference is {worst.absolute:.2g} in {worst.name}" if worst else differences[0]


def _recorded(store: Store, place: Place, manifest: Manifest, folder: Path) -> tuple[Nested, Nested]:
    """Return the recorded inputs and outputs of a version."""
    sample = manifest.sample
    file = fetch(store, place, manifest, [sample.path], folder, ignore_steps)[sample.path]
    inspect_npz(file)
    return read_arrays(file, sample.inputs), read_arrays(file, sample.outputs)


def _plain(item: Array | Composite) -> Nested:
    return item.arrays if isinstance(item, Composite) else item


def _are_equal(first: Nested, second: Nested) -> bool:
    import numpy as np

    one, other = (dict(leaves(map_structure(_plain, tree))) for tree in (first, second))
    return one.keys() == other.keys() and all(np.array_equal(one[where], other[where]) for where in one)
