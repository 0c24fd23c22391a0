"""Command lines of magics: a typed line is read into values by option.

The magics read their lines here, and completion looks up what may follow. Names and help of options come from the table
of actions; `frontends.namespace` evaluates the expressions of a line later.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from colab_save.errors import RequestError, UnknownNameError
from colab_save.hints import literal, render
from colab_save.request.option import Option, Syntax
from colab_save.wording import did_you_mean

_PIECE = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<space>\s+)|(?P<escaped>\\[\s"'])|(?P<other>.)""", re.DOTALL
)


def split(line: str) -> list[str]:
    """Split a line into words at the spaces outside quotes and brackets; a word that begins with # ends the line.

    Quotes and brackets stay: ``models['a b']`` and ``(x[:2], y)`` are one word each, and a Windows path has its
    backslashes.

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
    return RequestError(
        f"The {what} {literal(text)} is not closed in: {literal(line.strip())}",
        "Close it, or put the whole text in quotes.",
    )


def unquote(word: str) -> str:
    """Return the text that a word stands for, without its quotes and escapes."""
    return _PIECE.sub(_plain, word)


def bared(word: str) -> str:
    """Return a word without the quotes around all of it; a word that is quoted in part stays as it is."""
    whole = _PIECE.fullmatch(word)
    return unquote(word) if whole and whole["quoted"] else word


def _plain(piece: re.Match[str]) -> str:
    text = piece.group()
    if piece["quoted"]:
        return text[1:-1].replace("\\" + text[0], text[0])
    return text[1:] if piece["escaped"] else text


WIDTH = 110
"""Columns of a help text; notebooks have that many."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A part of a line that stands for a value of the notebook.

    Attributes:
        source: The Python expression.
        word: The same as plain text, in case the line meant that.
        flag: The flag or placeholder of its option, for errors.
        may_be_word: Whether the text is the value if the expression names nothing.
    """

    source: str
    word: str
    flag: str
    may_be_word: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One magic and its options.

    Attributes:
        name: The name, without ``%``.
        about: What it does, in one or two sentences.
        options: The options that may follow, positionals included.
        needs: How many positionals are required.
    """

    name: str
    about: str
    options: tuple[Option, ...]
    needs: int = 0

    def help(self) -> str:
        """Return the help of the magic and of every option, in the language of the frontend that runs."""
        return self._parser(self.options).format_help()

    def read(self, line: str, expand: Callable[[str], str] = str) -> dict[str, Any]:
        """Return the values of a line by field: texts, flags, and an `Expression` for what is to be evaluated.

        Args:
            line: The line after the magic's name.
            expand: Puts values into texts, as IPython does for ``$name``.

        Raises:
            UnknownNameError: There is no such option.
            RequestError: A quote is not closed, a value is missing, or there is an unexpected word.
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
        """Return the options that are given by their position."""
        return tuple(option for option in self.options if option.is_positional)

    def _check_words(self, words: list[str]) -> None:
        check_flags(f"%{self.name}", words, (option.flag for option in self.options if not option.is_positional))
        if len(words) < self.needs:
            missing = self.positionals[len(words)]
            raise RequestError(
                f"%{self.name} needs a {missing.flag}.", f"{missing.help} %{self.name} --help shows more."
            )
        takes_all = any(option.syntax is Syntax.REPEATED for option in self.positionals)
        if len(words) > len(self.positionals) and not takes_all:
            raise RequestError(
                f"%{self.name}: unexpected argument {literal(repr(words[len(self.positionals)]))}.",
                f"Put a text with spaces in quotes; %{self.name} --help shows what may follow.",
            )

    def _parser(self, options: Iterable[Option]) -> argparse.ArgumentParser:
        parser = Parser(
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


_SENTENCES = (
    (re.compile(r"the following arguments are required: (\S+)$"), r"\1 is missing"),
    (re.compile(r"the following arguments are required: (.+)"), r"\1 are missing"),
    (re.compile(r"argument (\S+): expected (?:one|at least one) argument"), r"\1 needs a value"),
    (re.compile(r"argument (\S+): ignored explicit argument .+"), r"\1 takes no value"),
    (re.compile(r"argument (\S+): "), r"\1: "),
)
"""What argparse reports (Python 3.12 to 3.14), and the same as a sentence."""


class Parser(argparse.ArgumentParser):
    """A parser of argparse that raises an error of ours where argparse would print its usage and end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed; argparse calls this.

        Raises:
            RequestError: Always.
        """
        for pattern, sentence in _SENTENCES:
            message = pattern.sub(sentence, message)
        raise RequestError(f"{self.prog}: {literal(message)}.", f"{self.prog} --help explains every option.")


class _HelpFormatter(argparse.HelpFormatter):
    """Leaves room for the longest option beside its help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=WIDTH)


def add_option(parser: argparse.ArgumentParser, option: Option, *, is_needed: bool = False, **how: Any) -> None:
    """Add one option to a parser; without ``how`` its value stays the text that was typed.

    Args:
        parser: The parser.
        option: The option.
        is_needed: Whether a positional is required.
        how: More arguments for argparse, such as ``type``; ignored for flags.
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


def check_flags(command: str, words: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the first word that a parser did not know and that begins with a dash.

    Args:
        command: The command that was typed, for the message.
        words: The words that the parser left.
        known: The flags of the command.

    Raises:
        UnknownNameError: There is such a word; the hint has the most similar flags.
    """
    for flag in (word.partition("=")[0] for word in words if word.startswith("-")):
        raise UnknownNameError(f"{command} has no option {literal(repr(flag))}.", did_you_mean(flag, known))


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


def _expression(raw: str, flag: str, expand: Callable[[str], str], *, may_be_word: bool = False) -> Expression:
    return Expression(bared(raw), expand(unquote(raw)), flag, may_be_word)


def _pair(raw: str, option: Option, expand: Callable[[str], str]) -> tuple[str, Expression]:
    key, equals, value = bared(raw).partition("=")
    if not (key and equals):
        raise RequestError(
            f"{option.flag} {literal(raw)} is not {option.metavar}.", f"Write it as {option.flag} {option.metavar}."
        )
    return key.strip(), _expression(value.strip(), f"{option.flag} {key}", expand, may_be_word=True)
