"""Which inputs are too small for a model: computed from shapes, layer by layer, before a layer runs.

What TensorFlow says of it decides nothing. On some processors it answers a convolution whose output would be empty
with whatever is in memory, and a pooling of that kind ends the process (2.20 and 2.21, with oneDNN).
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
"""Where a class tells the shape of its output."""

_TOO_SMALL = re.compile(
    "output size would be (zero or )?negative|dimensions in the output is <= 0|Negative dimension size caused by"
)
"""What is said where the shape of an empty output is computed: by Keras 3 (3.8 to 3.15), by tf_keras (2.20 and 2.21),
and by TensorFlow of a trace."""


@contextmanager
def sizes_checked(model: Model, inputs: Nested, specs: Specs) -> Iterator[None]:
    """Refuse inputs, while a model runs on them, that leave nothing for the output of a layer.

    A layer whose output is empty whatever the size of the input is the user's own affair: that is so where the inputs
    have the sizes that the model declares, and where a graph model declares it of the layer.

    Args:
        model: The live model.
        inputs: Nested arrays.
        specs: Nested `TensorFacts` of what the model declares; ``None`` if it declares nothing.

    Raises:
        SampleError: Names the first such layer, with its shapes.
    """
    layers = [] if _are_as_declared(inputs, specs) else _layers_alone(model)
    checking = _Checking(is_traced=isinstance(model, classes("Model")) and is_graph(model))
    try:
        with calls_wrapped(layers, checking.before):
            yield
    finally:
        if checking.refusal is not None:  # Keras makes another error of what is raised in a layer
            raise checking.refusal from None


def _are_as_declared(inputs: Nested, specs: Specs) -> bool:
    given, wanted = dict(leaves(inputs)), dict(leaves(specs))
    return given.keys() == wanted.keys() and all(given[at].shape[1:] == wanted[at].shape[1:] for at in given)


def _layers_alone(model: Model) -> list[tuple[str, Layer]]:
    """Name every layer that holds no other, and in graphs of Keras 3 every operation that is no layer."""
    walked = list(walk_layers(model))
    holding = {path[:end] for path, _ in walked for end, letter in enumerate(path) if letter == "/"} | {""}
    layers = [(path, layer) for path, layer in walked if path not in holding]
    known = {id(layer) for _, layer in walked}
    operations = (item for _, layer in walked for item in getattr(layer, "operations", ()))
    return layers + [(item.name, item) for item in operations if id(item) not in known]


class _Checking:
    """Looks at the shapes of each layer before it is called.

    A custom layer that does not tell its shape is traced alone, in graph models only: Keras has done that before, when
    the graph was made, while the ``call`` of a subclassed model may do anything.
    """

    def __init__(self, *, is_traced: bool) -> None:
        self.is_traced = is_traced
        self.refusal: SampleError | None = None
        self._is_busy = False
        self._passed: set[tuple[int, str]] = set()

    def before(self, path: str, layer: Layer) -> Callable[..., Any]:
        """Make what is called in place of a layer's ``call``."""
        call = layer.call

        @functools.wraps(call)
        def checked(*inputs: Any, **named: Any) -> Any:
            shapes = str([list(item.shape) for _, item in leaves(list(inputs)) if _is_tensor(item)])
            if not self._is_busy and (id(layer), shapes) not in self._passed:
                self._is_busy = True  # a layer that is traced is called for that
                try:
                    self.refusal = self._refused(path, layer, inputs, named)
                finally:
                    self._is_busy = False
                if self.refusal is not None:
                    raise self.refusal
                self._passed.add((id(layer), shapes))
            return call(*inputs, **named)

        return checked

    def _refused(self, path: str, layer: Layer, inputs: tuple[Any, ...], named: dict[str, Any]) -> SampleError | None:
        given = [tuple(item.shape) for _, item in leaves(list(inputs)) if _is_tensor(item)]
        is_told = _tells_shape(type(layer))
        if any(map(_is_empty, given)) or not (is_told or self.is_traced):
            return None
        try:
            shapes = _computed(layer, inputs, named, is_told=is_told)
        except Exception as error:  # noqa: BLE001 - code of the user's own, too; what is no matter of size, the run tells
            return _refusal(path, given, "would be empty") if _TOO_SMALL.search(str(error)) else None
        if any(map(_is_empty, shapes)) and not _is_empty(output_shape(layer) or ()):
            return _refusal(path, given, f"would be {_in_words(shapes)}")
        return None


def _refusal(path: str, given: list[tuple[int, ...]], found: str) -> SampleError:
    return SampleError(
        f"The sample is too small: the layer {path} is given {_in_words(given)}, and its output {found}.",
        f"Give a larger one with {option('sample')}.",
    )


def _in_words(shapes: Iterable[tuple[Any, ...]]) -> str:
    return ", ".join(str(list(shape)) for shape in shapes)


def _is_tensor(item: Any) -> bool:
    return hasattr(item, "shape") and hasattr(item, "dtype")


def _is_empty(shape: tuple[int | None, ...]) -> bool:
    return any(size is not None and size <= 0 for size in shape[1:])


def _computed(layer: Layer, inputs: tuple[Any, ...], named: dict[str, Any], *, is_told: bool) -> list[tuple[Any, ...]]:
    """Compute the shapes of a layer's outputs, as it tells them, else by tracing it.

    Raises:
        ValueError: Where Keras finds the size too small, among others.
    """
    keras = keras_of(layer)
    if dialect_of(layer) == KERAS_2:
        compute = layer.compute_output_shape if is_told else keras.layers.Layer.compute_output_shape.__get__(layer)
        shapes = compute(map_structure(lambda item: item.shape, inputs[0]))
        return [tuple(shape) for _, shape in leaves(shapes if isinstance(shapes, (list, dict)) else [shapes])]
    compute = layer.compute_output_spec if is_told else keras.Operation.compute_output_spec.__get__(layer)

    def spec(item: Any) -> Any:
        return keras.KerasTensor(item.shape, item.dtype.name) if _is_tensor(item) else item

    outputs = compute(*map_structure(spec, inputs), **map_structure(spec, named))
    return [tuple(item.shape) for _, item in leaves(outputs) if _is_tensor(item)]


def _tells_shape(kind: type) -> bool:
    """Say whether a class tells the shape of its output, and of the output that its own ``call`` makes.

    A class of the user's own that pads in its ``call`` inherits from Keras what is said of the one without.
    """
    teller, caller = _maker(kind, *_SHAPE), _maker(kind, "call")
    if teller in (*classes("layers.Layer"), *classes("Operation")):
        return False
    return is_of_keras(caller.__module__) or kind.__mro__.index(teller) <= kind.__mro__.index(caller)


def _maker(kind: type, *names: str) -> type:
    return next(base for base in kind.__mro__ if not vars(base).keys().isdisjoint(names))
