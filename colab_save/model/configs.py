"""Configs that give every constructor argument back, for the time of writing a model; the classes stay as they are.

A class whose ``get_config`` is missing, drops an argument or gives an outdated value comes back as another object, or
not at all (LOSSES §2, §4). `staging` writes and examines under `Configs.whole`; the fresh process and `loading` load
under `rebuilding`, for arguments that are objects. The round trip proves what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from colab_save.custom_code.custom_objects import held_by
from colab_save.custom_code.origins import is_own_module
from colab_save.dialect import keras_of
from colab_save.errors import FormatError
from colab_save.model.config_values import in_words
from colab_save.model.constructor_arguments import Argument, accepted, is_completable, lacking


@dataclass
class Completion:
    """What the configs of one class lack.

    Attributes:
        class_name: The class.
        has_config: It has a ``get_config`` that gives anything.
        has_base: A ``get_config`` of its own can begin with that of its base.
        arguments: The arguments, by name.
    """

    class_name: str
    has_config: bool
    has_base: bool
    arguments: dict[str, Argument] = field(default_factory=dict)

    @property
    def objects(self) -> tuple[str, ...]:
        """Name the arguments that were written as objects."""
        return tuple(item.name for item in self.arguments.values() if item.is_object)

    @property
    def loss(self) -> str:
        """Say which arguments could not be written; empty without any."""
        return " and ".join(f"{item.name!r}, which {item.problem}" for item in self.arguments.values() if item.problem)

    def __str__(self) -> str:
        old = [
            f"{item.name!r} ({item.outdated}; written: {in_words(item.value)})"
            for item in self.arguments.values()
            if item.outdated
        ]
        dropped = [
            f"{item.name!r} ({f'lost: it {item.problem}' if item.problem else f'written: {in_words(item.value)}'})"
            for item in self.arguments.values()
            if not item.outdated
        ]
        if not self.has_config:
            return f"{self.class_name} has no get_config() for {', '.join(dropped)}. {self.hint}"
        told = [f"gives an old value of {', '.join(old)}"] if old else []
        told += [f"drops {', '.join(dropped)}"] if dropped else []
        return f"get_config() of {self.class_name} {' and '.join(told)}. {self.hint}"

    @property
    def hint(self) -> str:
        """Give the lines that the class lacks."""
        names = [(item.name, item.attribute or item.name) for item in self.arguments.values()]
        pairs = [*(["**super().get_config()"] if self.has_base else []), *(f'"{k}": self.{v}' for k, v in names)]
        lines = [f"self.{item.name} = {item.name}  # in __init__" for item in self.arguments.values() if item.problem]
        lines += ["def get_config(self):", f"    return {{{', '.join(pairs)}}}"]
        if self.objects:
            keys = ", ".join(f'"{name}"' for name in self.objects)
            made = f"{{k: keras.saving.deserialize_keras_object(config[k]) for k in [{keys}]}}"
            lines += ["@classmethod", "def from_config(cls, config):", f"    return cls(**{{**config, **{made}}})"]
        return "\n    ".join([f"Add to {self.class_name}:", *lines])


@dataclass
class Configs:
    """The configs of the custom objects that a model holds.

    Attributes:
        items: Those objects.
        used: What was lacking of each class whose config was asked for in the last `whole`.
    """

    items: list[Any]
    used: dict[str, Completion] = field(default_factory=dict)
    _objects: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Any) -> Configs:
        """Find the custom objects of a model."""
        return cls([item for item in held_by(model) if is_completable(item)])

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Have ``get_config`` of each object give every argument, while a model is written or examined."""
        with ExitStack() as stack:
            methods = [_Whole(item, self.used) for item in self.items]
            for method in methods:
                stack.enter_context(_attribute(method.item, method))
            for method in reversed(methods):  # before Keras writes: it mistakes an object for one freed under its id
                method.prepare()
                self._objects |= method.objects
            self.used.clear()
            yield

    @property
    def objects(self) -> dict[str, tuple[str, ...]]:
        """Name, by class, the arguments that are objects and were completed; see `rebuilding`."""
        return dict(self._objects)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what was written that the classes do not give, and what could not be."""
        return tuple(map(str, self.used.values()))

    @property
    def losses(self) -> tuple[str, ...]:
        """Say what could not be written."""
        return tuple(f"get_config() of {name} drops {found.loss}" for name, found in self.used.items() if found.loss)

    @property
    def hint(self) -> str:
        """Give the lines that classes lack of which something could not be written; empty without any."""
        return "\n".join(found.hint for found in self.used.values() if found.loss)


class _Whole:
    """The ``get_config`` of one object that gives every argument."""

    def __init__(self, item: Any, used: dict[str, Completion]) -> None:
        self.item = item
        self._used = used
        self._lacking: tuple[Argument, ...] = ()

    def prepare(self) -> None:
        """Find what is lacking."""
        try:
            self._lacking = lacking(self.item, self._given())
        except Exception:  # noqa: BLE001 - the user's own get_config may raise anything; it will when it is written
            self._lacking = ()

    @property
    def objects(self) -> dict[str, tuple[str, ...]]:
        """Name the arguments that are objects, by the class."""
        names = tuple(item.name for item in self._lacking if item.is_object)
        return {type(self.item).__name__: names} if names else {}

    def __call__(self) -> dict[str, Any]:
        config, base = self._given(), self._base()
        if self._lacking:
            name = type(self.item).__name__
            known = self._used.setdefault(name, Completion(name, config is not None, base is not None))
            known.arguments.update({item.name: item for item in self._lacking})
            if config is None and known.loss:
                raise FormatError(f"{name} has no get_config(), which loses {known.loss}.", known.hint)
        written = {item.name: item.value for item in self._lacking if not item.problem}
        return {**(accepted(self.item, base or {}) if config is None else config), **written}

    def _given(self) -> dict[str, Any] | None:
        """Give what the class's own ``get_config`` gives; ``None`` where it has none."""
        try:
            with _attribute(self.item, None):
                return dict(self.item.get_config())
        except NotImplementedError:
            return None

    def _base(self) -> dict[str, Any] | None:
        """Give the config that the object's class inherits; ``None`` where nothing can be inherited."""
        kind = next(kind for kind in type(self.item).__mro__ if not is_own_module(kind.__module__))
        try:
            return dict(kind.get_config(self.item)) if hasattr(kind, "get_config") else None
        except NotImplementedError:
            return None


@contextmanager
def _attribute(item: Any, method: Callable[[], Any] | None) -> Iterator[None]:
    """Give one object a method of its own, or take it; past what Keras does when an attribute is set."""
    own = vars(item)
    before = own.pop("get_config", None)
    if method is not None:
        own["get_config"] = method
    try:
        yield
    finally:
        own.pop("get_config", None)
        if before is not None:
            own["get_config"] = before


@contextmanager
def rebuilding(custom_objects: Mapping[str, Any], objects: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Have arguments that were written as objects made of their configs, while a model is loaded.

    Keras leaves that to ``from_config`` of the class, which has none.

    Args:
        custom_objects: The classes, among others, by the name under which Keras looks them up.
        objects: See `Configs.objects`.
    """
    found = [item for item in custom_objects.values() if isinstance(item, type)]
    kinds: set[Any] = {item for item in found if item.__name__ in objects}
    kinds = {kind for kind in kinds if "from_config" not in vars(kind) and hasattr(kind, "from_config")}
    made = {kind: _maker(kind.from_config.__func__, objects[kind.__name__]) for kind in kinds}
    for kind, maker in made.items():
        kind.from_config = maker
    try:
        yield
    finally:
        for kind in made:
            del kind.from_config


def _maker(original: Callable[..., Any], names: Sequence[str]) -> Any:
    """Make a ``from_config`` that makes some arguments of their configs first."""

    def from_config(cls: type[Any], config: Mapping[str, Any], /, **more: Any) -> Any:
        held = {name: config[name] for name in names if isinstance(config.get(name), (Mapping, list))}
        made = {name: keras_of(cls).saving.deserialize_keras_object(value) for name, value in held.items()}
        return original(cls, {**config, **made}, **more)

    return classmethod(from_config)
