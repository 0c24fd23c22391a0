"""What makes an artifact: the versions that a manifest records and the panel's footer shows; nothing is imported."""

from __future__ import annotations

import contextlib
import functools
import platform
from importlib import metadata


def environment(keras: str = "keras") -> dict[str, str]:
    """Give the versions of what makes an artifact.

    Args:
        keras: The Keras that the model is made of, by its import name.
    """
    found = {"python": platform.python_version()}
    for name in ("colab_save", "tensorflow", keras, "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):  # a nightly build has another name
            found[name] = _version(name)
    return found


@functools.cache
def _version(name: str) -> str:
    """Give the version of a package that is installed; that takes milliseconds, and the panel's footer asks often."""
    return metadata.version(name)
