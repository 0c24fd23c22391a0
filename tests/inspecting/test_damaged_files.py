"""Files that are not a model, or a damaged one: each gets a message of its own."""

from __future__ import annotations

import os

import pytest

from colab_save.errors import DamagedFileError, NotFoundError, UnsafeFileError
from colab_save.inspecting.inspection import inspect, inspect_npz
from colab_save.inspecting.sniffing import look


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def pipe(files):
    os.mkfifo(files.folder / "pipe")
    return files.folder / "pipe"


def without(files, *names):
    return files.zip("m.keras", {name: data for name, data in files.members().items() if name not in names})


def without_shard(files):
    path = files.saved_model()
    (path / "variables" / "variables.data-00000-of-00001").unlink()
    return path


DAMAGED = {
    "empty": (lambda f: f.write("m.keras", b""), "is empty (0 bytes)"),
    "zeros": (lambda f: f.write("m.keras", bytes(4096)), "begins with zero bytes only"),
    "cut zip": (lambda f: cut(f.keras(), 0.6), "cut off"),
    "cut HDF5": (lambda f: cut(f.h5(), 0.6), "cut off"),
    "cut weights": (lambda f: cut(f.weights(), 0.9), "cut off"),
    "HDF5 cut in its first bytes": (lambda f: f.write("m.h5", f.hdf5_bytes()[:20]), "cut off"),
    "web page": (lambda f: f.write("m.keras", b"\n<!DOCTYPE html><html><body>Sign in</body></html>"), "is a web page"),
    "cloud error page": (
        lambda f: f.write("m.h5", b"<?xml version='1.0'?><Error>Denied</Error>"),
        "is a web page",
    ),
    "git-lfs pointer": (
        lambda f: f.write("m.h5", b"version https://git-lfs.github.com/spec/v1"),
        "Git LFS pointer",
    ),
    "gzip": (lambda f: f.write("m.keras", b"\x1f\x8b\x08\0\0"), "is a gzip archive"),
    "json": (lambda f: f.write("m.keras", b'{"class_name": "Sequential"}'), "is a JSON text"),
    "LiteRT of its first bytes": (lambda f: f.write("m.tflite", b"\x1c\0\0\0TFL3\0\0\0\0"), "is cut off or damaged"),
    "LiteRT cut": (lambda f: cut(f.litert(), 0.8), "is cut off or damaged"),
    "LiteRT of no bytes": (lambda f: f.write("m.tflite", b""), "is empty (0 bytes)"),
    "LiteRT that is a web page": (lambda f: f.write("m.tflite", b"<html><body>Sign in</body></html>"), "is a web page"),
    "LiteRT without a graph": (lambda f: f.litert(graphs=[]), "it has no graph"),
    "LiteRT with a tensor of no buffer": (lambda f: f.litert(buffers=[{}]), "tensor refers to buffer 1 of 1"),
    "LiteRT with weights beyond its end": (
        lambda f: f.litert(buffers=[{}, {1: 2, 2: 9999}]),
        "it refers to byte 10,001",
    ),
    "LiteRT with an operator of no tensor": (
        lambda f: f.litert(operators=[{1: [0, 7], 2: [1]}]),
        "operator refers to tensor 7 of 2",
    ),
    "LiteRT with an operator of no operation": (
        lambda f: f.litert(operators=[{0: 3, 1: [0], 2: [1]}]),
        "operator refers to operation 3 of 1",
    ),
    "LiteRT with an input of no tensor": (lambda f: f.litert(inputs=[-1]), "graph refers to tensor -1 of 2"),
    "LiteRT with a signature of no graph": (
        lambda f: f.litert(signatures=[{2: "serve", 4: 1}]),
        "signature refers to graph 1 of 1",
    ),
    "LiteRT with a signature of no tensor": (
        lambda f: f.litert(signatures=[{0: [{0: "x", 1: 2}], 2: "serve"}]),
        "signature refers to tensor 2 of 2",
    ),
    "text": (lambda f: f.write("m.keras", b"hello, model"), "is not a model"),
    "failed save, no weights": (lambda f: without(f, "model.weights.h5"), "is an incomplete save"),
    "failed save, metadata only": (lambda f: without(f, "model.weights.h5", "config.json"), "is an incomplete save"),
    "zip of something else": (lambda f: f.zip("m.keras", {"cat.png": b"x"}), "is a zip, but not a .keras file"),
    "zipped SavedModel": (lambda f: f.zip("m.zip", {"m/saved_model.pb": b"x"}), "is a zipped SavedModel"),
    "arrays": (lambda f: f.npz(f.npy()), "is a NumPy archive"),
    "HDF5 of something else": (
        lambda f: f.weights(lambda h: h.create_dataset("table", data=[1]), values=False),
        "is an HDF5 file, but not a Keras model",
    ),
    "folder of something else": (lambda f: f.write("d/cat.png", b"x").parent, "is a folder, but not a SavedModel"),
    "SavedModel without bytes": (lambda f: f.write("d/saved_model.pb", b"").parent, "is empty (0 bytes)"),
    "SavedModel cut": (lambda f: cut(f.saved_model() / "saved_model.pb", 0.5).parent, "is damaged"),
    "SavedModel without its variables": (without_shard, "does not have all its data files"),
    "pipe": (pipe, "is a device or a pipe"),
    "config cut": (lambda f: f.keras('{"class_name": "Seq'), "is damaged"),
    "config that is not a text": (lambda f: f.keras(b'"\xff\xfe"'), "is damaged"),
    "config with a number of 5000 digits": (lambda f: f.keras("1" * 5000), "is damaged"),
    "config changed after it was written": (
        lambda f: f.patched(f.keras(), (b'"units": 2', b'"units": 3')),
        "does not match its CRC-32",
    ),
    "ONNX cut in its graph": (lambda f: cut(f.onnx(graph=f.field(10, "x" * 200)), 0.5), "is an ONNX model that is cut"),
    "ONNX without what stands at its end": (lambda f: f.onnx(operators=b"", property=b""), "names no operator set"),
    "ONNX with a graph that is none": (lambda f: f.onnx(graph=b"\x0b"), "is damaged"),
    "ONNX with a field that reaches beyond its graph": (lambda f: f.onnx(graph=b"\x12\x7f"), "is damaged"),
    "ONNX without the file with its weights": (lambda f: f.onnx("model.data"), "there is no such file beside it"),
    "ONNX with a name that no file has": (lambda f: f.onnx("w" * 5000), "there is no such file beside it"),
    "ONNX of no bytes": (lambda f: f.write("m.onnx", b""), "is empty (0 bytes)"),
    "ONNX that is a web page": (lambda f: f.write("m.onnx", b"<html><body>Sign in</body></html>"), "is a web page"),
    "ONNX that is anything": (lambda f: f.write("m.onnx", b"\x08\x07\xff\xfe\x01 anything"), "is not a model"),
    "SavedModel's graph for an ONNX": (
        lambda f: f.write("m.onnx", (f.saved_model() / "saved_model.pb").read_bytes()),
        "is not a model",
    ),
    "weights that are no HDF5": (
        lambda f: f.zip("m.keras", f.members() | {"model.weights.h5": b"no"}),
        "does not begin like an HDF5 file",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_not_a_model_is_described_as_what_it_is(files, name):
    make, words = DAMAGED[name]
    with pytest.raises(DamagedFileError) as caught:
        inspect(make(files))
    assert words in caught.value.message


@pytest.mark.parametrize("name", DAMAGED)
def test_each_refusal_has_a_hint(files, name):
    with pytest.raises(DamagedFileError) as caught:
        inspect(DAMAGED[name][0](files))
    assert caught.value.hint


def test_a_missing_path_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="There is no file"):
        look(tmp_path / "cats.keras")


def test_the_hint_for_a_folder_with_a_model_names_the_file(files):
    with pytest.raises(DamagedFileError) as caught:
        look(files.keras().parent)
    assert "model.keras" in caught.value.hint


@pytest.mark.parametrize("data", [b"\x80\x04\x95\x10.", b"\x80\x02}q\x00."], ids=["protocol 4", "protocol 2"])
def test_a_pickle_is_refused_whatever_it_is_called(files, data):
    with pytest.raises(UnsafeFileError, match="is a pickle"):
        look(files.write("model.keras", data))


def test_a_missing_sample_is_damage(tmp_path):
    with pytest.raises(DamagedFileError, match="There is no file"):
        inspect_npz(tmp_path / "sample.npz")


def test_a_sample_that_is_cut_off_is_damage(files):
    with pytest.raises(DamagedFileError, match="cut off"):
        inspect_npz(cut(files.npz(files.npy()), 0.5))
