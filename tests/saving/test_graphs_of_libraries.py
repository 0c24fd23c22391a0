"""A model whose graph needs operations of an installed library, which is compiled here, in processes of its own.

A SavedModel of it passes only if a process that has nothing but the artifact and the library can open it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import colab_save

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(shutil.which("g++") is None, reason="an operation is compiled, and there is no g++"),
]

SOURCE = Path(__file__).parents[1] / "formats/twice.cc"

COMPILE = """
import subprocess, sys
import tensorflow as tf
flags = ["-shared", "-fPIC", "-w", f"-I{tf.sysconfig.get_include()}", *tf.sysconfig.get_link_flags()]
subprocess.run(["g++", sys.argv[1], "-o", sys.argv[2], *flags], check=True)
"""

OPERATIONS = """
from pathlib import Path
import tensorflow as tf
library = tf.load_op_library(str(Path(__file__).with_name("twice.so")))
twice = library.zapping_twice
"""

SAVE = """
import json, sys
import keras, numpy as np, colab_save
{load}
class Twice(keras.layers.Layer):
    def call(self, x):
        return twice(x)
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Twice()])
found = {{"answers": model(np.ones((2, 3))).numpy().tolist()}}
try:
    report = colab_save.save_model(model, "twice", to="shelf", formats="saved_model")
    found |= {{"outcome": str(report.outcome), "needs": dict(report.manifest.requirements)}}
except colab_save.ColabSaveError as error:
    found |= {{"error": str(error)}}
print(json.dumps(found))
"""

LOAD = """
import json, sys
import colab_save, numpy as np
found = {{}}
try:
    model = colab_save.load_model({target!r}, source={source!r}, trust={trust})
    found["answers"] = np.asarray(model(np.ones((2, 3), "float32"))).tolist()
except colab_save.ColabSaveError as error:
    found |= {{"error": type(error).__name__, "message": error.message, "hint": error.hint}}
print(json.dumps({{**found, "imported": "zapping" in sys.modules}}))
"""

INSTALLED = "from zapping.operations import twice"


def run(program, folder, *packages):
    """Run a program as a script in a folder, and return what it prints last."""
    script = folder / "script.py"
    script.write_text(program)
    path = os.pathsep.join([str(Path(colab_save.__file__).parents[1]), *map(str, packages)])
    own = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}
    environment = {**os.environ, **own, "PYTHONPATH": path, "COLAB_SAVE_WARM": "0"}
    command = [sys.executable, script]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def save(folder, *packages, load=INSTALLED):
    return run(SAVE.format(load=load), folder, *packages)


def load(folder, target, *packages, source=None, trust=False):
    return run(LOAD.format(target=target, source=source, trust=trust), folder, *packages)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The file of the operation."""
    file = tmp_path_factory.mktemp("compiled") / "twice.so"
    subprocess.run([sys.executable, "-c", COMPILE, SOURCE, file], check=True, capture_output=True)
    return file


def put(library, folder):
    """Put the package of the operation into a folder."""
    (folder / "zapping").mkdir(parents=True)
    (folder / "zapping/__init__.py").touch()
    (folder / "zapping/operations.py").write_text(OPERATIONS)
    shutil.copy(library, folder / "zapping/twice.so")
    return folder


@pytest.fixture(scope="module")
def installed(library, tmp_path_factory):
    """A folder of installed packages with the library in it."""
    folder = put(library, tmp_path_factory.mktemp("environment") / "site-packages")
    (folder / "zapping-1.2.dist-info").mkdir()
    (folder / "zapping-1.2.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: zapping\nVersion: 1.2\n")
    return folder


@pytest.fixture(scope="module")
def saved(installed, tmp_path_factory):
    """The working folder of a notebook that has saved the model as a SavedModel, and what the save said."""
    folder = tmp_path_factory.mktemp("saved")
    return folder, save(folder, installed)


@pytest.fixture(scope="module")
def copied(saved, tmp_path_factory):
    """A copy of the SavedModel alone, which nobody has signed."""
    graph = next(saved[0].glob("shelf/twice/*/saved_model"))
    return shutil.copytree(graph, tmp_path_factory.mktemp("copied") / "saved_model")


def test_the_proof_passes_and_says_what_the_graph_needs(saved):
    assert ("PASSED", "1.2") == (saved[1]["outcome"], saved[1]["needs"].get("zapping"))


def test_an_empty_process_opens_it(saved, installed):
    found = load(saved[0], "twice", installed, source="shelf")
    assert (saved[1]["answers"], True) == (found.get("answers"), found["imported"])


def test_without_the_library_it_is_one_sentence(saved):
    found = load(saved[0], "twice", source="shelf")
    said = "The graph needs the operation Zapping>Twice of zapping, which is not installed."
    assert ("MissingPackageError", said) == (found["error"], found["message"])
    assert "pip install zapping" in found["hint"]


def test_the_readme_opens_it_without_this_package(saved):
    text = next(saved[0].glob("shelf/twice/*/README.md")).read_text()
    assert "import zapping  # registers operations of the graph\nimport tensorflow as tf" in text


def test_a_copy_that_nobody_has_signed_opens_on_trust(copied, installed, saved):
    assert saved[1]["answers"] == load(copied.parent, str(copied), installed, trust=True)["answers"]


def test_a_module_in_the_notebooks_folder_is_not_imported_for_a_stranger(copied, tmp_path):
    (tmp_path / "zapping.py").write_text("open('ran', 'w').close()")
    found = load(tmp_path, str(copied))
    assert ("UntrustedCodeError", False) == (found["error"], (tmp_path / "ran").exists())


def test_a_library_that_lies_beside_the_notebook_is_a_failure_of_the_save(library, tmp_path):
    put(library, tmp_path)
    found = save(tmp_path)
    assert "The graph needs the operation Zapping>Twice of zapping, which is not installed" in found["error"]


def test_an_operation_that_the_notebook_itself_has_loaded_is_a_failure_of_the_save(library, tmp_path):
    by_hand = f"import tensorflow as tf\nlibrary = tf.load_op_library({str(library)!r})\ntwice = library.zapping_twice"
    found = save(tmp_path, load=by_hand)
    assert "The graph needs the operation Zapping>Twice, which TensorFlow does not have" in found["error"]
