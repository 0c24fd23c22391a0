"""Resolve, fetch, open, compare: a `LoadRequest` comes in, a `LoadReport` with the model goes out.

Every frontend calls `load`. A model that differs from the one that was saved is never returned unless the user has
turned verification off.
"""

from __future__ import annotations

import tempfile
from contextlib import nullcontext, suppress
from pathlib import Path

from colab_save.artifact.round_trip import sum_up
from colab_save.errors import ColabSaveError, DigestError
from colab_save.loading.collections import open_all
from colab_save.loading.opening import Loaded
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.reports.report import LoadReport
from colab_save.request.request import LoadRequest
from colab_save.sampling.guarding import undone_on_error
from colab_save.versions.finding import exports_in_words, passed_in_words
from colab_save.versions.locating import Found, locate, step_back


def load(request: LoadRequest, on_step: OnStep = ignore_steps) -> LoadReport:
    """Load a model, and compare it with the one that was saved.

    Args:
        request: What the user wants.
        on_step: Called with the progress.

    Raises:
        ColabSaveError: Any of its subclasses; `RoundTripError` if the loaded model differs from the saved one.
    """
    clock = Clock(on_step)
    with nullcontext() if request.into is None else undone_on_error(request.into):
        found, loaded = _open(request, clock)
    return LoadReport(
        model=loaded.model,
        target=found.name,
        where=found.where,
        format=loaded.format,
        round_trip=sum_up(loaded.trips),
        manifest=found.manifest,
        round_trips=loaded.trips,
        extras=loaded.extras.values,
        variables=loaded.extras.variables,
        withheld=loaded.extras.withheld,
        is_trusted=loaded.is_trusted,
        notes=(*filter(None, [exports_in_words(found.exports), _passed_in_words(found)]), *loaded.notes),
        passed_over=found.passed_over,
        size=loaded.size,
        seconds=clock.seconds,
    )


def _passed_in_words(found: Found) -> str:
    """Return a sentence with the newest version that PASSED, where what was loaded is one that was saved in part."""
    manifest = found.manifest
    if manifest is None or not manifest.is_partial or found.place.exact:
        return ""
    with suppress(ColabSaveError):  # the model is loaded, and stays so where the store no longer answers
        return passed_in_words(found.store, manifest)
    return ""


def _open(request: LoadRequest, clock: Clock) -> tuple[Found, Loaded]:
    """Open what a target means; for a name without a version, the newest version that is not damaged."""
    with clock.at(Stage.RESOLVE):
        found = locate(request)
    while True:
        with tempfile.TemporaryDirectory(prefix="colab_save_load_") as work:
            try:
                return found, open_all(found, request, Path(work), clock)
            except DigestError as error:
                found = step_back(found, request, error)
