"""The ``h5`` format: one legacy HDF5 file, for tools that still need it; Sequential and functional models only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS, dialect_of, import_dialect, optimizer_variables
from colab_save.formats.base import Context
from colab_save.formats.keras import DEFINE, KerasFormat, lost_vocabulary
from colab_save.formats.operations import operations_in, operations_named, shared_name
from colab_save.hints import literal, option
from colab_save.model.compiling import is_built, trained_by
from colab_save.model.walking import is_graph
from colab_save.types import Json, Model
from colab_save.wording import translated

CONFIGS = ("model_config", "training_config")
"""The attributes with the configs of a model and of its compile arguments."""

ALIASES = ("mse", "mae", "mape", "msle", "kld", "bce")
"""Short names of losses and metrics that Keras writes to HDF5 and then cannot find again (docs/losses.md §6); `load`
adds one that Keras 2.2 had."""


class H5Format(KerasFormat):
    """Keras's legacy HDF5 file."""

    opening: ClassVar[str] = 'import {keras}\n\nmodel = {keras}.saving.load_model("model.h5")'

    def refusal(self, model: Model) -> str:
        """Refuse everything but functional and Sequential Keras models."""
        if reason := super().refusal(model):
            return reason
        if not is_graph(model):
            return "it holds Sequential and functional models only; a subclassed one needs keras"
        if name := shared_name(model):
            return f"it cannot tell the operation {name} from the layer {name}, which the model has, too; keras can"
        path = lost_vocabulary(model)
        return f"it cannot hold the vocabulary of {path}" if path else ""

    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.h5``, and say what Keras needs to open it where the model has operations on tensors."""
        notes = super().save(model, folder, sample, options)
        return (*notes, *_for_plain_keras(operations_in(model)))

    def load(self, path: Path, context: Context) -> Model:
        """Read it, compiled as it was; Keras gets short names of losses and operations, which it cannot find."""
        losses = import_dialect(context.dialect).losses
        known = {name: losses.get(name) for name in ALIASES} | {"cosine_proximity": losses.cosine_similarity}
        if context.dialect == KERAS:
            with translated(f"Keras could not open {path.name}", DEFINE):
                known |= operations_named(self.read_config(path))
        model = super().load(path, replace(context, custom_objects={**known, **context.custom_objects}))
        with translated(
            f"The optimizer in {path.name} could not be read",
            f"Load it with {option('verify', value=False)}, then compile it again.",
        ):
            _restore_optimizer(model, path)
        return model

    def read_config(self, file: Path) -> Json:
        """Return what is in the attributes of the file."""
        import h5py

        with h5py.File(file, "r") as opened:
            return {name: json.loads(opened.attrs[name]) for name in CONFIGS if name in opened.attrs}

    def write_config(self, file: Path, config: Json, target: Path) -> None:
        """Write the attributes of a copy."""
        import h5py

        if file != target:
            shutil.copyfile(file, target)
        with h5py.File(target, "r+") as opened:
            for name, value in config.items():
                opened.attrs[name] = json.dumps(value)


def _for_plain_keras(operations: Mapping[str, type]) -> tuple[str, ...]:
    """Return what Keras needs to open a file with operations on tensors without this package."""
    if not operations:
        return ()
    given = ", ".join(f'"{name}": {kind.__module__}.{name}' for name, kind in sorted(operations.items()))
    return (f"Keras alone opens the h5 file only with {literal(f'custom_objects={{{given}}}')}.",)


def _restore_optimizer(model: Model, path: Path) -> None:
    """Restore the optimizer's state from the file where Keras did not.

    Keras builds the optimizer for the model's direct variables only, and not for those of its layers; the moments do
    not fit then and are dropped with a warning, and without moments the first step raises an error
    (``keras/src/legacy/saving/legacy_h5_format.py``, Keras 3.13.2 and 3.15.1).
    """
    import h5py

    if getattr(model, "optimizer", None) is None:
        return
    with h5py.File(path, "r") as file:
        group = file.get("optimizer_weights")
        # More names than fit one attribute are spread over weight_names0, weight_names1, …
        parts = sorted((key for key in group.attrs if key.startswith("weight_names")), key=_chunk) if group else []
        values = [group[name][()] for part in parts for name in group.attrs[part]]
    if len(values) <= len(optimizer_variables(model.optimizer)) and not _is_for_others(model):
        return
    model.compile_from_config(model.get_compile_config())
    for variable, value in zip(model.optimizer.variables, values, strict=False):  # one that took no step has no moments
        variable.assign(value)


def _is_for_others(model: Model) -> bool:
    """Return whether the optimizer was built for other variables than those that the model trains."""
    if dialect_of(model) != KERAS or not is_built(model.optimizer):
        return False
    trained = trained_by(model.optimizer, model.trainable_variables)
    return trained is not None and len(trained) < len(model.trainable_variables)


def _chunk(attribute: str) -> int:
    return int(attribute.removeprefix("weight_names") or 0)
