"""The Format plug: how a model is written, read and run.

`saving` calls `save` on a live model; `reloading` (the fresh process) and `loading` call `load` and `run`.
A format never sees a store, and a store never sees a format.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.round_trip import Aspect
from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS
from colab_save.errors import MissingPackageError, UnknownNameError
from colab_save.format_table import FORMATS, FormatRecord, format_names
from colab_save.hints import pip
from colab_save.plugging import plugged
from colab_save.wording import did_you_mean


@dataclass(frozen=True)
class NoOptions:
    """A format without options of its own."""


@dataclass(frozen=True, slots=True)
class Context:
    """What else a format may need to read a payload back.

    Attributes:
        custom_objects: Classes and functions by the name under which Keras looks them up.
        into: A live model that gets the weights, for formats that hold nothing else.
        beside: The folder with the artifact's other files, where that is not the payload's own.
        is_safe: Whether Keras refuses bytecode; not where `inspecting` has listed it and the user trusts it.
        dialect: The Keras that wrote the payload, by its import name.
        is_compiled: Whether a model comes back compiled as it was.
    """

    custom_objects: Mapping[str, Any]
    into: Any = None
    beside: Path | None = None
    is_safe: bool = True
    dialect: str = KERAS
    is_compiled: bool = True


class Format(ABC):
    """One way to write a model: what it does. What it is stands in its record, which is read without importing it.

    Attributes:
        record: Its record in the table of formats.
        scratch: Bytes on the local disk for each byte of weights, beside the payload and while it is written.
        Options: A frozen dataclass of what the user may set.
        differing: What to do when it answers otherwise than the live model, where that may be its own doing.
        opening: The Python lines that open the payload from its folder without this package; ``{keras}`` stands for
            the Keras that the model is made of.
    """

    scratch: ClassVar[float] = 0.0
    differing: ClassVar[str] = ""
    Options: ClassVar[type] = NoOptions
    opening: ClassVar[str]

    def __init__(self, record: FormatRecord) -> None:
        self.record = record

    @property
    def name(self) -> str:
        """Name it, as the user types it."""
        return self.record.name

    @property
    def payload(self) -> str:
        """Name the file or folder in an artifact."""
        return self.record.payload

    @property
    def holds(self) -> frozenset[Aspect]:
        """Give the aspects that survive in it."""
        return frozenset(map(Aspect, self.record.holds))

    @abstractmethod
    def refusal(self, model: Any) -> str:
        """Say why this format cannot write this model, before anything is written; empty when it can."""

    def specs(self, model: Any) -> Any:
        """Give the inputs of a model as nested `TensorFacts`, where this format knows them better than Keras does."""
        return None

    @abstractmethod
    def save(self, model: Any, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``folder / self.payload``, and beside it what reading it back needs.

        Args:
            model: The live model; it is not changed.
            folder: An existing folder on the local disk.
            sample: Inputs that the model accepts, with their specs.
            options: An instance of `Options`.

        Returns:
            What the user should know about this payload, one sentence each.

        Raises:
            FormatError: Keras or TensorFlow failed, in their words.
        """

    @abstractmethod
    def load(self, path: Path, context: Context) -> Any:
        """Read a payload back.

        Args:
            path: The file or folder.
            context: See `Context`.

        Raises:
            FormatError: Keras or TensorFlow failed, in their words.
        """

    @abstractmethod
    def run(self, model: Any, sample: Any) -> Any:
        """Answer the sample with a model, live or loaded: nested arrays in, nested arrays out; inference only."""


def get_format(name: str) -> Format:
    """Make the format of that name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in format_names():
        raise UnknownNameError(f"There is no format {name!r}.", did_you_mean(name, format_names()))
    made: Format = plugged(FORMATS[name].plug)(FORMATS[name])
    return made


def require_packages(plug: Format, packages: Sequence[str]) -> None:
    """Refuse a format early, whose packages are not there.

    Raises:
        MissingPackageError: One is not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"The format {plug.name} needs {', '.join(missing)}, which is not installed.",
            pip(f"colab_save[{plug.record.extra}]" if plug.record.extra else " ".join(missing)),
        )


def read_options(kinds: Mapping[str, type], given: Mapping[str, Any]) -> dict[str, Any]:
    """Give each format its own options out of what the user gave.

    Args:
        kinds: The `Options` class of each format of this save.
        given: ``KEY`` or ``format.KEY`` with its value.

    Raises:
        UnknownNameError: No format of this save has such an option.
    """
    taken: dict[str, dict[str, Any]] = {name: {} for name in kinds}
    known = {item.name for kind in kinds.values() for item in fields(kind)}
    for key, value in given.items():
        prefix, _, option = key.rpartition(".")
        having = [n for n, kind in kinds.items() if option in {f.name for f in fields(kind)} and prefix in ("", n)]
        if not having:
            raise UnknownNameError(
                f"{', '.join(kinds)} has no option {key!r}.", did_you_mean(option, known) or "It has no options at all."
            )
        for name in having:
            taken[name][option] = value
    return {name: kind(**taken[name]) for name, kind in kinds.items()}


SERVING = "serving_default"
"""The name of the signature, for TF Serving."""
