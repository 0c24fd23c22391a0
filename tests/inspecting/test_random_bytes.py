"""Whatever the bytes of a file, inspecting it ends in findings or in a refusal: no other error, and no hang."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colab_save.errors import NotFoundError, UntrustedError
from colab_save.inspecting.inspection import inspect, inspect_npz

MAKERS = {
    "keras": lambda f: (f.keras(), "model.keras"),
    "h5": lambda f: (f.h5(), "model.h5"),
    "weights": lambda f: (f.weights(), "model.weights.h5"),
    "h5 of the newest layout": lambda f: (f.h5(libver="latest"), "model.h5"),
    "saved_model": lambda f: (
        f.saved_model(f.node("AddV2"), function=[f.node("Relu")], assets=["words.txt"]) / "saved_model.pb",
        "saved_model.pb",
    ),
    "litert": lambda f: (f.litert("ADD", "FlexRelu"), "model.tflite"),
    "onnx": lambda f: (f.onnx(str(f.write("w", b"1").relative_to(f.folder)), graph=f.field(2, "g")), "model.onnx"),
    "npz": lambda f: (f.npz(f.npy(), f.npy("<U2", (1,))), "sample.npz"),
}

CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


def is_answered(data, name):
    """Return whether inspecting these bytes ends in findings or in a refusal."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            if name.endswith(".npz"):
                inspect_npz(path)
            else:
                inspect(path.parent if name == "saved_model.pb" else path)
        except (UntrustedError, NotFoundError) as error:
            return bool(error.message and error.hint)
    return True


@pytest.mark.parametrize("kind", MAKERS)
@QUICK
@given(changes=CHANGES)
def test_changed_bytes_are_answered(files, kind, changes):
    path, name = MAKERS[kind](files)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    assert is_answered(bytes(data), name)


@pytest.mark.parametrize("kind", MAKERS)
@QUICK
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_is_refused_or_answered(files, kind, share):
    path, name = MAKERS[kind](files)
    data = path.read_bytes()
    assert is_answered(data[: int(share * len(data))], name)


@pytest.mark.parametrize(
    "name", ["model.keras", "model.h5", "saved_model.pb", "model.tflite", "model.onnx", "sample.npz"]
)
@QUICK
@given(
    magic=st.sampled_from(
        [b"", b"PK\3\4", b"PK\5\6", b"\x89HDF\r\n\x1a\n", b"\x08\x01\x12", b"\x1c\0\0\0TFL3", b"{", b"<"]
    ),
    rest=st.binary(max_size=400),
)
def test_random_bytes_are_answered(name, magic, rest):
    assert is_answered(magic + rest, name)
