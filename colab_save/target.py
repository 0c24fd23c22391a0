"""What the user wants to save to or load from: an artifact in a store, or a file at an exact path.

    cats            the newest version of this name that is no export
    cats@best       the version with this tag
    cats@20260822   the version whose id begins with this, as in git
    ./cats.keras    a path: a plain save, or any model file
    s3://b/cats     a URL: the same at another place

Saves and loads parse their target once, here, without I/O.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from colab_save.errors import TargetError
from colab_save.format_table import format_of_path, suffixes
from colab_save.hints import literal, option

LONGEST_NAME = 120
"""Most bytes of a name: file systems allow 255, and temporary files and sidecars add to it."""

NEWEST = "latest"
"""The selector of the newest committed version that is no export; an empty one means the same."""

VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
"""A version id: UTC time plus four hex digits; ids sort by time."""

FOREIGN = frozenset({".ckpt", ".joblib", ".pb", ".pickle", ".pkl", ".pt", ".pth", ".safetensors"})
"""Suffixes of models that this package does not write."""

_URL = re.compile(r"[A-Za-z][\w+.-]*://")
_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/]*@")
_LOGIN = re.compile(r"(https?://)[^\s/]+@")
_QUERY = re.compile(r"(://[^\s?]*\?)[^\s'\"]+")

_NAME = re.compile(r"[^\W_][\w.+ -]*", re.UNICODE)
_SELECTOR = re.compile(r"[\w.+-][\w.+ -]*", re.UNICODE)
_VERSION_BEGINNING = re.compile(r"\d+(T\d*(Z(-[0-9a-f]*)?)?)?")


@dataclass(frozen=True, slots=True)
class Target:
    """One parsed target: either ``name`` or ``path`` is set.

    Attributes:
        name: The artifact's name in a store.
        selector: What follows ``@``: a tag or the beginning of a version id; empty for the newest version that is no
            export.
        path: A path or URL, as the user typed it.
    """

    name: str = ""
    selector: str = ""
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Parse a target as the user typed it.

        Raises:
            TargetError: It is not a text, empty, too long, or has characters that are not allowed in a name.
        """
        if not isinstance(text, str):
            raise TargetError(
                f"The target must be a text, not of type {type(text).__name__}.",
                "Pass the model first, then the target: a name such as 'cats', or a path such as './cats.keras'.",
            )
        text = text.strip()
        if not text:
            raise TargetError("The target is empty.", "Use a name such as cats, or a path such as ./cats.keras.")
        if is_path(text):
            if "\0" in text:
                raise TargetError(f"The path {literal(repr(text))} contains a null character.", "Remove it.")
            return cls(path=text)
        name, at, selector = text.partition("@")
        check_name(name, text)
        if at and not _SELECTOR.fullmatch(selector):
            raise TargetError(
                f"{literal(repr(selector))} in {literal(repr(text))} is neither a tag nor a version.",
                "Write cats@best or cats@20260822.",
            )
        return cls(name=name, selector=selector)

    @property
    def is_newest(self) -> bool:
        """Whether it is a name alone, or one with ``@latest``: no version or tag."""
        return bool(self.name) and self.selector in {"", NEWEST}

    @property
    def format(self) -> str | None:
        """The format that the suffix of the path names, or ``None``."""
        record = format_of_path(self.path)
        return record.name if record else None

    @property
    def shown(self) -> str:
        """The path without secrets of a URL, for output and manifests."""
        return without_secrets(self.path)

    def __repr__(self) -> str:
        return f"Target({str(self)!r})"

    def __str__(self) -> str:
        if self.path:
            return self.shown
        return f"{self.name}@{self.selector}" if self.selector else self.name


def is_path(text: str) -> bool:
    """Return whether a target is a path or URL: it has a separator or a known suffix, or begins with ``.`` or ``~``."""
    return "/" in text or "\\" in text or text.startswith((".", "~")) or format_of_path(text) is not None


def is_url(text: str) -> bool:
    """Return whether a path is a URL: it begins with a protocol, such as ``s3://``."""
    return _URL.match(text) is not None


def without_secrets(text: str) -> str:
    """Return a text in which each URL hides what may be secret: passwords, logins of web pages, and queries."""
    text = _PASSWORD.sub(r"\1:…@", text)
    text = _LOGIN.sub(r"\1…@", text)
    return _QUERY.sub(r"\1…", text)


def check_name(name: str, text: str) -> None:
    """Raise if a name could leave its store, or if some file system does not allow it.

    Args:
        name: The name.
        text: The target that it is part of, for the message.

    Raises:
        TargetError: The name is not allowed, or too long.
    """
    if not _is_word(name):
        raise TargetError(
            f"{literal(repr(text))} cannot be a name.",
            "A name begins with a letter or digit and has only letters, digits, spaces and . _ - +; "
            "for a file at an exact place, use a path such as ./cats.keras.",
        )
    if len(name.encode()) > LONGEST_NAME:
        raise TargetError(
            f"The name has {len(name.encode())} bytes, more than {LONGEST_NAME}.",
            f"Choose a shorter name, and use {option('note')} for free text.",
        )


def _is_word(text: str) -> bool:
    """Return whether a text has only the characters of a name, and cannot be taken for a path."""
    return bool(_NAME.fullmatch(text)) and not text.endswith((".", " ")) and not is_path(text)


def check_tag(tag: str) -> None:
    """Raise if ``cats@tag`` would not find this tag.

    Raises:
        TargetError: The tag has other characters than a name, is too long, or means a version.
    """
    if not _is_word(tag) or len(tag.encode()) > LONGEST_NAME:
        raise TargetError(
            f"{literal(repr(tag))} cannot be a tag.",
            "A tag begins with a letter or digit, has only letters, digits, spaces and . _ - +, no suffix of a model "
            f"file, and at most {LONGEST_NAME} bytes; choose a word such as best or v2.",
        )
    if tag == NEWEST or _VERSION_BEGINNING.fullmatch(tag):
        meaning = "the newest version that is no export" if tag == NEWEST else "a version id that begins with it"
        raise TargetError(
            f"{literal(repr(tag))} cannot be a tag: after @ it means {meaning}.", "Choose a word, such as best or v2."
        )


def check_suffix(target: Target) -> None:
    """Raise if what is saved to would end in a misspelt suffix, or in that of a file that this package does not write.

    Raises:
        TargetError: The hint has the suffix that is meant, or the target without it.
    """
    text = target.name or last_part(target.path)
    stem, _, ending = text.rpartition(".")
    suffix = f".{ending}"
    if not stem.strip(".") or not ending.strip("0123456789") or format_of_path(text) is not None:
        return
    if close := difflib.get_close_matches(suffix.lower(), suffixes(), 1, cutoff=0.75):
        meant = literal(f"{str(target).removesuffix(suffix)}{close[0]}")
        raise TargetError(f"{literal(repr(text))} ends in no suffix of a model file.", f"Did you mean {meant}?")
    if suffix.lower() in FOREIGN:
        raise TargetError(
            f"{literal(suffix)} is the suffix of a file of another program.",
            f"Use the name {literal(stem)}, or the path {literal(f'./{stem}.keras')}.",
        )


def last_part(path: str) -> str:
    """Return the last part of a path or URL."""
    return PurePosixPath(path.replace("\\", "/")).name
