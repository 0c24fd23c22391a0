"""A loaded SavedModel: a callable with ``predict``, ``signatures`` and the user's functions.

`main_function` also says which function of a `tf.Module` runs when the module is called.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.errors import FormatError, RequestError
from colab_save.model.walking import walk_variables
from colab_save.nested import leaves, map_structure
from colab_save.types import Model, Nested, Variable


class SavedModel:
    """A loaded SavedModel: call it, ``predict`` with it, or use its ``signatures``.

    Attributes:
        program: What `tf.saved_model.load` returned.
        function: The function that a call runs.
    """

    def __init__(self, program: Any, function: Any) -> None:
        self.program = program
        self.function = function

    @property
    def signatures(self) -> Mapping[str, Any]:
        """Return the signatures by name, as `tf.saved_model.load` does."""
        return self.program.signatures  # type: ignore[no-any-return]

    @property
    def variables(self) -> list[Variable]:
        """Return the variables."""
        return [variable for _, variable in walk_variables(self)]

    def __call__(self, *inputs: Nested, **named: Nested) -> Nested:
        """Run it on nested arrays or tensors, cast to the dtypes of the signature; return nested tensors.

        Raises:
            RequestError: The inputs do not fit the signature.
        """
        args, kwargs = fitting(self.function, inputs, named)
        return self.function(*args, **kwargs)

    def predict(self, inputs: Nested, batch_size: int = 32, verbose: object = None) -> Nested:
        """Run it on many rows in batches, as ``keras.Model.predict`` does.

        Args:
            inputs: Nested arrays, batch axis first, or a `tf.data.Dataset` of batches.
            batch_size: Rows per call. Default: 32.
            verbose: Accepted because Keras has it; there is no progress bar.

        Returns:
            Nested arrays.
        """
        import tensorflow as tf

        if isinstance(inputs, tf.data.Dataset):
            batches = [item[0] if isinstance(item, tuple) else item for item in inputs]
        else:
            rows = min((len(item) for _, item in leaves(inputs)), default=0)
            starts = range(0, max(rows, 1), batch_size)
            batches = [map_structure(operator.itemgetter(slice(at, at + batch_size)), inputs) for at in starts]
        answers = [map_structure(lambda item: item.numpy(), self(batch)) for batch in batches]
        return _concatenate(answers)

    def __getattr__(self, name: str) -> Any:
        """Return the user's functions and attributes, as they were on the saved object."""
        if name.startswith("__") or name == "program":
            raise AttributeError(name)
        return getattr(self.program, name)

    def __repr__(self) -> str:
        """Show the names of the signatures."""
        return f"<SavedModel with signatures {', '.join(self.signatures) or 'none'}>"


def restore(path: Path) -> SavedModel:
    """Load a SavedModel folder.

    Raises:
        FormatError: Nothing in it can be called.
    """
    import tensorflow as tf

    program = tf.saved_model.load(str(path))
    function = program if callable(program) else main_function(program)
    if function is None and program.signatures:
        function = next(iter(program.signatures[name] for name in _by_preference(program.signatures)))
    if function is None:
        raise FormatError(f"The SavedModel {path} has no function to call.", "Save it again with a tf.function in it.")
    return SavedModel(program, function)


def main_function(module: Model) -> Any:
    """Return the `tf.function` that runs when a module is called: ``__call__``, else one with a well-known name."""
    found = functions_of(module)
    return next((found[name] for name in _by_preference(found)), None)


def functions_of(module: Model) -> dict[str, Any]:
    """Return the `tf.function`s of a module by name, as they are bound to it."""
    import tensorflow as tf

    def is_function(item: Any) -> bool:
        return isinstance(item, tf.types.experimental.GenericFunction)

    names = [name for name in dir(type(module)) + list(vars(module)) if not name.startswith("_self_")]
    return {
        name: getattr(module, name)
        for name in ("__call__", *dict.fromkeys(names))
        if is_function(vars(module).get(name, getattr(type(module), name, None)))
    }


def _by_preference(names: Mapping[str, Any]) -> list[str]:
    known = [name for name in ("__call__", "serving_default", "serve", "call", "predict") if name in names]
    return [*known, *(name for name in names if name not in known)]


def fitting(function: Any, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Cast inputs to the dtypes of a function's signature, and pass them by name if the signature has names.

    Raises:
        RequestError: The inputs are not those of the signature.
    """
    import tensorflow as tf

    if not isinstance(function, tf.types.experimental.ConcreteFunction):
        specs = _structured_specs(function)
        cast = [_cast(item, spec) for item, spec in zip(inputs, specs, strict=False)] if specs else None
        return tuple(cast) if cast and len(cast) == len(inputs) else inputs, dict(named)
    wanted = dict(function.structured_input_signature[1])
    given = dict(named)
    if inputs:
        only = next(iter(wanted), "") if len(wanted) == len(inputs) == 1 else ""
        given.update(inputs[0] if isinstance(inputs[0], Mapping) else {only: inputs[0]})
    if given.keys() != wanted.keys():
        raise RequestError(
            f"The signature takes {', '.join(sorted(wanted))}; it was given {', '.join(sorted(given)) or 'nothing'}.",
            "Pass a dict with these names, or keyword arguments.",
        )
    return (), {name: _cast(item, wanted[name]) for name, item in given.items()}


def _structured_specs(function: Any) -> list[Any]:
    """Return the specs of a restored function's positional arguments if it has exactly one signature."""
    candidates = [function, vars(function).get("__call__")]
    found = [getattr(item, "concrete_functions", None) for item in candidates]
    concrete: list[Any] = next((item for item in found if item), [])
    return list(concrete[0].structured_input_signature[0]) if len(concrete) == 1 else []


def _cast(item: Any, spec: Any) -> Any:
    import tensorflow as tf

    if isinstance(spec, Mapping) and isinstance(item, Mapping):
        return {key: _cast(value, spec[key]) if key in spec else value for key, value in item.items()}
    if isinstance(spec, (list, tuple)) and isinstance(item, (list, tuple)) and len(spec) == len(item):
        return type(spec)(_cast(value, part) for value, part in zip(item, spec, strict=True))
    if not isinstance(spec, tf.TensorSpec):
        return item
    tensor = tf.convert_to_tensor(item)
    return tensor if tensor.dtype in {spec.dtype, tf.string} else tf.cast(tensor, spec.dtype)


def _concatenate(answers: list[Nested]) -> Nested:
    import numpy as np

    first = answers[0]
    if isinstance(first, Mapping):
        return {key: _concatenate([answer[key] for answer in answers]) for key in first}
    if isinstance(first, (list, tuple)):
        return type(first)(_concatenate([answer[index] for answer in answers]) for index in range(len(first)))
    return np.concatenate(answers) if first.ndim else first
