"""Give a model that Keras loaded in part all that it had.

Keras builds what one dummy call reaches. A layer that it does not reach keeps fresh random weights, and the error is
dropped (LOSSES §1; Keras 3.13.2 and 3.15.1). What was frozen in a subclassed model comes back trainable, and with it an
optimizer of another size (§5); what only a custom ``compile`` had been given is gone; arguments of losses and layers
that ``get_config`` drops come back as their defaults (§4). The fresh process and `loading` call `repair` right after a
load, and everything is compared after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colab_save.artifact.facts import ModelFacts
from colab_save.dialect import classes, is_of_keras, keras_of
from colab_save.hints import option
from colab_save.model.compiling import has_own_compile, restore_compile
from colab_save.model.describing import constructor_arguments
from colab_save.model.examining import loss_objects
from colab_save.model.walking import walk_layers, walk_states, walk_variables
from colab_save.quieting import quiet
from colab_save.wording import translated


@dataclass(frozen=True, slots=True)
class Record:
    """What a repair goes by, of the facts of the model that was saved.

    Attributes:
        builds: See `ModelFacts.builds`.
        trainable: See `ModelFacts.trainable`.
        losses: See `ModelFacts.losses`.
        arguments: See `LayerFacts.arguments`, by path.
        states: See `ModelFacts.states`.
        held: See `ModelFacts.held`.
        trains: See `ModelFacts.trains`.
        objects: See `ModelFacts.objects`.
        policy: See `ModelFacts.policy`.
        floatx: See `ModelFacts.floatx`.
    """

    builds: Mapping[str, Any] = field(default_factory=dict)
    trainable: Mapping[str, bool] = field(default_factory=dict)
    losses: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    trains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policy: str = ""
    floatx: str = ""

    @classmethod
    def of(cls, facts: ModelFacts) -> Record:
        """Take it from the facts of a model."""
        return cls(
            builds=facts.builds,
            trainable=facts.trainable,
            losses=facts.losses,
            arguments={layer.path: layer.arguments for layer in facts.layers},
            states=facts.states,
            held=facts.held,
            trains=facts.trains,
            objects=facts.objects,
            policy=facts.policy,
            floatx=facts.floatx,
        )


def repair(model: Any, path: Path, record: Record, custom_objects: Mapping[str, Any]) -> tuple[str, ...]:
    """Build what is unbuilt, freeze what was frozen, put back what was dropped; then load the weights once more.

    Args:
        model: A Keras model, just loaded.
        path: The file that it was loaded from.
        record: What the model was.
        custom_objects: Classes and functions by the name under which Keras looks them up.

    Returns:
        What was mended, one sentence each.

    Raises:
        FormatError: Keras could not build a layer, make an optimizer or load the weights again.
    """
    built, frozen = _build(model, record), _freeze(model, record)
    compiled = _compile(model, path, record, custom_objects)
    if built or frozen or compiled:
        with translated(f"The weights in {path.name} could not be loaded again", "Copy the file again."), quiet():
            if getattr(model, "optimizer", None) is not None and not has_own_compile(model):
                model.compile_from_config(model.get_compile_config())  # an optimizer for these weights
            model.load_weights(path)
    dropped = [*_complete_layers(model, record), *_complete(model, record)]
    _set_states(model, record)
    sentences = {
        "Keras had left {} without weights; they were built and loaded.": built,
        "Keras had forgotten which layers train; put right: {}.": frozen,
        "Keras calls no compile() of your own when it loads; put back: {}.": compiled,
        "Arguments that get_config() drops were put back: {}.": dropped,
    }
    return tuple(sentence.format(", ".join(names)) for sentence, names in sentences.items() if names)


def _compile(model: Any, path: Path, record: Record, custom_objects: Mapping[str, Any]) -> list[str]:
    """Give the model what a ``compile`` of the user's own had given it."""
    if not record.held and not record.trains:
        return []
    hint = f"Call compile() yourself after loading, with {option('verify', value=False)}."
    known = keras_of(model).saving.custom_object_scope(dict(custom_objects))
    with translated("What compile() had been given could not be made again", hint), quiet(), known:
        return restore_compile(model, path, record.held, record.trains, dict(walk_variables(model)))


def _complete_layers(model: Any, record: Record) -> list[str]:
    """Give Keras's own layers the plain arguments that their ``get_config`` drops."""
    changed = []
    for path, layer in walk_layers(model):
        wanted = record.arguments.get(path, {})
        if not wanted or not is_of_keras(type(layer).__module__):
            continue
        now = constructor_arguments(layer)
        for name, value in wanted.items():
            attribute = next((key for key in (name, f"_{name}") if key in vars(layer)), None)
            if attribute and now.get(name) != value and _is_settable(value):
                setattr(layer, attribute, tuple(value) if isinstance(value, list) else value)
                changed.append(f"{path}.{name}")
    return changed


def _is_settable(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(item, int) for item in value)
    return isinstance(value, (bool, int, float, str))


def _set_states(model: Any, record: Record) -> None:
    """Let what is random go on where it stood; formats that have no place for it begin anew."""
    import numpy as np

    for path, variable in walk_states(model):
        value = np.asarray(record.states.get(path, ""))
        if value.shape == tuple(variable.shape):
            variable.assign(value)


def _build(model: Any, record: Record) -> list[str]:
    built = []
    for name, layer in list(walk_layers(model)):
        if not layer.built and name in record.builds:
            hint = "Let its build() take what it took when it was saved."
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


def unbuilt(model: Any, weights: Iterable[str] | None) -> list[str]:
    """Name the layers that came back without their weights: they would make fresh random ones when first called.

    Args:
        model: A Keras model, loaded and repaired.
        weights: The paths of the weights that it had; ``None`` where nobody knows, then every layer counts that makes
            some. The table of a lookup is none, and Keras leaves the one in a ``TextVectorization`` unbuilt.
    """
    layers = [(path, layer) for path, layer in walk_layers(model) if not layer.built]
    if weights is None:
        lost = [path for path, layer in layers if _makes_weights(layer)]
    else:
        known = list(weights)
        lost = [path for path, _ in layers if any(weight.startswith(f"{path}/" if path else "") for weight in known)]
    return [path or "the model" for path in lost]


def _makes_weights(layer: Any) -> bool:
    return type(layer).build not in [kind.build for kind in classes("layers.Layer")] and not hasattr(
        layer, "get_vocabulary"
    )
