"""Hide from a text who the user is and what lets others in: `doctor` passes everything that it found through `Secrets`.

It is made from the environment and the account, and knows what to look for; what it cannot know is a secret that looks
like any other word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from colab_save.deadline import within
from colab_save.settings import SETTINGS, in_force
from colab_save.target import without_secrets

HIDDEN = "…"
"""What stands in the place of what is hidden."""

SHORTEST = 4
"""Letters of the shortest value that is taken for a secret; shorter ones would hide parts of words."""

SWITCHES = frozenset({"true", "false", "none", "null", "auto"})
"""Values that are no secret, whatever the variable is called."""

EVERYBODY = frozenset({"root", "user", "admin", "ubuntu", "jovyan", "vscode", "codespace", "colab", "kaggle", "runner"})
"""Accounts that images of machines have, and that are nobody's name."""

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|AUTH|KEY(_ID)?$", re.IGNORECASE)
_NAME = re.compile(r"(^|_)(USER|USER_?NAME|LOGNAME|LNAME|LOGIN|AUTHOR_NAME|COMMITTER_NAME|E?MAIL)$", re.IGNORECASE)
"""The names of environment variables with a secret, and with a name of the user."""

_LOGIN = re.compile(r"(://)[^\s'\"]*@")
_LOGIN_OF = re.compile(r"://([^\s:@/]*):([^\s'\"]+)@")
_HOME = re.compile(r"(?<![\w.-])/(home|Users)/[^/\s'\":;,]+")
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_TOKEN = re.compile(
    r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{24,}|\bA[KS]IA[A-Z0-9]{12,}|\b(?:hf_|gh[a-z]_|sk-|ya29\.|eyJ)[\w.-]{8,}"
)
"""A login in a URL, its two parts, anybody's home folder, an address, and what looks like a token."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a report must not show.

    Attributes:
        values: Texts that are hidden wherever they stand, such as the value of ``HF_TOKEN``.
        homes: Spellings of the home folder, which becomes ``~``.
        names: Names of the user, hidden where they stand as words.
    """

    values: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def of_this_user(cls, patience: float = 2.0) -> Self:
        """Return the secrets of the user who runs this process.

        Args:
            patience: Seconds that the account may take to answer; the environment is at hand.
        """
        names = {value for name, value in os.environ.items() if _NAME.search(name)}
        homes = {os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}
        with suppress(OSError):  # a directory of users, or the disk with the homes, that does not answer
            account = within(patience, lambda: _account(homes))
            homes, names = homes | account.homes, names | account.names
        return cls(
            frozenset(_values(_given())),
            frozenset(home.rstrip("/\\") for home in homes if len(Path(home).parts) > 1),
            frozenset(word for name in names for word in _words(name)),
        )

    def hide(self, text: str) -> str:
        """Return a text without them, and without logins in URLs, addresses and what looks like a token."""
        for value in _longest_first(self.values):
            text = text.replace(value, HIDDEN)
        text = _LOGIN.sub(rf"\1{HIDDEN}@", without_secrets(text))
        for home in _longest_first(self.homes):
            text = re.sub(rf"{re.escape(home)}(?![\w-])", "~", text)
        text = _HOME.sub("~", text)
        text = _MAIL.sub(HIDDEN, text)
        for name in _longest_first(self.names):
            text = re.sub(rf"(?<![^\W\d_]){re.escape(name)}(?![^\W\d_])", HIDDEN, text, flags=re.IGNORECASE)
        return _TOKEN.sub(HIDDEN, text)


def _account(homes: Iterable[str]) -> Secrets:
    """Return the home folder and the names that the system has for this account, and where links of homes lead to."""
    found, names = set(homes), set()
    with suppress(ImportError, KeyError):  # Windows; an account without an entry, as in many containers
        import pwd

        entry = pwd.getpwuid(os.getuid())
        found.add(entry.pw_dir)
        names |= {entry.pw_name, entry.pw_gecos.partition(",")[0]}
    found |= {os.path.realpath(home) for home in found if home}
    return Secrets(homes=frozenset(found), names=frozenset(names))


def _given() -> dict[str, str]:
    """Return the environment, and the settings as if all were set there."""
    found = {record.variable: in_force(record).value for record in SETTINGS.values()}
    return {**os.environ, **{name: value for name, value in found.items() if isinstance(value, str)}}


def _values(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables that sound secret, and the logins in the URLs of all others."""
    for name, value in variables.items():
        logins = (part for login in _LOGIN_OF.findall(value) for part in login)
        found = (*logins, *([value] if _SECRET.search(name) else []))
        yield from (text for text in found if len(text) >= SHORTEST and text.lower() not in SWITCHES)


def _words(name: str) -> Iterator[str]:
    """Yield a name, and of an address what stands before its ``@``."""
    found = {name.strip(), name.partition("@")[0].strip()}
    yield from (word for word in found if len(word) > 1 and word.lower() not in EVERYBODY)


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=len, reverse=True)
