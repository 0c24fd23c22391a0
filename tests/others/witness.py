"""A witness of its own inside a kernel: it notes what a live model is, and says what differs later or elsewhere.

`tests/test_others.py` sends its calls beside the cells, unseen by the notebook. It trusts nothing that colab_save says.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import io
import json
import pickle
import random
import sys
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.dtype, np.generic)
KERAS = ("keras", "tf_keras", "__main__")
BOOKS = (
    "_obj_reference_counts_dict",
    "_self_tracked_trackables",
    "_self_unconditional_checkpoint_dependencies",
    "_self_unconditional_dependency_names",
)
"""Tables that TensorFlow and Keras number by identity; what they list stands elsewhere, too."""

TOLD = "witness: "
"""What its answers begin with, among whatever else a cell prints."""

_before = {}


@dataclass
class Kept:
    """Data of a notebook, by its kind and the arrays that make it."""

    kind: str
    fields: list


def reset(shell):
    """Make the kernel as new as it can be: no names, no cells, no registered classes, no numbered layers."""
    shell.run_line_magic("reset", "-f")
    shell.history_manager.reset(new_session=False)
    shell.execution_count = 1
    shell.enable_tip = False  # IPython draws its tip from `random` whenever a client asks who it is
    _before.clear()
    for name in ("keras", "tf_keras"):
        if name in sys.modules:
            _forget(sys.modules[name])
    gc.collect()


def _forget(keras):
    keras.backend.clear_session()
    keras.backend.set_floatx("float32")
    keras.mixed_precision.set_global_policy("float32") if keras.__name__ == "tf_keras" else (
        keras.config.set_dtype_policy("float32")
    )
    keras.saving.get_custom_objects().clear()
    library = sys.modules[f"{keras.__name__}.src.saving.object_registration"]
    for table in ("_GLOBAL_CUSTOM_OBJECTS", "_GLOBAL_CUSTOM_NAMES", "GLOBAL_CUSTOM_OBJECTS", "GLOBAL_CUSTOM_NAMES"):
        getattr(library, table, {}).clear()


def before(shell, name):
    """Note the live model, and all that is random, before it is saved."""
    _before.update(state=state_of(shell.user_ns[name]), names=_names(shell))


def after(shell, name, saved):
    """Print what the save has changed, and what its manifest says."""
    now, then = state_of(shell.user_ns[name]), _before["state"]
    changed = [f"{key}: {then.get(key)} -> {now.get(key)}" for key in {**then, **now} if then.get(key) != now.get(key)]
    changed += [f"the variable {key}" for key in sorted(_before["names"] ^ _names(shell))]
    print(TOLD + json.dumps({"changed": sorted(changed), "manifest": _manifest(saved)}))


def note(shell, name, answer, again, path):
    """Write down weights, optimizers and answers, and last what one more step of training gives."""
    noted = facts_of(shell.user_ns[name])
    used = _used(shell, f"{answer}\n{again}", name)
    noted |= {"answer": answers(shell, answer), "used": used}
    noted["again"] = answers(shell, again)
    Path(path).write_bytes(pickle.dumps(noted))


def compare(shell, name, answer, again, is_random, path):
    """Print how a loaded model differs from what was written down."""
    noted = pickle.loads(Path(path).read_bytes())
    shell.user_ns.update({key: _revived(value) for key, value in noted["used"].items()})
    found = facts_of(shell.user_ns[name])
    differ = [f"{key}: {noted[key]} -> {found[key]}" for key in found if noted[key] != found[key]]
    for what, text, rtol, varies in (("answer", answer, 1e-4, False), ("again", again, 1e-3, is_random)):
        try:
            differ += [f"{what}: {each}" for each in _differences(noted[what], answers(shell, text), rtol, varies)]
        except Exception as error:  # noqa: BLE001  (whatever it is, the loaded model does not do what the saved one did)
            differ.append(f"{what}: {type(error).__name__}: {str(error)[:600]}")
    print(TOLD + json.dumps(differ))


def facts_of(model):
    """Everything that a loaded model must have in common with the saved one, whatever its objects are called."""
    values, optimizers, trainable = [], [], 0
    for part in parts_of(model):
        if hasattr(part, "weights"):
            values += [_digest(weight) for weight in part.weights if _is_data(weight)]
            trainable += len(part.trainable_weights)
            optimizers += [_optimizer(part)]
        else:
            values += [_digest(variable) for variable in [*part.variables, *_held(part)] if _is_data(variable)]
    return {"weights": sorted(values), "trainable": trainable, "optimizers": sorted(filter(None, optimizers))}


def _held(module):
    """The weights of the Keras models in a module, which do not count as its variables."""
    return [weight for each in vars(module).values() if hasattr(each, "get_weights") for weight in each.weights]


def _is_data(weight):
    """Whether a weight is neither a seed nor the table of a vocabulary."""
    return "seed_generator" not in _path(weight) and hasattr(weight, "numpy")


def parts_of(model):
    """The models of a collection, or the model alone."""
    if isinstance(model, dict):
        return [part for each in model.values() for part in parts_of(each)]
    if isinstance(model, (list, tuple)):
        return [part for each in model for part in parts_of(each)]
    if isinstance(model, types.SimpleNamespace):
        return [part for each in vars(model).values() if hasattr(each, "variables") for part in parts_of(each)]
    return [model]


def _optimizer(model):
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer, "get_config"):
        return ""
    values = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    moved = [value for value in values if np.any(value.numpy())]  # an optimizer that is yet to begin has none, or zeros
    return json.dumps([type(optimizer).__name__, _config(optimizer), sorted(map(_digest, moved))])


def _config(optimizer):
    try:
        config = optimizer.get_config()
    except NotImplementedError:  # a schedule without one; what it does shows when the model is trained again
        return ""
    known = {key: value for key, value in config.items() if key not in ("name", "is_legacy_optimizer")}
    return json.dumps(known, default=lambda value: float(value) if hasattr(value, "dtype") else str(value))


def answers(shell, text):
    """Evaluate an expression in the notebook, quietly and with fixed seeds; return its arrays by their place."""
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002  (notebooks use it)
    if "tensorflow_text" not in sys.modules:  # whose tokenizers TensorFlow ends where its seed is set
        sys.modules["tensorflow"].random.set_seed(7)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = eval(text or "None", shell.user_ns)
    return dict(_leaves(getattr(value, "history", value)))


def _leaves(value, where=""):
    if isinstance(value, (dict, list, tuple)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from _leaves(each, f"{where}/{key}")
        return
    if type(value).__name__ == "SparseTensor":
        value = sys.modules["tensorflow"].sparse.to_dense(value)
    value = value.to_tensor() if hasattr(value, "to_tensor") else value
    yield where, np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def _differences(expected, found, rtol, is_random):
    if {*expected} != {*found}:
        return [f"{sorted(expected)} -> {sorted(found)}"]
    told = {where: _array_differences(expected[where], found[where], rtol, is_random) for where in expected}
    return [f"{where} {text}" for where, text in told.items() if text]


def _array_differences(expected, found, rtol, is_random):
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return f"{expected.dtype}{expected.shape} -> {found.dtype}{found.shape}"
    if is_random:
        return "" if expected.dtype.kind not in "fc" or np.isfinite(found).all() else "is not finite"
    if expected.dtype.kind not in "fc":
        return "" if np.array_equal(expected, found) else f"{expected} -> {found}"
    rtol = 2e-2 if expected.dtype.itemsize == 2 else rtol
    largest = np.max(np.abs(expected), initial=1e-3)
    if np.allclose(expected, found, rtol=rtol, atol=rtol * largest, equal_nan=True):
        return ""
    return f"differs by up to {np.max(np.abs(expected - found)):.3g} of {largest:.3g}"


def _used(shell, text, model):
    """The data that an expression names, in a form that another kernel can read."""
    names = {
        name
        for name in compile(f"[{text.strip().replace(chr(10), ',')}]", "used", "eval").co_names
        if name in shell.user_ns and name != model
    }
    return {name: _kept(shell.user_ns[name]) for name in names}


def _kept(value):
    """Data in a form that can be pickled."""
    if isinstance(value, dict):
        return {key: _kept(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_kept, value))
    kind = "Dataset" if hasattr(value, "element_spec") else type(value).__name__
    if kind in KINDS:
        return Kept(kind, KINDS[kind][0](value))
    return Kept("Tensor", [value.numpy()]) if hasattr(value, "numpy") else value


def _revived(value):
    if isinstance(value, dict):
        return {key: _revived(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_revived, value))
    return KINDS[value.kind][1](sys.modules.get("tensorflow"), *value.fields) if isinstance(value, Kept) else value


def _dataset(tf, batches):
    each = (tf.data.Dataset.from_tensors(_revived(batch)) for batch in batches)
    return functools.reduce(lambda first, second: first.concatenate(second), each)


KINDS = {
    "Dataset": (lambda value: [[_kept(each) for each in value]], _dataset),
    "RaggedTensor": (
        lambda value: [value.flat_values.numpy(), *(splits.numpy() for splits in value.nested_row_splits)],
        lambda tf, flat, *splits: tf.RaggedTensor.from_nested_row_splits(flat, splits),
    ),
    "SparseTensor": (
        lambda value: [value.indices.numpy(), value.values.numpy(), value.dense_shape.numpy()],
        lambda tf, *fields: tf.SparseTensor(*fields),
    ),
    "Tensor": (lambda value: [value.numpy()], lambda tf, array: tf.constant(array)),
    "module": (lambda value: [value.__name__], lambda tf, name: __import__(name, fromlist=["x"])),
}
"""How each kind of data is taken apart and put together."""


def state_of(model):
    """Everything that hangs on a live model, by the way to it, and everything that is random."""
    state, seen, waiting = dict(_random_state()), {}, [("model", model)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, PLAIN):
            state[path] = f"{type(value).__name__} {value!r}"[:200]
        elif id(value) in seen:
            state[path] = f"as {seen[id(value)][0]}"
        else:
            seen[id(value)] = (path, value)
            state[path], below = _look(value)
            waiting += sorted(((f"{path}{step}", each) for step, each in below), key=lambda pair: pair[0])
    _before.setdefault("kept", []).append(seen)  # so that no object's number is given to another
    return state


def _look(value):
    """What an object is, and what lies below it."""
    if isinstance(value, dict) or type(value).__name__ in ("_DictWrapper", "TrackedDict"):
        return f"dict {id(value)}", [(f"[{key!r}]", each) for key, each in dict(value).items()]
    if isinstance(value, (list, tuple)):
        number = "" if isinstance(value, tuple) else id(value)
        return f"{type(value).__name__} {number}", [(f"[{key}]", each) for key, each in enumerate(value)]
    if isinstance(value, np.ndarray):
        return f"array {id(value)} {_digest(value)}", []
    if hasattr(value, "numpy") and hasattr(value, "dtype") and not isinstance(value, type):
        extra = [(".trainable", value.trainable)] if hasattr(value, "trainable") else []
        return f"{type(value).__name__} {id(value)} {_path(value)} {_digest(value)}", extra
    is_known = type(value).__module__.split(".")[0] in KERAS and hasattr(value, "__dict__")
    if is_known and not isinstance(value, (type, types.FunctionType, types.ModuleType)):
        below = [(f".{key}", each) for key, each in vars(value).items() if key not in BOOKS]
        return f"{type(value).__name__} {id(value)}", below
    return f"{type(value).__name__} {id(value)}", []


def _random_state():
    yield "random", hashlib.sha256(repr(random.getstate()).encode()).hexdigest()[:8]
    name, keys, *rest = np.random.get_state()  # noqa: NPY002  (notebooks use it)
    yield "numpy.random", f"{name} {_digest(keys)} {rest}"
    keras = sys.modules.get("keras.src.backend.common.global_state")
    seeds = keras and keras.get_global_attribute("global_seed_generator")
    yield "keras.random", "" if seeds is None else _digest(seeds.state)
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None:
        live = context.context()
        rng = getattr(live, "_rng", None)
        yield "tf.random", f"{live._seed} {hash(rng.getstate()) if rng else None}"


def _digest(value):
    array = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
    array = np.asarray(array)
    data = repr(array.tolist()).encode() if array.dtype.kind in "OSU" else np.ascontiguousarray(array).tobytes()
    return f"{array.dtype}{array.shape}{hashlib.sha256(data).hexdigest()[:12]}"


def _path(variable):
    return str(getattr(variable, "path", None) or getattr(variable, "name", ""))


def _names(shell):
    return {name for name in shell.user_ns if not name.startswith("_") and name not in ("In", "Out")}


def _manifest(saved):
    found = sorted(Path("models", saved).glob("*/manifest.json"))
    return json.loads(found[-1].read_text()) if found else None
