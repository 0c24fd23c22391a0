"""Packages that print while they are imported, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOUD = """
import os, sys
os.write(2, b"native chatter\\n")
print("a word on standard output")
"""
LOADED = """
import sys
from colab_save.quieting import import_silently
import_silently("loud")
import_silently("loud")
assert "loud" not in sys.modules
{import_it}
sys.stderr.write("heard again")
"""


@pytest.fixture
def load(tmp_path):
    """Import a loud package in a process, and return what it printed on both streams."""
    (tmp_path / "loud.py").write_text(LOUD)

    def run(import_it):
        script = f"import sys; sys.path.insert(0, {str(tmp_path)!r})" + LOADED.format(import_it=import_it)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return done.stdout, done.stderr

    return run


def test_what_native_code_prints_while_a_package_is_loaded_is_dropped(load):
    assert ("a word on standard output\n", "heard again") == load("import loud")


def test_a_package_that_is_never_loaded_costs_nothing(load):
    assert ("", "heard again") == load("")


def test_the_loaded_package_has_its_usual_loader(load):
    output, _ = load("import loud; print(type(loud.__loader__).__name__, type(loud.__spec__.loader).__name__)")
    assert "SourceFileLoader SourceFileLoader" == output.splitlines()[1]


def test_a_missing_package_raises_the_usual_error(tmp_path):
    script = "from colab_save.quieting import import_silently; import_silently('not_there'); import not_there"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: No module named 'not_there'" in done.stderr
