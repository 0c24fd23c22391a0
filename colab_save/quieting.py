"""Silence for what Keras, TensorFlow and native code print while a model is written or read."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
