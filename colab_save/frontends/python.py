"""The functions for scripts: `save_model` and `load_model`, with the requests' fields as parameters.

They are written out, so that editors and documentation see them; a test compares them with `SaveRequest` and
`LoadRequest`. What else is public lives where it is done, see the table of actions.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from colab_save.artifact.round_trip import Outcome
from colab_save.frontends.languages import PYTHON, entered
from colab_save.hints import render
from colab_save.loading.pipeline import load
from colab_save.progress import ProgressBar
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.request import AUTO, LoadRequest, SaveRequest
from colab_save.saving.pipeline import save


class UnprovenWarning(UserWarning):
    """A model was loaded, and not every aspect of it could be compared with the model that was saved."""


class PassedOverWarning(UserWarning):
    """The newest version is not whole, and the one before it was loaded."""


def save_model(
    model: Any,
    target: str | None = None,
    *,
    to: str | None = None,
    formats: str | tuple[str, ...] = AUTO,
    purpose: str | None = None,
    sample: Any = None,
    verify: bool = True,
    unpacked: bool = False,
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
    """Save a model, reload it in a fresh process and compare; nothing is published before that has passed.

    Args:
        model: A Keras model, a `tf.Module` with `tf.function` methods, or a dict or object that holds several.
        target: A name (``cats``), or a path or URL for a plain save. Default: the model's own name.
        to: The store: ``drive``, a folder, or a URL such as ``s3://bucket/models``. Default: Drive in Colab,
            ``./models`` elsewhere.
        formats: ``keras``, ``h5``, ``weights``, ``saved_model``, ``litert``, ``onnx``, several of them, or ``auto``:
            ``keras``, and ``saved_model`` where its round trip fails.
        purpose: What the model will be used for, which picks the format: ``training``, ``serving``, ``mobile`` or
            ``exchange``.
        sample: Inputs for the round trip: arrays, tensors, dicts, a `tf.data` batch; of several models a dict by name.
            Default: made from the model's input specs.
        verify: Whether to reload in a fresh process and compare; without it the report says ``SKIPPED``.
        unpacked: On Drive, keep a SavedModel as a folder and not as one zip file.
        force: Publish although the round trip failed; the report says ``FAILED``.
        rtol: Relative tolerance of outputs. Default: by dtype.
        atol: Absolute tolerance of outputs. Default: by dtype.
        timeout: Seconds that the round trip of one payload may take.
        tags: Labels for this version.
        extra: Names of plain attributes of the model, or of variables of the notebook, to keep with it.
        metrics: What was measured, as numbers by name. The last values of the last training are recorded anyway.
        keep: How many of the newest versions of the name stay. Older ones are removed, but never one with a tag.
            Default: all.
        keep_best: The metric in which the best version stays too, such as ``val_loss`` or ``max:score``.
        wait: Whether to wait for the upload, an hour at most, or how many seconds at most.
        flush: Whether to upload everything on Drive, which unmounts it and may take hours.
        note: Free text, kept with the artifact.
        options: Options of the formats, such as ``signatures`` of ``saved_model``.

    Returns:
        What was saved and proven, and where it is.

    Raises:
        ColabSaveError: Any of the tree, with a hint. Nothing is published then, and what was committed before is whole.

    Example:
        >>> save_model(model, "cats", tags=("best",))  # doctest: +SKIP
    """
    fields = dict(locals())
    with entered(PYTHON):
        request = SaveRequest(**fields)
        with ProgressBar() as bar:
            return save(request, bar)


def load_model(
    target: str,
    *,
    source: str | None = None,
    format: str | None = None,
    into: Any = None,
    trust: bool = False,
    verify: bool = True,
    convert: bool = False,
    timeout: float = 300.0,
) -> Any:
    """Load a saved model, or any model file, and compare it with what was saved; warn where that was not possible.

    Args:
        target: A name, ``name@tag``, ``name@version-prefix``, or the path or URL of any model file or folder.
        source: The store to look in. Default: Drive in Colab, ``./models`` elsewhere.
        format: Which payload of the artifact. Default: the one that holds most.
        into: A model of the same architecture that gets the weights; a dict or object that gets several models.
        trust: Run code that came with the file, after you have read it.
        verify: Whether to compare the loaded model with the facts and the sample of the manifest.
        convert: Rebuild a Keras 2 model as a Keras 3 one, where their answers prove equal.
        timeout: Seconds that a file which may never open is given, in a process of its own.

    Returns:
        The model: a Keras model, or something that can be called.

    Raises:
        ColabSaveError: Any of the tree, with a hint; `RoundTripError` when what came back is not what was saved.

    Warns:
        UnprovenWarning: Not every aspect could be compared.
        PassedOverWarning: The newest version is not whole, and the one before it was loaded.

    Example:
        >>> model = load_model("cats@best")  # doctest: +SKIP
    """
    fields = dict(locals())
    with entered(PYTHON):
        request = LoadRequest(**fields)
        with ProgressBar() as bar:
            report = load(request, bar)
        for kind, said in _doubts(request, report):
            warnings.warn(render(said), kind, stacklevel=2)
    return report.model


def _doubts(request: LoadRequest, report: LoadReport) -> list[tuple[type[UserWarning], str]]:
    """Say what the user should know of a loaded model, since only the model is returned."""
    doubts: list[tuple[type[UserWarning], str]] = [
        (PassedOverWarning, f"{report.target} is loaded, and not the newest version: {said}")
        for said in report.passed_over
    ]
    if request.verify and not report.is_proven:
        verdicts = report.round_trip.verdicts.items()
        open_ = [f"{aspect}: {v.reason}" for aspect, v in verdicts if v.outcome in {Outcome.SKIPPED, Outcome.FAILED}]
        doubts.append((UnprovenWarning, f"{report.target} is loaded, but not proven: {'; '.join(open_)}"))
    return doubts
