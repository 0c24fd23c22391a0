"""Tab completion in the lines of magics: options, formats, purposes, metrics, model variables and saved names.

`load_ipython_extension` registers a `Completer` with IPython's hook ``complete_command``, which 7.34 and 9.x have. If
it returns nothing, IPython completes variables and files as usual.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from colab_save.errors import ColabSaveError
from colab_save.format_table import format_names
from colab_save.frontends.action import SAVED, Action
from colab_save.frontends.actions import magics
from colab_save.frontends.namespace import find_models
from colab_save.plugging import plugged
from colab_save.request.option import Option, Syntax
from colab_save.request.request import AUTO

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.artifact.manifest import Manifest
    from colab_save.reports.listing import Listing

HOOK = "complete_command"
"""IPython's hook for lines that begin with a known word, or match a pattern."""

PATIENCE = 0.4
"""Seconds that Tab waits for a store."""


Lister = Callable[[str, str | None], "Listing"]
"""A function that lists versions, by pattern and store."""


def line_pattern() -> re.Pattern[str]:
    """Return a pattern for the beginning of our lines: with ``%``, ``%%`` or neither, assigned to a variable or not."""
    return re.compile(rf"(?:[\w.,\s]*=)?\s*%{{0,2}}({'|'.join(magics())})\s(?!\s*=)")


class Event(Protocol):
    """What IPython passes for a Tab."""

    text_until_cursor: str


class Completer:
    """Completes the lines of our magics in one notebook.

    Saved names are looked up in another thread: a dead mount costs `PATIENCE` at most, and Drive is never mounted,
    since its store does that only in the main thread.

    Args:
        variables: The notebook's variables.
        find: Returns the `Lister` of a ``module:function``.
    """

    def __init__(self, variables: Mapping[str, Any], find: Callable[[str], Lister] = plugged) -> None:
        self._variables, self._find = variables, find
        self._looking: threading.Thread | None = None
        self._saved: tuple[Manifest, ...] = ()

    def __call__(self, event: Event) -> list[str]:
        """Return the words that fit at the cursor; IPython drops those that begin differently from the typed word."""
        match = line_pattern().match(event.text_until_cursor)
        if match is None:
            return []
        *before, word = re.split(r"\s+", event.text_until_cursor[match.end() :].lstrip())
        return list(self._candidates(magics()[match[1]], before, word))

    def _candidates(self, action: Action, before: list[str], word: str) -> Iterable[str]:
        flags = {option.flag: option for option in action.options if not option.is_positional}
        valued = {flag: option for flag, option in flags.items() if not option.is_flag}
        last = word.partition("=")[0] if "=" in word else "".join(before[-1:])
        place, source = _place_of(before, valued)
        if last in valued:
            return self._values(valued[last], source)
        if word.startswith("-"):
            return flags
        positional = action.magic_command.positionals[place : place + 1]
        if positional and positional[0].syntax is Syntax.EXPRESSION:
            return find_models(self._variables)
        return self._names(action.lists, word, source) if positional else ()

    def _values(self, option: Option, source: str | None) -> Iterable[str]:
        match option.name:
            case "formats":
                return (*format_names(), AUTO)
            case "format":
                return format_names()
            case "into":
                return find_models(self._variables)
            case "keep_best":
                return {name for manifest in self._look(SAVED, "*", source) for name in manifest.metrics}
        return option.choices

    def _names(self, lister: str, word: str, source: str | None) -> Iterator[str]:
        """Return the saved names, or after ``@`` the tags and versions of one."""
        name, at, _ = word.partition("@")
        for manifest in self._look(lister, name if at else f"{name}*", source):
            if not at:
                yield manifest.name
            elif manifest.name == name:
                yield from (*manifest.tags, manifest.version)

    def _look(self, lister: str, pattern: str, source: str | None) -> tuple[Manifest, ...]:
        """List a store; if that takes too long, return the previous answer, and a later Tab gets this one."""
        if self._looking is None or not self._looking.is_alive():
            self._looking = threading.Thread(target=self._list, args=(lister, pattern, source), daemon=True)
            self._looking.start()
        self._looking.join(PATIENCE)
        return self._saved

    def _list(self, lister: str, pattern: str, source: str | None) -> None:
        found: tuple[Manifest, ...] = ()
        with suppress(ColabSaveError, OSError):  # a store that cannot be listed offers nothing
            found = self._find(lister)(pattern, source).manifests
        self._saved = found


def register(shell: InteractiveShell, completer: Completer | None = None) -> None:
    """Complete the lines of our magics."""
    complete = completer or Completer(shell.user_ns)
    unregister(shell)
    # IPython binds a hook to itself: `set_hook` makes a method of it.
    shell.set_hook(HOOK, lambda _, event: complete(event), re_key=line_pattern())


def unregister(shell: InteractiveShell) -> None:
    """Stop completing the lines of our magics."""
    shell.strdispatchers[HOOK].regexs.pop(line_pattern(), None)


def _place_of(before: list[str], valued: Mapping[str, Option]) -> tuple[int, str | None]:
    """Return how many positionals stand before the cursor, and the store that the line names."""
    place, source, words = 0, None, iter(before)
    for word in words:
        flag, equals, value = word.partition("=")
        if flag in valued:
            value = value if equals else next(words, "")
            source = value if valued[flag].name in {"to", "source"} else source
        elif not word.startswith("-"):
            place += 1
    return place, source
