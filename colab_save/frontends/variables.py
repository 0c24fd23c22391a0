"""Set variables again that were saved with a model: a report of a load comes in, the same report with notes goes out.

`magics` sets those of the notebook, `python` those of a dict of the user's.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from colab_save.frontends.namespace import owner_of
from colab_save.hints import literal, option

if TYPE_CHECKING:
    from colab_save.reports.report import LoadReport


def free_variables(
    report: LoadReport, variables: Mapping[str, Any], name: str | None = None
) -> tuple[dict[str, Any], LoadReport]:
    """Return the saved variables whose names are free, and the report with notes on these and on all others.

    Args:
        report: The report of a load.
        variables: The variables that are there; one that has an equal value already stays.
        name: The variable that gets the model.
    """
    if not report.variables:
        return {}, report
    if not report.is_trusted:
        note = (
            f"It has variables that were not set, since it is not your own: {_listed(report.variables)}. If you trust "
            f"where it came from, add {option('trust')}."
        )
        return {}, replace(report, notes=(*report.notes, note))
    others = {key: item for key, item in report.variables.items() if not _is_there(key, item, variables)}
    why = {key: _reason(key, variables, name) for key in others}
    free = {key: item for key, item in others.items() if not why[key]}
    notes = [f"Variables set as they were saved: {_listed(free)}."] if free else []
    notes += [
        f"Variables not set, since {reason}: {_listed([key for key in why if why[key] == reason])}."
        for reason in dict.fromkeys(filter(None, why.values()))
    ]
    return free, replace(report, notes=(*report.notes, *notes))


TAKEN = "the notebook has others of these names (to get the saved ones, delete these and load again)"
"""Why most variables are not set."""


def _reason(key: str, variables: Mapping[str, Any], name: str | None) -> str:
    """Return why a variable is not set, as the rest of a sentence; empty if it may be."""
    if not key.isidentifier() or keyword.iskeyword(key) or key.startswith("_"):
        return "no variable of a notebook has such a name"
    if key == name:
        return "the model gets this name"
    if owner := owner_of(key, variables):
        return f"the name is that of {owner}" if not owner.startswith("one of") else f"it is {owner}"
    return TAKEN if key in variables else ""


def _is_there(key: str, value: object, variables: Mapping[str, Any]) -> bool:
    from colab_save.collections.extras import is_equal  # with all that it needs, which a load has imported

    return key in variables and is_equal(value, variables[key])


def _listed(names: Mapping[str, Any] | list[str]) -> str:
    return literal(", ".join(names))
