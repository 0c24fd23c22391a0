"""A format whose payload is a folder: one record beside that of the toy format, whose file lies in the folder."""

from __future__ import annotations

from dataclasses import replace

from colab_save.format_table import FOLDER
from tests.plugs import toy_format

RECORD = replace(
    toy_format.RECORD,
    name="toy_folder",
    plug=f"{__name__}:ToyFolderFormat",
    payload="toy",
    suffixes=(),
    contents=frozenset({"model.json", "shelf/"}),
    containers=(FOLDER,),
    recognise=f"{__name__}:is_toy_folder",
    inspect=f"{__name__}:inspect_toy_folder",
    weigh="",
)


class ToyFolderFormat(toy_format.ToyFormat):
    """JSON in a folder."""

    def save(self, model, folder, sample, options):
        """Write ``toy/model.json``."""
        (folder / self.payload).mkdir()
        toy_format.write(model, folder / self.payload / "model.json")
        return ()

    def load(self, path, context):
        """Read the file in the folder."""
        return super().load(path / "model.json", context)


def is_toy_folder(sight):
    """Return whether a folder is of this format."""
    return "model.json" in sight.names


def inspect_toy_folder(sight, allowed):
    """Inspect the file in the folder."""
    return toy_format.inspect_toy(replace(sight, path=sight.path / "model.json"), allowed)
