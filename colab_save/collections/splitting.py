"""Split a dict, list or object that contains several models: its models by name, and a `Collection` of everything else.

``saving/resolving.py`` splits what the user saves; a single model is one part without a name. The fresh process and
``loading/collections.py`` split the rebuilt collection again, to compare it. Splitting changes nothing.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

from colab_save.artifact.collection import Collection, content_of
from colab_save.artifact.parts import part_name
from colab_save.collections.kinds.kind import Kind, has_secret
from colab_save.collections.kinds.table import kind_of as kind_of_value
from colab_save.collections.sharing import shared_between
from colab_save.custom_code.origins import is_users_module
from colab_save.dialect import (
    DIALECTS,
    KERAS,
    classes,
    dialect_of,
    keras_of,
    kind_of,
    optimizer_variables,
    tensorflow_classes,
)
from colab_save.errors import FormatError, UnsupportedError
from colab_save.hints import literal
from colab_save.model.compiling import trained_by
from colab_save.model.describing import plain_attributes
from colab_save.model.walking import is_plain_object, walk_variables
from colab_save.secrecy import is_secret, secret_within
from colab_save.types import Array, Json, Model, Variable
from colab_save.wording import is_text, translated

OPTIMIZERS = ("optimizers.Optimizer", "optimizers.legacy.Optimizer")
"""The classes of optimizers; tf_keras also has the legacy ones."""


def is_model(value: object) -> bool:
    """Return whether a value can be a part; metrics of tf_keras, which are layers, and checkpoints cannot."""
    if is_configured(value) or isinstance(value, tensorflow_classes("train.Checkpoint")):
        return False
    try:
        kind_of(value)
    except UnsupportedError:
        return False
    return True


def is_layer(value: object) -> bool:
    """Return whether a value is a layer of Keras, or a model."""
    return isinstance(value, classes("layers.Layer"))


def is_optimizer(value: object) -> bool:
    """Return whether a value is an optimizer of Keras."""
    return isinstance(value, tuple(kind for name in OPTIMIZERS for kind in classes(name)))


def is_metric(value: object) -> bool:
    """Return whether a value is a metric of Keras."""
    return isinstance(value, classes("metrics.Metric"))


def is_loss(value: object) -> bool:
    """Return whether a value is a loss of Keras."""
    return isinstance(value, classes("losses.Loss"))


def is_configured(value: object) -> bool:
    """Return whether a value is an optimizer, metric, loss or schedule of Keras, which its config rebuilds."""
    is_schedule = isinstance(value, classes("optimizers.schedules.LearningRateSchedule"))
    return is_schedule or is_optimizer(value) or is_metric(value) or is_loss(value)


def maker_of(value: object) -> str:
    """Return whose variable a value is, ``keras`` or ``tensorflow``; empty for anything else."""
    if isinstance(value, classes("Variable")):
        return KERAS
    return "tensorflow" if isinstance(value, tensorflow_classes("Variable")) else ""


def is_tensor(value: object) -> bool:
    """Return whether a value is a tensor with known values."""
    return isinstance(value, tensorflow_classes("Tensor")) and hasattr(value, "numpy")


DEEPEST = 24
"""The deepest nesting of a collection, from the manifest's limit on JSON at three levels for each."""

UNWRITTEN = "looks like a secret, which is written into no artifact"
"""Why a text or an array of texts is lost."""

MOST_NAMED = 8
"""The largest number of lost values to name for one reason; a replay buffer may hold a hundred thousand of them."""


@dataclass(frozen=True, slots=True)
class Division:
    """What a save writes, by its parts.

    Attributes:
        models: The live models by the name of the part; a single model has the empty name.
        collection: The rest of the collection; ``None`` for a single model.
        objects: Optimizers, losses and the like outside the models; they may need custom code.
        classes: The classes of the user's whose objects hold models or other values.
        whole: What is divided.
    """

    models: Mapping[str, Model]
    collection: Collection | None = None
    objects: tuple[Any, ...] = ()
    classes: tuple[type, ...] = ()
    whole: Any = None


def divide(thing: Any) -> Division:
    """Divide a model or collection into its parts.

    Raises:
        UnsupportedError: It is not a model, and contains none.
    """
    is_container = isinstance(thing, (dict, list, tuple)) or is_plain_object(thing)
    if not is_container or is_model(thing):
        kind_of(thing)
        return Division({"": thing})
    dividing = _Dividing()
    collection = dividing.run(thing)
    if not dividing.models:
        raise UnsupportedError(
            f"A {type(thing).__qualname__} that contains no model cannot be saved.",
            "Pass a Keras model, a tf.Module whose methods are tf.functions, or a dict or object that contains them.",
        )
    return Division(dividing.models, collection, tuple(dividing.objects), tuple(dividing.classes), thing)


def collection_of(
    thing: Any, as_dicts: Mapping[type, str] = MappingProxyType({}), *, is_sharing: bool = True
) -> Collection:
    """Return the record of a dict, list or object that contains several models, live or rebuilt.

    Args:
        thing: The whole.
        as_dicts: The classes whose objects come back as dicts, each with the reason.
        is_sharing: Whether a list, dict, set or array that two places hold is to be one again. Attributes of a model of
            Keras hold copies.
    """
    return _Dividing(as_dicts, is_sharing).run(thing)


def record_of(thing: Any) -> tuple[Collection, tuple[type, ...]]:
    """Return the record of what has no models, and the classes of the user's whose objects are in it."""
    dividing = _Dividing(is_sharing=False)
    return dividing.run(thing), tuple(dividing.classes)


@dataclass
class _Dividing:
    """One walk over a dict, list or object that contains several models; it collects the fields of a `Division`."""

    as_dicts: Mapping[type, str] = field(default_factory=dict)
    is_sharing: bool = True
    models: dict[str, Model] = field(default_factory=dict)
    objects: list[Any] = field(default_factory=list)
    classes: dict[type, None] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _arrays: list[Array] = field(default_factory=list)
    _lost: dict[str, list[str]] = field(default_factory=dict)
    _notes: dict[str, str] = field(default_factory=dict)
    _seen: dict[int, tuple[Any, dict[str, Json]]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def run(self, thing: Any) -> Collection:
        """Walk over the whole, and return its record."""
        tree = self._node(thing, ())
        weights = {name: list(walk_variables(model)) for name, model in self.models.items()}
        self._relate(weights)
        notes = tuple(self._notes.values())
        lost = [f"{', '.join(places[:MOST_NAMED])}{_more(places)} {reason}" for reason, places in self._lost.items()]
        class_name = f"{type(thing).__module__}.{type(thing).__qualname__}"
        programs = tuple(name for name, model in self.models.items() if not dialect_of(model))
        return Collection(class_name, tree, self._arrays, tuple(lost), notes, shared_between(self.models), programs)

    def _node(self, value: Any, at: tuple[str, ...]) -> dict[str, Json] | None:
        """Describe one value; ``None`` for one that cannot be saved."""
        if id(value) in self._seen:
            return self._again(self._seen[id(value)][1], at)
        if is_secret("", value) or (_is_array(value) and secret_within("", value)):
            self._lose(at, UNWRITTEN)
            return None
        if type(value) in (type(None), bool, int, float) or (type(value) is str and is_text(value)):
            return {"value": value}
        if id(value) in self._open or len(at) > DEEPEST:
            self._lose(at, "contains itself" if id(value) in self._open else "is nested too deeply")
            return None
        self._open.add(id(value))
        try:
            node = self._object(value, at) or self._array(value)
            kind = kind_of_value(value) if node is None else None
            if kind and not (kind.is_part and self.is_sharing):
                return self._of_kind(kind, value, at)
            node = node or self._container(value, at)
            if node is None:
                self._refuse(value, at)
            elif self.is_sharing and _is_mutable(value):
                self._seen[id(value)] = value, node
            return node
        finally:
            self._open.discard(id(value))

    def _again(self, known: dict[str, Json], at: tuple[str, ...]) -> dict[str, Json]:
        """Describe a value that has been described: it has an id from now on, by which it is one object again."""
        if "model" in known:
            return known
        if "id" not in known:
            known["id"] = self._id(at)
        return {"same": known["id"]}

    def _object(self, value: Any, at: tuple[str, ...]) -> dict[str, Json] | None:
        """Describe a value with an identity: a model, an object of Keras, a variable."""
        if is_model(value):
            node: dict[str, Json] = {"model": part_name(at, self.models)}
            self.models[node["model"]] = value
        elif maker := maker_of(value):
            own = {"trainable": bool(value.trainable), "maker": maker, "id": self._id(at)}
            node = {"variable": self._add_array(value.numpy()), **own}
        elif is_configured(value):
            self.objects.append(value)
            node = {dialect_of(value): {}, "attributes": {}, "state": [], "trains": [], "id": self._id(at)}
        else:
            return None
        self._seen[id(value)] = value, node
        return node

    def _id(self, at: tuple[str, ...]) -> str:
        name = next(own for own in (".".join(at) + "'" * count for count in itertools.count()) if own not in self._ids)
        self._ids.add(name)
        return name

    def _array(self, value: Any) -> dict[str, Json] | None:
        import numpy as np

        if is_tensor(value):
            return {"tensor": self._add_array(value.numpy())}
        if not isinstance(value, (np.ndarray, np.generic)):
            return None
        array = np.asarray(value)
        if array.dtype.kind not in "biufcSUmM" and array.dtype.isbuiltin != 2:  # 2: bfloat16 and all of ml_dtypes
            return None
        return {"scalar" if isinstance(value, np.generic) else "array": self._add_array(array)}

    def _add_array(self, array: Array) -> int:
        import numpy as np

        self._arrays.append(np.array(array))
        return len(self._arrays) - 1

    def _of_kind(self, kind: Kind, value: Any, at: tuple[str, ...]) -> dict[str, Json] | None:
        """Describe a value by its parts; one of which a part is lost is lost as a whole."""
        own = type(value)
        if reason := self.as_dicts.get(own):
            self._lose(at, f"is of the class {own.__qualname__}: it {reason}")
            return None
        if is_users_module(own.__module__):
            self.classes[own] = None
        try:
            parts = kind.apart(value)
        except FormatError as error:
            self._lose(at, error.references[0])
            return None
        if has_secret(parts):
            self._lose(at, UNWRITTEN)
            return None
        before = self._count_lost()
        pairs = self._pairs(parts.items(), at)
        return {"kind": kind.name, "parts": pairs} if self._count_lost() == before else None

    def _count_lost(self) -> int:
        return sum(map(len, self._lost.values()))

    def _container(self, value: Any, at: tuple[str, ...]) -> dict[str, Json] | None:
        """Describe a value that contains other values."""
        plain = next((kind for kind in (dict, list, tuple, set, frozenset, deque) if isinstance(value, kind)), None)
        if plain is None:
            return self._made(value, at) if is_plain_object(value) else None
        if type(value) is not plain and not type(value).__module__.startswith(("keras.", "tensorflow.")):  # wrappers
            own = (
                f"{'.'.join(at) or 'The whole'} is a {type(value).__qualname__}, and comes back as a {plain.__name__}."
            )
            self._notes.setdefault(type(value).__qualname__, own)
        if isinstance(value, Mapping):
            return {"dict": self._pairs(value.items(), at)}
        nodes = [self._node(item, (*at, str(index))) or {"value": None} for index, item in enumerate(value)]
        if plain in (set, frozenset):
            return {"set": sorted(nodes, key=partial(content_of, arrays=self._arrays))}
        return {plain.__name__: nodes, **({"maxlen": value.maxlen} if isinstance(value, deque) else {})}

    def _made(self, value: Any, at: tuple[str, ...]) -> dict[str, Json]:
        """Describe an object of a class of the user's: its attributes, among which it may be itself."""
        kind = type(value)
        has_own = any("__new__" in vars(base) for base in kind.__mro__[:-1])
        if reason := self.as_dicts.get(kind, "makes its objects in __new__()" if has_own else ""):
            self._lose(at, f"is of the class {kind.__qualname__} and comes back as a dict: it {reason}")
            return {"object": self._pairs(vars(value).items(), at)}
        self.classes[kind] = None
        pairs: list[Json] = []
        node = {"made": pairs, "of": kind.__name__, "id": self._id(at)}
        self._seen[id(value)] = value, node
        pairs += self._pairs(vars(value).items(), at)
        return node

    def _pairs(self, items: Iterable[tuple[Any, Any]], at: tuple[str, ...]) -> list[Json]:
        pairs = []
        for key, item in items:
            below = (*at, str(key))
            if is_secret(str(key), item):
                self._lose(below, UNWRITTEN)
                continue
            name = self._node(key, below)
            node = self._node(item, below)
            if name is not None and node is not None:
                pairs.append([name, node])
        return pairs

    def _refuse(self, value: Any, at: tuple[str, ...]) -> None:
        kind = type(value)
        what = "a text with lone surrogates" if kind is str else f"a {kind.__module__}.{kind.__qualname__}"
        reason = f"is {what.replace('builtins.', '')}, which cannot be written without running code"
        self._lose(at, "is a layer and not a model: put it into a keras.Sequential" if is_layer(value) else reason)

    def _lose(self, at: tuple[str, ...], reason: str) -> None:
        self._lost.setdefault(reason, []).append(".".join(at) or "the whole")

    def _relate(self, weights: dict[str, list[tuple[str, Variable]]]) -> None:
        """Describe each object of Keras, and which weights it trains, once all models are known."""
        places = {id(item): ["", node["id"]] for item, node in self._seen.values() if "variable" in node}
        for name in reversed(weights):
            places |= {id(variable): [name, path] for path, variable in weights[name]}
        own = {id(getattr(self.models[name], "optimizer", None)): name for name in reversed(self.models)}
        variables = [variable for found in weights.values() for _, variable in found]
        variables += [item for item, node in self._seen.values() if "variable" in node]
        for item, node in (pair for pair in self._seen.values() if not pair[1].keys().isdisjoint(DIALECTS)):
            place = node["id"]
            trained = trained_by(item, variables)
            if id(item) in own:
                node.clear()
                node.update({"optimizer_of": own[id(item)], "id": place})
                continue
            node[dialect_of(item)] = _config(item)
            node["attributes"] = plain_attributes(item) if is_loss(item) else {}
            if trained is not None and all(id(each) in places for each in trained) and _is_made_alike(item):
                node["trains"] = [places[id(variable)] for variable in trained]
                node["state"] = [self._add_array(variable.numpy()) for variable in optimizer_variables(item)]
            else:
                self._lose((place,), "loses its state, which belongs to weights outside the models")


def _is_array(value: Any) -> bool:
    """Return whether a value is an array or a tensor; what pandas has is looked at as the arrays that it is made of."""
    return hasattr(value, "dtype") and type(value).__module__.partition(".")[0] != "pandas"


def _is_mutable(value: Any) -> bool:
    """Return whether a value can be changed in place, so that two places which hold it both see the change."""
    import numpy as np

    return isinstance(value, (dict, list, set, deque, np.ndarray))


def _config(item: Any) -> Json:
    with translated(f"The {type(item).__name__} has no usable config", "Give it a get_config()."):
        config = json.loads(json.dumps(keras_of(item).saving.serialize_keras_object(item)))
    if place := secret_within("", config):
        inside = place.rpartition("config.")[2]
        what = f"The config of {type(item).__name__} has {literal(inside)}, which looks like a secret"
        raise FormatError(f"{what} and is written into no artifact.", "Leave it out of get_config().")
    return config


def _is_made_alike(item: Any) -> bool:
    """Return whether a rebuilt object has the same variables: some metrics make theirs only when first used."""
    if not is_metric(item):
        return True
    made = type(item).from_config(item.get_config())
    return [tuple(v.shape) for v in made.variables] == [tuple(v.shape) for v in item.variables]


def _more(places: list[str]) -> str:
    return f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
