"""The door for scripts: `save_model` and `load_model`, with the requests' fields as keywords.

Parameters, types, defaults and help are those of `SaveRequest` and `LoadRequest`; nothing is written twice.
The other doors run their requests here too, under the one progress bar.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from colab_save.artifact.round_trip import Outcome
from colab_save.loading.pipeline import load
from colab_save.progress import ProgressBar
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.request import LoadRequest, SaveRequest, options_of
from colab_save.saving.pipeline import save

Fields = ParamSpec("Fields")
Request = TypeVar("Request", SaveRequest, LoadRequest)
Result = TypeVar("Result")


class UnprovenWarning(UserWarning):
    """A model was loaded, and not every aspect of it could be compared with the model that was saved."""


class PassedOverWarning(UserWarning):
    """The newest version is not whole, and the one before it was loaded."""


def save_with_bar(request: SaveRequest) -> SaveReport:
    """Save under a progress bar."""
    with ProgressBar() as bar:
        return save(request, bar)


def load_with_bar(request: LoadRequest) -> LoadReport:
    """Load under a progress bar."""
    with ProgressBar() as bar:
        return load(request, bar)


def _load_model(request: LoadRequest) -> Any:
    report = load_with_bar(request)
    # The user's line is behind this function and the one that `_function` makes.
    for said in report.passed_over:
        warnings.warn(f"{report.target} is loaded, and not the newest version: {said}", PassedOverWarning, stacklevel=3)
    if request.verify and not report.is_proven:
        verdicts = report.round_trip.verdicts.items()
        open_ = [f"{aspect}: {v.reason}" for aspect, v in verdicts if v.outcome in {Outcome.SKIPPED, Outcome.FAILED}]
        warnings.warn(f"{report.target} is loaded, but not proven: {'; '.join(open_)}", UnprovenWarning, stacklevel=3)
    return report.model


def _function(
    name: str, about: str, request: Callable[Fields, Request], run: Callable[[Request], Result]
) -> Callable[Fields, Result]:
    """Make a function that takes the fields of a request, and runs it."""

    def function(*args: Fields.args, **kwargs: Fields.kwargs) -> Result:
        return run(request(*args, **kwargs))

    made = inspect.signature(request)
    described = {
        "__name__": name,
        "__qualname__": name,
        "__doc__": f"{about}\n\nArgs:\n{_explained(request)}\n\nRaises:\n    ColabSaveError: With a hint.\n",
        "__signature__": made.replace(return_annotation=inspect.signature(run).return_annotation),
    }
    for attribute, value in described.items():
        setattr(function, attribute, value)
    return function


def _explained(request: Any) -> str:
    return "\n".join(f"    {option.name}: {option.help}" for option in options_of(request))


save_model = _function(
    "save_model",
    "Save a model, reload it in a fresh process and compare; nothing is published before that has passed.",
    SaveRequest,
    save_with_bar,
)
load_model = _function(
    "load_model",
    "Give back a saved model, or any model file, and compare it with what was saved; warn where that was not possible.",
    LoadRequest,
    _load_model,
)
