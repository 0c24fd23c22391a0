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
    """Return the folder of the sockets; it may not exist yet."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 (`locked` checks it)
    return Path(base, f"colab_save-{os.getuid()}")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder if necessary, and let no other process change it meanwhile.

    Raises:
        PermissionError: The folder is another user's, or others can open it.
    """
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            facts = os.fstat(descriptor)
            if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
                raise PermissionError(f"{folder} is another user's, or others can open it")
            if facts.st_nlink:  # else it was removed meanwhile
                yield
                return
        finally:
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


def remove(path: Path) -> None:
    """Remove a socket, and its folder if that is empty then."""
    with contextlib.suppress(OSError), locked(path.parent):
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def remove_dead(path: Path) -> None:
    """Remove a socket at which nobody listens any more: its parent was killed."""
    connection = connect(path)
    if connection is None:
        remove(path)
    else:
        connection.close()
