"""Write any object that TensorFlow tracks as its attributes: what `ModuleRemaking` makes it from again.

`configs` calls it for what Keras cannot describe: a `tf.Module`, a `tf.train.Checkpoint`. Each object in it is written
once, with a number, so that what two attributes share stays one. Values of variables are left to the checkpoint, but
for those that only an object or a function of a package holds, where neither TensorFlow nor `walking` looks.
"""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import CellType, FunctionType
from typing import Any
from uuid import UUID

from colab_save.custom_code.custom_objects import find_custom_objects, held_by
from colab_save.custom_code.naming import names_from
from colab_save.custom_code.origins import STANDARD, cells, is_users_module
from colab_save.dialect import classes, dialect_of, is_trackable, keras_of, tensorflow_classes
from colab_save.errors import FormatError
from colab_save.model.attribute_configs import CODE, RULES, SET_BY_SAVES, Rule, Writing, Written, has_all_in_attributes
from colab_save.model.inner_functions import InnerCode
from colab_save.model.walking import checkpointed, given_attributes, is_variable, walk_layers, walk_variables
from colab_save.types import Json, Layer, Model


def module_config(module: Model, name_of: Callable[[object], str]) -> Written:
    """Write an object as its attributes.

    Args:
        module: The live object, see `is_trackable`.
        name_of: Returns the name of a class or function in the custom code.
    """
    writing = ModuleWriting(module, name_of)
    config = writing.value(module)
    return Written(config, writing.lost, writing.code)


class RemadeModule:
    """A ``get_config`` for one object that TensorFlow tracks, which returns its attributes.

    Args:
        item: The live object.
        lost: Gets the attributes that cannot be written, by the class.
        names: The names of classes and functions in the custom code, by their identity.
    """

    def __init__(self, item: Model, lost: dict[str, dict[str, str]], names: Mapping[int, str]) -> None:
        self.item = item
        self._lost, self._names = lost, names

    def __call__(self) -> dict[str, Json]:
        """Return the config."""
        written = module_config(self.item, self._name_of)
        if written.lost:
            self._lost.setdefault(type(self.item).__name__, {}).update(written.lost)
        return written.config

    def _name_of(self, value: object) -> str:
        """Return the name of a class or function in the custom code.

        Raises:
            FormatError: It is not there.
        """
        if id(value) not in self._names:
            raise FormatError(
                f"needs {getattr(value, '__name__', value)}, which could not be captured",
                "Define it at the top level of a cell or a module.",
            )
        return self._names[id(value)]


def needed_by_module(module: Model) -> dict[int, object]:
    """Return the classes and functions that a module and all in it need, by their identity."""
    written = module_config(module, names_from({}))
    return {id(each): each for each in written.code}


def keras_objects_in(module: Model) -> list[object]:
    """Return the objects in a module that may be of the user's Keras classes."""
    return [each for each in held_by([module, *(layer for _, layer in walk_layers(module))]) if each is not module]


MUTABLE = (list, dict, set)
"""Containers that two places may hold. One that contains itself cannot be written."""

_SET_BY_MODULE = {"_name_scope", "_scope_name"}
"""Attributes of which the constructor of `tf.Module` sets one (``module.py``, 2.16 to 2.21)."""

_GIVEN = STANDARD | {"tensorflow", "numpy", "keras", "tf_keras", "builtins", "wrapt"}
"""The packages whose objects have more than their attributes."""


@dataclass
class ModuleWriting(Writing):
    """Writes one object, and every object in it once.

    Attributes:
        places: The numbers of the objects that were written, by their identity.
        inside: The layers that another layer or model holds, by their identity, with that and their path in it.
        walked: The identities of the variables that the checkpoint has.
    """

    places: dict[int, int] = field(default_factory=dict)
    inside: dict[int, tuple[Layer, str]] = field(default_factory=dict)
    walked: frozenset[int] = frozenset()
    _known: list[Any] = field(default_factory=list)  # holds them, so that no other gets the identity of one
    _at: list[str] = field(default_factory=list)
    _owners: list[Any] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        """Find the layers that come back with what holds them, and the variables that the checkpoint has."""
        self.weights = []
        self.walked = frozenset(id(variable) for _, variable in walk_variables(self.item))
        for _, layer in walk_layers(self.item):
            if id(layer) not in self.inside:
                self.inside |= {id(each): (layer, path) for path, each in walk_layers(layer) if path}

    def rules(self) -> tuple[Rule, ...]:
        """Return what writes each kind of value, the objects with an identity first."""
        return (_keras, _numbered, _mutable, _inner, *RULES, _filled, _closed, _of_python)

    def value(self, value: Any) -> Any:
        """Return a value as a config holds it, or the number of an object that has been written."""
        value = _unwrapped(value)
        if id(value) in self.places and not (isinstance(value, MUTABLE) and id(value) in self.around):
            return {"same": self.places[id(value)]}
        return super().value(value)

    def item_of(self, value: Any, write: Callable[[], Any]) -> dict[str, Any]:
        """Write an object under a number of its own, which it has before what it holds is written."""
        self._count += 1
        self._known.append(value)
        number = self.places[id(value)] = self._count
        return {"item": [number, write()]}

    def attributes_of(self, owner: Any, named: list[tuple[str, Any]]) -> Iterator[list[Any]]:
        """Yield each attribute that can be written; any other is lost, with all that only it holds."""
        for name, value in named:
            before = dict(self.places)
            self._at.append(name)
            self._owners.append(owner)
            try:
                yield [name, self.attribute(name, value)]
            except FormatError as error:
                self.places = before
                self.lost[".".join(self._at)] = error.references[0]
            finally:
                self._at.pop()
                self._owners.pop()

    @property
    def owner(self) -> Any:
        """The object whose attribute is being written."""
        return self._owners[-1] if self._owners else None

    def named(self, value: Any) -> dict[str, Any]:
        """Return what finds a class or function among the custom objects."""
        self.code.append(value)
        return {"code": self.name_of(value)}


def _unwrapped(value: Any) -> Any:
    """Return the list, dict or tuple of the user's, of what TensorFlow tracks it in.

    Two modules that hold one list have a wrapper each around it (``data_structures.py``, 2.16 to 2.21).
    """
    if type(value).__module__ != "tensorflow.python.trackable.data_structures":
        return value
    held = getattr(value, "__wrapped__", getattr(value, "_storage", value))
    return held if isinstance(held, (list, dict, tuple)) else value


def _keras(self: ModuleWriting, value: Any) -> Any:
    """Write an object of Keras: a layer within another by its place there, any other with its config."""
    if not dialect_of(value) or isinstance(value, type) or is_variable(value):
        return None
    if id(value) in self.inside:
        owner, path = self.inside[id(value)]
        return self.item_of(value, lambda: {"part": [self.value(owner), path]})
    if not hasattr(value, "get_config"):
        return None
    self.code += find_custom_objects(value)
    return self.item_of(value, lambda: {"keras": [dialect_of(value), _config_of(value)]})


def _config_of(value: Any) -> Json:
    try:
        return json.loads(json.dumps(keras_of(value).saving.serialize_keras_object(value)))
    except Exception as error:
        raise FormatError(f"is a {type(value).__name__} that Keras cannot write", "") from error


def _numbered(self: ModuleWriting, value: Any) -> Any:
    """Write a variable, a module or a plain object, each of which may be held twice."""
    if is_variable(value):
        own = {} if id(value) in self.walked else {"value": self.array(value.numpy())}
        return self.item_of(value, lambda: {"variable": {**_variable_of(value), **own}})
    if isinstance(value, tensorflow_classes("train.Checkpoint")):
        held = [pair for pair in checkpointed(value) if pair[0] not in SET_BY_SAVES]
        return self.item_of(value, lambda: {"checkpoint": list(self.attributes_of(value, held))})
    if is_trackable(value):
        return self.item_of(value, partial(_module_of, self, value))
    if _is_plain(value):
        return self.item_of(value, partial(_plain_of, self, value))
    return None


def _of_python(self: ModuleWriting, value: Any) -> Any:
    """Write a value of one of Python's own classes."""
    match value:
        case slice() | range():
            return {type(value).__name__: [self.value(each) for each in (value.start, value.stop, value.step)]}
        case OrderedDict():
            return {"ordered": self.pairs(value)}
        case deque():
            return {"deque": [self.each(value), value.maxlen]}
        case UUID():
            return {"uuid": value.hex}
    return None


def _closed(self: ModuleWriting, value: Any) -> Any:
    """Write what a decorator made for a method, and noted in the object, by its place in the closure of the method.

    So Sonnet notes which methods have run, by an id that is another in each process (``once.py``, 2.0.2).
    """
    for kind in type(self.owner).__mro__[:-1]:
        for name, method in vars(kind).items():
            if path := _path_to(value, method):
                return {"closed": [self.named(kind), name, path]}
    return None


def _path_to(value: Any, function: Any, deepest: int = 3) -> list[str]:
    """Return the names by which the closure of a function, and of those in it, reaches a value; empty if none does."""
    held = cells(function) if isinstance(function, FunctionType) and deepest else {}
    for name, item in held.items():
        if item is value:
            return [name]
        if below := _path_to(value, item, deepest - 1):
            return [name, *below]
    return []


def _mutable(self: ModuleWriting, value: Any) -> Any:
    """Write a plain list, dict or set, which may be held twice."""
    writers: dict[type, Callable[[Any], Any]] = {list: self.each, dict: self.pairs, set: self.each}
    write = writers.get(type(value))
    return self.item_of(value, lambda: {type(value).__name__: write(value)}) if write else None


def _inner(self: ModuleWriting, value: Any) -> Any:
    """Write a function that a package made while it ran, see `InnerCode`."""
    place = InnerCode.of(value)
    return self.item_of(value, partial(_inner_of, self, value, place)) if place else None


def _inner_of(self: ModuleWriting, value: FunctionType, place: InnerCode) -> dict[str, Any]:
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    return {
        "inner": {
            "place": [self.named(place.maker), place.name, place.index],
            "name": value.__name__,
            "cells": [[name, *_cell_of(self, cell)] for name, cell in cells],
            "defaults": self.value(value.__defaults__),
            "named": self.value(value.__kwdefaults__),
            "attributes": self.pairs(vars(value)),
        }
    }


def _cell_of(self: ModuleWriting, cell: CellType) -> list[Any]:
    """Return the number of a cell, which two functions may share, and its content where it is not yet written."""
    if id(cell) in self.places:
        return [self.places[id(cell)]]
    held = self.item_of(cell, lambda: [self.value(cell.cell_contents)] if _is_filled(cell) else [])
    number, content = held["item"]
    return [number, *content]


def _is_filled(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - one that is empty raises
    except ValueError:
        return False
    return True


def _filled(self: ModuleWriting, value: Any) -> Any:
    """Write a list, dict or set of a class of a package, which has attributes beside what it contains."""
    kind = type(value)
    base = next((each for each in kind.__mro__ if _is_given(each)), object)
    if base not in MUTABLE or kind is base or not hasattr(value, "__dict__"):
        return None
    return self.item_of(value, partial(_filled_of, self, value, base))


def _filled_of(self: ModuleWriting, value: Any, base: type) -> dict[str, Any]:
    attributes = list(self.attributes_of(value, list(vars(value).items())))
    return {"filled": [self.named(type(value)), attributes, self.value(base(value))]}


def _variable_of(value: Any) -> dict[str, Any]:
    """Return how to make a variable."""
    import tensorflow as tf

    return {
        "maker": dialect_of(value) or "tensorflow",
        "shape": tf.convert_to_tensor(value).shape.as_list(),
        "open": value.shape.as_list() if isinstance(value, tf.Variable) and value.shape.rank is not None else None,
        "dtype": str(getattr(value.dtype, "name", value.dtype)),
        "trainable": bool(value.trainable),
        "name": value.name.partition(":")[0],
    }


def _module_of(self: ModuleWriting, value: Any) -> dict[str, Any]:
    left_out = given_attributes(value) | SET_BY_SAVES
    name = value.name if vars(value).keys() & _SET_BY_MODULE else None
    if name is None:  # those of `tf.linalg` do not call the constructor of `tf.Module`, and set a name of their own
        left_out -= {"_name"}
    named = [(name, item) for name, item in vars(value).items() if name not in left_out]
    return {"module": [self.named(type(value)), name, list(self.attributes_of(value, named))]}


def _plain_of(self: ModuleWriting, value: Any) -> dict[str, Any]:
    named = list(vars(value).items())
    return {"plain": [self.named(type(value)), list(self.attributes_of(value, named))]}


def _is_given(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in _GIVEN


def _is_plain(value: Any) -> bool:
    """Return whether an object is one of the user's or of a library, with attributes that make it again."""
    if not hasattr(value, "__dict__") or isinstance(value, (*CODE, enum.Enum)):
        return False
    is_other = _is_given(type(value)) or dialect_of(value) or isinstance(value, classes("KerasTensor"))
    if not is_users_module(type(value).__module__) and is_other:
        return False
    return has_all_in_attributes(value)
