"""Search a Keras config (the JSON in a ``.keras`` or ``.h5``) for what loading it would import, call or read.

`files` calls `scan_config`. Keras turns every nested dict with ``class_name`` and ``config`` into an object
(``serialization_lib.deserialize_keras_object``), so all of them are inspected. Keras 3.13.2 lacks guards of 3.15.1
(functions such as ``save_model`` as gadgets, vocabulary paths outside the safe scope, malformed configs); tf_keras
imports any module that a config names, and runs Lambda code whatever ``safe_mode`` is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from colab_save.artifact.assets import PROGRAM
from colab_save.dialect import TENSORFLOW_INITIALIZERS
from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.hints import literal
from colab_save.inspecting.findings import CustomName
from colab_save.inspecting.keras.arguments import code_in, count_parameters, policy_of, refused_argument
from colab_save.inspecting.keras.graph import unmade_call
from colab_save.inspecting.keras.keras_names import CLASSES, FUNCTIONS
from colab_save.inspecting.keras.modules import Owner, namespace_of, owner_of
from colab_save.inspecting.keras.sizes import Sizes
from colab_save.inspecting.limits import MAX_DEPTH, MAX_JSON
from colab_save.types import Json

_REFUSED_CLASSES = {PROGRAM: "loads a SavedModel from a path", "TorchModuleWrapper": "unpickles a PyTorch module"}
_REFUSED_PARTS = {
    "applications", "backend", "callbacks", "config", "datasets", "distribution", "export", "preprocessing", "saving",
    "testing", "tree", "utils", "visualization", "wrappers",
}  # fmt: skip
_LAYERS_THERE = {"CustomScaleLayer", "FeatureSpace", "LayerScale", "StochasticDepth"}
_FUNCTION_PARTS = {
    "", "activations", "constraints", "initializers", "layers", "losses", "metrics", "ops", "optimizers", "quantizers",
    "random", "regularizers",
}  # fmt: skip
_LOADERS = {"deserialize", "get", "serialize"}
_CALLABLE_BUILTINS = {
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "getattr", "globals", "input", "locals",
    "open", "quit", "setattr", "vars",
}  # fmt: skip
_VALUES = {
    "__bytes__", "__ellipsis__", "__keras_tensor__", "__lambda__", "__numpy__", "__slice__", "__tensor__", "__tuple__",
}  # fmt: skip
_MODELS = {"Functional", "Model", "Sequential"}
_HINT = "Do not open it. If you trust its author, open it with Keras itself, in a runtime without your files."


@dataclass(slots=True)
class Scan:
    """What a config needs, and what loading it would do.

    Attributes:
        custom_names: The classes and functions that do not belong to Keras.
        homonyms: Those that Keras and the user may both have, since the file does not say whose they are.
        runs_code: What would run code, each with its place.
        models: The number of models.
        parameters: The size of the largest weight that a layer would create, as far as its config shows.
        sizes: The sizes that all layers declare.
        policies: The dtype policy of each object that may have one, that of the model itself first.
        unmade: For each functional model, a call that can never be made, with its place.
    """

    custom_names: set[CustomName] = field(default_factory=set)
    homonyms: set[CustomName] = field(default_factory=set)
    runs_code: list[str] = field(default_factory=list)
    models: int = 0
    parameters: int = 0
    sizes: Sizes = field(default_factory=Sizes)
    unmade: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)


def read_json(text: str | bytes, where: str) -> Json:
    """Parse JSON of bounded size.

    Raises:
        DamagedFileError: It is not JSON.
        UnsafeFileError: It is too large, or nested too deeply.
    """
    if len(text) > MAX_JSON:
        raise UnsafeFileError(f"{where} has {len(text):,} bytes of JSON, more than {MAX_JSON:,}.", _HINT)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UnsafeFileError(f"{where} is nested too deeply to be read.", _HINT) from error
    except ValueError as error:  # also for a number of more than 4300 digits, and for text that is not UTF-8
        raise DamagedFileError(f"{where} is damaged: {literal(str(error))}.", "Copy or download it again.") from error


def scan_config(config: Json, where: str, allowed: frozenset[str] = frozenset(), scan: Scan | None = None) -> Scan:
    """Inspect every object that Keras would make from a config.

    Args:
        config: The parsed JSON.
        where: Its path, for errors.
        allowed: The installed packages whose classes it may name, and the files that came with it.
        scan: The result for another config of the same file, to which this one is added.

    Raises:
        UnsafeFileError: It names modules or functions that no model needs, reads files, or declares impossible sizes.
    """
    scan = Scan() if scan is None else scan
    for value, place in _objects(config, where):
        scan.runs_code += code_in(value, place)
        scan.models += value["class_name"] in _MODELS
        scan.parameters = max(scan.parameters, count_parameters(value))
        _check_object(value, place, allowed, scan)
        scan.sizes.add(value)
        scan.policies += [policy_of(value)] if value["class_name"] != "InputLayer" else []
        unmade = unmade_call(value["config"])
        scan.unmade += [f"in {place} {unmade}"] if unmade else []
    return scan


def _objects(config: Json, where: str) -> Iterator[tuple[Json, str]]:
    """Yield each dict from which Keras would make an object, with its place; without recursion."""
    pending = [(config, where, 0)]
    while pending:
        value, place, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise UnsafeFileError(f"{where} is nested more than {MAX_DEPTH} levels deep.", _HINT)
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str) and "config" in value:
                yield value, place
            pending += [(v, f"{place}.{k}", depth + 1) for k, v in value.items() if isinstance(v, dict | list)]
        elif isinstance(value, list):
            pending += [(v, f"{place}[{i}]", depth + 1) for i, v in enumerate(value) if isinstance(v, dict | list)]


def _check_object(value: Json, place: str, allowed: frozenset[str], scan: Scan) -> None:
    name, module, config = value["class_name"], value.get("module") or "", value["config"]
    if name == PROGRAM and isinstance(config, dict) and config.get("filepath") in allowed:
        scan.runs_code.append(f"{place}: a SavedModel that came with it")
        return
    if name in _REFUSED_CLASSES:
        raise _unsafe(place, f"the layer {name}, which {_REFUSED_CLASSES[name]}")
    if name in _VALUES:
        _check_value(config, place)
    elif name == "__typespec__":
        if not str(module).startswith("tensorflow."):
            raise _unsafe(place, f"a type from the module {module!r}")
    else:
        if not isinstance(module, str):
            raise _unsafe(place, f"a module with the invalid name {module!r}")
        check = _check_function if name == "function" else _check_class
        check(value, module, place, allowed, scan)
    reason = refused_argument(value, allowed, is_keras=owner_of(str(module), allowed) is Owner.KERAS)
    if reason:
        raise _unsafe(place, reason)


def _check_value(config: Json, place: str) -> None:
    dtype = config.get("dtype") if isinstance(config, dict) else None
    if isinstance(dtype, str) and dtype.lstrip("<>|=") in {"O", "object", "object_"}:
        raise _unsafe(place, "an array of Python objects")


def _check_function(value: Json, module: str, place: str, allowed: frozenset[str], scan: Scan) -> None:
    name = value["config"]
    if not isinstance(name, str):
        raise _unsafe(place, f"a function with the name {name!r}")
    owner = Owner.USER if module == "builtins" else owner_of(module, allowed)
    is_gadget = name in _LOADERS or name in _CALLABLE_BUILTINS
    if owner is Owner.OTHER or is_gadget or (owner is Owner.KERAS and namespace_of(module) not in _FUNCTION_PARTS):
        raise _unsafe(place, f"the function {_dotted(module, name)}, which no model needs")
    if owner is Owner.USER:
        registered = value.get("registered_name")  # "function" for a function that is not registered
        known = None if registered == "function" else registered
        names = scan.homonyms if name in FUNCTIONS and module in {"", "builtins"} else scan.custom_names
        names.add(_custom("" if module == "builtins" else module, name, known))


def _check_class(value: Json, module: str, place: str, allowed: frozenset[str], scan: Scan) -> None:
    name = value["class_name"]
    if module == TENSORFLOW_INITIALIZERS and name in CLASSES:
        return
    owner = owner_of(module, allowed)
    if owner is Owner.OTHER:
        raise _unsafe(place, f"the class {_dotted(module, name)}, from a module that is neither Keras's nor yours")
    if owner is Owner.KERAS:
        part = namespace_of(module)
        is_class = name in CLASSES or name in FUNCTIONS or name[:1].isupper()
        if name in _LOADERS or not is_class or (part in _REFUSED_PARTS and name not in _LAYERS_THERE):
            raise _unsafe(place, f"{_dotted(module, name)}, which no model contains")
        return
    # tf_keras writes its own optimizers as Custom>Adam, and .h5 files have only package>Name for a registered class
    bare = name.rpartition(">")[2]
    is_known = (bare in CLASSES or bare in FUNCTIONS) and name in {bare, f"Custom>{bare}"} and "module" not in value
    names = scan.homonyms if is_known else scan.custom_names
    names.add(_custom(module, bare, value.get("registered_name") or (name if bare != name else "")))


def _custom(module: str, name: str, registered: Json) -> CustomName:
    return CustomName(module, name, registered if isinstance(registered, str) else "")


def _dotted(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def _unsafe(place: str, found: str) -> UnsafeFileError:
    return UnsafeFileError(f"{literal(f'{place} names {found}')}.", _HINT)
