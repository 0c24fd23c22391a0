"""Probes of this session: the settings, and how fresh processes are made. Each returns a `Finding` for `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from colab_save.hints import render
from colab_save.quantities import size_in_words
from colab_save.reports.diagnosis import Finding
from colab_save.reports.settings import settings_in_force
from colab_save.settings import InForce, Origin

if TYPE_CHECKING:
    from colab_save.fresh_process.warm import WarmStatus


def settings() -> Finding:
    """Return the settings that are in force, where each comes from, and which are bad."""
    report = settings_in_force()
    fields = report.to_json()
    bad = {item["name"] for item in fields["settings"] if item["problem"]}
    shown = (_setting_in_words(item, is_bad=item.setting.name in bad) for item in report.values)
    unknown = f"; no such setting: {', '.join(report.unknown)}" if report.unknown else ""
    return Finding("; ".join(shown) + unknown, fields)


def _setting_in_words(item: InForce, *, is_bad: bool) -> str:
    origin = "" if item.origin is Origin.DEFAULT else f", set by {render(item.where)}"
    return f"{item.setting.name}: {item.shown}{origin}{', which is a bad value' if is_bad else ''}"


def fresh_process() -> Finding:
    """Return whether fresh processes are forked from a warm one, and why not; none is started."""
    from colab_save.fresh_process.warm import CAN_FORK, warm_parent  # Windows cannot import it

    status = warm_parent.status()
    fields = {name: value for name, value in asdict(status).items() if name != "pid"}
    return Finding(_in_words(status), {**fields, "can_fork": CAN_FORK})


def _in_words(status: WarmStatus) -> str:
    if status.reason:
        return f"started anew for each use: {status.reason}"
    if not status.is_running:
        return "no warm process runs; a save starts one, and forks from it"
    if not status.is_ready:
        return "a warm process is importing Keras"
    about = ", ".join(_facts(status))
    return f"forked from a warm process{f' ({about})' if about else ''}"


def _facts(status: WarmStatus) -> Iterator[str]:
    if status.memory is not None:
        yield size_in_words(status.memory)
    if status.idle is not None:
        yield f"idle for {status.idle:.0f} s"
