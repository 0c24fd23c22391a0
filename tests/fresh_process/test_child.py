"""What the fresh process imports, and what it leaves."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from colab_save.fresh_process.child import NOT_NEEDED, absent

CHILD = """
import json, sys
from colab_save.fresh_process import child as reloading
found = reloading.import_keras({without})
print(json.dumps([found.__version__, sorted(sys.modules)]))
import {later}
"""


def test_an_absent_package_is_missing_and_then_there_again(own_folder, monkeypatch):
    monkeypatch.syspath_prepend(own_folder)
    (own_folder / "a_package_of_this_test.py").touch()
    with absent(("a_package_of_this_test",)), pytest.raises(ModuleNotFoundError):
        importlib.import_module("a_package_of_this_test")
    assert importlib.import_module("a_package_of_this_test")


def test_a_package_that_is_loaded_stays():
    with absent(("json",)):
        import json as still

        assert json is still


@pytest.mark.tensorflow
@pytest.mark.parametrize("without", [NOT_NEEDED, ("absl",)], ids=["what it can do without", "what it needs"])
def test_keras_is_imported_lean_or_else_whole(without):
    """What is left out then can be imported by the code of a model; Keras gets what it cannot do without."""
    program = CHILD.format(without=without, later=without[-1])
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    version, loaded = json.loads(run.stdout)
    import keras

    assert keras.__version__ == version
    assert not set(NOT_NEEDED).intersection(loaded) or "absl" in without
