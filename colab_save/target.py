"""What a user names: an artifact of a store, or a file at an exact place.

    cats            the name; the newest version
    cats@best       the version with that tag
    cats@20260822   the version whose id begins so, as in git
    ./cats.keras    a path: a plain save, or any file that can be opened
    s3://b/cats     a URL, likewise

Both lines parse a target once, here; no I/O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from colab_save.errors import TargetError
from colab_save.format_table import format_of_path
from colab_save.hints import option

LONGEST_NAME = 120
"""Bytes of a name: file systems allow 255, and temporary siblings and sidecars add to it."""

NEWEST = "latest"
"""The selector of the newest committed version, as an empty one."""

VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
"""A version id: UTC time plus four hex digits; ids sort by time."""

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
        selector: What stood behind ``@``: a tag or the beginning of a version id; empty means the newest.
        path: A path or URL, as it was typed.
    """

    name: str = ""
    selector: str = ""
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read a target as the user typed it.

        Raises:
            TargetError: No text, empty, too long, or a name with characters that a folder cannot have everywhere.
        """
        if not isinstance(text, str):
            raise TargetError(
                f"The target is of type {type(text).__name__}, not a text.",
                "The model comes first, then the target: a name such as 'cats', or a path such as './cats.keras'.",
            )
        text = text.strip()
        if not text:
            raise TargetError("The target is empty.", "Give a name such as cats, or a path such as ./cats.keras.")
        if is_path(text):
            if "\0" in text:
                raise TargetError(f"The path {text!r} holds a null character.", "Remove it.")
            return cls(path=text)
        name, at, selector = text.partition("@")
        check_name(name, text)
        if at and not _SELECTOR.fullmatch(selector):
            raise TargetError(
                f"{selector!r} in {text!r} is neither a tag nor a version.", "Write cats@best or cats@20260822."
            )
        return cls(name=name, selector=selector)

    @property
    def format(self) -> str | None:
        """Name the format that the path's suffix says, or ``None``."""
        record = format_of_path(self.path)
        return record.name if record else None

    @property
    def shown(self) -> str:
        """Give the path without the secrets of a URL, for all that is shown or kept."""
        return without_secrets(self.path)

    def __repr__(self) -> str:
        return f"Target({str(self)!r})"

    def __str__(self) -> str:
        if self.path:
            return self.shown
        return f"{self.name}@{self.selector}" if self.selector else self.name


def is_path(text: str) -> bool:
    """Tell a path or URL from a name: it has a separator, begins with ``.`` or ``~``, or ends in a known suffix."""
    return "/" in text or "\\" in text or text.startswith((".", "~")) or format_of_path(text) is not None


def is_url(text: str) -> bool:
    """Tell a URL from a path: it begins with a protocol, as in ``s3://``."""
    return _URL.match(text) is not None


def without_secrets(text: str) -> str:
    """Hide in every URL of a text what may be a secret: passwords, logins of web pages, and queries."""
    text = _PASSWORD.sub(r"\1:…@", text)
    text = _LOGIN.sub(r"\1…@", text)
    return _QUERY.sub(r"\1…", text)


def check_name(name: str, text: str) -> None:
    """Refuse a name that could leave its store or that some file system cannot hold.

    Raises:
        TargetError: With the name and what is wrong with it.
    """
    if not _NAME.fullmatch(name) or name.endswith((".", " ")) or is_path(name):
        raise TargetError(
            f"{text!r} cannot be a name.",
            "A name begins with a letter or digit and holds letters, digits, spaces and . _ - +; "
            "for a file at an exact place give a path such as ./cats.keras.",
        )
    if len(name.encode()) > LONGEST_NAME:
        raise TargetError(
            f"The name is {len(name.encode())} bytes long, more than {LONGEST_NAME}.",
            f"Choose a shorter one; {option('note')} holds free text.",
        )


def check_tag(tag: str) -> None:
    """Refuse a tag that ``cats@tag`` would not find.

    Raises:
        TargetError: With the tag and what is wrong with it.
    """
    check_name(tag, tag)
    if tag == NEWEST or _VERSION_BEGINNING.fullmatch(tag):
        meaning = "the newest version" if tag == NEWEST else "the version that begins so"
        raise TargetError(
            f"{tag!r} cannot be a tag: behind @ it means {meaning}.", "Choose a word, such as best or v2."
        )


def last_part(path: str) -> str:
    """Give the last part of a path or URL."""
    return PurePosixPath(path.replace("\\", "/")).name
