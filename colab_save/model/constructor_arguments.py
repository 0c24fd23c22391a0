"""Find the constructor arguments that the config of one live object lacks, from the object's own attributes.

`configs` calls it while a model is written. Where several values are possible, a second object is made with each, and
the value whose object has the same attribute as the live one is taken.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from colab_save.custom_code.origins import STANDARD, is_users_module
from colab_save.dialect import classes, is_of_keras
from colab_save.errors import CustomCodeError
from colab_save.model.config_values import in_words, is_plain, is_same, problem_of, silent
from colab_save.model.walking import own_attributes
from colab_save.nested import leaves
from colab_save.secrecy import is_secret
from colab_save.types import Json
from colab_save.wording import first_line

COMMON = {"name": ("name",), "trainable": ("trainable",), "dtype": ("dtype_policy", "dtype")}
"""Arguments that custom classes pass on to Keras's classes, and the attributes that hold them."""

ABSENT = object()
"""Marks a missing value, since ``None`` is a value."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A constructor argument that a config drops, or holds with a value that the live object no longer has.

    Attributes:
        name: The argument.
        value: The value to write; `ABSENT` where it is unknown or cannot be written.
        problem: Why it cannot be written, as the rest of a sentence that begins with the argument's name.
        outdated: The value in the config, as messages show it; empty where the config has none.
        attribute: The attribute that holds the argument; empty where there is none.
    """

    name: str
    value: Any = ABSENT
    problem: str = ""
    outdated: str = ""
    attribute: str = ""

    @property
    def is_object(self) -> bool:
        """Return whether the value is an object, so that ``from_config`` must rebuild it from its config."""
        return not self.problem and not is_plain(self.value)


def is_completable(item: Any) -> bool:
    """Return whether an object is of a class of the user or of a package, and is rebuilt by its constructor."""
    return hasattr(item, "__dict__") and hasattr(item, "get_config") and _parameters(type(item)) is not None


def lacking(item: Any, config: Mapping[str, Json] | None) -> tuple[Argument, ...]:
    """Find the arguments of an object's constructor that its config lacks.

    Args:
        item: A live object, see `is_completable`.
        config: The result of its ``get_config``; ``None`` where it has none.
    """
    if is_of_package(type(item)):
        return _lacking_of_package(_Live(item), config or {})
    found: list[Argument | None] = []
    live, auto, parameters = _Live(item), auto_config(item), _parameters(type(item)) or {}
    if config is None:
        found = [_record(live, name, live.get(name)) for name in parameters]
        return tuple(argument for argument in found if argument and not (argument.problem and argument.name in COMMON))
    known = {name: auto.get(name, live.get(name)) for name in parameters if name not in config}
    guess = {**config, **{name: value for name, value in known.items() if value is not ABSENT}}
    for name, parameter in parameters.items():
        if name in config:
            found.append(_outdated(live, name, guess))
        elif name not in COMMON or known[name] is not ABSENT:
            found.append(_dropped(live, name, guess, auto.get(name, ABSENT), parameter.default))
    return tuple(argument for argument in found if argument)


def is_of_package(cls: type) -> bool:
    """Return whether a class is of an installed package other than Keras, TensorFlow and the standard library."""
    root = cls.__module__.partition(".")[0]
    given = root in STANDARD or root == "tensorflow" or is_of_keras(cls.__module__)
    return not given and not is_users_module(cls.__module__)


def _lacking_of_package(live: _Live, config: Mapping[str, Json]) -> tuple[Argument, ...]:
    """Find the plain arguments that the config of an object of a package lacks: only those that surely belong there.

    A package may drop one on purpose, and has a ``from_config`` of its own, so each is tried on a second object.
    """
    dropped = {name: item for name, item in (_parameters(type(live.item)) or {}).items() if name not in config}
    values = {name: live.get(name) for name in dropped if name not in COMMON}
    known = {key: now for key, now in values.items() if is_plain(now) and not is_same(now, dropped[key].default)}
    return tuple(
        Argument(name, now, attribute=live.attribute(name))
        for name, now in known.items()
        if not is_secret(name, now) and _belongs(live, name, now, config)
    )


def _belongs(live: _Live, name: str, now: Any, config: Mapping[str, Json]) -> bool:
    """Return whether a second object has an argument of the live one exactly where its config has it."""
    if _has_layers(config):
        return False
    without, given = (live.with_config(copy.deepcopy(each), name) for each in (dict(config), {**config, name: now}))
    return not isinstance(without, Exception) and not is_same(without, now) and is_same(given, now)


def accepted(item: Any, config: Mapping[str, Json], names: Container[str] | None = None) -> dict[str, Json]:
    """Return the entries of a config that the constructor of an object accepts.

    Args:
        item: The live object.
        config: Its config.
        names: The entries that may be left out; ``None`` for all.
    """
    if takes_all(type(item)):
        return dict(config)
    parameters = inspect.signature(type(item).__init__).parameters
    return {name: value for name, value in config.items() if name in parameters or not (names is None or name in names)}


def takes_all(cls: Any) -> bool:
    """Return whether the constructor of a class takes any keyword argument (``**kwargs``)."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def auto_config(item: Any) -> dict[str, Json]:
    """Return the arguments that Keras recorded when an object was made; empty where not all were plain values.

    It is private, and the only trace of an argument that no attribute holds (``Operation.__new__`` in
    ``keras/src/ops/operation.py``, Keras 3.13.2 and 3.15.1).
    """
    recorded = getattr(vars(item).get("_auto_config"), "config", None)
    return dict(recorded) if isinstance(recorded, dict) else {}


class _Live:
    """The attributes of a live object, by the constructor arguments that they may hold."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self._own = dict(own_attributes(item))

    def get(self, name: str) -> Any:
        if name in COMMON:
            value = next((getattr(self.item, key) for key in COMMON[name] if hasattr(self.item, key)), ABSENT)
            return getattr(value, "name", value) if name == "dtype" else value
        return self._own.get(name, ABSENT)

    def attribute(self, name: str) -> str:
        return next((key for key in (name, f"_{name}") if key in vars(self.item)), "")

    def with_config(self, config: Mapping[str, Any], name: str) -> Any:
        """Return the attribute of a second object made from a config, or the exception that making it raised."""
        try:
            with silent():
                return _Live(type(self.item).from_config(dict(config))).get(name)
        except Exception as error:  # noqa: BLE001 - the user's own constructor may raise anything; it is the result
            return error


def _parameters(cls: type) -> dict[str, inspect.Parameter] | None:
    """Return the arguments of a custom constructor; ``None`` where the user's class has a custom ``from_config`` too.

    It is ``None`` too where the class has no constructor, or one that takes arguments without a name.
    """
    maker = next((kind for kind in cls.__mro__ if "__init__" in vars(kind)), cls)
    builder = next((kind for kind in cls.__mro__ if "from_config" in vars(kind) and not _is_remaking(kind)), cls)
    is_own = is_users_module(maker.__module__) and not is_users_module(builder.__module__)
    if not is_own and not (is_of_package(cls) and is_of_package(maker)):
        return None
    signature = list(inspect.signature(vars(maker)["__init__"]).parameters.values())[1:]
    if any(item.kind in {item.VAR_POSITIONAL, item.POSITIONAL_ONLY} for item in signature):
        return None
    return {item.name: item for item in signature if item.kind is not item.VAR_KEYWORD}


def _is_remaking(kind: Any) -> bool:
    """Return whether the ``from_config`` of a class is not its own but that of `Remaking`."""
    return hasattr(getattr(vars(kind)["from_config"], "__func__", None), "is_remaking")


def _outdated(live: _Live, name: str, guess: Mapping[str, Any]) -> Argument | None:
    """Return the argument whose attribute was set after ``__init__``, so that the config holds an old value."""
    now, before = live.get(name), guess[name]
    if name in COMMON or before is None or not is_plain(now) or not is_plain(before) or is_same(now, before):
        return None
    if _has_layers(guess) or not is_same(_choose(live, name, guess, (before, now)), now):
        return None
    return Argument(name, now, outdated=in_words(before), attribute=live.attribute(name))


def _dropped(live: _Live, name: str, guess: Mapping[str, Any], auto: Any, default: Any) -> Argument | None:
    """Return an argument that the config lacks, with its value; ``None`` where its default makes the same object."""
    now = live.get(name)
    options = [item for item in (auto, now) if item is not ABSENT]
    if options and all(is_same(item, default) for item in options):
        return None
    if now is ABSENT or is_same(auto, now) or _has_layers(guess):
        return _record(live, name, options[0] if options else ABSENT)
    value = _choose(live, name, guess, [default, *options] if default is not _REQUIRED else options)
    return None if is_same(value, default) else _record(live, name, value)


_REQUIRED = inspect.Parameter.empty


def _choose(live: _Live, name: str, guess: Mapping[str, Any], options: Iterable[Any]) -> Any:
    """Return the first value with which a second object has the live one's attribute, or else why none has."""
    now, result = live.get(name), ABSENT
    for value in options:
        result = live.with_config({**guess, name: value}, name)
        if is_same(result, now):
            return value
    difference = first_line(result) if isinstance(result, Exception) else f"its {name} is {in_words(result)}"
    return CustomCodeError(f"is {in_words(now)}, and a second object made with that differs ({difference})", "")


def _record(live: _Live, name: str, value: Any) -> Argument:
    """Return the argument with its value, or with the reason why it cannot be written."""
    if value is ABSENT:
        return Argument(name, problem="is not in an attribute of that name")
    if is_secret(name, value):
        return Argument(name, problem="looks like a secret", attribute=live.attribute(name))
    problem = value.references[0] if isinstance(value, CustomCodeError) else problem_of(value)
    return Argument(name, ABSENT if problem else value, problem, attribute=live.attribute(name))


def _has_layers(config: Mapping[str, Any]) -> bool:
    """Return whether a config holds live layers, around which a second object would be made."""
    return any(isinstance(leaf, classes("layers.Layer")) for _, leaf in leaves(config))
