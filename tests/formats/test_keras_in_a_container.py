"""The format ``keras`` where the container leaves no memory for a second copy of the weights."""

from __future__ import annotations

import json
import zipfile

import pytest

from colab_save import memory
from colab_save.formats.base import get_format
from tests import zoo
from tests.formats.contract import FormatContract

pytestmark = pytest.mark.tensorflow


class TestKerasInAContainer(FormatContract):
    """Under the whole contract, damaged files included: models with a vocabulary, an optimizer and submodels."""

    name = "keras"
    models = ("text", "tabular", "nested", "scheduled", "mixed_precision")

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def full(cls, tmp_path_factory):
        """A container whose memory is all taken."""
        folder = tmp_path_factory.mktemp("cgroup")
        for name in ("memory.max", "memory.current", "memory.stat"):
            (folder / name).write_text("0")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "CONTAINER", folder)
            yield

    def test_the_file_holds_what_kerass_own_holds(self, tmp_path):
        model, plug = zoo.text(), get_format("keras")
        (tmp_path / "ours").mkdir()
        self.saved(plug, model, tmp_path / "ours")
        model.save(tmp_path / "theirs.keras")
        ours, theirs = (parts_of(path) for path in (tmp_path / "ours" / plug.payload, tmp_path / "theirs.keras"))
        assert theirs.keys() == ours.keys()
        assert json.loads(theirs["config.json"]) == json.loads(ours["config.json"])

    def test_it_leaves_nothing_beside_the_file(self, tmp_path):
        plug = get_format("keras")
        self.saved(plug, zoo.untrained(), tmp_path)
        assert [plug.payload] == [path.name for path in tmp_path.iterdir()]


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
