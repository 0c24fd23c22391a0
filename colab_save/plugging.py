"""Import the classes and functions that the tables name as ``module:Class`` or ``module:function``.

The tables name modules of higher levels without importing them; callers get the object from `plugged`.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any


def plugged(reference: str) -> Any:
    """Import and return the class or function that a table names.

    Args:
        reference: ``package.module:name``; the name may be dotted, such as that of a method.
    """
    module, _, name = reference.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))
