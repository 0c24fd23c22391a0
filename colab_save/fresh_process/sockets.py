"""The socket of a warm parent, in a folder that only its user can open.

`warm` makes and connects it, `parent` removes it at its end. Both check who is on the other side.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

JOB, LEASE, STATUS = b"J", b"L", b"S"
"""The first byte that a notebook sends: it wants a fresh process, uses the parent, or asks how it is."""

BACKLOG = 64
"""Connections that may wait while the parent imports."""


def runtime_folder() -> Path:
    """Return the folder of the sockets; it may not exist yet, but what contains it does."""
    named = (Path(os.environ.get(name, "")) for name in ("XDG_RUNTIME_DIR", "TMPDIR"))
    # After su(1) a variable may still name the folder of the user before, which this one cannot write.
    usable = (each for each in named if each.is_absolute() and os.access(each, os.W_OK | os.X_OK))
    base = next(usable, Path("/tmp"))  # noqa: S108 (`locked` checks it)
    return base / f"colab_save-{os.getuid()}"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder if necessary, and let no other process change it meanwhile.

    Raises:
        PermissionError: The folder is another user's, or others can open it.
        OSError: It cannot be made, or is no folder.
    """
    while True:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:  # it was removed meanwhile
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            facts = os.fstat(descriptor)
            if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
                raise PermissionError(f"{folder} is another user's, or others can open it")
            if facts.st_nlink:  # else it was removed meanwhile
                yield
                return
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a fork of the notebook may have the descriptor too
            os.close(descriptor)


def listen(path: Path) -> socket.socket:
    """Return a new listening socket at a path, in place of one that nobody listens at any more.

    Raises:
        OSError: The path is too long for a socket (107 bytes on Linux), or the folder cannot be written.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def connect(path: Path) -> socket.socket | None:
    """Return a connection to this user's parent that listens at a path; ``None`` if none does."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
        if is_of_this_user(connection):
            return connection
    except OSError:
        pass
    connection.close()
    return None


def is_of_this_user(connection: socket.socket) -> bool:
    """Return whether the process on the other side is of the user of this one (``SO_PEERCRED``, unix(7))."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return int(user) == os.getuid()


def remove_dead(path: Path) -> None:
    """Remove a socket at which nobody listens any more, and its folder if that is empty then."""
    with contextlib.suppress(OSError), locked(path.parent):
        if connection := connect(path):
            connection.close()
            return
        path.unlink(missing_ok=True)
        path.parent.rmdir()
