"""Functions that the code of an installed package made while it ran: no import reaches them, and no source is captured.

`module_configs` writes one as the class or function that made it, the place of its code in there, and what its closure
holds; `module_remaking` makes it of these. So the bijectors of tensorflow_probability hold what their constructors
define (``masked_autoregressive.py``, 0.25).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from colab_save.custom_code.origins import is_users_own, plain_function, public_module

_INSIDE = ".<locals>."


@dataclass(frozen=True, slots=True)
class InnerCode:
    """The place of the code of a function within that of another.

    Attributes:
        maker: The class or function of the package's module that made it.
        name: The qualified name of the code, which no `functools.wraps` changes.
        index: Its position among those of that name, as of several lambdas.
    """

    maker: Any
    name: str
    index: int

    @classmethod
    def of(cls, value: Any) -> InnerCode | None:
        """Return the place of a function's code; ``None`` for what can be imported, is the user's, or is not found."""
        if not isinstance(value, FunctionType) or is_users_own(value) or public_module(value) is not None:
            return None
        code, module = value.__code__, sys.modules.get(str(value.__globals__.get("__name__")))
        maker = vars(module).get(code.co_qualname.partition(".")[0]) if module else None
        if _INSIDE not in code.co_qualname or maker is None or value.__globals__ is not vars(module):
            return None
        index = next((at for at, each in enumerate(_codes(maker, code.co_qualname)) if each is code), None)
        return None if index is None else cls(maker, code.co_qualname, index)

    def find(self, names: list[str]) -> tuple[CodeType, dict[str, Any]]:
        """Return the code and the globals that it runs in.

        Args:
            names: The names that its closure must hold.

        Raises:
            ValueError: Another version of the package has no such code.
        """
        code = dict(enumerate(_codes(self.maker, self.name))).get(self.index)
        if code is None or list(code.co_freevars) != names:
            raise ValueError(f"{self.name} is another function in the installed version of its package")
        return code, vars(sys.modules[self.maker.__module__])


def _codes(maker: Any, name: str) -> Iterator[CodeType]:
    """Yield each code of a qualified name that the method or function before its first ``<locals>`` contains."""
    found = maker
    for part in name.partition(_INSIDE)[0].split(".")[1:]:
        found = vars(found).get(part) if isinstance(found, type) else None
    function = plain_function(found)
    if function is not None:
        yield from _within(function.__code__, name)


def _within(code: CodeType, name: str) -> Iterator[CodeType]:
    for item in code.co_consts:
        if isinstance(item, CodeType):
            if item.co_qualname == name:
                yield item
            yield from _within(item, name)
