"""Version ids: UTC time plus four random hex digits, so that they sort by time and two notebooks never share one.

`saving` makes one for each save; `target.VERSION` is the pattern.
"""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime, timedelta

_TIME = "%Y%m%dT%H%M%SZ"


def new_version(now: datetime | None = None, newest: str = "") -> str:
    """Return a new version id.

    Args:
        now: The time; default: now.
        newest: The newest version of the same name; the new id sorts after it, even within the same second or after the
            clock was set back.
    """
    moment = now or datetime.now(UTC)
    if newest and newest[:16] >= f"{moment:{_TIME}}":
        with contextlib.suppress(ValueError):  # a folder whose name only resembles a version id
            moment = datetime.strptime(newest[:16], _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{moment:{_TIME}}-{secrets.token_hex(2)}"
