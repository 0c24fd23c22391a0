"""Values by option, written as the command line or the Python call that a user types: the inverse of `command`.

The panel shows both for everything it does, and `frontends.languages` writes hints with them. A line that is written
here reads back as the same values, whatever the texts contain.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from colab_save.request.command import Command, Expression, split
from colab_save.request.option import Option, Syntax

_PLAIN = re.compile(r"[\w./~@:+,=][\w./~@:+,=*-]*", re.ASCII)
_ODD = re.compile(r"[${}\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ENDING = re.compile(r'\\(?="|$)')


def magic_line(command: Command, given: Mapping[str, Any]) -> str:
    """Return the command line of a magic.

    Args:
        command: The magic.
        given: Values by option, as `Command.read` returns them for the line.
    """
    return " ".join([f"%{command.name}", *_line_words(command.options, given, text_word, _expression_word)])


def terminal_line(command: str, options: Iterable[Option], given: Mapping[str, Any]) -> str:
    """Return a command line for a terminal, as a POSIX shell reads it.

    Args:
        command: The words before the options: the program and its command.
        options: The options that may follow.
        given: See `magic_line`; an `Expression` is written as its source.
    """
    words = [shlex.quote(word) for word in _line_words(options, given, str, str)]
    return " ".join([command, *words])


def python_call(function: str, options: Iterable[Option], given: Mapping[str, Any]) -> str:
    """Return the call of a Python function.

    Args:
        function: Its name, as the user types it.
        options: The options that it takes.
        given: See `magic_line`.
    """
    in_order = sorted(options, key=lambda option: not option.is_positional)
    offered = [option for option in in_order if option.name in given]
    places = [option.name for option in in_order if option.is_positional]
    in_place = [name for name, option in zip(places, offered, strict=False) if option.name == name]
    arguments = [_source(given[name]) for name in in_place] + [
        f"{option.name}={_source(given[option.name])}"
        for option in offered
        if option.name not in in_place and option.syntax is not Syntax.VARIABLE
    ]
    assigned = next((f"{given[option.name]} = " for option in offered if option.syntax is Syntax.VARIABLE), "")
    return f"{assigned}{function}({', '.join(arguments)})"


def _line_words(
    options: Iterable[Option],
    given: Mapping[str, Any],
    write: Callable[[str], str],
    write_expression: Callable[[str], str],
) -> Iterator[str]:
    for option in sorted(options, key=lambda option: not option.is_positional):
        if option.name in given:
            yield from _words(option, given[option.name], write, write_expression)


def _words(
    option: Option, value: Any, write: Callable[[str], str], write_expression: Callable[[str], str]
) -> Iterator[str]:
    match option.syntax:
        case Syntax.FLAG | Syntax.ANTIFLAG:
            if value is (option.syntax is Syntax.FLAG):
                yield option.flag
        case Syntax.REPEATED:
            for item in value:
                yield from _flagged(option, write(item))
        case Syntax.PAIRS:
            for key, item in value.items():
                yield from _flagged(option, write_expression(f"{key}={item.source}"))
        case Syntax.EXPRESSION | Syntax.NUMBER:
            yield from _flagged(option, write_expression(value.source))
        case _:
            yield from _flagged(option, write(value))


def _flagged(option: Option, word: str) -> tuple[str, ...]:
    if option.is_positional:
        return (word,)
    # A parser reads a word that begins with a dash as another option.
    return (f"{option.flag}={word}",) if word.startswith("-") else (option.flag, word)


def text_word(text: str) -> str:
    """Return a text as one word of a line.

    The magics replace ``$name`` and ``{…}`` by values. Characters that this would change, and those that no line can
    hold, are written as such an expression: ``{chr(36)}`` for a dollar sign.
    """
    if _PLAIN.fullmatch(text):
        return text
    if _ENDING.search(text) or re.search(r"[${\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        text = _ENDING.sub(_as_expression, _ODD.sub(_as_expression, text))
    return '"{}"'.format(text.replace('"', '\\"'))


def _as_expression(found: re.Match[str]) -> str:
    return f"{{chr({ord(found.group())})}}"


def _expression_word(source: str) -> str:
    """Return an expression as one word: as it is, or in quotes that are not part of it."""
    is_word = not re.match(r"[-\"'#]", source) and "\\" not in source and split(source) == [source]
    return source if is_word else '"{}"'.format(source.replace('"', '\\"'))


def _source(value: Any) -> str:
    if isinstance(value, Expression):
        return value.source
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_source(key)}: {_source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_source, value))}{',' * (len(value) == 1)})"
    written = repr(value)
    is_quoted = isinstance(value, str) and written.startswith("'") and '"' not in written
    return f'"{written[1:-1]}"' if is_quoted else written
