"""The settings: the user's own defaults for every call, in one table, and the value of each that is in force.

What was set last counts (`change`), else the environment, else the default in the table; an option of the single call
wins over all. Whoever needs a value calls `setting`, which refuses a bad one, and nobody else does: the environment
must not break what does not need it. `frontends.configuring` sets values. A new setting is one record here.
"""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from colab_save.errors import RequestError
from colab_save.hints import action, literal
from colab_save.target import without_secrets
from colab_save.wording import is_text

PREFIX = "COLAB_SAVE_"
"""The beginning of each environment variable."""

_SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Kind:
    """The values that a setting can have.

    Attributes:
        type: Their type, which also reads a text of the environment.
        words: What a value must be, after "must be".
        accepts: Whether a value is one of them.
    """

    type: type
    words: str
    accepts: Callable[[Any], bool]

    def read(self, text: str) -> Any:
        """Return the value that a text of the environment stands for; the text itself if it stands for none."""
        try:
            return _SWITCHES[text.strip().lower()] if self.type is bool else self.type(text)
        except (KeyError, ValueError):
            return text


PLACE = Kind(str, "drive, a folder or a URL", lambda value: is_text(value) and bool(value))
COUNT = Kind(int, "a whole number of at least 0", lambda value: type(value) is int and value >= 0)
SWITCH = Kind(bool, "True or False", lambda value: isinstance(value, bool))
AMOUNT = Kind(float, "a number of at least 0", lambda value: _is_number(value) and 0 <= value <= sys.float_info.max)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: Its name.
        kind: The values that it can have.
        default: Its value where nobody has set it.
        help: What it does, in one sentence.
        unset: The default in words, where the value does not show it.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    unset: str = ""

    @property
    def variable(self) -> str:
        """Return its environment variable."""
        return f"{PREFIX}{self.name.upper()}"

    @property
    def default_in_words(self) -> str:
        """Return the default as help and reports show it."""
        return self.unset or str(self.default)


DEFAULT_STORE = "Drive in Colab, ./models elsewhere"
"""The store where no setting says another, in words."""

SETTINGS = {
    record.name: record
    for record in (
        Setting(
            name="to",
            kind=PLACE,
            default=None,
            help="The store in which models are saved and found.",
            unset=DEFAULT_STORE,
        ),
        Setting(
            name="keep",
            kind=COUNT,
            default=0,
            help="How many of the newest versions of a name a save keeps; 0 keeps all.",
        ),
        Setting(
            name="warm",
            kind=SWITCH,
            default=True,
            help="Whether a process that has imported TensorFlow waits for the next round trip.",
        ),
        Setting(
            name="cache_gb",
            kind=AMOUNT,
            default=5.0,
            help="The most GB that fetched files take on this disk, and as many again local copies.",
        ),
    )
}
"""The settings by name."""


class Origin(enum.Enum):
    """Where the value of a setting comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    IPYTHON = "ipython"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class InForce:
    """The value of a setting that is in force; it may be a bad one.

    Attributes:
        setting: The setting.
        value: The value, as it was given; it may have secrets of a URL, so no representation shows it.
        origin: Where it comes from.
    """

    setting: Setting
    value: Any = field(repr=False)
    origin: Origin

    @property
    def where(self) -> str:
        """Return where it comes from, in words that may have references."""
        return {
            Origin.DEFAULT: "the default",
            Origin.ENVIRONMENT: f"{self.setting.variable} in the environment",
            Origin.IPYTHON: "IPython's configuration",
            Origin.PYTHON: action("configure"),
        }[self.origin]

    @property
    def shown(self) -> str:
        """Return the value in words, without the secrets of a URL."""
        if self.origin is Origin.DEFAULT:
            return self.setting.default_in_words
        return without_secrets(self.value if is_text(self.value) else repr(self.value))

    def checked(self) -> Any:
        """Return the value.

        Raises:
            RequestError: It is a bad one; the hint says where it comes from.
        """
        name, kind = self.setting.name, self.setting.kind
        if self.origin is Origin.DEFAULT or kind.accepts(self.value):
            return self.value
        raise RequestError(
            f"The setting {name} must be {kind.words}, not {literal(without_secrets(repr(self.value)))}.",
            "Nothing was changed; give such a value, or None for the default."
            if self.origin is Origin.PYTHON
            else f"It is set by {self.where}; correct it there.",
        )


_changed: dict[str, tuple[Any, Origin]] = {}
"""What was set in this process, by name."""


def setting(name: str) -> Any:
    """Return the value of a setting that is in force.

    Raises:
        RequestError: It is a bad one; the hint says where it comes from.
    """
    return in_force(SETTINGS[name]).checked()


def in_force(record: Setting) -> InForce:
    """Return the value of a setting that is in force, which may be a bad one, and where it comes from."""
    if changed := _changed.get(record.name):
        return InForce(record, *changed)
    if text := os.environ.get(record.variable):
        return InForce(record, record.kind.read(text), Origin.ENVIRONMENT)
    return InForce(record, record.default, Origin.DEFAULT)


def check_settings() -> None:
    """Refuse bad values, before a save writes anything: it needs every setting, some of them after its commit.

    Raises:
        RequestError: One is bad; the hint says where it comes from.
    """
    for name in SETTINGS:
        setting(name)


def change(values: Mapping[str, Any], origin: Origin) -> None:
    """Set settings from now on, also to bad values, which the next call that needs one refuses.

    Args:
        values: A value by name; ``None`` goes back to that of the environment, or to the default.
        origin: Where the values come from.
    """
    for name, value in values.items():
        if value is None:
            _changed.pop(name, None)
        else:
            _changed[name] = (value, origin)


def forget(origin: Origin) -> None:
    """Forget what was set from one origin."""
    change({name: None for name, (_, known) in _changed.items() if known is origin}, origin)
