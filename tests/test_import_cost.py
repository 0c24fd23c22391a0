"""Importing the package, or any of its modules, imports nothing heavy. How long it takes is in benchmarks/."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "colab_save"
MODULES = [
    ".".join(("colab_save", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
]
HEAVY = {"fsspec", "h5py", "ipywidgets", "keras", "numpy", "onnx", "onnxruntime", "pandas", "sklearn", "tensorflow"}
HEAVY |= {"tf2onnx", "tf_keras", "tqdm"}

HEAVY_IMPORT = r"^(import|from) (\([^)]*\)|[^\n(])*(?<!inspecting\.)\b(tensorflow|keras|zoo)\b"
MARK = r"^pytestmark = (\[\s*)?pytest\.mark\.tensorflow\b"

ONE_AFTER_THE_OTHER = """
import importlib, json, sys
answer = {}
for name in sys.argv[1:]:
    before = set(sys.modules)
    importlib.import_module(name)
    answer[name] = sorted({known.partition(".")[0] for known in set(sys.modules) - before})
print(json.dumps(answer))
"""


def test_no_module_loads_anything_heavy():
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER, *MODULES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    heavy = {name: sorted(HEAVY.intersection(loaded)) for name, loaded in json.loads(answer.stdout).items()}
    assert {} == {name: found for name, found in heavy.items() if found}


def test_test_modules_that_import_tensorflow_are_marked():
    """The tests that need no TensorFlow shall run in seconds; conftest.py leaves marked modules out."""
    texts = {path.stem: path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py")}
    near = {name: text for name, text in texts.items() if re.search(HEAVY_IMPORT, text, re.MULTILINE)}
    unmarked = {name: text for name, text in near.items() if not re.search(MARK, text, re.MULTILINE)}
    assert [] == [name for name, text in unmarked.items() if any(map(is_heavy, ast.parse(text).body))]


def is_heavy(node):
    """Return whether a statement imports TensorFlow, Keras, or the models made with them."""
    return isinstance(node, ast.Import | ast.ImportFrom) and bool(re.search(HEAVY_IMPORT, ast.unparse(node)))


def test_loading_the_extension_loads_nothing_heavy():
    script = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "colab_save")
print("savemodel" in shell.magics_manager.magics["line"])
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    has_magic, loaded = answer.stdout.splitlines()
    assert has_magic == "True"
    assert set() == HEAVY.intersection(loaded.split())
