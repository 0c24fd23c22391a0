"""Repair a model that Keras restored only in part.

Keras builds the layers that one call on placeholder inputs reaches. A layer that it does not reach is left with random
weights, and the error is dropped (docs/losses.md §1; Keras 3.13.2 and 3.15.1). Frozen layers of a subclassed model come
back trainable, and with them an optimizer of another size (§5); objects given to a custom ``compile`` are lost; and
arguments of losses and layers that ``get_config`` drops come back as their defaults (§4). The fresh process and
``loading/opening.py`` call `repair` right after a load; the comparison follows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from colab_save.artifact.assets import with_paths
from colab_save.artifact.facts import ModelFacts, TensorFacts
from colab_save.dialect import KERAS_2, classes, dialect_of, is_compiled, is_of_keras, keras_of
from colab_save.disk import size_of_files
from colab_save.hints import option
from colab_save.model.compiling import has_own_compile, is_built, rebuild_optimizers, restore_compile, stand_ins
from colab_save.model.configs import Configs
from colab_save.model.describing import constructor_arguments
from colab_save.model.examining import loss_objects
from colab_save.model.state_file import has_adapters
from colab_save.model.walking import walk_layers, walk_states, walk_variables
from colab_save.quieting import quiet
from colab_save.taking import Taking
from colab_save.types import Json, Layer, Model
from colab_save.wording import translated


@dataclass(frozen=True, slots=True)
class Record:
    """The facts of the saved model that a repair needs.

    Attributes:
        builds: See `ModelFacts.builds`.
        trainable: See `ModelFacts.trainable`.
        losses: See `ModelFacts.losses`.
        arguments: See `LayerFacts.arguments`, by path.
        states: See `ModelFacts.states`.
        generators: See `ModelFacts.generators`.
        held: See `ModelFacts.held`.
        trains: See `ModelFacts.trains`.
        undecayed: See `ModelFacts.undecayed`.
        gone: See `ModelFacts.gone`.
        parts: See `ModelFacts.parts`.
        objects: See `ModelFacts.objects`.
        remade: See `ModelFacts.remade`.
        iterations: See `ModelFacts.iterations`.
        policy: See `ModelFacts.policy`.
        floatx: See `ModelFacts.floatx`.
    """

    builds: Mapping[str, Json] = field(default_factory=dict)
    trainable: Mapping[str, bool] = field(default_factory=dict)
    losses: Mapping[str, Json] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    states: Mapping[str, Json] = field(default_factory=dict)
    generators: Mapping[str, Json] = field(default_factory=dict)
    held: Mapping[str, Json] = field(default_factory=dict)
    trains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undecayed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gone: Mapping[str, TensorFacts] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remade: tuple[str, ...] = ()
    iterations: int | None = None
    policy: str = ""
    floatx: str = ""

    @classmethod
    def of(cls, facts: ModelFacts) -> Record:
        """Take the record from the facts of a model."""
        return cls(
            builds=facts.builds,
            trainable=facts.trainable,
            losses=facts.losses,
            arguments={layer.path: layer.arguments for layer in facts.layers},
            states=facts.states,
            generators=facts.generators,
            held=facts.held,
            trains=facts.trains,
            undecayed=facts.undecayed,
            gone=facts.gone,
            parts=facts.parts,
            objects=facts.objects,
            remade=facts.remade,
            iterations=facts.iterations,
            policy=facts.policy,
            floatx=facts.floatx,
        )

    def with_paths(self, paths: Mapping[str, str]) -> Record:
        """Return it with other paths where it names files that lie elsewhere now."""
        named = {name: with_paths(getattr(self, name), paths) for name in ("builds", "losses", "arguments", "held")}
        return replace(self, **named)


def repair(
    model: Model, path: Path, record: Record, custom_objects: Mapping[str, Any], *, is_rejoined: bool = False
) -> tuple[str, ...]:
    """Build unbuilt layers, freeze frozen ones, put dropped arguments back, and load the weights once more.

    Args:
        model: A Keras model, just loaded.
        path: The file that it was loaded from.
        record: The facts of the saved model.
        custom_objects: Classes and functions by the name under which Keras looks them up.
        is_rejoined: It has layers of another model, for which neither its optimizer nor the file's weights were loaded.

    Returns:
        The repairs, one sentence for each kind.

    Raises:
        FormatError: Keras could not build a layer, rebuild an optimizer or load the weights again.
    """
    named = _name_parts(model, record)
    built, adapted, frozen = _build(model, record), _adapted(model, record), _freeze(model, record)
    compiled = _compile(model, path, record, custom_objects)
    stateless = _stateless_optimizer(model, path, record)
    is_changed = bool(named or built or adapted or frozen or compiled or stateless or is_rejoined)
    trains: list[str] = []
    again = translated(f"The weights in {path.name} could not be loaded again", "Copy the file again.")
    objects = keras_of(model).saving.custom_object_scope(dict(custom_objects))
    whole = Configs.of(model).whole()  # an optimizer that is made again needs its config, and that of its schedule
    with again, quiet(), objects, _taken_as_built(model), whole:
        if is_changed and is_compiled(model) and model.optimizer is not None and not has_own_compile(model):
            model.compile_from_config(model.get_compile_config())  # an optimizer for these weights
        if record.trains or record.undecayed:
            known = {**dict(walk_variables(model)), **stand_ins(model, record.gone, size_of_files(path))}
            trains = rebuild_optimizers(model, record.trains, record.undecayed, known)
        if is_changed or trains:
            model.load_weights(path)
    dropped = [*_adapt(model, record), *_complete_layers(model, record), *_complete(model, record)]
    _set_states(model, record)
    sentences = {
        "Keras does not write what is set on a model after it was made; set again: {}.": named,
        "Keras left {} without weights; they were built and loaded.": built,
        "Keras did not enable LoRA; enabled: {}.": adapted,
        "Keras did not restore which layers are trainable; put back: {}.": frozen,
        "Keras does not call a custom compile() when it loads; put back: {}.": compiled,
        "Keras does not load the state of an optimizer whose model has no call(); loaded: {}.": stateless,
        "Keras does not build an optimizer as it was, for the weights that it trained; loaded: {}.": trains,
        "get_config() drops arguments; put back: {}.": dropped,
    }
    return tuple(sentence.format(", ".join(names)) for sentence, names in sentences.items() if names)


def _name_parts(model: Model, record: Record) -> list[str]:
    """Set the attributes in which layers of a graph model were, before anything is loaded by the paths they make."""
    layers = dict(walk_layers(model)) if record.parts else {}
    lacking = [name for name, place in record.parts.items() if place in layers and not hasattr(model, name)]
    for name in lacking:
        setattr(model, name, layers[record.parts[name]])
    return lacking


def _compile(model: Model, path: Path, record: Record, custom_objects: Mapping[str, Any]) -> list[str]:
    """Put back the objects of a custom ``compile``."""
    if not record.held:
        return []
    hint = f"Call compile() yourself after loading, with {option('verify', value=False)}."
    known = keras_of(model).saving.custom_object_scope(dict(custom_objects))
    with translated("The arguments of compile() could not be rebuilt", hint), quiet(), known:
        return restore_compile(model, path, record.held)


def _stateless_optimizer(model: Model, path: Path, record: Record) -> list[str]:
    """Return the name of the model's optimizer if its state is in a ``.keras`` file and Keras has not loaded it.

    Keras builds the optimizer of a built model only, and a model without ``call`` never is
    (``keras/src/trainers/trainer.py``, Keras 3.13.2 and 3.15.1).
    """
    optimizer = getattr(model, "optimizer", None)
    if not record.iterations or optimizer is None or model.built or not zipfile.is_zipfile(path):
        return []
    return [] if is_built(optimizer) else [optimizer.name]


@contextmanager
def _taken_as_built(model: Model) -> Iterator[None]:
    """Let Keras load weights into a model that it never builds; what it is made of has its weights."""
    before = model.built
    model.built = True
    try:
        yield
    finally:
        model.built = before


def _adapt(model: Model, record: Record) -> list[str]:
    """Compute the boundaries of adapted layers of tf_keras again; a file has only what they are computed from."""
    changed = []
    for path, layer in walk_layers(model):
        lacks = dialect_of(layer) == KERAS_2 and not getattr(layer, "bin_boundaries", True)
        if lacks and record.arguments.get(path, {}).get("bin_boundaries"):
            with quiet():
                layer.finalize_state()
            changed.append(f"{path}.bin_boundaries")
    return changed


def _complete_layers(model: Model, record: Record) -> list[str]:
    """Put back the plain arguments that the ``get_config`` of Keras's own layers drops."""
    changed = []
    for path, layer in walk_layers(model):
        wanted = record.arguments.get(path, {})
        if not wanted or not is_of_keras(type(layer).__module__):
            continue
        now = constructor_arguments(layer, path, Taking())
        for name, value in wanted.items():
            attribute = next((key for key in (name, f"_{name}") if key in vars(layer)), None)
            if attribute is None or callable(vars(layer)[attribute]):  # the name of an activation is none
                continue
            if now.get(name) != value and _is_settable(value):
                setattr(layer, attribute, tuple(value) if isinstance(value, list) else value)
                changed.append(f"{path}.{name}")
    return changed


def _is_settable(value: Json) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(item, int) for item in value)
    return isinstance(value, (bool, int, float, str))


def _set_states(model: Model, record: Record) -> None:
    """Restore random generators and recurrent states from the record, since some formats do not hold them."""
    import numpy as np

    known = {**record.states, **record.generators}
    for path, variable in walk_states(model):
        value = np.asarray(known.get(path, ""))
        if value.shape == tuple(variable.shape):
            variable.assign(value)


def _build(model: Model, record: Record) -> list[str]:
    built = []
    for name, layer in list(walk_layers(model)):
        if not layer.built and name in record.builds:
            hint = "Let its build() accept the arguments that it had when the model was saved."
            with translated(f"The layer {name} could not be built as it was when it was saved", hint), quiet():
                layer.build_from_config(record.builds[name])
            built.append(name or "the model")
    return built


def _adapted(model: Model, record: Record) -> list[str]:
    """Enable LoRA where a constructor that does not know of it made the layer; the weights are restored afterwards."""
    changed = []
    for path, layer in walk_layers(model):
        rank, alpha = (record.arguments.get(path, {}).get(name) for name in ("lora_rank", "lora_alpha"))
        if not isinstance(rank, int) or has_adapters(layer) or not layer.built or not hasattr(layer, "enable_lora"):
            continue
        if 0 < rank <= max(size for item in layer.variables for size in item.shape):  # the manifest may be foreign
            layer.enable_lora(rank, lora_alpha=alpha)
            changed.append(path)
    return changed


def _freeze(model: Model, record: Record) -> list[str]:
    """Set which layers are trainable, outer ones first, since a layer passes its own setting on to those inside it."""
    layers = [(name, layer) for name, layer in walk_layers(model) if (name or ".") in record.trainable]
    changed = [name or "the model" for name, layer in layers if layer.trainable != record.trainable[name or "."]]
    if changed:
        # a layer that is trainable makes all of its variables so, also the kernel that its adapters stand for
        adapted = [item for _, layer in layers if has_adapters(layer) for item in layer.variables if not item.trainable]
        for name, layer in layers:
            layer.trainable = record.trainable[name or "."]
        for variable in adapted:
            variable.trainable = False
    return changed


def _complete(model: Model, record: Record) -> list[str]:
    """Put back the plain attributes of loss objects."""
    changed = []
    for place, loss in loss_objects(model):
        for name, value in record.losses.get(place, {}).items():
            if name in vars(loss) and vars(loss)[name] != value and isinstance(value, (bool, int, float, str, dict)):
                setattr(loss, name, value)
                changed.append(f"{type(loss).__name__}.{name.lstrip('_')}")
    return changed


def unbuilt(model: Model, weights: Iterable[str] | None) -> list[str]:
    """Return the names of the layers that came back without their weights, and would get random ones when called.

    Args:
        model: A Keras model, loaded and repaired.
        weights: The paths of the saved model's weights; ``None`` if unknown, then every unbuilt layer with weights
            counts. The table of a lookup is not a weight, and Keras leaves that of a ``TextVectorization`` unbuilt.
    """
    layers = [(path, layer) for path, layer in walk_layers(model) if not layer.built]
    if weights is None:
        lost = [path for path, layer in layers if _makes_weights(layer)]
    else:
        known = list(weights)
        lost = [path for path, _ in layers if any(weight.startswith(f"{path}/" if path else "") for weight in known)]
    return [path or "the model" for path in lost]


def _makes_weights(layer: Layer) -> bool:
    return type(layer).build not in [kind.build for kind in classes("layers.Layer")] and not hasattr(
        layer, "get_vocabulary"
    )
