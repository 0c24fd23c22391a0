"""What the fresh process imports, and what it leaves."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from colab_save.errors import CustomCodeError
from colab_save.formats.base import get_format
from colab_save.fresh_process.child import NOT_NEEDED, absent, carry_out
from colab_save.fresh_process.job import ReloadJob

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


def reloading(name, folder):
    """Return a job that reloads a model in a format, beside captured code that raises an error if it is run."""
    from colab_save.model.examining import examine
    from colab_save.model.repairing import Record
    from colab_save.sampling.sampling import take_passes, take_sample
    from colab_save.saving.staging import describe_sample
    from tests import zoo

    model, plug, file, code = zoo.sequential(), get_format(name), folder / "sample.npz", folder / "custom_code.py"
    sample = take_passes(model, take_sample(model, None, plug.run, plug.specs(model)))
    plug.save(model, folder, sample, plug.Options())
    code.write_text("raise RuntimeError('it runs')")
    files = {"payload": folder / plug.payload, "sample": file, "answer": folder / "answer.npz", "custom_code": code}
    facts, record = describe_sample(file, sample), Record.of(examine(model))
    paths = {key: str(path) for key, path in files.items()}
    return ReloadJob(format=name, sample_facts=facts, record=record, dialect="keras", **paths)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["saved_model", "litert"])
def test_the_code_of_classes_is_not_run_for_a_program_which_a_load_opens_without_it(name, tmp_path):
    assert carry_out(reloading(name, tmp_path), {})["outputs"]


@pytest.mark.tensorflow
def test_the_code_of_classes_is_run_for_a_model_that_is_made_of_them(tmp_path):
    with pytest.raises(CustomCodeError, match="it runs"):
        carry_out(reloading("keras", tmp_path), {})
