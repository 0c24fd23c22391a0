"""Copy the files that a model reads when it is made into a stage, with their paths rewritten where it names them.

`proving` calls `Assets.supply` with the files that the fresh process was refused, and proves the payload again. A file
is copied only if its path stands as a text in a config or in the captured code: what it is then found by is known.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from colab_save.artifact.assets import ASSETS, runs_a_program, texts_in, with_paths
from colab_save.artifact.manifest import LONGEST_PATH
from colab_save.custom_code.growing import Supply
from colab_save.formats.base import Format
from colab_save.hints import literal
from colab_save.saving.preparing import check_stage
from colab_save.secrecy import secret_in
from colab_save.taking import Taking
from colab_save.types import Json

MOST_FILES = 1000
"""Most files of a folder that is an asset."""

PLAIN = "saved_model.pb"
"""The file of a SavedModel; a folder that has it is an asset even if its path is a word like any other."""

NOT_NAMED = "its path is neither an argument that get_config() returns nor a text in the captured code"

ADVICE = (
    "Give the path to the layer as an argument that get_config() returns: then the file is saved with the model. Or "
    "read it in a cell, and give the layer what is in it."
)
"""What to do about a file that is not saved with the model."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The assets of one payload.

    Attributes:
        folder: The stage.
        payload: The payload, in the stage or in the folder of a part.
        plug: Its format.
        custom: The custom code, which knows the assets of the whole save.
        is_placed: Whether the configs are to name the assets by their place in the artifact; not in a plain save,
            whose payload lies elsewhere than its other files.
        lost: Why each file that the next runtime will not have cannot be saved with the model, by its path.
        copied: The paths of the files and folders that were copied.
    """

    folder: Path
    payload: Path
    plug: Format
    custom: Supply
    is_placed: bool
    lost: dict[str, str] = field(default_factory=dict)
    copied: dict[str, None] = field(default_factory=dict)

    @property
    def staged(self) -> dict[str, str]:
        """Return the path in the artifact of each staged asset, by its path as the notebook spells it."""
        return {key: path for key, path in self.custom.assets.items() if (self.folder / path).exists()}

    def named(self) -> dict[str, str]:
        """Return the files that the payload and the code name, as they spell them, with their absolute paths."""
        texts = dict.fromkeys(self._texts())
        texts |= dict.fromkeys(text for text in self.custom.paths if _is_path(text, is_code=True))
        return {text: _absolute(text) for text in texts}

    def _texts(self) -> list[str]:
        """Return the texts in the configs of the payload that name a file or a folder."""
        return [text for text in texts_in(self._config()) if _is_path(text)]

    @property
    def is_safe(self) -> bool:
        """Return whether Keras can open the payload in safe mode; one that runs a program is opened on trust only."""
        return not runs_a_program(self._config())

    def _config(self) -> Json:
        return Taking().fact("the configs", lambda: self.plug.read_config(self.payload), None)

    def supply(self, refused: Iterable[str]) -> bool:
        """Stage the files that the fresh process was refused, and return whether there is a new one.

        Args:
            refused: Their paths as the code spelled them.
        """
        named, before = self.named(), len(self.copied)
        paths = [path for path in map(self._original, refused) if Path(path).exists()]
        for path in paths:
            if not any(other.startswith(f"{path}{os.sep}") for other in paths):  # the folder of one that was refused
                self._supply(path, named)
        if len(self.copied) == before:
            return False
        self.custom.write(self.folder)
        if self.is_placed:
            self._place()
        return True

    def _original(self, spelled: str) -> str:
        """Return where a file lies that the code looked for, perhaps in the stage beside other assets."""
        path = _absolute(spelled)
        for key, place in self.custom.assets.items():
            staged = os.path.realpath(self.folder / place)
            if path.startswith(f"{staged}{os.sep}"):
                return f"{_absolute(key)}{path.removeprefix(staged)}"
        return path

    def _supply(self, path: str, named: Mapping[str, str]) -> None:
        """Stage what has this path, or all of the folder that the payload names and that it is in.

        Of a folder that only the code names, which may be all of Drive, what was refused is enough: of the next file it
        is told, too.
        """
        keys = [key for key, absolute in named.items() if path == absolute or path.startswith(f"{absolute}{os.sep}")]
        if not keys:
            self.lost[path] = NOT_NAMED
            return
        longest = max((named[key] for key in keys), key=len)
        is_whole = any(named[key] == longest for key in self._texts()) or (Path(longest) / PLAIN).is_file()
        source = Path(longest if is_whole else path)
        if why := _unfit(source):
            self.lost[path] = f"it is not saved with the model, since {why}"
            return
        for key in (key for key in keys if named[key] == longest):
            target = self.folder / self.custom.assets.setdefault(key, self._new_name(longest))
            place = target if str(source) == longest else target / source.relative_to(longest)
            if not place.exists():
                _copy(source, place)
                self.copied[str(source)] = None

    def _new_name(self, path: str) -> str:
        name = re.sub(r"[^\w.-]+", "_", os.path.basename(path)).lstrip(".") or "file"  # noqa: PTH119 - a text
        taken, stem, suffix = set(self.custom.assets.values()), *os.path.splitext(name)  # noqa: PTH122 - a text
        numbered = (f"{ASSETS}/{stem}-{number}{suffix}" for number in range(2, len(taken) + 3))
        return next(each for each in (f"{ASSETS}/{name}", *numbered) if each not in taken)

    def _place(self) -> None:
        """Let the configs of the payload name the assets by their place, so that Keras alone finds them from there."""
        config = self.plug.read_config(self.payload)
        above = "" if self.payload.parent == self.folder else "../"
        there = with_paths(config, {key: f"{above}{path}" for key, path in self.staged.items()})
        if there != config:
            self.plug.write_config(self.payload, there, self.payload)

    def reasons(self) -> list[str]:
        """Return a line for each file that the next runtime will not have; notes what to do about them."""
        if self.lost:
            self.custom.advice[ADVICE] = None
        return [f"the next runtime will not have {literal(path)}: {why}" for path, why in self.lost.items()]


def _is_path(text: str, *, is_code: bool = False) -> bool:
    """Return whether a text names a file or a folder of this machine, and is not by chance a word as well."""
    if not text.strip(".~/") or len(text) > LONGEST_PATH or "\0" in text or "\n" in text:
        return False
    path = Path(_absolute(text))
    is_word = not ({"/", "."} & set(text))
    if any(place == path or path in place.parents for place in map(Path, map(_absolute, (".", "~")))):
        return False  # with all that the notebook works with
    try:
        return path.exists() if not is_word else not is_code and (path.is_file() or (path / PLAIN).is_file())
    except OSError:
        return False


def _absolute(text: str) -> str:
    return os.path.realpath(os.path.expanduser(text))  # noqa: PTH111 - a text, which may end with a slash


def _unfit(path: Path) -> str:
    """Return why a file or a folder cannot be an asset, as the rest of a sentence; empty if it can be.

    Raises:
        NoSpaceError: The local disk has no room for it.
    """
    files = list(islice(_files(path), MOST_FILES + 1))
    if not files or len(files) > MOST_FILES:
        return f"it has more than {MOST_FILES:,} files" if files else "it is no file"
    check_stage(sum(file.stat().st_size for file in files))
    if any("\\" in str(file) for file in files):
        return "it has a name that no artifact can hold"
    try:
        found = ((file, secret_in(file)) for file in files)
        return next((f"{literal(file.name)} {why}" for file, why in found if why), "")
    except OSError as error:
        return f"it cannot be read ({literal(str(error))})"


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a folder, or the file itself; no link out of a folder is followed."""
    if path.is_file():
        yield path
        return
    yield from (file for file in path.rglob("*") if file.is_file() and file.resolve().is_relative_to(path))


def _copy(path: Path, target: Path) -> None:
    for file in _files(path):
        place = target if file == path else target / file.relative_to(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
