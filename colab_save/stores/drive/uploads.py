"""What Drive's attributes say about its uploads; `stores/drive.py` asks here, facts and issues (#) are of its sources.

A file may be 0 bytes on Drive for half an hour (#2607), and what was not uploaded dies with the runtime (#2869).
Reading back and fsync prove nothing about the cloud.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from colab_save.stores.base import Durability

UNCOMMITTED = "user.drive.uncommitted"
"""1 until a file is uploaded, then 0 (DriveFS tests); whether today's Colab sets it is [A], so no answer says nothing.
``user.drive.id`` does not tell after an overwrite."""

_SAID = {b"0": Durability.UPLOADED, b"1": Durability.WRITTEN}
_WORST_FIRST = (Durability.MISSING, Durability.WRITTEN, Durability.UNKNOWN, Durability.UPLOADED)


def durability_of(sizes: Mapping[Path, int]) -> Durability:
    """Say what is known of the worst of several files on a mount; may hang as the mount does.

    Args:
        sizes: Their bytes; one with fewer has lost its upload and is ``MISSING``. 0 is not compared.
    """
    found = {_durability_of(place, size) for place, size in sizes.items()}
    return next((word for word in _WORST_FIRST if word in found), Durability.UNKNOWN)


def _durability_of(place: Path, size: int) -> Durability:
    try:
        if place.stat().st_size < size:
            return Durability.MISSING
        return _SAID.get(os.getxattr(place, UNCOMMITTED), Durability.UNKNOWN)
    except FileNotFoundError:
        return Durability.MISSING
    except OSError:  # no such attribute, or a mount that fails
        return Durability.UNKNOWN
