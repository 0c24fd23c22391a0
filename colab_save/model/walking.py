"""Walk the object tree of a model: yield every layer and variable once, with a path that is the same after loading.

`examining` records facts by these paths, and formats write weights under them. They are paths of attributes and layer
names instead of Keras's ``variable.path``, which depends on how often a class was instantiated in the process and on
when a model was built, and so differs after loading (Keras 3.13.2 and 3.15.1).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any, cast
from weakref import ProxyTypes

from colab_save.custom_code.origins import is_users_module
from colab_save.dialect import (
    KERAS,
    KERAS_2,
    classes,
    dialect_of,
    import_dialect,
    is_functional,
    is_numbered,
    is_of_keras,
    is_trackable,
    snake_case,
    tensorflow_classes,
)
from colab_save.taking import Taking
from colab_save.types import Layer, Model, Variable

BOOKKEEPING = ("optimizers.Optimizer", "optimizers.legacy.Optimizer", "metrics.Metric", "random.SeedGenerator")
"""The classes of the objects that Keras holds beside the weights."""

MODULES_OWN = frozenset({"_name", "_scope_name", "_name_scope", "_obj_reference_counts_dict"})
"""The attributes that `tf.Module` sets (``module.py``, 2.16 to 2.21), and a count of references of TensorFlow's."""

WEIGHTS_BY_PATH, GENERATORS_BY_PATH = "colab_save_weights", "colab_save_generators"
"""The attributes that hold the weights of our SavedModels, and the states of their random generators, by path."""


def is_graph(model: Model) -> bool:
    """Return whether a Keras model is Sequential or functional: rebuilt from its config, with declared inputs."""
    return isinstance(model, classes("Sequential")) or is_functional(model)


def walk_variables(model: Model, taking: Taking | None = None) -> Iterator[tuple[str, Variable]]:
    """Yield every weight of a model once, with a path that is the same after loading.

    That includes weights that Keras does not track and therefore neither saves nor loads: those of a raw `tf.Variable`,
    of a `tf.Module`, and of layers in a plain object, in nested lists or in a set (docs/losses.md §2). As in Keras's
    ``weights``, metric state, optimizers and the variables of `walk_states` are left out.

    Args:
        model: A live model.
        taking: Notes what could not be entered, since its class raised something.
    """
    program = getattr(model, "program", None)  # a loaded SavedModel
    if program is not None:
        stored = getattr(program, WEIGHTS_BY_PATH, None)
        yield from stored.items() if stored is not None else (item for item in _walk(program) if is_variable(item[1]))
        return
    states = {id(variable) for _, variable in walk_states(model)} if hasattr(model, "layers") else set()
    seen: set[int] = set()
    for path, node in _walk(model, taking):
        if is_variable(node) and id(node) not in states:
            seen.add(id(node))
            yield path, node
    for variable in (taking or Taking()).fact("the weights that no attribute holds", lambda: _weights(model), []):
        if id(variable) not in seen | states:
            yield f"?/{getattr(variable, 'path', variable.name)}", variable


def walk_objects(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield every layer, module and plain object of a model once, with its path; that of the model itself is empty."""
    return ((path, node) for path, node in _walk(model) if not is_variable(node))


def walk_layers(model: Model) -> Iterator[tuple[str, Layer]]:
    """Yield every Keras layer of a model once, with its path; the model itself has the empty path."""
    layer = classes("layers.Layer")
    return ((path, node) for path, node in _walk(model) if isinstance(node, layer))


def walk_states(model: Model) -> Iterator[tuple[str, Variable]]:
    """Yield every variable that is not a weight and that the next outputs depend on, with its path.

    These are the states of stateful recurrent layers, and of seed generators (docs/losses.md §5).
    """
    yield from walk_recurrent(model)
    yield from walk_generators(model)


def walk_recurrent(model: Model) -> Iterator[tuple[str, Variable]]:
    """Yield the states of stateful recurrent layers, with their paths."""
    for path, layer in walk_layers(model):
        if isinstance(layer, classes("layers.RNN")):
            states = Taking().fact(path, functools.partial(_recurrent_states, layer), [])
            yield from ((f"{path}/states/{index}", item) for index, item in enumerate(states))


def _recurrent_states(layer: Layer) -> list[Variable]:
    return list(layer.states or ()) if layer.stateful else []


def walk_generators(model: Model) -> Iterator[tuple[str, Variable]]:
    """Yield the state of every random generator of a model once, with its path.

    They are in attributes of layers, modules and plain objects, also in lists and dicts. Those that only Keras's own
    list of a layer's generators holds come last.
    """
    if program := getattr(model, "program", None):  # a loaded SavedModel
        yield from getattr(program, GENERATORS_BY_PATH, {}).items()
        return
    take, seen = Taking().fact, set[int]()
    for path, node in _walk(model):
        if is_variable(node):
            continue
        for key, item in sorted(vars(node).items(), key=lambda pair: (pair[0] == "_seed_generators", pair[0])):
            place = _join(path, key.lstrip("_"))
            yield from take(place, functools.partial(list, _generators(place, item, seen)), [])


def _generators(path: str, item: Any, seen: set[int]) -> Iterator[tuple[str, Variable]]:
    """Yield the states of the generators that an attribute holds.

    A layer of tf_keras holds its own in a private attribute of a ``RandomGenerator``, which has none before its first
    call (``tf_keras/src/backend.py``, 2.16 to 2.21).
    """
    if item is None or issubclass(type(item), (str, bytes, int, float, *ProxyTypes)) or id(item) in seen:
        return  # a dead weak reference does not even tell its class
    if isinstance(item, (list, tuple, Mapping)):
        seen.add(id(item))
        for key, part in list(item.items() if isinstance(item, Mapping) else enumerate(item)):
            yield from _generators(_join(path, str(key)), part, seen)
        return
    kinds = (*classes("random.SeedGenerator"), *tensorflow_classes("random.Generator"))
    generator: Any = item
    if _is_tracked(item) and not isinstance(item, kinds):
        generator = getattr(item, "_generator", None)
    if isinstance(generator, kinds) and id(generator.state) not in seen:
        seen.add(id(generator.state))
        yield path, generator.state


def _weights(model: Model) -> list[Variable]:
    """Return what Keras counts as weights, without the state of metrics and vocabularies that tf_keras counts too."""
    held = getattr(model, "metrics", ()) if dialect_of(model) == KERAS_2 else ()
    state = {id(variable) for metric in held for variable in metric.variables}
    weights = model.weights if hasattr(model, "weights") else getattr(model, "variables", ())
    return [variable for variable in weights if is_variable(variable) and id(variable) not in state]


def _walk(root: Any, taking: Taking | None = None) -> Iterator[tuple[str, Any]]:
    """Walk the object tree depth first: each layer, module and variable once, under the first path that reaches it.

    Plain objects come last: one that was set on a model later, and refers to its layers, must not rename them.
    """
    take, seen = (taking or Taking()).fact, set[int]()
    stack: list[tuple[str, Any]] = [("", root)]
    later: list[tuple[str, Any]] = []
    while stack or later:
        path, node = stack.pop() if stack else later.pop(0)
        if id(node) in seen or not _may_hold(node):
            continue
        if stack and is_plain_object(node):
            later.append((path, node))
            continue
        seen.add(id(node))
        if isinstance(node, (list, tuple, set, frozenset, Mapping)):
            held = take(path, functools.partial(_items, node), [])
            stack += reversed([(_join(path, key), item) for key, item in held])
            continue
        yield path, node
        if not is_variable(node):
            layers = take(f"the layers of {path or 'the model'}", functools.partial(_layers_in, node, root), [])
            stack += reversed([(_join(path, key), item) for key, item in layers + own_attributes(node)])


def _items(node: Any) -> list[tuple[str, Any]]:
    """Return the named items of a container that may hold variables, with one cheap test of each item."""
    if isinstance(node, Mapping):
        named = [(str(key), item) for key, item in node.items() if _may_hold(item)]
        return sorted(named, key=lambda pair: pair[0])
    if isinstance(node, (set, frozenset)):
        node = sorted(filter(_may_hold, node), key=lambda item: str(getattr(item, "name", "")))
    return [(str(index), item) for index, item in enumerate(node) if _may_hold(item)]


def _may_hold(node: Any) -> bool:
    try:
        if node is None or isinstance(node, (str, bytes, int, float)):
            return False
        return isinstance(node, (list, tuple, set, frozenset, Mapping)) or is_variable(node) or _is_holder(node)
    except Exception:  # noqa: BLE001 - what does not even tell its class, such as a dead weak reference, holds nothing
        return False


def _layers_in(node: Any, root: Any) -> list[tuple[str, Any]]:
    """Return the layers of a graph model by name; everything else in a layer or module is found by attribute."""
    return named_layers(node, root) if isinstance(node, classes("Model")) and is_graph(node) else []


def own_attributes(node: Any) -> list[tuple[str, Any]]:
    """Return the attributes that the user or the layer's class set, sorted, without Keras's and TensorFlow's own."""
    if isinstance(node, tensorflow_classes("train.Checkpoint")):
        return checkpointed(node)
    others = given_attributes(node)
    own = [(key.lstrip("_"), value) for key, value in vars(node).items() if key not in others]
    return sorted(own, key=lambda pair: pair[0])


def parts_in_attributes(model: Model) -> dict[str, str]:
    """Return the path of each layer of a graph model that is in an attribute, too, by the attribute's name."""
    layers, others = {id(layer): path for path, layer in _layers_in(model, model)}, given_attributes(model)
    own = ((name, layers.get(id(item), "")) for name, item in vars(model).items() if name not in others)
    return {name: path for name, path in own if path}


def checkpointed(node: Any) -> list[tuple[str, Any]]:
    """Return what a `tf.train.Checkpoint` was made with, and what was set on it later, without its own bookkeeping.

    ``_root`` is private to TensorFlow (``checkpoint.py``, 2.16 to 2.21), and its first argument.
    """
    held = {key: value for key, value in vars(node).items() if not key.startswith("_") and key != "save_counter"}
    root = vars(node).get("_root")
    return sorted({**held, **({} if root is None else {"root": root})}.items())


def given_attributes(node: Any) -> frozenset[str]:
    """Return the names of the attributes that Keras and TensorFlow set in an object of its dialect."""
    if is_trackable(node):
        return _tracking_attributes() | MODULES_OWN
    return _keras_attributes(dialect_of(node)) | _tracking_attributes() | {"optimizer"}


def named_layers(model: Model, root: Any) -> list[tuple[str, Layer]]:
    """Return the layers of a graph model by the user's names; where Keras made one up, by class and position.

    A class may name its layers after its own name, which it has only when it is loaded: there they go by the rest.

    Args:
        model: The graph model.
        root: The model that is walked.
    """
    counts: dict[str, int] = {}
    names = [layer.name for layer in model.layers]
    for owner in (model, root):
        names = _without(owner.name, names) if _names_layers(owner) else names
    named = []
    for name, layer in zip(names, model.layers, strict=True):
        own, snake = name, snake_case(type(layer).__name__)
        if is_numbered(snake, name):
            position = counts[snake] = counts.get(snake, -1) + 1
            own = f"{snake}_{position}" if position else snake
        named.append((own, layer))
    return named


def _names_layers(model: Any) -> bool:
    """Return whether the class of a model makes its layers, and may do so again with another name."""
    return isinstance(model, classes("Model")) and not is_of_keras(type(model).__module__)


def _without(owner: str, names: list[str]) -> list[str]:
    """Return names without that of their model before them, unless another layer has the rest for a name."""
    rests = [re.sub(rf"^{re.escape(owner)}[_/.-](?=.)", "", name) for name in names]
    return [rest if rests.count(rest) == 1 else name for name, rest in zip(names, rests, strict=True)]


def is_made_up(layer: Layer) -> bool:
    """Return whether Keras made a layer's name up from its class; such names count up in a notebook."""
    return is_numbered(snake_case(type(layer).__name__), layer.name)


@functools.cache
def _keras_attributes(dialect: str) -> frozenset[str]:
    """Return the names of the attributes that Keras itself sets in every layer."""
    keras, own = import_dialect(dialect or KERAS), {"name": "colab_save"}  # names that Keras makes up count up
    known = [keras.layers.Layer(**own), keras.Sequential(**own)]
    if dialect == KERAS_2:  # its graph models hold their graph in attributes
        known.append(keras.Sequential([keras.layers.Input((1,), **own)], **own))
    return frozenset(name for thing in known for name in vars(thing))


def _tracking_attributes() -> frozenset[str]:
    """Return the names of the attributes that TensorFlow adds to an object in which it tracks another."""
    return next((_names_of_tracking(cast("Hashable", kind)) for kind in tensorflow_classes("Module")), frozenset())


@functools.cache
def _names_of_tracking(module: Hashable) -> frozenset[str]:
    tracking = cast("Any", module)(name="colab_save")
    tracking.tracked = []
    return frozenset(name for name in vars(tracking) if name.startswith("_self_"))


def is_variable(node: Any) -> bool:
    """Return whether a value is a variable of Keras or TensorFlow."""
    return isinstance(node, (*classes("Variable"), *tensorflow_classes("Variable")))


def _is_holder(node: Any) -> bool:
    """Return whether the walk enters an object: layers, modules, objects of a SavedModel, the user's plain objects."""
    return (_is_tracked(node) and not _is_bookkeeping(node)) or is_plain_object(node)


def _is_tracked(node: Any) -> bool:
    return isinstance(node, tensorflow_classes("__internal__.tracking.AutoTrackable"))


def _is_bookkeeping(node: Any) -> bool:
    return isinstance(node, tuple(item for name in BOOKKEEPING for item in classes(name)))


def is_plain_object(node: Any) -> bool:
    """Return whether a value is an object of a class of the user's with attributes, unknown to Keras and TensorFlow.

    It imports nothing, since collections call it for any variable of a notebook.
    """
    if not hasattr(node, "__dict__") or isinstance(node, (type, FunctionType, MethodType, ModuleType)):
        return False
    if is_variable(node) or _is_tracked(node) or _is_bookkeeping(node):
        return False
    return is_users_module(type(node).__module__)


def _join(path: str, key: str) -> str:
    return f"{path}/{key}" if path else key
