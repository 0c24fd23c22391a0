"""The daemon behind the mount: ``python -m tests.fuse_drive.server FOLDER MOUNTPOINT SETTINGS``.

A process of its own, so that it can die. It serves a `Cache` with faults, uploads beside that, and takes orders on an
abstract socket; `drive` starts it and gives the orders.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Listener

import mfusepy

from tests.fuse_drive.cache import Cache
from tests.fuse_drive.cloud import Cloud
from tests.fuse_drive.uploading import Uploader

TICK = 0.005
"""Seconds between two rounds of uploading."""

SERVED = (
    "getattr", "readdir", "mkdir", "create", "open", "read", "write", "truncate", "flush", "fsync", "release", "unlink",
    "rmdir", "rename", "symlink", "link", "chmod", "chown", "utimens", "getxattr", "statfs",
)  # fmt: skip


class Faults:
    """Counts calls, and fails at the one that is asked for.

    Attributes:
        made: The counted calls since `arm`, as ``name path``.
    """

    def __init__(self):
        self.made, self.counted, self.at, self.released = [], (), None, threading.Event()

    def arm(self, counted, at=None, what="", *, is_late=False, for_ever=False):
        """Count these calls, and let the one of that number meet a fate.

        Args:
            counted: Names of calls.
            at: From 0.
            what: ``EIO`` or another error's name, ``hang`` (until `disarm`), or ``die``.
            is_late: Do the work first.
            for_ever: The following calls meet it too.
        """
        self.disarm()
        self.released = threading.Event()
        self.counted, self.at, self.what, self.is_late, self.for_ever = counted, at, what, is_late, for_ever

    def disarm(self):
        """Let everything go, and give the counted calls."""
        made, self.made, self.counted, self.at = self.made, [], (), None
        self.released.set()
        return made

    def meets(self, name, path):
        """Count a call, and say whether it is the one."""
        if name not in self.counted:
            return False
        number = len(self.made)
        self.made.append(f"{name} {path}")
        return self.at is not None and (number == self.at or (self.for_ever and number > self.at))

    def strike(self):
        if self.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.what == "hang":
            self.released.wait()
        else:
            raise mfusepy.FuseOSError(getattr(errno, self.what))


class Served(mfusepy.Operations):
    """A cache as FUSE calls it, one call at a time; those that hang let the others pass."""

    use_ns = True

    def __init__(self, cache, faults):
        self.cache, self.faults = cache, faults

    def init(self, path):
        print("mounted", flush=True)

    def meet(self, name, path, *arguments):
        is_struck = self.faults.meets(name, path)
        if is_struck and not self.faults.is_late:
            self.faults.strike()
        with self.cache.lock:
            result = getattr(self.cache, name)(path, *arguments)
        if is_struck and self.faults.is_late:
            if name in {"open", "create"}:  # who is refused a file does not close it
                self.cache.release(path, result)
            self.faults.strike()
        return result


def _served(name):
    return lambda self, path, *arguments: self.meet(name, path, *arguments)


for _name in SERVED:
    setattr(Served, _name, _served(_name))


class Orders:
    """What a test may ask of the daemon, by method name."""

    def __init__(self, cache, uploader, faults):
        self.cache, self.uploader, self.faults = cache, uploader, faults
        self.arm, self.disarm = faults.arm, faults.disarm

    def set(self, **settings):
        """Change bandwidth, half, has_uncommitted, is_shared_writable or quota."""
        for name, value in settings.items():
            owner = next(one for one in (self.uploader, self.cache, self.cache.cloud) if hasattr(one, name))
            setattr(owner, name, value)

    def made(self):
        return self.faults.made

    def upload(self, size):
        """Let so many bytes go up now, and no more; what has just been closed is released a little later."""
        while any(node.handles and node.is_here for node in list(self.cache.pending)):
            time.sleep(TICK)
        self.uploader.bandwidth = size
        self.uploader.upload(1.0)
        self.uploader.bandwidth = 0

    def is_uploaded(self):
        return self.uploader.is_done

    def obey(self, listener):
        while True:
            with listener.accept() as connection:
                name, arguments, options = connection.recv()
                connection.send(getattr(self, name)(*arguments, **options))


def serve(folder, mountpoint, settings):
    cache, faults = Cache(Cloud(folder, settings.pop("quota"))), Faults()
    uploader = Uploader(cache)
    orders = Orders(cache, uploader, faults)
    is_read_only, seconds = settings.pop("readonly"), settings.pop("remembered")
    listener = Listener("\0" + settings.pop("socket"), "AF_UNIX")
    orders.set(**settings)
    threading.excepthook = die_whole
    for work in (lambda: orders.obey(listener), lambda: keep_uploading(uploader)):
        threading.Thread(target=work, daemon=True).start()
    options = {"attr_timeout": seconds, "entry_timeout": seconds, "hard_remove": True, "ro": is_read_only}
    mfusepy.FUSE(Served(cache, faults), mountpoint, foreground=True, fsname="drive", subtype="drive", **options)


def die_whole(failure):
    """End the process with any of its threads: a daemon that is half dead would only seem to be slow."""
    threading.__excepthook__(failure)
    os.kill(os.getpid(), signal.SIGKILL)


def keep_uploading(uploader):
    while True:
        time.sleep(TICK)
        uploader.upload(TICK)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
