"""Prepare the places of a save: space for the stage on the local disk, the store, and the name in it.

`resolving` calls `prepare`, which writes nothing of the model; a frontend that has yet to load it calls `prepare_place`
through `pipeline.check`.
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
"""Bytes of a payload for each byte of weights and optimizer: headers, graph and sample come on top."""

SPARE = 32 << 20
"""Bytes that must stay free on the local disk: libhdf5 may end the whole process on a full one (h5py 3.14)."""


def prepare(
    to: str | None, target: Target, division: Division, formats: tuple[Format, ...], beside: int = 0
) -> tuple[Store, str]:
    """Check that the local disk has space for the stage, open the store, and check that it has space for the target.

    Args:
        to: The store, if the target is a name; ``None`` for the default.
        target: The name, path or URL.
        division: What is saved.
        formats: The formats that are tried first.
        beside: Bytes of what is saved with it.

    Returns:
        The store, and for a plain save the payload's key in it, without the suffix of a format; else empty.

    Raises:
        NoSpaceError: The local disk or the store has too little space.
        StoreError: The store is not available or read-only.
    """
    size = _checked_size(division, formats, beside)
    return prepare_place(to, target, size)


def _checked_size(division: Division, formats: tuple[Format, ...], beside: int) -> int:
    """Return the bytes that payloads and extras will take, after checking that the local disk can hold their stage."""
    arrays = division.collection.arrays if division.collection else ()
    weights = sum(map(size_of, division.models.values())) + sum(int(array.nbytes) for array in arrays)
    size = int(weights * HEADROOM * len(formats)) + beside
    check_stage(size + int(weights * max(plug.scratch for plug in formats)))
    return size


def check_stage(size: int) -> None:
    """Check that the local disk can hold the stage: all payloads, and what writing them needs meanwhile; or its assets.

    Raises:
        NoSpaceError: It cannot.
    """
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise NoSpaceError(
            f"Staging needs {size_in_words(size + SPARE)} in {folder}, and {size_in_words(free)} are free.",
            "Remove files from the local disk, or point TMPDIR at a larger one.",
        )


def prepare_place(to: str | None, target: Target, size: int = 0) -> tuple[Store, str]:
    """Open the store and check that a model of so many bytes can be saved there.

    Raises:
        MissingPackageError: The store needs a package that is not installed.
        StoreError: The store is not available, read-only or full.
    """
    store, key = open_folder_of(target.path) if target.path else (open_store(to), "")
    store.prepare(size)
    if target.name:
        store.check_single(target.name)
    return store, key
