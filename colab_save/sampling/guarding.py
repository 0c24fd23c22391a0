"""Leave a live model as it is: restore whatever a forward pass, a format or the user's own code has changed in it.

A pass moves more than it should: ``SpectralNormalization`` its kernel, a loss layer the list of losses, a class of the
user's its counters, a layer that was not reached before its weights. `running` runs a model, and `saving` examines and
writes one, inside `untouched`; `loading` loads into one inside `undone_on_error`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import ProxyTypes

from colab_save.custom_code.origins import is_users_module
from colab_save.dialect import classes, dialect_of, is_of_keras, tensorflow_classes
from colab_save.model.walking import walk_generators, walk_variables
from colab_save.sampling.seeding import seeds_restored
from colab_save.taking import Taking
from colab_save.types import Model, Variable

SET_BY_TRAINING = frozenset(
    {"history", "stop_training", "train_function", "test_function", "predict_function", "train_tf_function"}
)
"""Attributes of a model that a training in another thread may set meanwhile; a pass does not (``trainer.py`` in
``keras/src/backend/tensorflow``, ``tf_keras/src/engine/training.py``)."""

GRAPH = frozenset({"Node", "KerasHistory", "KerasTensor"})
"""Classes of Keras for the calls of a graph, which never change."""

TRACKING = ("tensorflow.python.trackable.data_structures", "tensorflow.python.util.object_identity")
"""The modules of the containers in which TensorFlow keeps what tf_keras tracks."""

CODE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, *ProxyTypes)
"""The types of what is not entered: code, and weak proxies, of which a dead one does not even tell its class."""

LARGEST, LONGEST = 16 << 20, 4096
"""Bytes of an array, and items of a container: a larger array is not restored, nor what a longer container holds."""


@contextmanager
def untouched(model: Model) -> Iterator[None]:
    """Restore a model after the block: its variables, the attributes of its objects, and the random state.

    A tensor read from a variable shares its memory until the variable changes, so only what the block changes is
    copied. If its optimizer has taken a step meanwhile, the model is being trained in another thread, and only the
    random state is restored.
    """
    with seeds_restored():
        held = _Held(model)
        try:
            yield
        finally:
            held.restore()


@contextmanager
def undone_on_error(holder: Any) -> Iterator[None]:
    """Restore the models in a dict, an object or alone, and the dict or object itself, if the block raises anything.

    A load may have put back the steps that an optimizer has taken, so these do not tell a training in another thread.
    """
    held = _Held(holder)
    try:
        yield
    except BaseException:
        held.restore(is_trained=True)
        raise


@contextmanager
def undone(model: Model) -> Iterator[None]:
    """Restore a model after the block as `untouched` does, also if it has been trained there."""
    with seeds_restored():
        held = _Held(model)
        try:
            yield
        finally:
            held.restore(is_trained=True)


class _Kinds:
    """The classes of what is restored, found once, since a model holds thousands of objects."""

    def __init__(self) -> None:
        self.keras_variables = classes("Variable")
        self.variables = (*self.keras_variables, *tensorflow_classes("Variable"))
        self.models = classes("Model")
        self.optimizers = (*classes("optimizers.Optimizer"), *classes("optimizers.legacy.Optimizer"))
        self.modules = tensorflow_classes("__internal__.tracking.AutoTrackable")
        self._known: dict[type, bool] = {}

    def are_entered(self, node: Any) -> bool:
        """Return whether attributes are restored: those of Keras's objects, TensorFlow's modules, the user's own."""
        kind = type(node)
        if kind not in self._known:
            self._known[kind] = hasattr(node, "__dict__") and self._is_entered(kind)
        return self._known[kind]

    def _is_entered(self, kind: type) -> bool:
        module = kind.__module__
        if is_of_keras(module):
            return kind.__name__ not in GRAPH
        is_known = issubclass(kind, self.modules) or module in TRACKING
        return is_known or bool(dialect_of(kind)) or is_users_module(module)


class _Held:
    """What a model consists of at one moment: its variables, containers, arrays and attributes.

    An object that raises something when it is looked into is left as it is.
    """

    def __init__(self, model: Any) -> None:
        self.variables: list[tuple[Variable, Any]] = []
        self.contents: list[tuple[Any, Any]] = []
        self.attributes: list[tuple[dict[str, Any], dict[str, Any], frozenset[str]]] = []
        self.steps: list[Variable] = []
        self._kinds = _Kinds()
        taking, seen = Taking(), set[int]()
        waiting: list[Any] = [model, *taking.fact("its program", partial(_in_program, model), [])]
        while waiting:
            node = waiting.pop()
            if id(node) not in seen:
                seen.add(id(node))
                waiting += taking.fact("what it holds", partial(self._hold, node), [])
        self._before = self._steps()

    def _hold(self, node: Any) -> list[Any]:
        """Note the state of one object, and return what else it holds."""
        import numpy as np

        if node is None or issubclass(type(node), (str, bytes, int, float, tuple, *CODE)):
            return list(node) if isinstance(node, tuple) else []
        if isinstance(node, self._kinds.variables):
            self._hold_variable(node)
            return []
        if isinstance(node, np.ndarray):
            if node.nbytes <= LARGEST and node.flags.writeable:
                self.contents.append((node, node.copy()))
            return []
        if isinstance(node, Mapping) and hasattr(node, "__wrapped__"):  # TensorFlow's proxy of a dict
            node = node.__wrapped__
        found: list[Any] = []
        for kind, copied in ((list, list), (dict, dict), (set, set), (deque, list)):
            if isinstance(node, kind):
                before = copied(node)
                self.contents.append((node, before))
                found += before.values() if isinstance(before, dict) else before
        found = found if len(found) <= LONGEST else []
        return found + (self._hold_attributes(node) if self._kinds.are_entered(node) else [])

    def _hold_variable(self, variable: Variable) -> None:
        """Note the value of a variable; one that is mirrored has a value on each device."""
        import tensorflow as tf

        is_of_keras_3 = isinstance(variable, self._kinds.keras_variables) and not callable(variable.value)
        raw = variable.value if is_of_keras_3 else variable
        for part in getattr(raw, "values", None) or (raw,):
            with suppress(ValueError, TypeError, tf.errors.FailedPreconditionError):  # it has no value yet
                self.variables.append((part, tf.convert_to_tensor(part)))

    def _hold_attributes(self, node: Any) -> list[Any]:
        own = vars(node)
        left = SET_BY_TRAINING if isinstance(node, self._kinds.models) else frozenset()
        before = {name: value for name, value in dict(own).items() if name not in left}
        self.attributes.append((own, before, left))
        if isinstance(node, self._kinds.optimizers) and before.get("_iterations") is not None:
            self.steps.append(node.iterations)
        return list(before.values())

    def _steps(self) -> list[int]:
        import numpy as np
        import tensorflow as tf

        return [int(np.asarray(tf.convert_to_tensor(each))) for each in self.steps]

    def restore(self, *, is_trained: bool = False) -> None:
        """Put everything back, unless the model is being trained meanwhile.

        Args:
            is_trained: It has been, and that is put back too.
        """
        if not is_trained and self._steps() != self._before:
            return
        for own, before, left in self.attributes:
            _restore_dict(own, {**before, **{name: own[name] for name in left & own.keys()}})
        for node, before in self.contents:
            _restore_contents(node, before)
        for variable, value in self.variables:
            variable.assign(value)


def _in_program(model: Any) -> list[Variable]:
    """Return the variables of a loaded SavedModel, whose functions may move them as training does; none for others."""
    if getattr(model, "program", None) is None:
        return []
    return [variable for _, variable in (*walk_variables(model), *walk_generators(model))]


def _restore_dict(own: dict[Any, Any], before: dict[Any, Any]) -> None:
    """Restore a dict of attributes, without the bookkeeping of Keras's ``__setattr__``."""
    if list(own) != list(before) or any(own[name] is not value for name, value in before.items()):
        dict.clear(own)
        dict.update(own, before)


def _restore_contents(node: Any, before: Any) -> None:
    """Restore a container or an array in place, without the bookkeeping of a tracked one."""
    import numpy as np

    if isinstance(node, np.ndarray):
        np.copyto(node, before)
    elif isinstance(node, dict):
        _restore_dict(node, before)
    elif isinstance(node, set):
        if node != before:
            set.clear(node)
            set.update(node, before)
    elif len(node) != len(before) or any(one is not other for one, other in zip(node, before, strict=True)):
        kind: Any = list if isinstance(node, list) else deque
        kind.clear(node)
        kind.extend(node, before)
