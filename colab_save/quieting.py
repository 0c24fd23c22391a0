"""Silence for what Keras, TensorFlow and native code print while they start, and while a model is written or read."""

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
    """Leave out what Keras and TensorFlow warn of: it is compared afterwards, or the user has chosen it."""
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
def unheard() -> Iterator[None]:
    """Drop what native code writes to standard error meanwhile: converters and interpreters have no other way.

    The errors that they raise say the same. Python's own ``sys.stderr`` is another thing in a notebook.
    """
    with _standard_error, Path(os.devnull).open("wb") as nowhere:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def quiet_start() -> None:
    """Keep TensorFlow quiet in a process of our own: it tells at each start where it finds no GPU.

    The processes that this one starts inherit it. What the user has set stays.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not getattr(sys.stderr, "isatty", bool)():
        load_unheard("tensorflow")


def load_unheard(package: str) -> None:
    """Drop what a package's native code prints while it is loaded, whenever that will be.

    TensorFlow's libraries print before ``TF_CPP_MIN_LOG_LEVEL`` is read. A command that comes to an end without
    TensorFlow must not load it for that.
    """
    is_known = any(isinstance(finder, _Finder) and finder.package == package for finder in sys.meta_path)
    if not is_known and package not in sys.modules:
        sys.meta_path.insert(0, _Finder(package))


class _Finder(MetaPathFinder):
    """Finds one package as the others do, and has it loaded by `_UnheardLoader`."""

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
            spec.loader = _UnheardLoader(spec, spec.loader)
        return spec


class _UnheardLoader(Loader):
    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        self._spec, self._loader = spec, loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._spec.loader = self._loader
        with unheard():
            self._loader.exec_module(module)
