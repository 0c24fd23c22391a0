"""Complete the configs of custom objects while a model is written; the classes themselves do not change.

An object whose ``get_config`` is missing, drops an argument or returns an outdated value comes back different, or not
at all (docs/losses.md §2, §4). ``saving/examining.py`` and ``saving/staging.py`` examine and write a model inside
`Configs.whole`; the fresh process and ``loading/opening.py`` load it inside `rebuilding`, which rebuilds arguments that
are objects. The round trip proves the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import FunctionType
from typing import Any

from colab_save.custom_code.custom_objects import held_by
from colab_save.custom_code.naming import names_from
from colab_save.custom_code.origins import is_users_module
from colab_save.custom_code.remaking import Remaking
from colab_save.dialect import KERAS_2, classes, dialect_of, is_trackable, keras_of
from colab_save.errors import FormatError
from colab_save.model.attribute_configs import attribute_config, is_remakeable
from colab_save.model.completion import Completion
from colab_save.model.constructor_arguments import (
    COMMON,
    Argument,
    accepted,
    is_completable,
    is_of_package,
    lacking,
    takes_all,
)
from colab_save.model.constructor_calls import Called, ConstructorCall, FindCall, call_config, usable_call
from colab_save.model.module_configs import RemadeModule, keras_objects_in, needed_by_module
from colab_save.model.walking import is_graph
from colab_save.taking import Taking
from colab_save.types import Json, Model
from colab_save.wording import translated


@dataclass
class Configs:
    """The configs of the custom objects in a model.

    Attributes:
        items: The custom objects.
        lambdas: The Lambda layers of tf_keras.
        used: For each class whose config was read in the last `whole` or `written`, the arguments that it lacks.
        remade: The classes whose objects are made again from their attributes, without their constructor.
        lost: For each of these, the attributes that cannot be written, with the reason.
        module: What Keras cannot describe and TensorFlow tracks, which its attributes make again; else ``None``.
        find_call: Finds the call that made an object; ``None`` without a notebook.
    """

    items: list[Any]
    lambdas: list[Any] = field(default_factory=list)
    used: dict[str, Completion] = field(default_factory=dict)
    remade: frozenset[type] = frozenset()
    lost: dict[str, dict[str, str]] = field(default_factory=dict)
    module: Any = None
    find_call: FindCall | None = None
    _calls: dict[int, ConstructorCall | None] = field(default_factory=dict)
    _objects: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _incomplete: set[type] = field(default_factory=set)

    @classmethod
    def of(cls, model: Model, find_call: FindCall | None = None) -> Configs:
        """Find the custom objects of a model.

        Args:
            model: The live model.
            find_call: See `find_call`.
        """
        if is_trackable(model):
            return cls([item for item in keras_objects_in(model) if _is_custom(item)], module=model)
        items = list(held_by(model))
        lambdas = [item for item in items if isinstance(item, classes("layers.Lambda")) and dialect_of(item) == KERAS_2]
        return cls([item for item in items if _is_custom(item)], lambdas, find_call=find_call)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Make ``get_config`` of each object return every argument while a model is examined."""
        with self._with([_Whole(item, self.used) for item in self.items if is_completable(item)]):
            yield

    @contextmanager
    def written(self, names: Mapping[int, str]) -> Iterator[None]:
        """Make ``get_config`` of each object return all that makes it again while a model is written.

        Args:
            names: The names of classes and functions in the custom code, by their identity.
        """
        remade: list[_Remade | RemadeModule | Called] = [
            Called(item, call, names) if (call := self._call_of(item)) else _Remade(item, self.lost, names)
            for item in self.items
            if type(item) in self.remade
        ]
        if type(self.module) in self.remade:
            remade.append(RemadeModule(self.module, self.lost, names))
        others = [item for item in self.items if type(item) not in self.remade and is_completable(item)]
        with ExitStack() as stack:
            for each in remade:
                stack.enter_context(_attribute(each.item, each))
                if not isinstance(each, Called):  # whose constructor makes no weights yet
                    stack.enter_context(_attribute(each.item, lambda: None, "get_build_config"))
            for item in self.lambdas:
                stack.enter_context(_attribute(item, partial(_lambda_config, item, names)))
            with self._with([_Whole(item, self.used) for item in others]):
                yield

    @contextmanager
    def _with(self, methods: Sequence[_Whole]) -> Iterator[None]:
        with ExitStack() as stack:
            for method in methods:
                stack.enter_context(_attribute(method.item, method))
            for method in reversed(methods):  # before Keras writes, which may take a new object for a freed one
                method.prepare()
                self._objects |= method.objects
                self._incomplete |= {type(method.item)} if method.loses else set()
            self.used.clear()
            yield

    def needing(self, remade: frozenset[type]) -> list[object]:
        """Return the classes and functions that objects of some classes need where these are made of attributes."""
        needed: dict[int, object] = {}
        for item in (item for item in self.items if type(item) in remade):
            needed |= Taking().fact("the classes that it needs", partial(_needed_by, item, self._call_of(item)), {})
        if type(self.module) in remade:
            needed |= Taking().fact("the classes that it needs", partial(needed_by_module, self.module), {})
        return list(needed.values())

    def _call_of(self, item: Any) -> ConstructorCall | None:
        """Return the call that makes an object again which its attributes do not; ``None`` where there is none."""
        if self.find_call is None:
            return None
        if id(item) not in self._calls:
            usable = partial(usable_call, item, self.find_call)
            self._calls[id(item)] = Taking().fact("the call that made it", usable, None)
        return self._calls[id(item)]

    @property
    def called(self) -> frozenset[type]:
        """Return those of the classes in `remade` of which an object is made by the call that made it."""
        return frozenset(type(item) for item in self.items if type(item) in self.remade and self._call_of(item))

    def without_calls(self) -> Configs:
        """Return them for objects of which none is made by a call."""
        return replace(self, lost={}, find_call=None, _calls={})

    @property
    def remakeable(self) -> frozenset[type]:
        """Return the classes of the objects that can be made of their attributes."""
        take = Taking().fact
        found = (item for item in self.items if take("its class", partial(is_remakeable, item), otherwise=False))
        return frozenset(map(type, found)) | self._modules

    @property
    def incomplete(self) -> frozenset[type]:
        """Return those of them whose constructor cannot be called as it was, since an argument is lost."""
        return self.remakeable & (self._incomplete | self._modules)

    @property
    def _modules(self) -> frozenset[type]:
        return frozenset() if self.module is None else frozenset({type(self.module)})

    @property
    def objects(self) -> dict[str, tuple[str, ...]]:
        """Return for each class the names of the completed arguments that are objects, for `rebuilding`."""
        return dict(self._objects)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was added to configs and what could not be, with the code to add to each class."""
        return (*map(str, self.used.values()), *self._remade_notes())

    def _remade_notes(self) -> Iterator[str]:
        for kind in sorted(self.remade, key=lambda kind: kind.__name__):
            name = kind.__name__
            how = "by the call that made it" if kind in self.called else "from its attributes, without its constructor"
            yield f"{name} is rebuilt {how}."
            yield from (f"The {each[4:]}." for each in self._lost_attributes(name))

    def _lost_attributes(self, name: str) -> Iterator[str]:
        for attribute, why in self.lost.get(name, {}).items():
            yield f"the attribute {attribute} of {name} is not saved: it {why}"

    @property
    def losses(self) -> tuple[str, ...]:
        """Return which arguments and attributes could not be written."""
        arguments = (f"get_config() of {name} drops {found.loss}" for name, found in self.used.items() if found.loss)
        return (*arguments, *self.lost_attributes)

    @property
    def lost_attributes(self) -> tuple[str, ...]:
        """Return which attributes of objects that are rebuilt from them could not be written."""
        return tuple(each for name in self.lost for each in self._lost_attributes(name))

    @property
    def hint(self) -> str:
        """Return the code to add to the classes with arguments that could not be written; empty without any."""
        return "\n".join(found.hint for found in self.used.values() if found.loss)


class _Whole:
    """A ``get_config`` for one object that returns every argument."""

    def __init__(self, item: Any, used: dict[str, Completion]) -> None:
        self.item = item
        self._used = used
        self._lacking: tuple[Argument, ...] = ()

    def prepare(self) -> None:
        """Find the arguments that the config lacks."""
        try:
            self._lacking = lacking(self.item, self._given())
        except Exception:  # noqa: BLE001 - the user's own get_config may raise anything; it will again when it is written
            self._lacking = ()

    @property
    def loses(self) -> bool:
        """Return whether an argument cannot be written."""
        return any(item.problem for item in self._lacking)

    @property
    def objects(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the arguments that are objects, by the class."""
        names = tuple(item.name for item in self._lacking if item.is_object)
        return {type(self.item).__name__: names} if names else {}

    def __call__(self) -> dict[str, Json]:
        is_own = not is_of_package(type(self.item))
        if not is_own and not self._lacking:
            with _attribute(self.item, None):
                return dict(self.item.get_config())
        config, base = self._given(), _base_config(self.item)
        if self._lacking:
            name = type(self.item).__name__
            made = Completion(name, is_own, config is not None, base is not None, takes_all(type(self.item)))
            known = self._used.setdefault(name, made)
            known.arguments.update({item.name: item for item in self._lacking})
            if config is None and known.loss:
                raise FormatError(f"{name} has no get_config(), and would lose {known.loss}.", known.hint)
        written = {item.name: item.value for item in self._lacking if not item.problem}
        if not is_own:  # its own from_config knows what to do with the rest
            return {**(config or {}), **written}
        return {
            **accepted(self.item, base or {} if config is None else config, None if self._inherits() else COMMON),
            **written,
        }

    def _inherits(self) -> bool:
        """Return whether the config is that of one of Keras's own classes, other than that of a graph."""
        maker = next(kind for kind in type(self.item).__mro__ if "get_config" in vars(kind))
        return not is_users_module(maker.__module__) and not is_graph(self.item)

    def _given(self) -> dict[str, Json] | None:
        """Return the config by the class's own ``get_config``; ``None`` where it has none."""
        try:
            with _attribute(self.item, None):
                return dict(self.item.get_config())
        except NotImplementedError:
            return None


def _needed_by(item: Any, call: ConstructorCall | None) -> dict[int, object]:
    """Return the classes and functions that the attributes of an object or its call need, by their identity."""
    with _attribute(item, dict):
        written = call_config(item, call, names_from({})) if call else attribute_config(item, names_from({}))
    return {id(each): each for each in written.code}


class _Remade:
    """A ``get_config`` for one object that returns its attributes."""

    def __init__(self, item: Any, lost: dict[str, dict[str, str]], names: Mapping[int, str]) -> None:
        self.item = item
        self._lost, self._name_of = lost, names_from(names)

    def __call__(self) -> dict[str, Json]:
        name = type(self.item).__name__
        with translated(
            f"The attributes of {name} could not be read", f"Return every argument from {name}.get_config()."
        ):
            written = attribute_config(self.item, self._name_of)
        if written.lost:
            self._lost.setdefault(name, {}).update(written.lost)
        return written.config


def _is_custom(item: Any) -> bool:
    take = Taking().fact
    return any(take("its class", partial(ask, item), otherwise=False) for ask in (is_completable, is_remakeable))


def _lambda_config(item: Any, names: Mapping[int, str]) -> dict[str, Json]:
    """Return the config of a Lambda layer of tf_keras with its functions by name.

    It writes them as bytecode, which safe mode refuses and another Python version cannot read, but reads names, too
    (``tf_keras/src/layers/core/lambda_layer.py``, 2.16 to 2.21).
    """
    config = dict(type(item).get_config(item))
    for key, attribute in (("function", "function"), ("output_shape", "_output_shape"), ("mask", "mask")):
        if isinstance(function := getattr(item, attribute, None), FunctionType):
            named = {"module": "builtins", "class_name": "function", "registered_name": "function"}
            config[key] = {**named, "config": names.get(id(function), function.__name__)}
            config |= {f"{key}_type": "function", "module" if key == "function" else f"{key}_module": None}
    return config


def _base_config(item: Any) -> dict[str, Json] | None:
    """Return the config by the ``get_config`` that a class inherits; ``None`` where it inherits none."""
    kind = next(kind for kind in type(item).__mro__ if not is_users_module(kind.__module__))
    try:
        return dict(kind.get_config(item)) if hasattr(kind, "get_config") else None
    except NotImplementedError:
        return None


@contextmanager
def _attribute(item: Any, method: Callable[[], Any] | None, name: str = "get_config") -> Iterator[None]:
    """Set or remove a method of one object, without the bookkeeping of Keras's ``__setattr__``."""
    own = vars(item)
    before = own.pop(name, None)
    if method is not None:
        own[name] = method
    try:
        yield
    finally:
        own.pop(name, None)
        if before is not None:
            own[name] = before


@contextmanager
def rebuilding(
    custom_objects: Mapping[str, Any], objects: Mapping[str, Sequence[str]], remade: Sequence[str] = ()
) -> Iterator[None]:
    """Rebuild objects from their attributes, and arguments that were written as objects, while a model is loaded.

    Keras leaves that to the ``from_config`` of a class, which these classes do not define.

    Args:
        custom_objects: Classes and functions by the name under which Keras looks them up.
        objects: See `Configs.objects`.
        remade: The names of the classes whose objects are made from their attributes.
    """
    found: list[Any] = [item for item in custom_objects.values() if isinstance(item, type)]
    kinds = {item for item in found if item.__name__ in {*objects, *remade} and hasattr(item, "from_config")}
    before = {kind: vars(kind).get("from_config") for kind in kinds}
    for kind in kinds:
        if kind.__name__ in remade:
            Remaking.use_for(kind)
        elif before[kind] is None:
            kind.from_config = _maker(kind.from_config.__func__, objects[kind.__name__])
    try:
        yield
    finally:
        for kind, own in before.items():
            if own is not None:
                kind.from_config = own
            elif "from_config" in vars(kind):
                del kind.from_config


def _maker(original: Callable[..., Any], names: Sequence[str]) -> Any:
    """Return a ``from_config`` that first rebuilds some arguments from their configs."""

    def from_config(cls: type[Any], config: Mapping[str, Json], /, **more: Any) -> Any:
        held = {name: config[name] for name in names if isinstance(config.get(name), (Mapping, list))}
        made = {name: keras_of(cls).saving.deserialize_keras_object(value) for name, value in held.items()}
        return original(cls, {**config, **made}, **more)

    from_config.is_remaking = True  # type: ignore[attr-defined]
    return classmethod(from_config)
