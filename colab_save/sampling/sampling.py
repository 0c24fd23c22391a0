"""Take the sample that a round trip feeds: the user's, or one that the notebook holds, or one made from input specs.

``saving/examining.py`` calls `take_sample` for each model; the outputs of the live model are part of the sample. The
model runs in inference mode, and is afterwards as it was.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from colab_save.artifact.composites import Composite
from colab_save.artifact.sample import BY_DEFAULT, TRAINING, Pass, Sample
from colab_save.dialect import classes, is_trackable
from colab_save.errors import ColabSaveError, SampleError, UnbuiltModelError
from colab_save.hints import option
from colab_save.memory import is_out_of_memory
from colab_save.model.walking import own_attributes, walk_variables
from colab_save.nested import leaves
from colab_save.sampling.candidates import candidates
from colab_save.sampling.matching import is_symbolic
from colab_save.sampling.notebook import NO_NOTEBOOK, Notebook, found_in
from colab_save.sampling.placing import devices_noted
from colab_save.sampling.reading import (
    MOST_ROWS,
    belong_together,
    describe,
    first_rows,
    fit,
    in_words,
    rows_of,
    typed,
    values_of,
)
from colab_save.sampling.running import (
    MODES,
    Run,
    arguments_of,
    is_same,
    is_without_call,
    may_not_infer,
    record_outputs,
    run_as,
    run_keras,
    run_pass,
)
from colab_save.sampling.sizes import sizes_checked
from colab_save.sampling.specs import declared_inputs, declares_dtypes
from colab_save.secrecy import secret_within
from colab_save.types import Model, Nested, Specs
from colab_save.wording import first_line

MOST_SECONDS = 20.0
"""Seconds after which no further sample is made for a model that has accepted none."""

MOST_ACCEPTED = 8
"""The most samples with NaN in their outputs that are made in search of one without."""


def take_sample(model: Model, given: Any, run: Run, specs: Specs = None, notebook: Notebook = NO_NOTEBOOK) -> Sample:
    """Make the sample of a model, with the outputs of the live model.

    Args:
        model: The live model.
        given: Arrays, tensors, dicts, a `tf.data` dataset or a DataFrame; ``None`` finds or makes a sample.
        run: How a format runs a model: nested arrays in, nested arrays out.
        specs: Nested `TensorFacts` of the inputs, where they are known without Keras.
        notebook: Where a sample is looked for before one is made.

    Returns:
        The sample; without inputs, but with the reason, if the model is not built yet, or if none was given and none is
        known that the model accepts.

    Raises:
        SampleError: The model does not accept the given sample.
    """
    specs = specs if specs is not None else declared_inputs(model)
    if given is not None:
        return _given(model, given, run, specs)
    if is_without_call(model):
        reason = f"The class {type(model).__name__} has no call()."
        return _none(SampleError(reason, "Define one to have its outputs compared."))
    if sample := _found(model, run, specs, notebook):
        return sample
    if specs is None:
        return _unknown(model)
    return _made(model, run, specs)


def _given(model: Model, given: Any, run: Run, specs: Specs) -> Sample:
    values, inputs = _read(given)
    errors: list[Exception] = []
    for rows in (MOST_ROWS, None) if belong_together(values) else (MOST_ROWS,):
        try:
            sample = _accepted(model, first_rows(values, rows), run, specs)
        except UnbuiltModelError as error:
            return _none(error)
        except Exception as error:  # noqa: BLE001 - the user's model may raise anything
            errors.append(error)
            continue
        if _holds_secret(sample):
            raise SampleError(
                "A text of the sample looks like a secret, which is written into no artifact.",
                f"Pass other rows with {option('sample')}.",
            )
        return sample
    if isinstance(errors[0], SampleError):
        raise errors[0]
    raise SampleError(
        f"The model did not accept the sample ({first_line(errors[0])}).",
        f"It was {in_words(inputs)}; pass with {option('sample')} what you would pass to model.predict().",
    ) from errors[0]


def _read(given: Any) -> tuple[Nested, Nested]:
    """Return the values of a given sample, and its first rows as nested arrays.

    Raises:
        SampleError: They have no values, as what ``keras.Input`` returns, or reading them raises something.
    """
    hint = f"Pass with {option('sample')} what you would pass to model.predict(), such as x_test[:4]."
    try:
        values = values_of(given)
        is_data = not any(is_symbolic(item) for _, item in leaves(values))
        inputs = first_rows(values, MOST_ROWS) if is_data else None
    except Exception as error:  # a dataset runs code of the user's
        what = f"The sample, of class {type(given).__name__}, has no values that could be read ({first_line(error)})."
        raise SampleError(what, hint) from error
    if not is_data:
        raise SampleError("The sample is symbolic, as what keras.Input() returns: it has a shape and no values.", hint)
    return values, inputs


def _found(model: Model, run: Run, specs: Specs, notebook: Notebook) -> Sample | None:
    """Return a sample that the notebook holds; ``None`` if it has none that the model accepts."""
    for found in found_in(notebook, model, specs):
        for rows in (rows_of(specs), None):
            try:
                sample = _accepted(model, found.read(rows), run, specs)
                if _tells(sample) and not _holds_secret(sample):
                    return replace(sample, source=found.source)
            except UnbuiltModelError as error:
                return _none(error)
            except Exception:  # noqa: BLE001, S112 - what the notebook holds may not fit, and raise anything
                continue
    return None


def _made(model: Model, run: Run, specs: Specs) -> Sample:
    first, began = "", time.monotonic()
    accepted: list[Sample] = []
    for inputs in candidates(model, specs):
        try:
            accepted.append(_recorded(model, inputs, specs, run))
        except Exception as error:  # noqa: BLE001 - a sample that does not fit may raise anything; the next one is tried
            first = first or f"{in_words(inputs)}: {first_line(error)}"
            if is_out_of_memory(error):  # the next one may be larger
                break
        is_found = len(accepted) == MOST_ACCEPTED or any(map(_tells, accepted))
        if is_found or time.monotonic() - began > MOST_SECONDS:
            break
    if accepted:
        return next(filter(_tells, accepted), accepted[0])
    reason = f"The model accepts none of the samples made from its input specs; the first failed ({first})."
    return _none(SampleError(reason, f"Pass one that it accepts, such as {option('sample', 'x_test[:4]')}."))


def _tells(sample: Sample) -> bool:
    """Return whether the outputs of a sample could show a difference: NaN is equal to NaN, whatever it comes from."""
    import numpy as np

    numbers = (item for _, item in leaves(sample.outputs) if item.dtype.kind in "fc" or item.dtype.isbuiltin == 2)
    return not any(np.isnan(item).any() for item in numbers)


def _holds_secret(sample: Sample) -> bool:
    """Return whether a text of a sample, or of what the model answers to it, looks like a secret."""
    items = [item for _, item in (*leaves(sample.inputs), *leaves(sample.outputs))]
    arrays = [each for item in items for each in (item.arrays.values() if isinstance(item, Composite) else [item])]
    return any(secret_within("", array) for array in arrays)


def _accepted(model: Model, inputs: Nested, run: Run, specs: Specs) -> Sample:
    """Return the sample of inputs that the model accepts; others raise what the model raises."""
    if isinstance(inputs, tuple) and hasattr(model, "call") and len(inputs) > len(arguments_of(model)):
        inputs = list(inputs)  # a single nested argument
    run, own = partial(_run_built, run), fit(inputs, specs, is_declared=declares_dtypes(model))
    try:
        return _recorded(model, own, specs, run)
    except UnbuiltModelError:
        raise
    except Exception:
        cast = fit(inputs, specs)
        if _dtypes(cast) == _dtypes(own):
            raise
        return _recorded(model, cast, specs, run)


def _recorded(model: Model, inputs: Nested, specs: Specs, run: Run) -> Sample:
    fits = specs is not None and [at for at, _ in leaves(specs)] == [at for at, _ in leaves(inputs)]
    with sizes_checked(model, inputs, specs), devices_noted(model) as noted:
        sample = record_outputs(model, inputs, typed(specs, inputs) if fits else describe(inputs), run)
    return replace(sample, elsewhere=noted)


def _dtypes(inputs: Nested) -> list[Any]:
    return [item.dtype for _, item in leaves(inputs)]


def _run_built(run: Run, model: Model, inputs: Nested) -> Nested:
    """Run a model, unless that makes weights: they would be random, and are gone after the run.

    Raises:
        UnbuiltModelError: It does.
    """
    before = sum(1 for _ in walk_variables(model))
    outputs = run(model, inputs)
    if sum(1 for _ in walk_variables(model)) > before:
        raise _unbuilt(model, "has layers without weights" if before else "has no weights")
    return outputs


def _unbuilt(model: Model, what: str) -> UnbuiltModelError:
    return UnbuiltModelError(
        f"The model {getattr(model, 'name', type(model).__name__)!r} is not built yet: it {what}.",
        "Call it once on data, such as model(x_train[:4]), and save it again.",
    )


def _unknown(model: Model) -> Sample:
    """Return a sample without inputs for a model that does not say what its inputs are."""
    if next(walk_variables(model), None) is None:
        return _none(_unbuilt(model, "has no weights"))
    reason, hint = "The inputs of the model are not known.", f"Pass some: {option('sample', 'x_train[:4]')}."
    return _none(SampleError(reason, hint))


def _none(missing: ColabSaveError) -> Sample:
    return Sample(None, None, None, missing=missing)


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


def take_passes(model: Model, sample: Sample, notebook: Notebook = NO_NOTEBOOK) -> Sample:
    """Add to a sample the other forward passes of a model, with the live model's outputs.

    Those of a Keras model are the one in training mode and the one without the argument ``training``, where their
    outputs differ from those of inference, and each public sub-model in an attribute. A pass that fails in the live
    model is left out: a save cannot lose it.
    """
    keras_model = classes("Model")
    if not (isinstance(model, keras_model) or is_trackable(model)):
        return sample
    parts = [name for name, item in own_attributes(model) if isinstance(item, keras_model) and name in vars(model)]
    modes = [TRAINING, *([BY_DEFAULT] if may_not_infer(model) else [])]
    names = parts if sample.missing or is_trackable(model) else [*modes, *parts]
    found = [_take_pass(model, sample, name, notebook) for name in names]
    return replace(sample, passes=tuple(each for each in found if each is not None))


def _take_pass(model: Model, sample: Sample, name: str, notebook: Notebook) -> Pass | None:
    def run(model: Model, inputs: Nested) -> Nested:
        return run_pass(model, name, inputs)

    try:
        alone = sample if name in MODES else take_sample(getattr(model, name), None, run_keras, notebook=notebook)
        if alone.missing:
            return None
        # As the fresh process runs it: the seeds of a part are those of its place in the whole.
        first, second = (run_as(run, model, alone.inputs, is_seeded=True) for _ in range(2))
    except Exception:  # noqa: BLE001 - the user's own code may raise anything when it is called in an unusual way
        return None
    is_random = not is_same(first, second)
    if name in MODES:
        return None if is_same(first, sample.outputs) else Pass(name, None, first, is_random)
    return Pass(name, alone.inputs, first, is_random)
