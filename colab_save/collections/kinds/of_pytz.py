"""The kind of a time zone of pytz, which pandas makes of a zone's name before version 3."""

from __future__ import annotations

import datetime as dt
from typing import Any

from colab_save.collections.kinds.kind import Kind, Parts
from colab_save.errors import FormatError
from colab_save.plugging import plugged


def _is_zone(value: Any) -> bool:
    return isinstance(value, dt.tzinfo)


def _zone(value: Any) -> Parts:
    name = getattr(value, "zone", None)
    if name is None or _zone_of(name) is not value:
        raise FormatError(f"has the time zone {value}, which its name alone does not describe", "")
    return {"name": name}


def _zone_of(name: str) -> Any:
    return plugged("pytz:timezone")(name)  # which pandas brings: nothing here asks for it


KINDS = (Kind("pytz.timezone", _is_zone, _zone, lambda parts, _: _zone_of(parts["name"])),)
"""The kinds of pytz."""
