"""ONNX files: they only compute, but they may name other files, and be made to exhaust their reader."""

from __future__ import annotations

import pytest

from colab_save.errors import UnsafeFileError
from colab_save.inspecting import onnx
from colab_save.inspecting.inspection import inspect


def linked(files):
    (files.folder / "weights").symlink_to("/etc/passwd")
    return files.onnx("weights")


def in_subgraph(files, levels=1):
    graph = files.field(5, files.external("/etc/passwd"))
    for _ in range(levels):
        graph = files.field(1, files.field(5, files.field(6, graph)))
    return files.onnx(graph=graph)


def in_function(files, kind):
    """Return a file with a function whose constant node has the tensor in an attribute."""
    attribute = files.field(kind, files.external("../w"))
    return files.onnx(property=files.field(25, files.field(7, files.field(5, attribute))))


REACHES_OUT = {
    "absolute": lambda f: f.onnx("/etc/passwd"),
    "above": lambda f: f.onnx("weights/../../w"),
    "above, as on Windows": lambda f: f.onnx("weights\\..\\..\\w"),
    "on a drive": lambda f: f.onnx("C:w"),
    "on a share": lambda f: f.onnx("\\\\host\\share\\w"),
    "nowhere": lambda f: f.onnx(""),
    "the folder itself": lambda f: f.onnx("."),
    "with a null character": lambda f: f.onnx("w\0/../../x"),
    "after a good one": lambda f: f.onnx(str(f.write("w", b"1").relative_to(f.folder)), "/etc/passwd"),
    "in a subgraph": in_subgraph,
    "in a function": lambda f: in_function(f, 5),
    "in one of several tensors of a function": lambda f: in_function(f, 10),
    "in a sparse tensor": lambda f: f.onnx(graph=f.field(15, f.field(1, f.external("/w")))),
    "where training begins": lambda f: f.onnx(property=f.field(20, f.field(1, f.field(5, f.external("/w"))))),
}


@pytest.mark.parametrize("name", REACHES_OUT)
def test_weights_in_a_file_elsewhere_are_refused(files, name):
    with pytest.raises(UnsafeFileError, match="outside its folder"):
        inspect(REACHES_OUT[name](files))


def test_weights_in_a_link_elsewhere_are_refused(files):
    with pytest.raises(UnsafeFileError, match="a link to a place outside its folder"):
        inspect(linked(files))


def test_too_deeply_nested_graphs_are_refused(files):
    with pytest.raises(UnsafeFileError, match="more than 256 levels"):
        inspect(in_subgraph(files, 100))


def test_too_many_fields_are_refused(files, monkeypatch):
    monkeypatch.setattr(onnx, "MAX_FIELDS", 50)
    assert inspect(files.onnx())
    with pytest.raises(UnsafeFileError, match="more than 50 fields"):
        inspect(files.onnx(graph=files.field(2, "") * 50))
