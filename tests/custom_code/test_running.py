"""Captured files run again."""

from __future__ import annotations

import inspect
import sys

import pytest

from colab_save.custom_code.running import load_custom_code
from colab_save.errors import CustomCodeError, DamagedFileError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "custom_code.py"


@pytest.fixture(autouse=True)
def no_module_stays():
    yield
    sys.modules.pop("captured_here", None)


def write(path, text):
    path.write_text(text, "utf-8")
    return path


def test_the_file_runs_as_a_module_of_the_given_name(path):
    table = load_custom_code(write(path, "def loss(x): return x\nCUSTOM_OBJECTS = {'loss': loss}\n"), "captured_here")
    assert ("captured_here", sys.modules["captured_here"].loss) == (table["loss"].__module__, table["loss"])


def test_the_source_is_still_found_when_the_file_is_gone(path):
    table = load_custom_code(write(path, "def loss(x): return x\nCUSTOM_OBJECTS = {'loss': loss}\n"), "captured_here")
    path.unlink()
    assert "def loss(x): return x\n" == inspect.getsource(table["loss"])


def test_captured_code_can_be_captured_again_as_the_same_text(notebook, path, tmp_path):
    notebook.run("""
        RATE = 0.5
        def make(d):
            def inner(x): return x * d * RATE
            return inner
        held = make(3)
        class Layer:
            def call(self, x): return square(held(x))
        square = lambda x: x * x
    """)
    from colab_save.custom_code.capturing import capture

    first = notebook.capture("Layer", "square")
    table = load_custom_code(write(path, first.source), "captured_here")
    assert first.source == capture(table.values(), {}).source


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def broken(:", "SyntaxError"),
        ("x = '\0'", "null bytes"),
        ("x = 1", "it has no CUSTOM_OBJECTS"),
        ("CUSTOM_OBJECTS = 3", "it has no CUSTOM_OBJECTS"),
    ],
)
def test_a_file_without_captured_code_is_refused(path, text, reason):
    with pytest.raises(DamagedFileError, match=reason):
        load_custom_code(write(path, text), "captured_here")


def test_bytes_that_are_not_text_are_refused(path):
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedFileError):
        load_custom_code(path, "captured_here")


def test_code_that_fails_is_one_error_with_the_reason_and_leaves_no_module(path):
    with pytest.raises(CustomCodeError, match="NameError: name 'absent' is not defined"):
        load_custom_code(write(path, "absent\nCUSTOM_OBJECTS = {}\n"), "captured_here")
    assert "captured_here" not in sys.modules
