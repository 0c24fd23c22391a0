"""HDF5 files that refer to other files or exhaust memory, as ``.h5``, as weights and inside ``.keras``."""

from __future__ import annotations

import os

import pytest

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.inspecting.inspection import inspect


def linked_outside(file):
    import h5py

    file["layers/dense/vars/2"] = h5py.ExternalLink("other.h5", "/x")


def soft_linked(file):
    import h5py

    file["layers/dense/vars/2"] = h5py.SoftLink("/layers/dense/vars/0")


def hard_linked(file):
    file["layers/dense/vars/2"] = file["layers/dense/vars/0"]


def external_storage(file):
    file.create_dataset("layers/dense/vars/2", (4,), "uint8", external=[("/etc/passwd", 0, 4)])


def own_storage(file):
    file.create_dataset("layers/dense/vars/2", data=[1, 2, 3, 4])


def virtual(file):
    import h5py

    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4,))
    file.create_virtual_dataset("layers/dense/vars/2", layout)


def declares(shape, written=None, **more):
    """Return an edit that makes a dataset of this shape, with this many values written."""

    def edit(file):
        made = file.create_dataset("layers/dense/vars/2", shape, "float32", **more)
        if written:
            made[:written] = 1

    return edit


def many_empty(file):
    layers = file["layers"]
    for number in range(300):  # 16 MiB each
        layers.create_dataset(f"dense_{number}", (1 << 22,), "float32")


def deep(levels):
    def edit(file):
        file.create_group("/".join("g" * levels))

    return edit


def cyclic(file):
    file["layers/dense/up"] = file["layers"]


PACKED = {"chunks": (1024,), "compression": "gzip"}

REFUSED = {
    "external link": (linked_outside, "vars/2 is an external link", hard_linked),
    "soft link": (soft_linked, "vars/2 is a soft link", hard_linked),
    "external storage": (external_storage, "vars/2 has its values in another file", own_storage),
    "virtual data": (virtual, "vars/2 is virtual", own_storage),
    "a shape with nothing stored": (
        declares((1 << 30,)),
        "declares 4,294,967,296 bytes and stores 0",
        declares((1024,)),
    ),
    "a shape with one chunk stored": (
        declares((1 << 32,), 1024, **PACKED),
        "declares 17,179,869,184 bytes and stores",
        declares((1 << 16,), 1 << 16, **PACKED),
    ),
    "many small shapes": (many_empty, "exhaust the memory", own_storage),
    "groups without an end": (deep(300), "256 levels of groups", deep(30)),
}

MAKERS = {
    "weights": lambda files, edit: files.weights(edit),
    "h5": lambda files, edit: files.h5(edit=edit),
    "keras": lambda files, edit: files.keras(edit=edit),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", REFUSED)
def test_hostile_hdf5_is_refused_by_name(files, name, kind):
    edit, words, _ = REFUSED[name]
    with pytest.raises(UnsafeFileError) as caught:
        inspect(MAKERS[kind](files, edit))
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", REFUSED)
def test_its_harmless_twin_passes(files, name):
    *_, edit = REFUSED[name]
    assert () == inspect(files.keras(edit=edit)).runs_code


def test_a_group_that_holds_itself_is_walked_once(files):
    assert () == inspect(files.weights(cyclic)).runs_code


def test_values_that_many_datasets_share_are_counted(files):
    """Headers that all point to one place: far more would be read than the file holds."""
    import h5py

    size = 1 << 20

    def edit(file):
        sets = [file.create_dataset(f"layers/{i}/vars/0", (size,), "uint8") for i in range(3)]
        for number, item in enumerate(sets):
            item[:] = number

    path = files.weights(edit)
    with h5py.File(path) as file:
        first, *others = [file[f"layers/{i}/vars/0"].id.get_offset() for i in range(3)]
    data = path.read_bytes()
    for other in others:
        data = data.replace(other.to_bytes(8, "little"), first.to_bytes(8, "little"))
    end = first + size
    path.write_bytes(data[:40] + end.to_bytes(8, "little") + data[48:end])
    with pytest.raises(UnsafeFileError, match="its datasets overlap"):
        inspect(path)


def test_no_other_file_is_opened(files, tmp_path, monkeypatch):
    """The link leads to a pipe: following it would wait forever."""
    os.mkfifo(tmp_path / "other.h5")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafeFileError, match="external link"):
        inspect(files.weights(linked_outside))


def heap_that_ends_early(data):
    """Texts of attributes are in a heap; libhdf5 1.14.6 and 2.0.0 crash on one that contradicts itself."""
    at = data.index(b"GCOL") + 16
    return data[: at + 8] + (2**20).to_bytes(8, "little") + data[at + 16 :]


def heap_longer_than_its_texts(data):
    at = data.index(b"GCOL") + 8
    return data[:at] + (4112).to_bytes(8, "little") + data[at + 8 :] + bytes(16)


def names_outside_their_heap(data):
    at = data.index(b"SNOD") + 8
    return data[:at] + (2**40).to_bytes(8, "little") + data[at + 8 :]


def index_that_is_its_own_child(data):
    at = data.index(b"TREE")
    data = data[: at + 5] + b"\1" + data[at + 6 :]
    return data[: at + 32] + at.to_bytes(8, "little") + data[at + 40 :]


def object_that_is_not_there(data):
    at = data.index(b"SNOD") + 16
    return data[:at] + (2**40).to_bytes(8, "little") + data[at + 8 :]


CONTRADICTIONS = {
    heap_that_ends_early: "a heap of texts contradicts itself",
    heap_longer_than_its_texts: "a heap of texts contradicts itself",
    names_outside_their_heap: "a name lies outside its heap",
    index_that_is_its_own_child: "an index leads back into itself",
    object_that_is_not_there: "lies beyond its end",
}


@pytest.mark.parametrize("change", CONTRADICTIONS, ids=lambda change: change.__name__)
def test_records_that_contradict_each_other_are_damage(files, change):
    path = files.h5()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=CONTRADICTIONS[change]):
        inspect(path)
