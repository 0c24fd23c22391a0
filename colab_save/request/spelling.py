"""A request as the line and the call that a user would type: the inverse of `command`.

The panel shows both for everything that it does, to copy. Reading a line that was written here gives what it was
written from, whatever the texts hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.request.command import DELETE, LIST, LOAD, RESTORE, SAVE, Command, Expression, split
from colab_save.request.option import Option, Syntax

FUNCTIONS = {
    SAVE.name: "save_model",
    LOAD.name: "load_model",
    LIST.name: "list_models",
    DELETE.name: "delete_version",
    RESTORE.name: "restore_version",
}
"""The Python function that does what a magic does."""

ASSIGNED = "name"
"""The option of ``%loadmodel`` that names a variable; in Python that is an assignment."""

_PLAIN = re.compile(r"[\w./~@:+,=][\w./~@:+,=*-]*", re.ASCII)
_ODD = re.compile(r"[${}\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ENDING = re.compile(r'\\(?="|$)')


def magic_line(command: Command, given: Mapping[str, Any]) -> str:
    """Write the line of a magic.

    Args:
        command: The magic.
        given: What `Command.read` would give for the line: values by field, `Expression` for what is evaluated.
    """
    words = [f"%{command.name}"]
    for option in sorted(command.options, key=lambda option: option.flag.startswith("-")):
        if option.name in given:
            words += _words(option, given[option.name])
    return " ".join(words)


def python_call(command: Command, given: Mapping[str, Any]) -> str:
    """Write the call of the Python function that does the same.

    Args:
        command: See `magic_line`.
        given: Likewise.
    """
    places = [option.name for option in command.positionals]
    told = [name for name in places if name in given]
    arguments = [
        _source(given[name]) if name == places[index] else f"{name}={_source(given[name])}"
        for index, name in enumerate(told)
    ]
    arguments += [
        f"{option.name}={_source(given[option.name])}"
        for option in command.options
        if option.name in given and option.name not in {*places, ASSIGNED}
    ]
    assigned = f"{given[ASSIGNED]} = " if ASSIGNED in given else ""
    return f"{assigned}colab_save.{FUNCTIONS[command.name]}({', '.join(arguments)})"


def _words(option: Option, value: Any) -> Iterator[str]:
    match option.syntax:
        case Syntax.FLAG | Syntax.ANTIFLAG:
            if value is (option.syntax is Syntax.FLAG):
                yield option.flag
        case Syntax.REPEATED:
            for item in value:
                yield from (option.flag, text_word(item))
        case Syntax.PAIRS:
            for key, item in value.items():
                yield from (option.flag, _expression_word(f"{key}={item.source}"))
        case Syntax.EXPRESSION:
            yield from _flagged(option, _expression_word(value.source))
        case _:
            yield from _flagged(option, text_word(value))


def _flagged(option: Option, word: str) -> tuple[str, ...]:
    return (option.flag, word) if option.flag.startswith("-") else (word,)


def text_word(text: str) -> str:
    """Write a text as one word of a line.

    The magics put values in the place of ``$name`` and ``{…}``. What that would reach, and what no line can hold, is
    written as an expression of that kind itself: ``{chr(36)}`` for a dollar sign.
    """
    if _PLAIN.fullmatch(text):
        return text
    if _ENDING.search(text) or re.search(r"[${\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        text = _ENDING.sub(_as_expression, _ODD.sub(_as_expression, text))
    return '"{}"'.format(text.replace('"', '\\"'))


def _as_expression(found: re.Match[str]) -> str:
    return f"{{chr({ord(found.group())})}}"


def _expression_word(source: str) -> str:
    """Write an expression as one word: as it is, or in quotes, which are not part of it."""
    is_word = not re.match(r"[-\"'#]", source) and "\\" not in source and split(source) == [source]
    return source if is_word else '"{}"'.format(source.replace('"', '\\"'))


def _source(value: Any) -> str:
    if isinstance(value, Expression):
        return value.source
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_source(item)}" for key, item in value.items()) + "}"
    return repr(value)


def plain_call(function: str, *arguments: object, source: str | None = None) -> str:
    """Write the call of a function that has no magic.

    Args:
        function: A public name.
        arguments: Plain values.
        source: The store, where it is not the default.
    """
    told = [*map(repr, arguments), *([f"source={source!r}"] if source else [])]
    return f"colab_save.{function}({', '.join(told)})"
