"""What the panel asks of the house, in one record, so that a test may stand in for any of it.

Each is a line, a step or the machine itself; nothing is imported before it is first used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colab_save.progress import OnStep
from colab_save.request.request import LoadRequest, SaveRequest

if TYPE_CHECKING:
    from colab_save.reports.listing import Listing
    from colab_save.reports.pending import Pending
    from colab_save.reports.report import LoadReport, SaveReport
    from colab_save.reports.viewed import Viewed
    from colab_save.stores.drive.drive_state import DriveState
    from colab_save.versions.curating import Change
    from colab_save.viewing.comparison import Comparison
    from colab_save.viewing.inside import Inside

TICK = 0.5
"""Seconds between two looks at the clock while a line runs."""


def _save(request: SaveRequest, on_step: OnStep) -> SaveReport:
    from colab_save.saving.pipeline import save

    return save(request, on_step)


def _load(request: LoadRequest, on_step: OnStep) -> LoadReport:
    from colab_save.loading.pipeline import load

    return load(request, on_step)


def _list_saved(pattern: str, source: str | None) -> Listing:
    from colab_save.loading.pipeline import list_models

    return list_models(pattern, source)


def _samples_for(model: Any, variables: Mapping[str, Any]) -> Iterable[str]:
    from colab_save.sampling.matching import samples_for

    return samples_for(model, variables)


def _inspect(target: str, source: str | None, on_step: OnStep) -> Inside:
    from colab_save.viewing.inside import look_inside

    return look_inside(target, source, on_step)


def _netron(target: str, source: str | None, on_step: OnStep) -> Viewed:
    from colab_save.viewing.netron import serve_to_netron

    return serve_to_netron(target, source, on_step)


def _log(target: str, source: str | None, on_step: OnStep) -> Viewed:
    from colab_save.reports.viewed import require
    from colab_save.viewing.tensorboard import write_logs

    require("tensorboard")
    return write_logs(target, source, on_step)


def _show_logs(logs: Viewed) -> None:
    from colab_save.viewing.tensorboard import show_logs

    show_logs(logs)


def _compare(first: str, second: str, source: str | None) -> Comparison:
    from colab_save.viewing.comparison import compare_versions

    return compare_versions(first, second, source=source)


def _tag(target: str, tags: Iterable[str], source: str | None) -> Change:
    from colab_save.versions.curating import tag_version

    return tag_version(target, tags, source=source)


def _delete(target: str, source: str | None) -> Change:
    from colab_save.versions.curating import delete_version

    return delete_version(target, source=source)


def _remove(target: str, source: str | None) -> Change:
    from colab_save.versions.curating import delete_version

    return delete_version(target, source=source, for_good=True)


def _restore(target: str, source: str | None) -> Change:
    from colab_save.versions.curating import restore_version

    return restore_version(target, source=source)


def _drive() -> DriveState:
    from colab_save.stores.drive.drive_state import drive_state

    return drive_state()


def _mount() -> None:
    from colab_save.stores.opening import open_store

    open_store("drive").prepare(0)


def _pending() -> Pending:
    from colab_save.versions.pending import pending

    return pending()


def _is_on_drive(location: str | None) -> bool:
    from colab_save.stores.opening import open_store

    return open_store(location).kind == "drive"


def in_background(work: Callable[[], None], tick: Callable[[], None]) -> None:
    """Run something in a thread of its own, so that the kernel still takes the click on Cancel.

    Args:
        work: What to run.
        tick: Called twice a second meanwhile.
    """
    worker = threading.Thread(target=work, name="colab_save panel", daemon=True)
    worker.start()

    def watch() -> None:
        while worker.is_alive():
            worker.join(TICK)
            tick()

    threading.Thread(target=watch, name="colab_save panel's clock", daemon=True).start()


@dataclass(frozen=True)
class Lines:
    """What the panel asks of the house.

    Attributes:
        save: The save line.
        load: The load line.
        list_saved: Lists what is saved, by pattern and store.
        samples_for: Names the variables that fit a model's inputs.
        inspect: Looks inside a version.
        netron: Opens one in Netron.
        log: Writes one for TensorBoard.
        show_logs: Opens TensorBoard; in the main thread only.
        compare: Compares two versions of a store.
        tag: Gives a version tags.
        delete: Deletes a version, so that it can be brought back.
        remove: Removes the files of one for good.
        restore: Brings one back.
        drive: How Drive stands.
        mount: Mounts Drive; in the main thread only.
        pending: What is not known to be safe yet.
        is_on_drive: Whether a store's location is on Drive.
        start: Runs work beside the kernel's message loop, and a clock as long as that lasts.
    """

    save: Callable[[SaveRequest, OnStep], SaveReport] = _save
    load: Callable[[LoadRequest, OnStep], LoadReport] = _load
    list_saved: Callable[[str, str | None], Listing] = _list_saved
    samples_for: Callable[[Any, Mapping[str, Any]], Iterable[str]] = _samples_for
    inspect: Callable[[str, str | None, OnStep], Inside] = _inspect
    netron: Callable[[str, str | None, OnStep], Viewed] = _netron
    log: Callable[[str, str | None, OnStep], Viewed] = _log
    show_logs: Callable[[Viewed], None] = _show_logs
    compare: Callable[[str, str, str | None], Comparison] = _compare
    tag: Callable[[str, Iterable[str], str | None], Change] = _tag
    delete: Callable[[str, str | None], Change] = _delete
    remove: Callable[[str, str | None], Change] = _remove
    restore: Callable[[str, str | None], Change] = _restore
    drive: Callable[[], DriveState] = _drive
    mount: Callable[[], None] = _mount
    pending: Callable[[], Pending] = _pending
    is_on_drive: Callable[[str | None], bool] = _is_on_drive
    start: Callable[[Callable[[], None], Callable[[], None]], None] = in_background
