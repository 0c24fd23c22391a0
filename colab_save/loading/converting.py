"""Rebuild a Keras 2 model with Keras 3, and return it only if both have equal outputs for a sample.

`opening` calls `convert` for the option of that name. Layers are rebuilt from their configs, called as they were, and
given their weights; `translating` translates the configs. Arguments that Keras 3 does not know are left out and named
in a note; the comparison of outputs shows whether they mattered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from colab_save.artifact.facts import coarsest
from colab_save.dialect import KERAS_2, dialect_of, is_compiled, is_functional, nodes_of
from colab_save.errors import ColabSaveError, FormatError
from colab_save.loading.translating import HINT, compile_arguments, layer_arguments, operation
from colab_save.model.walking import walk_layers
from colab_save.nested import leaves, map_structure
from colab_save.proof.tolerances import compare_outputs
from colab_save.quieting import quiet
from colab_save.sampling.running import run_as, run_keras
from colab_save.sampling.sampling import take_sample
from colab_save.types import Layer, Model, Tensor
from colab_save.wording import first_line, reason_of


@dataclass(frozen=True, slots=True)
class Converted:
    """A model rebuilt with Keras 3 whose outputs equal those of the Keras 2 model.

    Attributes:
        model: The new model.
        difference: The largest absolute difference between their outputs for the sample.
        notes: What was left out, one sentence each.
    """

    model: Model
    difference: float
    notes: tuple[str, ...]


def convert(model: Model) -> Converted:
    """Rebuild a functional or Sequential model of ``tf_keras`` with Keras 3.

    Raises:
        FormatError: It cannot be rebuilt, or the outputs of the new model differ.
    """
    if dialect_of(model) != KERAS_2 or not is_functional(model):
        raise FormatError(
            f"{_named(model)} cannot be converted: it is not a functional or Sequential model of Keras 2 with known "
            "inputs.",
            HINT,
        )
    rebuilding = _Rebuilding()
    try:
        with quiet():
            made = rebuilding.model(model)
            rebuilding.copy_weights()
            difference = _proven(model, made)
            notes = rebuilding.notes + compile_as(made, model)
    except ColabSaveError:
        raise
    except Exception as error:  # with configs of other versions and Lambda functions, Keras may raise anything
        raise FormatError(f"{_named(model)} could not be rebuilt with Keras 3 ({first_line(error)}).", HINT) from error
    return Converted(made, difference, tuple(notes))


def _proven(model: Model, made: Model) -> float:
    """Compare the outputs of both models.

    Returns:
        The largest absolute difference.

    Raises:
        FormatError: They differ, or the model is random, or accepts no sample.
    """
    sample = take_sample(model, None, run_keras)
    if sample.missing:
        raise FormatError(f"No conversion of {_named(model)} can be proven. {sample.missing.references[0]}", HINT)
    actual = run_as(run_keras, made, sample.inputs, is_seeded=sample.is_seeded)
    if sample.is_random:
        raise FormatError(f"{_named(model)} is random at inference, so no conversion of it can be proven.", HINT)
    precision = coarsest(*(str(layer.compute_dtype) for _, layer in walk_layers(model)))
    errors, found = compare_outputs(sample.outputs, actual, None, None, precision)
    if found:
        raise FormatError(f"The outputs of the converted model differ from those of {_named(model)}: {found[0]}.", HINT)
    return max((error.absolute for error in errors), default=0.0)


@dataclass(slots=True)
class _Rebuilding:
    """One conversion: the new layer for each old one.

    Attributes:
        layers: The new layer and the old one, by the old one's id.
        notes: What was left out.
    """

    layers: dict[int, tuple[Layer, Layer]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def model(self, old: Model) -> Model:
        """Rebuild a functional or Sequential model, and the models nested in it."""
        import keras
        import tf_keras

        tensors = {id(tensor): self._input(tensor) for tensor in old.inputs}
        if isinstance(old, tf_keras.Sequential):
            return keras.Sequential([*tensors.values(), *map(self.layer, old.layers)], name=old.name)
        for layer, node in nodes_of(old):
            if not node.is_input:
                self._call(layer, node, tensors)
        nested = [map_structure(lambda item: tensors[id(item)], end) for end in (old.input, old.output)]
        return keras.Model(*nested, name=old.name)

    def _input(self, tensor: Tensor) -> Tensor:
        import keras

        shape, dtype = tuple(tensor.shape), tensor.dtype.name
        return keras.Input(shape=shape[1:], batch_size=shape[0], dtype=dtype, name=tensor.node.layer.name)

    def _call(self, layer: Layer, node: Any, tensors: dict[int, Tensor]) -> None:
        """Call the new layer as the old one was called."""

        def given(item: Any) -> Any:
            return tensors.get(id(item), item)

        args, kwargs = map_structure(given, list(node.call_args)), map_structure(given, dict(node.call_kwargs))
        function = operation(layer)
        answer = function(*args, **kwargs) if function else self.layer(layer)(*args, **kwargs)
        pairs = zip(leaves(node.outputs), leaves(answer), strict=True)
        tensors.update((id(before), after) for (_, before), (_, after) in pairs)

    def layer(self, old: Layer) -> Layer:
        """Return the new layer for an old one, rebuilt once."""
        if id(old) not in self.layers:
            if is_functional(old):
                made = self.model(old)
            else:
                make, arguments, dropped = layer_arguments(old)
                made = make(**arguments)
                self.notes += [f"{old.name}: Keras 3 has no {name}; it was left out." for name in dropped]
            self.layers[id(old)] = (made, old)
        return self.layers[id(old)][0]

    def copy_weights(self) -> None:
        """Copy the weights of each old layer to the new one, by position; models have none besides their layers'."""
        for made, old in self.layers.values():
            made.trainable = old.trainable
            if not is_functional(old):
                _copy_weights(made, old)


def _copy_weights(made: Layer, old: Layer) -> None:
    if hasattr(old, "get_vocabulary"):
        made.set_vocabulary(old.get_vocabulary())
        return
    values = old.get_weights()
    if hasattr(made, "adapt_mean"):  # Keras 2 also stores how many rows it has seen
        values = values[: len(made.weights)]
    before, after = [value.shape for value in values], [tuple(weight.shape) for weight in made.weights]
    if before != after:
        raise FormatError(f"The weights of {old.name} have the shapes {before}, but Keras 3 expects {after}.", HINT)
    made.set_weights(values)
    if hasattr(made, "adapt_mean"):
        made.finalize_state()


def compile_as(made: Model, old: Model) -> list[str]:
    """Compile the new model like the old one, as far as Keras 3 can.

    Returns:
        What could not be converted, one sentence each.
    """
    if not is_compiled(old):
        return []
    try:
        arguments, notes = compile_arguments(old)
        made.compile(**arguments)
    except Exception as error:  # noqa: BLE001 - a custom loss may fail in any way, and the model predicts without it
        return [f"The model is not compiled: {reason_of(error)}."]
    if steps := int(old.optimizer.iterations.numpy()):
        notes.append(f"The optimizer starts from scratch: its state after {steps} steps was not converted.")
    return notes


def _named(model: Model) -> str:
    return f"{type(model).__name__} {getattr(model, 'name', '')!r}"
