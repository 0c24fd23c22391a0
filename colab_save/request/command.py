"""A typed line, read into values by option.

The magics read their lines here, and completion looks up what may be typed. What an option is called and explained
comes from the table of actions; the expressions in a line are evaluated later, by `namespace`.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from colab_save.errors import RequestError, UnknownNameError
from colab_save.hints import render
from colab_save.request.option import Option, Syntax
from colab_save.wording import did_you_mean

_PIECE = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<space>\s+)|(?P<escaped>\\[\s"'])|(?P<other>.)""", re.DOTALL
)


def split(line: str) -> list[str]:
    """Split a line at the spaces outside quotes and brackets, keeping both; a word that begins with # ends it.

    So ``models['a b']`` and ``(x[:2], y)`` are one word each, and a Windows path keeps its backslashes.

    Raises:
        RequestError: A quote or bracket is not closed.
    """
    words, opened = [""], ""
    for piece in _PIECE.finditer(line):
        text = piece.group()
        if text in {"'", '"'}:
            raise _not_closed("quote", text, line)
        if text == "#" and not (opened or words[-1]):
            break
        if piece["space"] and not opened:
            words.append("")
            continue
        if text in {"(", "[", "{"}:
            opened += text
        elif text in {")", "]", "}"}:
            opened = opened[:-1]
        words[-1] += text
    if opened:
        raise _not_closed("bracket", opened[-1], line)
    return [word for word in words if word]


def _not_closed(what: str, text: str, line: str) -> RequestError:
    return RequestError(f"The {what} {text} is not closed in: {line.strip()}", "Close it, or put the text in quotes.")


def unquote(word: str) -> str:
    """Return the text that a word stands for: without its quotes and escapes."""
    return _PIECE.sub(_plain, word)


def bared(word: str) -> str:
    """Take the quotes away that stand around all of a word; one that is quoted in part stays as it is."""
    whole = _PIECE.fullmatch(word)
    return unquote(word) if whole and whole["quoted"] else word


def _plain(piece: re.Match[str]) -> str:
    text = piece.group()
    if piece["quoted"]:
        return text[1:-1].replace("\\" + text[0], text[0])
    return text[1:] if piece["escaped"] else text


WIDTH = 110
"""Columns of the help texts; notebooks have that many."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A part of a line that stands for a value in the notebook.

    Attributes:
        source: The Python expression.
        word: The same as plain text, where the line may have meant that.
        asked_by: The option that it belongs to, for errors.
        may_be_word: The text is used when it names nothing.
    """

    source: str
    word: str
    asked_by: str
    may_be_word: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One magic: what it is called and what may follow.

    Attributes:
        name: The name, without ``%``.
        about: What it does, in one sentence.
        options: Everything that may follow.
        needs: How many positionals must be given.
    """

    name: str
    about: str
    options: tuple[Option, ...]
    needs: int = 0

    def help(self) -> str:
        """Explain the magic and every option, in the language of the frontend that runs."""
        return self._parser(self.options).format_help()

    def read(self, line: str, expand: Callable[[str], str] = str) -> dict[str, Any]:
        """Read a line into values by field: text, flags, and `Expression` for what is to be evaluated.

        Args:
            line: What stands behind the magic's name.
            expand: Puts values into texts, as IPython does for ``$name``.

        Raises:
            UnknownNameError: There is no such option.
            RequestError: A quote is not closed, a value is missing, or there is a word too many.
        """
        flagged = tuple(option for option in self.options if not option.is_positional)
        given, words = self._parser(flagged).parse_known_args(split(line))
        self._check_words(words)
        raw = vars(given)
        for index, (option, word) in enumerate(zip(self.positionals, words, strict=False)):
            raw[option.name] = words[index:] if option.syntax is Syntax.REPEATED else word
        return {option.name: _value(option, raw[option.name], expand) for option in self.options if option.name in raw}

    @property
    def positionals(self) -> tuple[Option, ...]:
        """Return what is given by its place alone."""
        return tuple(option for option in self.options if option.is_positional)

    def _check_words(self, words: list[str]) -> None:
        for flag in (word.partition("=")[0] for word in words if word.startswith("-")):
            known = [option.flag for option in self.options if not option.is_positional]
            raise UnknownNameError(f"%{self.name} has no option {flag!r}.", did_you_mean(flag, known))
        if len(words) < self.needs:
            missing = self.positionals[len(words)]
            raise RequestError(
                f"%{self.name} needs a {missing.flag}.", f"{missing.help} %{self.name} --help shows more."
            )
        takes_all = any(option.syntax is Syntax.REPEATED for option in self.positionals)
        if len(words) > len(self.positionals) and not takes_all:
            raise RequestError(
                f"%{self.name} has no use for {words[len(self.positionals)]!r}.",
                f"Put a text with spaces in quotes; %{self.name} --help shows what may follow.",
            )

    def _parser(self, options: Iterable[Option]) -> argparse.ArgumentParser:
        parser = _Parser(
            f"%{self.name}",
            self._usage().replace("%", "%%"),
            render(self.about),
            add_help=False,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
            formatter_class=_HelpFormatter,
        )
        for option in options:
            add_option(parser, option)
        return parser

    def _usage(self) -> str:
        words = [option.flag for option in self.positionals]
        words[self.needs :] = [f"[{word}]" for word in words[self.needs :]]
        flags = (f"{option.flag} {option.metavar}".rstrip() for option in self.options if not option.is_positional)
        usage = " ".join([f"%{self.name}", *words, *(f"[{flag}]" for flag in flags)])
        return textwrap.fill(usage, WIDTH, subsequent_indent=" " * 12, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise RequestError(f"{self.prog}: {message}.", f"{self.prog} --help explains every option.")


class _HelpFormatter(argparse.HelpFormatter):
    """Has room for the longest option beside its help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=WIDTH)


def add_option(parser: argparse.ArgumentParser, option: Option, *, is_needed: bool = False, **how: Any) -> None:
    """Add one option to a parser; without more a value stays the text that was typed.

    Args:
        parser: What reads the words.
        option: What may be typed.
        is_needed: Whether a positional must be given.
        how: More for argparse, such as ``type``; flags have no use for it.
    """
    text = render(option.help).replace("%", "%%")
    metavar = "{" + ",".join(option.choices) + "}" if option.choices else option.metavar
    is_repeated = option.syntax in {Syntax.REPEATED, Syntax.PAIRS}
    if option.is_positional:
        many, one = ("+", None) if is_needed else ("*", "?")
        parser.add_argument(option.name, metavar=option.flag, nargs=many if is_repeated else one, help=text, **how)
    elif option.is_flag:
        action = "store_true" if option.syntax is Syntax.FLAG else "store_false"
        parser.add_argument(option.flag, dest=option.name, action=action, help=text)
    else:
        action = "append" if is_repeated else "store"
        parser.add_argument(option.flag, dest=option.name, action=action, metavar=metavar, help=text, **how)


def _value(option: Option, raw: Any, expand: Callable[[str], str]) -> Any:
    match option.syntax:
        case Syntax.EXPRESSION | Syntax.NUMBER:
            return _expression(raw, option.flag, expand)
        case Syntax.REPEATED:
            return tuple(expand(unquote(word)) for word in raw)
        case Syntax.PAIRS:
            return dict(_pair(word, option, expand) for word in raw)
        case Syntax.POSITIONAL | Syntax.VALUE | Syntax.VARIABLE:
            return expand(unquote(raw))
    return raw


def _expression(raw: str, asked_by: str, expand: Callable[[str], str], *, may_be_word: bool = False) -> Expression:
    return Expression(bared(raw), expand(unquote(raw)), asked_by, may_be_word)


def _pair(raw: str, option: Option, expand: Callable[[str], str]) -> tuple[str, Expression]:
    key, equals, value = bared(raw).partition("=")
    if not (key and equals):
        raise RequestError(f"{option.flag} {raw} is not a pair.", f"Write {option.flag} {option.metavar}.")
    return key.strip(), _expression(value.strip(), f"{option.flag} {key}", expand, may_be_word=True)
