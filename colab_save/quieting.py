"""Silence what Keras, TensorFlow and native code print when they start, and while a model is written or read."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_standard_error = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Drop the warnings of Keras and TensorFlow: the round trip compares the model, or the user chose the format."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def native_silence() -> Iterator[None]:
    """Drop what native code writes to standard error; converters and interpreters cannot be silenced otherwise.

    The errors that they raise say the same. In a notebook ``sys.stderr`` does not write to this file descriptor.
    """
    with _standard_error, Path(os.devnull).open("wb") as nowhere:
        sys.stderr.flush()
        original = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)


def quiet_start() -> None:
    """Silence TensorFlow in a process of our own; it reports missing GPUs at each start.

    Processes that this one starts inherit the setting. A setting of the user stays as it is.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not getattr(sys.stderr, "isatty", bool)():
        import_silently("tensorflow")


def import_silently(package: str) -> None:
    """Drop what a package's native code prints while it is imported, now or later.

    TensorFlow's libraries print before they read ``TF_CPP_MIN_LOG_LEVEL``. A command that does not need TensorFlow must
    not import it just for this.
    """
    is_known = any(isinstance(finder, _Finder) and finder.package == package for finder in sys.meta_path)
    if not is_known and package not in sys.modules:
        sys.meta_path.insert(0, _Finder(package))


class _Finder(MetaPathFinder):
    """Finds one package through the other finders, and loads it with `_SilentLoader`."""

    def __init__(self, package: str) -> None:
        self.package = package
        self._is_looking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.package or self._is_looking:
            return None
        self._is_looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._is_looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _SilentLoader(spec, spec.loader)
        return spec


class _SilentLoader(Loader):
    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        self._spec, self._loader = spec, loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._spec.loader = self._loader
        with native_silence():
            self._loader.exec_module(module)
