"""What Google keeps of one user's Drive: files in a plain folder, and a trash that counts against the quota.

It outlives every runtime. `uploading` writes it, and a test looks into it or changes it as another client would.
"""

from __future__ import annotations

import itertools
from pathlib import Path, PurePosixPath

TOPS = ("MyDrive", "Shareddrives")


class Cloud:
    """One user's Drive, by paths that begin with ``MyDrive`` or ``Shareddrives``, or are those of the trash.

    Attributes:
        root: The folder with its files.
        trash: The folder with what was deleted or renamed over, which is kept for 30 days.
        quota: Bytes that ``MyDrive`` and the trash may take together.
        used: Bytes that they take.
    """

    def __init__(self, folder, quota):
        self.root, self.trash, self.quota = Path(folder, "cloud"), Path(folder, "trash"), quota
        for place in (self.trash, *(self.root / top for top in TOPS)):
            place.mkdir(parents=True, exist_ok=True)
        self.used = sum(size_of(file) for top in (self.trash, self.root / TOPS[0]) for file in top.rglob("*"))

    @property
    def free(self):
        return max(0, self.quota - self.used)

    def holds(self, path):
        return (self.root / path).exists()

    def make_folder(self, path):
        (self.root / path).mkdir(exist_ok=True)

    def takes(self, path, size):
        """Say whether a revision of that size has room; shared drives do not count against this user."""
        return not _counts(path) or self.used - size_of(self.root / path) + size <= self.quota

    def write(self, path, content):
        """Take a first or a new revision; older revisions cost no quota, so none is kept here."""
        place = self.root / path
        self.used += (len(content) - size_of(place)) * _counts(path)
        place.write_bytes(content)

    def rename(self, path, to):
        (self.root / path).rename(self.root / to)


def size_of(place):
    return place.stat().st_size if place.is_file() else 0


def next_name(name, is_taken):
    """Name the second of two files of one name as Drive shows it: ``model (1).keras``."""
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    return next(other for n in itertools.count(1) if not is_taken(other := f"{stem} ({n}){suffix}"))


def _counts(path):
    return PurePosixPath(path).parts[0] != "Shareddrives"
