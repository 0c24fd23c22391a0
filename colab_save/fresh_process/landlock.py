"""Landlock: have the kernel refuse this process every file outside some folders, also to native code (landlock(7)).

`confining` calls `restrict` in a fork, before its backend starts a thread: a restriction is one of a thread and of all
that it starts, and is never lifted. Linux 5.13 and later has it, unless it is turned off or a container forbids it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The numbers of the system calls, which are the same on all of `MACHINES` (``linux/landlock.h``)."""

MACHINES = frozenset({"aarch64", "x86_64"})
"""The processors that this is tested on."""

READ_FILE, READ_DIR = 1 << 2, 1 << 3
"""``LANDLOCK_ACCESS_FS_READ_FILE`` and ``LANDLOCK_ACCESS_FS_READ_DIR``: to open a file to read it, to list a folder."""

VERSION = 1
"""``LANDLOCK_CREATE_RULESET_VERSION``: asks which version the kernel has, and creates nothing."""

PATH_BENEATH = 1
"""``LANDLOCK_RULE_PATH_BENEATH``: the kind of a rule on a file, or on a folder with all that is in it."""

NO_NEW_PRIVILEGES = 38
"""``PR_SET_NO_NEW_PRIVS`` of prctl(2), which a process without privileges must set first."""


def is_available() -> bool:
    """Return whether the kernel has Landlock, and lets this process use it."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return False
    return _call(CREATE_RULESET, None, 0, VERSION) > 0


def restrict(readable: Iterable[str]) -> bool:
    """Let this thread, and all that it starts, read nothing but these files and folders; return whether that is so.

    Writing is not restricted, nor is what is open already. A path that does not exist is passed over.
    """
    if not is_available():
        return False
    handled = struct.pack("=Q", READ_FILE | READ_DIR)
    rules = _call(CREATE_RULESET, handled, len(handled), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            with contextlib.suppress(OSError):  # there is none, or this user may not see it
                _allow(rules, path)
        if _libc().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return _call(RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(rules: int, path: str) -> None:
    """Add the rule that a file, or a folder with all that is in it, can be read."""
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rule = struct.pack("=Qi", READ_FILE | READ_DIR if is_folder else READ_FILE, place)
        _call(ADD_RULE, rules, PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call that the C library has no function for; a negative result is an error."""
    call = _libc().syscall
    call.restype = ctypes.c_long
    given = (ctypes.c_long(item) if isinstance(item, int) else item for item in arguments)
    return int(call(ctypes.c_long(number), *given))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
