"""A notebook without a kernel: cells run in one namespace, and `linecache` holds their text as with IPython."""

from __future__ import annotations

import itertools
import linecache
import sys
import textwrap
from types import ModuleType

import pytest

from colab_save.custom_code.capturing import capture
from colab_save.custom_code.running import load_custom_code

_NUMBERS = itertools.count(1)


class Notebook:
    """Cells of one module that has no file, like ``__main__`` in a kernel."""

    def __init__(self, name):
        self.module = ModuleType(name)
        self.names = vars(self.module)

    def run(self, cell):
        text = textwrap.dedent(cell)
        file = f"<cell-{next(_NUMBERS)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.names)

    def __getitem__(self, name):
        return self.names[name]

    def capture(self, *names, extra_names=()):
        return capture([self.names[name] for name in names], self.names, extra_names)


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook(f"notebook_{next(_NUMBERS)}")
    monkeypatch.setitem(sys.modules, made.module.__name__, made.module)
    before = dict(linecache.cache)
    linecache.cache.clear()
    yield made
    linecache.cache.clear()
    linecache.cache.update(before)


@pytest.fixture
def again(tmp_path, monkeypatch):
    """Write captured code, run it as a new module, and return its table."""

    def run(code):
        path = tmp_path / "custom_code.py"
        path.write_text(code.source, "utf-8")
        name = f"captured_{next(_NUMBERS)}"
        monkeypatch.setitem(sys.modules, name, None)
        return load_custom_code(path, name)

    return run


@pytest.fixture
def local_module(tmp_path, monkeypatch):
    """Write a module into a folder on the path and import it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), "utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        module = __import__(name)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return write
