"""Refuse inputs that are too small for a model's convolutions, poolings and framings, from shapes, before each runs.

`sampling` runs the live model inside `sizes_checked`. TensorFlow's own errors are not enough: on some processors a
convolution whose output would be empty returns whatever is in memory, and such a pooling ends the process (2.20 and
2.21, with oneDNN). The output of any other layer may be empty: a slice of a short sequence is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from colab_save.dialect import KERAS_2, classes, dialect_of, is_of_keras, keras_of
from colab_save.errors import SampleError
from colab_save.hints import option
from colab_save.model.describing import output_shape
from colab_save.model.walking import is_graph, walk_layers
from colab_save.nested import leaves, map_structure
from colab_save.sampling.running import calls_wrapped
from colab_save.types import Layer, Model, Nested, Specs

_SHAPE = ("compute_output_shape", "compute_output_spec")
"""The methods by which a class declares the shape of its output."""

_SLIDING = re.compile("conv|pool|locallyconnected|stft|spectrogram|frame|extract_?(sequences|patches)", re.IGNORECASE)
"""The names of Keras's layers and operations, and of TensorFlow's functions, that slide a window over their input."""

_TOO_SMALL = re.compile(
    "output size would be (zero or )?negative|dimensions in the output is <= 0|Negative dimension size caused by"
)
"""The errors about the shape of an empty output: of Keras 3 (3.8 to 3.15), of tf_keras (2.20 and 2.21), and of
TensorFlow in a trace."""


@contextmanager
def sizes_checked(model: Model, inputs: Nested, specs: Specs) -> Iterator[None]:
    """Refuse inputs for which a convolution, pooling or framing would return nothing, while a model runs on them.

    A layer whose output is empty for inputs of any size is allowed: that is so where the inputs have the sizes that the
    model declares, and where a graph model declares the layer's output as empty.

    Args:
        model: The live model.
        inputs: Nested arrays.
        specs: Nested `TensorFacts` of the inputs that the model declares; ``None`` if it declares none.

    Raises:
        SampleError: The output of such a layer would be empty; the message names the first such layer, with its shapes.
    """
    layers = [] if _are_as_declared(inputs, specs) else _sliding(model)
    checking = _Checking(is_traced=isinstance(model, classes("Model")) and is_graph(model))
    try:
        with calls_wrapped(layers, checking.before):
            yield
    finally:
        if checking.refusal is not None:  # Keras turns an error in a layer into another one
            raise checking.refusal from None


def _are_as_declared(inputs: Nested, specs: Specs) -> bool:
    given, wanted = dict(leaves(inputs)), dict(leaves(specs))
    return given.keys() == wanted.keys() and all(given[at].shape[1:] == wanted[at].shape[1:] for at in given)


def _sliding(model: Model) -> list[tuple[str, Layer]]:
    """Return the layers that slide a window and contain no other, and in graphs of Keras 3 such operations."""
    walked = list(walk_layers(model))
    holding = {path[:end] for path, _ in walked for end, letter in enumerate(path) if letter == "/"} | {""}
    layers = [(path, layer) for path, layer in walked if path not in holding]
    known = {id(layer) for _, layer in walked}
    operations = (item for _, layer in walked for item in getattr(layer, "operations", ()))
    layers += [(item.name, item) for item in operations if id(item) not in known]
    return [(path, layer) for path, layer in layers if _is_sliding(layer)]


def _is_sliding(layer: Layer) -> bool:
    """Return whether Keras made a layer's class, or one that it derives from, to slide a window over the input.

    A graph of tf_keras has a layer for each function of TensorFlow, and only the function tells which.
    """
    names = [kind.__name__ for kind in type(layer).__mro__ if is_of_keras(kind.__module__)]
    if is_of_keras(type(layer).__module__) and not isinstance(layer, classes("layers.Lambda")):
        names.append(getattr(getattr(layer, "function", None), "__name__", ""))
    return any(map(_SLIDING.search, names))


class _Checking:
    """The check of each layer's shapes before it is called.

    One of Keras's own that does not declare its output shape is traced alone, in graph models only. A custom layer is
    never traced: its ``call`` may hold on to the symbolic tensors.
    """

    def __init__(self, *, is_traced: bool) -> None:
        self.is_traced = is_traced
        self.refusal: SampleError | None = None
        self._is_busy = False
        self._passed: set[tuple[int, str]] = set()

    def before(self, path: str, layer: Layer) -> Callable[..., Any]:
        """Return a wrapper for a layer's ``call`` that checks the shapes first."""
        call = layer.call

        @functools.wraps(call)
        def checked(*inputs: Any, **named: Any) -> Any:
            given = _known_shapes(inputs)
            shapes = str(given)
            if given is not None and not self._is_busy and (id(layer), shapes) not in self._passed:
                self._is_busy = True  # tracing a layer calls it
                try:
                    self.refusal = self._refused(path, layer, given, inputs, named)
                finally:
                    self._is_busy = False
                if self.refusal is not None:
                    raise self.refusal
                self._passed.add((id(layer), shapes))
            return call(*inputs, **named)

        return checked

    def _refused(
        self,
        path: str,
        layer: Layer,
        given: list[tuple[Any, ...]],
        inputs: tuple[Any, ...],
        named: dict[str, Any],
    ) -> SampleError | None:
        is_declared = _declares_shape(type(layer))
        is_own = is_of_keras(_maker(type(layer), "call").__module__)
        if any(map(_is_empty, given)) or not (is_declared or (is_own and self.is_traced)):
            return None
        try:
            shapes = _computed(layer, inputs, named, is_declared=is_declared)
        except Exception as error:  # noqa: BLE001 - the user's code, too; the run itself shows errors that are not about size
            return _refusal(path, given, "would be empty") if _TOO_SMALL.search(str(error)) else None
        if any(map(_is_empty, shapes)) and not _is_empty(output_shape(layer) or ()):
            return _refusal(path, given, f"would be {_in_words(shapes)}")
        return None


def _refusal(path: str, given: list[tuple[int, ...]], found: str) -> SampleError:
    return SampleError(
        f"The sample is too small: the layer {path} is given {_in_words(given)}, and its output {found}.",
        f"Pass a larger one with {option('sample')}.",
    )


def _in_words(shapes: Iterable[tuple[Any, ...]]) -> str:
    return ", ".join(str(list(shape)) for shape in shapes)


def _known_shapes(inputs: tuple[Any, ...]) -> list[tuple[Any, ...]] | None:
    """Return the shapes of a layer's inputs; ``None`` if TensorFlow does not know the rank of one while it traces."""
    shapes = [item.shape for _, item in leaves(list(inputs)) if _is_tensor(item)]
    is_known = all(getattr(shape, "rank", 0) is not None for shape in shapes)
    return [tuple(shape) for shape in shapes] if is_known else None


def _is_tensor(item: Any) -> bool:
    return hasattr(item, "shape") and hasattr(item, "dtype")


def _is_empty(shape: tuple[int | None, ...]) -> bool:
    return any(size is not None and size <= 0 for size in shape[1:])


def _computed(
    layer: Layer, inputs: tuple[Any, ...], named: dict[str, Any], *, is_declared: bool
) -> list[tuple[Any, ...]]:
    """Compute the shapes of a layer's outputs from its declaration, or else by tracing it.

    Raises:
        ValueError: Keras finds the size too small, or another fault.
    """
    keras = keras_of(layer)
    if dialect_of(layer) == KERAS_2:
        compute = layer.compute_output_shape if is_declared else keras.layers.Layer.compute_output_shape.__get__(layer)
        shapes = compute(map_structure(lambda item: item.shape, inputs[0]))
        return [tuple(shape) for _, shape in leaves(shapes if isinstance(shapes, (list, dict)) else [shapes])]
    compute = layer.compute_output_spec if is_declared else keras.Operation.compute_output_spec.__get__(layer)

    def spec(item: Any) -> Any:
        return keras.KerasTensor(item.shape, item.dtype.name) if _is_tensor(item) else item

    outputs = compute(*map_structure(spec, inputs), **map_structure(spec, named))
    return [tuple(item.shape) for _, item in leaves(outputs) if _is_tensor(item)]


def _declares_shape(kind: type) -> bool:
    """Return whether a class declares the shape of its output, and does so for its own ``call``.

    A custom class that pads in its ``call`` inherits from Keras a declaration that is valid only without the padding.
    """
    declaring, calling = _maker(kind, *_SHAPE), _maker(kind, "call")
    if declaring in (*classes("layers.Layer"), *classes("Operation")):
        return False
    return is_of_keras(calling.__module__) or kind.__mro__.index(declaring) <= kind.__mro__.index(calling)


def _maker(kind: type, *names: str) -> type:
    return next(base for base in kind.__mro__ if not vars(base).keys().isdisjoint(names))
