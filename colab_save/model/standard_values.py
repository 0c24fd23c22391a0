"""Write what the standard library has for settings and collections, as `Remaking` makes it again.

`attribute_configs` calls `write_standard` for each value of an attribute.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

FACTORIES = (list, dict, set, int, float, str)
"""What makes the default of a dict that `Remaking` makes again."""


def _default(writing: Any, value: Any) -> Any:
    is_known = value.default_factory in FACTORIES
    return {"default": [value.default_factory.__name__, writing.pairs(value)]} if is_known else None


STANDARD: Mapping[type, Callable[[Any, Any], Any]] = {
    SimpleNamespace: lambda writing, value: {"namespace": [False, writing.pairs(vars(value))]},
    argparse.Namespace: lambda writing, value: {"namespace": [True, writing.pairs(vars(value))]},
    collections.OrderedDict: lambda writing, value: {"ordered": writing.pairs(value)},
    collections.Counter: lambda writing, value: {"counter": writing.pairs(value)},
    collections.defaultdict: _default,
    collections.deque: lambda writing, value: {"deque": [writing.each(value), value.maxlen]},
    range: lambda _, value: {"range": [value.start, value.stop, value.step]},
    re.Pattern: lambda writing, value: {"pattern": [writing.value(value.pattern), value.flags]},
    type(pathlib.Path()): lambda _, value: {"path": str(value)},
}
"""What writes each of these kinds."""


def write_standard(writing: Any, value: Any) -> Any:
    """Return a value of these kinds as JSON; ``None`` for any other.

    Args:
        writing: What writes the values in it, see `attribute_configs`.
        value: The value.
    """
    writer = STANDARD.get(type(value))
    return writer(writing, value) if writer else None
