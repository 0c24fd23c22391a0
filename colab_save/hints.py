"""References to options, actions and packages in messages and hints, which each frontend writes in its own syntax.

Code below the frontends writes ``option("to")`` or ``action("load", "cats")`` into its texts and knows no flag, keyword
or magic. Text of others, such as custom code or the name of a file, goes in as ``literal(text)``, so that nothing in it
is taken for a reference. Errors, cards and warnings call `render` once, when they are shown; the frontend that runs has
set its `Language` by then (``frontends/languages.py``).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from urllib.parse import quote, unquote

_REFERENCE = re.compile(r"\{(option|action|pip|literal):([^{}\s]*)\}")
_SAFE = "/.:@+,'\"()[]*~"
"""Characters that a reference holds as they are, so that it can be read before it is rendered."""


class Language(Protocol):
    """How one frontend writes options, actions and the installation of packages."""

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return an option, by the name of its request field, with its values if the text gives any."""

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return an action with its arguments, and options by the name of their field."""

    def pip(self, words: Sequence[str]) -> str:
        """Return the command that installs packages, from pip's words: requirements, after ``-U`` for an upgrade."""


class Plain:
    """Names alone, for texts that no frontend shows, such as those of a log."""

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return the field, and its values after an equals sign."""
        return f"{name}={','.join(values)}" if values else name

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return the words, separated by spaces."""
        return " ".join([name, *arguments, *(self.option(*item) for item in options.items())])

    def pip(self, words: Sequence[str]) -> str:
        """Return pip's own command, as a shell reads it."""
        return f"pip install {shlex.join(words)}"


_LANGUAGE: ContextVar[Language | None] = ContextVar("colab_save_language", default=None)

_default: Language = Plain()


def option(name: str, value: object = None) -> str:
    """Refer to an option in a message or hint.

    Args:
        name: The field of the request, such as ``to``.
        value: The value to give, or a list of values for an option that can be repeated; ``key=value`` for a pair.
            Default: the option by itself, as for a flag.
    """
    return f"{{option:{_written(name, value)}}}"


def action(name: str, /, *arguments: object, **options: object) -> str:
    """Refer to an action in a message or hint.

    Args:
        name: Its name in the table of actions, such as ``load``.
        *arguments: Its arguments, such as a target, unquoted.
        **options: Options by the name of their field; ``None`` for a flag, a list for a repeated option.
    """
    after = "".join(f"|{_quoted(argument)}" for argument in arguments)
    given = "".join(f"&{_written(key, value)}" for key, value in options.items())
    return f"{{action:{_quoted(name)}{after}{given}}}"


def pip(*requirements: str, upgrade: bool = False) -> str:
    """Refer to the installation of packages.

    Args:
        *requirements: Each package, such as ``colab_save[onnx]`` or ``netron>=8``, unquoted.
        upgrade: Whether to upgrade a package that is installed already.
    """
    words = (*(["-U"] if upgrade else []), *requirements)
    return f"{{pip:{'|'.join(map(_quoted, words))}}}"


def literal(text: str) -> str:
    """Quote a text of others in a message or hint; `render` returns it unchanged.

    References need braces, so a text without any is returned as it is.
    """
    return f"{{literal:{_quoted(text)}}}" if {"{", "}"} & set(text) else text


def literal_around(text: str) -> str:
    """Quote a whole text, with what is quoted in it; for messages that tell what a file of others holds."""
    return literal(_REFERENCE.sub(lambda found: _unquoted(found[2]) if found[1] == "literal" else found[0], text))


def render(text: str, language: Language | None = None) -> str:
    """Return a text with every reference written as the user of a frontend types it.

    Args:
        text: Any text that has not been rendered yet; everything but references stays as it is.
        language: Default: that of the frontend that runs, else that of `speak_by_default`.
    """
    spoken = language or _LANGUAGE.get() or _default
    return _REFERENCE.sub(lambda found: _rendered(found[1], found[2], spoken), text)


def without(text: str, references: Collection[str]) -> str:
    """Leave out of a hint the sentences with one of these references, since what they recommend has failed."""
    lines = (re.split(r"(?<=[.:]) (?=[A-Z])", line) for line in text.split("\n"))
    kept = [" ".join(each for each in line if not any(item in each for item in references)) for line in lines]
    return "\n".join(filter(None, kept))


def speak_by_default(language: Language) -> None:
    """Set the language of `render` for the time when no frontend runs; at first that is names alone."""
    global _default  # noqa: PLW0603 - one for the process: a report is printed long after its frontend has run
    _default = language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Set the language of `render` in this thread while the block runs."""
    token = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def _quoted(value: object) -> str:
    return quote(str(value), _SAFE, errors="surrogatepass")


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="surrogatepass")
    except UnicodeDecodeError:  # not written here: it came in a text of others
        return text


def _written(name: str, value: object) -> str:
    if value is None:
        return _quoted(name)
    values = "|".join(map(_quoted, value if isinstance(value, (list, tuple)) else [value]))
    return f"{_quoted(name)}={values}"


def _rendered(kind: str, text: str, language: Language) -> str:
    if kind == "literal":
        return _unquoted(text)
    if kind == "pip":
        return language.pip(tuple(map(_unquoted, text.split("|"))))
    if kind == "option":
        return language.option(*_read(text))
    called, *options = text.split("&")
    name, *arguments = map(_unquoted, called.split("|"))
    return language.action(name, arguments, dict(map(_read, options)))


def _read(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values = text.partition("=")
    return _unquoted(name), tuple(map(_unquoted, values.split("|"))) if equals else ()
