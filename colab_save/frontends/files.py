"""Model files in a terminal: save a file as a version, and write the model of a version to a path.

The table of actions names `save_file` and `load_to_path`. Both take the typed options and use the same pipelines as a
notebook.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from colab_save.artifact.parts import collection_with
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import NotFoundError, TargetError
from colab_save.format_table import FORMATS
from colab_save.frontends.languages import PYTHON
from colab_save.hints import action, literal, option
from colab_save.loading.pipeline import load
from colab_save.progress import OnStep, ignore_steps
from colab_save.reports.card import Card, Shown
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import check, save
from colab_save.target import Target, last_part, without_secrets
from colab_save.types import Json
from colab_save.versions.locating import Found, locate
from colab_save.versions.placing import open_place, place_payload


@dataclass(frozen=True, slots=True)
class Written(Shown):
    """A version that was loaded, and the path that its model was written to.

    Attributes:
        report: The report of the load.
        path: The path of the model file.
        saved: The report of the save that wrote it, if the version has no payload of that format.
    """

    report: LoadReport
    path: str
    saved: SaveReport | None = None

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the load."""
        return self.report.outcome

    def card(self) -> Card:
        """Return the card of the load, with the path."""
        card = self.report.card()
        how = f"saved anew: {self.saved.outcome}" if self.saved else "an exact copy of the saved payload"
        return replace(card, facts={"written to": f"{literal(self.path)} ({how})", **card.facts})

    def to_json(self) -> dict[str, Json]:
        """Return the fields of the load's report, and ``path``."""
        return {**self.report.to_json(), "path": self.path}


def save_file(
    model: str, target: str | None = None, *, trust: bool = False, on_step: OnStep = ignore_steps, **fields: Any
) -> SaveReport:
    """Inspect and load a model file, and save it as a version like any model.

    Args:
        model: The path or URL of a model file or folder.
        target: See `SaveRequest`. Default: the file's name without its suffix.
        trust: Run code that came with the file.
        on_step: Receives the progress.
        fields: The other fields of `SaveRequest`.

    Raises:
        ColabSaveError: Any error of the tree; nothing is published then.
    """
    timeout = {"timeout": fields["timeout"]} if "timeout" in fields else {}
    name = last_part(model).partition(".")[0] if target is None else target
    origin = LoadRequest(model, trust=trust, **timeout)
    wanted = SaveRequest(None, name, **fields)
    _check_file(origin)  # a wrong path or option is refused before the file is loaded
    check(wanted)
    loaded = load(origin, on_step)
    saved = save(replace(wanted, model=loaded.model), on_step)
    return replace(saved, notes=(*loaded.notes, *saved.notes))


def load_to_path(
    target: str, path: str, *, format: str | None = None, on_step: OnStep = ignore_steps, **fields: Any
) -> Written:
    """Load a version and write its model to a path as a plain save.

    If the version has a payload in the format to write, it is copied byte for byte. Otherwise the loaded model is saved
    there in that format, with a proof like any save.

    Args:
        target: See `LoadRequest`.
        path: The path of the model file to write; its suffix is the format to write.
        format: The payload to load, and the format to write at a path without a suffix. Default: that of the suffix if
            there is such a payload, else the one that holds most.
        on_step: Receives the progress.
        fields: The other fields of `LoadRequest`.

    Raises:
        ColabSaveError: Any error of the tree; `RoundTripError` if the loaded model differs from the saved one.
    """
    found = locate(LoadRequest(target, format=format, **fields))
    _check_single(found, path, fields.get("source"))
    held = found.manifest.formats if found.manifest else ()
    wanted = _format_at(path, format, held)
    open_place(path, wanted)  # what is in the way is refused before the version is loaded
    payload = format or wanted
    request = LoadRequest(target, format=None if payload == wanted and wanted not in held else payload, **fields)
    report = load(request, on_step)
    if report.format != wanted or report.manifest is None or request.convert:
        saved = save(SaveRequest(report.model, path, formats=wanted), on_step)
        return Written(report, saved.where, saved)
    loaded = _loaded(request, report)
    _check_single(loaded, path, fields.get("source"))  # an older version may be a collection where the newest is none
    return Written(report, place_payload(loaded, wanted, path, on_step))


def _check_file(origin: LoadRequest) -> None:
    """Refuse to save what is not there.

    Raises:
        NotFoundError: There is no such file; for a name, no such artifact in the default store.
    """
    try:
        locate(origin)
    except NotFoundError as error:
        if Target.parse(origin.target).path:
            raise
        raise NotFoundError(
            error.references[0],
            f"Give the path of a model file or folder, such as {literal(f'./{origin.target}')}; "
            f"{action('load', origin.target)} writes a saved version to one.",
        ) from error


def _check_single(found: Found, path: str, source: str | None) -> None:
    """Refuse to write a collection to a path.

    Raises:
        TargetError: The version is a collection.
    """
    if not found.parts:
        return
    given = {} if source is None else {"source": [without_secrets(source)]}
    raise TargetError(
        f"The path {literal(repr(last_part(path)))} takes one model, and {literal(found.name)} is "
        f"{collection_with(found.parts)}.",
        f"In Python, {literal(PYTHON.action('load', [found.name], given))} returns all of it, and save_model saves one "
        "of its models to a path.",
    )


def _format_at(path: str, format: str | None, held: tuple[str, ...]) -> str:
    """Return the format to write at a path.

    Raises:
        TargetError: The path is a name, or its suffix is not that of a format.
    """
    place = Target.parse(path)
    if place.format:
        return place.format
    wanted = format or (held[0] if len(held) == 1 else "")
    if place.path and wanted in FORMATS and FORMATS[wanted].is_folder:
        return wanted
    folder = next(record.name for record in FORMATS.values() if record.is_folder)
    raise TargetError(
        f"{literal(str(place))} does not say which format to write.",
        f"Give a path with a suffix, such as ./cats.keras, or a folder with {option('format', folder)}.",
    )


def _loaded(request: LoadRequest, report: LoadReport) -> Found:
    """Return the version that was loaded, which may be an older one if the newest is not whole."""
    return locate(request if Target.parse(request.target).path else replace(request, target=report.target))
