"""The functions `save_model` and `load_model`, with the fields of the requests as parameters.

The signatures are written out, so that editors and the documentation show them; tests compare them, and the defaults
in their docstrings, with `SaveRequest` and `LoadRequest`. The other public functions are named in the table of actions.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, MutableMapping
from typing import Any

from colab_save.artifact.round_trip import Outcome
from colab_save.frontends.languages import PYTHON, entered
from colab_save.frontends.variables import free_variables
from colab_save.hints import literal, render
from colab_save.loading.pipeline import load
from colab_save.progress import ProgressBar
from colab_save.reports.partial import lost_in_words
from colab_save.reports.pending import Pending
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.request import AUTO, LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.types import Model, Nested
from colab_save.versions.pending import publish_local_copies


class PartialSaveWarning(UserWarning):
    """Not all of a model comes back: what was saved in part, or what is loaded from it."""


class UnprovenWarning(UserWarning):
    """A model was loaded, but not every aspect could be compared with the saved model."""


class PassedOverWarning(UserWarning):
    """The newest version is not whole, so an older one was loaded."""


def save_model(
    model: Model,
    target: str | None = None,
    *,
    to: str | None = None,
    formats: str | tuple[str, ...] = AUTO,
    purpose: str | None = None,
    sample: Nested = None,
    verify: bool = True,
    unpacked: bool = False,
    strict: bool = False,
    full: bool = False,
    force: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    timeout: float = 300.0,
    tags: tuple[str, ...] = (),
    extra: tuple[str, ...] = (),
    metrics: Mapping[str, float] = {},
    keep: int | None = None,
    keep_best: str | None = None,
    wait: bool | float = False,
    flush: bool = False,
    note: str = "",
    options: Mapping[str, Any] = {},
) -> SaveReport:
    """Save a model, reload it in a fresh process, compare, and only then publish what came back.

    Args:
        model: A Keras model, a `tf.Module` with `tf.function` methods, or a dict or object that holds several models.
        target: A name (``cats``), or a path or URL for a plain save. Default: the model's own name.
        to: The store: ``drive``, a folder, or a URL such as ``s3://bucket/models``. Default: the store in the
            settings, else Drive in Colab, ``./models`` elsewhere.
        formats: ``keras``, ``h5``, ``weights``, ``saved_model``, ``litert``, ``onnx``, several of them, or ``auto``:
            ``keras``, and if not all of it comes back ``saved_model`` beside it. Default: ``auto``.
        purpose: What the model is for, which picks the format: ``training``, ``serving``, ``mobile`` or ``exchange``.
            For all but ``training`` the version is an export, which does not replace the models of its name. Default:
            as ``formats`` says.
        sample: Inputs for the round trip: arrays, tensors, dicts or a `tf.data` batch; for several models a dict by
            name. Default: found in the notebook, or else made.
        verify: Whether to reload in a fresh process and compare; without it the report says ``SKIPPED``.
        unpacked: On Drive, store a SavedModel as a folder. Default: as one zip file.
        strict: Publish nothing unless all of the model is proven: not what came back in part, nor what could not be
            compared, nor, unless you name the format, what it cannot hold. Default: publish it, and say so.
        full: Repeat the whole proof. Default: rest on one of this session where only weights differ from then.
        force: Publish even if the round trip fails; the report says ``FAILED``. Default: publish nothing then.
        rtol: Relative tolerance of outputs. Default: by dtype.
        atol: Absolute tolerance of outputs. Default: by dtype.
        timeout: Give up on the round trip of one payload after so many seconds. Default: 300.
        tags: Tags for this version. Default: none.
        extra: Names of plain attributes of the model, such as ``class_names``, or of variables of the notebook, to save
            with the model. Default: none.
        metrics: Numbers that you measured, by name. Default: only the last values of the last training, which are
            always recorded.
        keep: Keep this many of the newest versions of the name and remove older ones, but never one with a tag;
            exports are counted apart from models; 0 keeps all. Default: the number in the settings, else keep all.
        keep_best: Also keep the version that is best in this metric, such as ``val_loss`` or ``max:score``; without a
            number of versions to keep, keep only that one and the newest. Metrics whose name contains loss, error, mae
            or mse are minimised, others maximised; force it with ``min:`` or ``max:``. Default: no metric.
        wait: Wait for the upload, for an hour at most, or for this many seconds at most. Default: do not wait.
        flush: Upload everything on Drive now, which unmounts it and can take hours.
        note: Free text, saved with the version. Default: none.
        options: Options of the formats by name, such as ``signatures`` of ``saved_model``. Default: none.

    Returns:
        The report: what was saved and proven, and where it is.

    Raises:
        ColabSaveError: Any error of the tree, with a hint. Nothing is published then, and older versions are intact.

    Warns:
        PartialSaveWarning: Not all of the model comes back; what does was saved.

    Example:
        >>> save_model(model, "cats", tags=("best",))  # doctest: +SKIP
    """
    fields = dict(locals())
    with entered(PYTHON):
        request = SaveRequest(**fields)
        with ProgressBar() as bar:
            report = save(request, bar)
        if report.outcome is Outcome.PARTIAL:
            target = f"{report.manifest.name}@{report.manifest.version}"
            text = f"{literal(target)} is saved in part. {lost_in_words(report.manifest)}\n{report.todo}"
            warnings.warn(render(text), PartialSaveWarning, stacklevel=2)
    return report


def load_model(
    target: str,
    *,
    source: str | None = None,
    format: str | None = None,
    into: Model = None,
    trust: bool = False,
    verify: bool = True,
    convert: bool = False,
    variables: bool | MutableMapping[str, Any] = True,
    timeout: float = 300.0,
) -> Model:
    """Load a saved model, or any model file, and compare it with what was saved; warn if that was not possible.

    Args:
        target: A name (its newest version that is no export), ``name@tag``, ``name@version``, or the path or URL of a
            model file or folder. A prefix of the version is enough.
        source: The store to look in. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.
        format: Load the payload of this format. Default: the one that holds most.
        into: A model of the same architecture that gets the weights, or a dict or object that gets several models.
            Default: a new model.
        trust: Run code that came with the file, after you have read it. Default: run only code that you signed.
        verify: Whether to compare the loaded model with the facts and the sample of the manifest.
        convert: Rebuild a Keras 2 model with Keras 3, if both give equal outputs.
        variables: A dict that gets the variables saved with the model whose names are free in it, such as
            ``globals()``. Without one no variable is set, unlike by the magic.
        timeout: Give up on a suspicious file after so many seconds. Default: 300.

    Returns:
        The model: a Keras model, or an object that can be called.

    Raises:
        ColabSaveError: Any error of the tree, with a hint; `RoundTripError` if the loaded model differs from the saved
            one.

    Warns:
        PartialSaveWarning: The version was saved in part.
        UnprovenWarning: Not every aspect could be compared.
        PassedOverWarning: The newest version is not whole, so an older one was loaded.

    Example:
        >>> model = load_model("cats@best")  # doctest: +SKIP
    """
    fields = dict(locals())
    with entered(PYTHON):
        request = LoadRequest(**fields)
        with ProgressBar() as bar:
            report = load(request, bar)
        if isinstance(variables, MutableMapping):
            free, report = free_variables(report, variables)
            variables.update(free)
        for kind, text in _doubts(request, report):
            warnings.warn(render(text), kind, stacklevel=2)
    return report.model


def publish_pending() -> Pending:
    """Publish each pending save that is not in its store, from its local copy; the model itself is not needed.

    Returns:
        What is pending then.

    Raises:
        StoreError: The store refused again; the copies stay.
    """
    with entered(PYTHON), ProgressBar() as bar:
        return publish_local_copies(bar)


def _doubts(request: LoadRequest, report: LoadReport) -> list[tuple[type[UserWarning], str]]:
    """Return the warnings for a loaded model, since only the model itself is returned to the user."""
    target = literal(report.target)
    doubts: list[tuple[type[UserWarning], str]] = [
        (PassedOverWarning, f"{target} was loaded instead of the newest version: {why}") for why in report.passed_over
    ]
    doubts += [(PartialSaveWarning, f"{target} is loaded, but not all of its extras: {why}") for why in report.withheld]
    if report.lost:
        doubts.append((PartialSaveWarning, f"{target} was saved in part. {report.lost}"))
    elif request.verify and not report.is_proven:
        verdicts = report.round_trip.verdicts.items()
        open_ = [f"{aspect}: {v.reason}" for aspect, v in verdicts if v.outcome in {Outcome.SKIPPED, Outcome.FAILED}]
        doubts.append((UnprovenWarning, f"{target} is loaded, but not proven: {'; '.join(open_)}"))
    return doubts
