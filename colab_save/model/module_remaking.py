"""Make an object that TensorFlow tracks again from its attributes: a `tf.Module`, a `tf.train.Checkpoint`.

``formats/checkpoint.py`` reads with it what `module_configs` wrote, and then the values of the variables. The code that
it names is looked for among the custom objects alone.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict, deque
from collections.abc import Mapping
from types import CellType, FunctionType
from typing import Any
from uuid import UUID

from colab_save.custom_code.origins import cells
from colab_save.custom_code.remaking import Remaking
from colab_save.dialect import DIALECTS
from colab_save.model.inner_functions import InnerCode
from colab_save.model.walking import walk_layers
from colab_save.types import Json, Model


class ModuleRemaking(Remaking):
    """Makes an object and all that it holds, each once.

    Args:
        custom_objects: The classes and functions by the name under which the config has them.
    """

    def __init__(self, custom_objects: Mapping[str, Any]) -> None:
        self.custom = dict(custom_objects)
        self.made: dict[int, Any] = {}

    def read(self, value: Any) -> Any:
        """Return what a config holds."""
        if isinstance(value, dict) and "class_name" in value:
            raise ValueError("a config of Keras where none can be")
        return super().read(value)

    def _read_code(self, name: str) -> Any:
        if name not in self.custom:
            raise NameError(f"name {name!r} is not defined", name=name)
        return self.custom[name]

    def _read_slice(self, held: Any) -> Any:
        return slice(*map(self.read, held))

    def _read_range(self, held: Any) -> Any:
        return range(*map(self.read, held))

    def _read_ordered(self, held: Any) -> Any:
        return OrderedDict((self.read(name), self.read(value)) for name, value in held)

    def _read_deque(self, held: Any) -> Any:
        return deque(map(self.read, held[0]), held[1])

    def _read_uuid(self, held: str) -> Any:
        return UUID(held)

    def _read_closed(self, held: Any) -> Any:
        """Return what the closure of a method of a class holds."""
        found = vars(self.kind(held[0]))[held[1]]
        for name in held[2]:
            found = cells(found)[name]
        return found

    def _read_same(self, number: int) -> Any:
        return self.made[number]

    def _read_item(self, held: Any) -> Any:
        number, described = held
        ((what, inner),) = described.items()
        made = getattr(self, f"_make_{what}")(number, inner)
        self.made[number] = made
        return made

    def _make_part(self, _: int, held: Any) -> Any:
        owner = self.read(held[0])
        return dict(walk_layers(owner))[held[1]]

    def _make_keras(self, _: int, held: Any) -> Any:
        dialect, config = held
        if dialect not in DIALECTS:
            raise ValueError(f"{dialect!r} is no Keras")
        keras = importlib.import_module(dialect)
        return keras.saving.deserialize_keras_object(config, custom_objects=self.custom)

    def _make_variable(self, _: int, held: Any) -> Any:
        import tensorflow as tf

        value = self._read_array(held["value"]) if "value" in held else tf.zeros(held["shape"], held["dtype"])
        if held["maker"] in DIALECTS:
            keras = importlib.import_module(held["maker"])
            return keras.Variable(value, dtype=held["dtype"], trainable=held["trainable"], name=held["name"])
        shape = None if held["open"] is None else tf.TensorShape(held["open"])
        return tf.Variable(value, trainable=held["trainable"], name=held["name"], shape=shape)

    def _make_inner(self, number: int, held: Any) -> Any:
        """Make a function before its cells are filled, since they may lead back to it."""
        code, names = self._inner_code(held)
        cells = [self.made.setdefault(at, CellType()) for _, at, *_ in held["cells"]]
        made = self.made[number] = FunctionType(code, names, held["name"], None, tuple(cells))
        for cell, (_, _, *content) in zip(cells, held["cells"], strict=True):
            if content:
                cell.cell_contents = self.read(content[0])
        made.__defaults__, made.__kwdefaults__ = self.read(held["defaults"]), self.read(held["named"])
        vars(made).update(self._read_dict(held["attributes"]))
        return made

    def _inner_code(self, held: Any) -> Any:
        maker, name, index = held["place"]
        made_by = self.read(maker)
        if not isinstance(made_by, (type, FunctionType)):
            raise TypeError(f"{maker!r} makes no functions")
        return InnerCode(made_by, name, index).find([name for name, *_ in held["cells"]])

    def _make_module(self, number: int, held: Any) -> Model:
        import tensorflow as tf

        kind = self.kind(held[0], tf.__internal__.tracking.AutoTrackable)
        item = self.made[number] = object.__new__(kind)
        if isinstance(item, tf.Module) and held[1] is not None:
            tf.Module.__init__(item, name=held[1])
        self._set(item, held[2])
        return item

    def _make_plain(self, number: int, held: Any) -> Any:
        kind = self.kind(held[0])
        item = self.made[number] = object.__new__(kind)
        self._set(item, held[1])
        return item

    def _make_filled(self, number: int, held: Any) -> Any:
        kind = self.kind(held[0])
        made = self.made[number] = kind.__new__(kind)
        self._set(made, held[1])
        items = self.read(held[2])
        fill: Any = list.extend if isinstance(items, list) else type(items).update
        fill(made, items)
        return made

    def _make_checkpoint(self, _: int, held: Any) -> Model:
        import tensorflow as tf

        return tf.train.Checkpoint(**{name: self.read(value) for name, value in held})

    def _make_list(self, number: int, held: Any) -> Any:
        made = self.made[number] = []
        made.extend(map(self.read, held))
        return made

    def _make_set(self, number: int, held: Any) -> Any:
        made = self.made[number] = set()
        made.update(map(self.read, held))
        return made

    def _make_dict(self, number: int, held: Any) -> Any:
        made = self.made[number] = {}
        made.update((self.read(name), self.read(value)) for name, value in held)
        return made

    def _set(self, item: Any, attributes: Json) -> None:
        for name, value in attributes:
            if name.startswith("__"):
                continue
            made = self.read(value)
            try:
                setattr(item, name, made)
            except AttributeError:  # a class that forbids it, as a frozen one does
                vars(item)[name] = made
