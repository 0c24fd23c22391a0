"""The upload state of files on the mount, from Drive's extended attributes.

`drive` calls this; facts and issues (#) are from the sources named there. A file may have 0 bytes on Drive for half an
hour (#2607), and what is not uploaded dies with the runtime (#2869). Reading back and fsync prove nothing about the
cloud.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from colab_save.stores.base import UploadState

UNCOMMITTED = "user.drive.uncommitted"
"""1 until a file is uploaded, then 0 (DriveFS tests). Whether today's Colab sets it is [A], so a missing attribute
means nothing. ``user.drive.id`` does not tell after an overwrite."""

_STATES = {b"0": UploadState.UPLOADED, b"1": UploadState.WRITTEN}
_WORST_FIRST = (UploadState.MISSING, UploadState.WRITTEN, UploadState.UNKNOWN, UploadState.UPLOADED)


def upload_state_of(sizes: Mapping[Path, int]) -> UploadState:
    """Return the worst upload state of several files on a mount; may hang as the mount does.

    Args:
        sizes: Bytes by path. A file with fewer bytes has lost its upload and is ``MISSING``; 0 is not compared.
    """
    found = {_upload_state_of(place, size) for place, size in sizes.items()}
    return next((state for state in _WORST_FIRST if state in found), UploadState.UNKNOWN)


def _upload_state_of(place: Path, size: int) -> UploadState:
    try:
        if place.stat().st_size < size:
            return UploadState.MISSING
        return _STATES.get(os.getxattr(place, UNCOMMITTED), UploadState.UNKNOWN)
    except FileNotFoundError:
        return UploadState.MISSING
    except OSError:  # no such attribute, or a mount that fails
        return UploadState.UNKNOWN
