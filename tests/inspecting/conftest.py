"""Small good files made by hand, and the changes that an attacker can make to each."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest


def an_object(name, config=None, module="keras.layers", registered=None, **more):
    """Return an object in a config, as Keras 3 writes it."""
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": registered, **more}


def a_function(name, module="builtins", registered="function"):
    return an_object("function", name, module, registered) | {"config": name}


def dense(**changes):
    config = {"name": "dense", "units": 2, "activation": "relu", "dtype": an_object("DTypePolicy", {}, "keras")}
    return an_object("Dense", config | changes, build_config={"input_shape": [None, 3]})


def sequential(*layers, **more):
    return an_object("Sequential", {"name": "model", "layers": list(layers)}, "keras", **more)


def field(number, data):
    """Return one protobuf field: a message, a text, or a number."""
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def node(operation, extra=b""):
    return field(1, operation.lower()) + field(2, operation) + extra


class Files:
    """Writes files into one folder; each method returns the path, and has an argument for each possible change."""

    an_object, a_function, dense, sequential, field, node = map(
        staticmethod, (an_object, a_function, dense, sequential, field, node)
    )

    def __init__(self, folder: Path):
        self.folder = folder

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def hdf5_bytes(self, edit=None, config=None, version="3.13.2", values=True, libver="earliest"):
        import h5py
        import numpy as np

        buffer = io.BytesIO()
        with h5py.File(buffer, "w", libver=libver) as file:
            if config is not None:
                file.attrs["model_config"] = config if isinstance(config, str | bytes) else json.dumps(config)
                file.attrs["keras_version"] = version
            if values:
                file["layers/dense/vars/0"] = np.ones((3, 2), "float32")
                file["layers/dense/vars/1"] = np.zeros(2, "float32")
            if edit:
                edit(file)
        return buffer.getvalue()

    def weights(self, edit=None, **more):
        return self.write("model.weights.h5", self.hdf5_bytes(edit, **more))

    def h5(self, config=None, edit=None, **more):
        return self.write("model.h5", self.hdf5_bytes(edit, config or sequential(dense()), **more))

    def old_h5(self, name, config):
        """Write an ``.h5`` with one layer, as Keras 2 wrote it: without modules."""
        return self.h5({"class_name": "Sequential", "config": {"layers": [{"class_name": name, "config": config}]}})

    def members(self, config=None, edit=None, version="3.13.2"):
        config = sequential(dense()) if config is None else config
        text = config if isinstance(config, str | bytes) else json.dumps(config)
        metadata = json.dumps({"keras_version": version, "date_saved": "2026-08-22@10:15:30"})
        return {"metadata.json": metadata, "config.json": text, "model.weights.h5": self.hdf5_bytes(edit)}

    def keras(self, config=None, edit=None, version="3.13.2", **more):
        return self.zip("model.keras", self.members(config, edit, version), **more)

    def layer(self, *layers, **more):
        return self.keras(sequential(*layers, **more))

    def trained_with(self, loss):
        return self.layer(dense(), compile_config={"loss": loss})

    def zip(self, name, members, extra=(), compression=zipfile.ZIP_STORED):
        """Write a zip; ``extra`` has further members, each a ZipInfo or name with its data."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", compression) as archive:
            for member, data in [*members.items(), *extra]:
                archive.writestr(member, data)
        return path

    def patched(self, path, *changes):
        """Replace bytes in place, each once and by the same number of bytes."""
        data = path.read_bytes()
        for old, new in changes:
            assert len(old) == len(new)
            assert old in data
            at = data.rindex(old)
            data = data[:at] + new + data[at + len(old) :]
        path.write_bytes(data)
        return path

    def npy(self, descr="<f4", shape=(2,), data=b"\0" * 8, version=1):
        header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
        length = struct.pack("<H" if version == 1 else "<I", len(header))
        return b"\x93NUMPY" + bytes([version, 0]) + length + header + data

    def npz(self, *arrays, name="a.npy"):
        return self.zip("sample.npz", {name if not i else f"{i}.npy": data for i, data in enumerate(arrays)})

    def saved_model(self, *operations, function=(), function_name="__inference_call_1", assets=(), variables=True):
        """Write a SavedModel folder with these nodes in its graph, and ``function`` in one function."""
        library = field(1, field(1, field(1, function_name)) + b"".join(field(3, item) for item in function))
        graph = b"".join(field(1, item) for item in operations or [node("AddV2")]) + field(2, library)
        meta = field(2, graph) + b"".join(field(6, field(2, name)) for name in assets)
        path = self.write("saved/saved_model.pb", field(1, 1) + field(2, meta))
        if variables:
            self.write("saved/variables/variables.index", b"\0" * 40 + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb")
            self.write("saved/variables/variables.data-00000-of-00001", b"1234")
        return path.parent

    def litert(self, *operations, graphs=None, **changes):
        """Write a LiteRT model of two tensors and an operator; tables are dicts by the numbers of their fields."""
        given = {"operations": [{1: name} for name in operations or ["ADD"]], "buffers": [{}, {0: b"1234"}]}
        given |= {"tensors": [{0: [1, 2], 2: 0, 3: "x"}, {0: [1, 2], 2: 1, 3: "y"}], "inputs": [0], "outputs": [1]}
        given |= {"operators": [{0: 0, 1: [0, -1], 2: [1]}]}
        given |= {"signatures": [{0: [{0: "x", 1: 0}], 1: [{0: "y", 1: 1}], 2: "serving_default"}]}
        part = (given | changes).__getitem__
        graph = dict(enumerate(map(part, ("tensors", "inputs", "outputs", "operators"))))
        model = {0: 3, 1: part("operations"), 2: [graph] if graphs is None else graphs, 4: part("buffers")}
        return self.write("model.tflite", flatbuffer({**model, 7: part("signatures")}, b"TFL3"))

    def onnx(self, *locations, graph=b"", **more):
        """Write an ONNX model of one node, with weights in these files; ``more`` replaces parts of it by bytes."""
        tensors = b"".join(field(5, self.external(place)) for place in locations)
        parts = {"version": field(1, 8), "producer": field(2, "tests")}
        parts["graph"] = field(7, field(1, field(4, "Relu")) + field(2, "graph") + tensors + graph)
        parts |= {"operators": field(8, field(2, 15)), "property": field(14, field(1, "author") + field(2, "me"))}
        return self.write("model.onnx", b"".join({**parts, **more}.values()))

    @staticmethod
    def external(place):
        """Return a tensor whose values are in a file."""
        entries = [field(1, "location") + field(2, place), field(1, "offset") + field(2, "0")]
        return field(8, "weight") + b"".join(field(13, entry) for entry in entries) + field(14, 1)


def flatbuffer(table, identifier):
    """Return the flatbuffer of a table, which is a dict by the numbers of its fields."""
    import flatbuffers

    builder = flatbuffers.Builder()

    def vector(items, prepend):
        builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            prepend(item)
        return builder.EndVector()

    def made(value):
        if isinstance(value, str | bytes):
            return builder.CreateString(value)
        if isinstance(value, list):
            is_plain = all(isinstance(item, int) for item in value)
            return (
                vector(value, builder.PrependInt32)
                if is_plain
                else vector([made(item) for item in value], builder.PrependUOffsetTRelative)
            )
        below = {number: made(item) for number, item in value.items() if not isinstance(item, int)}
        builder.StartObject(max(value, default=-1) + 1)
        for number, item in value.items():
            if number in below:
                builder.PrependUOffsetTRelativeSlot(number, below[number], 0)
            else:
                builder.PrependUint64Slot(number, item, 0)
        return builder.EndObject()

    builder.Finish(made(table), file_identifier=identifier)
    return bytes(builder.Output())


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)
