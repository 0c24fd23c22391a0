"""Make the targets of a training step from a model's outputs and the losses that it is compiled with.

`stepping` tries them on the live model, the likeliest first: whole numbers in range, one-hot rows, bits, zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from colab_save.dialect import is_of_keras
from colab_save.nested import leaves, map_structure
from colab_save.types import Array, Model, Nested


def _zeros(output: Array) -> Array:
    import numpy as np

    return np.zeros(output.shape, "float32")


def _bits(output: Array) -> Array:
    import numpy as np

    return (np.arange(output.size) % 2).reshape(output.shape).astype("float32")


def _whole(output: Array) -> Array:
    """Return a class for each row; 0 is left out where there are others, since losses of text mask it."""
    import numpy as np

    shape, classes = output.shape[:-1], output.shape[-1] if output.ndim else 1
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return (numbers % max(classes - 1, 1) + (classes > 1)).astype("int32")


def _one_hot(output: Array) -> Array:
    import numpy as np

    return (
        np.eye(output.shape[-1], dtype="float32")[_whole(output) % output.shape[-1]] if output.ndim else _bits(output)
    )


def _labels(output: Array) -> Array:
    """Return one label for each sequence; 0 stands for none."""
    return _whole(output)[:, :1] * 0 + 1


KINDS: Mapping[str, Callable[[Array], Array]] = {
    "sparse": _whole,
    "ctc": _labels,
    "binary": _bits,
    "bce": _bits,
    "hinge": _bits,
    "dice": _bits,
    "tversky": _bits,
    "categorical": _one_hot,
    "cosine": _one_hot,
    "kl": _one_hot,
}
"""What a loss takes, by a word in its name; the first word counts. Any other takes numbers."""


def made_targets(model: Model, outputs: Nested) -> Iterator[Nested]:
    """Yield targets that the losses of a compiled model may take, the likeliest first.

    Args:
        model: The live model.
        outputs: Its outputs in nested arrays, for as many rows as the targets shall have.
    """
    if getattr(model, "loss", None) is None:  # it adds its own
        yield None
    named = [(where, _loss_of(model, where, index)) for index, (where, _) in enumerate(leaves(outputs))]
    places = {id(output): loss for (_, output), (_, loss) in zip(leaves(outputs), named, strict=True)}

    def target(output: Array, other: Callable[[Array], Array] | None) -> Array:
        loss = places[id(output)]
        return (_kind_of(loss) if other is None or _is_known(loss) else other)(output)

    kinds = (_zeros, _one_hot, _whole, _bits) if not all(_is_known(loss) for _, loss in named) else ()
    for kind in (None, *kinds):
        yield map_structure(partial(target, other=kind), outputs)


def _loss_of(model: Model, where: str, index: int) -> Any:
    """Return the loss of one output, by its place in the outputs; ``None`` if it has none."""
    loss = model.loss
    if isinstance(loss, Mapping):
        names = [where.strip("[]'\""), *list(getattr(model, "output_names", None) or ())[index : index + 1]]
        return next((loss[name] for name in names if name in loss), None)
    if isinstance(loss, Sequence) and not isinstance(loss, str):
        return loss[index] if index < len(loss) else None
    return loss


def _name_of(loss: Any) -> str:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return name.lower()


def _kind_of(loss: Any) -> Callable[[Array], Array]:
    name = _name_of(loss)
    return next((kind for word, kind in KINDS.items() if word in name), _zeros)


def _is_known(loss: Any) -> bool:
    """Return whether Keras's own loss is what its name says; a function of the user's may take anything."""
    return loss is None or isinstance(loss, str) or is_of_keras(str(getattr(loss, "__module__", "")))
