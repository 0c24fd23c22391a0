"""References to options, actions and packages in texts, so that one hint reads right in every frontend.

Whatever stands below the frontends writes ``option("to")`` or ``action("load", "cats")`` into its messages and knows
nothing of flags, keywords or magics. Errors, cards and warnings call `render` when they are shown; the frontend that
runs has set its `Language` by then (``frontends/languages.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from urllib.parse import quote, unquote

_REFERENCE = re.compile(r"\{(option|action|pip):([^{}\s]*)\}")
_SAFE = " /.:@+,'\"()[]*~"
"""What a reference holds as it is, so that a text that nobody has rendered can still be read."""


class Language(Protocol):
    """How one frontend writes options, actions and the installing of packages."""

    def option(self, name: str, value: str | None) -> str:
        """Write an option by the name of its request field, with its value where the text gives one."""

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, str]) -> str:
        """Write an action with what it is applied to, and options by the name of their field."""

    def pip(self, requirement: str) -> str:
        """Write the line that installs a package."""


class Plain:
    """Names alone: what is read where no frontend has asked, as in a log or in a test of one module."""

    def option(self, name: str, value: str | None) -> str:
        """Write the field, and its value behind an equals sign."""
        return name if value is None else f"{name}={value}"

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, str]) -> str:
        """Write the words behind each other."""
        return " ".join([name, *arguments, *(self.option(*item) for item in options.items())])

    def pip(self, requirement: str) -> str:
        """Write pip's own line."""
        return f"pip install {requirement}"


_LANGUAGE: ContextVar[Language | None] = ContextVar("colab_save_language", default=None)

_default: Language = Plain()


def option(name: str, value: object = None) -> str:
    """Refer to an option in a message or hint.

    Args:
        name: The field of the request, such as ``to``; for a flag the name alone is enough.
        value: What to give; of a repeated option one item, of a pair ``key=value``. Default: the option by itself.
    """
    return f"{{option:{_written(name, value)}}}"


def action(name: str, /, *arguments: object, **options: object) -> str:
    """Refer to an action in a message or hint.

    Args:
        name: Its name in the table of actions, such as ``load``.
        *arguments: What it is applied to: names, targets; as they are, unquoted.
        **options: Options by the name of their field; ``None`` for a flag.
    """
    applied = "".join(f"|{quote(str(argument), _SAFE)}" for argument in arguments)
    given = "".join(f"&{_written(key, value)}" for key, value in options.items())
    return f"{{action:{quote(name)}{applied}{given}}}".replace(" ", "%20")


def pip(requirement: str) -> str:
    """Refer to the installing of a package, such as ``colab_save[onnx]``."""
    return f"{{pip:{quote(requirement, _SAFE)}}}".replace(" ", "%20")


def render(text: str, language: Language | None = None) -> str:
    """Write every reference in a text as a frontend's user types it.

    Args:
        text: Any text; what is no reference stays as it is.
        language: Default: that of the frontend that is running, else that of `speak_by_default`.
    """
    spoken = language or _LANGUAGE.get() or _default
    return _REFERENCE.sub(lambda found: _rendered(found[1], found[2], spoken), text)


def speak_by_default(language: Language) -> None:
    """Have `render` write in a language wherever no frontend is running; at first that is names alone."""
    global _default  # noqa: PLW0603 - one for the process: a report is printed long after its frontend has run
    _default = language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Have `render` write in one language meanwhile, in this thread."""
    token = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def spoken() -> Language | None:
    """Return the language of the frontend that is running in this thread."""
    return _LANGUAGE.get()


def _written(name: str, value: object) -> str:
    text = name if value is None else f"{name}={quote(str(value), _SAFE)}"
    return text.replace(" ", "%20")


def _rendered(kind: str, text: str, language: Language) -> str:
    if kind == "pip":
        return language.pip(unquote(text))
    if kind == "option":
        return language.option(*_pair(text))
    called, *options = text.split("&")
    name, *arguments = map(unquote, called.split("|"))
    given = dict(map(_pair, options))
    return language.action(name, arguments, {key: value or "" for key, value in given.items()})


def _pair(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, unquote(value) if equals else None
