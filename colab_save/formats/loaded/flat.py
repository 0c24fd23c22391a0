"""A loaded file whose inputs and outputs are flat and named: a callable with ``predict``.

Such a file does not say how the saved model nested them. A nesting that was saved with it does; without one, a single
input or output stands alone and several are a dict.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.errors import RequestError
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.types import Array, Json, Nested, Variable


class FlatModel(ABC):
    """A loaded program with flat inputs and outputs: call it, or ``predict`` with it.

    Attributes:
        program: What runs it.
        inputs: The inputs by name.
        outputs: The outputs by name.
    """

    def __init__(
        self, program: Any, inputs: Mapping[str, TensorFacts], outputs: Mapping[str, TensorFacts], nesting: Json = None
    ) -> None:
        self.program = program
        self.inputs, self.outputs = dict(inputs), dict(outputs)
        known = nesting if isinstance(nesting, Mapping) else {}
        self._takes, self._gives = (_nested(known.get(key), getattr(self, key)) for key in ("inputs", "outputs"))

    @abstractmethod
    def run(self, arrays: Mapping[str, Array]) -> dict[str, Any]:
        """Run the program on arrays by input name, of its dtypes and shapes; return values by output name."""

    @property
    def variables(self) -> list[Variable]:
        """Return an empty list: the weights are constants of the program."""
        return []

    def __call__(self, *inputs: Nested, **named: Nested) -> Nested:
        """Run it on nested arrays, or on arrays by input name; numbers are cast to the dtypes of the inputs.

        Raises:
            RequestError: The arrays do not fit the inputs.
            FormatError: The program failed.
        """
        return self._answer([self._arrays(*inputs, **named)])

    def predict(self, inputs: Nested, batch_size: int = 32, verbose: object = None) -> Nested:
        """Run it on many rows in batches, as ``keras.Model.predict`` does.

        Args:
            inputs: Nested arrays, batch axis first, or a `tf.data.Dataset` of batches.
            batch_size: Rows per call, if the program takes any number. Default: 32.
            verbose: Accepted because Keras has it; there is no progress bar.

        Returns:
            Nested arrays.
        """
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is not None and isinstance(inputs, tensorflow.data.Dataset):
            return self._answer([self._arrays(item[0] if isinstance(item, tuple) else item) for item in inputs])
        arrays = self._arrays(inputs)
        rows = min((len(item) for item in arrays.values() if _has_rows(item)), default=0)
        size = next((facts.shape[0] for facts in self.inputs.values() if facts.shape), None) or batch_size
        cut = [
            {name: item[at : at + size] if _has_rows(item) else item for name, item in arrays.items()}
            for at in range(0, max(rows, 1), size)
        ]
        return self._answer(cut)

    def _answer(self, batches: list[dict[str, Any]]) -> Nested:
        for name, facts in self.inputs.items():
            for batch in batches:
                _check_shape(facts, batch[name])
        answers = [self.run(batch) for batch in batches]
        joined = {name: _joined([answer[name] for answer in answers]) for name in self.outputs}
        return map_structure(lambda name: joined[name], self._gives)

    def _arrays(self, *inputs: Nested, **named: Nested) -> dict[str, Any]:
        """Match what the user passed with the inputs, by name, nesting or position."""
        given: Nested = inputs[0] if len(inputs) == 1 else inputs
        if named:
            given = {**{str(at): item for at, item in enumerate(inputs)}, **named}
        wanted = self.inputs
        if isinstance(given, Mapping) and given.keys() == wanted.keys():
            return {name: _cast(facts, given[name]) for name, facts in wanted.items()}
        if len(wanted) == 1 and not isinstance(given, Mapping):
            is_wrapped = isinstance(given, (list, tuple)) and len(given) == 1 and hasattr(given[0], "shape")
            return {name: _cast(facts, given[0] if is_wrapped else given) for name, facts in wanted.items()}
        places, found = dict(leaves(self._takes)), dict(leaves(given))
        if places.keys() == found.keys():
            return {name: _cast(wanted[name], found[place]) for place, name in places.items()}
        order = [*wanted] if isinstance(self._takes, Mapping) else [*places.values()]
        if isinstance(given, (list, tuple)) and len(given) == len(order):
            return {name: _cast(wanted[name], item) for name, item in zip(order, given, strict=True)}
        names = ", ".join(map(str, given)) if isinstance(given, Mapping) else f"{len(found)} arrays" if found else ""
        raise RequestError(
            f"The model takes {', '.join(map(_in_words, wanted.values()))}; it was given {names or 'nothing'}.",
            "Pass a dict with these names, or keyword arguments.",
        )

    def __repr__(self) -> str:
        """Show the inputs and outputs."""
        takes, gives = (", ".join(map(_in_words, found.values())) for found in (self.inputs, self.outputs))
        return f"<{type(self).__name__} from {takes or 'nothing'} to {gives}>"


def _nested(saved: Nested, found: Mapping[str, TensorFacts]) -> Nested:
    """Nest the names as was saved, if that names exactly what there is: a file from elsewhere may say anything."""
    names = [name for _, name in leaves(saved)]
    if found and all(isinstance(name, str) for name in names) and sorted(names) == sorted(found):
        return saved
    return next(iter(found)) if len(found) == 1 else {name: name for name in found}


def _in_words(facts: TensorFacts) -> str:
    sizes = ", ".join("?" if size is None else str(size) for size in facts.shape)
    return f"{facts.name} ({facts.dtype} [{sizes}])"


def _cast(facts: TensorFacts, item: Any) -> Any:
    """Cast numbers to the dtype of an input and encode texts; the value of an input that is not a tensor is unchanged.

    Raises:
        RequestError: It is text and the input takes numbers, or the other way round.
    """
    import numpy as np

    if not _is_tensor(facts):
        return item
    array = np.asarray(item)
    is_text = array.dtype.kind in "OSU"
    if is_text != (facts.dtype == "string"):
        raise RequestError(
            f"The model takes {_in_words(facts)}; it was given {array.dtype.name} {list(array.shape)}.",
            "Pass texts." if not is_text else "Pass numbers.",
        )
    if not is_text:
        return array.astype(numpy_dtype(facts.dtype), copy=False)
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in array.ravel().tolist()]
    return np.array(texts, dtype=object).reshape(array.shape)


def _check_shape(facts: TensorFacts, array: Any) -> None:
    """Refuse an array of another rank, or of another size along a fixed axis."""
    wanted = facts.shape
    if not _is_tensor(facts):
        return
    if len(wanted) != array.ndim or any(size not in {None, got} for size, got in zip(wanted, array.shape, strict=True)):
        raise RequestError(
            f"The model takes {_in_words(facts)}; it was given {array.dtype.name} {list(array.shape)}.",
            "Pass an array of that shape; ? stands for any size.",
        )


def _is_tensor(facts: TensorFacts) -> bool:
    """Return whether an input is a tensor: ONNX also has lists and maps, whose dtype here is their whole type."""
    return "(" not in facts.dtype


def _joined(answers: list[Any]) -> Any:
    """Join the outputs of several batches: arrays by rows, lists end to end; of anything else, take the first."""
    import numpy as np

    if isinstance(answers[0], list):
        return [item for answer in answers for item in answer]
    return np.concatenate(answers) if _has_rows(answers[0]) else answers[0]


def _has_rows(item: Any) -> bool:
    return bool(getattr(item, "ndim", 0))
