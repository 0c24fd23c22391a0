"""A version id: UTC time plus four random hex digits, so that ids sort by time and two notebooks differ.

`saving` makes one for each save; what one looks like is in `target.VERSION`.
"""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime, timedelta

_TIME = "%Y%m%dT%H%M%SZ"


def new_version(now: datetime | None = None, newest: str = "") -> str:
    """Make a version id.

    Args:
        now: The time; default: the clock's.
        newest: The newest version of the same name; the new id sorts after it, also within one second and when the
            clock was set back.
    """
    moment = now or datetime.now(UTC)
    if newest and newest[:16] >= f"{moment:{_TIME}}":
        with contextlib.suppress(ValueError):  # a folder that somebody named almost like a version
            moment = datetime.strptime(newest[:16], _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{moment:{_TIME}}-{secrets.token_hex(2)}"
