"""Names of functions and classes in the tables, ``module:Class`` or ``module:function``, and what they stand for.

A table names what stands above it and imports none of it; whoever needs one asks `plugged`.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any


def plugged(reference: str) -> Any:
    """Import what a table names.

    Args:
        reference: ``package.module:name``; the name may be dotted, as that of a method is.
    """
    module, _, name = reference.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))
