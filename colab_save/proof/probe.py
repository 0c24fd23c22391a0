"""Open a foreign file first in a process that may hang, die or run out of memory without harm to the notebook.

A load calls `try_opening` for files whose inspection found risks. The process is the one of a round trip, with a limit
on memory as well as on time, and it only opens the file: it runs no sample and compares nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.artifact.layout import CUSTOM_CODE
from colab_save.custom_code.capturing import capture
from colab_save.disk import size_of_files
from colab_save.errors import FormatError, UnsafeFileError, VerifierError
from colab_save.formats.base import Context, Format
from colab_save.fresh_process.job import OpenJob
from colab_save.fresh_process.process import Verifier
from colab_save.hints import option
from colab_save.quantities import size_in_words

MEMORY = 4 << 30
"""Bytes that opening any file may take: a third of the smallest Colab runtime."""

COPIES = 8
"""Bytes that it may take in addition for each byte of the file: weights, an optimizer's two moments, and copies."""


def try_opening(
    plug: Format, payload: Path, context: Context, code: Path | None, timeout: float, risks: tuple[str, ...] = ()
) -> None:
    """Open a file or folder in a separate process, and end that process with all that it started.

    Args:
        plug: The format that opens it.
        payload: The file or folder.
        context: The context to open it with; the process gets live custom objects as captured source.
        code: The captured code that came with the file, if that may run.
        timeout: Seconds, including the import of TensorFlow.
        risks: See `Findings.risks`.

    Raises:
        UnsafeFileError: The process hung, died or ran out of memory; this process has not opened the file.
        FormatError: The file does not open; the message quotes Keras or TensorFlow.
    """
    memory = MEMORY + COPIES * size_of_files(payload)
    with tempfile.TemporaryDirectory(prefix="colab_save_try_") as folder, Verifier() as verifier:
        file = code or _captured(context.custom_objects, Path(folder, CUSTOM_CODE))
        job = _job(plug, payload, context, file, memory)
        try:
            answer = verifier.ask(job, timeout)
        except VerifierError as error:
            raise _unsafe(payload, timeout, memory, error.references[0], risks) from error
    if answer.get("is_out_of_memory"):
        raise _unsafe(payload, timeout, memory, f"It ran out of memory: {answer['failed']}.", risks)
    if not answer["opened"] and not context.custom_objects:  # a live class may exist in the notebook only
        raise FormatError(f"{answer['failed']}.", str(answer["hint"]))


def _job(plug: Format, payload: Path, context: Context, code: Path | None, memory: int) -> OpenJob:
    return OpenJob(
        plug.name,
        str(payload),
        memory,
        custom_code=str(code or ""),
        beside=str(context.beside or ""),
        dialect=context.dialect,
        is_compiled=context.is_compiled,
        is_safe=context.is_safe,
        assets=context.assets,
    )


def _captured(objects: Mapping[str, Any], file: Path) -> Path | None:
    """Write the source of the notebook's classes to a file for the process, which lacks them."""
    source = capture(objects.values(), vars(sys.modules["__main__"])).source
    if not source:
        return None
    file.write_text(source, encoding="utf-8")
    return file


def _unsafe(payload: Path, timeout: float, memory: int, found: str, risks: tuple[str, ...]) -> UnsafeFileError:
    because = f" The file {risks[0]}." if risks else ""
    return UnsafeFileError(
        f"{payload} was first opened in a separate process, with {timeout:g} seconds and {size_in_words(memory)} "
        f"({memory:,} bytes) of memory, and did not open. {found}{because}",
        f"This notebook has not opened it. If it only needs more time, set {option('timeout', 900)}; files of Keras 2 "
        "open with tf_keras.",
    )
