"""A saved version in a viewer of somebody else's: fetched, inspected, shown, never built."""

from __future__ import annotations

import html
import logging
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace

import netron
import numpy as np
import pytest

from colab_save.artifact.manifest import Part, Payload
from colab_save.errors import DamagedFileError, FormatError, MissingPackageError, NotFoundError
from colab_save.store_table import STORES
from colab_save.stores.local import LocalStore
from colab_save.viewing.netron import LOOPBACK, open_in_netron
from tests.inspecting.conftest import Files
from tests.making import facts, hdf5_bytes, keras_bytes, passed, save_version

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
PAYLOAD = keras_bytes({"layers/dense/vars/0": KERNEL})


pytestmark = pytest.mark.outside


@pytest.fixture
def save(own_folder, tmp_path):
    """Save a version of cats; with parts, one of several models."""
    store = LocalStore(own_folder / "models")
    return lambda files, **changes: save_version(store, tmp_path, files=files, **changes)


@pytest.fixture
def cats(save):
    return save({"model.keras": PAYLOAD})


@pytest.fixture(autouse=True)
def stopped():
    """End every server that a test has started."""
    yield
    netron.stop()
    assert [] == running()


def running():
    """The addresses of what is served; a server that was told to stop does so within a quarter of a second."""
    for thread in netron.server._threads():
        if thread.stop_event.is_set():
            thread.join(10)
    return [thread.address for thread in netron.server._threads()]


def read(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def file_at(url):
    """The address of the file that a page of Netron is asked to show."""
    parts = urllib.parse.urlsplit(url)
    return f"http://{parts.netloc}{urllib.parse.parse_qs(parts.query)['url'][0]}"


def test_the_payload_of_a_version_is_served_as_it_is(cats):
    [url] = open_in_netron("cats").where.values()
    assert PAYLOAD == read(file_at(url))
    assert b"Netron" in read(url)


def test_the_page_opens_no_other_file_than_the_one_it_is_asked_for(cats):
    [url] = open_in_netron("cats").where.values()
    assert b'<meta name="file"' not in read(url), "Netron opens the folder instead of what its page is asked for"


def test_only_this_machine_is_listened_to(cats):
    [url] = open_in_netron("cats").where.values()
    assert [(LOOPBACK, urllib.parse.urlsplit(url).port)] == running()


def test_nothing_else_of_the_folder_is_served(own_folder):
    (own_folder / "cats.h5").write_bytes(hdf5_bytes({"layers/dense/vars/0": KERNEL}))
    (own_folder / "diary.txt").write_text("secret")
    [url] = open_in_netron("./cats.h5").where.values()
    for path in ("diary.txt", "../diary.txt", f"/..{own_folder}/diary.txt"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            read(f"{file_at(url).rpartition('/')[0]}/{path}")


def test_all_that_is_open_has_one_server_and_each_its_own_file(save, cats):
    save({"model.keras": keras_bytes({"vars/0": -KERNEL})}, name="dogs")
    [first], [second] = (open_in_netron(name).where.values() for name in ("cats", "dogs"))
    assert 1 == len(running())
    assert PAYLOAD == read(file_at(first)) != read(file_at(second))


def test_what_was_stopped_is_started_again(cats):
    open_in_netron("cats")
    netron.stop()
    assert [] == running()
    [url] = open_in_netron("cats").where.values()
    assert PAYLOAD == read(file_at(url))


def test_of_several_models_each_is_served(save):
    files = {"d/model.keras": PAYLOAD, "g/model.keras": keras_bytes({"vars/0": -KERNEL})}
    trips = tuple(replace(passed(), part=name) for name in "dg")
    payloads = tuple(Payload("keras", path) for path in files)
    save(files, parts=tuple(Part(name, facts()) for name in "dg"), payloads=payloads, round_trips=trips)
    where = open_in_netron("cats").where
    assert [*files.values()] == [read(file_at(where[name])) for name in "dg"]


def test_it_is_told_where_to_see_it_and_how_to_end_it(cats):
    viewed = open_in_netron("cats")
    [url] = viewed.where.values()
    assert f'<a href="{html.escape(url)}" target="_blank"' in viewed.card().to_html()
    assert url in str(viewed)
    exec(viewed.line[1])
    assert [] == running()


def test_in_colab_the_line_shows_it_since_the_browser_is_elsewhere(cats, own_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", type(sys)("google.colab"))
    about, line = open_in_netron("cats", source=str(own_folder / "models")).line
    assert "in Colab, see it with" == about
    assert "output.serve_kernel_port_as_window(" in line


def test_in_colab_the_line_shows_it_also_where_another_store_is_the_default(cats, own_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", type(sys)("google.colab"))
    monkeypatch.setitem(STORES, "drive", replace(STORES["drive"], usual=""))
    assert "in Colab, see it with" == open_in_netron("cats").line[0]


def test_a_damaged_file_is_refused_before_it_is_served(own_folder):
    (own_folder / "cats.keras").write_bytes(PAYLOAD[:-50])
    with pytest.raises(DamagedFileError):
        open_in_netron("./cats.keras")
    assert [] == running()


@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_a_converted_file_is_served_under_a_name_that_netron_knows_it_by(own_folder, suffix):
    files = Files(own_folder)
    data = (files.onnx() if suffix == "onnx" else files.litert()).read_bytes()
    (own_folder / f"net.{suffix}").write_bytes(data)
    [url] = open_in_netron(f"net.{suffix}").where.values()
    assert (data, True) == (read(file_at(url)), file_at(url).endswith(f"/model.{suffix}"))


def test_a_version_that_is_not_there_is_named(cats):
    with pytest.raises(NotFoundError, match="dogs"):
        open_in_netron("dogs")


def test_a_checkpoint_is_refused_since_netron_shows_none(own_folder):
    (own_folder / "ckpt").mkdir()
    (own_folder / "ckpt" / "c.index").write_bytes(b"\0" * 40 + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb")
    (own_folder / "ckpt" / "c.data-00000-of-00001").write_bytes(b"1234")
    with pytest.raises(FormatError, match="checkpoint"):
        open_in_netron("./ckpt")


def test_without_the_package_the_command_that_installs_it_is_told(cats, monkeypatch):
    monkeypatch.setitem(sys.modules, "netron", None)
    with pytest.raises(MissingPackageError) as caught:
        open_in_netron("cats")
    assert "pip install 'colab_save[netron]'" == caught.value.hint


def test_logging_stays_as_it_was(cats):
    root = logging.getLogger()
    before = (root.level, [*root.handlers])
    open_in_netron("cats")
    assert before == (root.level, [*root.handlers])
