"""Rebuild a collection: the record of a `Collection` and the reloaded models in, the dict, list or object out.

The fresh process and ``loading/collections.py`` call `join`; with the option ``into`` a load puts the result into an
object of the user.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.artifact.collection import MAPPINGS, MUTABLE, Collection, pairs_of, walk_tree
from colab_save.collections.kinds.kind import Kind, Making
from colab_save.collections.kinds.table import kind_named
from colab_save.collections.splitting import is_model
from colab_save.custom_code.origins import is_users_module
from colab_save.dialect import DIALECTS, import_dialect, optimizer_variables
from colab_save.errors import DamagedFileError, FormatError, MissingPackageError, RequestError, UntrustedCodeError
from colab_save.hints import action, literal, option
from colab_save.model.compiling import build
from colab_save.model.walking import is_plain_object, walk_variables
from colab_save.precision import made_in
from colab_save.types import Array, Json, Model, Tensor, Variable
from colab_save.wording import first_line, translated


def join(
    collection: Collection,
    models: Mapping[str, Model],
    custom_objects: Mapping[str, Any],
    *,
    is_trusted: bool = False,
) -> Any:
    """Rebuild a collection; an object of a class that is not in the custom code comes back as a dict.

    Args:
        collection: The record, as `read_collection` returned it.
        models: The reloaded models by the name of the part.
        custom_objects: Classes and functions by the name under which Keras looks them up.
        is_trusted: Whether objects may be made of classes that the record names.

    Raises:
        DamagedFileError: It refers to a model or an object that does not exist.
        FormatError: An object could not be rebuilt.
        MissingPackageError: The package of a value is not installed.
        UntrustedCodeError: A value may be made of a trusted record only.
    """
    joining = _Joining(collection.arrays, models, Making(custom_objects, is_trusted=is_trusted))
    try:
        made = joining.node(collection.tree)
        for node in walk_tree(collection.tree):
            if not node.keys().isdisjoint(DIALECTS):
                joining.restore(node)
    except (KeyError, TypeError) as error:  # also an unhashable key of a dict
        raise DamagedFileError(
            f"The collection refers to something that it does not contain ({first_line(error)}).",
            f"The version is damaged; {action('list')} shows the others. Each part still opens with Keras itself.",
        ) from error
    return made


def join_each(
    collection: Collection, nodes: Mapping[str, Mapping[str, Json]], making: Making
) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Rebuild values of a collection without models, each by itself: one that fails costs no other.

    Args:
        collection: The record, as `read_collection` returned it.
        nodes: The nodes of the values, by name.
        making: What putting them together may use.

    Returns:
        The values by name, and for each that failed why, and what to do.

    Raises:
        DamagedFileError: One refers to an object that does not exist.
    """
    joining, made, failed = _Joining(collection.arrays, {}, making), dict[str, Any](), dict[str, tuple[str, str]]()
    for name, node in nodes.items():
        try:
            made[name] = joining.node(node)
        except (FormatError, MissingPackageError, UntrustedCodeError) as error:
            failed[name] = error.references
        except (KeyError, TypeError) as error:
            raise DamagedFileError(
                f"{literal(name)} refers to something that is not there ({first_line(error)}).",
                f"The version is damaged; {action('list')} shows the others.",
            ) from error
    return made, failed


class _Joining:
    """The objects rebuilt so far, by the name or id under which the tree refers to them."""

    def __init__(self, arrays: list[Array], models: Mapping[str, Model], making: Making) -> None:
        self._arrays = arrays
        self._models = models
        self._making = making
        self._custom_objects = dict(making.objects)
        self._made: dict[str, Any] = {}
        self._weights: dict[str, Mapping[str, Variable]] = {}

    def node(self, node: Mapping[str, Json]) -> Any:
        """Return the value that a node describes."""
        match node:
            case {"value": value}:
                return value
            case {"model": name}:
                return self._models[name]
            case {"same": name}:
                return self._made[name]
            case {"id": _}:
                return self._held(node)
            case {"dict": pairs} | {"object": pairs} | {"parts": pairs}:
                kind = kind_named(node["kind"]) if "kind" in node else None
                made = {self.node(key): self.node(item) for key, item in pairs}
                if len(made) != len(pairs):
                    raise KeyError("a key occurs twice")
                return self._of_kind(kind, made) if kind else made
        return self._array(node) if node.keys() & {"array", "scalar", "tensor"} else self._sequence(node)

    def _held(self, node: Mapping[str, Json]) -> Any:
        """Return the value of a node that other places may refer to."""
        if "made" in node:
            return self._of_class(node)
        is_plain = next(iter(node)) in MUTABLE
        made = self.node({key: item for key, item in node.items() if key != "id"}) if is_plain else self._object(node)
        return self._made.setdefault(node["id"], made)

    def _of_class(self, node: Mapping[str, Json]) -> Any:
        """Make an object of the user's without its constructor; its attributes may refer to it."""
        made: Any = object.__new__(self._class(node["of"]))
        self._made[node["id"]] = made
        vars(made).update({self.node(key): self.node(item) for key, item in node["made"]})
        return made

    def _class(self, name: str) -> type:
        """Return a class of the custom code; whatever else has that name is no class to make."""
        found = self._custom_objects[name]
        if not isinstance(found, type) or not is_users_module(found.__module__):
            raise TypeError(f"{name} is no class of the user's")
        return found

    def _of_kind(self, kind: Kind, parts: Mapping[str, Any]) -> Any:
        with translated(
            f"A {kind.name} could not be rebuilt", "Load it with the version of the package that saved it."
        ):
            return kind.together(parts, self._making)

    def _array(self, node: Mapping[str, Json]) -> Tensor:
        (kind, at), *_ = node.items()
        if kind == "tensor":
            import tensorflow as tf

            return tf.convert_to_tensor(self._arrays[at])
        return self._arrays[at][()] if kind == "scalar" else self._arrays[at]

    def _sequence(self, node: Mapping[str, Json]) -> Any:
        (kind, nodes), *_ = node.items()
        items = [self.node(item) for item in nodes]
        return (
            deque(items, node["maxlen"]) if kind == "deque" else {"list": list, "tuple": tuple, "set": set}[kind](items)
        )

    def _object(self, node: Mapping[str, Json]) -> Any:
        """Rebuild an object that several places may refer to."""
        if "optimizer_of" in node:
            return getattr(self._models[node["optimizer_of"]], "optimizer", None)
        if "variable" in node:
            import keras
            import tensorflow as tf

            maker = keras.Variable if node["maker"] == "keras" else tf.Variable
            return maker(self._arrays[node["variable"]], trainable=node["trainable"])
        with translated(f"{node['id']} could not be rebuilt", "Define the custom classes that it needs."):
            dialect = next(name for name in DIALECTS if name in node)
            config = copy.deepcopy(node[dialect])  # Keras replaces the config of a schedule by the schedule
            keras = import_dialect(dialect)
            with made_in(self._precision(node), dialect=dialect):
                return keras.saving.deserialize_keras_object(
                    config, custom_objects=self._custom_objects, safe_mode=True
                )

    def _precision(self, node: Mapping[str, Json]) -> str:
        """Return the dtype of the learning rate of an optimizer, or else of its other state; no config holds it."""
        state = [self._arrays[at] for at in node["state"] if self._arrays[at].dtype.kind == "f"]
        dtypes = {array.dtype.name for array in state if array.shape == ()} or {array.dtype.name for array in state}
        return next((dtype for dtype in ("float64", "float32") if dtype in dtypes), "")

    def restore(self, node: Mapping[str, Json]) -> None:
        """Restore the state of an object of Keras, that of an optimizer for the weights that it trained."""
        made, state = self._made[node["id"]], [self._arrays[at] for at in node["state"]]
        with translated(f"{node['id']} could not get its state back", "Load it with the Keras that saved it."):
            if node["trains"]:
                build(made, [self._weight(*each) for each in dict.fromkeys(map(tuple, node["trains"]))])
            variables = optimizer_variables(made) if state else []
            if [tuple(variable.shape) for variable in variables] != [array.shape for array in state]:
                raise FormatError(
                    f"{node['id']} has other variables than when it was saved.", "Load it with the Keras that saved it."
                )
            for variable, array in zip(variables, state, strict=True):
                variable.assign(array)
            for name, value in node["attributes"].items():  # its config drops some (docs/losses.md §4)
                if name in vars(made) and isinstance(value, (bool, int, float, str, dict)):
                    setattr(made, name, value)

    def _weight(self, part: str, path: str) -> Variable:
        if part not in self._weights:
            self._weights[part] = dict(walk_variables(self._models[part])) if part else self._made
        return self._weights[part][path]


def check_into(holder: Any, tree: Mapping[str, Json]) -> None:
    """Refuse an object into which a collection cannot be loaded, before any model is loaded.

    Raises:
        RequestError: The object is not a dict or an instance of a custom class, or the collection is a list.
    """
    is_named = not tree.keys().isdisjoint(MAPPINGS)
    if not is_named or not (isinstance(holder, dict) or is_plain_object(holder)):
        whole = "contains models by name" if is_named else f"is a {next(iter(tree))} of models"
        raise RequestError(
            f"{option('into')} is a {type(holder).__qualname__}, and the saved collection {whole}.",
            f"Pass a dict or an object of your own class for models by name, or leave {option('into')} out.",
        )


def existing(node: Mapping[str, Json], holder: Any) -> Iterator[tuple[str, Model]]:
    """Yield the models that an object already contains, by the name of the part in the same place."""
    for key, item in pairs_of(node):
        held = _get(holder, key.get("value"))
        if "model" in item and held is not None and is_model(held):
            yield item["model"], held
        elif held is not None and not item.keys().isdisjoint(MAPPINGS):
            yield from existing(item, held)


def put_into(holder: Any, node: Mapping[str, Json], made: Any) -> None:
    """Set the entries of a dict or the attributes of an object, and those of the objects inside it.

    Args:
        holder: The user's dict or object; its entries under other names stay.
        node: The node of the collection's tree.
        made: The result of `join` for it.

    Raises:
        RequestError: An attribute cannot be set.
    """
    found = made if isinstance(made, Mapping) else vars(made)
    for (_, item), (key, each) in zip(pairs_of(node), found.items(), strict=True):
        held, value = _get(holder, key), holder if each is made else each
        if not item.keys().isdisjoint({"object", "made"}) and held is not None and is_plain_object(held):
            put_into(held, item, value)
        elif isinstance(holder, dict):
            holder[key] = value
        else:
            _set(holder, key, value)


def _get(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict):
        return holder.get(key)
    return vars(holder).get(key) if is_plain_object(holder) else None


def _set(holder: Any, key: Any, value: Any) -> None:
    try:
        setattr(holder, key, value)
    except (AttributeError, TypeError) as error:
        raise RequestError(
            f"The attribute {literal(repr(key))} of a {type(holder).__qualname__} cannot be set ({first_line(error)}).",
            f"Leave {option('into')} out; the models then come back in a dict.",
        ) from error
