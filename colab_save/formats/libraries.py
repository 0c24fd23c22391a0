"""The libraries whose operations a graph needs: found in a save, imported before a load.

A graph has operations by name. TensorFlow has most; ``tensorflow_text``, decision forests and others register more when
they are imported. ``SavedModelFormat`` records them beside the graph that it writes, and `Format.open` imports them.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Self

from colab_save.artifact.libraries import Library, read_libraries
from colab_save.custom_code.origins import is_installed, requirements_of
from colab_save.errors import ColabSaveError, FormatError, MissingPackageError, UntrustedCodeError
from colab_save.hints import literal, option, pip
from colab_save.protobuf import GRAPH
from colab_save.quoting import visible
from colab_save.wording import first_line, text_of

_TEXT = """
TFText>.+ Sentencepiece\\w*Op CaseFoldUTF8 NormalizeUTF8 NormalizeUTF8WithOffsetsMap FindSourceOffsets FastBertNormalize
FastWordpieceTokenizeWithOffsets WordpieceTokenizeWithOffsets WhitespaceTokenizeWithOffsets RegexSplitWithOffsets
UnicodeScriptTokenizeWithOffsets SplitMergeTokenizeWithOffsets SentenceFragments SentenceFragmentsV2 PhraseTokenize
ConstrainedSequence MaxSpanningTree TokenizerFromLogits RougeL
"""

KNOWN = {
    "tensorflow_text": "|".join(_TEXT.split()),
    "tensorflow_decision_forests": r"SimpleML\w+",
    "tensorflow_io": "IO>.+",
    "tensorflow_addons": "Addons>.+",
    "tensorflow_recommenders_addons": "TFRA>.+",
}
"""The operations of well-known libraries by import name, which pip has with hyphens. A graph of anybody may have these
imported, from where pip installs."""

AS_TENSORFLOW = frozenset({"tensorflow_text"})
"""Those whose releases work with TensorFlow of the same minor version only."""

_UNREGISTERED = re.compile(r"Op type not registered '([^']+)'")
"""TensorFlow's message about an operation that it does not know (``tensorflow/core/framework/op.cc``, 2.16 to 2.21)."""

_PLUGIN = "_IS_TENSORFLOW_PLUGIN"
"""What `tf.load_op_library` sets in each module that it makes (``load_library.py``, TensorFlow 2.16 to 2.21)."""


def libraries_of(folder: Path) -> tuple[Library, ...]:
    """Return the libraries of this process that have registered operations of a SavedModel, but TensorFlow itself."""
    registered = _registered()
    found: dict[str, dict[str, str]] = {}
    for operation in sorted(_operations(folder / GRAPH)) if registered else ():
        if module := registered.get(operation.replace(">", "_")):
            found.setdefault(module.partition(".")[0], {})[operation] = module
    return tuple(_library(package, operations) for package, operations in found.items())


def _library(package: str, operations: Mapping[str, str]) -> Library:
    needed = requirements_of([f"import {package}"])
    distribution = next(iter(needed), "")
    return Library(package, operations, distribution, needed.get(distribution, ""))


def _operations(graph: Path) -> set[str]:
    """Return the operations of a graph that this process has written, also those in its functions."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    graphs = [each.graph_def for each in SavedModel.FromString(graph.read_bytes()).meta_graphs]
    functions = [function for each in graphs for function in each.library.function]
    nodes = (*(each.node for each in graphs), *(function.node_def for function in functions))
    return {node.op for several in nodes for node in several}


def _registered() -> dict[str, str]:
    """Return the module that registered it, for each operation of a library, as Python spells the operation.

    `tf.load_op_library` makes a module of functions that has no file. The module that called it holds that one, and is
    the first to end its import after it was made.
    """
    modules = [(name, _namespace(module)) for name, module in list(sys.modules.items())]
    held: dict[int, list[tuple[int, str]]] = {id(names): [] for _, names in modules if names.get(_PLUGIN) is True}
    for at, (name, names) in enumerate(modules):
        for value in list(names.values()):
            if isinstance(value, ModuleType) and (holders := held.get(id(_namespace(value)))) is not None:
                holders.append((at, name))
    found: dict[str, str] = {}
    for at, (_, names) in enumerate(modules):
        home = _nearest(held.get(id(names), ()), at)
        if home and home.partition(".")[0] != "tensorflow":
            found |= dict.fromkeys((each for each, value in names.items() if isinstance(value, FunctionType)), home)
    return found


def _namespace(module: Any) -> dict[str, Any]:
    """Return the names in a module; a module that loads itself when it is first used is left alone."""
    # a library of cffi says that its class is that of a module, and has no names
    found = object.__getattribute__(module, "__dict__") if issubclass(type(module), ModuleType) else {}
    return found if isinstance(found, dict) else {}


def _nearest(holders: Sequence[tuple[int, str]], at: int) -> str:
    """Return the module that has called `tf.load_op_library`, which ended its import next; empty for the notebook."""
    importable = [(place, name) for place, name in holders if name not in {"__main__", "__mp_main__"}]
    after = [item for item in importable if item[0] > at]
    return min(after)[1] if after else max(importable, default=(0, ""))[1]


@dataclass(frozen=True, slots=True)
class Libraries:
    """The libraries of one load.

    Attributes:
        recorded: What is recorded beside its graphs.
        is_trusted: Whether every package that is recorded may be imported, not only a well-known one.
        failed: What came of each import that failed, by the name of the package.
        tried: The packages that were imported, or could not be.
    """

    recorded: tuple[Library, ...]
    is_trusted: bool
    failed: dict[str, Exception] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)

    @classmethod
    def imported(cls, paths: Iterable[Path], *, is_trusted: bool) -> Self:
        """Import the libraries that are recorded in a payload and its assets, as far as that may be done."""
        libraries = cls(tuple(library for path in paths for library in read_libraries(path)), is_trusted)
        for library in libraries.recorded:
            if libraries.may_import(library):
                libraries.add(library)
        return libraries

    def may_import(self, library: Library) -> bool:
        """Return whether a library may be imported here: for a stranger's graph, a well-known one that is installed."""
        return self.is_trusted or (library.package in KNOWN and _is_installed(library.package))

    def add(self, library: Library) -> None:
        """Import a library, and remember what fails; the load tells whether that was needed."""
        self.tried.add(library.package)
        modules = library.modules if self.is_trusted else ()
        for name in (library.package, *modules):  # a package that loads its operations late has modules of its own
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - a library that does not fit TensorFlow may raise anything
                self.failed.setdefault(library.package, error)

    def supply(self, error: BaseException) -> bool:
        """Return whether a load that failed may be repeated, since a library that it lacked is imported now.

        Raises:
            ColabSaveError: An operation is missing, and this is what is known about it.
        """
        operation = unregistered(error)
        if not operation:
            return False
        library = next((each for each in self.recorded if operation in each.operations), None) or known(operation)
        if library is None:
            raise _nobodys(operation) from error
        if library.package not in self.tried and self.may_import(library):
            self.add(library)
            return True
        raise self._lack(operation, library) from error

    def _lack(self, operation: str, library: Library) -> ColabSaveError:
        """Return the error that says which operation is missing, and what to do about its library."""
        package = library.package
        needed = f"The graph needs the operation {literal(visible(operation))} of {package}"
        by_hand = f"Or import {package} yourself before you load it."
        if not self.is_trusted and package not in KNOWN:
            trust = f"If you trust where it came from, add {option('trust')}."
            return UntrustedCodeError(f"{needed}, which is imported for files that you trust.", f"{trust} {by_hand}")
        install = _installation(library)
        if not _is_found(package):
            return MissingPackageError(f"{needed}, which is not installed.", install)
        if failure := self.failed.get(package):
            return MissingPackageError(f"{needed}, which cannot be imported ({first_line(failure)}).", install)
        if package not in self.tried:
            return UntrustedCodeError(
                f"{needed}, which pip has not installed: it lies in a folder of yours.", f"{install} {by_hand}"
            )
        saved = f"It was {package} {library.version} where the model was saved. " if library.version else ""
        return FormatError(f"{needed}, which does not register it here.", f"{saved}{install}")


def unregistered(error: BaseException | None) -> str:
    """Return the operation that TensorFlow does not know, from what a load raised; empty for any other error."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if found := _UNREGISTERED.search(text_of(error)):
            return found[1]
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return ""


def known(operation: str) -> Library | None:
    """Return the well-known library with an operation."""
    found = (package for package, pattern in KNOWN.items() if re.fullmatch(pattern, operation))
    return next((Library(package, {operation: package}) for package in found), None)


def _nobodys(operation: str) -> FormatError:
    return FormatError(
        f"The graph needs the operation {literal(visible(operation))}, which TensorFlow does not have, nor any library "
        "that is imported.",
        "Import the library that registers it, and load again. To save it, have a package that is installed call "
        "tf.load_op_library(), so that the next runtime can import it.",
    )


def _installation(library: Library) -> str:
    """Return what to do to have a library: a well-known one is installed by the name that is known here."""
    distribution = library.package.replace("_", "-") if library.package in KNOWN else library.distribution
    if not distribution:
        return f"Install {library.package} as a package, so that it can be imported wherever the model is loaded."
    if library.package not in AS_TENSORFLOW:
        return pip(distribution)
    import tensorflow as tf

    return pip(f"{distribution}=={'.'.join(tf.__version__.split('.')[:2])}.*")


def _is_found(package: str) -> bool:
    """Return whether a package could be imported, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # one that is loaded and does not say from where
        return package in sys.modules


def _is_installed(package: str) -> bool:
    """Return whether a package would be imported from where pip installs, not from the notebook's own folder."""
    if not _is_found(package):
        return False
    if package in sys.modules:
        return True
    spec = importlib.util.find_spec(package)
    return spec is not None and bool(spec.origin) and is_installed(str(spec.origin))
