"""A loaded SavedModel: a callable with ``predict``, ``signatures`` and the user's functions.

`main_function` also says which function of a `tf.Module` runs when the module is called.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.errors import FormatError, NoSuchAttributeError, RequestError
from colab_save.hints import literal, option
from colab_save.model.walking import walk_variables
from colab_save.nested import leaves, map_structure
from colab_save.types import Model, Nested, Variable
from colab_save.wording import first_line

CALLS_BY_ARGUMENT = "colab_save_calls"
"""The attribute of a written Keras model with its functions by their arguments; no other SavedModel has it."""

BY_ITSELF = "by itself"
"""The name there of a call without keyword arguments, where that is not inference."""

TRY = f"Call it on inputs, or use predict() or signatures. For the model itself load {option('format', 'keras')}, "
TRY += f"if the version has it, or save the live model with {option('formats', 'keras')}."
"""The hint for what a program cannot do."""


def argument(name: str, value: object) -> str:
    """Return the text of a keyword argument, as `CALLS_BY_ARGUMENT` has it."""
    return f"{name}={value}"


INFERRING = argument("training", value=False)
"""The name there of inference."""


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

        Args:
            *inputs: As the saved model took them.
            **named: Keyword arguments: those that were traced when a Keras model was saved, such as ``training=True``;
                those of the function for any other SavedModel.

        Raises:
            RequestError: The inputs do not fit the signature.
        """
        if self._calls is None:
            return _run(self.function, inputs, named)
        return _run(self._traced(named), inputs, {})

    def infer(self, *inputs: Nested) -> Nested:
        """Run it as ``predict`` does: with ``training=False``, where the saved model could be called otherwise."""
        return _run((self._calls or {}).get(INFERRING, self.function), inputs, {})

    def takes(self, **named: object) -> bool:
        """Return whether a call with exactly this keyword argument, or with none, was traced beside inference."""
        name = next((argument(*item) for item in named.items()), BY_ITSELF)
        return name in (self._calls or {})

    @property
    def _calls(self) -> Mapping[str, Any] | None:
        """The traced functions of a written Keras model; ``None`` for any other program."""
        found: Mapping[str, Any] | None = getattr(self.program, CALLS_BY_ARGUMENT, None)
        return found

    def _traced(self, named: Mapping[str, object]) -> Any:
        """Return the function that was traced with keyword arguments.

        Raises:
            RequestError: None was.
        """
        calls = self._calls or {}
        own = calls.get(BY_ITSELF, calls.get(INFERRING))
        names = [argument(*item) for item in named.items()]
        changing = [name for name in names if name not in calls or calls[name] is not own]
        if not changing:
            return self.function
        if len(changing) == 1 and changing[0] in calls:
            return calls[changing[0]]
        known = ", ".join(sorted(name for name in calls if name != BY_ITSELF))
        raise RequestError(
            f"The program was not traced with {literal(', '.join(names))}, only with each of {known}.", TRY
        )

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
        answers = [map_structure(lambda item: item.numpy(), self.infer(batch)) for batch in batches]
        return _concatenate(answers)

    def __getattr__(self, name: str) -> Any:
        """Return the user's functions and attributes, as they were on the saved object.

        Raises:
            NoSuchAttributeError: There is none, as for all that a Keras model has and a program has not.
        """
        if name.startswith("__") or name == "program":
            raise AttributeError(name)
        if name.startswith("_") or hasattr(self.program, name):
            return getattr(self.program, name)
        raise NoSuchAttributeError(
            f"A loaded SavedModel has no {literal(name)}: it is a program that computes, without layers, training or "
            "a config.",
            TRY,
        )

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


def _run(function: Any, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> Nested:
    """Run a function on inputs.

    Raises:
        RequestError: They do not fit its signature, or it cannot compute them.
    """
    import tensorflow as tf

    try:
        args, kwargs = fitting(function, inputs, named)
        return function(*args, **kwargs)
    except (TypeError, ValueError) as error:
        wanted = _in_words(_structured_specs(function))
        given = _in_words((inputs, named)) or "nothing"
        takes = f"it takes {wanted}, and was given {given}" if wanted else first_line(error)
        raise RequestError(
            f"The program does not take these inputs: {takes}.", "Pass what the saved model took, with a batch axis."
        ) from error
    except tf.errors.InvalidArgumentError as error:
        raise RequestError(
            f"The program cannot compute these inputs ({literal(first_line(error))}).",
            "Pass values and shapes that the saved model could compute.",
        ) from error


def _in_words(inputs: Nested) -> str:
    """Return the dtypes and shapes of nested inputs or specs; empty for none."""
    import numpy as np

    found = [item if hasattr(item, "dtype") else np.asarray(item) for _, item in leaves(inputs)]
    return ", ".join(f"{getattr(item.dtype, 'name', item.dtype)} {_sizes(item.shape)}" for item in found)


def _sizes(shape: Any) -> str:
    return str(list(shape)) if getattr(shape, "rank", 0) is not None else "of any shape"


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
