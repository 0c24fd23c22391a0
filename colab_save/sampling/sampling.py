"""Make the sample that a round trip feeds: from the user's sample, or else from the model's input specs.

``saving/examining.py`` calls `take_sample` for each model; the outputs of the live model are part of the sample. The
model runs in inference mode, and the state that a run changes (seeds, stateful layers) is restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.artifact.sample import TRAINING, Pass, Sample
from colab_save.dialect import classes
from colab_save.errors import SampleError, UnbuiltModelError
from colab_save.hints import option
from colab_save.model.walking import own_attributes
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.sampling.candidates import candidates
from colab_save.sampling.running import Run, arguments_of, is_same, record_outputs, run_as, run_keras, run_pass
from colab_save.sampling.sizes import sizes_checked
from colab_save.sampling.specs import declared_inputs
from colab_save.types import Array, Model, Nested, Specs
from colab_save.wording import first_line

MOST_ROWS = 32
"""The largest number of rows of the user's sample that the artifact holds."""


def take_sample(model: Model, given: Any, run: Run, specs: Specs = None) -> Sample:
    """Make the sample of a model, with the outputs of the live model.

    Args:
        model: The live model; a given sample builds an unbuilt Keras model.
        given: Arrays, tensors, dicts, a `tf.data` dataset or a DataFrame; ``None`` makes one from the input specs.
        run: How a format runs a model: nested arrays in, nested arrays out.
        specs: Nested `TensorFacts` of the inputs, where they are known without Keras.

    Raises:
        SampleError: The model does not accept the given sample, or any that was made from its input specs.
        UnbuiltModelError: The model has no weights yet and no sample was given.
    """
    specs = specs if specs is not None else declared_inputs(model)
    if given is not None:
        inputs = read_sample(given)
        if isinstance(inputs, tuple) and hasattr(model, "call") and len(inputs) > len(arguments_of(model)):
            inputs = list(inputs)  # a single nested argument
        try:
            inputs = fit(inputs, specs)
            fits = specs is not None and [at for at, _ in leaves(specs)] == [at for at, _ in leaves(inputs)]
            with sizes_checked(model, inputs, specs):
                return record_outputs(model, inputs, specs if fits else describe(inputs), run)
        except SampleError:
            raise
        except Exception as error:  # the user's model may raise anything
            raise SampleError(
                f"The model did not accept the sample ({first_line(error)}).",
                f"It was {_in_words(inputs)}; pass with {option('sample')} what you would pass to model.predict().",
            ) from error
    return _derive(model, specs, run)


def samples_by_part(given: Any, models: Mapping[str, Model]) -> Mapping[str, Any]:
    """Return the sample of each model by its name; a single model takes the whole sample.

    Raises:
        SampleError: The sample of several models is not a dict by their names.
    """
    if given is None or len(models) == 1:
        name = next(iter(models))
        is_named = isinstance(given, Mapping) and bool(name) and set(given) == {name}
        return given if is_named else {name: given} if given is not None else {}
    if not isinstance(given, Mapping) or not given.keys() <= models.keys():
        named = f"{{'{next(iter(models))}': x[:4]}}"
        raise SampleError(
            f"There are {len(models)} models, and the sample does not say which of them it is for.",
            f"Pass a dict by name, such as {option('sample', named)}; the names are {', '.join(models)}.",
        )
    return given


def take_passes(model: Model, sample: Sample) -> Sample:
    """Add to a sample the other forward passes of a Keras model, with the live model's outputs.

    These are the one in training mode, where its outputs differ, and each public sub-model in an attribute. A pass that
    fails in the live model is left out: a save cannot lose it.
    """
    keras_model = classes("Model")
    if not isinstance(model, keras_model):
        return sample
    parts = [name for name, item in own_attributes(model) if isinstance(item, keras_model) and name in vars(model)]
    found = [_take_pass(model, sample, name) for name in (TRAINING, *parts)]
    return replace(sample, passes=tuple(each for each in found if each is not None))


def _take_pass(model: Model, sample: Sample, name: str) -> Pass | None:
    def run(model: Model, inputs: Nested) -> Nested:
        return run_pass(model, name, inputs)

    try:
        if name == TRAINING:
            inputs = sample.inputs
            first, second = (run_as(run, model, inputs, is_seeded=True) for _ in range(2))
            is_new = not is_same(first, sample.outputs)
            return Pass(name, None, first, not is_same(first, second)) if is_new else None
        alone = take_sample(getattr(model, name), None, run_keras)
    except Exception:  # noqa: BLE001 - the user's own code may raise anything when it is called in an unusual way
        return None
    return Pass(name, alone.inputs, alone.outputs, alone.is_random or alone.is_seeded)


def _derive(model: Model, specs: Specs, run: Run) -> Sample:
    if specs is None:
        raise UnbuiltModelError(
            f"The model {getattr(model, 'name', type(model).__name__)!r} has no weights and no known inputs yet.",
            f"Call it once on data, or pass some: {option('sample', 'x_train[:4]')}.",
        )
    refusals = []
    for inputs in candidates(model, specs):
        try:
            with sizes_checked(model, inputs, specs):
                return record_outputs(model, inputs, specs, run)
        except Exception as error:  # noqa: BLE001 - a candidate that does not fit may raise anything; the next one is tried
            refusals.append(f"{_in_words(inputs)}: {first_line(error)}")
    raise SampleError(
        f"The model accepts none of the samples made from its input specs; the first failed ({refusals[0]}).",
        f"Pass one that it accepts, such as {option('sample', 'x_test[:4]')}.",
    )


def describe(inputs: Nested) -> Specs:
    """Return the specs of arrays: their dtype, their shape with a free batch axis, and a name from their place."""
    named = {id(item): where for where, item in leaves(inputs)}

    def spec(item: Array) -> TensorFacts:
        name = "".join(letter if letter.isalnum() else "_" for letter in named[id(item)]).strip("_") or "inputs"
        dtype = "string" if item.dtype.kind in "OSU" else item.dtype.name
        shape = (None, *item.shape[1:]) if item.ndim else ()
        return TensorFacts(name if not name[0].isdigit() else f"inputs_{name}", shape, dtype)

    return map_structure(spec, inputs)


def read_sample(given: Any) -> Nested:
    """Return the user's sample as nested arrays of at most `MOST_ROWS` rows."""
    import sys

    import numpy as np

    tensorflow = sys.modules.get("tensorflow")
    pandas = sys.modules.get("pandas")
    if tensorflow is not None and isinstance(given, tensorflow.data.Dataset):
        element = next(iter(given))
        given = element[0] if isinstance(element, tuple) and len(element) in (2, 3) else element
    if pandas is not None and isinstance(given, pandas.DataFrame):
        given = {str(name): column.to_numpy() for name, column in given.items()}
    if isinstance(given, list) and given and not any(hasattr(item, "shape") for item in given):
        given = np.asarray(given)  # rows typed by hand
    return map_structure(_first_rows, given)


def _first_rows(item: Any) -> Array:
    import numpy as np

    array = np.asarray(item)
    if array.dtype.kind in "US":
        array = array.astype(object)
    return array[:MOST_ROWS] if array.ndim else array


def fit(inputs: Nested, specs: Specs) -> Nested:
    """Return arrays with the dtypes that the model declares, and columns of a table with the shape of its inputs."""
    import numpy as np

    if isinstance(inputs, Mapping) and isinstance(specs, TensorFacts):  # a DataFrame for a model with one input
        inputs = np.stack([np.asarray(column) for column in inputs.values()], axis=-1)
    if isinstance(inputs, Mapping) and isinstance(specs, Mapping) and specs.keys() <= inputs.keys():
        return {key: fit(inputs[key], spec) for key, spec in specs.items()}
    if isinstance(inputs, (list, tuple)) and isinstance(specs, (list, tuple)) and len(inputs) == len(specs):
        return type(specs)(fit(item, spec) for item, spec in zip(inputs, specs, strict=True))
    if not isinstance(specs, TensorFacts) or not hasattr(inputs, "dtype"):
        return inputs
    if len(specs.shape) == inputs.ndim + 1 and specs.shape[-1] == 1:
        inputs = inputs[..., None]
    return inputs if specs.dtype == "string" or inputs.dtype.kind in "OSUV" else inputs.astype(numpy_dtype(specs.dtype))


def _in_words(inputs: Nested) -> str:
    return ", ".join(f"{item.dtype} {list(item.shape)}" for _, item in leaves(inputs)) or "nothing"
