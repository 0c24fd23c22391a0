"""Captured code that reads files finds them beside itself."""

from __future__ import annotations

import ast

import pytest

from colab_save.custom_code.captured import CustomCode
from colab_save.custom_code.reading_files import FINDER, paths_in, with_assets
from colab_save.custom_code.running import load_custom_code

SOURCE = '''"""A docstring with words.txt."""

from __future__ import annotations

import json

PLACE = "words.txt"


def read(file="words.txt"):
    """Read words.txt."""
    with open(file) as stream:
        return stream.read()


def shown(name):
    é = "über", "words.txt"
    return f"words.txt {name}", é[1], "other.txt"


CUSTOM_OBJECTS = {"read": read, "shown": shown}
'''

ASSETS = {"words.txt": "assets/words-2.txt"}


@pytest.fixture
def ran(tmp_path):
    """The functions of the captured file, in a folder with its asset."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "words-2.txt").write_text("a b c")
    CustomCode(SOURCE).write(tmp_path, ASSETS)
    return load_custom_code(tmp_path / "custom_code.py", "a_module_of_this_test")


def test_it_reads_the_file_beside_it(ran):
    assert "a b c" == ran["read"]()


def test_other_texts_stay(ran, tmp_path):
    formatted, path, other = ran["shown"]("is here")
    assert "words.txt is here" == formatted
    assert str(tmp_path / "assets" / "words-2.txt") == path
    assert "other.txt" == other


def test_docstrings_stay():
    assert "Read words.txt." in with_assets(SOURCE, ASSETS)


def test_code_that_reads_none_stays_as_it_is():
    assert SOURCE == with_assets(SOURCE, {"others.txt": "assets/others.txt"})


@pytest.mark.parametrize("source", ["x = 'a.txt'\n", '"""Doc."""\nx = "a.txt"\n', "import os\nx = ('a.txt'\n  '')\n"])
def test_the_function_that_finds_them_stands_before_what_uses_it(source):
    tree = ast.parse(with_assets(source, {"a.txt": "assets/a.txt"}))
    names = [node.name if isinstance(node, ast.FunctionDef) else type(node).__name__ for node in tree.body]
    assert names.index(FINDER) < names.index("Assign")


def test_each_text_is_listed_once():
    assert ["other.txt", "read", "shown", "words.txt", "über"] == sorted(paths_in(SOURCE))
