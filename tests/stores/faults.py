"""Faults at the edge: each call that changes the file system can be made to fail, once or from then on."""

from __future__ import annotations

import _thread
import asyncio
import io
import os

CALLS = ("mkdir", "replace", "rename", "fsync", "truncate", "unlink")


class Counting:
    """Counts the calls that a piece of work makes, and raises at the one that is asked for.

    Attributes:
        made: The calls since `arm`, by name.
    """

    def __init__(self):
        self.made = []
        self._at = self._last = None
        self._error = OSError

    def arm(self, at, error, *, for_ever=False):
        """Fail at the call of that number, from 0; the mount that has died fails at all that follow too."""
        self.made, self._at, self._error = [], at, error
        self._last = None if for_ever else at

    def disarm(self):
        self.made, self._at = [], None

    def _count(self, name):
        number = len(self.made)
        self.made.append(name)
        if self._at is not None and number >= self._at and (self._last is None or number <= self._last):
            raise self._error

    def _counted(self, name, function):
        def called(*arguments, **options):
            self._count(name)
            return function(*arguments, **options)

        return called

    def _opened(self, function, is_writing):
        def opened(file, mode="r", *arguments, **options):
            if not is_writing(mode):
                return function(file, mode, *arguments, **options)
            self._count("open")
            return _Failing(function(file, mode, *arguments, **options), self)

        return opened


class Faults(Counting):
    """The calls of a local folder."""

    def __init__(self, monkeypatch):
        super().__init__()
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))
        monkeypatch.setattr(io, "open", self._opened(io.open, lambda mode: "x" in mode))


class FilesystemFaults(Counting):
    """The calls of a file system of fsspec; those of an asynchronous one are its coroutines."""

    def __init__(self, monkeypatch, filesystem):
        super().__init__()
        if filesystem.async_impl:
            for name in ("_put_file", "_cp_file", "_rm_file"):
                monkeypatch.setattr(filesystem, name, self._awaited(name, getattr(filesystem, name)))
            return
        for name in ("put_file", "cp_file", "rm_file", "makedirs", "mv"):
            monkeypatch.setattr(filesystem, name, self._counted(name, getattr(filesystem, name)))
        monkeypatch.setattr(filesystem, "open", self._opened(filesystem.open, lambda mode: "w" in mode))

    def _awaited(self, name, function):
        async def called(*arguments, **options):
            try:
                self._count(name)
            except KeyboardInterrupt:  # Ctrl-C comes in the main thread, while the call is under way in another
                _thread.interrupt_main()
                await asyncio.sleep(60)
            return await function(*arguments, **options)

        return called


class _Failing:
    """A file open for writing whose writes and close are counted."""

    def __init__(self, file, faults):
        self.file, self.faults = file, faults

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def write(self, block):
        # Half of it arrives: what a disk that fills up does.
        try:
            self.faults._count("write")
        except BaseException:
            self.file.write(block[: len(block) // 2])
            raise
        return self.file.write(block)

    def close(self):
        self.file.close()
        self.faults._count("close")
