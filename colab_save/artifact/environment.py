"""The versions of Python and packages, for manifests and the panel's footer; none of the packages is imported."""

from __future__ import annotations

import contextlib
import functools
import platform
from importlib import metadata


def environment(keras: str = "keras") -> dict[str, str]:
    """Return the versions of Python, colab_save, TensorFlow, Keras and NumPy, by name.

    A package that is missing, or whose own metadata is broken, is left out.

    Args:
        keras: The dialect of the model.
    """
    found = {"python": platform.python_version()}
    for name in ("colab_save", "tensorflow", keras, "numpy"):
        with contextlib.suppress(Exception):  # broken metadata can raise anything; a nightly build has another name
            if version := _version(name):
                found[name] = version
    return found


@functools.cache
def _version(name: str) -> str:
    """Return the version of a package; cached, since this takes milliseconds and the panel's footer asks often."""
    return metadata.version(name)
