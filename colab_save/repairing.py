"""Give a model that Keras loaded in part all that it had.

Keras builds what one dummy call reaches. A layer that it does not reach keeps fresh random weights, and the error is
dropped (LOSSES §1; Keras 3.13.2 and 3.15.1). What was frozen in a subclassed model comes back trainable, and with it an
optimizer of another size (§5); arguments of losses that ``get_config`` drops come back as their defaults (§4). The
fresh process and `loading` call `repair` right after a load, and everything is compared after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colab_save.examining import loss_objects
from colab_save.facts import ModelFacts
from colab_save.formats.base import translated
from colab_save.formats.keras import quiet
from colab_save.walking import walk_layers


@dataclass(frozen=True, slots=True)
class Record:
    """What a repair goes by, of the facts of the model that was saved.

    Attributes:
        builds: See `ModelFacts.builds`.
        trainable: See `ModelFacts.trainable`.
        losses: See `ModelFacts.losses`.
    """

    builds: Mapping[str, Any] = field(default_factory=dict)
    trainable: Mapping[str, bool] = field(default_factory=dict)
    losses: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: ModelFacts) -> Record:
        """Take it from the facts of a model."""
        return cls(facts.builds, facts.trainable, facts.losses)


def repair(model: Any, path: Path, record: Record) -> tuple[str, ...]:
    """Build what is unbuilt, freeze what was frozen, and where that changed anything load the weights once more.

    Args:
        model: A Keras model, just loaded.
        path: The file that it was loaded from.
        record: What the model was.

    Returns:
        What was mended, one sentence each.

    Raises:
        FormatError: Keras could not build a layer or load the weights again.
    """
    built, frozen = _build(model, record), _freeze(model, record)
    if built or frozen:
        with translated(f"The weights in {path.name} could not be loaded again", "Is the file complete?"), quiet():
            if getattr(model, "optimizer", None) is not None:
                model.compile_from_config(model.get_compile_config())  # an optimizer for these weights
            model.load_weights(path)
    losses = _complete(model, record)
    notes = []
    if built:
        notes.append(f"Keras had left {', '.join(built)} without weights; they were built and loaded.")
    if frozen:
        notes.append(f"Keras had forgotten which layers train; put right: {', '.join(frozen)}.")
    if losses:
        notes.append(f"Arguments of the loss that get_config() drops were put back: {', '.join(losses)}.")
    return tuple(notes)


def _build(model: Any, record: Record) -> list[str]:
    built = []
    for name, layer in list(walk_layers(model)):
        if not layer.built and name in record.builds:
            hint = "Does its build() take what it took?"
            with translated(f"The layer {name} could not be built as it was", hint), quiet():
                layer.build_from_config(record.builds[name])
            built.append(name or "the model")
    return built


def _freeze(model: Any, record: Record) -> list[str]:
    """Set what trains, from the model down: a layer hands its own setting to all that is in it."""
    layers = [(name, layer) for name, layer in walk_layers(model) if (name or ".") in record.trainable]
    changed = [name or "the model" for name, layer in layers if layer.trainable != record.trainable[name or "."]]
    if changed:
        for name, layer in layers:
            layer.trainable = record.trainable[name or "."]
    return changed


def _complete(model: Any, record: Record) -> list[str]:
    """Give loss objects the plain attributes that they had."""
    changed = []
    for place, loss in loss_objects(model):
        for name, value in record.losses.get(place, {}).items():
            if name in vars(loss) and vars(loss)[name] != value and isinstance(value, (bool, int, float, str, dict)):
                setattr(loss, name, value)
                changed.append(f"{type(loss).__name__}.{name.lstrip('_')}")
    return changed


def unbuilt(model: Any) -> list[str]:
    """Name the layers that have no weights yet, and would make fresh random ones when they are first called."""
    return [path or "the model" for path, layer in walk_layers(model) if not layer.built]
