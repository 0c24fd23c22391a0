"""The base class of formats: how a model is written, read and run.

A save calls `save` on a live model; the fresh process and a load call `open` and `run`. A format never sees a store,
and a store never sees a format.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from colab_save.artifact.round_trip import Aspect
from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS, dialect_of
from colab_save.errors import MissingPackageError, UnknownNameError
from colab_save.format_table import FORMATS, FormatRecord, format_names
from colab_save.formats.libraries import Libraries
from colab_save.hints import literal, pip
from colab_save.plugging import plugged
from colab_save.sampling.running import run_pass
from colab_save.types import Json, Model, Nested, Specs
from colab_save.wording import did_you_mean


@dataclass(frozen=True)
class NoOptions:
    """The options of a format that has none."""


@dataclass(frozen=True, slots=True)
class Context:
    """What else a format may need to read a payload back.

    Attributes:
        custom_objects: Classes and functions by the name under which Keras looks them up.
        into: A live model to load the weights into, for formats that hold nothing else.
        beside: The folder with the artifact's other files, if that is not the payload's own.
        is_safe: Whether Keras refuses bytecode; false only after inspection has listed it and the user trusts it.
        dialect: The Keras that wrote the payload, by its import name.
        is_compiled: Whether to compile the model as it was.
        assets: The place of an asset on this disk for each text that stands for it in a config.
        is_trusted: Whether any library that is recorded beside a graph may be imported, see `libraries`.
    """

    custom_objects: Mapping[str, Any]
    into: Model = None
    beside: Path | None = None
    is_safe: bool = True
    dialect: str = KERAS
    is_compiled: bool = True
    assets: Mapping[str, str] = field(default_factory=dict)
    is_trusted: bool = False


class Format(ABC):
    """One way to write a model: what it does. Its record says what it is, and is read without importing this class.

    Attributes:
        record: The record in the table of formats.
        is_remade: Whether its objects can be made from their attributes, where their constructors cannot be called.
        scratch: Bytes of local disk that writing needs besides the payload, for each byte of weights.
        Options: A frozen dataclass of what the user may set.
        differing: The hint when outputs differ from the live model's, if the format itself may be the reason.
        opening: Python code that opens the payload from its folder without this package; ``{keras}`` stands for the
            Keras that the model is made of.
    """

    is_remade: ClassVar[bool] = False
    scratch: ClassVar[float] = 0.0
    differing: ClassVar[str] = ""
    Options: ClassVar[type] = NoOptions
    opening: ClassVar[str]

    def __init__(self, record: FormatRecord) -> None:
        self.record = record

    @property
    def name(self) -> str:
        """Return the name that the user types."""
        return self.record.name

    @property
    def payload(self) -> str:
        """Return the name of the file or folder in an artifact."""
        return self.record.payload

    @property
    def holds(self) -> frozenset[Aspect]:
        """Return the aspects that survive in it."""
        return frozenset(map(Aspect, self.record.holds))

    @property
    def is_program(self) -> bool:
        """Return whether it holds what a model computes, and not the layers that it is made of."""
        return Aspect.STRUCTURE not in self.holds

    @abstractmethod
    def refusal(self, model: Model) -> str:
        """Return why this format cannot write a model, before anything is written; empty if it can."""

    def specs(self, model: Model) -> Specs:
        """Return the inputs of a model as nested `TensorFacts` if this format knows them better than Keras does."""
        return None

    @abstractmethod
    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``folder / self.payload``, and beside it any other file that reading it back needs.

        Args:
            model: The live model; it is not changed.
            folder: An existing folder on the local disk.
            sample: Inputs that the model accepts, with their specs; if none are known, it has ``missing`` instead.
            options: An instance of `Options`.

        Returns:
            Notes for the user about this payload, one sentence each.

        Raises:
            FormatError: Keras or TensorFlow failed; the message quotes it.
        """

    def open(self, path: Path, context: Context) -> Model:
        """Read a payload back, as the fresh process and a load do: with the libraries that its graphs need imported.

        Args:
            path: The file or folder.
            context: See `Context`.

        Raises:
            ColabSaveError: Keras or TensorFlow failed, or a library is missing or may not be imported.
        """
        places = dict.fromkeys((path, *map(Path, context.assets.values())))
        libraries = Libraries.imported(places, is_trusted=context.is_trusted)
        while True:
            try:
                return self.load(path, context)
            except Exception as error:
                if not libraries.supply(error):
                    raise

    @abstractmethod
    def load(self, path: Path, context: Context) -> Model:
        """Read a payload back, in a process in which its libraries have been imported.

        Args:
            path: The file or folder.
            context: See `Context`.

        Raises:
            FormatError: Keras or TensorFlow failed; the message quotes it.
        """

    def read_config(self, file: Path) -> Json:
        """Return the configs that a payload is made again from; ``None`` for a program, which needs none."""
        return None

    def write_config(self, file: Path, config: Json, target: Path) -> None:
        """Write a payload as it is, with other configs.

        Args:
            file: The payload.
            config: See `read_config`.
            target: Where it is written; it may be the payload itself.
        """

    @abstractmethod
    def run(self, model: Model, sample: Nested) -> Nested:
        """Run a live or loaded model on sample inputs, inference only: nested arrays in, nested arrays out."""

    def runs(self, model: Model, name: str) -> bool:
        """Return whether a loaded model can run another forward pass, see `Pass`: a model of Keras can."""
        return bool(dialect_of(model))

    def run_pass(self, model: Model, name: str, inputs: Nested) -> Nested:
        """Run another forward pass of a loaded model that `runs` it: nested arrays in, nested arrays out."""
        return run_pass(model, name, inputs)


def get_format(name: str) -> Format:
    """Return a new instance of the format with that name.

    Raises:
        UnknownNameError: There is no such format.
    """
    if name not in format_names():
        raise UnknownNameError(f"There is no format {literal(repr(name))}.", did_you_mean(name, format_names()))
    plug: Format = plugged(FORMATS[name].plug)(FORMATS[name])
    return plug


def require_packages(plug: Format, packages: Sequence[str]) -> None:
    """Check, before anything is written or read, that the packages of a format are installed.

    Raises:
        MissingPackageError: One is not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"The format {plug.name} needs {' and '.join(missing)}, and {'it is' if len(missing) == 1 else 'they are'} "
            "not installed.",
            pip(*([f"colab_save[{plug.record.extra}]"] if plug.record.extra else missing)),
        )


def read_options(kinds: Mapping[str, type], given: Mapping[str, Any]) -> dict[str, Any]:
    """Sort the options that the user gave by format.

    Args:
        kinds: The `Options` class of each format of this save.
        given: Values by ``KEY``, for every format that has it, or by ``format.KEY``.

    Returns:
        An instance of `Options` for each format.

    Raises:
        UnknownNameError: No format of this save has such an option.
    """
    values: dict[str, dict[str, Any]] = {name: {} for name in kinds}
    known = {item.name for kind in kinds.values() for item in fields(kind)}
    for key, value in given.items():
        prefix, _, option = key.rpartition(".")
        having = [n for n, kind in kinds.items() if option in {f.name for f in fields(kind)} and prefix in ("", n)]
        if not having:
            raise UnknownNameError(
                f"{', '.join(kinds)} has no option {literal(repr(key))}.",
                did_you_mean(option, known) or "It has no options at all.",
            )
        for name in having:
            values[name][option] = value
    return {name: kind(**values[name]) for name, kind in kinds.items()}


SERVING = "serving_default"
"""The name of the signature that TF Serving calls."""
