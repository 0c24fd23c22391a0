"""The settings as a report: the value of each that is in force and where it comes from; bad values are remarks.

`frontends.configuring` returns it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from colab_save.errors import RequestError
from colab_save.hints import literal, render
from colab_save.reports.card import Card, Remark, Shown, Table, aligned
from colab_save.settings import PREFIX, SETTINGS, InForce, in_force
from colab_save.types import Json
from colab_save.wording import did_you_mean


@dataclass(frozen=True, slots=True)
class Settings(Shown):
    """The settings.

    Attributes:
        values: The value of each that is in force, in the order of the table.
        unknown: Variables of the environment that look like one of a setting, and are none.
    """

    values: tuple[InForce, ...]
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        card = self.card()
        head, *remarks = str(replace(card, table=None)).splitlines()
        return "\n".join([head, *(aligned(card.table) if card.table else ()), *remarks])

    def card(self) -> Card:
        """Return a card with a row for each setting, and a remark for each bad value."""
        head = ("setting", "value", "set by", "what it is")
        rows = tuple((item.setting.name, literal(item.shown), item.where, item.setting.help) for item in self.values)
        summary = f"In the environment each is {PREFIX} and its name in capitals; an option of the single call wins."
        return Card("Settings", summary, table=Table(head, rows), remarks=tuple(self._remarks()))

    def to_json(self) -> dict[str, Json]:
        """Return each setting with its value, without the secrets of a URL, and where that comes from."""
        return {
            "settings": [
                {
                    "name": item.setting.name,
                    "value": item.value if isinstance(item.value, (int, float)) else _text(item),
                    "origin": item.origin.value,
                    "variable": item.setting.variable,
                    "problem": render(_problem(item)),
                }
                for item in self.values
            ],
            "unknown": list(self.unknown),
        }

    def _remarks(self) -> Iterator[Remark]:
        for item in self.values:
            if problem := _problem(item):
                yield Remark(item.setting.name, problem)
        known = [item.setting.variable for item in self.values]
        for name in self.unknown:
            yield Remark(literal(name), f"There is no such setting. {did_you_mean(name, known)}")


def _text(item: InForce) -> str | None:
    return None if item.value is None else item.shown


def _problem(item: InForce) -> str:
    """Return why a value is a bad one, with what to do next; empty for a good one."""
    try:
        item.checked()
    except RequestError as error:
        return "\n".join(error.references)
    return ""


def settings_in_force() -> Settings:
    """Return the settings that are in force."""
    records = SETTINGS.values()
    known = {record.variable for record in records}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return Settings(tuple(map(in_force, records)), tuple(unknown))
