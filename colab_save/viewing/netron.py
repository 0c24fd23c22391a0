"""Serve a saved version to Netron: the payload is fetched, inspected and copied, and the model is never built.

Every frontend calls `open_in_netron` or `serve_to_netron`.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from colab_save.errors import FormatError
from colab_save.format_table import FORMATS
from colab_save.hints import pip
from colab_save.os_errors import refusing
from colab_save.progress import OnStep, ignore_steps
from colab_save.reports.viewed import Viewed, require
from colab_save.request.request import LoadRequest
from colab_save.stores.opening import is_usual
from colab_save.versions.locating import locate
from colab_save.viewing.inside import reach
from colab_save.wording import translated

LOOPBACK = "127.0.0.1"
"""The only address that the server listens on: other machines cannot reach it."""

_addresses: list[tuple[str, int]] = []
"""The address of this process's server, once it is started."""


def open_in_netron(target: str, *, source: str | None = None) -> Viewed:
    """Serve a saved version, or a plain model file, to Netron, a viewer of model graphs in the browser.

    Netron (https://netron.app) draws the graph in the file; no model is built. Only a copy of that one file is served,
    only to this machine, and only while this process runs.

    Args:
        target: A name, ``name@tag``, ``name@version-prefix``, a path or a URL.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Returns:
        The address to open.

    Raises:
        MissingPackageError: Netron is not installed.
        NotFoundError: There is no such version.
        UntrustedError: The file is damaged, unsafe, or not what was saved.
    """
    return serve_to_netron(target, source, ignore_steps)


def serve_to_netron(target: str, source: str | None = None, on_step: OnStep = ignore_steps) -> Viewed:
    """Do what `open_in_netron` does, and report the bytes that are fetched."""
    require("netron")
    request = LoadRequest(target, source=source)
    found = locate(request)
    paths = {}
    with tempfile.TemporaryDirectory(prefix="colab_save_") as work:
        for name, part in (found.parts or {"": found}).items():
            paths[name] = _copy(part.name, *reach(part, request, Path(work), on_step))
    with translated("Netron could not be started", pip("netron", upgrade=True)), _logging_unchanged():
        host, port = _address()
    where = {name: f"http://{host}:{port}{path}" for name, path in paths.items()}
    notes = ("Only this machine can reach it. Netron's page reports its use anonymously to its makers.",)
    return Viewed(found.name, "open in Netron", where, _netron_line(port, [*paths.values()]), notes)


def _copy(name: str, path: Path, format: str) -> str:
    """Copy one file to the folder that is served, since Netron also serves everything beside a file.

    Returns:
        The path of the page that shows it.
    """
    drawn = FORMATS[format].netron
    if not drawn:
        raise FormatError(f"{path.name} is a {format}, which Netron cannot show.", "Open a .keras or .h5 file.")
    copy = _folder() / hashlib.sha256(name.encode()).hexdigest()[:16] / drawn
    with refusing("write", str(copy)):
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path / drawn if path.is_dir() else path, copy)
    return f"/?url=/data/{copy.parent.name}/{copy.name}&identifier={copy.name}"


@functools.cache
def _folder() -> Path:
    """Create the folder that is served; it is removed when this process ends."""
    folder = tempfile.mkdtemp(prefix="colab_save_netron_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _address() -> tuple[str, int]:
    """Return the address of Netron's server, and start it if it does not run.

    One server is enough: several in one process would show the same file (``_HTTPServerThread``, 9.3). Started with a
    folder instead of a file, it serves the file that the page's address names.
    """
    import netron

    if not any(map(netron.status, _addresses)):
        _addresses[:] = [netron.start(f"{_folder()}/", address=(LOOPBACK, 0), browse=False)]
    return _addresses[0]


@contextmanager
def _logging_unchanged() -> Iterator[None]:
    """Prevent Netron (9.3) from configuring logging for the whole process, which it does if nobody else has."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _netron_line(port: int, paths: list[str]) -> tuple[str, str]:
    """Return the line that stops it; in Colab, where the browser cannot reach the machine, the line that shows it."""
    if is_usual("drive"):
        calls = "; ".join(f"output.serve_kernel_port_as_window({port}, path={path!r})" for path in paths)
        return "in Colab, see it with", f"from google.colab import output; {calls}"
    return "stop it", f"import netron; netron.stop({(LOOPBACK, port)})"
