"""Confine a fresh process to the files that the next runtime will have too: not to those of this machine.

`child` makes a `Confinement` when a process takes over its surroundings, and allows the files of each job. An audit
hook refuses Python's own opens as if the file did not exist, and notes each; whoever asks whether it exists is told the
same. The kernel refuses opens of native code, where it has Landlock. All last as long as the process: a warm parent has
none of it.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

from colab_save.artifact.assets import ASSETS
from colab_save.fresh_process.landlock import restrict
from colab_save.wording import text_of

SYSTEM = (
    *("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr"),
    *("/nix/store", "/opt", "/run", "/var/cache"),
)
"""Folders of the system. Those of the second line have installed software, what `/etc/resolv.conf` is a link to, and
the caches of fonts."""

MEMORY = "/dev/shm"  # noqa: S108 - nothing is put there
"""Where files are in memory only, which is why data are put there: Python's opens find none, the kernel lets native
code be, which has its semaphores there."""

CACHES = ("HF_HOME", "KAGGLEHUB_CACHE", "KERAS_HOME", "MPLCONFIGDIR", "TFHUB_CACHE_DIR", "TORCH_HOME", "XDG_CACHE_HOME")
"""The variables that say where libraries hold settings and downloads, if that is not in the home."""

EVENTS = frozenset({"open", "os.listdir", "os.scandir"})
"""The audit events of what reads a file or a folder (docs.python.org/3/library/audit_events.html). `os.stat` has none,
see `Confinement.asking`."""

NATIVE = re.compile(
    r"no such file|not found|does not exist|doesn't exist|permission denied|cannot open|could not open", re.IGNORECASE
)
"""What an error of native code says about a file that it was refused, or did not find."""


class Confinement:
    """The files that this process can read, and those that it was refused.

    Args:
        own: The folders that the process has for itself.

    Attributes:
        refused: The paths that were refused or not found, as the code spelled them.
    """

    def __init__(self, own: Iterable[str]) -> None:
        self.refused: dict[str, None] = {}
        self._own = tuple(map(_real, own))
        self._of_the_job: tuple[str, ...] = ()
        self._withheld: tuple[str, ...] = ()
        self._installed = tuple(_real(path) for path in installed_folders())
        self._of_the_home = tuple(_real(path) for path in hidden_folders())
        self._made: set[str] = set()
        self._is_in_force = False

    def enter(self, files: Iterable[str], withheld: Iterable[str], *, is_last: bool) -> None:
        """Confine this process to what is installed and to the files of a job.

        Args:
            files: The files and folders that the job may read.
            withheld: Files and folders that it may not, although they are in a hidden folder of the home: the model
                names them itself.
            is_last: Whether what the kernel refuses from now on may stay refused: the process gets no other job, or
                none with other files.
        """
        self._of_the_job, self._withheld = (*self._own, *map(_real, files)), tuple(map(_real, withheld))
        self.refused.clear()
        self._made.clear()
        if sys.platform != "linux" or self._is_in_force:
            return
        self._is_in_force = True
        sys.addaudithook(self.audit)
        os.stat = self.asking(os.stat)
        if is_last:
            restrict((*self._installed, *self._of_the_home, *self._of_the_job))

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse to read what the next runtime will not have; a file that is made anew may be written anywhere.

        Raises:
            FileNotFoundError: As there.
        """
        if event not in EVENTS or not arguments or not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return  # a descriptor, or the working folder
        spelled = os.fsdecode(arguments[0])
        path = _real(spelled)
        if event == "open" and isinstance(flags := arguments[2], int) and _is_made(path, flags):
            self._made.add(path)  # what the model writes it may read, as it will there
            return
        if self.is_readable(path):
            self._note_absent(spelled, path)
            return
        raise self._refusal(spelled)

    def asking(self, stat: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        """Return an `os.stat` for which a file is not there that cannot be read, so that `os.path.exists` is false.

        A folder that is there is told of, since files are made in it.

        Args:
            stat: The one of Python.
        """

        @functools.wraps(stat)
        def asked(path: Any, **how: Any) -> os.stat_result:
            if not isinstance(path, (str, bytes, os.PathLike)) or how.get("dir_fd") is not None:
                return stat(path, **how)
            spelled = os.fsdecode(path)
            try:
                found = stat(path, **how)
            except FileNotFoundError:
                self._note_absent(spelled, _real(spelled))
                raise
            if S_ISREG(found.st_mode) and not self.is_readable(_real(spelled)):
                raise self._refusal(spelled)
            return found

        return asked

    def _refusal(self, spelled: str) -> FileNotFoundError:
        self.refused[spelled] = None
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), spelled)

    def _note_absent(self, spelled: str, path: str) -> None:
        """Note what may be in the notebook's working folder, or in a folder of which other files are assets."""
        if not os.path.lexists(path) and (not spelled.startswith(os.sep) or f"{os.sep}{ASSETS}{os.sep}" in path):
            self.refused[spelled] = None

    def is_readable(self, path: str) -> bool:
        """Return whether a file can be read.

        Args:
            path: Its absolute path, with all links resolved.
        """
        installed = [folder for folder in self._installed if folder != "/dev" or not _is_in(path, (MEMORY,))]
        if path in self._made or _is_in(path, self._of_the_job) or _is_in(path, installed):
            return True
        return _is_in(path, self._of_the_home) and not _is_in(path, self._withheld)

    def find_refused(self, error: BaseException | None, named: Mapping[str, str]) -> None:
        """Note the files that an error of native code names, which no audit hook sees.

        Args:
            error: What the job raised.
            named: The files that the model names, as it spells them, with their absolute paths in the notebook.
        """
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            text = text_of(error)
            if NATIVE.search(text):
                found = (key for key, path in named.items() if _names(text, key) or _names(text, path))
                self.refused.update(dict.fromkeys(found))
            error = error.__cause__ or error.__context__


def _is_made(path: str, flags: int) -> bool:
    """Return whether opening a file makes it, or writes all of it anew."""
    is_new = bool(flags & os.O_TRUNC) or not os.path.lexists(path)
    return bool(flags & os.O_CREAT) and (is_new or flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR) == os.O_WRONLY)


def installed_folders() -> Iterator[str]:
    """Yield the folders of the system, of Python, and of the packages that are installed."""
    yield from SYSTEM
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    yield from (sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    yield from (path for path in sys.path if _is_absolute(path) and path != os.sep)
    yield str(Path(__file__).parents[1])
    yield from filter(_is_absolute, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    for finder in sys.meta_path:  # that of an editable install, which setuptools makes
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        yield from map(str, mapping.values()) if isinstance(mapping, dict) else ()


def hidden_folders() -> Iterator[str]:
    """Yield the hidden folders of the home: settings, and what libraries have downloaded and will download again."""
    yield from filter(_is_absolute, (os.environ.get(name, "") for name in CACHES))
    try:
        yield from (str(path) for path in Path.home().glob(".*"))
    except (OSError, RuntimeError):  # there is no home
        return


def _names(text: str, path: str) -> bool:
    """Return whether a text names a path, and not only a longer word."""
    return bool(path) and re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w-]|\.\w)", text) is not None


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip(os.sep)}{os.sep}") for folder in folders)


def _is_absolute(path: str) -> bool:
    return path.startswith(os.sep)


def _real(path: str) -> str:
    return os.path.realpath(path)
