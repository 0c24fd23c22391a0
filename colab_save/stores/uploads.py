"""What Drive's attributes say about its uploads; `stores/drive.py` asks here, facts and issues (#) are of its sources.

A file may be 0 bytes on Drive for half an hour (#2607), and what was not uploaded dies with the runtime (#2869).
Reading back and fsync prove nothing about the cloud.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from colab_save.stores.base import Durability

UNCOMMITTED = "user.drive.uncommitted"
"""1 until a file is uploaded, then 0 (DriveFS tests); whether today's Colab sets it is [A], so no answer says nothing.
``user.drive.id`` does not tell after an overwrite."""

_SAID = {b"0": Durability.UPLOADED, b"1": Durability.WRITTEN}
_WORST_FIRST = (Durability.MISSING, Durability.WRITTEN, Durability.UNKNOWN, Durability.UPLOADED)


def durability_of(places: Iterable[Path]) -> Durability:
    """Say what is known of the worst of several files on a mount; may hang as the mount does."""
    found = {_durability_of(place) for place in places}
    return next((word for word in _WORST_FIRST if word in found), Durability.UNKNOWN)


def _durability_of(place: Path) -> Durability:
    try:
        return _SAID.get(os.getxattr(place, UNCOMMITTED), Durability.UNKNOWN)
    except FileNotFoundError:
        return Durability.MISSING
    except OSError:  # no such attribute, or a mount that fails
        return Durability.UNKNOWN
