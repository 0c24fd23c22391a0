"""Supply the custom objects of a load: those of the notebook first, else the captured ones if they may run.

`opening` and `collections` call `supply` once a file is inspected; the signature decides whether its code may run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colab_save.custom_code.comparing import compare_source, names_in
from colab_save.custom_code.running import CODE_MODULE, load_custom_code
from colab_save.errors import UntrustedCodeError
from colab_save.hints import literal, option
from colab_save.inspecting.findings import CustomName, Findings
from colab_save.quoting import visible

SHOWN_LINES = 60
"""Lines of captured code that an error shows."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """The custom objects for a load.

    Attributes:
        objects: Classes and functions by the name under which Keras looks them up.
        notes: A note for each class or function of the notebook that differs from the saved one.
    """

    objects: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def supply(findings: Findings, code: Path | None, *, is_allowed: bool) -> Supplied:
    """Return the custom objects that a file needs: those of the notebook first, else the captured ones if trusted.

    Args:
        findings: What the file needs, and what in it would run code.
        code: The captured code beside it.
        is_allowed: Whether its code may run, see `may_run`.

    Raises:
        UntrustedCodeError: It would run code that is neither the user's own nor trusted; the error shows the code.
    """
    if findings.runs_code and not is_allowed:
        raise UntrustedCodeError(
            f"Opening it would run code: {literal(visible('; '.join(findings.runs_code[:4])))}.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    live, homonyms = _live(findings.custom_names), _homonyms(findings, code)
    live |= {name: item for name, item in _live(homonyms).items() if getattr(item, "__module__", "") == "__main__"}
    if code is None:
        return Supplied(live)
    if len(live) < len({_plain(name) for name in (*findings.custom_names, *homonyms)}):
        if not is_allowed:
            raise _shown(code)
        return Supplied({**load_custom_code(code, CODE_MODULE), **live}, tuple(_differences(code, live)))
    return Supplied(live, tuple(_differences(code, live)))


def supply_classes(names: Iterable[str], code: Path | None) -> Mapping[str, Any]:
    """Return the classes that trusted extras need: those of the notebook first, else the captured ones.

    Args:
        names: Their names.
        code: The captured code.
    """
    needed = tuple(CustomName("", name) for name in names)
    return supply(Findings("", custom_names=needed), code, is_allowed=True).objects


def _plain(name: CustomName) -> str:
    return name.registered or name.name


def _homonyms(findings: Findings, code: Path | None) -> list[CustomName]:
    """Return what a file names that Keras has, too, and that the captured code says is the user's."""
    names = names_in(code) if code is not None and findings.homonyms else set()
    return [name for name in findings.homonyms if _plain(name) in names]


def _live(names: Iterable[CustomName]) -> dict[str, Any]:
    """Return the classes and functions of the notebook that have these names."""
    main = vars(sys.modules["__main__"])
    return {_plain(name): item for name in names if callable(item := main.get(name.name))}


def _differences(code: Path, live: Mapping[str, Any]) -> list[str]:
    """Return a note for each name whose code in the notebook, with all that it uses, differs from the saved one."""
    names = compare_source(code, vars(sys.modules["__main__"])) if live else []
    return [f"The notebook's {name} differs from the saved one." for name in names]


def _shown(code: Path) -> UntrustedCodeError:
    lines = visible(code.read_text(encoding="utf-8").expandtabs()).splitlines()  # it must not hide from a terminal
    more = f"\n… {len(lines) - SHOWN_LINES} more lines in {literal(str(code))}" if len(lines) > SHOWN_LINES else ""
    return UntrustedCodeError(
        f"The model needs the code that came with it, which is not signed by you ({len(lines)} lines).",
        f"Read it; if you trust it, add {option('trust')}. Or define these classes in the notebook first.\n\n"
        + literal("\n".join(lines[:SHOWN_LINES]))
        + more,
    )
