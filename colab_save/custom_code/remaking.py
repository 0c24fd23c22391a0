"""Make objects of the user's classes again: from their attributes, or by the call that made them.

`Remaking` stands as it is in each ``custom_code.py`` that needs it, so that Keras alone opens the file; a load whose
classes come from the notebook uses it here. ``model/attribute_configs.py`` and ``model/constructor_calls.py`` write
what it reads.
"""

from __future__ import annotations

import argparse
import base64
import collections
import enum
import functools
import importlib
import inspect
import pathlib
import re
import types
from collections.abc import Iterable
from typing import Any


class Remaking:
    """Makes one object from the attributes that it had when it was saved, without its constructor, or by a call of it.

    A value in the config is plain, or a dict with one key that says what it is: ``{"tuple": [1, 2]}``.
    """

    KEY = "made_of_attributes"
    CALL = "made_by_call"

    @classmethod
    def use_for(cls, kind: Any) -> None:
        """Have the ``from_config`` of a class make objects whose config holds attributes."""
        given = kind.from_config.__func__

        def from_config(own: Any, config: Any, *rest: Any, **more: Any) -> Any:
            if cls.CALL in config:
                return cls(own).call(own, config[cls.CALL])
            return cls(own).make(config[cls.KEY]) if cls.KEY in config else given(own, config, *rest, **more)

        from_config.is_remaking = True  # type: ignore[attr-defined]
        kind.from_config = classmethod(from_config)

    def __init__(self, kind: Any) -> None:
        roots = ("keras", "tf_keras")
        self.base = next(each for each in kind.__mro__ if each.__module__.partition(".")[0] in roots)
        self.keras = importlib.import_module(self.base.__module__.partition(".")[0])
        self.item = kind.__new__(kind)
        self.weights: list[Any] = []
        self.placed: list[Any] = []

    def make(self, config: Any) -> Any:
        """Initialise what belongs to Keras's own class, then make the weights and set the attributes."""
        item = self.item
        self.initialise(config["base"])
        given = set(vars(item)) if config["is_derived"] else set()
        for held in config["weights"]:
            given_to = {name: self.read(held.get(name)) for name in ("regularizer", "constraint")}
            shape, how = (
                [int(size) for size in held["shape"]],
                {name: held[name] for name in ("dtype", "name", "trainable")},
            )
            self.weights.append(item.add_weight(shape=shape, initializer="zeros", **how, **given_to))
        for index in config["frozen"]:
            self.weights[index].trainable = False
        for name, value in config["attributes"]:
            if name not in given and not name.startswith("__"):
                setattr(item, name, self.read(value))
        self.order()
        if config["built"]:
            item.built = True
        return item

    def call(self, kind: Any, config: Any) -> Any:
        """Call the constructor with the arguments that it had, and set the data that the attributes have now."""
        given, named = self.read(config["arguments"]), {name: self.read(value) for name, value in config["keywords"]}
        self.item = kind(*given, **named)
        if lacking := [name for name in config["makes"] if not hasattr(self.item, name)]:
            raise AttributeError(f"the constructor of {kind.__name__} does not make {', '.join(lacking)}")
        for name, value in config["attributes"]:
            if not name.startswith("__"):
                setattr(self.item, name, self.read(value))
        return self.item

    def initialise(self, config: Any) -> None:
        """Call the constructor of Keras's own class."""
        if "graph" in config:
            graph = self.read(config["graph"])
            # Keras has put Functional in the place of Model for a class that it has made before, and cannot do so twice
            self.base.__init__(self.item, graph.input, graph.output, name=config["name"])
        else:
            self.base.__init__(self.item, **{name: self.read_config(value) for name, value in config.items()})

    def order(self) -> None:
        """Put the layers in the order in which they were added before, by which an optimizer numbers its variables."""
        layers = vars(self.item).get("_layers", [])  # of Keras 3; tf_keras goes by the attributes
        places = {id(layer): place for place, layer in self.placed}
        ordered = iter(sorted((each for each in layers if id(each) in places), key=lambda each: places[id(each)]))
        layers[:] = [next(ordered) if id(each) in places else each for each in layers]

    def read(self, value: Any) -> Any:
        """Return what a config holds."""
        if isinstance(value, list):
            return [self.read(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "class_name" in value:
            return self.keras.saving.deserialize_keras_object(value)
        ((what, held),) = value.items()
        return getattr(self, f"_read_{what}")(held)

    def read_config(self, value: Any) -> Any:
        """Return an argument of Keras's own class, as its config holds it."""
        is_object = isinstance(value, (list, dict))
        return self.keras.saving.deserialize_keras_object(value) if is_object else value

    def kind(self, held: Any, of: type = object) -> Any:
        """Return a class by its name; whatever else has that name is no class to make."""
        found = self.read(held)
        if not isinstance(found, type) or not issubclass(found, of):
            raise TypeError(f"{held!r} names no class of this kind")
        return found

    def _read_object(self, held: Any) -> Any:
        return self.keras.saving.deserialize_keras_object(held)

    def _read_layer(self, held: Any) -> Any:
        self.placed.append((int(held[0]), self.read(held[1])))
        return self.placed[-1][1]

    def _read_self(self, _: Any) -> Any:
        return self.item

    def _read_weight(self, index: int) -> Any:
        return self.weights[index]

    def _read_tuple(self, held: Any) -> Any:
        return tuple(self.read(held))

    def _read_set(self, held: Any) -> Any:
        return set(self.read(held))

    def _read_frozenset(self, held: Any) -> Any:
        return frozenset(self.read(held))

    def _read_dict(self, held: Any) -> Any:
        return {self.read(name): self.read(value) for name, value in held}

    def _read_namespace(self, held: Any) -> Any:
        return (argparse.Namespace if held[0] else types.SimpleNamespace)(**self._read_dict(held[1]))

    def _read_ordered(self, held: Any) -> Any:
        return collections.OrderedDict(self._read_dict(held))

    def _read_counter(self, held: Any) -> Any:
        return collections.Counter(self._read_dict(held))

    def _read_default(self, held: Any) -> Any:
        factories = {kind.__name__: kind for kind in (list, dict, set, int, float, str)}
        return collections.defaultdict(factories[held[0]], self._read_dict(held[1]))

    def _read_deque(self, held: Any) -> Any:
        return collections.deque(self.read(held[0]), held[1])

    def _read_range(self, held: Any) -> Any:
        return range(*held)

    def _read_pattern(self, held: Any) -> Any:
        return re.compile(self.read(held[0]), held[1])

    def _read_path(self, held: str) -> Any:
        return pathlib.Path(held)

    def _read_bytes(self, held: str) -> Any:
        return base64.b64decode(held)

    def _read_array(self, held: Any) -> Any:
        import numpy as np
        import tensorflow as tf

        if "texts" in held:
            return np.array(held["texts"], dtype=held["dtype"]).reshape(held["shape"])
        dtype = tf.as_dtype(held["dtype"]).as_numpy_dtype
        return np.frombuffer(base64.b64decode(held["data"]), dtype=dtype).reshape(held["shape"]).copy()

    def _read_number(self, held: Any) -> Any:
        return self._read_array(held)[()]

    def _read_tensor(self, held: Any) -> Any:
        import tensorflow as tf

        return tf.constant(self._read_array(held))

    def _read_variable(self, held: Any) -> Any:
        import tensorflow as tf

        return tf.Variable(self._read_array(held["value"]), trainable=held["trainable"], name=held["name"])

    def _read_table(self, held: Any) -> Any:
        import tensorflow as tf

        keys, values, default = (tf.constant(self._read_array(held[name])) for name in ("keys", "values", "default"))
        if held["is_fixed"]:
            return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)
        table = tf.lookup.experimental.MutableHashTable(keys.dtype, values.dtype, default)
        table.insert(keys, values)
        return table

    def _read_dtype(self, held: str) -> Any:
        import tensorflow as tf

        return tf.as_dtype(held)

    def _read_shape(self, held: Any) -> Any:
        import tensorflow as tf

        return tf.TensorShape(held)

    def _read_made(self, held: Any) -> Any:
        kind = self.kind(held[0])
        made = kind.__new__(kind)
        for name, value in held[1]:
            if not name.startswith("__"):
                object.__setattr__(made, name, self.read(value))
        for items in map(self.read, held[2:]):
            fill: Any = list.extend if isinstance(items, list) else type(items).update
            fill(made, items)
        return made

    def _read_named(self, held: Any) -> Any:
        return tuple.__new__(self.kind(held[0], tuple), self.read(held[1]))

    def _read_member(self, held: Any) -> Any:
        return self.kind(held[0], enum.Enum)[held[1]]

    def _read_method(self, held: Any) -> Any:
        owner, name = self.read(held[0]), held[1]
        found = None if name.startswith("__") else getattr(owner, name, None)
        if not isinstance(found, types.MethodType) or found.__self__ is not owner:
            raise ValueError(f"{name!r} is no method")
        return found

    def _read_bound(self, held: Any) -> Any:
        function = self.read(held[0])
        if not isinstance(function, types.FunctionType):
            raise TypeError("a method of no function")
        return types.MethodType(function, self.read(held[1]))

    def _read_partial(self, held: Any) -> Any:
        function = self.read(held[0])
        if not isinstance(function, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
            raise TypeError("a partial of no function")
        return functools.partial(function, *self.read(held[1]), **self.read(held[2]))

    def _read_function(self, held: Any) -> Any:
        import tensorflow as tf

        return tf.function(self.read(held))


IMPORTS = (
    *("import argparse", "import base64", "import collections", "import enum", "import functools"),
    *("import importlib", "import pathlib", "import re", "import types"),
)
"""The import statements that the source of `Remaking` needs."""


def text_of_remaking(names: Iterable[str]) -> str:
    """Return the statements with which a captured file has Keras make objects of these classes by attributes."""
    calls = "".join(f"Remaking.use_for({name})\n" for name in names)
    return f"\n\n{inspect.getsource(Remaking)}\n\n{calls}" if calls else ""
