"""Zips and ``.npz`` archives that would write elsewhere, exhaust memory or run code; beside each, its harmless twin."""

from __future__ import annotations

import stat
import struct
import warnings
import zipfile

import pytest

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.inspecting.inspection import inspect, inspect_npz


def asset(f, name, data=b"a\nb\n"):
    return f.keras(extra=[(name, data)])


def link(f, mode):
    info = zipfile.ZipInfo("assets/words.txt")
    info.external_attr = (mode | 0o644) << 16
    return f.keras(extra=[(info, "/etc/passwd")])


def twice(f):
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return f.keras(extra=[("config.json", "{}")])


def flagged(f, bit):
    """Set a bit of a member's flags, in both of its descriptions."""
    path = f.keras(extra=[("assets/words.txt", b"a")])
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\3\4") + 6] |= bit
    data[data.rindex(b"PK\1\2") + 8] |= bit
    path.write_bytes(data)
    return path


def entry(f, at, form, value):
    """Change one field of the last member's entry in the directory."""
    path = asset(f, "assets/words.txt")
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.rindex(b"PK\1\2") + at, value)
    path.write_bytes(data)
    return path


def sharing(f):
    """Make the last two entries of the directory point to one member."""
    path = f.keras(extra=[("assets/words1.txt", b"same"), ("assets/words2.txt", b"same")])
    data = bytearray(path.read_bytes())
    first = data.rindex(b"PK\1\2", 0, data.rindex(b"PK\1\2"))
    last = data.rindex(b"PK\1\2")
    data[last + 42 : last + 46] = data[first + 42 : first + 46]
    path.write_bytes(data)
    return path


def quoting(f):
    """Hide a member in the data of another one, and make the directory point to it."""
    data = f.keras(extra=[("assets/b", b"same")]).read_bytes()
    inner = data[data.rindex(b"PK\3\4") : data.index(b"PK\1\2")]
    path = f.keras(extra=[("assets/a", inner), ("assets/b", b"same")])
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.rindex(b"PK\1\2") + 42, data.index(inner))
    path.write_bytes(data)
    return path


def bomb(f, size):
    """Declare more bytes than there are, in both descriptions of two deflated members."""
    extra = [("assets/a.txt", b"0" * 100_000), ("assets/b.txt", b"0" * 100_000)]
    path = f.zip("model.keras", f.members(), extra, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    local = entries = len(data)
    for _ in extra:
        local, entries = data.rindex(b"PK\3\4", 0, local), data.rindex(b"PK\1\2", 0, entries)
        struct.pack_into("<L", data, local + 22, size)
        struct.pack_into("<L", data, entries + 24, size)
    path.write_bytes(data)
    return path


def polyglot(f, magic):
    """A zip named .h5 with these bytes where HDF5 looks for a file behind a user block."""
    return f.zip("model.h5", {"a": b"\0" * (512 - 31) + magic} | f.members())


def crowded(f, count):
    return f.keras(extra=[(f"assets/{i}", b"") for i in range(count)])


def claiming(f, count):
    """Make the end of the zip claim more entries than there are."""
    path = f.keras()
    data = bytearray(path.read_bytes())
    struct.pack_into("<HH", data, data.rindex(b"PK\5\6") + 8, count, count)
    path.write_bytes(data)
    return path


def prefixed(f, prefix):
    path = f.keras()
    return f.write("model.keras", prefix + path.read_bytes())


REFUSED = {
    "leaves its folder": (
        lambda f: asset(f, "assets/../../evil.txt"),
        "has a path outside its folder",
        lambda f: asset(f, "assets/..words.txt"),
    ),
    "absolute": (lambda f: asset(f, "/etc/cron.d/evil"), "has an absolute path", lambda f: asset(f, "assets/etc")),
    "absolute on Windows": (lambda f: asset(f, "C:/evil"), "has an absolute path", lambda f: asset(f, "assets/C")),
    "backslashes": (
        lambda f: asset(f, "assets\\..\\..\\evil"),
        "a name that systems interpret differently",
        lambda f: asset(f, "assets/vocabulary é.txt"),
    ),
    "control characters": (
        lambda f: asset(f, "assets/a\nb"),
        "a name that systems interpret differently",
        lambda f: asset(f, "assets/a b"),
    ),
    "symbolic link": (lambda f: link(f, stat.S_IFLNK), "is a link or a device", lambda f: link(f, stat.S_IFREG)),
    "device": (lambda f: link(f, stat.S_IFCHR), "is a link or a device", lambda f: link(f, 0)),
    "two configs": (twice, "two members have the name 'config.json'", lambda f: f.keras()),
    "encrypted": (lambda f: flagged(f, 1), "is encrypted", lambda f: flagged(f, 2)),
    "unknown compression": (
        lambda f: entry(f, 10, "<H", 97),
        "unknown compression method 97",
        lambda f: asset(f, "a"),
    ),
    "two names": (
        lambda f: f.patched(asset(f, "assets/words.txt"), (b"assets/words.txt", b"assets/w0rds.txt")),
        "has the name b'assets/words.txt' in its own header",
        lambda f: asset(f, "assets/words.txt"),
    ),
    "two sizes": (
        lambda f: entry(f, 24, "<L", 9),
        "the directory and the header",
        lambda f: entry(f, 24, "<L", 4),
    ),
    "two entries for one member": (sharing, "in its own header", lambda f: crowded(f, 2)),
    "a member inside another": (quoting, "overlaps the next one", lambda f: asset(f, "assets/a", b"PK\3\4" * 9)),
    "runs into the next": (
        lambda f: entry(f, 20, "<L", 400),
        "the directory and the header",
        lambda f: entry(f, 20, "<L", 4),
    ),
    "bomb": (lambda f: bomb(f, 0xFFFFFFF0), "exhaust the memory", lambda f: bomb(f, 100_000)),
    "too many members": (lambda f: claiming(f, 20_001), "its directory has 20,001 entries", lambda f: crowded(f, 100)),
    "program in front": (
        lambda f: prefixed(f, b"PK\3\4" + b"\0" * 60),
        "another file had been put in front",
        lambda f: prefixed(f, b""),
    ),
    "bytes behind": (
        lambda f: f.write("model.keras", f.keras().read_bytes() + b"more"),
        "bytes follow the end of the zip",
        lambda f: f.keras(),
    ),
    "HDF5 and zip at once": (
        lambda f: f.write("model.h5", f.h5().read_bytes() + f.keras().read_bytes()),
        "is both an HDF5 file and a zip",
        lambda f: f.h5(),
    ),
    "zip with HDF5 behind a user block": (
        lambda f: polyglot(f, b"\x89HDF\r\n\x1a\n"),
        "is both a zip and an HDF5 file",
        lambda f: polyglot(f, b"harmless"),
    ),
    "PyTorch file": (
        lambda f: f.zip("model.keras", {"archive/data.pkl": b"\x80\x02}."}),
        "is a PyTorch file",
        lambda f: f.keras(),
    ),
    "weights as pickled arrays": (
        lambda f: f.zip("model.keras", f.members() | {"model.weights.npz": f.npz(f.npy("|O")).read_bytes()}),
        "is an array of Python objects",
        lambda f: f.zip("model.keras", f.members() | {"model.weights.npz": f.npz(f.npy()).read_bytes()}),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_archive_is_refused_by_name(files, name):
    make, words, _ = REFUSED[name]
    with pytest.raises(UnsafeFileError) as caught:
        inspect(make(files))
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", REFUSED)
def test_its_harmless_twin_passes(files, name):
    *_, make = REFUSED[name]
    assert () == inspect(make(files)).runs_code


def declaring(f, **more):
    return f.npz(f.npy(**more))


REFUSED_ARRAYS = {
    "objects": (lambda f: declaring(f, descr="|O"), "is an array of Python objects (a pickle)"),
    "objects in a record": (lambda f: declaring(f, descr=[("a", "|O")]), "is an array of Python objects (a pickle)"),
    "a record": (lambda f: declaring(f, descr=[("a", "<f4")]), "something other than plain values"),
    "code in the header": (lambda f: declaring(f, descr="__import__('os')"), "something other than plain values"),
    "negative shape": (lambda f: declaring(f, shape=(-2,)), "something other than plain values"),
    "a pickle for an array": (
        lambda f: f.npz(b"\x80\x04\x95\x10\0\0\0\0\0\0\0."),
        "but a pickle, which would run code",
    ),
    "text for an array": (lambda f: f.npz(b"hello"), "is not an array"),
    "a program": (lambda f: f.npz(f.npy(), name="evil.py"), "holds 'evil.py', which is not an array"),
    "a header of a gigabyte": (
        lambda f: f.npz(b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 30) + b"{}"),
        "has a header of 1,073,741,824 bytes",
    ),
    "outside its folder": (lambda f: f.npz(f.npy(), name="../a.npy"), "has a path outside its folder"),
}


@pytest.mark.parametrize("name", REFUSED_ARRAYS)
def test_a_hostile_sample_is_refused_by_name(files, name):
    make, words = REFUSED_ARRAYS[name]
    with pytest.raises(UnsafeFileError) as caught:
        inspect_npz(make(files))
    assert words in caught.value.message


@pytest.mark.parametrize("version", [1, 2])
def test_a_plain_sample_passes(files, version):
    assert inspect_npz(files.npz(files.npy(version=version), files.npy("<U2", (1,)))) is None


@pytest.mark.parametrize("shape", [(1,), (3,), (10**12,)])
def test_an_array_that_does_not_have_the_size_of_its_shape_is_damage(files, shape):
    with pytest.raises(DamagedFileError, match="and holds 8"):
        inspect_npz(declaring(files, shape=shape))


def test_a_sample_above_the_limit_is_refused(files):
    path = files.npz(files.npy(), files.npy())
    with pytest.raises(UnsafeFileError, match="more than 20"):
        inspect_npz(path, limit=20)
