"""LiteRT files that would do more than compute, or never end."""

from __future__ import annotations

import pytest

from colab_save.inspecting.flatbuffer import Buffer
from colab_save.inspecting.inspection import inspect


@pytest.mark.parametrize("name", ["FlexWriteFile", "FlexPyFunc", "FlexRestoreV2"])
def test_operations_that_touch_files_or_run_code_need_trust(files, name):
    assert (name,) == inspect(files.litert("ADD", name)).runs_code


@pytest.mark.parametrize("name", ["FlexRelu", "TFLite_Detection_PostProcess"])
def test_operations_that_only_compute_need_none(files, name):
    assert () == inspect(files.litert(name)).runs_code


def test_reading_a_circular_file_ends(files):
    buffer = Buffer(files.litert().read_bytes(), left=9)
    with pytest.raises(ValueError, match="parts"):
        list(map(buffer.number, [0] * 10, ["<I"] * 10))


def test_a_negative_place_is_not_read_from_the_end(files):
    with pytest.raises(ValueError, match="it refers to byte"):
        Buffer(files.litert().read_bytes()).take(-4, 4)
