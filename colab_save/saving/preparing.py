"""Prepare the places of a save: room on the local disk for the stage, the store, and the name in it.

`resolving` calls `prepare`; nothing of the save is written here.
"""

from __future__ import annotations

import shutil
import tempfile

from colab_save.collections.splitting import Division
from colab_save.dialect import size_of
from colab_save.errors import NoSpaceError
from colab_save.formats.base import Format
from colab_save.quantities import size_in_words
from colab_save.stores.base import Store
from colab_save.stores.opening import open_folder_of, open_store
from colab_save.target import Target

HEADROOM = 1.2
"""Bytes of a payload for each byte of weights and optimizer: headers, graph, sample."""

SPARE = 32 << 20
"""Bytes that the local disk must have besides: libhdf5 may end the whole process when it fills up (h5py 3.14)."""


def prepare(to: str | None, target: Target, division: Division, formats: tuple[Format, ...]) -> tuple[Store, str]:
    """See that the local disk can hold the stage, open the store, and see that it has room under the target's name.

    Args:
        to: The store, where the target is a name; ``None`` for the default.
        target: The name, path or URL.
        division: What is saved.
        formats: The formats that are tried first.

    Returns:
        The store, and for a plain save the payload's key in it, without the suffix of a format; else empty.

    Raises:
        NoSpaceError: The local disk or the store is too full.
        StoreError: The store is not available or read-only.
    """
    size = _checked_size(division, formats)
    store, key = open_folder_of(target.path) if target.path else (open_store(to), "")
    store.prepare(size)
    if target.name:
        store.check_single(target.name)
    return store, key


def _checked_size(division: Division, formats: tuple[Format, ...]) -> int:
    """Return the bytes that the payloads will take, when the local disk can hold their stage."""
    arrays = division.collection.arrays if division.collection else ()
    weights = sum(map(size_of, division.models.values())) + sum(int(array.nbytes) for array in arrays)
    size = int(weights * HEADROOM * len(formats))
    _check_stage(size + int(weights * max(plug.scratch for plug in formats)))
    return size


def _check_stage(size: int) -> None:
    """Refuse when the local disk cannot hold the stage: one copy of all payloads, and what is written on the way."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise NoSpaceError(
            f"Staging needs {size_in_words(size + SPARE)} in {folder}, and {size_in_words(free)} are free.",
            "Remove files from the local disk, or point TMPDIR at a larger one.",
        )
