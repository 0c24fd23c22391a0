"""Make what two parts of a collection shared one object again, once the part that owns it has been loaded.

The fresh process and ``loading/opening.py`` call `Owners.rejoin` for each part right after it was loaded and repaired,
so that all that is compared is compared of the part as it is then. A graph is cloned around the other part's layers,
any other object gets them as attributes. What cannot be rejoined stays the copy that it was, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from colab_save.artifact.collection import Shared
from colab_save.dialect import KERAS, KERAS_2, classes, dialect_of, dtype_name, is_compiled, keras_of
from colab_save.errors import FormatError
from colab_save.model.repairing import Record, repair
from colab_save.model.walking import given_attributes, is_graph, walk_layers, walk_variables
from colab_save.nested import map_structure
from colab_save.taking import Taking
from colab_save.types import Layer, Model


@dataclass(frozen=True, slots=True)
class Owners:
    """What one part takes from parts that were loaded before it.

    Attributes:
        shared: What it takes.
        models: The models that were loaded before, by the name of the part.
    """

    shared: tuple[Shared, ...] = ()
    models: Mapping[str, Model] = field(default_factory=dict)

    def rejoin(self, model: Model, path: Path, record: Record, custom_objects: Mapping[str, Any]) -> Model:
        """Return a part with the very objects of other parts that it shared with them.

        Args:
            model: The part, loaded and repaired.
            path: The file that it was loaded from.
            record: The facts of the saved part.
            custom_objects: Classes and functions by the name under which Keras looks them up.

        Raises:
            FormatError: The rejoined part could not be repaired.
        """
        swaps = self._swaps(model) if dialect_of(model) else {}
        if swaps:
            with keras_of(model).saving.custom_object_scope(dict(custom_objects)):
                rejoining = _Rejoining(swaps)
                made = Taking().fact("what it shares", lambda: rejoining.of(model), None)
                if made is None:
                    rejoining.undo()
            if made is not None:
                model = made
                repair(model, path, record, custom_objects, is_rejoined=True)
        self._join_optimizer(model)
        return model

    def _swaps(self, model: Model) -> dict[int, Layer]:
        """Return the layers that take the place of the part's own, by the identity of these."""
        own = dict(walk_layers(model))
        theirs = {name: dict(walk_layers(self.models[name])) for name in self._names("layer")}
        pairs = [
            (own.get(each.path), theirs[each.owner].get(each.place))
            for each in self.shared
            if each.kind == "layer" and each.owner in theirs
        ]
        alike = [(mine, other) for mine, other in pairs if type(mine).__name__ == type(other).__name__]
        return {id(mine): other for mine, other in alike if mine is not None and mine is not model}

    def _names(self, kind: str) -> dict[str, None]:
        return dict.fromkeys(each.owner for each in self.shared if each.kind == kind and each.owner in self.models)

    def _join_optimizer(self, model: Model) -> None:
        for name in self._names("optimizer"):
            optimizer = getattr(self.models[name], "optimizer", None)
            if optimizer is not None and getattr(model, "optimizer", None) is not None:
                model.optimizer = optimizer


@dataclass
class _Rejoining:
    """One walk from a model down to the layers that others take the place of.

    Attributes:
        swaps: The layers of other parts, by the identity of the part's own.
    """

    swaps: Mapping[int, Layer]
    _made: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    _steps_back: list[Callable[[], None]] = field(default_factory=list)

    def undo(self) -> None:
        """Put back what was changed before it turned out that a layer cannot be made around others."""
        for step_back in reversed(self._steps_back):
            step_back()

    def of(self, layer: Any) -> Any:
        """Return what stands in the place of a layer: another, a new one around others, or itself.

        Raises:
            FormatError: It cannot be made around other layers.
        """
        if id(layer) in self.swaps:
            return self.swaps[id(layer)]
        if id(layer) not in self._made:
            self._made[id(layer)] = layer, layer  # the first holds it, so that its identity stays its own
            if self._is_around(layer):
                before = _described(layer)
                made = self._cloned(layer) if is_graph(layer) else self._with_attributes(layer)
                if type(made) is not type(layer) or _described(made) != before:
                    raise FormatError(f"A {type(layer).__name__} is another one around shared layers.", "")
                self._made[id(layer)] = layer, made
        return self._made[id(layer)][1]

    def _is_around(self, layer: Any) -> bool:
        is_layer = isinstance(layer, classes("layers.Layer"))
        return is_layer and any(id(inner) in self.swaps for _, inner in walk_layers(layer))

    def _cloned(self, model: Model) -> Model:
        """Return a graph model of the same layers, with others in the place of some."""
        keras = keras_of(model)
        kept = [layer for layer in model.layers if self.of(layer) is layer]
        inputs = None if isinstance(model, classes("Sequential")) else self._inputs(model)
        called = [each for each in kept if not isinstance(each, classes("layers.InputLayer"))]
        self._steps_back += [_recalled(each) for each in (*called, *self.swaps.values())]
        for each in called if dialect_of(model) == KERAS else ():
            each._inbound_nodes.clear()  # noqa: SLF001 - see `_recalled`; so ``output`` is that of the new graph
        made = keras.models.clone_model(model, input_tensors=inputs, clone_function=self.of)
        if is_compiled(model) and not is_compiled(made):
            made.compile_from_config(model.get_compile_config())
        return made

    def _inputs(self, model: Model) -> Any:
        """Return the inputs of a functional model as they are, but for those that it shares."""
        own = [layer for layer in model.layers if isinstance(layer, classes("layers.InputLayer"))]
        others = {id(layer.output): self.of(layer).output for layer in own}
        flat = model.inputs if dialect_of(model) == KERAS_2 else model.input
        return map_structure(lambda tensor: others.get(id(tensor), tensor), flat)

    def _with_attributes(self, layer: Layer) -> Layer:
        """Set the attributes of a layer, or of a model that is no graph, to the others, each in its place."""
        left_out = given_attributes(layer)
        found = {name: value for name, value in vars(layer).items() if name not in left_out}
        changed = {name: new for name, value in found.items() if (new := self._inside(value)) is not value}
        before, held = {name: found[name] for name in changed}, list(_held(layer))
        self._steps_back.append(lambda: _put_back(layer, before, held))
        with _order_kept(layer, self.swaps, self._made):
            for name, value in changed.items():
                setattr(layer, name, value)
        return layer

    def _inside(self, value: Any) -> Any:
        """Return the value of an attribute with others in the place of the layers in it."""
        if isinstance(value, (list, tuple)):
            items: Any = [self._inside(item) for item in value]
            is_same = all(new is old for new, old in zip(items, value, strict=True))
            return value if is_same else items if isinstance(value, list) else tuple(items)
        if isinstance(value, Mapping):
            pairs = {key: self._inside(item) for key, item in value.items()}
            return value if all(pairs[key] is value[key] for key in pairs) else pairs
        return self.of(value) if isinstance(value, classes("layers.Layer")) else value


def _described(layer: Layer) -> list[Any]:
    """Return what stays as it is when layers are exchanged for equal ones."""
    layers = [(path, type(each).__name__, each.name) for path, each in walk_layers(layer)]
    weights = [(path, tuple(each.shape), dtype_name(each.dtype)) for path, each in walk_variables(layer)]
    tensors = (
        [*(getattr(layer, "inputs", None) or ()), *(getattr(layer, "outputs", None) or ())] if is_graph(layer) else []
    )
    return [layers, weights, [(tuple(each.shape), dtype_name(each.dtype)) for each in tensors]]


def _recalled(layer: Layer) -> Callable[[], None]:
    """Return what lets a layer have the calls in graphs again that it has now.

    The calls are private (``keras/src/ops/operation.py``, Keras 3.13.2 and 3.15.1;
    ``tf_keras/src/engine/base_layer.py``, 2.20 and 2.21).
    """
    before = list(layer._inbound_nodes)  # noqa: SLF001

    def put_back() -> None:
        layer._inbound_nodes[:] = before  # noqa: SLF001

    return put_back


def _put_back(layer: Layer, values: Mapping[str, Any], held: Sequence[Any]) -> None:
    """Set attributes of a layer again, and let it have the layers that it had."""
    known = {id(each) for each in held}
    with _unlocked(layer) as trackers:
        for tracker in trackers:
            for each in [each for each in _held(layer) if id(each) not in known]:
                tracker.untrack(each)
        for name, value in values.items():
            setattr(layer, name, value)
    _held(layer)[:] = held


def _held(layer: Layer) -> list[Any]:
    """Return the list in which Keras has the layers of a layer; see `_order_kept`."""
    return cast(
        "list[Any]", getattr(layer, "_layers" if dialect_of(layer) == KERAS else "_self_tracked_trackables", [])
    )


@contextmanager
def _unlocked(layer: Layer) -> Iterator[list[Any]]:
    """Let attributes of a layer be exchanged, and yield what tracks them; tf_keras has nothing that would refuse it."""
    trackers = [layer._tracker] if dialect_of(layer) == KERAS else []  # noqa: SLF001
    locked = [each for each in trackers if each.locked]
    for tracker in trackers:
        tracker.unlock()
    try:
        yield trackers
    finally:
        for tracker in locked:
            tracker.lock()


@contextmanager
def _order_kept(layer: Layer, swaps: Mapping[int, Layer], made: Mapping[int, tuple[Any, Any]]) -> Iterator[None]:
    """Let attributes of a layer be exchanged, and keep the order in which Keras has its layers.

    Keras 3 takes none after a layer is built. What holds them is private (``keras/src/utils/tracking.py``, Keras 3.13.2
    and 3.15.1; ``tf_keras/src/engine/base_layer.py``, 2.20 and 2.21).
    """
    others = {**swaps, **{key: new for key, (old, new) in made.items() if new is not old}}
    named = {id(value): name for name, value in vars(layer).items()}
    before = list(_held(layer))
    with _unlocked(layer) as trackers:
        for tracker in trackers:
            for each in [each for each in before if id(each) in others]:
                tracker.untrack(each)
        yield
    now = [others.get(id(each), vars(layer).get(named.get(id(each), ""), each)) for each in before]
    known = {id(each) for each in now}
    held = _held(layer)  # tf_keras has another list after each change
    held[:] = [*now, *(each for each in held if id(each) not in known)]
