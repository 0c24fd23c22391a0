"""The variables that a payload does not bring back as they are: write them beside it, and restore them after a load.

Keras writes the kernel of a layer with LoRA adapters merged with them, and the adapters as zeros: the answers are the
same, and the adapters have no gradient any more (docs/losses.md §5; ``save_own_variables`` in ``keras/src/layers``,
Keras 3.13.2 and 3.15.1). ``saving/staging.py`` calls `write_state`; the fresh process and ``loading/opening.py`` call
`restore_state` once the model is repaired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from colab_save.artifact.layout import STATE
from colab_save.dialect import is_numbered, optimizer_variables, value_of
from colab_save.errors import DamagedFileError
from colab_save.model.compiling import is_legacy, optimizers_of
from colab_save.model.walking import walk_layers, walk_variables
from colab_save.types import Array, Layer, Model, Optimizer, Variable
from colab_save.wording import first_line

PATHS = "paths"
"""The array with the paths; the variables are in arrays named by their positions in it."""


def has_adapters(layer: Layer) -> bool:
    """Return whether LoRA is enabled in one of Keras's layers."""
    return bool(getattr(layer, "lora_enabled", False))


def adapted_paths(model: Model) -> tuple[str, ...]:
    """Return the paths of the weights of all layers with LoRA adapters."""
    found = {id(item) for _, layer in walk_layers(model) if has_adapters(layer) for item in layer.variables}
    return tuple(path for path, variable in walk_variables(model) if id(variable) in found)


def unwritten_paths(model: Model) -> tuple[str, ...]:
    """Return the paths of the variables of optimizers that no payload has: see `walk_optimizers`."""
    return tuple(
        f"{name}/{index}{_role(variable.name)}"
        for name, optimizer in optimizers_of(model)
        for index, variable in enumerate(_variables(optimizer))
        if is_legacy(optimizer) or name.endswith("]") or index >= len(optimizer_variables(optimizer))
    )


def walk_optimizers(model: Model) -> Iterator[tuple[str, Variable]]:
    """Yield the variables of all optimizers by position: their names hold layer names, which drift."""
    for name, optimizer in optimizers_of(model):
        for index, variable in enumerate(_variables(optimizer)):
            yield f"{name}/{index}{_role(variable.name)}", variable


def _variables(optimizer: Optimizer) -> list[Variable]:
    """Return the variables of an optimizer, then those of the loss scale in tf_keras, which no optimizer lists.

    It reads a private attribute, since no public one has both of them
    (``tf_keras/src/mixed_precision/loss_scale_optimizer.py``, 2.20 and 2.21).
    """
    scale: Any = getattr(optimizer, "_loss_scale", None)
    of_scale = [scale.current_loss_scale, scale.counter] if hasattr(scale, "current_loss_scale") else []
    return [*optimizer_variables(optimizer), *of_scale]


def _role(name: str) -> str:
    """Return the role of a variable in its optimizer; empty for tf_keras, whose names differ after loading.

    One that its optimizer does not name, as Nadam's product, Keras numbers in each process.
    """
    role = "variable" if is_numbered("variable", name) else name.rsplit("_", 1)[-1]
    return "" if ":" in name else f"/{role}"


def write_state(folder: Path, model: Model, paths: Collection[str]) -> None:
    """Write variables of a model to the state file of a folder; nothing where there are none.

    Args:
        folder: The folder with the payload.
        model: A live model.
        paths: The variables, by the paths of `walk_variables` and `walk_optimizers`.
    """
    import numpy as np

    if not paths:
        return
    known = {**dict(walk_variables(model)), **dict(walk_optimizers(model))}
    held = ((path, value_of(known[path])) for path in paths if path in known)
    values = {path: value for path, value in held if value.dtype != object}
    # NumPy writes bfloat16 as bytes of no type; float32 holds each value exactly
    plain = [value.astype("float32") if value.dtype.isbuiltin == 2 else value for value in values.values()]
    arrays = {str(index): value for index, value in enumerate(plain)}
    np.savez(folder / STATE, **{PATHS: np.array(list(values), dtype="U"), **arrays})


def restore_state(model: Model, file: Path, *, is_trained: bool = True) -> tuple[str, ...]:
    """Assign the variables in a state file to those of the same path and shape; the comparison finds what is missing.

    Args:
        model: A Keras model, loaded and repaired.
        file: The file, which need not exist. Of a foreign artifact it has been inspected.
        is_trained: The variables of optimizers are restored, too.

    Returns:
        What was restored, in one sentence; nothing without a file.

    Raises:
        DamagedFileError: It is not what `write_state` writes.
    """
    if not file.is_file():
        return ()
    known = {**dict(walk_variables(model)), **(dict(walk_optimizers(model)) if is_trained else {})}
    count = sum(_restore(known[path], value) for path, value in _read(file) if path in known)
    return (f"Keras does not write all variables as they are; restored from {STATE}: {count}.",) if count else ()


def _restore(variable: Variable, value: Array) -> bool:
    """Assign a value, and return whether it fits."""
    before = value_of(variable)
    if before.shape != value.shape:
        return False
    variable.assign(value.astype(before.dtype))
    return True


def _read(file: Path) -> Iterator[tuple[str, Array]]:
    import numpy as np

    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for index, path in enumerate(arrays[PATHS].tolist()):
                yield str(path), arrays[str(index)]
    except Exception as error:  # damaged archives raise all kinds of errors in zipfile, zlib, struct and NumPy
        raise DamagedFileError(f"{file.name} cannot be read ({first_line(error)}).", "Load another version.") from error
