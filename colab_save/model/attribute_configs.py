"""Write an object of one of the user's classes as its attributes: what `Remaking` makes it from again.

`configs` calls it for objects whose constructor cannot be called again as it was. Keras writes the objects that the
attributes hold, each as it would by itself, so that a layer which two attributes share stays one.
"""

from __future__ import annotations

import base64
import enum
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeAlias, cast

from colab_save.custom_code.origins import is_users_module
from colab_save.custom_code.remaking import Remaking
from colab_save.dialect import (
    KERAS_2,
    classes,
    dialect_of,
    is_functional,
    is_of_keras,
    keras_of,
    tensorflow_classes,
)
from colab_save.errors import FormatError
from colab_save.model.attributes import BOOKKEEPING as SET_BY_TRAINER
from colab_save.model.compiling import has_own_compile, is_optimizer
from colab_save.model.standard_values import write_standard
from colab_save.model.walking import BOOKKEEPING, given_attributes, is_variable
from colab_save.quantities import size_in_words
from colab_save.secrecy import is_secret
from colab_save.types import Array, Variable

MOST_BYTES = 16 << 20
"""The most bytes of arrays that the config of one object holds; more is data and belongs in a weight."""

SET_BY_KERAS = SET_BY_TRAINER | {"history", "_compiled_trainable_state", "_compile_config", "_pss_evaluation_shards"}
"""Attributes that ``compile`` and ``fit`` set (``keras/src/trainers/trainer.py``, 3.8 to 3.15;
``tf_keras/src/engine/training.py``, 2.16 to 2.21)."""

SET_BY_SAVES = frozenset({"get_config", "get_build_config"})
"""Methods of objects that `configs` sets while a model is written."""

SET_BY_USERS = ("_supports_masking", "supports_masking", "_input_spec", "input_spec")
"""Attributes of every layer that the user's constructor may set to another value."""

CONTAINERS = (dict, list, set)
"""Containers that are filled after they were made."""

UNMADE = (tuple, frozenset, str, bytes, int, float, complex)
"""Values that are whole when they are made: one of a user's subclass cannot be made of its attributes."""

CODE = (FunctionType, BuiltinFunctionType, type)
"""Kinds of values that are found by name."""


def is_remakeable(item: Any) -> bool:
    """Return whether an object is of a class of the user's that can be made from its attributes: a layer or a loss."""
    if not (is_users_module(type(item).__module__) and dialect_of(item)):
        return False
    kinds = tuple(kind for name in BOOKKEEPING for kind in classes(name))
    return not isinstance(item, (type, *kinds)) and hasattr(item, "__dict__") and hasattr(item, "get_config")


def attribute_config(item: Any, name_of: Callable[[object], str]) -> Written:
    """Write an object as its attributes.

    Args:
        item: The live object, see `is_remakeable`.
        name_of: Returns the name of a class or function in the custom code.
    """
    writing, base = Writing(item, name_of), _base_config(item)
    is_derived = _base_of(item) not in _plain_bases()
    attributes = list(writing.attributes())
    if is_derived:  # most of what Keras's own class sets is private, and comes back with its constructor
        writing.lost = {name: why for name, why in writing.lost.items() if not name.startswith("_")}
    return Written(
        {
            Remaking.KEY: {
                "base": base,
                "is_derived": is_derived,
                "weights": list(writing.made_weights()),
                "frozen": writing.frozen(),
                "attributes": attributes,
                "built": bool(getattr(item, "built", False)),
            }
        },
        writing.lost,
        writing.code,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """An object as its attributes.

    Attributes:
        config: Its config.
        lost: Why an attribute could not be written, by its name.
        code: The classes and functions that must be among the custom objects.
    """

    config: dict[str, Any]
    lost: dict[str, str]
    code: list[object]


def _base_of(item: Any) -> type:
    return next(kind for kind in type(item).__mro__ if is_of_keras(kind.__module__))


def _base_config(item: Any) -> dict[str, Any]:
    """Return the arguments for the constructor of Keras's own class."""
    if isinstance(item, classes("Model")) and is_functional(item):
        graph = keras_of(item).Model(item.input, item.output, name=item.name)
        return {"graph": {"object": graph}, "name": item.name}
    base = _base_of(item)
    config = dict(cast("Any", base).get_config(item))
    parameters = inspect.signature(cast("Any", base).__init__).parameters
    is_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return {name: value for name, value in config.items() if is_any or name in parameters}


def _plain_bases() -> tuple[type, ...]:
    return (*classes("Model"), *classes("layers.Layer"))


def _own_weights(item: Any) -> tuple[list[Variable], list[Variable]]:
    """Return the weights that a layer itself has made for training and others, in the order in which its file has them.

    They are private (``keras/src/layers/layer.py``, 3.8 to 3.15; ``tf_keras/src/engine/base_layer.py``, 2.16 to 2.21).
    """
    suffix = "weights" if dialect_of(item) == KERAS_2 else "variables"
    return list(getattr(item, f"_trainable_{suffix}", ())), list(getattr(item, f"_non_trainable_{suffix}", ()))


@dataclass
class Writing:
    """Writes the values of one object's attributes."""

    item: Any
    name_of: Callable[[object], str]
    lost: dict[str, str] = field(default_factory=dict)
    code: list[object] = field(default_factory=list)
    size: int = 0
    around: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        trained, others = _own_weights(self.item)
        self.weights = [*trained, *others]
        self._trained = len(trained)
        self.layers = [id(layer) for layer in vars(self.item).get("_layers", ())]

    def attributes(self) -> Iterator[list[Any]]:
        """Yield each attribute that can be written, as its name and value."""
        own = vars(self.item)
        has_own = isinstance(self.item, classes("Model")) and has_own_compile(self.item)  # which brings optimizers back
        changed = {name for name in SET_BY_USERS if own.get(name)}
        left_out = (given_attributes(self.item) | SET_BY_KERAS | SET_BY_SAVES) - changed
        for name, value in list(own.items()):
            if name in left_out or (has_own and is_optimizer(value)):
                continue
            try:
                yield [name, self.attribute(name, value)]
            except FormatError as error:
                self.lost[name] = error.references[0]

    def attribute(self, name: str, value: Any) -> Any:
        """Return the value of an attribute as a config holds it, see `value`."""
        if is_secret(name, value):
            raise FormatError("looks like a secret", "")
        return self.value(value)

    def made_weights(self) -> Iterator[dict[str, Any]]:
        """Yield the arguments with which a layer makes weights like its own; their values come from the file."""
        for index, variable in enumerate(self.weights):
            made: dict[str, Any] = {"shape": [int(size) for size in variable.shape], "dtype": _dtype(variable)}
            made |= {"name": variable.name.partition(":")[0], "trainable": index < self._trained}
            for name in ("regularizer", "constraint"):
                if (given := getattr(variable, name, None)) is not None:
                    made[name] = {"object": given}
            yield made

    def frozen(self) -> list[int]:
        """Return the weights that a layer made for training and that are frozen now."""
        return [index for index, variable in enumerate(self.weights[: self._trained]) if not variable.trainable]

    def value(self, value: Any) -> Any:
        """Return a value as a config holds it.

        Raises:
            FormatError: It is of a kind that no config holds.
        """
        if is_secret("", value):
            raise FormatError("holds what looks like a secret", "")
        if value is None or type(value) in (bool, int, float, str):
            return value
        if _is_symbolic(value):
            return None
        if id(value) in self.around:
            raise FormatError("refers to itself", "")
        self.around.append(id(value))
        try:
            return next(found for rule in self.rules() if (found := rule(self, value)) is not None)
        except StopIteration:
            raise FormatError(f"is a {type(value).__name__}, which a config cannot hold", "") from None
        finally:
            self.around.pop()

    def rules(self) -> tuple[Rule, ...]:
        """Return what writes each kind of value; the first that returns something counts."""
        return RULES

    def array(self, value: Array) -> dict[str, Any]:
        """Return the bytes of an array, or its texts."""
        import numpy as np

        value = np.asarray(value)
        self.size += value.nbytes
        if self.size > MOST_BYTES:
            raise FormatError(f"holds more than {size_in_words(MOST_BYTES)}", "")
        if value.dtype.kind in "OSU":
            return {
                "texts": [self.value(self._text(each)) for each in value.ravel().tolist()],
                "dtype": value.dtype.str,
                "shape": value.shape,
            }
        if value.dtype.kind not in "biufcV":
            raise FormatError(f"is an array of {value.dtype}", "")
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"data": data, "dtype": value.dtype.name, "shape": list(value.shape)}

    @staticmethod
    def _text(value: Any) -> str:
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise FormatError("holds bytes that are no text", "") from error
        if not isinstance(value, str):
            raise FormatError(f"is an array that holds a {type(value).__name__}", "")
        return value

    def pairs(self, held: Mapping[Any, Any]) -> list[Any]:
        """Return the entries of a mapping."""
        if any(isinstance(name, str) and is_secret(name, item) for name, item in held.items()):
            raise FormatError("holds what looks like a secret", "")
        return [[self.value(name), self.value(item)] for name, item in held.items()]

    def each(self, held: Any) -> list[Any]:
        """Return the items of a container."""
        return [self.value(item) for item in held]

    def named(self, value: Any) -> dict[str, Any]:
        """Return what finds a class or function among the custom objects, as Keras writes a function."""
        self.code.append(value)
        name = self.name_of(value)
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}


def _is_symbolic(value: Any) -> bool:
    """Return whether a value is a tensor of a graph that was traced, which is of no use outside it."""
    is_traced = isinstance(value, tensorflow_classes("Tensor")) and not hasattr(value, "numpy")
    return is_traced or isinstance(value, classes("KerasTensor"))


def _dtype(variable: Variable) -> str:
    return str(getattr(variable.dtype, "name", variable.dtype))


def _itself(self: Writing, value: Any) -> Any:
    return {"self": True} if value is self.item else None


def _variable(self: Writing, value: Any) -> Any:
    if not is_variable(value):
        return None
    index = next((at for at, own in enumerate(self.weights) if own is value), None)
    if index is not None:
        return {"weight": index}
    if isinstance(value, tensorflow_classes("Variable")):
        made = {"value": self.array(value.numpy()), "trainable": bool(value.trainable)}
        return {"variable": {**made, "name": value.name.partition(":")[0]}}
    raise FormatError("is a weight of another layer", "")


def _container(self: Writing, value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(type(value), "_fields"):
        return {"named": [self.named(type(value)), self.each(value)]}
    if type(value).__module__.partition(".")[0] not in ("builtins", "keras", "tensorflow", "wrapt"):
        return None  # a subclass, such as a defaultdict, which would come back as the plain one
    if isinstance(value, dict):
        return {"dict": self.pairs(value)}
    for kind in (tuple, frozenset, set):
        if isinstance(value, kind):
            return {kind.__name__: self.each(value)}
    return self.each(value) if isinstance(value, list) else None


def _array(self: Writing, value: Any) -> Any:
    import numpy as np
    import tensorflow as tf

    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, np.generic):
        return {"number": self.array(value)}
    if isinstance(value, np.ndarray):
        if value.dtype == object and any(isinstance(each, bytes) for each in value.flat):
            raise FormatError("is an array of objects that holds bytes", "")
        return {"array": self.array(value)}
    if isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
        return {"tensor": self.array(value.numpy())}
    if isinstance(value, (np.dtype, tf.DType)):
        return {"dtype": tf.as_dtype(value).name}
    return {"shape": value.as_list()} if isinstance(value, tf.TensorShape) and value.rank is not None else None


def _table(self: Writing, value: Any) -> Any:
    import tensorflow as tf

    is_fixed = isinstance(value, tf.lookup.StaticHashTable)
    if not is_fixed and not isinstance(value, tf.lookup.experimental.MutableHashTable):
        return None
    keys, values = (each.numpy() for each in value.export())
    default = value._default_value.numpy()  # noqa: SLF001 - it has no public counterpart (``lookup_ops.py``, 2.16 to 2.21)
    held = {"keys": keys, "values": values, "default": default}
    return {"table": {**{name: self.array(each) for name, each in held.items()}, "is_fixed": is_fixed}}


def _function(self: Writing, value: Any) -> Any:
    if isinstance(value, MethodType):
        if getattr(type(value.__self__), value.__name__, None) is value.__func__ or isinstance(value.__self__, type):
            return {"method": [self.value(value.__self__), value.__name__]}
        return {"bound": [self.value(value.__func__), self.value(value.__self__)]}
    if isinstance(value, functools.partial):
        return {"partial": [self.value(value.func), self.each(value.args), {"dict": self.pairs(value.keywords)}]}
    if isinstance(value, CODE):
        return self.named(value)
    inner = getattr(value, "python_function", None)
    return {"function": self.value(inner)} if callable(inner) and hasattr(value, "get_concrete_function") else None


def _object(self: Writing, value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return {"member": [self.named(type(value)), value.name]}
    if dialect_of(value) and hasattr(value, "get_config"):
        return {"layer": [self.layers.index(id(value)), value]} if id(value) in self.layers else {"object": value}
    if not is_users_module(type(value).__module__) or dialect_of(value) or isinstance(value, UNMADE):
        return None
    items = _items(value)
    if items is None:
        return None
    named = (getattr(kind, "__slots__", ()) for kind in type(value).__mro__)
    slots = [name for each in named for name in ([each] if isinstance(each, str) else each) if hasattr(value, name)]
    held = {**{name: getattr(value, name) for name in slots}, **getattr(value, "__dict__", {})}
    written = self.pairs(held)
    return {"made": [self.named(type(value)), written, *map(self.value, items)]}


def _items(value: Any) -> list[Any] | None:
    """Return what a container of a user's class holds, as a plain one in a list, and an empty list for no container.

    ``None`` stands for one that has more than its items and attributes, such as a defaultdict.
    """
    base = next(kind for kind in type(value).__mro__ if not is_users_module(kind.__module__))
    if not isinstance(value, CONTAINERS):
        return []
    return [base(value)] if base in CONTAINERS else None


def has_all_in_attributes(value: Any) -> bool:
    """Return whether attributes alone make an object again; a class of dicts, lists or numbers holds more."""
    try:
        object.__new__(type(value))
    except TypeError:
        return False
    return True


Rule: TypeAlias = Callable[[Any, Any], Any]
"""What writes one kind of value; it returns ``None`` for any other."""

RULES: tuple[Rule, ...] = (_itself, _variable, _array, _container, write_standard, _table, _function, _object)
"""What writes each kind of value; the first that returns something counts."""
